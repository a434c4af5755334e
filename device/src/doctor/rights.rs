//! Groups: each opens a kind of device.

use super::user::groups;
use super::{Finding, Machine};

const ABOUT: &str = "groups";
/// Groups of Debian and Raspberry Pi OS, and what they open.
const GROUPS: [(&str, &str); 4] = [
    ("video", "cameras"),
    ("audio", "MIDI through ALSA and real-time priority"),
    ("dialout", "serial lines"),
    ("gpio", "buttons and LEDs"),
];

/// Whether the user is in every group that this machine has.
pub fn check(machine: &Machine) -> Vec<Finding> {
    let user = &machine.user;
    if user.uid == 0 {
        return vec![Finding::ok(ABOUT, "root may do everything; the service runs as rasika (`--user rasika`)")];
    }
    let there = groups(&machine.root);
    let missing: Vec<(&str, &str)> = GROUPS
        .into_iter()
        .filter(|(name, _)| there.iter().any(|group| group.name == *name && !user.gids.contains(&group.gid)))
        .collect();
    if missing.is_empty() {
        return vec![Finding::ok(ABOUT, format!("{} is in every group that matters", user.name))];
    }
    let names = missing.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let opens = missing.iter().map(|(name, what)| format!("{name} ({what})")).collect::<Vec<_>>();
    vec![Finding::warn(
        ABOUT,
        format!("{} is not in {}", user.name, opens.join(", ")),
        format!("`sudo usermod -aG {} {}`, then log in anew or restart the service", names.join(","), user.name),
    )]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::tree::{Tree, says};
    use crate::doctor::{User, Verdict};

    #[test]
    fn only_groups_that_exist_can_be_missing() {
        let tree = Tree::new();
        tree.file("/etc/group", "video:x:44:\naudio:x:29:\n");
        let user = |gids: &[u32]| Machine {
            user: User { name: "rasika".into(), uid: 990, gids: gids.to_vec() },
            ..tree.machine()
        };
        says(&check(&user(&[44, 29])), Verdict::Ok, &[]);
        says(&check(&user(&[29])), Verdict::Warn, &["video (cameras)", "usermod -aG video rasika"]);
    }
}
