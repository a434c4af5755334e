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
mod damage;
mod edit;
mod error;
mod holding;
mod recording;
mod rescue;
mod room;
mod rows;
mod schema;
mod sync;
mod take;

pub use codec::Picture;
pub use damage::{Damage, Examined};
pub use error::StoreError;
pub use recording::{Plan, Recording};
pub use rescue::{Rescued, rescue};
pub use room::{Reserve, date_of, file_of, free_bytes, set_aside};
pub use sync::{Change, Fetch};
pub use take::{BoxId, Moment, Recorded, State, Take, TakeHash, TakeHasher, TakeId};

use crate::private;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(5);
/// So long where a take is being recorded, which a laptop that deletes others is not to end; what is seen waits in the channel.
const BUSY_RECORDING: Duration = Duration::from_secs(30);
/// No number is larger; a larger one is damage.
const MOST_NUMBER: i64 = 1 << 53;
/// The log is cut back to this when it has been played into the file.
const LOG_BYTES: u32 = 8 << 20;

/// A file of takes.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    /// Held while this process records as a box.
    _lock: Option<File>,
    reads_only: bool,
}

impl Store {
    /// Opens a file of takes, or makes it, to read, edit and fetch into. It may be a box's own while that records.
    ///
    /// # Errors
    /// It is damaged, of a newer version, no file of takes, or cannot be written.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        let folder = file.parent().unwrap_or(Path::new("."));
        let unwritable = |error: std::io::Error| StoreError::Unwritable(format!("{}: {error}", folder.display()));
        private::folder(folder).map_err(unwritable)?;
        // What SQLite lays beside the file has the file's mode.
        let _ = File::options().write(true).create_new(true).mode(0o600).open(file);
        private::mend_named(folder, &file.file_stem().unwrap_or_default().to_string_lossy());
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
        Ok(Self { db, _lock: None, reads_only: false })
    }

    /// Opens a file of takes to read it only, where it or its disk cannot be written: a card that is read-only or full.
    ///
    /// # Errors
    /// It is not there, damaged, of a newer version or no file of takes.
    pub fn open_to_read(file: &Path) -> Result<Self, StoreError> {
        let path = file.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = |way: &str| -> Result<Connection, StoreError> {
            let db = Connection::open_with_flags(format!("file:{path}?{way}"), flags)?;
            db.busy_timeout(BUSY)?;
            db.pragma_update(None, "trusted_schema", false)?;
            db.pragma_update(None, "temp_store", "MEMORY")?;
            schema::stand_in(&db)?;
            Ok(db)
        };
        // Where not even the index of the log can be made, the file is read as it stands without the log.
        let db = open("mode=ro").or_else(|error| match error {
            StoreError::Full | StoreError::Unwritable(_) if file.exists() => open("mode=ro&immutable=1"),
            other => Err(other),
        })?;
        Ok(Self { db, _lock: None, reads_only: true })
    }

    /// Whether nothing can be written.
    #[must_use]
    pub fn reads_only(&self) -> bool {
        self.reads_only
    }

    /// Opens a box's own file of takes to record into it, or makes it; only one process can. Takes that a cut left
    /// unfinished become interrupted ones, and are returned.
    ///
    /// # Errors
    /// As [`Self::open`]; or another process records into it.
    pub fn open_box(file: &Path, name: &str) -> Result<(Self, Vec<Take>), StoreError> {
        let lock = file.with_extension("lock");
        let unwritable = |error: std::io::Error| StoreError::Unwritable(format!("{}: {error}", lock.display()));
        private::folder(file.parent().unwrap_or(Path::new("."))).map_err(unwritable)?;
        let lock =
            File::options().write(true).create(true).truncate(true).mode(0o600).open(&lock).map_err(unwritable)?;
        if !room::lock(&lock) {
            return Err(StoreError::InUse);
        }
        let mut store = Self { _lock: Some(lock), ..Self::open(file)? };
        store.db.busy_timeout(BUSY_RECORDING)?;
        store.set_right(name);
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
        let rows = statement.query_map([], |row| Ok((BoxId(row.get(0)?), text(row, 1)?)))?;
        // A box that cannot be read keeps no other from being listed.
        Ok(rows.filter_map(Result::ok).collect())
    }

    /// Whether every page, index and row is sound; what is wrong if not. Reads the whole file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn check(&self) -> Result<(), StoreError> {
        let said: String = self.db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if said == "ok" { Ok(()) } else { Err(StoreError::Corrupt(said)) }
    }

    /// On a box: numbers that damage has set back or too high would be given twice, or never be heard of. What is whole and
    /// has no number of a change is news again.
    /// Where pages are damaged, whoever needs them says so.
    fn set_right(&mut self, name: &str) {
        let sql = "UPDATE box SET name = ?2, \
            sequence = max(iif(typeof(sequence) = 'integer' AND sequence BETWEEN 0 AND ?1, sequence, 0), coalesce((SELECT \
                max(changed) FROM take WHERE take.box = box.id AND typeof(changed) = 'integer' AND changed <= ?1), 0)), \
            next_take = max(iif(typeof(next_take) = 'integer' AND next_take BETWEEN 1 AND ?1, next_take, 1), 1 + coalesce((SELECT \
                max(number) FROM take WHERE take.box = box.id AND typeof(number) = 'integer' AND number < ?1), 0)) \
            WHERE own = 1";
        let _ = self.db.execute(sql, params![MOST_NUMBER, name]);
        let unheard = "SELECT take.id FROM take JOIN box ON box.id = take.box WHERE own = 1 AND \
            (state = 4 OR state IN (1, 2, 3) AND (changed IS NULL OR changed NOT BETWEEN 1 AND sequence))";
        let rows: Vec<i64> = {
            let Ok(mut statement) = self.db.prepare(unheard) else { return };
            let Ok(found) = statement.query_map([], |row| row.get(0)) else { return };
            found.filter_map(Result::ok).collect()
        };
        for row in rows {
            let box_row = self.db.query_row("SELECT box FROM take WHERE id = ?1", [row], |row| row.get(0));
            let change = box_row.map(|box_row| recording::next_change(&self.db, box_row));
            let Ok(Ok(change)) = change else { continue };
            let sql = "UPDATE take SET changed = ?2, state = iif(state = 4, 1, state) WHERE id = ?1";
            // A row that is damaged otherwise too stays as it is.
            let _ = self.db.execute(sql, params![row, change]);
        }
    }

    fn name_box(&mut self, name: &str) -> Result<(), StoreError> {
        if self.db.execute("UPDATE box SET name = ?1 WHERE own = 1", [name])? == 0 {
            self.db.execute("INSERT INTO box (uid, name, own) VALUES (randomblob(16), ?1, 1)", [name])?;
        }
        Ok(())
    }
}

/// A text that may be damaged.
fn text(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<String> {
    Ok(match row.get_ref(column)? {
        rusqlite::types::ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_are_nobodys_but_their_owners() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (place, file) = (folder.path().join("takes"), folder.path().join("takes/takes.db"));
        let set = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        drop(Store::open_box(&file, "stage").unwrap());
        set(&place, 0o755);
        set(&file, 0o644);
        let (_store, _) = Store::open_box(&file, "stage").unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&place), 0o700);
        for there in std::fs::read_dir(&place).unwrap() {
            let path = there.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }

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
