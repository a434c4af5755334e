//! The box's side of the link: the thread that serves laptops over the network and over serial lines.
//!
//! It opens what the settings name and opens again what goes away; nothing of it ever stops the music. [`side`] answers
//! what laptops ask, [`shown`] is what they are shown, [`takes`] puts the store's takes on the wire and back.

pub mod pulling;
mod shown;
mod side;
pub mod takes;

pub use shown::Shown;
pub use side::{Adopt, Check, IN_FORCE, Parts, TAKE_RUNS};

use crate::link::discovery::Announcement;
use crate::link::message::FileKind;
use crate::link::secure::pairing::OPEN;
use crate::link::{BoxSide, Identity, KeyRing, Limits, LinkError, PairingEvent, PairingWindow, Server};
use crossbeam_channel::{Receiver, Sender, bounded};
use side::Side;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Between two tries to open what could not be opened.
const AGAIN: Duration = Duration::from_secs(5);
/// For what is under way when the box ends.
const FAREWELL: Duration = Duration::from_secs(1);
/// Lines that nobody has read yet.
const REPORTS: usize = 64;

/// How laptops reach the box.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Addresses and ports.
    pub listen: Vec<SocketAddr>,
    /// Serial ports, each with its baud rate.
    pub serial: Vec<(String, u32)>,
    /// Whether the box is announced in the network.
    pub mdns: bool,
    /// Folder of the box's key and of those it knows.
    pub keys: PathBuf,
    /// All of this was pushed, and a laptop has to come through it within this time; else it is taken back.
    pub on_trial: Option<Duration>,
}

/// What the thread is told.
enum Wake {
    TakesChanged { anew: bool },
    StartAnew,
    Stop,
}

