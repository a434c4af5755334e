//! What can be read of a damaged file goes into a new one: the same boxes, the same numbers, the same changes.

use super::damage::Damage;
use super::error::StoreError;
use super::room::{free_bytes, set_aside};
use super::{Store, schema};
use rusqlite::params;
use std::path::{Path, PathBuf};

/// The number of a change that means the whole file: no take has it.
const ITSELF: u64 = 0;
/// A rescue leaves so much of the disk free.
const MARGIN: u64 = 16 << 20;

/// What became of a damaged file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescued {
    /// Where the damaged file is kept, as it was.
    pub aside: PathBuf,
    /// Takes that are in the new file.
    pub kept: u64,
    /// Takes that could not be read whole, as far as they can be named.
    pub lost: Vec<Damage>,
    /// Takes that are sound, and for which the disk had no room: they are in the old file.
    pub no_room: u64,
}

impl std::fmt::Display for Rescued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { aside, kept, lost, no_room } = self;
        write!(f, "the file of takes was damaged and is kept as {}; {kept} takes of it were saved", aside.display())?;
        if !lost.is_empty() {
            write!(f, ", {} could not be read", lost.len())?;
            let names: Vec<String> = lost.iter().filter_map(|lost| lost.id).take(8).map(|id| id.to_string()).collect();
            if !names.is_empty() {
                write!(f, " ({})", names.join(", "))?;
            }
        }
        if *no_room > 0 {
            write!(f, ", for {no_room} the disk has no room")?;
        }
        Ok(())
    }
}

/// Puts a damaged file aside, as it is, and begins a new one with what can be read of it. On a box, takes that are lost
/// travel to the laptops as such; on a laptop, they are asked for again.
///
/// # Errors
/// The folder cannot be written. Then the damaged file is still in its place, or under its new name.
pub fn rescue(file: &Path) -> Result<Rescued, StoreError> {
    let aside = set_aside(file).map_err(|error| StoreError::Unwritable(error.to_string()))?;
    let store = Store::open(file)?;
    let mut rescued = Rescued { aside, kept: 0, lost: Vec::new(), no_room: 0 };
    // Of a file that cannot even be opened nothing can be saved.
    if let Ok(old) = Store::open_to_read(&rescued.aside) {
        store.hurry()?;
        copy(&store, &old, file, &mut rescued)?;
        store.settle()?;
    }
    Ok(rescued)
}

fn copy(new: &Store, old: &Store, file: &Path, rescued: &mut Rescued) -> Result<(), StoreError> {
    let name = rescued.aside.display().to_string().replace('\'', "''");
    new.db.execute_batch(&format!("ATTACH '{name}' AS old"))?;
    // Row by row: one that is damaged keeps no other back.
    let boxes = all(new, "SELECT id FROM old.box");
    for row in boxes {
        let _ = new.db.execute("INSERT OR IGNORE INTO box SELECT * FROM old.box WHERE id = ?1", [row]);
    }
    let (takes, unreadable) = old.readable();
    rescued.lost.extend(unreadable);
    for take in takes {
        let free = free_bytes(file.parent().unwrap_or(Path::new("."))).unwrap_or(0);
        if free < take.bytes + MARGIN && take.bytes > 0 {
            rescued.no_room += 1;
            continue;
        }
        let Ok(row) = old.row(take.id) else { continue };
        match copy_take(new, row, take.state.is_whole(), take.id) {
            Ok(true) => rescued.kept += 1,
            Err(StoreError::Full) => rescued.no_room += 1,
            Ok(false) | Err(_) => rescued.lost.extend(old.damage_of(take.id)),
        }
    }
    for lost in &rescued.lost {
        let Some((box_row, number)) = lost.place else { continue };
        let _ = lose(new, box_row, number, lost.changed);
    }
    // There may be takes that nothing names any more: on a laptop all that its boxes have is compared anew, on a box the
    // laptops hear that its file was put aside.
    new.db.execute("UPDATE box SET sequence = 0 WHERE own = 0", [])?;
    for row in all(new, "SELECT id FROM box WHERE own = 1") {
        lose(new, row, ITSELF, None)?;
    }
    new.db.execute_batch("DETACH old")?;
    Ok(())
}

fn all(new: &Store, sql: &str) -> Vec<i64> {
    let mut rows = Vec::new();
    let Ok(mut statement) = new.db.prepare(sql) else { return rows };
    let Ok(mut found) = statement.query([]) else { return rows };
    while let Ok(Some(row)) = found.next() {
        rows.extend(row.get::<_, i64>(0));
    }
    rows
}

/// Copies a take with all that belongs to it; false if its bytes are not those of its hash.
fn copy_take(new: &Store, row: i64, is_whole: bool, id: super::TakeId) -> Result<bool, StoreError> {
    // Dropped before it is committed, it leaves nothing.
    let transaction = new.db.unchecked_transaction()?;
    let copied = || -> Result<bool, StoreError> {
        new.db.execute("INSERT INTO take SELECT * FROM old.take WHERE id = ?1", [row])?;
        new.db.execute("INSERT INTO chunk SELECT * FROM old.chunk WHERE take = ?1", [row])?;
        for table in schema::OF_A_TAKE {
            // A file of an older version does not have them all; and who holds a take can be proved again.
            let _ = new.db.execute(&format!("INSERT INTO {table} SELECT * FROM old.{table} WHERE take = ?1"), [row]);
        }
        Ok(!is_whole || new.is_sound(id)?)
    };
    if !copied()? {
        return Ok(false);
    }
    transaction.commit()?;
    Ok(true)
}

/// A take is lost: on a box that is news for the laptops, on a laptop a reason to ask its box again.
fn lose(new: &Store, box_row: i64, number: u64, changed: Option<u64>) -> Result<(), StoreError> {
    let own: bool = new.db.query_row("SELECT own FROM box WHERE id = ?1", [box_row], |row| row.get(0))?;
    let changed = match changed {
        Some(changed) if !own => changed,
        None if !own => 1,
        _ => super::recording::next_change(&new.db, box_row)?,
    };
    let sql = "INSERT OR REPLACE INTO missing (box, number, changed) VALUES (?1, ?2, ?3)";
    new.db.execute(sql, params![box_row, number, changed])?;
    if own {
        let sql = "UPDATE box SET next_take = max(next_take, ?2 + 1) WHERE id = ?1";
        new.db.execute(sql, params![box_row, number])?;
    }
    Ok(())
}
