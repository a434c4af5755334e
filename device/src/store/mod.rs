//! Takes on the disk: one SQLite file with one schema, on the box and on the laptop.
//!
//! The reference of the file is three modules: `schema` (tables), [`take`] (what is hashed) and [`codec`]
//! (observations). [`Store`] is the only way to it: `recording` writes takes on a box, `edit` changes what is known
//! of them, `sync` and `holding` are what a box and a laptop say to each other about them, `room` keeps the file bounded.
//!
//! # What a commit promises
//! The file is in WAL mode with `synchronous = FULL`: SQLite fsyncs the write-ahead log at every commit, and the
//! folder when it makes the log, before the commit returns; we fsync the folders that lead to the file when it is
//! opened. After a power cut, the next opening plays the log back. [`Store::hurry`] leaves the fsyncs to
//! [`Store::settle`], for what can be fetched again: a power cut then takes the last commits back, in their order.

pub mod codec;
mod edit;
mod error;
mod holding;
mod recording;
mod room;
mod rows;
mod schema;
mod sync;
mod take;

pub use codec::Picture;
pub use error::StoreError;
pub use recording::{Plan, Recording};
pub use room::{file_of, free_bytes, set_aside};
pub use sync::Fetch;
pub use take::{BoxId, Moment, Recorded, State, Take, TakeHash, TakeHasher, TakeId};

use rusqlite::{Connection, OptionalExtension as _};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(5);
/// So long where a take is being recorded, which a laptop that deletes others is not to end; what is seen waits in the channel.
const BUSY_RECORDING: Duration = Duration::from_secs(30);
/// The log is cut back to this when it has been played into the file.
const LOG_BYTES: u32 = 8 << 20;

/// A file of takes.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    /// Held while this process records as a box.
    _lock: Option<File>,
}

impl Store {
    /// Opens a file of takes, or makes it, to read, edit and fetch into. It may be a box's own while that records.
    ///
    /// # Errors
    /// It is damaged, of a newer version, no file of takes, or cannot be written.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        let folder = file.parent().unwrap_or(Path::new("."));
        let unwritable = |error: std::io::Error| StoreError::Unwritable(format!("{}: {error}", folder.display()));
        std::fs::create_dir_all(folder).map_err(unwritable)?;
        let mut db = Connection::open(file)?;
        db.busy_timeout(BUSY)?;
        db.pragma_update(None, "foreign_keys", true)?;
        db.pragma_update(None, "trusted_schema", false)?;
        db.pragma_update(None, "synchronous", "FULL")?;
        schema::migrate(&mut db, schema::MIGRATIONS)?;
        // What a newer program made is refused above before anything is changed.
        let mode: String = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if !mode.eq_ignore_ascii_case("wal") {
            return Err(StoreError::NoLog);
        }
        db.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
        for folder in folder.ancestors().take(3) {
            // The folder's own entry is in its parent. One that may not be read was not made by us.
            if let Ok(folder) = File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }) {
                let _ = folder.sync_all();
            }
        }
        Ok(Self { db, _lock: None })
    }

    /// Opens a box's own file of takes to record into it, or makes it; only one process can. Takes that a cut left
    /// unfinished become interrupted ones, and are returned.
    ///
    /// # Errors
    /// As [`Self::open`]; or another process records into it.
    pub fn open_box(file: &Path, name: &str) -> Result<(Self, Vec<Take>), StoreError> {
        let lock = file.with_extension("lock");
        let unwritable = |error: std::io::Error| StoreError::Unwritable(format!("{}: {error}", lock.display()));
        std::fs::create_dir_all(file.parent().unwrap_or(Path::new("."))).map_err(unwritable)?;
        let lock = File::create(&lock).map_err(unwritable)?;
        if !room::lock(&lock) {
            return Err(StoreError::InUse);
        }
        let mut store = Self { _lock: Some(lock), ..Self::open(file)? };
        store.db.busy_timeout(BUSY_RECORDING)?;
        store.name_box(name)?;
        let interrupted = store.recover()?;
        Ok((store, interrupted))
    }

    /// Commits go to the disk when the system likes, from now until [`Self::settle`]; a program that dies loses none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn hurry(&self) -> Result<(), StoreError> {
        Ok(self.db.pragma_update(None, "synchronous", "NORMAL")?)
    }

    /// Every commit so far, by whichever process, is on the disk, and each further one will be.
    ///
    /// # Errors
    /// The disk.
    pub fn settle(&self) -> Result<(), StoreError> {
        self.db.pragma_update(None, "synchronous", "FULL")?;
        let Some(file) = self.db.path().filter(|path| !path.is_empty()) else { return Ok(()) };
        let log = format!("{file}-wal");
        // What is no longer in the log was fsynced into the file when it was copied there. The file itself is not
        // opened here: to close it would give up SQLite's locks on it.
        match File::open(&log).and_then(|log| log.sync_data()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::Unwritable(format!("{log}: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// The box whose own file this is; none on a laptop.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn own_box(&self) -> Result<Option<BoxId>, StoreError> {
        let found = self.db.query_row("SELECT uid FROM box WHERE own = 1", [], |row| Ok(BoxId(row.get(0)?)));
        Ok(found.optional()?)
    }

    /// Every box whose takes are here, with its name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn boxes(&self) -> Result<Vec<(BoxId, String)>, StoreError> {
        let mut statement = self.db.prepare_cached("SELECT uid, name FROM box ORDER BY name, uid")?;
        let rows = statement.query_map([], |row| Ok((BoxId(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether every page, index and row is sound; what is wrong if not. Reads the whole file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn check(&self) -> Result<(), StoreError> {
        let said: String = self.db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if said == "ok" { Ok(()) } else { Err(StoreError::Corrupt(said)) }
    }

    fn name_box(&mut self, name: &str) -> Result<(), StoreError> {
        if self.db.execute("UPDATE box SET name = ?1 WHERE own = 1", [name])? == 0 {
            self.db.execute("INSERT INTO box (uid, name, own) VALUES (randomblob(16), ?1, 1)", [name])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_that_keep_the_promises_are_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("takes.db")).unwrap();
        let pragma = |name| store.db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0)).unwrap();
        let mode: String = store.db.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        // 2 is FULL: the log is fsynced at every commit.
        assert_eq!((mode.as_str(), pragma("synchronous"), pragma("foreign_keys")), ("wal", 2, 1));
        store.hurry().unwrap();
        assert_eq!(pragma("synchronous"), 1);
        store.settle().unwrap();
        assert_eq!(pragma("synchronous"), 2);
    }
}
