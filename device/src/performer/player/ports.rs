//! Lost ports, opened again by a thread that may wait.

use super::Opener;
use super::stage::MOST_PORTS;
use crate::performer::sounding::Sounding;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use rasika_hardware::midi::MidiOut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Time between two tries to open lost ports.
const RETRY: Duration = Duration::from_millis(1500);
/// How soon the thread notices that the music has stopped.
const GLANCE: Duration = Duration::from_millis(100);

/// A port that is not played on, and what the synth behind it was left with.
pub struct Silent {
    /// The port.
    pub port: Box<dyn MidiOut>,
    /// What sounded when it was lost.
    pub sounding: Sounding,
}

/// The performer's end of the `ports` thread.
pub struct Reopener {
    lost: Sender<Silent>,
    back: Receiver<Silent>,
}

impl Reopener {
    /// Starts the thread; it ends when `stop` is set or the performer is gone.
    pub fn start(opener: Opener, stop: Arc<AtomicBool>) -> std::io::Result<Self> {
        let (lost, lost_ports) = bounded(MOST_PORTS);
        let (back_ports, back) = bounded(MOST_PORTS);
        let run = move || reopen(&opener, &stop, &lost_ports, &back_ports);
        std::thread::Builder::new().name("ports".to_owned()).spawn(run)?;
        Ok(Self { lost, back })
    }

    /// Hands a lost port over, to be closed and opened again.
    pub fn give(&self, port: Silent) {
        // No more ports than the channel holds are ever on the stage.
        let _ = self.lost.try_send(port);
    }

    /// A port that is open again.
    pub fn take(&self) -> Option<Silent> {
        self.back.try_recv().ok()
    }
}

fn reopen(opener: &Opener, stop: &AtomicBool, lost: &Receiver<Silent>, back: &Sender<Silent>) {
    let mut names: Vec<(String, Sounding)> = Vec::new();
    let mut next = Instant::now();
    while !stop.load(Ordering::Acquire) {
        match lost.recv_timeout(GLANCE) {
            Ok(Silent { port, sounding }) => {
                names.push((port.name().to_owned(), sounding));
                next = Instant::now() + RETRY;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if Instant::now() >= next {
            next = Instant::now() + RETRY;
            names.retain(|(name, sounding)| match opener(name) {
                Ok(port) => back.try_send(Silent { port, sounding: sounding.clone() }).is_err(),
                Err(_) => true,
            });
        }
    }
}
