//! What a box and a laptop say to each other about takes: changes by number, and chunks.
//!
//! A laptop asks for the [`Store::changes`] after its [`Store::cursor`], oldest first, and gives each to
//! [`Store::fetch`]. Where that asks for chunks it puts them with [`Store::put_chunk`] and ends with
//! [`Store::fetched`]. The cursor moves with each change that is taken in, so that whatever breaks off goes on there.

use super::error::StoreError;
use super::holding::await_proof;
use super::recording::{insert, next_change, put_chunk};
use super::rows::{COLUMNS, take};
use super::take::{BoxId, Recorded, State, Take, TakeHasher, TakeId};
use super::{Store, codec};
use rusqlite::{OptionalExtension as _, TransactionBehavior, params};

/// What a laptop needs to take in a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    /// Nothing more: it is taken in.
    Done,
    /// The take's chunks, from this part on.
    Chunks {
        /// The first part that is not here.
        from: u32,
    },
    /// Nothing: another take of this number is here, from before the box's takes were set back. Both stay where they are.
    Another,
}

/// What a box tells of a take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// How it is now.
    Take(Box<Take>),
    /// It cannot be read, or was lost to damage.
    Damaged {
        /// Which.
        id: TakeId,
        /// The number of the change.
        changed: u64,
    },
}

impl Change {
    /// Its number.
    #[must_use]
    pub fn number(&self) -> u64 {
        match self {
            Self::Take(take) => take.changed.unwrap_or(0),
            Self::Damaged { changed, .. } => *changed,
        }
    }
}

impl Store {
    /// At most `limit` takes of a box that changed after a change number, in the order of their last change.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn changes(&self, of: BoxId, after: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let found = self.db.query_row("SELECT id FROM box WHERE uid = ?1", [of.0], |row| row.get::<_, i64>(0));
        let Some(box_row) = found.optional()? else { return Ok(Vec::new()) };
        let mut changes = match self.changed_rows(of, box_row, after, limit) {
            Err(StoreError::Corrupt(_)) => self.salvaged(of, after),
            other => other?,
        };
        let sql = "SELECT number, changed FROM missing WHERE box = ?1 AND changed > ?2";
        let mut statement = self.db.prepare_cached(sql)?;
        let lost = statement.query_map(params![box_row, after], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for (number, changed) in lost.filter_map(Result::ok) {
            changes.push(Change::Damaged { id: TakeId { box_id: of, number }, changed });
        }
        changes.sort_by_key(Change::number);
        changes.truncate(limit as usize);
        Ok(changes)
    }

    fn changed_rows(&self, of: BoxId, box_row: i64, after: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let rest = "WHERE box = ?1 AND changed > ?2 ORDER BY changed LIMIT ?3";
        let mut statement = self.db.prepare_cached(&format!("SELECT {COLUMNS} {rest}"))?;
        let mut rows = statement.query(params![box_row, after, limit])?;
        let (mut changes, mut last) = (Vec::new(), after);
        while let Some(row) = rows.next()? {
            let number = |column| row.get::<_, u64>(column).ok();
            last = number(3).filter(|changed| *changed > last).unwrap_or(last);
            changes.push(match take(row) {
                Ok(take) if take.hash.is_some() || !take.state.is_whole() => Change::Take(Box::new(take)),
                _ => Change::Damaged { id: TakeId { box_id: of, number: number(1).unwrap_or(0) }, changed: last },
            });
        }
        Ok(changes)
    }

    /// The same where pages of the file are damaged: as far as the rows can be found.
    fn salvaged(&self, of: BoxId, after: u64) -> Vec<Change> {
        let (takes, damaged) = self.readable();
        let takes = takes.into_iter().filter(|take| take.id.box_id == of && take.changed.is_some_and(|at| at > after));
        let damaged = damaged.into_iter().filter_map(|damage| Some((damage.id?, damage.changed?)));
        let damaged = damaged.filter(|(id, changed)| id.box_id == of && *changed > after);
        let damaged = damaged.map(|(id, changed)| Change::Damaged { id, changed });
        takes.map(|take| Change::Take(Box::new(take))).chain(damaged).collect()
    }

