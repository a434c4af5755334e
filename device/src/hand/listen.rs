//! Listening to MIDI ports: a thread for each, and the newest hand for the performer.

use super::echo::{Echoes, Sent};
use super::{Hand, Keys, Meaning, Reading};
use crate::latest::Latest;
use crate::performer::player::{PortGauge, now_us};
use crossbeam_channel::{Receiver, Sender, bounded};
use rasika_hardware::midi::{MidiIn, PortError};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How soon a thread notices that listening has ended.
const GLANCE: Duration = Duration::from_millis(100);
/// Time between two tries to open a lost port.
const RETRY: Duration = Duration::from_millis(1500);
/// Panics this near to one another are one: a panic's own messages, come back late, must not cause the next.
const PANICS_APART_US: u64 = 1_500_000;
/// Reports no one has read yet at most; further ones are dropped.
const REPORTS: usize = 16;

/// Something to tell the user, once.
#[derive(Debug)]
pub enum Report {
    /// A port failed; it is tried again now and then.
    Lost(PortError),
    /// A port is back.
    Back(Arc<str>),
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lost(error) => write!(f, "{error}; what the hand chose stands"),
            Self::Back(name) => write!(f, "{name} is heard again"),
        }
    }
}

/// Opens a port again by its name.
pub type Opener = fn(&str) -> Result<Box<dyn MidiIn>, PortError>;

/// What all listening threads share.
struct Shared {
    reading: Mutex<Reading>,
    hand: Arc<Latest<Hand>>,
    panic: Arc<AtomicBool>,
    panicked_us: AtomicU64,
    stop: AtomicBool,
    report: Sender<Report>,
}

/// Listening to ports. Dropped, it ends, and the hand lets go.
pub struct Listening {
    shared: Arc<Shared>,
    gauges: Vec<Arc<PortGauge>>,
    reports: Receiver<Report>,
    threads: Vec<JoinHandle<()>>,
}

impl Listening {
    /// Listens to open ports: the hand goes to `hand`, a panic to `panic`; what is in `sent` is not listened to.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        ports: Vec<Box<dyn MidiIn>>,
        opener: Opener,
        keys: Keys,
        sent: &Arc<Sent>,
        hand: Arc<Latest<Hand>>,
        panic: Arc<AtomicBool>,
    ) -> std::io::Result<Self> {
        let (report, reports) = bounded(REPORTS);
        let shared = Arc::new(Shared {
            reading: Mutex::new(Reading::new(keys)),
            hand,
            panic,
            panicked_us: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            report,
        });
        let mut listening = Self { shared, gauges: Vec::new(), reports, threads: Vec::new() };
        for port in ports {
            let (shared, gauge) = (Arc::clone(&listening.shared), Arc::new(PortGauge::new(port.name())));
            let echoes = Echoes::new(Arc::clone(sent));
            listening.gauges.push(Arc::clone(&gauge));
            let run = move || listen(port, opener, echoes, &shared, &gauge);
            listening.threads.push(std::thread::Builder::new().name("midi-in".to_owned()).spawn(run)?);
        }
        Ok(listening)
    }

    /// The ports and whether they are open.
    #[must_use]
    pub fn gauges(&self) -> &[Arc<PortGauge>] {
        &self.gauges
    }

    /// What there is to tell the user.
    #[must_use]
    pub fn reports(&self) -> &Receiver<Report> {
        &self.reports
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        for thread in self.threads.drain(..) {
            // A panic there has been printed.
            let _ = thread.join();
        }
        self.shared.hand.set(Hand::default());
    }
}

fn listen(mut port: Box<dyn MidiIn>, opener: Opener, mut echoes: Echoes, shared: &Shared, gauge: &PortGauge) {
    loop {
        let Err(error) = hear(&mut *port, &mut echoes, shared) else { return };
        gauge.lost();
        let _ = shared.report.try_send(Report::Lost(error));
        let name: Arc<str> = port.name().into();
        drop(port);
        port = loop {
            let next = Instant::now() + RETRY;
            while Instant::now() < next {
                if shared.stop.load(Ordering::Acquire) {
                    return;
                }
                std::thread::sleep(GLANCE);
            }
            if let Ok(port) = opener(&name) {
                break port;
            }
        };
        gauge.back();
        let _ = shared.report.try_send(Report::Back(name));
    }
}

/// Hears a port until it is lost, or listening ends.
fn hear(port: &mut dyn MidiIn, echoes: &mut Echoes, shared: &Shared) -> Result<(), PortError> {
    while !shared.stop.load(Ordering::Acquire) {
        let Some(message) = port.receive(GLANCE)? else { continue };
        let now_us = now_us();
        if echoes.is_ours(now_us, message.bytes()) {
            continue;
        }
        // The lock is among listeners; the performer reads the slot.
        let mut reading = shared.reading.lock().unwrap_or_else(PoisonError::into_inner);
        match reading.hear(now_us, message.bytes()) {
            Meaning::Nothing => {}
            Meaning::Changed => shared.hand.set(reading.hand()),
            Meaning::Panic => {
                let last_us = shared.panicked_us.load(Ordering::Relaxed);
                if last_us == 0 || now_us.saturating_sub(last_us) > PANICS_APART_US {
                    shared.panicked_us.store(now_us, Ordering::Relaxed);
                    shared.panic.store(true, Ordering::Release);
                }
            }
        }
    }
    Ok(())
}
