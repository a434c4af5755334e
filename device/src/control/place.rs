//! Where the socket is.

use super::ControlError;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

const NAME: &str = "rasikad.sock";
/// Where a box that the system starts keeps what lasts as long as it runs.
const SYSTEM: &str = "/run/rasika";

/// The places to look at, the most particular first: `RASIKA_SOCKET` alone if it is set, else the user's runtime
/// directory, the system's, and a private one below /tmp.
#[must_use]
pub fn places() -> Vec<PathBuf> {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(place) = named("RASIKA_SOCKET") {
        return vec![crate::home::expanded(&place).unwrap_or(place)];
    }
    let runtime = crate::home::named("XDG_RUNTIME_DIR").map(|folder| folder.join(NAME));
    runtime.into_iter().chain([Path::new(SYSTEM).join(NAME), private().join(NAME)]).collect()
}

/// The place to listen at: the first whose folder can be written to.
pub fn own() -> Result<PathBuf, ControlError> {
    let named = std::env::var_os("RASIKA_SOCKET").is_some_and(|value| !value.is_empty());
    let mut places = places();
    let last = places.pop().unwrap_or_default();
    if named {
        return Ok(last);
    }
    if let Some(place) = places.into_iter().find(|place| place.parent().is_some_and(writable)) {
        return Ok(place);
    }
    make_private(&private()).map_err(|cause| ControlError::Listen { place: last.display().to_string(), cause })?;
    Ok(last)
}

fn uid() -> u32 {
    // SAFETY: it only returns a number.
    unsafe { libc::geteuid() }
}

fn private() -> PathBuf {
    PathBuf::from(format!("/tmp/rasika-{}", uid()))
}

fn writable(folder: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let Ok(path) = std::ffi::CString::new(folder.as_os_str().as_bytes()) else { return false };
    // SAFETY: a valid string that ends with a zero.
    folder.is_dir() && unsafe { libc::access(path.as_ptr(), libc::W_OK | libc::X_OK) } == 0
}

/// Makes the folder, or sees that the one that is there is ours and no one else's: /tmp is everyone's.
fn make_private(folder: &Path) -> io::Result<()> {
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => return other,
    }
    let there = folder.symlink_metadata()?;
    if !there.is_dir() || there.uid() != uid() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{} is not ours", folder.display())));
    }
    if there.mode() & 0o077 != 0 {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_folder_is_made_once_and_closed_to_others() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("rasika-0");
        make_private(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        make_private(&folder).unwrap();
        assert_eq!(folder.metadata().unwrap().mode() & 0o777, 0o700);
        let link = home.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        assert!(make_private(&link).is_err(), "someone may have laid a link there");
    }
}
