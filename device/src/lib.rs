//! The box as a library: what `rasikad` connects, and what the laptop shares with it.

#![cfg_attr(
    not(test),
    deny(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "what others wrote is shown by `terminal::{say, warn}` alone"
    )
)]

pub mod apart;
#[cfg(feature = "perception")]
pub mod camera;
pub mod clock;
pub mod config;
pub mod control;
#[cfg(feature = "perception")]
pub mod demo;
pub mod doctor;
pub mod hand;
pub mod home;
pub mod journal;
pub mod laptops;
pub mod latest;
#[cfg(feature = "perception")]
pub mod line;
pub mod link;
pub mod named_file;
mod nearest;
pub mod output;
pub mod panel;
pub mod performer;
#[cfg(feature = "perception")]
pub mod picture;
pub mod private;
pub mod recorder;
pub mod screen;
pub mod shelf;
#[cfg(feature = "perception")]
pub mod source;
#[cfg(feature = "perception")]
pub mod steward;
pub mod stills;
pub mod store;
pub mod supervision;
pub mod terminal;
#[cfg(feature = "perception")]
pub mod watcher;
