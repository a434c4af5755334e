//! Lost ports, opened again by a thread that may wait.

use super::Opener;
use super::stage::{Live, MOST_PORTS};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Time between two tries to open lost ports.
const RETRY: Duration = Duration::from_millis(1500);
/// How soon the thread notices that the music has stopped.
const GLANCE: Duration = Duration::from_millis(100);

/// The performer's end of the `ports` thread.
pub struct Reopener {
    lost: Sender<Live>,
    back: Receiver<Live>,
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

    /// Hands a lost port over, to be closed and opened again. Does not allocate.
    pub fn give(&self, live: Live) {
        // No more ports than the channel holds are ever on the stage.
        let _ = self.lost.try_send(live);
    }

    /// A port that is open again.
    pub fn take(&self) -> Option<Live> {
        self.back.try_recv().ok()
    }
}

fn reopen(opener: &Opener, stop: &AtomicBool, lost: &Receiver<Live>, back: &Sender<Live>) {
    let mut lost_ports = Vec::new();
    let mut next = Instant::now();
    while !stop.load(Ordering::Acquire) {
        match lost.recv_timeout(GLANCE) {
            Ok(live) => {
                // Closing a line that is stuck may take its time; here no one waits for it.
                lost_ports.push(live.close());
                next = Instant::now() + RETRY;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if Instant::now() >= next {
            next = Instant::now() + RETRY;
            lost_ports.retain(|closed| match opener(closed.name()) {
                // Made here, where allocating is no one's loss.
                Ok(port) => back.try_send(closed.open(port)).is_err(),
                Err(_) => true,
            });
        }
    }
}
