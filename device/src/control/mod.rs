//! A box that runs, asked from another terminal: a Unix socket, one line of JSON there and one back.
//!
//! A request is an object with a `verb`: `{"verb":"status"}`. The reply is `{"ok": …}` or `{"error": "a sentence"}`.
//! Which verbs there are is the table of whoever [`serve`]s; arguments are further fields of the object. Lines have
//! a limit in both directions, and a client that says nothing is shown the door.

mod client;
mod error;
mod lock;
mod place;
mod report;
mod server;

pub use client::ask;
pub use error::ControlError;
pub use place::places;
pub use report::{Lateness, Port, Report};
pub use server::{Control, Verbs, serve, serve_at};

/// A request's longest line, in bytes.
pub const REQUEST_BYTES: usize = 64 * 1024;
/// A reply's longest line, in bytes.
pub const REPLY_BYTES: usize = 1024 * 1024;
