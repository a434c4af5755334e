//! A live source on a thread of its own: the newest frame and no other, and a camera that comes back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::source::{Shot, Source, SourceError};
use crate::supervision::Progress;

/// First and longest wait before a lost camera is tried again.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LONGEST: Duration = Duration::from_secs(10);
/// How often a waiting thread looks whether it shall end.
const GLANCE: Duration = Duration::from_millis(100);

/// What a camera has to tell.
pub enum News {
    /// The newest frame.
    Shot(Shot),
    /// It stopped or does not open; it is tried again.
    Lost(SourceError),
    /// It gives frames again.
    Back,
    /// Nothing in the time that was waited.
    Nothing,
}

/// The one slot between the camera and whoever looks.
#[derive(Default)]
struct Slot {
    news: Mutex<(Option<News>, Option<Shot>)>,
    changed: Condvar,
}

impl Slot {
    fn put(&self, change: impl FnOnce(&mut (Option<News>, Option<Shot>))) {
        change(&mut self.news.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_one();
    }
}

/// A camera that is read all the time. Dropping it ends its thread after the frame it waits for.
pub struct Camera {
    slot: Arc<Slot>,
    stop: Arc<AtomicBool>,
    rounds: Progress,
    begun: Instant,
    rate_hz: f64,
    thread: Option<JoinHandle<()>>,
}

impl Camera {
    /// Opens the camera and starts to read.
    ///
    /// # Errors
    /// It does not open now; once open, it is tried again for ever.
    pub fn start(source: Source, mirrored: bool) -> Result<Self, SourceError> {
        let mut reader = source.open(mirrored)?;
        let rate_hz = reader.rate_hz();
        let slot = Arc::new(Slot::default());
        let stop = Arc::new(AtomicBool::new(false));
        let rounds = Progress::default();
        let begun = Instant::now();
        let work = {
            let (slot, stop, rounds) = (Arc::clone(&slot), Arc::clone(&stop), Arc::clone(&rounds));
            move || {
                let mut number = 0;
                let mut wait = RETRY_FIRST;
                while !stop.load(Ordering::Acquire) {
                    rounds.fetch_add(1, Ordering::AcqRel);
                    match reader.next() {
                        Some(Ok(mut shot)) => {
                            if wait != RETRY_FIRST {
                                wait = RETRY_FIRST;
                                slot.put(|s| s.0 = Some(News::Back));
                            }
                            shot.number = number;
                            shot.time_ms = begun.elapsed().as_secs_f64() * 1000.0;
                            number += 1;
                            slot.put(|s| s.1 = Some(shot));
                        }
                        lost => {
                            if let Some(Err(error)) = lost {
                                slot.put(|s| *s = (Some(News::Lost(error)), None));
                            }
                            wait_in_rounds(wait, &stop, &rounds);
                            wait = (wait * 2).min(RETRY_LONGEST);
                            if let Ok(again) = source.open(mirrored) {
                                reader = again;
                            }
                        }
                    }
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("camera".into())
            .spawn(work)
            .map_err(|e| SourceError::Io("the camera's thread".into(), e))?;
        Ok(Self { slot, stop, rounds, begun, rate_hz, thread: Some(thread) })
    }

    /// Waits for news, but not for ever.
    pub fn news(&self, timeout: Duration) -> News {
        let guard = self.slot.news.lock().unwrap_or_else(PoisonError::into_inner);
        let empty = |s: &mut (Option<News>, Option<Shot>)| s.0.is_none() && s.1.is_none();
        let waited = self.slot.changed.wait_timeout_while(guard, timeout, empty);
        let (mut guard, _) = waited.unwrap_or_else(PoisonError::into_inner);
        guard.0.take().or_else(|| guard.1.take().map(News::Shot)).unwrap_or(News::Nothing)
    }

    /// Milliseconds since it was opened: the time that its frames carry.
    #[must_use]
    pub fn time_ms(&self) -> f64 {
        self.begun.elapsed().as_secs_f64() * 1000.0
    }

    /// Counts the rounds of its loop, each a frame, a try or a wait for the next: it moves unless the driver hangs.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.rounds
    }

    /// Frames a second that it promises.
    #[must_use]
    pub fn rate_hz(&self) -> f64 {
        self.rate_hz
    }
}

/// Waits, unless it shall end. To wait is to live: an absent camera that is tried again is not one that hangs.
fn wait_in_rounds(wait: Duration, stop: &AtomicBool, rounds: &Progress) {
    let until = Instant::now() + wait;
    while Instant::now() < until && !stop.load(Ordering::Acquire) {
        rounds.fetch_add(1, Ordering::AcqRel);
        std::thread::sleep(GLANCE);
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // A camera that hangs in its driver is left to the end of the process.
        if let Some(thread) = self.thread.take()
            && thread.is_finished()
        {
            let _ = thread.join();
        }
    }
}
