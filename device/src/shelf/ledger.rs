//! Which files there are, which are in force, and which were before.

use crate::link::message::bounds::{ABOUT, cut};
use crate::link::message::{FileKind, FileName, FileState, Hash};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

/// The ledger, in the shelf's folder.
pub(super) const FILE: &str = "ledger.json";
/// The folder of the files' bytes.
pub(super) const FILES: &str = "files";
/// Name of what is there without any push; it has no bytes and the hash 0.
pub const BUILT_IN: &str = "built-in";
/// Of each kind no more are kept beside those in force and before; the oldest go.
const KEPT: usize = 8;
/// What is neither in force nor before goes when all that was pushed is more than this.
const QUOTA_BYTES: u64 = 128 << 20;
/// Ragas in force at once; the same bound as the library's.
const MOST_RAGAS: usize = 100;
/// A ledger is never larger: what could not be read at the next start is not written.
const MOST_BYTES: u64 = 4 << 20;
/// Former releases wrote larger ones, with lines about files that were as long as the files.
const MOST_OF_FORMER: u64 = 128 << 20;

/// A file on the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What it is.
    pub kind: FileKind,
    /// Its name.
    pub name: FileName,
    /// BLAKE3 of its bytes.
    pub hash: Hash,
    /// Its length.
    pub bytes: u64,
    /// A line for people.
    pub about: String,
}

impl Entry {
    /// The line about it in one that lists can carry.
    fn shorten(&mut self) {
        if self.about.len() > ABOUT {
            const MORE: &str = "…";
            self.about = format!("{}{MORE}", cut(&self.about, ABOUT - MORE.len()));
        }
    }
}

/// What is in force of a kind. Of ragas that may be many, of everything else one; none is what is built in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Force {
    pub active: Vec<Hash>,
    /// What was in force before; `None` if there is no way back.
    pub before: Option<Vec<Hash>>,
    /// While it has not proved itself: what last did. What was before need not have.
    #[serde(default)]
    pub proven: Option<Vec<Hash>>,
    /// How far it has proved itself.
    pub trial: Trial,
}

/// How far what is in force has proved itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Trial {
    /// The program has lived with it.
    #[default]
    Proven,
    /// It comes in force with the next start.
    Waiting,
    /// It came in force a moment ago: it is taken back if the program dies.
    Trying,
}

impl Force {
    /// Takes the last change back, if there is one. What has not proved itself before has to do so now.
    pub fn back(&mut self) -> bool {
        let Some(before) = self.before.take() else { return false };
        let unproven = self.proven.take().filter(|proven| *proven != before);
        let trial = if unproven.is_some() { self.trial } else { Trial::Proven };
        *self = Self { active: before, before: None, proven: unproven, trial };
        true
    }

    /// The program died with it: what last proved itself is in force again.
    pub fn fall_back(&mut self) {
        let proven = self.proven.take().or_else(|| self.before.take()).unwrap_or_default();
        *self = Self { active: proven, ..Self::default() };
    }

    /// It has proved itself.
    pub fn prove(&mut self) {
        (self.trial, self.proven) = (Trial::Proven, None);
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ledger {
    /// The oldest first.
    pub files: Vec<Entry>,
    pub force: BTreeMap<FileKind, Force>,
    /// Kinds of which something in force was lost to a disk, until another is put in force.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub damaged: BTreeSet<FileKind>,
}

impl Ledger {
    pub fn read(file: &Path) -> Result<Self, String> {
        let length = match std::fs::metadata(file) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error.to_string()),
        };
        if length > MOST_OF_FORMER {
            return Err("it is far too large".to_owned());
        }
        let text = std::fs::read(file).map_err(|error| error.to_string())?;
        let mut ledger: Self = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        ledger.files.iter_mut().for_each(Entry::shorten);
        Ok(ledger)
    }

    pub fn text(&self) -> io::Result<Vec<u8>> {
        let text = serde_json::to_vec_pretty(self)?;
        if text.len() as u64 > MOST_BYTES {
            return Err(io::Error::other("the ledger would be too large; push fewer files"));
        }
        Ok(text)
    }

