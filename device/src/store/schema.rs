//! The tables, and how older ones become today's.
//!
//! A file is ours when `application_id` says so; `user_version` counts the migrations it has had. A migration only
//! ever adds: what an older program stored is never lost, and a file that is newer than the program is not touched.

use super::error::StoreError;
use rusqlite::{Connection, TransactionBehavior};

/// `PRAGMA application_id`: "Rasa".
pub const APPLICATION: i32 = 0x5261_7361;

/// Each makes one version of the next. Those that were once released are never changed.
pub const MIGRATIONS: &[&str] = &[V1, V2, V3];

/// - `box`: every box whose takes are here; on a box, itself (`own` = 1). `sequence` is on the box the last change
///   number it gave, on a laptop the last change it has taken in.
/// - `take`: `state` 0 recording, 1 confirmed, 2 interrupted, 3 gone (a tombstone: its chunks were deleted here),
///   4 being fetched. `label`, `performer` and `discarded` are as the box says; `here_label` and `here_discarded`
///   are this laptop's decisions over it. What begins with `recorded_` never changes. `changed` is the number of
///   the take's last change, NULL until it is confirmed; of one that is being fetched, the change it is fetched for; NULL
///   again where the box began to count anew.
/// - `chunk`: a take's observations (`codec`), parts from 0 without gaps.
/// - `held`: which host has said that it holds a take. Nothing is deleted for that any more: see `proved`.
const V1: &str = "
CREATE TABLE box (
    id INTEGER PRIMARY KEY,
    uid BLOB NOT NULL UNIQUE CHECK (length(uid) = 16),
    name TEXT NOT NULL,
    own INTEGER NOT NULL DEFAULT 0,
    next_take INTEGER NOT NULL DEFAULT 1,
    sequence INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE take (
    id INTEGER PRIMARY KEY,
    box INTEGER NOT NULL REFERENCES box (id),
    number INTEGER NOT NULL,
    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
    changed INTEGER,
    label TEXT NOT NULL,
    performer TEXT NOT NULL,
    discarded INTEGER NOT NULL DEFAULT 0,
    here_label TEXT,
    here_discarded INTEGER,
    recorded_label TEXT NOT NULL,
    recorded_performer TEXT NOT NULL,
    recorded_unix_ms INTEGER NOT NULL,
    recorded_boot TEXT NOT NULL,
    recorded_since_boot_ms INTEGER NOT NULL,
    recorded_config TEXT NOT NULL,
    recorded_features INTEGER NOT NULL,
    recorded_model TEXT NOT NULL,
    recorded_mirrored INTEGER NOT NULL,
    recorded_width INTEGER NOT NULL,
    recorded_height INTEGER NOT NULL,
    observations INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    hash BLOB CHECK (length(hash) = 32),
    UNIQUE (box, number)
) STRICT;
CREATE UNIQUE INDEX take_changed ON take (box, changed);
CREATE INDEX take_state ON take (state);
CREATE TABLE chunk (
    take INTEGER NOT NULL REFERENCES take (id),
    part INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (take, part)
) STRICT;
CREATE TABLE held (
    host BLOB NOT NULL,
    take INTEGER NOT NULL REFERENCES take (id),
    PRIMARY KEY (host, take)
) STRICT, WITHOUT ROWID;
CREATE INDEX held_take ON held (take);
";

/// - `edit`: what a laptop decided over its boxes, with what stood before, so that it can be undone, the last first.
const V2: &str = "
CREATE TABLE edit (
    id INTEGER PRIMARY KEY,
    take INTEGER NOT NULL REFERENCES take (id),
    before_label TEXT,
    before_discarded INTEGER
) STRICT;
CREATE INDEX edit_take ON edit (take);
";

/// - `proved`: which host has proved by a take's bytes that it holds it.
/// - `unproved`: on a laptop, takes that came whole and whose box has not heard of it.
/// - `missing`: takes that were lost to damage. On a laptop each is asked for again from before its change; on a box the
///   change says to laptops that the take is lost.
/// - `aside`, `aside_chunk`: what there is of damaged takes that were put aside.
/// - `mark`: how far the takes were looked through (`looked`, a row of `take`).
const V3: &str = "
CREATE TABLE proved (
    host BLOB NOT NULL,
    take INTEGER NOT NULL REFERENCES take (id),
    PRIMARY KEY (host, take)
) STRICT, WITHOUT ROWID;
CREATE INDEX proved_take ON proved (take);
CREATE TABLE unproved (
    box INTEGER NOT NULL REFERENCES box (id),
    take INTEGER NOT NULL REFERENCES take (id),
    PRIMARY KEY (box, take)
) STRICT, WITHOUT ROWID;
CREATE INDEX unproved_take ON unproved (take);
CREATE TABLE missing (
    box INTEGER NOT NULL REFERENCES box (id),
    number INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    PRIMARY KEY (box, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE aside (
    id INTEGER PRIMARY KEY,
    box BLOB,
    number INTEGER,
    unix_ms INTEGER NOT NULL,
    why TEXT NOT NULL
) STRICT;
CREATE TABLE aside_chunk (
    aside INTEGER NOT NULL REFERENCES aside (id),
    part INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE TABLE mark (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO unproved SELECT box, take.id FROM take JOIN box ON box.id = take.box WHERE own = 0 AND state IN (1, 2);
";

/// Brings a file to the last version of `migrations`, all of it or nothing.
///
/// # Errors
/// It is of a newer version or another program's, or cannot be written.
pub fn migrate(db: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    let newest = migrations.len();
    if version(db)? == newest && application(db)? == APPLICATION {
        return Ok(());
    }
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it while we waited.
    let version = version(&transaction)?;
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && application(&transaction)? != APPLICATION {
        return Err(StoreError::NotOurs);
    }
    let missing = migrations.get(version..).ok_or(StoreError::Newer { version, newest })?;
    for migration in missing {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", newest)?;
    Ok(transaction.commit()?)
}

/// Tables whose rows belong to a take, beside its chunks.
pub const OF_A_TAKE: &[&str] = &["proved", "held", "unproved", "edit"];

/// What an older file lacks, empty, for who only reads it.
const EMPTY: &[&str] = &[
    "edit (id, take, before_label, before_discarded)",
    "proved (host, take)",
    "unproved (box, take)",
    "missing (box, number, changed)",
    "aside (id, box, number, unix_ms, why)",
    "mark (name, value)",
];

/// Makes a file that cannot be written readable as one of today's: what an older one lacks is empty.
///
/// # Errors
/// It is of a newer version or another program's.
pub fn stand_in(db: &Connection) -> Result<(), StoreError> {
    let (version, newest) = (version(db)?, MIGRATIONS.len());
    if application(db)? != APPLICATION {
        return Err(StoreError::NotOurs);
    }
    if version > newest {
        return Err(StoreError::Newer { version, newest });
    }
    for table in EMPTY {
        let name = table.split(' ').next().unwrap_or_default();
        if db.prepare(&format!("SELECT 1 FROM {name}")).is_err() {
            db.execute_batch(&format!("CREATE TEMP TABLE {table}"))?;
        }
    }
    Ok(())
}

fn version(db: &Connection) -> Result<usize, StoreError> {
    Ok(db.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn application(db: &Connection) -> Result<i32, StoreError> {
    Ok(db.query_row("PRAGMA application_id", [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file as version 1 wrote it, by its SQL text.
    const FIXTURE: &str = include_str!("../../tests/data/store-v1.sql");

    fn fixture() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(FIXTURE).unwrap();
        db
    }

    fn dump(db: &Connection, columns: &str) -> Vec<String> {
        let sql = format!("SELECT quote(number) || quote(label) || quote(hash) || {columns} FROM take ORDER BY number");
        let mut statement = db.prepare(&sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn an_older_file_becomes_the_next_version_and_loses_nothing() {
        let mut db = fixture();
        let before = dump(&db, "''");
        assert_eq!(before.len(), 3);
        let next: Vec<&str> = MIGRATIONS.iter().copied().chain(["ALTER TABLE take ADD COLUMN note TEXT"]).collect();
        migrate(&mut db, &next).unwrap();
        assert_eq!(version(&db).unwrap(), next.len());
        assert_eq!(dump(&db, "coalesce(note, '')"), before);
        let chunks: i64 = db.query_row("SELECT sum(length(bytes)) FROM chunk", [], |row| row.get(0)).unwrap();
        assert_eq!(chunks, 5);
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let mut db = fixture();
        let before = dump(&db, "''");
        let next: Vec<&str> =
            MIGRATIONS.iter().copied().chain(["ALTER TABLE take ADD COLUMN note TEXT; DROP TABLE nothing"]).collect();
        assert!(migrate(&mut db, &next).is_err());
        assert_eq!((version(&db).unwrap(), dump(&db, "''")), (1, before));
        assert!(db.prepare("SELECT note FROM take").is_err());
    }

    #[test]
    fn the_first_version_is_what_the_fixture_has() {
        let mut new = Connection::open_in_memory().unwrap();
        migrate(&mut new, &MIGRATIONS[..1]).unwrap();
        let tables = |db: &Connection| {
            let sql = "SELECT replace(replace(sql, char(10), ''), ' ', '') FROM sqlite_schema WHERE sql NOT NULL ORDER BY name";
            let mut statement = db.prepare(sql).unwrap();
            statement.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap).collect::<Vec<_>>()
        };
        assert_eq!(tables(&new), tables(&fixture()));
    }

    #[test]
    fn a_newer_file_and_another_programs_file_are_not_touched() {
        let mut db = fixture();
        db.pragma_update(None, "user_version", 99).unwrap();
        let error = migrate(&mut db, MIGRATIONS).unwrap_err().to_string();
        assert!(error.contains("99") && error.contains("update"), "{error}");
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE recipe (name TEXT)").unwrap();
        assert!(matches!(migrate(&mut db, MIGRATIONS), Err(StoreError::NotOurs)));
    }
}
