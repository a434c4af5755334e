//! The date: takes carry it, and a Pi without network and clock chip forgets it.

use super::{Finding, Machine};
use crate::clock::{CHIP, SYNCHRONISED};
use std::time::{SystemTime, UNIX_EPOCH};

const ABOUT: &str = "clock";
/// 1 January 2026: this program is younger.
const EARLIEST_S: u64 = 1_767_225_600;

/// Whether the date can be believed.
pub fn check(machine: &Machine) -> Vec<Finding> {
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    vec![judge(machine, now_s)]
}

fn judge(machine: &Machine, now_s: u64) -> Finding {
    let by_network =
        machine.clock_is_synchronised == Some(true) || SYNCHRONISED.iter().any(|mark| machine.at(mark).exists());
    let chip = machine.at(CHIP).exists();
    if now_s < EARLIEST_S {
        Finding::fail(
            ABOUT,
            "the date is before this program was made: takes would carry a wrong time",
            "connect the box to a network for a minute, or `sudo date -s '2026-12-31 12:00'`; a clock chip keeps it",
        )
    } else if by_network {
        Finding::ok(ABOUT, "set by the network")
    } else if chip {
        Finding::ok(ABOUT, "kept by a clock chip; not set by the network since power-on")
    } else {
        Finding::warn(
            ABOUT,
            "neither network nor clock chip: after the power was off the date is an old one, and takes carry it",
            "connect the box to a network now and then, or fit a clock chip (a Pi 5 has one and wants a battery)",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::doctor::tree::{Tree, says};

    const NOW_S: u64 = 1_795_000_000;

    #[test]
    fn a_date_of_the_past_fails_whoever_set_it() {
        let tree = Tree::new();
        tree.file("/dev/rtc0", "");
        says(&[judge(&tree.machine(), 86_400)], Verdict::Fail, &["wrong time", "network"]);
    }

    #[test]
    fn network_or_chip_will_do_and_neither_is_a_warning() {
        let tree = Tree::new();
        says(&[judge(&tree.machine(), NOW_S)], Verdict::Warn, &["clock chip"]);
        let told = Machine { clock_is_synchronised: Some(true), ..tree.machine() };
        says(&[judge(&told, NOW_S)], Verdict::Ok, &["network"]);
        tree.file("/dev/rtc0", "");
        says(&[judge(&tree.machine(), NOW_S)], Verdict::Ok, &["chip"]);
        tree.file(SYNCHRONISED[0], "");
        says(&[judge(&tree.machine(), NOW_S)], Verdict::Ok, &["set by the network"]);
    }
}
