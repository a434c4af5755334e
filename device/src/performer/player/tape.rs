//! What is played in real time, kept for a .mid file.

use crate::performer::event::Event;
use crossbeam_channel::{Sender, bounded};
use std::thread::JoinHandle;

/// Events under way to the tape at most.
const UNDER_WAY: usize = 4096;

/// A thread that keeps every event it is sent.
#[derive(Debug)]
pub struct Tape {
    thread: JoinHandle<Vec<Event>>,
}

impl Tape {
    /// Starts the tape; the sender is for [`super::Outputs::tape`].
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> std::io::Result<(Sender<Event>, Self)> {
        let (sender, events) = bounded(UNDER_WAY);
        let thread = std::thread::Builder::new().name("tape".to_owned()).spawn(move || events.iter().collect())?;
        Ok((sender, Self { thread }))
    }

    /// All events, once every sender is gone (the player stopped).
    #[must_use]
    pub fn finish(self) -> Vec<Event> {
        // The thread only collects: it has nothing to panic about.
        self.thread.join().unwrap_or_default()
    }
}
