//! MIDI ports: a trait for what is played on, one for what is listened to, and a table of kinds that build both.
//!
//! A port is named by a word: `alsa` is a sequencer port of our own that anything may connect to, `alsa:Roland` is
//! connected to the first synth with that in its name, `serial:/dev/ttyAMA0` is a DIN socket on a UART, `file:music.mid` a
//! file that grows. The same word opens the port in either direction; a serial line that is opened in both is opened once.

mod alsa;
mod error;
mod file;
mod line;
mod serial;
mod stream;

pub use error::PortError;
pub use file::share_files;
pub use serial::{DIN_BAUD, DIN_BYTE_US, RunningStatus, SerialOut, WRITE_TIMEOUT};
pub use stream::{Message, Stream};

use std::time::Duration;

/// Somewhere to send MIDI to.
pub trait MidiOut: Send {
    /// What a person calls it; the word it was opened by opens it again.
    fn name(&self) -> &str;

    /// Sends one whole message and says how many bytes of it go over the cable: running status leaves the first out.
    /// It does not wait for a port that is slow: what the system does not take at once follows with [`Self::flush`]
    /// or the next message.
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

    /// Hands the system what it did not take before, as far as it takes it now. Does not wait either.
    ///
    /// # Errors
    /// When the port is gone or has taken nothing for too long.
    fn flush(&mut self) -> Result<(), PortError> {
        Ok(())
    }

    /// Whether something waits to be flushed.
    fn has_backlog(&self) -> bool {
        false
    }
}

/// Somewhere to hear MIDI from. SysEx is left out.
pub trait MidiIn: Send {
    /// What a person calls it; the word it was opened by opens it again.
    fn name(&self) -> &str;

    /// Waits for a message so long at most; `None` when nothing came.
    ///
    /// # Errors
    /// When the port is gone; it should be dropped then and opened anew later.
    fn receive(&mut self, wait: Duration) -> Result<Option<Message>, PortError>;
}

type Opener<Port> = fn(name: &str, address: &str) -> Result<Box<Port>, PortError>;

/// A kind of port.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The word before the colon.
    pub word: &'static str,
    /// What it is and how it is written.
    pub what: &'static str,
    /// Opens one to play on, by its whole name and what stands after the colon.
    open: Opener<dyn MidiOut>,
    /// Opens one to listen to.
    open_in: Opener<dyn MidiIn>,
}

/// The kinds of port.
pub const KINDS: [Kind; 4] = [
    Kind {
        word: "alsa",
        what: "ALSA sequencer: `alsa` for a port of our own, `alsa:NAME` to connect to a synth or keyboard",
        open: alsa::open,
        open_in: alsa::open_in,
    },
    Kind {
        word: "usb",
        what: "USB synth or keyboard: `usb` for whichever is plugged in first, `usb:NAME` for one of several",
        open: alsa::open_usb,
        open_in: alsa::open_usb_in,
    },
    Kind {
        word: "serial",
        what: "serial line: `serial:DEVICE` at 31250 baud, `serial:DEVICE@BAUD`; `+whole` after it for no running status",
        open: serial::open,
        open_in: serial::open_in,
    },
    Kind {
        word: FILE,
        what: "MIDI file: `file:NAME.mid` is written while the music plays; if there is one, NAME-2.mid, and so on",
        open: file::open,
        open_in: file::open_in,
    },
];

/// The word of ports that keep what is played, and sound nowhere.
const FILE: &str = "file";

/// Whether something may sound at the port that a word names.
#[must_use]
pub fn sounds(name: &str) -> bool {
    name.split(':').next() != Some(FILE)
}

/// The kind and the address that a name means.
fn kind(name: &str) -> Result<(&'static Kind, &str), PortError> {
    let (word, address) = name.split_once(':').unwrap_or((name, ""));
    let kind = KINDS.iter().find(|kind| kind.word == word);
    kind.map(|kind| (kind, address)).ok_or_else(|| PortError::NoSuchKind { name: name.to_owned() })
}

/// Whether a word can name a port, without opening it.
///
/// # Errors
/// There is no such kind of port, or its address can never be one.
pub fn is_well_formed(name: &str) -> Result<(), PortError> {
    match kind(name)? {
        (kind, address) if kind.word == "serial" => serial::is_well_formed(name, address),
        (kind, address) if kind.word == FILE => file::is_well_formed(name, address),
        _ => Ok(()),
    }
}

/// Opens the port a word names, to play on.
///
/// # Errors
/// When there is no such kind of port, or it cannot be opened.
pub fn open(name: &str) -> Result<Box<dyn MidiOut>, PortError> {
    kind(name).and_then(|(kind, address)| (kind.open)(name, address))
}

/// Opens the port a word names, to listen to.
///
/// # Errors
/// When there is no such kind of port, or it cannot be opened.
pub fn open_in(name: &str) -> Result<Box<dyn MidiIn>, PortError> {
    kind(name).and_then(|(kind, address)| (kind.open_in)(name, address))
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
        assert!(said.contains("bluetooth:x"), "{said}");
        for kind in KINDS {
            assert!(said.contains(kind.word), "{said}");
        }
    }

    #[test]
    fn a_line_that_is_not_there_is_named() {
        let said = message("serial:/dev/no-such-line");
        assert!(said.contains("/dev/no-such-line"), "{said}");
        assert!(message("serial:").contains("serial:/dev/ttyAMA0"));
        for baud in ["fast", "0", "-1", "49", "", "99999999999"] {
            let word = format!("serial:/dev/x@{baud}");
            assert!(message(&word).contains("is no baud rate"), "{word}");
            assert!(is_well_formed(&word).is_err());
        }
        assert!(is_well_formed("file:x.wav").is_err() && is_well_formed("file:x.mid").is_ok());
    }
}
