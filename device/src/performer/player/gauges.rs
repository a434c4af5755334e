//! What may be read of a performance while it plays: atomics that any thread looks at and the performer never waits for.

use super::lateness::Lateness;
use crate::hand::Hand;
use crate::latest::Latest;
use crate::performer::status::Status;
use rasika_models::Mood;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

/// A port as seen from outside.
#[derive(Debug)]
pub struct PortGauge {
    name: Arc<str>,
    open: AtomicBool,
    losses: AtomicU32,
}

impl PortGauge {
    /// A port that is open.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), open: AtomicBool::new(true), losses: AtomicU32::new(0) }
    }

    /// The word it is opened by.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whether it is open now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// How often it was lost.
    #[must_use]
    pub fn losses(&self) -> u32 {
        self.losses.load(Ordering::Relaxed)
    }

    /// It was lost.
    pub fn lost(&self) {
        self.open.store(false, Ordering::Release);
        self.losses.fetch_add(1, Ordering::Relaxed);
    }

    /// It is open again.
    pub fn back(&self) {
        self.open.store(true, Ordering::Release);
    }
}

/// A performance as seen from outside. A clone is another pair of eyes on the same.
#[derive(Debug, Clone)]
pub struct Gauges {
    /// What is sounding.
    pub status: Arc<Latest<Status>>,
    /// The mood that is seen.
    pub moods: Arc<Latest<Mood>>,
    /// What the hand has chosen; whoever listens to it sets it.
    pub hand: Arc<Latest<Hand>>,
    /// Set, it ends every note, and the music goes on.
    pub panic: Arc<AtomicBool>,
    /// How late events have been handed to the ports.
    pub lateness: Arc<Lateness>,
    /// How late notes' last bytes have left cables with a limit.
    pub cable_lateness: Arc<Lateness>,
    /// How late a bare loop beside the performer has been.
    pub bare_lateness: Arc<Lateness>,
    /// Whether the performer has real-time priority.
    pub real_time: Arc<AtomicBool>,
    /// The ports that are played on.
    pub ports: Arc<[Arc<PortGauge>]>,
    /// When the performance began.
    pub begun: Instant,
}
