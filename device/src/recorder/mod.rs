//! The recorder: observations in, takes on the disk, and never anyone made to wait.
//!
//! A thread `recorder` has the store to itself. Perception offers it observations through a bounded channel; what
//! does not fit while the disk is slow is counted, and the count is told with the take. A take is refused before it
//! begins when the disk or the quota is nearly full. Whatever is wrong with the disk or the file is a [`Report`];
//! the box goes on playing, a damaged file is put aside (never deleted) and a new one begun.
//!
//! Pictures are kept only where the settings say so (`keep_images`): a small one each second, as a part of the take, so that
//! they are pulled, proved and pruned with it.

mod keeper;
mod report;
mod worker;

pub use report::Report;

use crate::store::{Picture, Plan};
use crossbeam_channel::{Receiver, Sender, bounded};
use rasika_models::Observation;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

/// Observations that wait for the disk at most: four seconds at 30 frames a second.
const WAITING: usize = 120;
/// Places in the channel that observations leave to orders.
const ORDERS: usize = 16;
/// Reports that wait to be read at most; what is beyond is lost.
const REPORTS: usize = 256;

/// Milliseconds from one picture to the next.
const PICTURES_MS: f64 = 1000.0;

/// What the recorder keeps to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where `takes.db` lies.
    pub folder: PathBuf,
    /// The box's name.
    pub box_name: String,
    /// The file of takes is not made larger than this.
    pub quota_bytes: u64,
    /// So much of the disk is left free.
    pub margin_bytes: u64,
    /// Whether, at the quota, the oldest takes that a laptop has proved to hold are deleted. Others never are.
    pub prune_held: bool,
    /// Whether a picture of the camera is kept each second of a take.
    pub keep_images: bool,
}

impl Settings {
    /// The file of takes.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.join("takes.db")
    }
}

/// What the thread is told, in order.
enum Order {
    Begin(Box<Plan>, u64),
    Seen(Box<Observation>),
    Picture(Picture),
    End,
    DiscardLast,
}

/// What both sides look at.
#[derive(Debug, Default)]
struct Shared {
    /// The take for which observations are wanted, counted from 1 as they are ordered; 0 for none.
    recording: AtomicU64,
    /// Observations that did not fit since the last take ended.
    missed: AtomicU64,
    /// The time of the last picture in milliseconds, as f64's bits.
    pictured: AtomicU64,
}

impl Shared {
    fn is_recording(&self) -> bool {
        self.recording.load(Ordering::Acquire) > 0
    }

    /// Observations of a take are wanted no longer; those of one that was ordered after it are.
    fn stop(&self, take: u64) {
        let _ = self.recording.compare_exchange(take, 0, Ordering::AcqRel, Ordering::Acquire);
    }
}

/// The recorder cannot take an order now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the recorder is waiting for its disk; try again in a moment")]
pub struct Busy;

/// Records takes. Dropping it ends a take that is being recorded as it should, and waits for the disk.
#[derive(Debug)]
pub struct Recorder {
    orders: Option<Sender<Order>>,
    reports: Receiver<Report>,
    shared: Arc<Shared>,
    /// Takes that were ordered.
    ordered: AtomicU64,
    keeps_images: bool,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Starts the thread. What is wrong with the store is reported, and tried again.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let (orders, ordered) = bounded(WAITING + ORDERS);
        let (reporter, reports) = bounded(REPORTS);
        let shared = Arc::new(Shared::default());
        let keeps_images = settings.keep_images;
        let worker = worker::Worker::new(settings, reporter, Arc::clone(&shared));
        let thread = std::thread::Builder::new().name("recorder".into()).spawn(move || worker.run(&ordered))?;
        let (orders, ordered) = (Some(orders), AtomicU64::new(0));
        Ok(Self { orders, reports, shared, ordered, keeps_images, thread: Some(thread) })
    }

    /// Begins a take; [`Report::Begun`] or [`Report::Refused`] follows.
    ///
    /// # Errors
    /// The disk is so slow that not even orders fit any more.
    pub fn begin(&self, plan: Plan) -> Result<(), Busy> {
        // Before the order, so that a refusal comes after it.
        let take = self.ordered.fetch_add(1, Ordering::AcqRel) + 1;
        let before = self.shared.recording.swap(take, Ordering::AcqRel);
        self.shared.pictured.store(f64::NEG_INFINITY.to_bits(), Ordering::Release);
        self.order(Order::Begin(Box::new(plan), take)).inspect_err(|_| {
            self.shared.recording.store(before, Ordering::Release);
        })
    }

    /// Offers what was seen, to be recorded if a take is. Never waits.
    pub fn offer(&self, seen: &Observation) {
        let Some(orders) = self.orders.as_ref().filter(|_| self.shared.is_recording()) else {
            return;
        };
        let fits = orders.len() < WAITING && orders.try_send(Order::Seen(Box::new(seen.clone()))).is_ok();
        if !fits {
            self.shared.missed.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Whether a picture of a frame that came at that time is wanted for the take.
    #[must_use]
    pub fn wants_picture(&self, time_ms: f64) -> bool {
        if !self.keeps_images || !self.shared.is_recording() {
            return false;
        }
        let last = f64::from_bits(self.shared.pictured.load(Ordering::Acquire));
        // A camera's clock that begins anew is no reason to wait.
        !(0.0..PICTURES_MS).contains(&(time_ms - last))
    }

    /// Offers a picture, to be recorded if a take is and pictures are kept. Never waits; one that does not fit is left out.
    pub fn offer_picture(&self, time_ms: f64, picture: Picture) {
        if self.keeps_images
            && let Some(orders) = self.orders.as_ref().filter(|orders| orders.len() < WAITING)
            && orders.try_send(Order::Picture(picture)).is_ok()
        {
            self.shared.pictured.store(time_ms.to_bits(), Ordering::Release);
        }
    }

    /// Ends the take; [`Report::Confirmed`] follows when it is on the disk.
    ///
    /// # Errors
    /// The disk is so slow that not even orders fit any more.
    pub fn end(&self) -> Result<(), Busy> {
        self.order(Order::End)?;
        self.shared.recording.store(0, Ordering::Release);
        Ok(())
    }

    /// Discards the take that was recorded last; it can be restored from the laptop. [`Report::Discarded`] follows, or
    /// [`Report::NothingToDiscard`] where the take that has just ended was empty: the one before it is not meant.
    ///
    /// # Errors
    /// The disk is so slow that not even orders fit any more.
    pub fn discard_last(&self) -> Result<(), Busy> {
        self.order(Order::DiscardLast)
    }

    /// What has happened. Somebody should read it: only the first few hundred wait.
    #[must_use]
    pub fn reports(&self) -> &Receiver<Report> {
        &self.reports
    }

    fn order(&self, order: Order) -> Result<(), Busy> {
        self.orders.as_ref().ok_or(Busy)?.try_send(order).map_err(|_| Busy)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // The thread ends when no more orders can come, after those that wait.
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
