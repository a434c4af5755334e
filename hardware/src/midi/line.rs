//! A serial line that is opened once, however many ports are on it: a UART's DIN sockets for in and out are one device.

use super::PortError;
use serialport::TTYPort;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// Lines that are open, by device.
static OPEN: Mutex<Vec<(String, Weak<Line>)>> = Mutex::new(Vec::new());

/// An open line. Writing and reading take `&self`; neither waits but for the time it is given.
#[derive(Debug)]
pub struct Line(File);

impl Line {
    /// Takes over a line that is open.
    pub fn of(line: TTYPort) -> Self {
        // SAFETY: the descriptor was the TTYPort's alone and is given up by it; O_NONBLOCK concerns no memory.
        unsafe {
            let line = line.into_raw_fd();
            let flags = libc::fcntl(line, libc::F_GETFL);
            libc::fcntl(line, libc::F_SETFL, flags | libc::O_NONBLOCK);
            Self(File::from_raw_fd(line))
        }
    }

    /// Writes what the line takes at once, which may be nothing.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match (&self.0).write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// Reads what there is, after waiting for it so long at most; 0 when nothing came.
    pub fn read(&self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        let mut polled = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let wait_ms = wait.as_micros().div_ceil(1000).min(60_000) as libc::c_int;
        // SAFETY: one valid pollfd to read and write.
        match unsafe { libc::poll(&raw mut polled, 1, wait_ms) } {
            0 => return Ok(0),
            -1 if io::Error::last_os_error().kind() == ErrorKind::Interrupted => return Ok(0),
            -1 => return Err(io::Error::last_os_error()),
            _ => {}
        }
        match (&self.0).read(buffer) {
            // A line that says it can be read and has nothing is hung up.
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(0),
            other => other,
        }
    }
}

/// The open line of a device, or the device opened at a rate.
pub fn open(name: &str, device: &str, baud: u32) -> Result<Arc<Line>, PortError> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|(_, line)| line.strong_count() > 0);
    if let Some(line) = open.iter().find(|(its, _)| its == device).and_then(|(_, line)| line.upgrade()) {
        return Ok(line);
    }
    let line = serialport::new(device, baud).open_native();
    let line = line.map_err(|error| PortError::Open { name: name.to_owned(), cause: error.to_string() })?;
    let line = Arc::new(Line::of(line));
    open.push((device.to_owned(), Arc::downgrade(&line)));
    Ok(line)
}
