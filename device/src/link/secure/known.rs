//! Lists of keys in a file: the laptops a box lets in, and the boxes a laptop knows.

use super::key::unhex;
use super::private_file;
use crate::link::LinkError;
use crate::link::message::{Known, PublicKey};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// More are not let in.
pub const MOST: usize = 64;

#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Entries {
    #[serde(default)]
    key: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    key: String,
    since_unix_ms: i64,
}

/// A list of keys. Clones are the same list.
#[derive(Debug, Clone)]
pub struct KeyRing(Arc<Ring>);

#[derive(Debug)]
struct Ring {
    file: PathBuf,
    known: Mutex<Vec<Known>>,
    changed: watch::Sender<()>,
}

impl KeyRing {
    /// Opens a list; a missing file is an empty one.
    ///
    /// # Errors
    /// It cannot be read, or makes no sense.
    pub fn open(file: &Path) -> Result<Self, LinkError> {
        let wrong = |what: &str| LinkError::KeyFile {
            path: file.display().to_string(),
            what: format!("is no list of keys ({what}); correct or remove it"),
        };
        let entries: Entries = match private_file::read(file)? {
            Some(text) => toml::from_str(&text).map_err(|error| wrong(error.message()))?,
            None => Entries::default(),
        };
        let known = entries.key.into_iter().map(|Entry { name, key, since_unix_ms }| {
            let key = unhex(&key).map(PublicKey).ok_or_else(|| wrong("a key is not of 64 hexadecimal digits"))?;
            Ok(Known { name, key, since_unix_ms })
        });
        let known = Mutex::new(known.collect::<Result<_, LinkError>>()?);
        Ok(Self(Arc::new(Ring { file: file.to_owned(), known, changed: watch::Sender::new(()) })))
    }

    /// Who is on it, in the order they came.
    #[must_use]
    pub fn list(&self) -> Vec<Known> {
        self.known().clone()
    }

    /// Whether a key is on it.
    #[must_use]
    pub fn contains(&self, key: &PublicKey) -> bool {
        self.known().iter().any(|known| known.key == *key)
    }

    /// Who is on it by this name, or by this beginning of their key (eight digits or more).
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Known> {
        let by_key = |known: &&Known| name.len() >= 8 && known.key.to_string().starts_with(name);
        let known = self.known();
        known.iter().find(|known| known.name == name).or_else(|| known.iter().find(by_key)).cloned()
    }

    /// Puts a key on it; one of the same key or name gives way.
    ///
    /// # Errors
    /// It cannot be written, or is full.
    pub fn add(&self, name: &str, key: PublicKey) -> Result<(), LinkError> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
        self.change(|known| {
            known.retain(|known| known.key != key);
            // Two laptops may have one name; both stay, told apart by a number.
            let taken = |name: &str, known: &[Known]| known.iter().any(|known| known.name == name);
            let numbered = (2..).map(|number| format!("{name} {number}"));
            let name = std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken(name, known));
            known.push(Known { name: name.unwrap_or_default(), key, since_unix_ms: since });
        })
    }

    /// Takes a key off it; whether it was there. Its sessions end.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn revoke(&self, key: &PublicKey) -> Result<bool, LinkError> {
        let was = self.contains(key);
        self.change(|known| known.retain(|known| known.key != *key))?;
        Ok(was)
    }

    /// Says when the list has changed.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Known>)) -> Result<(), LinkError> {
        let mut known = self.known();
        let mut new = known.clone();
        change(&mut new);
        let path = || self.0.file.display().to_string();
        if new.len() > MOST {
            return Err(LinkError::KeyFile { path: path(), what: "is full; revoke a key".to_owned() });
        }
        let entry = |known: &Known| Entry {
            name: known.name.clone(),
            key: known.key.to_string(),
            since_unix_ms: known.since_unix_ms,
        };
        let text = toml::to_string(&Entries { key: new.iter().map(entry).collect() });
        let text = text.map_err(|error| LinkError::KeyFile { path: path(), what: error.to_string() })?;
        private_file::write(&self.0.file, text.as_bytes())?;
        *known = new;
        drop(known);
        self.0.changed.send_replace(());
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Vec<Known>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_outlives_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.toml");
        let ring = KeyRing::open(&file).unwrap();
        let (one, two) = (PublicKey([1; 32]), PublicKey([0xAB; 32]));
        ring.add("studio \"laptop\"", one).unwrap();
        ring.add("studio \"laptop\"", two).unwrap();
        let again = KeyRing::open(&file).unwrap();
        assert_eq!(again.list(), ring.list());
        assert_eq!(again.find("abababab").unwrap().key, two);
        assert_eq!(again.find("studio \"laptop\" 2").unwrap().key, two);
        assert!(again.revoke(&one).unwrap());
        assert!(!again.revoke(&one).unwrap());
        assert!(!KeyRing::open(&file).unwrap().contains(&one));
        private_file::write(&file, b"[[key]]\nname = 3").unwrap();
        assert!(KeyRing::open(&file).unwrap_err().to_string().contains("keys.toml"));
    }
}
