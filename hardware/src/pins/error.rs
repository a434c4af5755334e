//! What can go wrong with a pin, each with what to do.

use super::Bcm;

/// A pin cannot be had or has been lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// The word before the colon is not known.
    #[error("'{name}' names no way to the pins; use {known}")]
    NoSuchKind {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// No chip looks like a Raspberry Pi's header.
    #[error(
        "no pins: {cause}; on a board that is no Raspberry Pi name its chip as gpiochip:/dev/gpiochip0, without a board use none"
    )]
    NoChip {
        /// What was looked at.
        cause: String,
    },
    /// The chip does not open.
    #[error("{chip} cannot be opened: {cause}; check that it is there and that you may use it (group gpio)")]
    Open {
        /// The chip.
        chip: String,
        /// The system's words.
        cause: String,
    },
    /// The chip has no such line.
    #[error("{pin} does not exist on {chip}, which has {lines} pins; use its BCM number, not its place on the header")]
    NoSuchPin {
        /// The pin asked for.
        pin: Bcm,
        /// The chip.
        chip: String,
        /// How many lines it has, numbered from 0.
        lines: u32,
    },
    /// Something else has it.
    #[error("{pin} is taken by {holder}; free it there (an overlay in config.txt, another program) or use another pin")]
    Busy {
        /// The pin asked for.
        pin: Bcm,
        /// Who has it, as the kernel knows it.
        holder: String,
    },
    /// Two things were given one pin.
    #[error("{pin} is both {first} and {second}; give one of them another pin")]
    UsedTwice {
        /// The pin.
        pin: Bcm,
        /// The first that has it.
        first: String,
        /// The second.
        second: String,
    },
    /// The system does not give it for another reason.
    #[error("{pin} cannot be used: {cause}; check its wiring and whether this pin can do it")]
    Refused {
        /// The pin.
        pin: Bcm,
        /// The system's words.
        cause: String,
    },
    /// It was there and is not any more.
    #[error("{pin} is lost: {cause}; check the board")]
    Lost {
        /// The pin.
        pin: Bcm,
        /// The system's words.
        cause: String,
    },
}

impl embedded_hal::digital::Error for PinError {
    fn kind(&self) -> embedded_hal::digital::ErrorKind {
        embedded_hal::digital::ErrorKind::Other
    }
}

impl embedded_hal::pwm::Error for PinError {
    fn kind(&self) -> embedded_hal::pwm::ErrorKind {
        embedded_hal::pwm::ErrorKind::Other
    }
}
