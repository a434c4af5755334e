//! Reaching a box: by name, by address, or because there is only one.

use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rasika_device::link::discovery::{self, Found};
use rasika_device::link::{Client, Expect, Identity, LinkError, Pace, serial};
use tokio::net::TcpStream;

use super::address::Address;
use super::book::{Book, KnownBox};
use crate::place::Place;

/// For a connection in a network; a box that is on answers at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a box that is not where it was is looked for.
const SEARCH: Duration = Duration::from_secs(3);

/// This laptop: its key, and the boxes it knows.
pub struct Laptop {
    identity: Identity,
    name: String,
    /// The boxes.
    pub book: Book,
}

/// Runs what waits for boxes.
///
/// # Errors
/// What `work` says, or the system has no threads.
pub fn here<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot wait for boxes")?;
    runtime.block_on(work)
}

/// An error of the link, as people read it.
pub fn told(error: LinkError) -> anyhow::Error {
    anyhow::Error::new(error)
}

impl Laptop {
    /// This laptop, as its data folder knows it; its key is made at the first time.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn at(place: &Place) -> Result<Self> {
        let identity = Identity::open(&place.folder.join("key"))?;
        Ok(Self { identity, name: host_name(), book: Book::open(&place.folder)? })
    }

    /// The box that is meant: by name, or the only one there is.
    ///
    /// # Errors
    /// There is none, or it is not clear which.
    pub fn meant(&self, named: Option<&str>) -> Result<KnownBox> {
        let names = || self.book.boxes().iter().map(|known| known.name.as_str()).collect::<Vec<_>>().join(", ");
        match (named, self.book.boxes()) {
            (_, []) => bail!("no box is known yet; hold both its buttons for three seconds, then run `rasika pair`"),
            (Some(name), _) => match self.book.named(name) {
                Some(known) => Ok(known.clone()),
                // Somebody may write where it is instead of what it is called.
                None => {
                    let address: Option<Address> = name.parse().ok();
                    let at = self.book.boxes().iter().find(|known| Some(&known.address) == address.as_ref());
                    at.cloned().with_context(|| format!("no box is called '{name}'; known are {}", names()))
                }
            },
            (None, [only]) => Ok(only.clone()),
            (None, _) => bail!("which box? known are {}; write its name after the verb", names()),
        }
    }

    /// A session with a known box. One that is no longer where it was is looked for in the network.
    ///
    /// # Errors
    /// It cannot be reached, is another, or does not let this laptop in.
    pub async fn reach(&mut self, known: &KnownBox) -> Result<Client> {
        let expect = Expect::Box { name: known.name.clone(), key: known.key };
        let missed = match self.begin(&known.address, &expect, |_| {}).await {
            Err(error @ (LinkError::Unreachable { .. } | LinkError::KeyChanged { .. })) => error,
            other => return other.map_err(told),
        };
        let Some(found) = find(&known.key.fingerprint()).await else { return Err(told(missed)) };
        for address in found.addresses {
            let address = Address::Network(address.to_string());
            if address == known.address {
                continue;
            }
            if let Ok(client) = self.begin(&address, &expect, |_| {}).await {
                self.book.put(KnownBox { address, ..known.clone() })?;
                return Ok(client);
            }
        }
        Err(told(missed))
    }

    /// Asks a box to be paired; `show` gets the digits that are to be compared.
    ///
    /// # Errors
    /// The box refuses, or cannot be reached.
    pub async fn pair(&self, address: &Address, show: impl FnOnce([u8; 3])) -> Result<Client, LinkError> {
        self.begin(address, &Expect::Any, show).await
    }

    async fn begin(&self, address: &Address, expect: &Expect, show: impl FnOnce([u8; 3])) -> Result<Client, LinkError> {
        let Self { identity, name, .. } = self;
        match address {
            Address::Network(address) => {
                let unreachable = |error: String| LinkError::Unreachable { address: address.clone(), error };
                let connected = tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await;
                let connected = connected.map_err(|_| unreachable("no answer".to_owned()))?;
                let stream = connected.map_err(|error| unreachable(error.to_string()))?;
                let _ = stream.set_nodelay(true);
                Client::begin(stream, Pace::NETWORK, identity, name, expect, show).await
            }
            Address::Serial(path, baud) => {
                let line = serial::connect(serial::open(path, *baud)?).await?;
                Client::begin(line, Pace::SERIAL, identity, name, expect, show).await
            }
        }
    }
}

/// Looks for the box of a key in the network.
async fn find(fingerprint: &str) -> Option<Found> {
    let wanted = fingerprint.replace(' ', "");
    let search = move || {
        let is_it = |found: &Found| found.fingerprint.replace(' ', "") == wanted;
        let found = discovery::discover(SEARCH, |found| !is_it(found)).ok()?;
        found.into_iter().find(is_it)
    };
    tokio::task::spawn_blocking(search).await.ok().flatten()
}

/// What this laptop calls itself.
fn host_name() -> String {
    let read = std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned());
    let named = |name| std::env::var(name).ok();
    let name = read.or_else(|| named("HOSTNAME")).or_else(|| named("COMPUTERNAME")).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| "laptop".to_owned())
}
