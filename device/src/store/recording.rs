//! A box writes takes: begun, a chunk at a time, confirmed.

use super::Store;
use super::codec;
use super::error::StoreError;
use super::take::{BoxId, Moment, Recorded, State, Take, TakeHasher, TakeId};
use rasika_models::Rasa;
use rusqlite::{Connection, TransactionBehavior, params};

/// What is known of a take before it begins.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The rasa that is chosen.
    pub label: Rasa,
    /// Who performs; may be empty.
    pub performer: String,
    /// The config in force, as TOML.
    pub config: String,
    /// The model that listens.
    pub model: String,
    /// Whether frames are turned back from a mirror image.
    pub mirrored: bool,
    /// Width and height of the camera's frames in pixels.
    pub frame_px: (u32, u32),
}

/// A take that is being recorded.
#[derive(Debug)]
pub struct Recording {
    id: TakeId,
    row: i64,
    parts: u32,
    hasher: TakeHasher,
}

impl Recording {
    /// Which take it will be.
    #[must_use]
    pub fn id(&self) -> TakeId {
        self.id
    }
}

/// The next number of a box's changes.
pub(super) fn next_change(db: &Connection, box_row: i64) -> Result<u64, StoreError> {
    let sql = "UPDATE box SET sequence = sequence + 1 WHERE id = ?1 RETURNING sequence";
    Ok(db.prepare_cached(sql)?.query_row([box_row], |row| row.get(0))?)
}

impl Store {
    /// Begins a take of this box.
    ///
    /// # Errors
    /// The file cannot be written, or is no box's own.
    pub fn begin(&mut self, plan: &Plan) -> Result<Recording, StoreError> {
        let recorded = Recorded {
            label: plan.label,
            performer: plan.performer.clone(),
            started: Moment::now(),
            config: plan.config.clone(),
            features_version: rasika_models::FEATURES_VERSION,
            model: plan.model.clone(),
            mirrored: plan.mirrored,
            width: plan.frame_px.0,
            height: plan.frame_px.1,
        };
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = "UPDATE box SET next_take = next_take + 1 WHERE own = 1 RETURNING id, uid, next_take - 1";
        let (box_row, uid, number) =
            transaction.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, u64>(2)?)))?;
        let row = insert(&transaction, box_row, number, State::Recording, &recorded)?;
        transaction.commit()?;
        let id = TakeId { box_id: BoxId(uid), number };
        Ok(Recording { id, row, parts: 0, hasher: TakeHasher::new(id, &recorded) })
    }

    /// Adds a chunk of observations, or a picture; it is on the disk when this returns.
    ///
    /// # Errors
    /// The file cannot be written. The recording is as it was.
    pub fn append(&mut self, recording: &mut Recording, chunk: &[u8]) -> Result<(), StoreError> {
        let count = codec::count(chunk)?;
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        put_chunk(&transaction, recording.row, recording.parts, chunk, count)?;
        transaction.commit()?;
        recording.parts += 1;
        recording.hasher.chunk(chunk);
        Ok(())
    }

    /// Ends a take with its last chunk, if there is one more; it is on the disk, whole, when this returns.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn confirm(&mut self, mut recording: Recording, last: Option<&[u8]>) -> Result<Take, StoreError> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(chunk) = last {
            put_chunk(&transaction, recording.row, recording.parts, chunk, codec::count(chunk)?)?;
            recording.hasher.chunk(chunk);
        }
        complete(&transaction, recording.row, State::Confirmed, recording.hasher)?;
        transaction.commit()?;
        self.take(recording.id)
    }

    /// Forgets a take of which nothing was seen. Its number is not used again.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn abandon(&mut self, recording: &Recording) -> Result<(), StoreError> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("DELETE FROM chunk WHERE take = ?1", [recording.row])?;
        transaction.execute("DELETE FROM take WHERE id = ?1 AND state = 0", [recording.row])?;
        Ok(transaction.commit()?)
    }

    /// Takes that were being recorded when the box was cut off: those with observations are kept as interrupted,
    /// the others forgotten.
    pub(super) fn recover(&mut self) -> Result<Vec<Take>, StoreError> {
        let cut = self.select("WHERE state = 0 AND own = 1 ORDER BY number", [])?;
        let mut kept = Vec::new();
        for take in cut {
            let row = self.row(take.id)?;
            let mut hasher = TakeHasher::new(take.id, &take.recorded);
            let chunks = self.chunks(take.id, 0, u32::MAX)?;
            chunks.iter().for_each(|chunk| hasher.chunk(chunk));
            let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if take.observations == 0 {
                transaction.execute("DELETE FROM chunk WHERE take = ?1", [row])?;
                transaction.execute("DELETE FROM take WHERE id = ?1", [row])?;
            } else {
                complete(&transaction, row, State::Interrupted, hasher)?;
                kept.push(take.id);
            }
            transaction.commit()?;
        }
        kept.into_iter().map(|id| self.take(id)).collect()
    }
}

/// Writes what is known of a take at its start; its row.
pub(super) fn insert(
    db: &Connection,
    box_row: i64,
    number: u64,
    state: State,
    recorded: &Recorded,
) -> Result<i64, StoreError> {
    let sql = "INSERT INTO take (box, number, state, label, performer, recorded_label, recorded_performer, \
        recorded_unix_ms, recorded_boot, recorded_since_boot_ms, recorded_config, recorded_features, recorded_model, \
        recorded_mirrored, recorded_width, recorded_height) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    db.prepare_cached(sql)?.execute(params![
        box_row,
        number,
        state as u8,
        recorded.label.name(),
        recorded.performer,
        recorded.started.unix_ms,
        recorded.started.boot,
        recorded.started.since_boot_ms,
        recorded.config,
        recorded.features_version,
        recorded.model,
        recorded.mirrored,
        recorded.width,
        recorded.height,
    ])?;
    Ok(db.last_insert_rowid())
}

/// Writes a chunk and counts it.
pub(super) fn put_chunk(db: &Connection, row: i64, part: u32, chunk: &[u8], count: usize) -> Result<(), StoreError> {
    let sql = "INSERT INTO chunk (take, part, bytes) VALUES (?1, ?2, ?3)";
    db.prepare_cached(sql)?.execute(params![row, part, chunk])?;
    let sql = "UPDATE take SET observations = observations + ?2, bytes = bytes + ?3 WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![row, count, chunk.len()])?;
    Ok(())
}

/// A take of this box is whole: its hash, and its first change.
fn complete(db: &Connection, row: i64, state: State, hasher: TakeHasher) -> Result<(), StoreError> {
    let box_row = db.query_row("SELECT box FROM take WHERE id = ?1", [row], |row| row.get(0))?;
    let change = next_change(db, box_row)?;
    let sql = "UPDATE take SET state = ?2, hash = ?3, changed = ?4 WHERE id = ?1";
    db.execute(sql, params![row, state as u8, hasher.finish().0, change])?;
    Ok(())
}
