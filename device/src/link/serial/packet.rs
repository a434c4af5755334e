//! Packets of the reliable line. The first byte is the kind, then little-endian numbers:
//!
//! | kind | | fields |
//! |---|---|---|
//! | 1 | open | session u32 |
//! | 2 | opened | session u32 |
//! | 3 | data | session u32, number u32, offset u32, bytes |
//! | 4 | acknowledgement | session u32, newest u32, mask u64, limit u32 |
//! | 5 | close | session u32 |
//!
//! `number` counts data packets from 0 and is never used twice in a session. `offset` is the place of the first byte
//! in the session's stream and `limit` the place up to which the receiver has room, both modulo 2³². Bit i of `mask`
//! says that packet `newest` − 1 − i has come.

/// A packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The laptop begins a session; any other is over.
    Open(u32),
    /// The box has it.
    Opened(u32),
    /// Bytes of the stream.
    Data {
        /// Session.
        session: u32,
        /// Counted by the sender.
        number: u32,
        /// Place in the stream, modulo 2³².
        offset: u32,
        /// The bytes, at most [`MAX_DATA`].
        bytes: &'a [u8],
    },
    /// What has come.
    Ack {
        /// Session.
        session: u32,
        /// Which packets, and how far the sender may go.
        ack: Ack,
    },
    /// The session is over.
    Close(u32),
}

/// What has come so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The newest packet that has come.
    pub newest: u32,
    /// Those before it, the nearest in the lowest bit.
    pub mask: u64,
    /// Place in the stream up to which there is room, modulo 2³².
    pub limit: u32,
}

/// The most bytes of a data packet.
pub const MAX_DATA: usize = 1024;

impl<'a> Packet<'a> {
    /// As bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut put = |kind: u8, session: u32| {
            out.push(kind);
            out.extend_from_slice(&session.to_le_bytes());
        };
        match *self {
            Self::Open(session) => put(1, session),
            Self::Opened(session) => put(2, session),
            Self::Close(session) => put(5, session),
            Self::Data { session, number, offset, bytes } => {
                put(3, session);
                out.extend_from_slice(&number.to_le_bytes());
                out.extend_from_slice(&offset.to_le_bytes());
                out.extend_from_slice(bytes);
            }
            Self::Ack { session, ack } => {
                put(4, session);
                out.extend_from_slice(&ack.newest.to_le_bytes());
                out.extend_from_slice(&ack.mask.to_le_bytes());
                out.extend_from_slice(&ack.limit.to_le_bytes());
            }
        }
    }

    /// From bytes; `None` if they are no packet.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&kind, rest) = bytes.split_first()?;
        let (session, rest) = take_u32(rest)?;
        match kind {
            1 if rest.is_empty() => Some(Self::Open(session)),
            2 if rest.is_empty() => Some(Self::Opened(session)),
            3 => {
                let (number, rest) = take_u32(rest)?;
                let (offset, bytes) = take_u32(rest)?;
                (bytes.len() <= MAX_DATA).then_some(Self::Data { session, number, offset, bytes })
            }
            4 => {
                let (newest, rest) = take_u32(rest)?;
                let (mask, rest) = rest.split_first_chunk::<8>()?;
                let (limit, rest) = take_u32(rest)?;
                let ack = Ack { newest, mask: u64::from_le_bytes(*mask), limit };
                rest.is_empty().then_some(Self::Ack { session, ack })
            }
            5 if rest.is_empty() => Some(Self::Close(session)),
            _ => None,
        }
    }
}

fn take_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number), rest))
}

/// The place nearest to `near` that is `place` modulo 2³².
pub fn place(near: u64, place: u32) -> u64 {
    let away = place.wrapping_sub(near as u32).cast_signed();
    near.saturating_add_signed(i64::from(away))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_packet_comes_back(kind in 1..=5_u8, session: u32, a: u32, b: u64, c: u32, bytes in proptest::collection::vec(any::<u8>(), 0..MAX_DATA)) {
            let packet = match kind {
                1 => Packet::Open(session),
                2 => Packet::Opened(session),
                3 => Packet::Data { session, number: a, offset: c, bytes: &bytes },
                4 => Packet::Ack { session, ack: Ack { newest: a, mask: b, limit: c } },
                _ => Packet::Close(session),
            };
            let mut out = Vec::new();
            packet.write(&mut out);
            prop_assert_eq!(Packet::read(&out), Some(packet));
        }

        #[test]
        fn anything_may_come_in(bytes in proptest::collection::vec(any::<u8>(), 0..1200)) {
            let _ = Packet::read(&bytes);
        }

        #[test]
        fn a_place_is_found_from_its_low_half(near in 0..u64::MAX / 4, away in -1_000_000..1_000_000_i64) {
            let there = near.saturating_add_signed(away);
            prop_assert_eq!(place(near, there as u32), there);
        }
    }
}