    /// On a box: the number of its last change. On a laptop: the change of the box up to which all was taken in; a take
    /// that did not come whole is asked for again, with what follows it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn cursor(&self, of: BoxId) -> Result<u64, StoreError> {
        let sql = "SELECT max(0, min(sequence, \
            coalesce((SELECT min(changed) - 1 FROM take WHERE take.box = box.id AND state = 4), sequence), \
            iif(own, sequence, coalesce((SELECT min(changed) - 1 FROM missing WHERE missing.box = box.id), sequence)))) \
            FROM box WHERE uid = ?1";
        let found = self.db.query_row(sql, [of.0], |row| row.get(0));
        Ok(found.optional()?.unwrap_or(0))
    }

    /// On a laptop: the box counts its changes anew, from an older copy of its takes. All of them are asked for again, and
    /// what it says of a take counts, whatever it said before.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set_back(&mut self, of: BoxId) -> Result<(), StoreError> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = "UPDATE take SET changed = NULL WHERE box = (SELECT id FROM box WHERE uid = ?1 AND own = 0)";
        transaction.execute(sql, [of.0])?;
        transaction.execute("UPDATE box SET sequence = 0 WHERE uid = ?1 AND own = 0", [of.0])?;
        Ok(transaction.commit()?)
    }

    /// Takes in a change of another box, or says which chunks it needs first.
    ///
    /// # Errors
    /// It is no change of another box's whole or deleted take, or the file cannot be written.
    pub fn fetch(&mut self, box_name: &str, take: &Take) -> Result<Fetch, StoreError> {
        let (Some(_), Some(_)) = (take.changed, take.hash) else {
            return Err(StoreError::NotNow(take.id, "is not whole on its box; pull again later"));
        };
        if self.own_box()? == Some(take.id.box_id) {
            return Err(StoreError::NotNow(take.id, "is this box's own; pull from another"));
        }
        let here = match self.find(take.id) {
            // What is here of it makes no sense: it is put aside, and the box's is taken.
            Err(StoreError::Damaged(_)) => {
                let damage = self.damage_of(take.id).ok_or(StoreError::Damaged(take.id))?;
                self.put_aside(&damage)?;
                None
            }
            found => found?,
        };
        let (box_id, transaction) =
            (take.id.box_id.0, self.db.transaction_with_behavior(TransactionBehavior::Immediate)?);
        let sql = "INSERT INTO box (uid, name) VALUES (?1, ?2) ON CONFLICT (uid) DO UPDATE SET name = ?2 RETURNING id";
        let box_row: i64 = transaction.query_row(sql, params![box_id, box_name], |row| row.get(0))?;
        match here {
            // Of the same take nothing but the box's opinion can change. One that was deleted here stays so.
            Some(here) if here.state != State::Fetching && here.hash == take.hash => {}
            Some(here) if here.state == State::Fetching && take.state.is_whole() => {
                let row = row_of(&transaction, box_row, take.id)?;
                if here.hash == take.hash {
                    await_change(&transaction, box_row, row, take)?;
                    transaction.commit()?;
                    return Ok(Fetch::Chunks { from: self.parts(take.id)? });
                }
                // What came was of another take.
                transaction.execute("DELETE FROM chunk WHERE take = ?1", [row])?;
                transaction.execute("DELETE FROM take WHERE id = ?1", [row])?;
                begin(&transaction, box_row, State::Fetching, take)?;
                transaction.commit()?;
                return Ok(Fetch::Chunks { from: 0 });
            }
            // Half of it came, and now the box itself has deleted it.
            Some(here) if here.state == State::Fetching => {
                let row = row_of(&transaction, box_row, take.id)?;
                transaction.execute("DELETE FROM chunk WHERE take = ?1", [row])?;
                let sql = "UPDATE take SET state = ?2, observations = 0, bytes = 0 WHERE id = ?1";
                transaction.execute(sql, params![row, State::Gone as u8])?;
            }
            Some(_) => {
                heard(&transaction, box_row, take)?;
                transaction.commit()?;
                return Ok(Fetch::Another);
            }
            None => {
                let state = if take.state.is_whole() { State::Fetching } else { State::Gone };
                begin(&transaction, box_row, state, take)?;
                if state == State::Fetching {
                    transaction.commit()?;
                    return Ok(Fetch::Chunks { from: 0 });
                }
            }
        }
        take_in(&transaction, box_row, take)?;
        transaction.commit()?;
        Ok(Fetch::Done)
    }

    /// On a laptop: a box says that its copy of a take is damaged; whether it is whole here.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn damaged_there(&mut self, box_name: &str, id: TakeId, changed: u64) -> Result<bool, StoreError> {
        let whole = self.find(id)?.is_some_and(|take| take.state.is_whole());
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = "INSERT INTO box (uid, name) VALUES (?1, ?2) ON CONFLICT (uid) DO UPDATE SET name = ?2 RETURNING id";
        let box_row: i64 = transaction.query_row(sql, params![id.box_id.0, box_name], |row| row.get(0))?;
        heard_of(&transaction, box_row, id.number, Some(changed))?;
        transaction.commit()?;
        Ok(whole)
    }

    /// Puts the next chunk of a take that is being fetched.
    ///
    /// # Errors
    /// It is not the next, is no chunk, or the file cannot be written.
    pub fn put_chunk(&mut self, id: TakeId, part: u32, chunk: &[u8]) -> Result<(), StoreError> {
        if self.take(id)?.state != State::Fetching || self.parts(id)? != part {
            return Err(StoreError::NotNow(id, "does not need this part now; ask which"));
        }
        let count = codec::count(chunk)?;
        let row = self.row(id)?;
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        put_chunk(&transaction, row, part, chunk, count)?;
        Ok(transaction.commit()?)
    }

    /// Ends fetching a take: proves it by its hash, and takes in the change. Where the proof fails, the chunks are
    /// deleted, and the next pull asks for them again.
    ///
    /// # Errors
    /// The hash is another, or the file cannot be written.
    pub fn fetched(&mut self, take: &Take) -> Result<(), StoreError> {
        let hash = self.rehash(take.id)?;
        let row = self.row(take.id)?;
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if Some(hash) == take.hash {
            let sql = "UPDATE take SET state = ?2 WHERE id = ?1 AND state = ?3 RETURNING box";
            let params = params![row, take.state as u8, State::Fetching as u8];
            let box_row = transaction.query_row(sql, params, |row| row.get(0))?;
            await_proof(&transaction, box_row, row)?;
            take_in(&transaction, box_row, take)?;
            return Ok(transaction.commit()?);
        }
        transaction.execute("DELETE FROM chunk WHERE take = ?1", [row])?;
        transaction.execute("UPDATE take SET observations = 0, bytes = 0 WHERE id = ?1", [row])?;
        transaction.commit()?;
        Err(StoreError::WrongHash(take.id))
    }

    /// Takes in a whole take that no box sent: a source of that name is a box of its own, and `number` says which of
    /// its takes it is. False if it is there already.
    ///
    /// # Errors
    /// A chunk cannot be read, or the file cannot be written.
    pub fn adopt(
        &mut self,
        id: TakeId,
        source: &str,
        recorded: &Recorded,
        chunks: &[Vec<u8>],
    ) -> Result<bool, StoreError> {
        if self.find(id)?.is_some() {
            return Ok(false);
        }
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = "INSERT INTO box (uid, name) VALUES (?1, ?2) ON CONFLICT (uid) DO UPDATE SET name = ?2 RETURNING id";
        let box_row: i64 = transaction.query_row(sql, params![id.box_id.0, source], |row| row.get(0))?;
        let row = insert(&transaction, box_row, id.number, State::Fetching, recorded)?;
        let mut hasher = TakeHasher::new(id, recorded);
        for (part, chunk) in (0..).zip(chunks) {
            put_chunk(&transaction, row, part, chunk, codec::count(chunk)?)?;
            hasher.chunk(chunk);
        }
        let change = next_change(&transaction, box_row)?;
        let sql = "UPDATE take SET state = ?2, changed = ?3, hash = ?4 WHERE id = ?1";
        transaction.execute(sql, params![row, State::Confirmed as u8, change, hasher.finish().0])?;
        transaction.commit()?;
        Ok(true)
    }

    /// How many parts of a take are here.
    fn parts(&self, id: TakeId) -> Result<u32, StoreError> {
        let sql = "SELECT coalesce(max(part) + 1, 0) FROM chunk WHERE take = ?1";
        Ok(self.db.query_row(sql, [self.row(id)?], |row| row.get(0))?)
    }
}

