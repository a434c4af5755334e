//! Takes of elsewhere, put into a store as if a box had recorded them.
//!
//! A source is a box of its own, known by what it holds: importing the same twice adds nothing, nor does what was exported
//! from here.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use rasika_device::store::codec::ChunkWriter;
use rasika_device::store::{BoxId, Moment, Recorded, Store, TakeId};
use rasika_models::{FEATURES_VERSION, Observation};

use super::{Dataset, Take};

/// Most observations of a take: more than an hour at 30 a second. They are in memory together.
pub const MOST_OBSERVATIONS: usize = 120_000;

/// Before the list of what was made up, in the take's config.
const RECONSTRUCTED: &str = "reconstructed = ";

/// What was brought in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Takes that are new.
    pub takes: usize,
    /// Their observations.
    pub observations: usize,
    /// Takes that were there.
    pub known: usize,
}

/// Brings every take of a dataset into a store, each whole or not at all.
///
/// # Errors
/// The dataset cannot be read, or the store cannot be written.
pub fn import(store: &mut Store, from: &dyn Dataset, mut each: impl FnMut(&Take, usize)) -> Result<Imported> {
    let mut imported = Imported::default();
    let here: BTreeMap<String, TakeId> = store.takes()?.iter().map(|take| (take.id.to_string(), take.id)).collect();
    for take in from.takes()? {
        let seen = from.observations(&take)?.take(MOST_OBSERVATIONS + 1).collect::<Result<Vec<_>>>()?;
        let id = &take.id;
        ensure!(seen.len() <= MOST_OBSERVATIONS, "the take {id} has more than {MOST_OBSERVATIONS} observations");
        seen.iter().enumerate().try_for_each(|(number, seen)| super::ensure_storable(&take, number, seen))?;
        if let Some(same) = here.get(&take.id)
            && store.observations(*same)? == seen
        {
            imported.known += 1;
            each(&take, seen.len());
            continue;
        }
        let chunks = chunks(&seen).with_context(|| format!("take {}", take.id))?;
        let id = TakeId { box_id: BoxId(named(&[take.box_id.as_bytes()])), number: numbered(&take, &chunks) };
        let recorded = Recorded {
            label: take.label,
            performer: take.performer.clone(),
            started: Moment { unix_ms: take.started_unix_ms, boot: String::new(), since_boot_ms: 0 },
            config: config(&take)?,
            features_version: FEATURES_VERSION,
            model: String::new(),
            mirrored: take.mirrored,
            width: take.width,
            height: take.height,
        };
        if store.adopt(id, &take.box_id, &recorded, &chunks)? {
            imported.takes += 1;
            imported.observations += seen.len();
        } else {
            imported.known += 1;
        }
        each(&take, seen.len());
    }
    Ok(imported)
}

/// A source is known by its name.
fn named(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key("rasika import 1");
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    let mut name = [0; 16];
    hasher.finalize_xof().fill(&mut name);
    name
}

/// A take is known by what was seen in it and what it is said to show.
fn numbered(take: &Take, chunks: &[Vec<u8>]) -> u64 {
    let label = take.label.name().as_bytes();
    let parts: Vec<&[u8]> = [take.id.as_bytes(), label].into_iter().chain(chunks.iter().map(Vec::as_slice)).collect();
    let [a, b, c, d, ..] = named(&parts);
    u64::from(u32::from_le_bytes([a, b, c, d]))
}

/// Observations as a box stores them.
fn chunks(seen: &[Observation]) -> Result<Vec<Vec<u8>>> {
    let (mut chunks, mut writer) = (Vec::new(), ChunkWriter::default());
    for seen in seen {
        writer.push(seen)?;
        if writer.is_full() {
            chunks.push(std::mem::take(&mut writer).finish());
        }
    }
    if !writer.is_empty() {
        chunks.push(writer.finish());
    }
    Ok(chunks)
}

/// What is known of the source, as the settings of a take.
fn config(take: &Take) -> Result<String> {
    let list = serde_json::to_string(&take.reconstructed)?;
    Ok(format!("# Imported: {}\n[import]\n{RECONSTRUCTED}{list}\n", take.id.replace(char::is_control, " ")))
}

/// What was not recorded but made up, by the settings of a take.
pub fn reconstructed(config: &str) -> Vec<String> {
    let line = config.lines().find_map(|line| line.strip_prefix(RECONSTRUCTED));
    line.and_then(|list| serde_json::from_str(list).ok()).unwrap_or_default()
}
