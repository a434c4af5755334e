//! What box and laptop say to each other: postcard, each message at most [`MAX_MESSAGE`] bytes.
//!
//! A laptop opens a stream with a [`Request`]; what comes back is one or more `Result<T, Refusal>`, T by the request
//! (see its variants). [`SCHEMA`] is a hash of the shapes of all of them: two programs that agree on it read each
//! other's every message.

pub mod bounds;
mod file;
mod hello;
mod key;
mod label;
mod refusal;
mod request;
mod status;
mod take;

pub use bounds::List;
pub use file::{Begun, BulkHead, FileKind, FileName, FileState, Hash, Pushed};
pub use hello::{Hello, PROTOCOL, SCHEMA};
pub use key::{Known, PublicKey};
pub use label::Label;
pub use refusal::{Reason, Refusal};
pub use request::Request;
pub use status::{MoodNow, Status};
pub use take::{BoxId, Challenge, Moment, Proof, Pruned, Recorded, TakeId, TakeInfo, TakeState};

use super::LinkError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// No message is longer.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// Bytes of a piece of bulk.
pub const PIECE: usize = 16 * 1024;
/// A chunk of a take is no longer.
pub const MAX_CHUNK: usize = 60 * 1024;

/// What [`write`] says of a message that is longer than any.
pub const TOO_LONG: LinkError = LinkError::Violation("a message too long to send");

/// As bytes.
pub fn write<T: Serialize>(message: &T) -> Result<Vec<u8>, LinkError> {
    let mut bytes =
        postcard::to_stdvec(message).map_err(|_| LinkError::Violation("a message that cannot be written"))?;
    if bytes.len() > MAX_MESSAGE {
        return Err(TOO_LONG);
    }
    // It may wait long for a reader who is slow.
    bytes.shrink_to_fit();
    Ok(bytes)
}

/// From bytes, all of them.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, LinkError> {
    match postcard::take_from_bytes(bytes) {
        Ok((message, [])) if bytes.len() <= MAX_MESSAGE => Ok(message),
        _ => Err(LinkError::Violation("a message that cannot be read")),
    }
}

/// A name short enough for the wire, without control characters.
pub fn short_name(name: &str) -> String {
    let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
    bounds::cut(&name, bounds::NAME).to_owned()
}
