//! The recorder's thread.

use super::keeper::Keeper;
use super::{Order, Report, Settings, Shared};
use crate::store::codec::ChunkWriter;
use crate::store::{Picture, Plan, Recording, StoreError};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use rasika_models::Observation;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A chunk is written when it has so many observations, or is so old: a cut costs no more.
const CHUNK: usize = 30;
const CHUNK_AGE: Duration = Duration::from_secs(2);
/// How often the thread looks whether it is time for something.
const TICK: Duration = Duration::from_millis(500);

/// Who discards so soon after a take means that one, even if it was empty.
const JUST_ENDED: Duration = Duration::from_secs(1);

/// A take that is being recorded.
struct Current {
    /// As it was ordered.
    ordered: u64,
    recording: Recording,
    chunk: ChunkWriter,
    chunk_begun: Instant,
    seen: u64,
    unstorable: u64,
    pictures: u64,
}

pub struct Worker {
    keeper: Keeper,
    shared: Arc<Shared>,
    current: Option<Current>,
    /// When a take ended of which nothing was seen.
    emptied: Option<Instant>,
}

impl Worker {
    pub fn new(settings: Settings, reports: Sender<Report>, shared: Arc<Shared>) -> Self {
        Self { keeper: Keeper::new(settings, reports), shared, current: None, emptied: None }
    }

    pub fn run(mut self, orders: &Receiver<Order>) {
        self.keeper.tend();
        loop {
            match orders.recv_timeout(TICK) {
                Ok(Order::Begin(plan, ordered)) => self.begin(&plan, ordered),
                Ok(Order::Seen(seen)) => self.seen(&seen),
                Ok(Order::Picture(picture)) => self.picture(&picture),
                Ok(Order::End) => self.end(None),
                Ok(Order::DiscardLast) => self.discard_last(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.end(None),
            }
            if self.current.as_ref().is_some_and(|it| !it.chunk.is_empty() && it.chunk_begun.elapsed() > CHUNK_AGE) {
                self.write_chunk();
            }
            self.keeper.tend();
        }
    }

    fn begin(&mut self, plan: &Plan, ordered: u64) {
        self.end(None);
        let begun = self.keeper.room().and_then(|()| {
            let begun = self.keeper.store()?.begin(plan);
            begun.map_err(|error| {
                self.keeper.fault(&error);
                error.to_string()
            })
        });
        match begun {
            Ok(recording) => {
                self.keeper.say(Report::Begun(recording.id()));
                let (chunk, chunk_begun) = (ChunkWriter::default(), Instant::now());
                let (seen, unstorable, pictures) = (0, 0, 0);
                self.current = Some(Current { ordered, recording, chunk, chunk_begun, seen, unstorable, pictures });
            }
            Err(why) => {
                self.shared.stop(ordered);
                self.keeper.say(Report::Refused(why));
            }
        }
    }

    fn seen(&mut self, seen: &Observation) {
        let Some(current) = &mut self.current else { return };
        if current.chunk.is_empty() {
            current.chunk_begun = Instant::now();
        }
        match current.chunk.push(seen) {
            Ok(()) => current.seen += 1,
            Err(_) => current.unstorable += 1,
        }
        if current.chunk.len() >= CHUNK {
            self.write_chunk();
        }
    }

    fn picture(&mut self, picture: &Picture) {
        let Some(chunk) = picture.chunk() else { return };
        let Some(current) = &mut self.current else { return };
        current.pictures += 1;
        self.write(&chunk);
    }

    fn write_chunk(&mut self) {
        let Some(current) = &mut self.current else { return };
        let chunk = std::mem::take(&mut current.chunk).finish();
        self.write(&chunk);
    }

    fn write(&mut self, chunk: &[u8]) {
        let Some(current) = &mut self.current else { return };
        let written = self.keeper.store().map(|store| store.append(&mut current.recording, chunk));
        match written {
            Ok(Ok(())) => {
                if let Err(why) = self.keeper.room() {
                    self.end(Some(why));
                }
            }
            Ok(Err(error)) => self.lose(&error),
            // The store was closed by a fault that has been told.
            Err(_) => self.forget(),
        }
    }

    fn end(&mut self, cut_short: Option<String>) {
        let Some(Current { ordered, recording, chunk, seen, unstorable, pictures, .. }) = self.current.take() else {
            return;
        };
        if cut_short.is_some() {
            self.shared.stop(ordered);
        }
        self.emptied = (seen == 0).then(Instant::now);
        let missed = self.shared.missed.swap(0, Ordering::AcqRel);
        let Ok(store) = self.keeper.store() else { return };
        let done = if seen == 0 {
            let id = recording.id();
            store.abandon(&recording).map(|()| Report::Empty(id))
        } else {
            let last = (!chunk.is_empty()).then(|| chunk.finish());
            store.confirm(recording, last.as_deref()).map(|take| {
                let take = Box::new(take);
                Report::Confirmed { take, missed, unstorable, pictures, cut_short }
            })
        };
        match done {
            Ok(report) => self.keeper.say(report),
            Err(error) => self.lose(&error),
        }
    }

    /// The take cannot go on; what is on the disk of it is put in order when the store opens anew.
    fn lose(&mut self, error: &StoreError) {
        self.forget();
        self.keeper.fault(error);
    }

    fn forget(&mut self) {
        if let Some(current) = self.current.take() {
            self.shared.stop(current.ordered);
        }
    }

    fn discard_last(&mut self) {
        if self.emptied.take().is_some_and(|ended| ended.elapsed() < JUST_ENDED) {
            return self.keeper.say(Report::NothingToDiscard);
        }
        let done = self.keeper.store().map(|store| match store.last_take()? {
            Some(take) => store.discard(take.id).map(|take| Report::Discarded(take.id)),
            None => Ok(Report::NothingToDiscard),
        });
        match done {
            Ok(Ok(report)) => self.keeper.say(report),
            Ok(Err(error)) => self.keeper.fault(&error),
            Err(why) => self.keeper.say(Report::Fault(why)),
        }
    }
}
