//! What laptops are shown of the box: set by the steward, read by whoever asks.

use crate::link::message::MoodNow;
use crate::panel::{Fault, Faults};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// The box as laptops see it. Setting never waits for those who read.
#[derive(Debug, Default)]
pub struct Shown {
    mood: watch::Sender<MoodNow>,
    recording: AtomicBool,
    faults: AtomicU8,
    model: Mutex<String>,
}

impl Shown {
    /// What is seen and played.
    pub fn mood(&self, mood: MoodNow) {
        self.mood.send_if_modified(|shown| {
            let is_new = *shown != mood;
            *shown = mood;
            is_new
        });
    }

    /// Whether a take is being recorded.
    pub fn recording(&self, recording: bool) {
        self.recording.store(recording, Ordering::Release);
    }

    /// Something is wrong, or no longer.
    pub fn fault(&self, fault: Fault, is_there: bool) {
        // Only the steward sets faults.
        let mut faults = Faults::from_bits(self.faults.load(Ordering::Acquire));
        faults.set(fault, is_there);
        self.faults.store(faults.bits(), Ordering::Release);
    }

    /// The model in force.
    pub fn model(&self, name: &str) {
        name.clone_into(&mut self.model.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn moods(&self) -> watch::Receiver<MoodNow> {
        self.mood.subscribe()
    }

    /// Whether a take is being recorded.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.recording.load(Ordering::Acquire)
    }

    /// What is wrong, a sentence each.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let faults = Faults::from_bits(self.faults.load(Ordering::Acquire));
        faults.iter().map(Fault::words).map(|(what, advice)| format!("{what}: {advice}")).collect()
    }

    pub(super) fn model_name(&self) -> String {
        self.model.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
