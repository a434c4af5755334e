//! Where the bytes of a film come from: a file, a pipe, an address. None of them holds up whoever wants to stop.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::SourceError;
use super::reel::{Bytes, From, Reel};

/// How often a pipe that gives nothing is left to look whether somebody said stop, in milliseconds.
const GLANCE_MS: libc::c_int = 100;

/// Where a film is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file that can be read at any place.
    File(PathBuf),
    /// In a pipe that is named, or that the shell made (`/dev/fd/63`): read once, as it comes.
    Pipe(PathBuf),
    /// On standard input, which is a pipe.
    Input,
    /// At an address of HTTP.
    Url(String),
}

impl Place {
    /// Its name, for people.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Pipe(path) => path.display().to_string(),
            Self::Input => "standard input".to_owned(),
            Self::Url(url) => url.clone(),
        }
    }

    /// What standard input is.
    ///
    /// # Errors
    /// It is a terminal or closed.
    pub fn of_input() -> Result<Self, SourceError> {
        use std::io::IsTerminal as _;
        if io::stdin().is_terminal() {
            return Err(SourceError::Terminal);
        }
        let path = PathBuf::from("/dev/stdin");
        let kind = path.metadata().map_err(|e| SourceError::Io("standard input".into(), e))?.file_type();
        Ok(if kind.is_file() { Self::File(path) } else { Self::Input })
    }

    /// What an address leads to; `None` if the words are no address.
    ///
    /// # Errors
    /// A kind of address that is not read here, with the way that works.
    pub fn of_url(words: &str) -> Option<Result<Self, SourceError>> {
        let (kind, rest) = words.split_once("://")?;
        let is_word = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if kind.is_empty() || !kind.chars().all(is_word) {
            return None;
        }
        let elements = match kind.to_ascii_lowercase().as_str() {
            // FFmpeg knows it in small letters only.
            kind @ ("http" | "https") => return Some(Ok(Self::Url(format!("{kind}://{rest}")))),
            "file" => return Some(Ok(Self::File(PathBuf::from(rest)))),
            "rtsp" | "rtsps" => format!("rtspsrc location={words} latency=0"),
            "rtmp" | "rtmps" => format!("rtmpsrc location={words}"),
            "srt" => format!("srtsrc uri={words}"),
            "udp" | "rtp" | "tcp" => format!("urisourcebin uri={words}"),
            _ => return Some(Err(SourceError::Address(words.to_owned()))),
        };
        let pipeline = format!("{elements} ! decodebin ! videoconvert ! appsink");
        Some(Err(SourceError::LiveStream { url: words.to_owned(), pipeline }))
    }

    /// Opens it. It lets go when `quit` is set.
    pub(super) fn open(&self, quit: &Arc<AtomicBool>) -> Result<Reel, SourceError> {
        let name = self.name();
        let io_error = |e| SourceError::Io(name.clone(), e);
        let (from, refused): (_, fn(String) -> SourceError) = match self {
            Self::File(path) => (From::Anywhere(Box::new(File::open(path).map_err(io_error)?)), SourceError::NoVideo),
            Self::Pipe(path) => {
                (From::Onwards(Box::new(Pipe::named(path, quit).map_err(io_error)?)), SourceError::NoStream)
            }
            Self::Input => (From::Onwards(Box::new(Pipe::input(quit).map_err(io_error)?)), SourceError::NoStream),
            Self::Url(_) => (From::Address, SourceError::NoStream),
        };
        // FFmpeg looks at the ending of the name where the bytes leave a doubt.
        Reel::open(from, &name, quit).map_err(|cause| match self {
            _ if quit.load(Ordering::Acquire) => SourceError::Stopped(name.clone()),
            Self::Url(_) if !cause.is_of_content() => SourceError::FFmpeg(name.clone(), cause),
            _ => refused(name.clone()),
        })
    }
}

/// Whether a path is a pipe or a socket.
pub(super) fn is_pipe(kind: std::fs::FileType) -> bool {
    kind.is_fifo() || kind.is_socket()
}

/// A pipe that is waited for in glances.
struct Pipe {
    file: File,
    quit: Arc<AtomicBool>,
}

impl Pipe {
    fn named(path: &Path, quit: &Arc<AtomicBool>) -> io::Result<Self> {
        // Without this, to open a pipe is to wait for whoever writes into it.
        let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
        Ok(Self { file, quit: Arc::clone(quit) })
    }

    fn input(quit: &Arc<AtomicBool>) -> io::Result<Self> {
        // SAFETY: the call makes a new descriptor of standard input, or fails.
        let copy = unsafe { libc::fcntl(libc::STDIN_FILENO, libc::F_DUPFD_CLOEXEC, 3) };
        if copy < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was made above and is nobody else's.
        Ok(Self { file: unsafe { File::from_raw_fd(copy) }, quit: Arc::clone(quit) })
    }

    /// Waits a moment for bytes or the end; false if neither came.
    fn waits(&self) -> io::Result<bool> {
        let mut asked = libc::pollfd { fd: self.file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: the pointer is to one structure that lives through the call.
        match unsafe { libc::poll(&raw mut asked, 1, GLANCE_MS) } {
            n if n >= 0 => Ok(n > 0),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl Bytes for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.quit.load(Ordering::Acquire) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            match self.waits() {
                Ok(false) => {}
                Ok(true) => match Read::read(&mut self.file, buffer) {
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                    other => return other,
                },
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    fn seek(&mut self, _: io::SeekFrom) -> Option<u64> {
        None
    }
}
