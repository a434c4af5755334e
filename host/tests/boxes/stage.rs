//! Boxes that serve from memory, and laptops that run the real `rasika`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rasika_device::link::memory::MemoryBox;
use rasika_device::link::message::{Label, TakeInfo};
use rasika_device::link::{Identity, KeyRing, Limits, PairingEvent, PairingWindow, Server};
use rasika_models::Rasa;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::laptop::Laptop;
use crate::takes::chunk;

/// No test waits longer for anything.
const LONG: Duration = Duration::from_secs(60);

/// A box that serves on loopback until it is dropped.
pub struct Stage {
    pub served: Arc<MemoryBox>,
    pub address: String,
    server: Server,
    ring: KeyRing,
    window: PairingWindow,
    told: Receiver<PairingEvent>,
    runtime: Runtime,
    _folder: TempDir,
}

impl Stage {
    /// A box with a key of its own.
    pub fn new(name: &str) -> Self {
        Self::at(name, "127.0.0.1:0")
    }

    /// A box at an address, as one that was set up anew at the place of another.
    pub fn at(name: &str, address: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let served = Arc::new(MemoryBox::new(name, &folder.path().join("inbox")));
        Self::serving(served, folder, address)
    }

    /// The same box with its takes, set up anew: elsewhere, with another key, and knowing nobody.
    pub fn with_another_key(&self) -> Self {
        Self::serving(Arc::clone(&self.served), tempfile::tempdir().unwrap(), "127.0.0.1:0")
    }

    fn serving(served: Arc<MemoryBox>, folder: TempDir, address: &str) -> Self {
        let key = Identity::open(&folder.path().join("key")).unwrap();
        let ring = KeyRing::open(&folder.path().join("laptops.toml")).unwrap();
        let (tell, told) = channel();
        let tell = Mutex::new(tell);
        let window = PairingWindow::new(move |event| {
            let _ = tell.lock().unwrap().send(event);
        });
        let server = Server::new(Arc::clone(&served) as _, key, ring.clone(), window.clone(), Limits::default());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind(address)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let on_network = server.clone();
        runtime.spawn(async move { on_network.serve_tcp(listener).await });
        Self { served, address, server, ring, window, told, runtime, _folder: folder }
    }

    /// Serves a serial line too.
    pub fn serve_line(&self, path: &str, baud: u32) {
        let (server, path) = (self.server.clone(), path.to_owned());
        self.runtime.spawn(async move { server.serve_port(&path, baud, |error| panic!("{error}")).await });
    }

    /// Records takes, one rasa after the other, of five observations a chunk.
    pub fn record(&self, takes: u64, chunks: u64) -> Vec<TakeInfo> {
        let first = self.served.takes().len() as u64;
        let take = |number: u64| {
            let label = Label(Rasa::from_index(number as usize % 9));
            self.served.record(label, (0..chunks).map(|part| chunk(number, part * 5, 5)).collect())
        };
        (first..first + takes).map(take).collect()
    }

    /// The person opens pairing.
    pub fn open_pairing(&self) {
        self.window.open(LONG);
    }

    /// The digits that the box shows, once a laptop asks.
    pub fn asked(&self) -> String {
        let PairingEvent::Asked([a, b, c]) = self.told.recv_timeout(LONG).unwrap() else { panic!("nobody asked") };
        format!("{a} {b} {c}")
    }

    /// The person says yes to these digits.
    pub fn accepts(&self, shown: &str) -> bool {
        let digits: Vec<u8> = shown.split(' ').map(|digit| digit.parse().unwrap()).collect();
        self.window.accept(digits.try_into().unwrap())
    }

    /// Whether the box lets any laptop in.
    pub fn knows_somebody(&self) -> bool {
        !self.ring.list().is_empty()
    }

    /// The person opens pairing, types what the box shows on the laptop, and presses RECORD; what the laptop said.
    pub fn pair(&self, laptop: &Laptop, extra: &[&str]) -> String {
        self.pair_at(&self.address, laptop, extra)
    }

    /// As [`Self::pair`], by way of another address.
    pub fn pair_at(&self, address: &str, laptop: &Laptop, extra: &[&str]) -> String {
        self.window.open(LONG);
        let mut asking = laptop.command(&["pair", address, "--yes", "-"]);
        let mut child = asking.args(extra).stdin(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut shown = String::new();
        lines.read_line(&mut shown).unwrap();
        let blinked = self.asked();
        assert_eq!(shown.trim(), blinked, "laptop and box show the same digits");
        writeln!(child.stdin.take().unwrap(), "{blinked}").unwrap();
        assert!(self.accepts(&blinked));
        lines.read_to_string(&mut shown).unwrap();
        assert!(child.wait().unwrap().success(), "{shown}");
        assert_eq!(self.told.recv_timeout(LONG).unwrap(), PairingEvent::Done(true));
        shown
    }
}

/// Hashes of takes as people read them, sorted.
pub fn hashes(takes: &[TakeInfo]) -> Vec<String> {
    let hex = |take: &TakeInfo| take.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut hashes: Vec<String> = takes.iter().map(hex).collect();
    hashes.sort();
    hashes
}

/// A network that breaks each connection after so many bytes from the box.
pub struct Fragile {
    pub address: String,
    /// Bytes until the break.
    pub budget: Arc<AtomicUsize>,
}

impl Fragile {
    pub fn to(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = listener.local_addr().unwrap().to_string();
        let budget = Arc::new(AtomicUsize::new(usize::MAX));
        let (there, left) = (address.to_owned(), Arc::clone(&budget));
        std::thread::spawn(move || {
            for laptop in listener.incoming().flatten() {
                let Ok(served) = TcpStream::connect(&there) else { continue };
                let (laptop_in, served_out) = (laptop.try_clone().unwrap(), served.try_clone().unwrap());
                std::thread::spawn(move || carry(laptop_in, served_out, usize::MAX));
                let most = left.load(Ordering::Acquire);
                std::thread::spawn(move || carry(served, laptop, most));
            }
        });
        Self { address: here, budget }
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, mut most: usize) {
    let mut bytes = [0; 4096];
    while most > 0 {
        let Ok(count @ 1..) = from.read(&mut bytes) else { break };
        let count = count.min(most);
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
        most -= count;
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
