//! Lines for whoever reads our output, and signals from whoever wants us to stop.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Prints a line. A reader that has left (`| head`) is no error; a full disk is.
///
/// # Errors
/// Standard output takes no more.
pub fn say(line: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    pardon_leaving(writeln!(out, "{line}").and_then(|()| out.flush()))
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

/// A flag that Ctrl-C, a closed terminal and the service manager set.
///
/// # Errors
/// The system does not let us listen.
pub fn stop_signal() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}