fn row_of(db: &rusqlite::Connection, box_row: i64, id: TakeId) -> Result<i64, StoreError> {
    let sql = "SELECT id FROM take WHERE box = ?1 AND number = ?2";
    Ok(db.query_row(sql, params![box_row, id.number], |row| row.get(0))?)
}

/// A take of a box that nothing is known of yet.
fn begin(db: &rusqlite::Connection, box_row: i64, state: State, take: &Take) -> Result<(), StoreError> {
    let row = insert(db, box_row, take.id.number, state, &take.recorded)?;
    let hash = take.hash.map(|hash| hash.0);
    db.execute("UPDATE take SET hash = ?2 WHERE id = ?1", params![row, hash])?;
    if state == State::Fetching { await_change(db, box_row, row, take) } else { Ok(()) }
}

/// A take is being fetched for a change: until that is taken in, it is asked for again.
fn await_change(db: &rusqlite::Connection, box_row: i64, row: i64, take: &Take) -> Result<(), StoreError> {
    free_change(db, box_row, take)?;
    db.execute("UPDATE take SET changed = ?2 WHERE id = ?1", params![row, take.changed])?;
    Ok(())
}

/// A number means one change. Another take has this one only if the box's takes were set back.
fn free_change(db: &rusqlite::Connection, box_row: i64, take: &Take) -> Result<(), StoreError> {
    let sql = "UPDATE take SET changed = NULL WHERE box = ?1 AND changed = ?2 AND number <> ?3";
    db.prepare_cached(sql)?.execute(params![box_row, take.changed, take.id.number])?;
    Ok(())
}

