//! The takes that were pulled, as training reads them.

use std::path::Path;

use anyhow::{Context as _, Result};
use rasika_device::store::{self, Store, codec};

use super::names::Names;
use super::{Dataset, Observations, Take};

/// Chunks read at a time: about half a minute of recording.
const CHUNKS: u32 = 16;

/// A store of takes. What was dropped or discarded is not there; labels are the laptop's, where it has decided.
#[derive(Debug)]
pub struct Stored {
    store: Store,
    takes: Vec<(Take, store::TakeId)>,
}

impl Stored {
    /// Opens it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(file: &Path) -> Result<Self> {
        let store = crate::place::readable(file)?;
        let names = Names::of(&store)?;
        let whole = store.takes()?.into_iter().filter(|take| take.state.is_whole() && !take.is_discarded());
        let takes = whole.map(|take| (known(&take, &names), take.id)).collect();
        Ok(Self { store, takes })
    }
}

fn known(take: &store::Take, names: &Names) -> Take {
    let recorded = &take.recorded;
    Take {
        id: take.id.to_string(),
        box_id: names.get(take.id.box_id).to_owned(),
        label: take.rasa(),
        performer: take.performer.clone(),
        started_unix_ms: recorded.started.unix_ms,
        width: recorded.width,
        height: recorded.height,
        mirrored: recorded.mirrored,
        reconstructed: super::import::reconstructed(&recorded.config),
    }
}

impl Stored {
    /// The pictures that were kept of a take.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn pictures(&self, take: &Take) -> Result<Vec<store::Picture>> {
        match self.takes.iter().find(|(known, _)| known.id == take.id) {
            Some((_, id)) => Ok(self.store.pictures(*id)?),
            None => Ok(Vec::new()),
        }
    }
}

impl Dataset for Stored {
    fn takes(&self) -> Result<Vec<Take>> {
        Ok(self.takes.iter().map(|(take, _)| take.clone()).collect())
    }

    fn observations(&self, take: &Take) -> Result<Observations<'_>> {
        let found = self.takes.iter().find(|(known, _)| known.id == take.id);
        let (_, id) = found.with_context(|| format!("there is no take '{}'", take.id))?;
        let (store, id) = (&self.store, *id);
        let mut from = 0;
        let batches = std::iter::from_fn(move || match store.chunks(id, from, CHUNKS) {
            Ok(chunks) if chunks.is_empty() => None,
            Ok(chunks) => {
                from += chunks.len() as u32;
                Some(Ok(chunks))
            }
            Err(error) => {
                // Read no further: the same error would come for ever.
                from = u32::MAX;
                Some(Err(error))
            }
        });
        let seen = batches.flat_map(|batch| -> Vec<Result<_>> {
            let chunks = match batch {
                Ok(chunks) => chunks,
                Err(error) => return vec![Err(error.into())],
            };
            let read = chunks.iter().map(|chunk| codec::read_chunk(chunk));
            read.flat_map(|chunk| match chunk {
                Ok(seen) => seen.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error.into())],
            })
            .collect()
        });
        Ok(Box::new(seen))
    }

    fn picture(&self, take: &Take, frame: u64) -> Result<Option<Vec<u8>>> {
        let nearest = self.pictures(take)?.into_iter().min_by_key(|picture| picture.frame.abs_diff(frame));
        Ok(nearest.map(|picture| picture.jpeg))
    }
}
