//! The box as a library: what `rasikad` connects, and what the laptop shares with it.

pub mod latest;
#[cfg(feature = "perception")]
pub mod line;
pub mod performer;
#[cfg(feature = "perception")]
pub mod source;
#[cfg(feature = "perception")]
pub mod watcher;
