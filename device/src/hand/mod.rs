//! What a hand says on MIDI ports: keys that choose the rasa, a controller that drives intensity, a key tapped for the
//! laya, and panic.
//!
//! Each port has a thread, `midi-in`, that turns messages into a [`Hand`] in a one-slot channel; the performer reads
//! it as it reads the mood. What a synth sends back of our own music ([`echo`]) changes nothing.

mod choice;
pub mod echo;
mod keys;
mod learn;
mod listen;
mod reading;
mod taps;

pub use choice::Hand;
pub use echo::{Echoes, Sent};
pub use keys::{Keys, KeysError};
pub use learn::{Lesson, Said};
pub use listen::{Listening, Report};
pub use reading::{Meaning, Reading};
pub use taps::Taps;
