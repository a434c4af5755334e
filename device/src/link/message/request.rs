//! What a laptop can ask.

use super::file::{FileKind, FileName, Hash};
use super::key::PublicKey;
use super::label::Label;
use super::take::{Proof, TakeId};
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// A request; its doc says what comes back, each in `Result<…, Refusal>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
pub enum Request {
    /// One [`super::Status`].
    Status,
    /// [`super::MoodNow`] whenever it changes, at most this often a second; the newest, never a backlog.
    WatchMoods {
        /// 1 to 60.
        at_most_hz: u8,
    },
    /// [`super::TakeInfo`] for each take that changed after `after`, oldest change first, at most `limit`.
    Changes {
        /// Number of the last change the laptop has.
        after: u64,
        /// At most so many; 0 is all.
        limit: u32,
        /// Go on with those to come, until the laptop cancels.
        follow: bool,
    },
    /// The take's chunks from a part on, each a byte sequence.
    Take {
        /// Which.
        id: TakeId,
        /// Its hash: another is refused.
        hash: [u8; 32],
        /// The first part that is wanted.
        from_part: u32,
    },
    /// One list of [`super::Pruned`]: deletes what is proved to be held.
    Prune {
        /// At most 256.
        proofs: Vec<Proof>,
    },
    /// One [`super::TakeInfo`].
    Relabel {
        /// Which.
        id: TakeId,
        /// The rasa it shows.
        label: Label,
    },
    /// One [`super::TakeInfo`].
    Discard {
        /// Which.
        id: TakeId,
        /// False takes it in again.
        discarded: bool,
    },
    /// One [`super::Begun`]; then the laptop sends the rest of the file in byte sequences, an empty one last; then one
    /// [`super::Pushed`].
    Push {
        /// What it is.
        kind: FileKind,
        /// Its name.
        name: FileName,
        /// Its length.
        bytes: u64,
        /// BLAKE3 of all of it.
        hash: Hash,
    },
    /// One `()` when it is in force.
    Activate {
        /// What it is.
        kind: FileKind,
        /// Its name.
        name: FileName,
        /// BLAKE3 of it: another is refused.
        hash: Hash,
    },
    /// One [`super::FileState`]: what is in force again.
    Rollback {
        /// What.
        kind: FileKind,
    },
    /// One list of [`super::FileState`].
    List {
        /// What.
        kind: FileKind,
    },
    /// One [`super::BulkHead`], then the rest of the file in byte sequences.
    Fetch {
        /// What it is.
        kind: FileKind,
        /// Its name.
        name: FileName,
        /// The first byte that is wanted.
        offset: u64,
    },
    /// Lines of text, oldest first.
    Logs {
        /// So many of those there are.
        lines: u32,
        /// Go on with those to come, until the laptop cancels.
        follow: bool,
    },
    /// One `()`: every note on every port has ended.
    Panic,
    /// One list of [`super::Known`].
    Keys,
    /// One `bool`: whether it was there. Its sessions end.
    Revoke {
        /// Which.
        key: PublicKey,
    },
    /// One `u32`: of how many of these takes the box now knows that this laptop holds them. It deletes nothing for that.
    Held {
        /// At most 256.
        proofs: Vec<Proof>,
    },
    /// One [`super::Challenge`]: the same through the whole session.
    Challenge,
}
