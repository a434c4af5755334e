//! Power and heat, as a Pi's firmware sees them.

use super::{Finding, Machine};

const ABOUT: &str = "power";
/// Where kernels tell what `vcgencmd get_throttled` tells.
const TOLD: [&str; 2] = [
    "/sys/devices/platform/soc/soc:firmware/get_throttled",
    "/sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled",
];
/// Bits of that number: now, and (16 higher) since power-on.
const UNDER_VOLTAGE: u32 = 1;
const SLOWED: u32 = 1 << 1 | 1 << 2;
const HOT: u32 = 1 << 3;
const SINCE: u32 = 16;
const SUPPLY: &str =
    "use the Pi's own supply (5.1 V; 3 A, 5 A for a Pi 5) and a short cable, and power synths by themselves";

/// Whether the board gets what it needs.
pub fn check(machine: &Machine) -> Vec<Finding> {
    let told = TOLD.iter().find_map(|path| machine.line(path)).or_else(|| machine.throttled.clone());
    // 50005, 0x50005 or throttled=0x50005.
    let number = told.and_then(|text| {
        let digits = text.trim().trim_start_matches("throttled=").trim_start_matches("0x").to_owned();
        u32::from_str_radix(&digits, 16).ok()
    });
    match number {
        Some(bits) => judge(bits),
        None if alarm(machine) => vec![Finding::fail(ABOUT, "the supply is too weak now: the box will crash", SUPPLY)],
        None if machine.is_raspberry() => vec![Finding::warn(
            ABOUT,
            "the firmware does not tell whether power suffices",
            "look at `vcgencmd get_throttled` as a user in the group video",
        )],
        None => vec![Finding::ok(ABOUT, "no Raspberry Pi: power and heat are this machine's own matter")],
    }
}

/// The kernel's own alarm of under-voltage, on boards that have a sensor.
fn alarm(machine: &Machine) -> bool {
    machine.names("/sys/class/hwmon", "hwmon").iter().any(|sensor| {
        machine.line(format!("/sys/class/hwmon/{sensor}/name")).as_deref() == Some("rpi_volt")
            && machine.line(format!("/sys/class/hwmon/{sensor}/in0_lcrit_alarm")).as_deref() == Some("1")
    })
}

fn judge(bits: u32) -> Vec<Finding> {
    let (now, since) = (bits, bits >> SINCE);
    let mut findings = Vec::new();
    if now & UNDER_VOLTAGE != 0 {
        findings.push(Finding::fail(ABOUT, "the supply is too weak now: the box is slow and may crash", SUPPLY));
    } else if since & UNDER_VOLTAGE != 0 {
        findings.push(Finding::warn(ABOUT, "the supply was too weak since power-on", SUPPLY));
    }
    let cool = "give the case air or a heat sink; meanwhile hands are looked at less often";
    if now & (SLOWED | HOT) != 0 {
        findings.push(Finding::warn(ABOUT, "the processor is slowed down now: it is hot or short of power", cool));
    } else if since & (SLOWED | HOT) != 0 {
        findings.push(Finding::warn(ABOUT, "the processor was slowed down since power-on", cool));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(ABOUT, "enough, and cool, since power-on"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::doctor::tree::{Tree, says};

    #[test]
    fn the_firmwares_number_is_read_in_each_of_its_spellings() {
        for text in ["50005", "0x50005", "throttled=0x50005\n"] {
            let tree = Tree::new();
            let found = check(&Machine { throttled: Some(text.into()), ..tree.machine() });
            says(&found, Verdict::Fail, &["too weak now", "supply"]);
            tree.file(TOLD[0], "0\n");
            let found = check(&Machine { throttled: Some(text.into()), ..tree.machine() });
            says(&found, Verdict::Ok, &["enough"]);
        }
    }

    #[test]
    fn what_was_is_told_apart_from_what_is() {
        says(&judge(0x1_0000), Verdict::Warn, &["was too weak"]);
        says(&judge(0x8), Verdict::Warn, &["slowed down now"]);
        says(&judge(0x4_0000), Verdict::Warn, &["was slowed down"]);
        assert_eq!(judge(0x5_0005).len(), 2);
    }

    #[test]
    fn a_pi_that_tells_nothing_is_a_warning_and_its_sensor_an_alarm() {
        let tree = Tree::new();
        says(&check(&tree.machine()), Verdict::Ok, &["no Raspberry Pi"]);
        tree.file("/proc/device-tree/model", "Raspberry Pi 4 Model B\0");
        says(&check(&tree.machine()), Verdict::Warn, &["vcgencmd"]);
        tree.file("/sys/class/hwmon/hwmon1/name", "rpi_volt\n");
        tree.file("/sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
        says(&check(&tree.machine()), Verdict::Fail, &["too weak now"]);
    }
}
