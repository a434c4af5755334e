//! MIDI output ports: one trait, and a table of kinds that build it.
//!
//! A port is named by a word: `alsa` is a sequencer port of our own that anything may connect to, `alsa:Roland` is
//! connected to the first synth with that in its name, `serial:/dev/ttyAMA0` is a DIN socket on a UART.

mod alsa;
mod error;
mod serial;

pub use error::PortError;
pub use serial::{DIN_BAUD, DIN_BYTE_US, RunningStatus, SerialOut, WRITE_TIMEOUT};

/// Somewhere to send MIDI to.
pub trait MidiOut: Send {
    /// What a person calls it; the word it was opened by opens it again.
    fn name(&self) -> &str;

    /// Sends one whole message and says how many bytes of it go over the cable: running status leaves the first out.
    /// It returns when the system has taken the bytes, or gives up after a bounded time.
    ///
    /// # Errors
    /// When the port is gone or takes nothing any more; it should be dropped then and opened anew later.
    fn send(&mut self, message: &[u8]) -> Result<usize, PortError>;

    /// Microseconds a byte takes on the cable; `None` where the cable is faster than any music.
    fn byte_us(&self) -> Option<u64> {
        None
    }

    /// The next message is sent with its status byte: whoever is at the other end may not know what was said before.
    fn say_status_again(&mut self) {}
}

/// Opens a port of a kind by what stands after the colon of its name.
pub type Builder = fn(name: &str, address: &str) -> Result<Box<dyn MidiOut>, PortError>;

/// The kinds of port: word, what it is, how it is opened.
pub const KINDS: [(&str, &str, Builder); 2] = [
    ("alsa", "ALSA sequencer: `alsa` for a port of our own, `alsa:NAME` to connect to a synth", alsa::open),
    (
        "serial",
        "serial line: `serial:DEVICE` at 31250 baud, `serial:DEVICE@BAUD`; `+whole` after it for no running status",
        serial::open,
    ),
];

/// Opens the port a word names.
///
/// # Errors
/// When there is no such kind of port, or it cannot be opened.
pub fn open(name: &str) -> Result<Box<dyn MidiOut>, PortError> {
    let (kind, address) = name.split_once(':').unwrap_or((name, ""));
    let found = KINDS.iter().find(|(word, ..)| *word == kind);
    let (_, _, builder) = found.ok_or_else(|| PortError::NoSuchKind { name: name.to_owned() })?;
    builder(name, address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &str) -> String {
        open(name).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_word_that_names_no_port_is_answered_with_those_that_do() {
        let said = message("bluetooth:x");
        assert!(said.contains("bluetooth:x") && said.contains("alsa") && said.contains("serial"), "{said}");
    }

    #[test]
    fn a_line_that_is_not_there_is_named() {
        let said = message("serial:/dev/no-such-line");
        assert!(said.contains("/dev/no-such-line"), "{said}");
        assert!(message("serial:").contains("serial:/dev/ttyAMA0"));
        assert!(message("serial:/dev/x@fast").contains("fast"));
    }
}
