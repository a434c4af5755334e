//! Lines for whoever reads our output, and signals from whoever wants us to stop.

use std::fmt::Display;
use std::io::{self, Write};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rasika_models::plain;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

/// Prints a line, whatever others wrote in it ([`plain`]). A reader that has left (`| head`) is no error; a full disk is.
///
/// # Errors
/// Standard output takes no more.
pub fn say(line: impl Display) -> io::Result<()> {
    print(&plain::line(&line.to_string()))
}

/// Prints lines of our own: a table, JSON.
///
/// # Errors
/// As [`say`].
pub fn say_lines(lines: impl Display) -> io::Result<()> {
    print(&plain::lines(&lines.to_string()))
}

/// Says something beside the output, on standard error: to a person, or to the system's log.
pub fn warn(line: impl Display) {
    // A terminal that is gone hears nothing, and that is no reason to stop.
    let _ = writeln!(io::stderr().lock(), "rasikad: {}", plain::line(&line.to_string()));
}

/// Set while standard output carries a file that was asked for there.
static CARRIES_A_FILE: AtomicBool = AtomicBool::new(false);

/// From now on what is said goes to standard error, where a program was asked to write a file to standard output.
pub fn say_beside_files(arguments: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>) {
    CARRIES_A_FILE.store(crate::output::is_asked_for(arguments), Ordering::Release);
}

/// Where words go.
#[must_use]
pub fn words() -> Box<dyn Write> {
    if CARRIES_A_FILE.load(Ordering::Acquire) { Box::new(io::stderr()) } else { Box::new(io::stdout()) }
}

fn print(lines: &str) -> io::Result<()> {
    let mut out = words();
    pardon_leaving(out.write_all(format!("{lines}\n").as_bytes()).and_then(|()| out.flush()))
}

/// Takes a reader that has left for a success.
///
/// # Errors
/// Any other error, as it is.
pub fn pardon_leaving(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// A flag that Ctrl-C, Ctrl-\\, a closed terminal and the service manager set.
///
/// # Errors
/// The system does not let us listen.
pub fn stop_signal() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

/// From now on Ctrl-Z ends every note by the flag before it puts the program to sleep, and the terminal is as the shell
/// wants it meanwhile.
///
/// # Errors
/// The system does not let us listen.
pub fn sleep_in_silence(panic: Arc<AtomicBool>) -> io::Result<()> {
    /// For what is sent to be out on the slowest wire, and what began meanwhile to be ended too.
    const DRAIN: Duration = Duration::from_millis(120);
    let mut signals = Signals::new([SIGTSTP])?;
    let doze = move || {
        for signal in signals.forever() {
            for _ in 0..2 {
                panic.store(true, Ordering::Release);
                std::thread::sleep(DRAIN);
            }
            let lines = KeyMode::lines(libc::STDIN_FILENO);
            // Comes back when somebody wakes us.
            let _ = signal_hook::low_level::emulate_default_handler(signal);
            drop(lines);
        }
    };
    std::thread::Builder::new().name("doze".to_owned()).spawn(doze).map(drop)
}

/// A terminal that hands its keys on in another way; dropped, it is as it was. Ctrl-C stays a signal.
pub struct KeyMode {
    terminal: RawFd,
    before: libc::termios,
}

impl KeyMode {
    /// Single keys, which are not shown. `None` if this is no terminal.
    #[must_use]
    pub fn single(terminal: RawFd) -> Option<Self> {
        Self::with(terminal, |mode| {
            mode.c_lflag &= !(libc::ICANON | libc::ECHO);
            mode.c_cc[libc::VMIN] = 1;
            mode.c_cc[libc::VTIME] = 0;
        })
    }

    /// Whole lines, which are shown. `None` if this is no terminal.
    #[must_use]
    pub fn lines(terminal: RawFd) -> Option<Self> {
        Self::with(terminal, |mode| mode.c_lflag |= libc::ICANON | libc::ECHO)
    }

    fn with(terminal: RawFd, change: impl FnOnce(&mut libc::termios)) -> Option<Self> {
        // SAFETY: a termios of zeros is valid, and tcgetattr only writes to it.
        let mut before: libc::termios = unsafe { std::mem::zeroed() };
        // SAFETY: as above; a descriptor that is no terminal is refused.
        if unsafe { libc::tcgetattr(terminal, &raw mut before) } != 0 {
            return None;
        }
        let mut changed = before;
        change(&mut changed);
        // SAFETY: `changed` is what the terminal had, but for flags that every terminal knows.
        (unsafe { libc::tcsetattr(terminal, libc::TCSANOW, &raw const changed) } == 0)
            .then_some(Self { terminal, before })
    }
}

impl Drop for KeyMode {
    fn drop(&mut self) {
        // SAFETY: `before` is what tcgetattr gave; a terminal that is gone needs nothing.
        unsafe { libc::tcsetattr(self.terminal, libc::TCSANOW, &raw const self.before) };
    }
}
