//! Signs of life to the service manager: systemd's `sd_notify` protocol, which is a datagram of `KEY=value` lines.
//!
//! `READY=1` goes out once music plays. `WATCHDOG=1` goes out only while everything that must move has moved since the
//! last time: the performer plays its next window, the camera's loop goes round (a camera that is absent and tried
//! again goes round too), somebody looks. If one of them stands still, nothing is said and the manager starts the box
//! anew. Without a service manager (no `NOTIFY_SOCKET`) nothing happens at all.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often it is looked whether the first note has been played, and whether it is time to end.
const GLANCE: Duration = Duration::from_millis(50);
/// Signs of life within the time the manager waits: two may be late or missed.
const SIGNS_A_TIMEOUT: u32 = 4;

/// A count of what somebody has done: it moves as long as they do.
pub type Progress = Arc<AtomicU64>;

/// Where signs of life go, as the service manager put it into the environment.
#[derive(Debug)]
pub struct Notifier {
    socket: UnixDatagram,
    to: SocketAddr,
    /// The manager gives up after this time without a sign; `None` if it does not watch.
    timeout: Option<Duration>,
}

impl Notifier {
    /// The manager's socket; `None` without one.
    ///
    /// # Errors
    /// `NOTIFY_SOCKET` is set to what is no socket's address.
    pub fn from_environment() -> io::Result<Option<Self>> {
        let number = |name| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
        // The watchdog may be another process' of the same service.
        let ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let timeout = number("WATCHDOG_USEC").filter(|&us| ours && us > 0).map(Duration::from_micros);
        match std::env::var("NOTIFY_SOCKET") {
            Ok(address) if !address.is_empty() => Self::at(&address, timeout).map(Some),
            _ => Ok(None),
        }
    }

    /// A socket by its path, or by its name in the abstract name space after an `@`.
    ///
    /// # Errors
    /// No socket can have this address.
    pub fn at(address: &str, timeout: Option<Duration>) -> io::Result<Self> {
        let to = match address.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(address)?,
        };
        let socket = UnixDatagram::unbound()?;
        // A manager that does not read must not stop the music.
        socket.set_nonblocking(true)?;
        Ok(Self { socket, to, timeout })
    }

    fn say(&self, lines: &str) {
        // A manager that is gone or busy hears the next one.
        let _ = self.socket.send_to_addr(lines.as_bytes(), &self.to);
    }
}

/// Tells the service manager how the box is. Dropping it says that the box is ending.
#[derive(Debug, Default)]
pub struct Supervision {
    notifier: Option<Arc<Notifier>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Supervision {
    /// Begins to give signs of life while all of `vitals` move; the first move of all is when the box is ready.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(notifier: Option<Notifier>, vitals: Vec<Progress>) -> io::Result<Self> {
        let Some(notifier) = notifier.map(Arc::new) else { return Ok(Self::default()) };
        let stop = Arc::new(AtomicBool::new(false));
        let signs =
            Signs { notifier: Arc::clone(&notifier), stop: Arc::clone(&stop), last: vec![0; vitals.len()], vitals };
        let thread = std::thread::Builder::new().name("supervision".into()).spawn(move || signs.give())?;
        Ok(Self { notifier: Some(notifier), stop, thread: Some(thread) })
    }

    /// One line that `systemctl status` shows.
    pub fn status(&self, line: &str) {
        if let Some(notifier) = &self.notifier {
            // The protocol ends a value at the line's end.
            notifier.say(&format!("STATUS={}", line.replace('\n', " ")));
        }
    }
}

impl Drop for Supervision {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(notifier) = &self.notifier {
            notifier.say("STOPPING=1\nSTATUS=ending");
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread owns.
struct Signs {
    notifier: Arc<Notifier>,
    stop: Arc<AtomicBool>,
    vitals: Vec<Progress>,
    /// How far each had come at the last sign.
    last: Vec<u64>,
}

impl Signs {
    fn give(mut self) {
        while !self.all_moved() {
            if self.stopped_within(GLANCE) {
                return;
            }
        }
        self.notifier.say("READY=1\nSTATUS=playing");
        let Some(timeout) = self.notifier.timeout else { return };
        self.notifier.say("WATCHDOG=1");
        while !self.stopped_within(timeout / SIGNS_A_TIMEOUT) {
            if self.all_moved() {
                self.notifier.say("WATCHDOG=1");
            }
        }
    }

    /// Whether each has moved since this was last true; if one has not, all are still compared with that time.
    fn all_moved(&mut self) -> bool {
        let now: Vec<u64> = self.vitals.iter().map(|vital| vital.load(Ordering::Acquire)).collect();
        let moved = now.iter().zip(&self.last).all(|(now, last)| now != last);
        if moved {
            self.last = now;
        }
        moved
    }