/// The thread that serves laptops. Dropped, every session is over.
pub struct Laptops {
    window: PairingWindow,
    ring: KeyRing,
    wake: mpsc::UnboundedSender<Wake>,
    reports: Receiver<String>,
    lost: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Laptops {
    /// Begins to serve. `pairing` hears of laptops that want to be paired; it must not wait.
    ///
    /// # Errors
    /// The box's keys cannot be read or made, or there is no thread.
    pub fn start(
        settings: Settings,
        parts: Parts,
        pairing: impl Fn(PairingEvent) + Send + Sync + 'static,
    ) -> Result<Self, LinkError> {
        let identity = Identity::open(&settings.keys.join("key"))?;
        let ring = KeyRing::open(&settings.keys.join("laptops.toml"))?;
        let window = PairingWindow::new(pairing);
        let (wake, woken) = mpsc::unbounded_channel();
        let (told, reports) = bounded(REPORTS);
        let lost = Arc::new(AtomicBool::new(settings.on_trial.is_some()));
        let waiting = Arc::clone(&lost);
        let at_work = Work { settings, identity, ring: ring.clone(), window: window.clone(), told, lost: waiting };
        let here = |error: io::Error| LinkError::Here(format!("there is no thread for laptops ({error})"));
        let thread = std::thread::Builder::new().name("laptops".to_owned()).spawn(move || {
            yield_to_the_music();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(8).build();
            match runtime {
                Ok(runtime) => {
                    runtime.block_on(at_work.serve(parts, woken));
                    runtime.shutdown_timeout(FAREWELL);
                }
                Err(error) => at_work.tell(&format!("laptops cannot be served ({error}); start the box again")),
            }
        });
        Ok(Self { window, ring, wake, reports, lost, thread: Some(thread.map_err(here)?) })
    }

    /// One new laptop may ask to be paired.
    pub fn open_pairing(&self) {
        self.window.open(OPEN);
    }

    /// None any more.
    pub fn close_pairing(&self) {
        self.window.close();
    }

    /// Lets the laptop in that asked with these digits; false if it has left.
    #[must_use = "a laptop may have left meanwhile"]
    pub fn accept(&self, digits: [u8; 3]) -> bool {
        self.window.accept(digits)
    }

    /// Does not let it in.
    pub fn refuse(&self, digits: [u8; 3]) {
        self.window.refuse(digits);
    }

    /// The laptops that are let in.
    #[must_use]
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// The recorder has changed takes; `anew` if it has begun another file.
    pub fn takes_changed(&self, anew: bool) {
        let _ = self.wake.send(Wake::TakesChanged { anew });
    }

    /// The box starts anew: laptops are told so, those that are there and those that come.
    pub fn start_anew(&self) {
        let _ = self.wake.send(Wake::StartAnew);
    }

    /// Whether these settings are on trial, and no laptop has come through them yet.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// What there is to tell.
    #[must_use]
    pub fn reports(&self) -> &Receiver<String> {
        &self.reports
    }
}

impl Drop for Laptops {
    fn drop(&mut self) {
        let _ = self.wake.send(Wake::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Serving laptops may wait; perception and performer may not.
fn yield_to_the_music() {
    const NICE: libc::c_int = 5;
    // SAFETY: a plain system call; on Linux 0 is the calling thread, and threads it starts inherit it.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
}

struct Work {
    settings: Settings,
    identity: Identity,
    ring: KeyRing,
    window: PairingWindow,
    told: Sender<String>,
    lost: Arc<AtomicBool>,
}

impl Work {
    fn tell(&self, line: &str) {
        tell(&self.told, line);
    }

    async fn serve(self, parts: Parts, mut woken: mpsc::UnboundedReceiver<Wake>) {
        let Self { settings, identity, ring, window, told, lost } = self;
        for kind in parts.shelf.on_trial() {
            if kind != FileKind::Config || settings.on_trial.is_none() {
                side::prove_later(&parts.shelf, &parts.journal, kind);
            }
        }
        let proving = settings.on_trial.map(|within| {
            let (shelf, journal, adopt) = (Arc::clone(&parts.shelf), parts.journal.clone(), Arc::clone(&parts.adopt));
            let told = told.clone();
            side::Proving { shelf, journal, adopt, within, told: Box::new(move |line| tell(&told, line)) }
        });
        let (name, key) = (parts.name.clone(), identity.public());
        let side = Arc::new(Side::new(parts));
        let boxed: Arc<dyn BoxSide> = Arc::clone(&side) as _;
        let server = Server::new(boxed, identity, ring, window, Limits::default());
        if let Some(proving) = proving {
            tokio::spawn(side::prove_link(proving, server.begun(), lost));
        }
        let (bound, mut ports) = mpsc::unbounded_channel();
        for address in settings.listen {
            tokio::spawn(listen(server.clone(), address, told.clone(), bound.clone()));
        }
        for (path, baud) in settings.serial {
            tokio::spawn(listen_on_line(server.clone(), path, baud, told.clone()));
        }
        let mut announced = None;
        loop {
            tokio::select! {
                wake = woken.recv() => match wake {
                    Some(Wake::TakesChanged { anew }) => {
                        let side = Arc::clone(&side);
                        tokio::task::spawn_blocking(move || side.takes_changed(anew));
                    }
                    Some(Wake::StartAnew) => server.start_anew(),
                    Some(Wake::Stop) | None => return,
                },
                Some(port) = ports.recv(), if settings.mdns && announced.is_none() => {
                    match Announcement::begin(&name, &key, port) {
                        Ok(announcement) => announced = Some(announcement),
                        Err(error) => tell(&told, &format!("laptops have to be given the box's address: {error}")),
                    }
                }
            }
        }
    }
}

fn tell(told: &Sender<String>, line: &str) {
    let _ = told.try_send(line.to_owned());
}

async fn listen(server: Server, address: SocketAddr, told: Sender<String>, bound: mpsc::UnboundedSender<u16>) {
    let mut said = false;
    loop {
        match bind(address).await {
            Ok(listener) => {
                let port = listener.local_addr().map_or(address.port(), |address| address.port());
                tell(&told, &format!("laptops reach the box at port {port}"));
                let _ = bound.send(port);
                server.serve_tcp(listener).await;
            }
            Err(error) if !said => {
                said = true;
                tell(
                    &told,
                    &format!("no laptop can reach {address} ({error}); set link.listen, or end what listens there"),
                );
            }
            Err(_) => {}
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Listens; where all addresses are wanted and the kernel knows no IPv6, on those of IPv4.
async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(error)
            if address.is_ipv6() && address.ip().is_unspecified() && error.kind() != io::ErrorKind::AddrInUse =>
        {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await
        }
        other => other,
    }
}

/// Serves a line that may come and go: a gadget's port is only there while it is set up.
async fn listen_on_line(server: Server, path: String, baud: u32, told: Sender<String>) {
    while !Path::new(&path).exists() {
        tokio::time::sleep(AGAIN).await;
    }
    server.serve_port(&path, baud, |error| tell(&told, &error.to_string())).await;
}
