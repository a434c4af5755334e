//! A lock beside the socket, held as long as the box runs: the kernel gives it back after any death, so what stands
//! there unlocked is stale.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The lock, until it is dropped.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "kept open, it holds the lock")] File);

impl Lock {
    /// Takes the lock of a socket; `None` if another has it.
    pub fn take(socket: &Path) -> io::Result<Option<Self>> {
        let mut path = socket.as_os_str().to_owned();
        path.push(".lock");
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        // SAFETY: the descriptor is open as long as `file` is.
        if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
            return Ok(Some(Self(file)));
        }
        match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            error => Err(error),
        }
    }
}
