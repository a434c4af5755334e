//! Frames of the streams in a session, one to an encrypted record: stream (u32, little-endian), kind (u8), body.
//!
//! | kind | | body |
//! |---|---|---|
//! | 0 | message, its last or only part | bytes |
//! | 1 | message, more parts follow | bytes |
//! | 2 | end: nothing more comes on this stream | |
//! | 3 | cancel: nothing more is wanted or comes | |
//! | 4 | credit: so many bytes more may be sent | u32, little-endian |
//! | 5 | sign of life; stream 0 | |
//! | 6 | the box starts anew and is back in a moment; stream 0 | |

use crate::link::LinkError;

/// What a frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A part of a message.
    Message {
        /// The last one.
        whole: bool,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// Nothing more comes.
    End,
    /// Nothing more is wanted.
    Cancel,
    /// More may be sent.
    Credit(u32),
    /// Somebody is there.
    Alive,
    /// The box starts anew.
    StartsAnew,
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its stream.
    pub stream: u32,
    /// What it says.
    pub kind: Kind,
}

impl Frame {
    /// As bytes.
    pub fn write(&self) -> Vec<u8> {
        let (kind, body): (u8, &[u8]) = match &self.kind {
            Kind::Message { whole: true, bytes } => (0, bytes),
            Kind::Message { whole: false, bytes } => (1, bytes),
            Kind::End => (2, &[]),
            Kind::Cancel => (3, &[]),
            Kind::Credit(count) => (4, &count.to_le_bytes()),
            Kind::Alive => (5, &[]),
            Kind::StartsAnew => (6, &[]),
        };
        [&self.stream.to_le_bytes()[..], &[kind], body].concat()
    }

    /// From bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, LinkError> {
        let wrong = LinkError::Violation("a frame that is none");
        let Some((stream, [kind, body @ ..])) = bytes.split_first_chunk::<4>() else { return Err(wrong) };
        let kind = match (kind, body) {
            (0 | 1, bytes) => Kind::Message { whole: *kind == 0, bytes: bytes.to_vec() },
            (2, []) => Kind::End,
            (3, []) => Kind::Cancel,
            (4, count) => Kind::Credit(u32::from_le_bytes(count.try_into().map_err(|_| wrong)?)),
            (5, []) => Kind::Alive,
            (6, []) => Kind::StartsAnew,
            _ => return Err(wrong),
        };
        Ok(Self { stream: u32::from_le_bytes(*stream), kind })
    }
}
