//! Room for takes, and whether it can be written to.

use super::{Finding, Machine};
use crate::config::no_folder;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const ABOUT: &str = "disk";
/// The folder that systemd makes for the service.
const SERVICE_FOLDER: &str = "/var/lib/rasika";
/// An hour of takes: half a kilobyte an observation, thirty a second.
const HOUR_BYTES: u64 = 512 * 30 * 3600;
/// Under an hour something should be done soon; under a few minutes takes are about to be refused.
const SOON_BYTES: u64 = HOUR_BYTES;
const NOW_BYTES: u64 = HOUR_BYTES / 10;

/// Room where takes are kept.
pub fn check(machine: &Machine) -> Vec<Finding> {
    // Before the first take the folder may not be there; then its parent tells.
    let wanted = machine.at(&machine.state);
    let folder = wanted.ancestors().find(|folder| folder.is_dir()).unwrap_or(&machine.root);
    let mut findings = vec![room(&machine.state, free_bytes(folder))];
    findings.extend(writable(machine, &wanted, folder));
    if let Some(mount) = read_only(machine) {
        findings.push(Finding::fail(
            ABOUT,
            format!("{mount} is read-only: no take can be kept"),
            "if you made the system read-only, give takes a partition of their own at /var/lib/rasika; if not, the card \
             may be failing: `dmesg | grep -i -e mmc -e ext4`, and make a copy while it can be read",
        ));
    }
    findings
}

/// What keeps the box's user from writing there. The system makes the service's own folder for it.
fn writable(machine: &Machine, wanted: &Path, nearest: &Path) -> Option<Finding> {
    let todo = "name a folder of the box's own in recording.folder, or give it this one: `sudo chown`";
    if let Some(file) = no_folder(wanted) {
        let file = Path::new("/").join(file.strip_prefix(&machine.root).unwrap_or(&file));
        return Some(Finding::fail(
            ABOUT,
            format!("{} is a file, not a folder: no take can be kept", file.display()),
            todo,
        ));
    }
    let made_by_system = machine.state.starts_with(SERVICE_FOLDER) && wanted != nearest;
    if made_by_system || machine.user.may_write_in(&machine.root, nearest) {
        return None;
    }
    let (user, state) = (&machine.user.name, machine.state.display());
    Some(Finding::fail(ABOUT, format!("{user} may not write in {state}: no take can be kept"), todo))
}

fn room(state: &Path, free: Option<u64>) -> Finding {
    let state = state.display();
    let Some(free) = free else {
        return Finding::warn(ABOUT, format!("the room in {state} cannot be told"), "`df -h`");
    };
    let found = format!("{} MB free in {state}: {} of takes", free / 1_000_000, hours(free));
    match free {
        0..NOW_BYTES => Finding::fail(ABOUT, found, "sync with the laptop and delete takes there; playing goes on"),
        NOW_BYTES..SOON_BYTES => Finding::warn(ABOUT, found, "sync with the laptop and delete takes there soon"),
        _ => Finding::ok(ABOUT, found),
    }
}

fn hours(free: u64) -> String {
    match free / HOUR_BYTES {
        0 => format!("{} minutes", free * 60 / HOUR_BYTES),
        1 => "one hour".into(),
        hours => format!("{hours} hours"),
    }
}

fn free_bytes(folder: &Path) -> Option<u64> {
    let path = CString::new(folder.as_os_str().as_bytes()).ok()?;
    // SAFETY: plain numbers may be all zero; the call writes no more than this structure.
    let told = unsafe {
        let mut told: libc::statvfs = std::mem::zeroed();
        (libc::statvfs(path.as_ptr(), &raw mut told) == 0).then_some(told)
    }?;
    #[allow(clippy::useless_conversion, reason = "the widths differ from one architecture to the other")]
    Some(u64::from(told.f_bavail) * u64::from(told.f_frsize))
}

/// Where the file system of the takes is mounted, if that is read-only.
fn read_only(machine: &Machine) -> Option<String> {
    let mounts = std::fs::read_to_string(machine.at("/proc/mounts")).ok()?;
    let mut at: Option<(&str, bool)> = None;
    for line in mounts.lines() {
        let mut fields = line.split(' ').skip(1);
        let (Some(mount), Some(_kind), Some(options)) = (fields.next(), fields.next(), fields.next()) else { continue };
        // The longest way counts, and of two mounts at one place the later.
        if machine.state.starts_with(mount) && at.is_none_or(|(before, _)| mount.len() >= before.len()) {
            at = Some((mount, options.split(',').any(|option| option == "ro")));
        }
    }
    at.filter(|(_, read_only)| *read_only).map(|(mount, _)| mount.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::doctor::tree::{Tree, says};

    #[test]
    fn room_is_told_in_hours_of_takes() {
        let state = Path::new("/var/lib/rasika");
        let says = |free, verdict, words| says(&[room(state, free)], verdict, words);
        says(Some(10_000_000_000), Verdict::Ok, &["180 hours"]);
        says(Some(40_000_000), Verdict::Warn, &["43 minutes", "soon"]);
        says(Some(1_000_000), Verdict::Fail, &["playing goes on"]);
        says(None, Verdict::Warn, &["cannot be told"]);
    }

    #[test]
    fn a_folder_must_be_one_that_the_boxs_user_may_write_in() {
        use std::os::unix::fs::PermissionsExt as _;
        let tree = Tree::new();
        let at = |state: &str| check(&Machine { state: state.into(), ..tree.machine() });
        tree.file("/srv/takes", "a file");
        says(&at("/srv/takes"), Verdict::Fail, &["/srv/takes is a file"]);
        says(&at("/srv/takes/below"), Verdict::Fail, &["/srv/takes is a file"]);
        tree.file("/home/pi/takes/x", "");
        let mode = |path: &str, mode| {
            let path = tree.root().join(path);
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        says(&at("/home/pi/takes"), Verdict::Fail, &["rasika may not write in /home/pi/takes"]);
        mode("home/pi/takes", 0o777);
        assert!(at("/home/pi/takes").iter().all(|finding| finding.verdict != Verdict::Fail));
        // Nobody comes through a closed door.
        mode("home/pi", 0o700);
        says(&at("/home/pi/takes"), Verdict::Fail, &["rasika may not write in"]);
        assert!(at("/var/lib/rasika").iter().all(|finding| finding.verdict != Verdict::Fail));
    }

    #[test]
    fn the_file_system_that_holds_the_takes_is_the_one_that_counts() {
        let tree = Tree::new();
        let mounts = |tree: &Tree, text: &str| {
            tree.file("/proc/mounts", text);
            check(&tree.machine()).iter().any(|finding| finding.found.contains("read-only"))
        };
        assert!(!mounts(&tree, "/dev/root / ext4 rw,noatime 0 0\n/dev/sda1 /boot/firmware vfat ro 0 0\n"));
        assert!(mounts(&tree, "overlay / overlay rw 0 0\n/dev/x /var/lib ext4 ro,errors=remount-ro 0 0\n"));
        assert!(!mounts(&tree, "/dev/root / ext4 ro 0 0\n/dev/data /var/lib/rasika ext4 rw,errors=remount-ro 0 0\n"));
        assert!(!mounts(&tree, "/dev/root / ext4 ro 0 0\n/dev/root / ext4 rw 0 0\n"));
    }
}
