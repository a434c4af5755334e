//! Damage: which takes cannot be read, how the others are read all the same, and where a bad one goes.
//!
//! A row that makes no sense is passed over wherever takes are listed. Where pages of the file are damaged, rows are
//! found by every index there is, from both ends, and read one by one.

use super::Store;
use super::error::StoreError;
use super::rows::{COLUMNS, take};
use super::take::{BoxId, Moment, Take, TakeId};
use rusqlite::{OptionalExtension as _, TransactionBehavior, params};
use std::collections::BTreeMap;

/// So many takes, or so many bytes of them, are looked through in one [`Store::look_through`].
const LOOK_TAKES: usize = 256;
const LOOK_BYTES: u64 = 8 << 20;
/// Names of pages that are damaged; more say no more.
const PAGES: u32 = 5;

/// A take that is damaged, as far as it can be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Key of its row.
    pub(super) row: i64,
    /// Row of its box, and its number there.
    pub(super) place: Option<(i64, u64)>,
    /// The number of its last change.
    pub(super) changed: Option<u64>,
    /// Which take it is, as far as that can be read.
    pub id: Option<TakeId>,
    /// What is wrong with it.
    pub what: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.id {
            Some(id) => write!(f, "take {id}: {}", self.what),
            None => write!(f, "a take that cannot be named: {}", self.what),
        }
    }
}

/// What an examination of the whole file found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examined {
    /// Takes that are sound.
    pub sound: u64,
    /// Takes that are not.
    pub damaged: Vec<Damage>,
    /// What SQLite says of pages and indices, if they are not sound.
    pub pages: Option<String>,
}

/// What is known of a row without reading it.
#[derive(Debug, Clone, Copy, Default)]
struct Named {
    place: Option<(i64, i64)>,
    changed: Option<i64>,
}

impl Store {
    /// Reads everything: every page, every row, the bytes of every take against its hash.
    ///
    /// # Errors
    /// Nothing of the file can be read.
    pub fn examine(&self) -> Result<Examined, StoreError> {
        let mut examined = Examined { pages: self.pages(), ..Examined::default() };
        for (row, named) in self.named_rows() {
            match self.damage(row, named) {
                None => examined.sound += 1,
                Some(damage) => examined.damaged.push(damage),
            }
        }
        Ok(examined)
    }

