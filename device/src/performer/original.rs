//! The note lists of the project before this one, for comparison.

use super::data_error::{DataError, Source};
use rasika_models::Rasa;
use serde::Deserialize;
use std::collections::BTreeMap;

const FILE: (&str, &str) = ("maps/original_notes.toml", include_str!("../../maps/original_notes.toml"));

/// A list of MIDI notes for each rasa.
#[derive(Debug, Clone)]
pub struct NoteLists {
    /// Length of every note in microseconds.
    pub note_us: u64,
    /// Velocity of every note.
    pub velocity: u8,
    lists: Vec<Vec<u8>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListsFile {
    #[serde(rename = "source")]
    _source: String,
    note_us: u64,
    velocity: u8,
    notes: BTreeMap<String, Vec<u8>>,
}

impl NoteLists {
    /// The built-in lists.
    ///
    /// # Errors
    /// Never, as long as the built-in file is sound.
    pub fn built_in() -> Result<Self, DataError> {
        let source = Source { file: FILE.0, text: FILE.1 };
        let raw: ListsFile = source.parse()?;
        let lists = Rasa::ALL.map(|rasa| raw.notes.get(&rasa.name().to_lowercase()).cloned().unwrap_or_default());
        Ok(Self { note_us: raw.note_us, velocity: raw.velocity, lists: lists.into() })
    }

    /// The list of a rasa.
    #[must_use]
    pub fn of(&self, rasa: Rasa) -> &[u8] {
        &self.lists[rasa.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rasa_has_its_list() {
        let lists = NoteLists::built_in().unwrap();
        assert!(Rasa::ALL.iter().all(|rasa| lists.of(*rasa).len() > 20));
        assert!(Rasa::ALL.iter().all(|rasa| lists.of(*rasa).iter().all(|note| *note < 128)));
    }
}
