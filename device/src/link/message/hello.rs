//! The first message of a session, from each side: which release it is.
//!
//! Its layout is for ever: postcard of (protocol u16, schema 8 bytes, program text, name text,
//! the box's file of takes if there is one). Later releases may put
//! more behind; this one leaves it aside.

use super::{
    Begun, BoxId, BulkHead, Challenge, FileState, Known, MoodNow, Pruned, Pushed, Refusal, Request, Status, TakeInfo,
};
use crate::link::LinkError;
use postcard_schema::Schema;
use postcard_schema::key::Key;
use serde::{Deserialize, Serialize};

/// Counts up with each release that changes messages or what they mean.
pub const PROTOCOL: u16 = 3;

/// All that is said after the hello. Only its shape is used.
#[derive(Schema)]
#[allow(dead_code, reason = "only its shape is used")]
struct Everything {
    request: Request,
    refusal: Refusal,
    status: Status,
    mood: MoodNow,
    take: TakeInfo,
    pruned: Vec<Pruned>,
    held: u32,
    challenge: Challenge,
    begun: Begun,
    pushed: Pushed,
    head: BulkHead,
    files: Vec<FileState>,
    known: Vec<Known>,
}

/// Hash of the shapes of all messages.
pub const SCHEMA: [u8; 8] = Key::for_path::<Everything>("rasika link").to_bytes();

/// Which release this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u16,
    /// [`SCHEMA`].
    pub schema: [u8; 8],
    /// Version of the program.
    pub program: String,
    /// What the box or laptop is called.
    pub name: String,
    /// The box's file of takes, once it is open; of a laptop `None`. Whose changes a laptop counts depends on it.
    pub box_id: Option<BoxId>,
}

impl Hello {
    /// This program's.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            protocol: PROTOCOL,
            schema: SCHEMA,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            name: super::short_name(name),
            box_id: None,
        }
    }

    /// As bytes.
    pub fn write(&self) -> Result<Vec<u8>, LinkError> {
        super::write(self)
    }

    /// From bytes; more may follow.
    pub fn read(bytes: &[u8]) -> Result<Self, LinkError> {
        let read = postcard::take_from_bytes(bytes).map(|(hello, _): (Self, _)| hello);
        let mut hello = read.map_err(|_| LinkError::Garbage("a hello that is none"))?;
        (hello.program, hello.name) = (super::short_name(&hello.program), super::short_name(&hello.name));
        Ok(hello)
    }

    /// Whether a laptop and a box understand each other; if not, who is to be updated.
    pub fn fits(laptop: &Self, served: &Self) -> Result<(), LinkError> {
        let (theirs, ours) = (served.program.clone(), laptop.program.clone());
        match served.protocol.cmp(&laptop.protocol) {
            std::cmp::Ordering::Less => Err(LinkError::UpdateBox { theirs, ours }),
            std::cmp::Ordering::Greater => Err(LinkError::UpdateLaptop { theirs, ours }),
            std::cmp::Ordering::Equal if served.schema != laptop.schema => Err(LinkError::OtherBuild { theirs, ours }),
            std::cmp::Ordering::Equal => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::message;
    use proptest::prelude::*;

    /// Whoever changes a message finds this in the way: count [`PROTOCOL`] up, then write the new hash here.
    #[test]
    fn the_shapes_of_messages_are_those_of_this_protocol() {
        assert_eq!((PROTOCOL, SCHEMA), (3, [93, 47, 124, 26, 107, 97, 100, 73]));
    }

    #[test]
    fn a_hello_of_a_later_release_can_be_read() {
        let hello = Hello { protocol: 9, ..Hello::new("studio") };
        let mut bytes = hello.write().unwrap();
        bytes.extend_from_slice(b"whatever comes later");
        assert_eq!(Hello::read(&bytes), Ok(hello));
    }

    proptest! {
        #[test]
        fn anything_may_come_in(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Hello::read(&bytes);
            let _ = message::read::<Request>(&bytes);
            let _ = message::read::<Result<Status, Refusal>>(&bytes);
            let _ = message::read::<Result<TakeInfo, Refusal>>(&bytes);
            let _ = message::read::<Result<Vec<FileState>, Refusal>>(&bytes);
            let _ = crate::link::mux::Frame::read(&bytes);
        }
    }
}
