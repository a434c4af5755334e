//! What can go wrong between a box and those who ask it.

use std::io;

/// A box cannot be asked, or cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nothing listens.
    #[error("no box runs here; start one with `rasikad play` (looked at {0})")]
    NoBox(String),
    /// Another box has the socket.
    #[error("another rasikad runs and answers at {0}; this one plays, but `rasikad status` shows the other")]
    Taken(String),
    /// Something else is where the socket should be.
    #[error("{0} is no socket; remove it, or name another place in RASIKA_SOCKET")]
    NoSocket(String),
    /// The socket cannot be made.
    #[error("cannot listen at {place}: {cause}; name another place in RASIKA_SOCKET")]
    Listen {
        /// Where.
        place: String,
        /// The system's words.
        cause: io::Error,
    },
    /// It cannot be asked.
    #[error("the box at {place} cannot be asked: {cause}; ask as its own user, or as root")]
    Connect {
        /// Where.
        place: String,
        /// The system's words.
        cause: io::Error,
    },
    /// It says something that is no reply.
    #[error("the box gave no answer that can be read ({0}); is it of the same version?")]
    NoAnswer(String),
    /// It refused, in its own words.
    #[error("{0}")]
    Refused(String),
}
