//! Takes as rows, and back.

use super::error::StoreError;
use super::take::{BoxId, Moment, Recorded, State, Take, TakeHash, TakeHasher, TakeId};
use super::{Picture, Store, codec};
use rasika_models::{Observation, Rasa};
use rusqlite::types::Type;
use rusqlite::{OptionalExtension as _, Params, Row, params};

/// The columns [`take`] reads, in its order.
pub(super) const COLUMNS: &str = "box.uid, number, state, changed, label, performer, discarded, here_label, \
    here_discarded, recorded_label, recorded_performer, recorded_unix_ms, recorded_boot, recorded_since_boot_ms, \
    recorded_config, recorded_features, recorded_model, recorded_mirrored, recorded_width, recorded_height, \
    observations, bytes, hash FROM take JOIN box ON box.id = take.box";

pub(super) fn take(row: &Row<'_>) -> rusqlite::Result<Take> {
    let rasa = |column: usize| -> rusqlite::Result<Option<Rasa>> {
        let name: Option<String> = row.get(column)?;
        let wrong = |error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error));
        name.map(|name| name.parse().map_err(wrong)).transpose()
    };
    let label = |column| rasa(column)?.ok_or(rusqlite::Error::IntegralValueOutOfRange(column, 0));
    let state: usize = row.get(2)?;
    Ok(Take {
        id: TakeId { box_id: BoxId(row.get(0)?), number: row.get(1)? },
        state: *State::ALL.get(state).ok_or(rusqlite::Error::IntegralValueOutOfRange(2, state as i64))?,
        changed: row.get(3)?,
        label: label(4)?,
        performer: row.get(5)?,
        discarded: row.get(6)?,
        here_label: rasa(7)?,
        here_discarded: row.get(8)?,
        recorded: Recorded {
            label: label(9)?,
            performer: row.get(10)?,
            started: Moment { unix_ms: row.get(11)?, boot: row.get(12)?, since_boot_ms: row.get(13)? },
            config: row.get(14)?,
            features_version: row.get(15)?,
            model: row.get(16)?,
            mirrored: row.get(17)?,
            width: row.get(18)?,
            height: row.get(19)?,
        },
        observations: row.get(20)?,
        bytes: row.get(21)?,
        hash: row.get::<_, Option<[u8; 32]>>(22)?.map(TakeHash),
    })
}

impl Store {
    /// A take.
    ///
    /// # Errors
    /// There is none, or the file cannot be read.
    pub fn take(&self, id: TakeId) -> Result<Take, StoreError> {
        self.find(id)?.ok_or(StoreError::NoTake(id))
    }

    /// A take, if there is one.
    pub(super) fn find(&self, id: TakeId) -> Result<Option<Take>, StoreError> {
        let sql = format!("SELECT {COLUMNS} WHERE box.uid = ?1 AND number = ?2");
        let found = self.db.prepare_cached(&sql)?.query_row(params![id.box_id.0, id.number], take).optional();
        found.map_err(|error| match StoreError::from(error) {
            StoreError::Row(_) => StoreError::Damaged(id),
            other => other,
        })
    }

    /// Every take of every box, in the order of boxes and numbers; discarded and gone ones too. Those that are damaged are
    /// not among them: see [`Self::examine`].
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn takes(&self) -> Result<Vec<Take>, StoreError> {
        match self.select("ORDER BY box.id, number", []) {
            Err(StoreError::Corrupt(_)) => Ok(self.readable().0),
            other => other,
        }
    }

    /// How many whole takes of a box are not discarded.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn kept(&self, of: BoxId) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM take JOIN box ON box.id = take.box \
            WHERE uid = ?1 AND state IN (1, 2) AND NOT discarded";
        Ok(self.db.prepare_cached(sql)?.query_row([of.0], |row| row.get(0))?)
    }

    /// Takes by their rows; a row that makes no sense is passed over.
    pub(super) fn select(&self, rest: &str, params: impl Params) -> Result<Vec<Take>, StoreError> {
        let mut statement = self.db.prepare_cached(&format!("SELECT {COLUMNS} {rest}"))?;
        let mut rows = statement.query(params)?;
        let mut takes = Vec::new();
        while let Some(row) = rows.next()? {
            takes.extend(take(row));
        }
        Ok(takes)
    }

    /// The key of a take's row.
    pub(super) fn row(&self, id: TakeId) -> Result<i64, StoreError> {
        let sql = "SELECT take.id FROM take JOIN box ON box.id = take.box WHERE box.uid = ?1 AND number = ?2";
        let found = self.db.prepare_cached(sql)?.query_row(params![id.box_id.0, id.number], |row| row.get(0));
        found.optional()?.ok_or(StoreError::NoTake(id))
    }

    /// At most `limit` chunks of a take, from a part on.
    ///
    /// # Errors
    /// There is no such take, or the file cannot be read.
    pub fn chunks(&self, id: TakeId, from: u32, limit: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        let sql = "SELECT bytes FROM chunk WHERE take = ?1 AND part >= ?2 ORDER BY part LIMIT ?3";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map(params![self.row(id)?, from, limit], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What was seen in a take.
    ///
    /// # Errors
    /// There is no such take, or its chunks cannot be read.
    pub fn observations(&self, id: TakeId) -> Result<Vec<Observation>, StoreError> {
        let mut seen = Vec::new();
        for chunk in self.chunks(id, 0, u32::MAX)? {
            seen.extend(codec::read_chunk(&chunk)?);
        }
        Ok(seen)
    }

    /// The pictures that were kept in a take, in their order.
    ///
    /// # Errors
    /// There is no such take, or the file cannot be read.
    pub fn pictures(&self, id: TakeId) -> Result<Vec<Picture>, StoreError> {
        let sql = "SELECT bytes FROM chunk WHERE take = ?1 AND substr(bytes, 1, 1) = x'02' ORDER BY part";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([self.row(id)?], |row| row.get::<_, Vec<u8>>(0))?;
        let pictures = rows.map(|chunk| Ok(Picture::read(&chunk?)));
        Ok(pictures.collect::<Result<Vec<_>, rusqlite::Error>>()?.into_iter().flatten().collect())
    }

    /// The hash of what is stored of a take now.
    ///
    /// # Errors
    /// There is no such take, or the file cannot be read.
    pub fn rehash(&self, id: TakeId) -> Result<TakeHash, StoreError> {
        self.hashed(id, TakeHasher::new(id, &self.take(id)?.recorded))
    }

    /// Whether what is stored of a whole take is what its hash says.
    ///
    /// # Errors
    /// There is no such take, or the file cannot be read.
    pub fn is_sound(&self, id: TakeId) -> Result<bool, StoreError> {
        Ok(self.take(id)?.hash == Some(self.rehash(id)?))
    }

    /// What proves that a take's bytes are stored here now: their hash with a key that somebody else drew.
    ///
    /// # Errors
    /// There is no such take, or the file cannot be read.
    pub fn proof(&self, id: TakeId, key: &[u8; 32]) -> Result<TakeHash, StoreError> {
        self.hashed(id, TakeHasher::keyed(key, id, &self.take(id)?.recorded))
    }

    fn hashed(&self, id: TakeId, mut hasher: TakeHasher) -> Result<TakeHash, StoreError> {
        let mut statement = self.db.prepare_cached("SELECT bytes FROM chunk WHERE take = ?1 ORDER BY part")?;
        let mut rows = statement.query([self.row(id)?])?;
        while let Some(row) = rows.next()? {
            hasher.chunk(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?);
        }
        Ok(hasher.finish())
    }
}
