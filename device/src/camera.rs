//! A live source on a thread of its own: the newest frame and no other, and a camera that comes back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};

use crate::source::{Reader, Shot, Source, SourceError, Wish};
use crate::supervision::Progress;

/// First and longest wait before a lost camera is tried again.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LONGEST: Duration = Duration::from_secs(10);
/// How long its end is waited for.
const GOODBYE: Duration = Duration::from_secs(2);
/// How long a camera may take to open before it counts as one that may come later.
const OPENING: Duration = Duration::from_secs(3);
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

/// Hears whether the camera opened the first time, and its frames a second.
type Opened = Sender<Result<f64, SourceError>>;

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
    /// Opens the camera and starts to read. One that takes long to open is waited for beside whatever else there is to
    /// do, and is [`News::Nothing`] meanwhile.
    ///
    /// # Errors
    /// It does not open now; once open, it is tried again for ever.
    pub fn start(source: Source, mirrored: bool) -> Result<Self, SourceError> {
        let (sender, opened) = bounded(1);
        let mut camera = Self::begin(source, mirrored, Wish::default(), Some(sender))?;
        if let Ok(rate_hz) = opened.recv_timeout(OPENING) {
            camera.rate_hz = rate_hz?;
        }
        Ok(camera)
    }

    /// Starts to read a camera that may not be there yet: it is looked for until it is. A film stands for a camera, at
    /// its own pace and round and round.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn expect(source: Source, mirrored: bool, wish: Wish) -> Result<Self, SourceError> {
        Self::begin(source, mirrored, wish, None)
    }

    fn begin(source: Source, mirrored: bool, wish: Wish, first: Option<Opened>) -> Result<Self, SourceError> {
        let is_paced = first.is_none() && !source.is_live();
        let rate_hz = f64::from(wish.rate_hz);
        let (slot, stop, rounds) = (Arc::new(Slot::default()), Arc::new(AtomicBool::new(false)), Progress::default());
        let begun = Instant::now();
        let reading = Reading {
            source,
            mirrored,
            wish,
            is_paced,
            slot: Arc::clone(&slot),
            stop: Arc::clone(&stop),
            rounds: Arc::clone(&rounds),
            begun,
        };
        let thread = std::thread::Builder::new()
            .name("camera".into())
            .spawn(move || reading.run(first))
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

/// What the camera's thread owns.
struct Reading {
    source: Source,
    mirrored: bool,
    wish: Wish,
    /// Whether frames are held back to their time: a film that stands for a camera.
    is_paced: bool,
    slot: Arc<Slot>,
    stop: Arc<AtomicBool>,
    rounds: Progress,
    begun: Instant,
}

impl Reading {
    fn run(self, mut first: Option<Opened>) {
        let (mut number, mut wait, mut is_lost) = (0, RETRY_FIRST, false);
        let (mut reader, mut opened): (Option<Reader>, _) = (None, Instant::now());
        while !self.stop.load(Ordering::Acquire) {
            self.rounds.fetch_add(1, Ordering::AcqRel);
            match reader.as_mut().and_then(Iterator::next) {
                Some(Ok(mut shot)) => {
                    if self.is_paced {
                        let due = Duration::try_from_secs_f64(shot.time_ms / 1000.0).unwrap_or_default();
                        self.wait_in_rounds(due.saturating_sub(opened.elapsed()));
                    }
                    if is_lost {
                        (is_lost, wait) = (false, RETRY_FIRST);
                        self.slot.put(|s| s.0 = Some(News::Back));
                    }
                    shot.number = number;
                    shot.time_ms = self.begun.elapsed().as_secs_f64() * 1000.0;
                    number += 1;
                    self.slot.put(|s| s.1 = Some(shot));
                    continue;
                }
                Some(Err(error)) => self.lose(error, &mut is_lost),
                // Not open yet, or a film that begins again.
                None => is_lost |= reader.is_some() && !self.is_paced,
            }
            // A device may be opened only once: the old one is let go first.
            drop(reader.take());
            if is_lost {
                self.wait_in_rounds(wait);
                wait = (wait * 2).min(RETRY_LONGEST);
            }
            match self.source.open_until(self.mirrored, &self.stop) {
                Ok(mut again) => {
                    again.ask(&self.wish);
                    opened = Instant::now();
                    if let Some(first) = first.take() {
                        let _ = first.send(Ok(again.rate_hz()));
                    }
                    reader = Some(again);
                }
                Err(error) => {
                    let unheard = match first.take() {
                        Some(first) => first.send(Err(error)).map_err(crossbeam_channel::SendError::into_inner),
                        None => Err(Err(error)),
                    };
                    match unheard {
                        Err(Err(error)) => self.lose(error, &mut is_lost),
                        // Whoever started it hears it, and lets it be.
                        _ => return,
                    }
                }
            }
        }
    }

    /// Waits, unless it shall end. To wait is to live: an absent camera that is tried again is not one that hangs.
    fn wait_in_rounds(&self, wait: Duration) {
        let until = Instant::now() + wait;
        while !self.stop.load(Ordering::Acquire) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.rounds.fetch_add(1, Ordering::AcqRel);
            std::thread::sleep(left.min(GLANCE));
        }
    }

    /// Tells once that it is lost.
    fn lose(&self, error: SourceError, is_lost: &mut bool) {
        if !std::mem::replace(is_lost, true) {
            self.slot.put(|s| *s = (Some(News::Lost(error)), None));
        }
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let Some(thread) = self.thread.take() else { return };
        // OpenCV must not be at work when the process ends. A camera that hangs in its driver is left to that end.
        let until = Instant::now() + GOODBYE;
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}
