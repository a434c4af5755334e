//! Who holds a take: proofs by its bytes, and what may be deleted by them.
//!
//! A hash that the box itself lists proves nothing. The box draws a key, the laptop hashes the bytes of its copy with it
//! ([`Store::proof`]), and the box compares that with its own bytes.

use super::Store;
use super::error::StoreError;
use super::recording::next_change;
use super::room::free_bytes;
use super::take::{BoxId, State, TakeHash, TakeId};
use rusqlite::{OptionalExtension as _, TransactionBehavior, params};
use std::path::Path;

/// So much is read again for proofs in one go.
const PROOFS: u32 = 256;
const PROOF_BYTES: u64 = 64 << 20;
/// A disk with less room is nearly full.
const LOW_BYTES: u64 = 32 << 20;

impl Store {
    /// On a box: a host answers for takes with the hash of their bytes under `key`; how many of them it is now known to
    /// hold. Reads those takes.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn held(&mut self, host: &[u8], key: &[u8; 32], answers: &[(TakeId, TakeHash)]) -> Result<usize, StoreError> {
        let mut count = 0;
        for (id, answer) in answers {
            let Some(take) = self.find(*id)? else { continue };
            if !take.state.is_whole() || self.proof(*id, key)? != *answer {
                continue;
            }
            count += 1;
            let sql = "INSERT INTO proved (host, take) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            self.db.prepare_cached(sql)?.execute(params![host, self.row(*id)?])?;
        }
        Ok(count)
    }

    /// Deletes the observations of a take that a host has proved to hold. What is known of it stays.
    ///
    /// # Errors
    /// No host holds it, it is not whole, or the file cannot be written.
    pub fn prune(&mut self, id: TakeId) -> Result<(), StoreError> {
        if !self.take(id)?.state.is_whole() {
            return Err(StoreError::NotNow(id, "is not whole; there is nothing to delete"));
        }
        let row = self.row(id)?;
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = "SELECT count(*) FROM proved WHERE take = ?1";
        if transaction.query_row(sql, [row], |row| row.get::<_, u64>(0))? == 0 {
            return Err(StoreError::NotNow(id, "is held by no laptop yet; pull it first"));
        }
        transaction.execute("DELETE FROM chunk WHERE take = ?1", [row])?;
        let sql = "UPDATE take SET state = ?2, observations = 0, bytes = 0 WHERE id = ?1 RETURNING box";
        let box_row = transaction.query_row(sql, params![row, State::Gone as u8], |row| row.get(0))?;
        let change = next_change(&transaction, box_row)?;
        transaction.execute("UPDATE take SET changed = ?2 WHERE id = ?1", params![row, change])?;
        transaction.commit()?;
        self.fold_log();
        Ok(())
    }

    /// Where the disk is nearly full, the log is used again from its beginning rather than made longer.
    fn fold_log(&self) {
        let Some(folder) = self.db.path().and_then(|file| Path::new(file).parent()) else { return };
        if free_bytes(folder).is_ok_and(|free| free < LOW_BYTES) {
            // If somebody reads meanwhile, it is done after the next deletion.
            let _ = self.db.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()));
        }
    }

    /// The oldest take of this box whose observations are still here although a host holds it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn oldest_held(&self) -> Result<Option<TakeId>, StoreError> {
        let sql = "SELECT uid, number FROM take JOIN box ON box.id = take.box \
            WHERE own = 1 AND state IN (1, 2) AND EXISTS (SELECT 1 FROM proved WHERE proved.take = take.id) \
            ORDER BY number LIMIT 1";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query_map([], |row| Ok(TakeId { box_id: BoxId(row.get(0)?), number: row.get(1)? }))?;
        Ok(rows.next().transpose()?)
    }

    /// On a laptop: takes of a box that came whole and have not been proved to it, the first ones, as many as can be read
    /// again in a moment.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn unproved(&self, of: BoxId) -> Result<Vec<TakeId>, StoreError> {
        let found = self.db.query_row("SELECT id FROM box WHERE uid = ?1", [of.0], |row| row.get::<_, i64>(0));
        let Some(box_row) = found.optional()? else { return Ok(Vec::new()) };
        let sql = "SELECT number, max(bytes, 0) FROM unproved JOIN take ON take.id = unproved.take \
            WHERE unproved.box = ?1 ORDER BY unproved.take LIMIT ?2";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params![box_row, PROOFS])?;
        let (mut takes, mut bytes) = (Vec::new(), 0_u64);
        while let Some(row) = rows.next()? {
            bytes = bytes.saturating_add(row.get(1)?);
            if bytes > PROOF_BYTES && !takes.is_empty() {
                break;
            }
            takes.push(TakeId { box_id: of, number: row.get(0)? });
        }
        Ok(takes)
    }

    /// On a laptop: a box has heard what there is to prove of takes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn proved(&mut self, takes: &[TakeId]) -> Result<(), StoreError> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for id in takes {
            let sql = "DELETE FROM unproved WHERE take = \
                (SELECT take.id FROM take JOIN box ON box.id = take.box WHERE uid = ?1 AND number = ?2)";
            transaction.prepare_cached(sql)?.execute(params![id.box_id.0, id.number])?;
        }
        Ok(transaction.commit()?)
    }
}

/// A take came whole: its box has not heard of it.
pub(super) fn await_proof(db: &rusqlite::Connection, box_row: i64, row: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO unproved (box, take) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    db.prepare_cached(sql)?.execute([box_row, row])?;
    Ok(())
}