    pub fn keep(&mut self, mut entry: Entry) {
        entry.shorten();
        let same = |other: &Entry| other.kind == entry.kind && other.hash == entry.hash;
        self.files.retain(|other| !same(other));
        let kind = entry.kind;
        self.files.push(entry);
        let idle = |ledger: &Self| {
            let needed = |entry: &Entry| ledger.is_needed(entry);
            let of_kind = ledger.files.iter().filter(|entry| entry.kind == kind && !needed(entry));
            of_kind.map(|entry| entry.hash).collect::<Vec<_>>()
        };
        let idle = idle(self);
        let gone = &idle[..idle.len().saturating_sub(KEPT)];
        self.files.retain(|entry| entry.kind != kind || !gone.contains(&entry.hash));
        // All together they stay below the quota: the oldest that nobody needs go first, the newest stays.
        while self.files.iter().map(|entry| entry.bytes).sum::<u64>() > QUOTA_BYTES {
            let last = self.files.len() - 1;
            let idle = |(place, entry): (usize, &Entry)| (place != last && !self.is_needed(entry)).then_some(place);
            let Some(oldest) = self.files.iter().enumerate().find_map(idle) else { break };
            self.files.remove(oldest);
        }
    }

    fn is_needed(&self, entry: &Entry) -> bool {
        let force = self.force.get(&entry.kind);
        force.is_some_and(|force| {
            let ways_back = force.before.iter().chain(&force.proven).flatten();
            force.active.iter().chain(ways_back).any(|hash| *hash == entry.hash)
        })
    }

    /// Puts a file in force; false if there is none such.
    pub fn activate(&mut self, kind: FileKind, name: &FileName, hash: Hash) -> bool {
        let active = self.force.get(&kind).map(|force| force.active.clone()).unwrap_or_default();
        let named = |other: &Hash| {
            self.files.iter().any(|entry| entry.kind == kind && entry.hash == *other && entry.name == *name)
        };
        let new = match kind {
            _ if name.as_str() == BUILT_IN && hash == Hash([0; 32]) => Vec::new(),
            _ if !self.files.iter().any(|entry| (entry.kind, &entry.name, entry.hash) == (kind, name, hash)) => {
                return false;
            }
            // A raga replaces the one of its name and leaves the others.
            FileKind::Raga => {
                let others = active.iter().filter(|other| !named(other)).copied();
                let mut all: Vec<Hash> = others.chain([hash]).collect();
                let first = all.len().saturating_sub(MOST_RAGAS);
                all.split_off(first)
            }
            _ => vec![hash],
        };
        self.damaged.remove(&kind);
        let force = self.force.entry(kind).or_default();
        if new != active {
            // A model is swapped as the box plays, everything else is read at its start.
            let trial = if kind == FileKind::Model { Trial::Trying } else { Trial::Waiting };
            let proven = match force.trial {
                Trial::Proven => Some(active.clone()),
                Trial::Waiting | Trial::Trying => force.proven.take(),
            };
            *force = Force { active: new, before: Some(active), proven, trial };
            if force.proven.as_ref() == Some(&force.active) {
                force.prove();
            }
        }
        true
    }

    /// Every file in force.
    pub fn in_force(&self) -> Vec<(FileKind, Hash)> {
        self.force.iter().flat_map(|(kind, force)| force.active.iter().map(|hash| (*kind, *hash))).collect()
    }

    /// A file is lost.
    pub fn forget(&mut self, kind: FileKind, hash: Hash) {
        self.files.retain(|entry| (entry.kind, entry.hash) != (kind, hash));
        if let Some(force) = self.force.get_mut(&kind) {
            force.active.retain(|other| *other != hash);
            let lost = force.active.is_empty();
            // Where there is one thing of a kind, the one before is better than none.
            if !(lost && force.back() && !force.active.contains(&hash)) {
                force.active.retain(|other| *other != hash);
            }
        }
    }

    pub fn entries<'a>(&'a self, kind: FileKind, which: impl Fn(&'a Force) -> &'a Vec<Hash>) -> Vec<Entry> {
        let Some(force) = self.force.get(&kind) else { return Vec::new() };
        let find = |hash: &Hash| self.files.iter().find(|entry| entry.kind == kind && entry.hash == *hash).cloned();
        which(force).iter().filter_map(find).collect()
    }