    /// Looks through a bounded share of the takes, going on where the last look ended; those that are damaged. It costs the
    /// same however many takes there are.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn look_through(&mut self) -> Result<Vec<Damage>, StoreError> {
        let sql = "SELECT value FROM mark WHERE name = 'looked'";
        let from: i64 = self.db.query_row(sql, [], |row| row.get(0)).optional()?.unwrap_or(i64::MIN);
        let sql = "SELECT id FROM take WHERE id > ?1 ORDER BY id LIMIT ?2";
        let rows: Vec<i64> = {
            let mut statement = self.db.prepare_cached(sql)?;
            statement.query_map(params![from, LOOK_TAKES as i64], |row| row.get(0))?.collect::<Result<_, _>>()?
        };
        let (mut damaged, mut bytes, mut last) = (Vec::new(), 0, 0);
        for row in &rows {
            damaged.extend(self.damage(*row, Named::default()));
            last = *row;
            bytes += self.read_row(*row).ok().flatten().map_or(0, |take| take.bytes);
            if bytes > LOOK_BYTES {
                break;
            }
        }
        let next = if rows.len() < LOOK_TAKES && rows.last().is_none_or(|end| *end == last) { i64::MIN } else { last };
        if next != from {
            let sql =
                "INSERT INTO mark (name, value) VALUES ('looked', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1";
            // A disk that is full keeps nobody from looking.
            let _ = self.db.execute(sql, [next]);
        }
        Ok(damaged)
    }

    /// On a laptop: keeps what there is of a damaged take aside, so that it is no longer in the way, and has it asked for
    /// again where its box is known.
    ///
    /// # Errors
    /// The pages themselves are damaged, or the file cannot be written.
    pub fn put_aside(&mut self, damage: &Damage) -> Result<(), StoreError> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let number = damage.place.map(|(_, number)| number);
        let sql = "INSERT INTO aside (box, number, unix_ms, why) VALUES (?1, ?2, ?3, ?4)";
        let of = damage.id.map(|id| id.box_id.0);
        transaction.execute(sql, params![of, number, Moment::now().unix_ms, damage.what])?;
        let aside = transaction.last_insert_rowid();
        // What cannot be read of the chunks is lost in any case.
        let sql = "INSERT INTO aside_chunk (aside, part, bytes) SELECT ?1, part, bytes FROM chunk WHERE take = ?2";
        let _ = transaction.execute(sql, params![aside, damage.row]);
        for table in ["chunk", "proved", "held", "unproved", "edit"] {
            transaction.execute(&format!("DELETE FROM {table} WHERE take = ?1"), [damage.row])?;
        }
        transaction.execute("DELETE FROM take WHERE id = ?1", [damage.row])?;
        match (damage.place.filter(|_| damage.id.is_some()), damage.changed) {
            (Some((box_row, number)), Some(changed)) => {
                let sql = "INSERT INTO missing (box, number, changed) VALUES (?1, ?2, ?3) \
                    ON CONFLICT (box, number) DO UPDATE SET changed = ?3";
                transaction.execute(sql, params![box_row, number, changed])?;
            }
            // Whose it was is not known: every box is asked for all that it has, and what is here does not travel.
            _ => {
                transaction.execute("UPDATE box SET sequence = 0 WHERE own = 0", [])?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// What is wrong with a take that cannot be read, by its id.
    pub(super) fn damage_of(&self, id: TakeId) -> Option<Damage> {
        let found = self.named_rows().into_iter().find(|(_, named)| self.id_of(*named) == Some(id));
        found.and_then(|(row, named)| self.damage(row, named))
    }

    /// Every row of a take that can be found, whatever of the file is damaged.
    pub(super) fn readable(&self) -> (Vec<Take>, Vec<Damage>) {
        let (mut takes, mut damaged) = (Vec::new(), Vec::new());
        for (row, named) in self.named_rows() {
            match self.read_row(row) {
                Ok(Some(take)) => takes.push(take),
                Ok(None) => damaged.push(self.damaged(row, named, "its row cannot be found")),
                Err(error) => damaged.push(self.damaged(row, named, &error.to_string())),
            }
        }
        (takes, damaged)
    }

    fn read_row(&self, row: i64) -> Result<Option<Take>, StoreError> {
        let sql = format!("SELECT {COLUMNS} WHERE take.id = ?1");
        Ok(self.db.prepare_cached(&sql)?.query_row([row], take).optional()?)
    }

    /// What is wrong with a row and the bytes of its take, if anything is.
    fn damage(&self, row: i64, named: Named) -> Option<Damage> {
        let take = match self.read_row(row) {
            Ok(Some(take)) => take,
            Ok(None) => {
                return Some(self.damaged(row, named, "what is known of it cannot be read: its box is not known"));
            }
            Err(error) => {
                return Some(self.damaged(row, named, &format!("what is known of it cannot be read ({error})")));
            }
        };
        if !take.state.is_whole() {
            return None;
        }
        let what = match self.is_sound(take.id) {
            Ok(true) => return None,
            Ok(false) => "its bytes are not those that were recorded".to_owned(),
            Err(error) => format!("its bytes cannot be read ({error})"),
        };
        let known = Damage { id: Some(take.id), changed: take.changed, ..self.damaged(row, named, &what) };
        Some(Damage { place: known.place.or_else(|| self.place_of(take.id)), ..known })
    }

    fn damaged(&self, row: i64, named: Named, what: &str) -> Damage {
        let named = if named.place.is_none() { self.name(row) } else { named };
        Damage {
            row,
            place: named.place.and_then(|(box_row, number)| Some((box_row, u64::try_from(number).ok()?))),
            changed: named.changed.and_then(|changed| u64::try_from(changed).ok()),
            id: self.id_of(named),
            what: what.to_owned(),
        }
    }

    /// What single columns of a row say, each by itself.
    fn name(&self, row: i64) -> Named {
        let column = |column: &str| {
            let sql = format!("SELECT {column} FROM take WHERE id = ?1");
            self.db.query_row(&sql, [row], |row| row.get::<_, i64>(0)).ok()
        };
        Named { place: column("box").zip(column("number")), changed: column("changed") }
    }

    fn id_of(&self, named: Named) -> Option<TakeId> {
        let (box_row, number) = named.place?;
        let sql = "SELECT uid FROM box WHERE id = ?1";
        let uid = self.db.query_row(sql, [box_row], |row| row.get(0)).ok()?;
        Some(TakeId { box_id: BoxId(uid), number: u64::try_from(number).ok()? })
    }

    fn place_of(&self, id: TakeId) -> Option<(i64, u64)> {
        let box_row = self.db.query_row("SELECT id FROM box WHERE uid = ?1", [id.box_id.0], |row| row.get(0)).ok()?;
        Some((box_row, id.number))
    }

    /// Every row that any index or the table itself names, from either end up to where it breaks off.
    fn named_rows(&self) -> BTreeMap<i64, Named> {
        let mut rows: BTreeMap<i64, Named> = BTreeMap::new();
        for (columns, order) in
            [("NULL, NULL", "id"), ("number, NULL", "box, number"), ("NULL, changed", "box, changed")]
        {
            for way in ["ASC", "DESC"] {
                let order: Vec<String> = order.split(", ").map(|column| format!("{column} {way}")).collect();
                let sql = format!("SELECT id, box, {columns} FROM take ORDER BY {}", order.join(", "));
                let sql = if columns == "NULL, NULL" { sql.replace("box, NULL", "NULL, NULL") } else { sql };
                let Ok(mut statement) = self.db.prepare(&sql) else { continue };
                let Ok(mut found) = statement.query([]) else { continue };
                while let Ok(Some(row)) = found.next() {
                    let Ok(id) = row.get::<_, i64>(0) else { continue };
                    let named = rows.entry(id).or_default();
                    let number = |column| row.get::<_, Option<i64>>(column).ok().flatten();
                    named.place = named.place.or(number(1).zip(number(2)));
                    named.changed = named.changed.or(number(3));
                }
            }
        }
        rows
    }

    fn pages(&self) -> Option<String> {
        let said = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self.db.prepare(&format!("PRAGMA integrity_check({PAGES})"))?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        match said() {
            Ok(lines) if lines == ["ok"] => None,
            Ok(lines) => Some(lines.join("; ").replace('\n', " ")),
            Err(error) => Some(error.to_string()),
        }
    }
}