/// A change has been heard.
fn heard(db: &rusqlite::Connection, box_row: i64, take: &Take) -> Result<(), StoreError> {
    heard_of(db, box_row, take.id.number, take.changed)
}

/// A change of a take has been heard: it is not missing any more.
fn heard_of(db: &rusqlite::Connection, box_row: i64, number: u64, changed: Option<u64>) -> Result<(), StoreError> {
    let sql = "UPDATE box SET sequence = max(sequence, ?2) WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![box_row, changed])?;
    let sql = "DELETE FROM missing WHERE box = ?1 AND number = ?2";
    db.prepare_cached(sql)?.execute(params![box_row, number])?;
    Ok(())
}

/// What the box says of a take, and that it has been heard. Older news than what is known changes nothing.
fn take_in(db: &rusqlite::Connection, box_row: i64, take: &Take) -> Result<(), StoreError> {
    free_change(db, box_row, take)?;
    let sql = "UPDATE take SET label = ?3, performer = ?4, discarded = ?5, changed = ?6 \
        WHERE box = ?1 AND number = ?2 AND coalesce(changed, 0) <= ?6";
    let label = take.label.name();
    db.prepare_cached(sql)?.execute(params![
        box_row,
        take.id.number,
        label,
        take.performer,
        take.discarded,
        take.changed
    ])?;
    heard(db, box_row, take)
}