    fn stopped_within(&self, wait: Duration) -> bool {
        let until = Instant::now() + wait;
        while !self.stop.load(Ordering::Acquire) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            std::thread::sleep(left.min(GLANCE));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A manager that listens, and the notifier that speaks to it.
    struct Manager {
        socket: UnixDatagram,
        _folder: tempfile::TempDir,
        path: String,
    }

    impl Manager {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("notify");
            let socket = UnixDatagram::bind(&path).unwrap();
            Self { socket, path: path.to_str().unwrap().to_owned(), _folder: folder }
        }

        fn notifier(&self, timeout_ms: u64) -> Option<Notifier> {
            Some(Notifier::at(&self.path, (timeout_ms > 0).then(|| Duration::from_millis(timeout_ms))).unwrap())
        }

        /// The next message, waited for; `None` if none comes in `within_ms`.
        fn hears(&self, within_ms: u64) -> Option<String> {
            self.socket.set_read_timeout(Some(Duration::from_millis(within_ms))).unwrap();
            let mut bytes = [0; 256];
            let count = self.socket.recv(&mut bytes).ok()?;
            Some(String::from_utf8(bytes[..count].to_vec()).unwrap())
        }

        /// Everything that has arrived.
        fn empty(&self) {
            while self.hears(1).is_some() {}
        }
    }

    const LONG_MS: u64 = 10_000;

    fn vitals<const N: usize>() -> [Progress; N] {
        std::array::from_fn(|_| Progress::default())
    }

    /// Moves a vital every 5 ms until the flag says stop.
    fn moving(vital: &Progress, stop: &Arc<AtomicBool>) -> JoinHandle<()> {
        let (vital, stop) = (Arc::clone(vital), Arc::clone(stop));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Acquire) {
                vital.fetch_add(1, Ordering::AcqRel);
                std::thread::sleep(Duration::from_millis(5));
            }
        })
    }

    #[test]
    fn ready_is_said_when_everything_has_moved_and_not_before() {
        let manager = Manager::new();
        let [performer, camera] = vitals();
        let box_ = Supervision::start(manager.notifier(0), vec![performer.clone(), camera.clone()]).unwrap();
        performer.store(7, Ordering::Release);
        assert_eq!(manager.hears(200), None, "the camera has not moved yet");
        camera.store(1, Ordering::Release);
        assert_eq!(manager.hears(LONG_MS).as_deref(), Some("READY=1\nSTATUS=playing"));
        drop(box_);
        assert_eq!(manager.hears(LONG_MS).as_deref(), Some("STOPPING=1\nSTATUS=ending"));
    }

    #[test]
    fn the_watchdog_is_fed_only_while_everything_moves() {
        let manager = Manager::new();
        let [performer, camera] = vitals();
        let stop = [Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false))];
        let threads = [moving(&performer, &stop[0]), moving(&camera, &stop[1])];
        let box_ = Supervision::start(manager.notifier(200), vec![performer, camera]).unwrap();
        assert_eq!(manager.hears(LONG_MS).as_deref(), Some("READY=1\nSTATUS=playing"));
        for _ in 0..5 {
            assert_eq!(manager.hears(LONG_MS).as_deref(), Some("WATCHDOG=1"));
        }
        stop[0].store(true, Ordering::Release);
        let [performer, camera] = threads;
        performer.join().unwrap();
        // What was on its way, and one more for what the performer did last.
        std::thread::sleep(Duration::from_millis(200));
        manager.empty();
        assert_eq!(manager.hears(400), None, "the camera alone is not enough");
        drop(box_);
        stop[1].store(true, Ordering::Release);
        camera.join().unwrap();
    }

    #[test]
    fn a_status_is_one_line() {
        let manager = Manager::new();
        let box_ = Supervision::start(manager.notifier(0), vec![Progress::default()]).unwrap();
        box_.status("no camera;\ntrying again");
        assert_eq!(manager.hears(LONG_MS).as_deref(), Some("STATUS=no camera; trying again"));
    }

    #[test]
    fn an_abstract_address_is_understood_and_a_manager_that_is_gone_is_no_error() {
        let name = format!("rasika-test-{}", std::process::id());
        let listening = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        let notifier = Notifier::at(&format!("@{name}"), None).unwrap();
        notifier.say("READY=1");
        let mut bytes = [0; 16];
        assert_eq!(listening.recv(&mut bytes).unwrap(), 7);
        drop(listening);
        notifier.say("READY=1");
    }

    #[test]
    fn without_a_manager_nothing_is_started() {
        let box_ = Supervision::start(None, vec![Progress::default()]).unwrap();
        assert!(box_.thread.is_none());
        box_.status("nobody hears");
    }
}
