//! Pins: one trait over embedded-hal's, and a table of ways to them.
//!
//! Pins are named by their BCM number, never by their place on the header. Pitfalls of a real Pi:
//! - GPIO14 and 15 are the UART, which is the DIN socket; GPIO2 and 3 have pull-ups of their own.
//! - The header of a Pi 5 hangs on another chip (RP1); chips are found by their label, not by their number.
//! - Registers know no owner: a pin that another program holds can be written all the same. So whichever way is used,
//!   the kernel is asked first who has the line.
//! - Hardware PWM is on GPIO12, 13, 18 and 19 and only after an overlay (`dtoverlay=pwm-2chan`) has turned them to it.

mod chardev;
mod error;
#[cfg(feature = "rppal")]
mod raspberry;
mod simulator;
mod switched;

pub use error::PinError;
pub use simulator::SimulatedPins;

use embedded_hal::digital::InputPin;
use embedded_hal::pwm::SetDutyCycle;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Under what name the kernel knows who holds our lines.
pub const CONSUMER: &str = "rasikad";

/// Number of a pin as Broadcom counts them (GPIO17 is 17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bcm(pub u8);

impl fmt::Display for Bcm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GPIO{}", self.0)
    }
}

/// The resistor inside the chip that an open input follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pull {
    /// Open is high: a button to ground reads low when pressed.
    Up,
    /// Open is low: a button to 3.3 V reads high when pressed.
    Down,
}

/// A change of level on an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The pin.
    pub pin: Bcm,
    /// Its level from now on.
    pub high: bool,
    /// When, on the steady clock (see [`now`]); the kernel's own stamp where it gives one.
    pub time: Duration,
}

/// Is told every edge of a pin, from a thread of the pin's own, or once that the pin is lost; it must not wait.
pub type Heard = Box<dyn FnMut(Result<Edge, PinError>) + Send>;

/// An input that is being listened to. Dropping it gives the pin back as it was.
pub trait Input: InputPin<Error = PinError> + Send {}
impl<T: InputPin<Error = PinError> + Send> Input for T {}

/// A light: a duty cycle of so many steps, or of 1 where it is only on or off. Dropping it gives the pin back as it was.
pub trait Light: SetDutyCycle<Error = PinError> + Send {}
impl<T: SetDutyCycle<Error = PinError> + Send> Light for T {}

impl embedded_hal::pwm::ErrorType for Box<dyn Light> {
    type Error = PinError;
}

impl SetDutyCycle for Box<dyn Light> {
    fn max_duty_cycle(&self) -> u16 {
        (**self).max_duty_cycle()
    }

    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), PinError> {
        (**self).set_duty_cycle(duty)
    }
}

/// A way to the pins.
pub trait Pins: Send {
    /// What a person calls it.
    fn name(&self) -> &str;

    /// Takes a pin as an input and tells its edges from now on.
    ///
    /// # Errors
    /// When the pin does not exist, is taken, or is refused.
    fn input(&mut self, pin: Bcm, pull: Pull, heard: Heard) -> Result<Box<dyn Input>, PinError>;

    /// Takes a pin as a light, dark at first; dimmed where the pin has hardware PWM.
    ///
    /// # Errors
    /// When the pin does not exist, is taken, or is refused.
    fn light(&mut self, pin: Bcm) -> Result<Box<dyn Light>, PinError>;
}

/// Opens a way to the pins by what stands after the colon of its name.
pub type Builder = fn(address: &str) -> Result<Box<dyn Pins>, PinError>;

/// The ways to the pins: word, what it is, how it is opened.
pub const KINDS: &[(&str, &str, Builder)] = &[
    ("auto", "a Raspberry Pi's registers where there are some, else the kernel's GPIO device", auto),
    #[cfg(feature = "rppal")]
    ("rppal", "a Raspberry Pi's registers, with hardware PWM", raspberry::open),
    (
        "gpiochip",
        "the kernel's GPIO device: `gpiochip` for the header of a Pi, `gpiochip:/dev/gpiochip0`",
        chardev::open,
    ),
];

/// Opens the way to the pins that a word names.
///
/// # Errors
/// When there is no such way, or it cannot be opened.
pub fn open(name: &str) -> Result<Box<dyn Pins>, PinError> {
    let (kind, address) = name.split_once(':').unwrap_or((name, ""));
    let Some((_, _, builder)) = KINDS.iter().find(|(word, ..)| *word == kind) else {
        let known = KINDS.iter().map(|(word, ..)| *word).collect::<Vec<_>>().join(", ");
        return Err(PinError::NoSuchKind { name: name.to_owned(), known });
    };
    builder(address)
}

fn auto(address: &str) -> Result<Box<dyn Pins>, PinError> {
    #[cfg(feature = "rppal")]
    if let Ok(pins) = raspberry::open(address) {
        return Ok(pins);
    }
    chardev::open(address)
}

/// Checks that no pin is given to two things; each comes with what it is for.
///
/// # Errors
/// [`PinError::UsedTwice`], naming the pin and both.
pub fn all_different(used: &[(&str, Bcm)]) -> Result<(), PinError> {
    for (at, (second, pin)) in used.iter().enumerate() {
        if let Some((first, _)) = used[..at].iter().find(|(_, other)| other == pin) {
            return Err(PinError::UsedTwice { pin: *pin, first: (*first).to_owned(), second: (*second).to_owned() });
        }
    }
    Ok(())
}

/// The steady clock that edges are stamped with (CLOCK_MONOTONIC).
#[must_use]
pub fn now() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid timespec to write to; CLOCK_MONOTONIC exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_names_no_way_is_answered_with_those_there_are() {
        let said = open("i2c:3").err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains("i2c:3") && said.contains("gpiochip") && said.contains("auto"), "{said}");
    }

    #[test]
    fn a_chip_that_is_not_there_is_named() {
        let said = open("gpiochip:/dev/no-such-chip").err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains("/dev/no-such-chip"), "{said}");
        let said = open("gpiochip:/dev/null").err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains("/dev/null"), "{said}");
    }

    #[test]
    #[cfg(feature = "rppal")]
    fn a_machine_that_is_no_pi_says_so_and_auto_goes_on_to_the_kernel() {
        let said = |name| open(name).err().map(|error| error.to_string()).unwrap_or_default();
        if !std::path::Path::new("/proc/device-tree/model").exists() {
            assert!(said("rppal").contains("no Raspberry Pi"), "{}", said("rppal"));
        }
        if !std::path::Path::new("/dev/gpiochip0").exists() {
            assert!(said("auto").contains("/dev/gpiochip0"), "{}", said("auto"));
        }
    }

    #[test]
    fn a_pin_given_to_two_things_is_named_with_both() {
        let used = [("SELECT", Bcm(17)), ("RECORD", Bcm(27)), ("the MIDI LED", Bcm(17))];
        let said = all_different(&used).unwrap_err().to_string();
        assert!(said.contains("GPIO17") && said.contains("SELECT") && said.contains("the MIDI LED"), "{said}");
        assert_eq!(all_different(&used[..2]), Ok(()));
    }
}
