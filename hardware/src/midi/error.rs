//! What can go wrong with a MIDI port, each with what to do.

use std::io;
use std::sync::Arc;

/// A port cannot be opened or has been lost.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The word before the colon is not known.
    #[error("'{name}' names no MIDI port; use alsa, alsa:NAME, usb, usb:NAME, serial:DEVICE or file:NAME.mid")]
    NoSuchKind {
        /// What was asked for.
        name: String,
    },
    /// The rest of the name makes no sense.
    #[error("'{name}' names no MIDI port: {reason}; write it as {example}")]
    BadName {
        /// What was asked for.
        name: String,
        /// What is wrong with it.
        reason: String,
        /// One that would do.
        example: &'static str,
    },
    /// No ALSA sequencer on this machine.
    #[error(
        "{name}: this machine has no ALSA sequencer (/dev/snd/seq); load it with `modprobe snd-seq`, or use a serial port or a .mid file"
    )]
    NoAlsa {
        /// The port asked for.
        name: String,
    },
    /// ALSA has no port of that name.
    #[error("{name}: nothing of that name is connected; there are: {known}")]
    NoSuchSynth {
        /// The port asked for.
        name: String,
        /// The ports there are.
        known: String,
    },
    /// The system does not open it.
    #[error(
        "{name} cannot be opened: {cause}; check that it is plugged in, that no other program has it, and that you may use it (groups audio and dialout)"
    )]
    Open {
        /// The port.
        name: String,
        /// The system's words.
        cause: String,
    },
    /// A file cannot be begun.
    #[error(
        "{name} cannot be written: {cause}; check that its folder exists and may be written to, and that the disk has room"
    )]
    File {
        /// The port.
        name: String,
        /// The system's words.
        cause: io::Error,
    },
    /// It worked before and does not now. Made without allocating: the performer's thread may be the one to notice.
    #[error("{name} is lost: {cause}; {}", advice(name))]
    Lost {
        /// The port.
        name: Arc<str>,
        /// The system's words.
        cause: io::Error,
    },
}

/// What to do about a port that is lost.
fn advice(name: &str) -> &'static str {
    if super::sounds(name) { "check the cable and the power of the synth" } else { "check the disk" }
}
