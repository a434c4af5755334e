//! Files that settings and data name, read without waiting: settings may come from a laptop, and name anything.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// No such file is longer.
pub const MOST_BYTES: u64 = 256 << 10;

/// The text of a plain file of at most [`MOST_BYTES`].
///
/// # Errors
/// It is a pipe, a device, a folder or a socket, which might never end; it is too long, no text, or cannot be read.
pub fn read(path: &Path) -> io::Result<String> {
    let none = || io::Error::new(ErrorKind::InvalidInput, "it is no plain file");
    // Before it is opened: some devices do something when they are.
    if !path.metadata()?.is_file() {
        return Err(none());
    }
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(none());
    }
    let mut text = String::new();
    // Some files of the kernel's are longer than they say.
    if file.take(MOST_BYTES + 1).read_to_string(&mut text)? as u64 > MOST_BYTES {
        return Err(io::Error::new(ErrorKind::InvalidInput, format!("it is longer than {} kB", MOST_BYTES >> 10)));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe.toml");
        let name = std::ffi::CString::new(pipe.to_str().unwrap()).unwrap();
        // SAFETY: the name ends in a zero and lives as long as the call.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        let (long, link) = (folder.path().join("long.toml"), folder.path().join("link.toml"));
        std::fs::write(&long, vec![b'x'; MOST_BYTES as usize + 1]).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for path in [&pipe, &long, &link, Path::new("/dev/zero"), folder.path()] {
            assert_eq!(read(path).map_err(|error| error.kind()), Err(ErrorKind::InvalidInput), "{}", path.display());
        }
        let short = folder.path().join("short.toml");
        std::fs::write(&short, "a = 1").unwrap();
        assert_eq!(read(&short).unwrap(), "a = 1");
    }
}
