//! Keys, the handshake, encrypted records, and who is let in.

pub mod admission;
pub mod digits;
pub mod handshake;
mod key;
mod known;
pub mod pairing;
mod private_file;
pub mod record;

pub use admission::{Expect, Owner};
pub use key::{Identity, NOISE, unhex};
pub use known::KeyRing;
pub use pairing::{PairingEvent, PairingWindow};
