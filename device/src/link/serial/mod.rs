//! A serial line as a reliable stream of bytes: USB gadget, UART or adapter, from 115200 baud to what USB carries.
//!
//! Bytes on a line are lost, changed and doubled, and a cable is pulled in the middle. [`frame`] finds packets in what
//! comes, `line` numbers, acknowledges and sends them again; [`connect`] is the laptop's end, [`Listener`] the box's.
//! A line carries one session at a time: what a laptop begins ends the session before. Nothing here is secret or
//! trusted; the encrypted session inside proves every byte.
//!
//! # A session on the line
//! The laptop draws a session number and sends `open` until `opened` comes. Data packets carry the place of their bytes
//! in the stream. Whoever reads the line acknowledges what has come, with the room it has. A packet that did not come
//! though a later one has, or of which nothing was heard for a while, goes out again, cut anew: packets are 24 bytes
//! long on a bad line and 1024 on a good one. `close` ends the session; ten silent seconds do, too.
//! The formats are in [`frame`] and [`packet`].

pub mod frame;
mod line;
pub mod packet;
mod ranges;
mod receiving;
mod sending;

pub use line::{Listener, connect};

use super::LinkError;
use tokio_serial::{SerialPortBuilderExt as _, SerialStream};

/// What is used where nobody says otherwise.
pub const BAUD: u32 = 921_600;

/// Opens a serial port, 8 bits, no parity, one stop bit, no flow control.
///
/// # Errors
/// It cannot be opened.
pub fn open(path: &str, baud: u32) -> Result<SerialStream, LinkError> {
    tokio_serial::new(path, baud)
        .open_native_async()
        .map_err(|error| LinkError::Port { path: path.to_owned(), error: error.to_string() })
}

fn random_u32() -> Result<u32, LinkError> {
    getrandom::u32().map_err(|_| LinkError::NoRandomness)
}
