//! The box as a library: what `rasikad` connects, and what the laptop shares with it.

#[cfg(feature = "perception")]
pub mod camera;
#[cfg(feature = "perception")]
pub mod demo;
pub mod latest;
#[cfg(feature = "perception")]
pub mod line;
pub mod link;
pub mod performer;
pub mod screen;
#[cfg(feature = "perception")]
pub mod source;
pub mod terminal;
#[cfg(feature = "perception")]
pub mod watcher;
