//! Many streams in one session, so that a status or a panic is answered while bulk is on its way.
//!
//! Only laptops open streams, numbered 1, 2, 3 …, at most [`MAX_STREAMS`] at a time; the box ends each with `end` or
//! `cancel`, and until then it counts. A side may send on a stream what the other has given credit for: [`WINDOW`]
//! at first, more as it is read, each frame counted with [`FRAME_COST`] on top of its bytes, so that what a side keeps
//! for a reader who does not read is bounded. The box keeps no more than [`MAX_UNREAD`] of all streams together: a
//! laptop has one push at a time, and its other requests are short. What is short and urgent goes before bulk.
//!
//! When the box has ended a stream, nobody waits for credit on it. A side that does not take what is sent to it for
//! long is gone, even if it lives.

mod frame;
mod session;
mod stream;

pub use frame::{Frame, Kind};
pub use session::Session;
pub use stream::{Order, Stream};

use std::time::Duration;

/// Streams of a session at a time.
pub const MAX_STREAMS: usize = 16;
/// Credit of a new stream, each way, in bytes.
pub const WINDOW: u32 = 128 * 1024;
/// What a laptop's streams may hold on the box together, unread, in bytes with [`FRAME_COST`].
pub const MAX_UNREAD: u32 = 2 * WINDOW;
/// What a frame costs beside its bytes.
pub const FRAME_COST: u32 = 64;
/// A side says something at least so often.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// A side that was not heard for so long is gone.
const SILENCE: Duration = Duration::from_secs(20);
/// A side that took nothing for so long is gone.
const STALLED: Duration = Duration::from_secs(20);

/// How a stream of bytes under a session wants to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The most bytes of a message in one frame: what is urgent waits for at most one of them to pass.
    pub frame_bytes: usize,
    /// Nothing slower is waited for, in bytes a second.
    pub slowest: u32,
    /// Times are so many times longer than on a network.
    pub patience: u32,
}

impl Pace {
    /// Networks.
    pub const NETWORK: Self = Self { frame_bytes: 16 * 1024, slowest: 8 * 1024, patience: 1 };
    /// Serial lines, from 1200 baud on.
    pub const SERIAL: Self = Self { frame_bytes: 512, slowest: 60, patience: 3 };

    /// How long is waited for what takes `limit` on a network, and for so many bytes beside it.
    #[must_use]
    pub fn fitting(self, limit: Duration, bytes: u64) -> Duration {
        limit * self.patience + Duration::from_secs(bytes / u64::from(self.slowest))
    }
}
