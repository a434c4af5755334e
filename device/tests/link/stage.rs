//! A box that serves and a laptop that is paired with it.

use rasika_device::link::memory::{MemoryBox, MemoryLaptop};
use rasika_device::link::message::{FileName, Label, TakeInfo};
use rasika_device::link::{
    Client, Expect, Identity, KeyRing, LaptopSide as _, Limits, LinkError, Pace, PairingEvent, PairingWindow, Pulled,
    Server,
};
use rasika_models::Rasa;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

/// No test waits longer for anything.
pub const LONG: Duration = Duration::from_secs(60);

pub struct Stage {
    pub served: Arc<MemoryBox>,
    pub server: Server,
    pub box_key: Identity,
    pub laptop_key: Identity,
    pub ring: KeyRing,
    pub window: PairingWindow,
    pub told: Arc<Mutex<Vec<PairingEvent>>>,
    pub folder: tempfile::TempDir,
}

impl Stage {
    /// The laptop is on the box's list.
    pub fn new() -> Self {
        let stage = Self::strangers(Limits::default());
        stage.ring.add("laptop", stage.laptop_key.public()).unwrap();
        stage
    }

    /// The box knows nobody.
    pub fn strangers(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let served = Arc::new(MemoryBox::new("test box", &folder.path().join("inbox")));
        let box_key = Identity::open(&folder.path().join("box/key")).unwrap();
        let ring = KeyRing::open(&folder.path().join("box/laptops.toml")).unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let telling = Arc::clone(&told);
        let window = PairingWindow::new(move |event| telling.lock().unwrap().push(event));
        let side = Arc::clone(&served);
        let server = Server::new(side, box_key.clone(), ring.clone(), window.clone(), limits);
        let laptop_key = Identity::draw().unwrap();
        Self { served, server, box_key, laptop_key, ring, window, told, folder }
    }

    /// Serves on loopback; where.
    pub async fn tcp(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = self.server.clone();
        tokio::spawn(async move { server.serve_tcp(listener).await });
        address
    }

    pub fn expect(&self) -> Expect {
        Expect { name: "test box".to_owned(), key: self.box_key.public() }
    }

    pub async fn client(&self, address: &str) -> Result<Client, LinkError> {
        self.client_on(TcpStream::connect(address).await.unwrap(), Pace::NETWORK).await
    }

    pub async fn client_on<S>(&self, stream: S, pace: Pace) -> Result<Client, LinkError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Client::begin(stream, pace, &self.laptop_key, "laptop", &self.expect()).await
    }

    /// Records takes of that many chunks of that many bytes.
    pub fn record(&self, takes: usize, chunks: usize, bytes: usize) -> Vec<TakeInfo> {
        let take = |number: usize| {
            let chunk = |chunk: usize| noise(bytes, (number * 1000 + chunk) as u32);
            self.served.record(Label(Rasa::from_index(number % 9)), (0..chunks).map(chunk).collect())
        };
        (0..takes).map(take).collect()
    }
}

/// Bytes that do not repeat.
pub fn noise(bytes: usize, seed: u32) -> Vec<u8> {
    let mut out = vec![0; bytes];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut out);
    out
}

/// Brings the laptop up to the box.
pub async fn pull(client: &Client, laptop: &MemoryLaptop) -> Result<Pulled, LinkError> {
    let of = client.status().await?.box_id;
    let mut laptop = laptop.clone();
    let after = laptop.cursor(of).map_err(LinkError::Here)?;
    client.pull(laptop, after, false, |_| {}).await.map(|(_, pulled)| pulled)
}

pub fn name(name: &str) -> FileName {
    FileName::new(name).unwrap()
}
