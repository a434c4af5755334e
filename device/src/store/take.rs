//! A take: one press of record.

use super::codec;
use rasika_models::Rasa;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A box, by its file of takes: 16 random bytes that were drawn when the file was made. A new file is another box,
/// so that take numbers never mean two things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BoxId(pub [u8; 16]);

/// A take: its box, and its number there from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TakeId {
    /// The box that recorded it.
    pub box_id: BoxId,
    /// Counted by the box, never used twice.
    pub number: u64,
}

/// BLAKE3 of a take's unchanging parts: see [`TakeHasher`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TakeHash(pub [u8; 32]);

/// What has become of a take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It is being recorded.
    Recording,
    /// It ended as it should, and is on the disk.
    Confirmed,
    /// The box was cut off while it was recorded: its whole chunks are here, up to a second before the cut.
    Interrupted,
    /// Its observations were deleted here; what is known of it stays, so that others hear of it.
    Gone,
    /// It is being fetched from its box.
    Fetching,
}

impl State {
    pub(super) const ALL: [Self; 5] = [Self::Recording, Self::Confirmed, Self::Interrupted, Self::Gone, Self::Fetching];

    /// Whether its observations are whole and will not change.
    #[must_use]
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Confirmed | Self::Interrupted)
    }
}

/// When something happened, for clocks that may be wrong: boots are told apart, and within one the order is sure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// What the wall clock said, in milliseconds since 1970.
    pub unix_ms: i64,
    /// The kernel's name of this boot; empty where there is none.
    pub boot: String,
    /// Milliseconds since that boot.
    pub since_boot_ms: u64,
}

impl Moment {
    /// Now.
    #[must_use]
    pub fn now() -> Self {
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let uptime = std::fs::read_to_string("/proc/uptime").ok();
        let uptime_s = uptime.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
        Self {
            unix_ms: since_1970.map_or(0, |since| since.as_millis() as i64),
            boot: std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned(),
            since_boot_ms: uptime_s.map_or(0, |seconds| (seconds * 1000.0) as u64),
        }
    }
}

/// What is known of a take when it begins, and never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The rasa that was chosen.
    pub label: Rasa,
    /// Who performed; may be empty.
    pub performer: String,
    /// When it began.
    pub started: Moment,
    /// The box's config in force, as TOML.
    pub config: String,
    /// [`rasika_models::FEATURES_VERSION`] of the program.
    pub features_version: u32,
    /// The model that listened.
    pub model: String,
    /// Whether frames were turned back from a mirror image.
    pub mirrored: bool,
    /// Width of the camera's frames in pixels.
    pub width: u32,
    /// Height of the camera's frames in pixels.
    pub height: u32,
}

/// A take, without its observations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// Which.
    pub id: TakeId,
    /// What has become of it.
    pub state: State,
    /// The box's number of its last change; `None` until it is whole.
    pub changed: Option<u64>,
    /// The rasa the box says it shows.
    pub label: Rasa,
    /// Who the box says performed.
    pub performer: String,
    /// Whether the box has discarded it; it can be restored.
    pub discarded: bool,
    /// The rasa this laptop says it shows, over the box's.
    pub here_label: Option<Rasa>,
    /// Whether this laptop has dropped it, over the box's.
    pub here_discarded: Option<bool>,
    /// What it was recorded as.
    pub recorded: Recorded,
    /// How many observations it has.
    pub observations: u64,
    /// Their bytes, all chunks together.
    pub bytes: u64,
    /// Of a whole take.
    pub hash: Option<TakeHash>,
}

impl Take {
    /// The rasa it shows: what the laptop says, or else the box.
    #[must_use]
    pub fn rasa(&self) -> Rasa {
        self.here_label.unwrap_or(self.label)
    }

    /// Whether it is left out: as the laptop says, or else the box.
    #[must_use]
    pub fn is_discarded(&self) -> bool {
        self.here_discarded.unwrap_or(self.discarded)
    }
}

/// Hashes a take. The canonical bytes are, integers little-endian and texts UTF-8 behind their length as u32:
/// `rasika take 1`, the box's 16 bytes, the number (u64), label, performer, unix_ms (i64), boot, since_boot_ms (u64),
/// config, features_version (u32), model, mirrored (u8), width (u32), height (u32); then each chunk behind its length
/// (u32), pictures among them; then 0 (u32) and the count of observations (u64).
#[derive(Debug, Clone)]
pub struct TakeHasher {
    hasher: blake3::Hasher,
    observations: u64,
}

impl TakeHasher {
    /// Begins with what is known at the start.
    #[must_use]
    pub fn new(id: TakeId, recorded: &Recorded) -> Self {
        Self::of(blake3::Hasher::new(), id, recorded)
    }

    /// The same with a key: only who has the bytes of the take can tell what comes out.
    #[must_use]
    pub fn keyed(key: &[u8; 32], id: TakeId, recorded: &Recorded) -> Self {
        Self::of(blake3::Hasher::new_keyed(key), id, recorded)
    }

    fn of(mut hasher: blake3::Hasher, id: TakeId, recorded: &Recorded) -> Self {
        let text = |hasher: &mut blake3::Hasher, text: &str| {
            hasher.update(&(text.len() as u32).to_le_bytes()).update(text.as_bytes());
        };
        hasher.update(b"rasika take 1").update(&id.box_id.0).update(&id.number.to_le_bytes());
        text(&mut hasher, recorded.label.name());
        text(&mut hasher, &recorded.performer);
        hasher.update(&recorded.started.unix_ms.to_le_bytes());
        text(&mut hasher, &recorded.started.boot);
        hasher.update(&recorded.started.since_boot_ms.to_le_bytes());
        text(&mut hasher, &recorded.config);
        hasher.update(&recorded.features_version.to_le_bytes());
        text(&mut hasher, &recorded.model);
        hasher.update(&[u8::from(recorded.mirrored)]);
        hasher.update(&recorded.width.to_le_bytes()).update(&recorded.height.to_le_bytes());
        Self { hasher, observations: 0 }
    }

    /// Adds the next chunk.
    pub fn chunk(&mut self, bytes: &[u8]) {
        self.observations += codec::count(bytes).unwrap_or(0) as u64;
        self.hasher.update(&(bytes.len() as u32).to_le_bytes()).update(bytes);
    }

    /// The hash of all that was added.
    #[must_use]
    pub fn finish(mut self) -> TakeHash {
        self.hasher.update(&0_u32.to_le_bytes()).update(&self.observations.to_le_bytes());
        TakeHash(*self.hasher.finalize().as_bytes())
    }
}

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl fmt::Display for BoxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Display for TakeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

/// The first eight digits of the box, and the number.
impl fmt::Display for TakeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.box_id.0[..4], f)?;
        write!(f, "-{}", self.number)
    }
}
