//! Takes to learn from, wherever they are kept.
//!
//! Training reads a [`Dataset`]: a list of takes, and the observations of one take at a time as a stream, so that
//! no source needs to hold more than one take in memory.

pub mod folder;
pub mod head;
pub mod import;
pub mod names;
mod npy;
pub mod original;
pub mod store;
pub mod tables;

use std::path::Path;

use anyhow::{Context as _, Result};
use rasika_device::store::codec::{ChunkWriter, Unstorable};
use rasika_models::{Observation, Rasa};
use serde::{Deserialize, Serialize};

use crate::place::takes_file;

/// One press of record: what is known of it, without its observations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Take {
    /// Name of the take, unlike any other in its dataset.
    pub id: String,
    /// The box that recorded it.
    pub box_id: String,
    /// The rasa it shows.
    pub label: Rasa,
    /// Who performs; may be empty.
    #[serde(default)]
    pub performer: String,
    /// When it began, milliseconds since 1970; 0 if nobody knows.
    #[serde(default)]
    pub started_unix_ms: i64,
    /// Width of the camera's frames in pixels.
    pub width: u32,
    /// Height of the camera's frames in pixels.
    pub height: u32,
    /// Whether the frames were turned back from a mirror image.
    #[serde(default)]
    pub mirrored: bool,
    /// What was not recorded but made up from the rest; empty for a take of the box.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reconstructed: Vec<String>,
}

/// Observations of a take, in the order of time.
pub type Observations<'a> = Box<dyn Iterator<Item = Result<Observation>> + 'a>;

/// A source of takes.
pub trait Dataset {
    /// Every take, in an order that stays the same.
    ///
    /// # Errors
    /// The source cannot be read.
    fn takes(&self) -> Result<Vec<Take>>;

    /// The observations of one take.
    ///
    /// # Errors
    /// The source cannot be read, or there is no such take.
    fn observations(&self, take: &Take) -> Result<Observations<'_>>;

    /// The kept picture nearest to a frame of a take, as a JPEG; none where pictures were not kept.
    ///
    /// # Errors
    /// The source cannot be read.
    fn picture(&self, _take: &Take, _frame: u64) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

/// Whether an observation can be kept, and so be learned from: what training cannot read is not written anywhere.
///
/// # Errors
/// A value is no number or far out of range, or there are not as many landmarks as a face has; with the take and its place.
pub fn ensure_storable(take: &Take, number: usize, seen: &Observation) -> Result<()> {
    let why = match ChunkWriter::default().push(seen) {
        Ok(()) => return Ok(()),
        Err(Unstorable::Value(what)) => format!("its {what} is no number or far out of range"),
        Err(Unstorable::Count(what, count)) => format!("it has {count} {what}"),
    };
    anyhow::bail!("take {}, observation {}: {why}; correct it or take it out, and import again", take.id, number + 1)
}

/// Opens what is at a path: the takes of a data folder, a folder of takes as files or tables, or one of the original project's `LABEL.npy` files.
///
/// # Errors
/// It is neither, or cannot be read.
pub fn open(path: &Path, models: &Path) -> Result<Box<dyn Dataset>> {
    if let Some(file) = takes_file(path) {
        return Ok(Box::new(store::Stored::open(&file)?));
    }
    let entries = std::fs::read_dir(path)
        .with_context(|| format!("cannot read the dataset {}; name a folder of takes", path.display()))?;
    let mut names: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    names.sort();
    if names.iter().any(|name| folder::is_take(name)) {
        return Ok(Box::new(folder::Folder::open(path)?));
    }
    if path.join(tables::LIST).exists() {
        return Ok(Box::new(tables::Tables::open(path)?));
    }
    if names.iter().any(|name| original::label_of(name).is_some()) {
        return Ok(Box::new(original::Original::open(path, models, original::Aspect::Guess)?));
    }
    anyhow::bail!(
        "{} holds no takes; import some first, as with `rasika import original DIR --to {}`",
        path.display(),
        path.display()
    )
}
