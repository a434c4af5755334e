//! Takes on the wire.

use super::bounds::{MaybeText, NAME, SETTING, SETTINGS, Text};
use super::key::PublicKey;
use super::label::Label;
use crate::link::LinkError;
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// A box, by its file of takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, Schema)]
pub struct BoxId(pub [u8; 16]);

/// A take: its box, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Schema)]
pub struct TakeId {
    /// The box that recorded it.
    pub box_id: BoxId,
    /// Counted by the box, never used twice.
    pub number: u64,
}

/// What has become of a take on its box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum TakeState {
    /// It ended as it should.
    Confirmed,
    /// The box was cut off while it was recorded.
    Interrupted,
    /// A tombstone: its observations are no longer on the box.
    Gone,
    /// It was damaged on the box: but for its number, nothing that is said of it here means anything.
    Damaged,
}

/// When something happened.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Schema)]
pub struct Moment {
    /// What the wall clock said, in milliseconds since 1970.
    pub unix_ms: i64,
    /// The kernel's name of this boot.
    #[serde(with = "Text::<NAME>")]
    pub boot: String,
    /// Milliseconds since that boot.
    pub since_boot_ms: u64,
}

/// What never changes of a take.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Schema)]
pub struct Recorded {
    /// The rasa that was chosen.
    pub label: Label,
    /// Who performed.
    #[serde(with = "Text::<SETTING>")]
    pub performer: String,
    /// When it began.
    pub started: Moment,
    /// The box's config in force.
    #[serde(with = "Text::<SETTINGS>")]
    pub config: String,
    /// Version of the features.
    pub features_version: u32,
    /// The model that listened.
    #[serde(with = "Text::<NAME>")]
    pub model: String,
    /// Whether frames were turned back from a mirror image.
    pub mirrored: bool,
    /// Width of the camera's frames in pixels.
    pub width: u32,
    /// Height of the camera's frames in pixels.
    pub height: u32,
}

/// A take at its last change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct TakeInfo {
    /// Which.
    pub id: TakeId,
    /// The box's number of its last change.
    pub change: u64,
    /// What has become of it.
    pub state: TakeState,
    /// The rasa the box says it shows.
    pub label: Label,
    /// Who the box says performed.
    #[serde(with = "Text::<SETTING>")]
    pub performer: String,
    /// Whether the box has discarded it.
    pub discarded: bool,
    /// What it was recorded as.
    pub recorded: Recorded,
    /// How many observations it has.
    pub observations: u64,
    /// Their bytes, all chunks together.
    pub bytes: u64,
    /// BLAKE3 of its canonical bytes.
    pub hash: [u8; 32],
}

impl TakeInfo {
    /// A take that is damaged on its box.
    #[must_use]
    pub fn damaged(id: TakeId, change: u64) -> Self {
        Self {
            id,
            change,
            state: TakeState::Damaged,
            label: Label::default(),
            performer: String::new(),
            discarded: false,
            recorded: Recorded::default(),
            observations: 0,
            bytes: 0,
            hash: [0; 32],
        }
    }
}

/// Drawn by the box for a session. What answers it can only come from who has a take's bytes at hand: its hash, which the
/// box itself lists, does not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Challenge(pub [u8; 32]);

impl Challenge {
    /// Draws one.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn draw() -> Result<Self, LinkError> {
        let mut drawn = [0; 32];
        getrandom::fill(&mut drawn).map_err(|_| LinkError::NoRandomness)?;
        Ok(Self(drawn))
    }

    /// The key of the answers between this box and this laptop: what another box asked, or another laptop answers, is no
    /// proof here.
    #[must_use]
    pub fn key(&self, served: PublicKey, laptop: PublicKey) -> [u8; 32] {
        blake3::derive_key("rasika proof of holding 1", &[self.0, served.0, laptop.0].concat())
    }
}

/// A laptop holds a take, and proves it by its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Proof {
    /// Which.
    pub id: TakeId,
    /// BLAKE3 of its canonical bytes with [`Challenge::key`] as the key.
    pub answer: [u8; 32],
}

/// What has become of a take that was to be pruned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Pruned {
    /// Which.
    pub id: TakeId,
    /// `None` if its observations were deleted; else why not.
    #[serde(with = "MaybeText::<180>")]
    pub kept: Option<String>,
}
