//! Faces and keys are their owner's alone: files 0600, folders 0700, whatever the umask.
//!
//! [`by_default`] sets the umask of a program, so that whatever it makes is private, files of SQLite and of libraries too;
//! [`folder`] and [`mend`] see to what another program, an older one or an open umask left. What is for others, as music and
//! manual pages, is opened by [`share`] when it is whole.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// The bits of everyone but the owner.
const OTHERS: u32 = 0o077;
/// A folder in which everyone may make files.
const STICKY: u32 = 0o1000;
/// The umask that the user gave the program; the usual one until [`by_default`] asks for it.
static USERS: AtomicU32 = AtomicU32::new(0o022);

/// From now on what this program makes is private. Call it before there are threads.
pub fn by_default() {
    // SAFETY: it only exchanges a number.
    let before = unsafe { libc::umask(OTHERS as libc::mode_t) };
    #[allow(clippy::useless_conversion, reason = "the width differs from one system to the other")]
    let before = u32::from(before);
    USERS.store(before, Ordering::Release);
    rasika_hardware::midi::share_files(0o666 & !before);
}

/// Makes a folder, and those that lead to it, or makes private the one that is there.
///
/// # Errors
/// It cannot be made.
pub fn folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    if !path.is_dir() {
        return DirBuilder::new().recursive(true).mode(0o700).create(path);
    }
    mend(path);
    Ok(())
}

/// Takes the rights of others from a file or folder that is ours. It stays as it is where that is not possible, and where it
/// is not ours alone to say: folders where everyone may make files, and the system's first ones, as `/srv`.
pub fn mend(path: &Path) {
    let Ok(there) = path.metadata() else { return };
    let mode = there.mode() & 0o7777;
    if mode & OTHERS == 0 || there.uid() != own_uid() || !(there.is_dir() || there.is_file()) {
        return;
    }
    if there.is_dir() && (mode & STICKY != 0 || path.canonicalize().is_ok_and(|path| path.components().count() <= 2)) {
        return;
    }
    // A disk that cannot be written keeps what it has; whoever needs to know is told when something is to be written.
    let _ = fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS));
}

/// Mends every file of a folder whose name begins so, as those that SQLite lays beside `takes.db`.
pub fn mend_named(folder: &Path, begin: &str) {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_file = file.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && file.file_name().to_string_lossy().starts_with(begin) {
            mend(&file.path());
        }
    }
}

/// Mends a folder of ours with all that is in it; links are left alone.
pub fn mend_all(folder: &Path) {
    mend(folder);
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        match file.file_type() {
            Ok(kind) if kind.is_dir() => mend_all(&file.path()),
            Ok(kind) if kind.is_file() => mend(&file.path()),
            _ => {}
        }
    }
}

/// A file that was made is for whomever the user lets read it, as files of other programs are.
pub fn share(path: &Path) {
    let Ok(there) = path.metadata() else { return };
    let mode = if there.is_dir() { 0o777 } else { 0o666 } & !USERS.load(Ordering::Acquire);
    if (there.is_file() || there.is_dir()) && there.uid() == own_uid() {
        // A file that stays private is no reason to fail.
        let _ = fs::set_permissions(path, Permissions::from_mode(mode));
    }
}

fn own_uid() -> u32 {
    // SAFETY: it only returns a number.
    unsafe { libc::geteuid() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o7777
    }

    #[test]
    fn what_is_ours_is_closed_to_others_and_what_is_everyones_is_not() {
        let place = tempfile::tempdir().unwrap();
        let folder_of = |name: &str, mode| {
            let path = place.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            path
        };
        let (open, shared) = (folder_of("open", 0o755), folder_of("shared", 0o1777));
        fs::write(open.join("takes.db-wal"), "").unwrap();
        fs::write(open.join("other"), "").unwrap();
        for file in ["takes.db-wal", "other"] {
            fs::set_permissions(open.join(file), Permissions::from_mode(0o644)).unwrap();
        }
        folder(&open).unwrap();
        folder(&shared).unwrap();
        folder(&open.join("a/b")).unwrap();
        mend_named(&open, "takes.");
        assert_eq!([mode(&open), mode(&shared), mode(&open.join("a"))], [0o700, 0o1777, 0o700]);
        assert_eq!([mode(&open.join("takes.db-wal")), mode(&open.join("other"))], [0o600, 0o644]);
        mend_all(&open);
        assert_eq!(mode(&open.join("other")), 0o600);
    }
}
