//! The link between box and laptop, shared by both: pair, pull, push and roll back, over serial and over the network.
pub mod box_side;
pub mod client;
pub mod discovery;
mod error;
pub mod fault;
mod inbox;
pub mod laptop_side;
pub mod memory;
pub mod message;
pub mod mux;
pub mod secure;
pub mod serial;
pub mod server;

pub use box_side::BoxSide;
pub use client::{Client, Coming, Progress, Pulled};
pub use error::{LinkError, NotLetIn};
pub use inbox::Inbox;
pub use laptop_side::{LaptopSide, Wanted};
pub use mux::Pace;
pub use secure::{Expect, Identity, KeyRing, PairingEvent, PairingWindow};
pub use server::{Limits, Server};