    pub fn named(&self, kind: FileKind, name: &FileName) -> Option<Hash> {
        let named = |entry: &&Entry| entry.kind == kind && entry.name == *name;
        let active = self.force.get(&kind).map(|force| force.active.as_slice()).unwrap_or_default();
        let in_force = self.files.iter().filter(named).find(|entry| active.contains(&entry.hash));
        in_force.or_else(|| self.files.iter().rfind(named)).map(|entry| entry.hash)
    }

    pub fn list(&self, kind: FileKind) -> Vec<FileState> {
        let force = self.force.get(&kind).cloned().unwrap_or_default();
        let state = |entry: &Entry| FileState {
            kind,
            name: entry.name.clone(),
            bytes: entry.bytes,
            hash: entry.hash,
            active: force.active.contains(&entry.hash),
            previous: force.before.as_ref().is_some_and(|before| before.contains(&entry.hash)),
            about: entry.about.clone(),
        };
        let pushed = self.files.iter().rev().filter(|entry| entry.kind == kind).map(state);
        let built_in = FileName::new(BUILT_IN).map(|name| FileState {
            kind,
            name,
            bytes: 0,
            hash: Hash([0; 32]),
            active: force.active.is_empty(),
            previous: force.before.as_ref().is_some_and(Vec::is_empty),
            about: "what the box has without any push".to_owned(),
        });
        pushed.chain(built_in).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: FileKind, name: &str, byte: u8) -> Entry {
        let name = FileName::new(name).unwrap();
        Entry { kind, name, hash: Hash([byte; 32]), bytes: 1, about: String::new() }
    }

    fn put(ledger: &mut Ledger, kind: FileKind, name: &str, byte: u8) {
        let entry = entry(kind, name, byte);
        ledger.keep(entry.clone());
        assert!(ledger.activate(kind, &entry.name, entry.hash));
    }

    #[test]
    fn one_model_is_in_force_and_the_one_before_comes_back_once() {
        let mut ledger = Ledger::default();
        put(&mut ledger, FileKind::Model, "a", 1);
        put(&mut ledger, FileKind::Model, "b", 2);
        assert_eq!(ledger.in_force(), [(FileKind::Model, Hash([2; 32]))]);
        let force = ledger.force.get_mut(&FileKind::Model).unwrap();
        assert!(force.back() && !force.back());
        assert_eq!(ledger.in_force(), [(FileKind::Model, Hash([1; 32]))]);
        assert!(ledger.activate(FileKind::Model, &FileName::new(BUILT_IN).unwrap(), Hash([0; 32])));
        assert_eq!(ledger.in_force(), []);
        assert!(!ledger.activate(FileKind::Model, &FileName::new("c").unwrap(), Hash([1; 32])));
    }

    #[test]
    fn ragas_stand_side_by_side_and_one_replaces_its_namesake() {
        let mut ledger = Ledger::default();
        put(&mut ledger, FileKind::Raga, "yaman.toml", 1);
        put(&mut ledger, FileKind::Raga, "todi.toml", 2);
        put(&mut ledger, FileKind::Raga, "yaman.toml", 3);
        let in_force: Vec<u8> = ledger.in_force().iter().map(|(_, hash)| hash.0[0]).collect();
        assert_eq!(in_force, [2, 3]);
    }

    #[test]
    fn what_is_neither_in_force_nor_before_does_not_pile_up() {
        let mut ledger = Ledger::default();
        put(&mut ledger, FileKind::Model, "old", 200);
        put(&mut ledger, FileKind::Model, "now", 201);
        for byte in 0..50 {
            ledger.keep(entry(FileKind::Model, "more", byte));
        }
        assert_eq!(ledger.files.len(), KEPT + 2);
        assert!(ledger.files.iter().any(|entry| entry.hash == Hash([200; 32])));
    }

    #[test]
    fn a_file_that_is_lost_gives_way_to_the_one_before() {
        let mut ledger = Ledger::default();
        put(&mut ledger, FileKind::Model, "a", 1);
        put(&mut ledger, FileKind::Model, "b", 2);
        ledger.forget(FileKind::Model, Hash([2; 32]));
        assert_eq!(ledger.in_force(), [(FileKind::Model, Hash([1; 32]))]);
        ledger.forget(FileKind::Model, Hash([1; 32]));
        assert_eq!(ledger.in_force(), []);
    }
}
