//! Pins of buttons and LEDs: the kernel's GPIO character device.

use super::user::join;
use super::{Access, Finding, Machine};

const ABOUT: &str = "pins";

/// Whether the panel can be reached.
pub fn check(machine: &Machine) -> Vec<Finding> {
    let (kind, address) = match machine.pins.as_deref() {
        None => return vec![Finding::ok(ABOUT, "no panel is asked for (panel.pins = \"none\")")],
        Some(pins) => pins.split_once(':').unwrap_or((pins, "")),
    };
    if kind == "simulated" {
        let found = "simulated: buttons and LEDs are nowhere but in this program";
        return vec![Finding::warn(ABOUT, found, "for a panel of real ones set panel.pins = \"auto\"")];
    }
    if address.starts_with('/') && machine.user.access(&machine.at(address)) == Access::Absent {
        let found = format!("{address} is not there: neither buttons nor LEDs");
        return vec![Finding::fail(ABOUT, found, "`ls /dev/gpiochip*`, and set panel.pins")];
    }
    let chips: Vec<String> = machine.names("/dev", "gpiochip").into_iter().map(|chip| format!("/dev/{chip}")).collect();
    let board = machine.board().unwrap_or_else(|| "this machine".into());
    let refused = chips.iter().find_map(|chip| match machine.user.access(&machine.at(chip)) {
        Access::Refused(gid) => Some((chip, gid)),
        _ => None,
    });
    vec![match (chips.as_slice(), refused) {
        ([], _) if machine.is_raspberry() => Finding::fail(
            ABOUT,
            format!("{board} has no /dev/gpiochip0: neither buttons nor LEDs"),
            "bring the system up to date (`sudo apt full-upgrade`) and start anew",
        ),
        ([], _) => Finding::warn(
            ABOUT,
            format!("{board} has no pins: neither buttons nor LEDs"),
            "the box plays without them; a panel of keys is in the terminal (docs/performer.md)",
        ),
        (_, Some((chip, gid))) => Finding::fail(
            ABOUT,
            format!("{} may not open {chip}: neither buttons nor LEDs", machine.user.name),
            join(&machine.root, &machine.user, gid),
        ),
        (chips, None) => Finding::ok(ABOUT, format!("{} of {board}", chips.join(", "))),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::doctor::tree::{Tree, says};

    #[test]
    fn a_laptop_may_lack_pins_and_a_pi_may_not() {
        let tree = Tree::new();
        says(&check(&tree.machine()), Verdict::Warn, &["no pins"]);
        tree.file("/proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0");
        says(&check(&tree.machine()), Verdict::Fail, &["Raspberry Pi 5 Model B Rev 1.0", "gpiochip"]);
    }

    #[test]
    fn what_the_settings_say_of_pins_is_what_is_looked_at() {
        let tree = Tree::new();
        let pins = |pins: Option<&str>| check(&Machine { pins: pins.map(str::to_owned), ..tree.machine() });
        says(&pins(None), Verdict::Ok, &["no panel"]);
        says(&pins(Some("simulated")), Verdict::Warn, &["simulated"]);
        says(&pins(Some("gpiochip:/dev/gpiochip9")), Verdict::Fail, &["/dev/gpiochip9 is not there"]);
    }

    #[test]
    fn pins_that_may_not_be_opened_name_the_group_to_join() {
        let tree = Tree::new();
        tree.device("/dev/gpiochip0", 0o660);
        let gid = std::os::unix::fs::MetadataExt::gid(&tree.root().join("dev/gpiochip0").metadata().unwrap());
        tree.file("/etc/group", format!("gpio:x:{gid}:\n"));
        let said = check(&tree.machine());
        says(&said, Verdict::Fail, &["/dev/gpiochip0"]);
        // Files of root's own group are udev's to mend.
        says(&said, Verdict::Fail, &[if gid == 0 { "udev" } else { "usermod -aG gpio rasika" }]);
        tree.device("/dev/gpiochip0", 0o666);
        says(&check(&tree.machine()), Verdict::Ok, &["/dev/gpiochip0"]);
    }
}
