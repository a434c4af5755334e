//! Reaching a box: by name, by address, or because there is only one.

use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rasika_device::link::message::BoxId;
use rasika_device::link::{Client, Expect, Identity, LinkError, Owner, Pace, serial};
use rasika_device::store::{self, Store};
use tokio::net::TcpStream;

use super::address::Address;
use super::book::{Book, KnownBox};
use super::finding;
use crate::place::Place;

/// For a connection in a network; a box that is on answers at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// This laptop: its key, and the boxes it knows.
pub struct Laptop {
    line: Line,
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
        Ok(Self { line: Line { identity, name: host_name() }, book: Book::open(&place.folder)? })
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
        let expect = Expect { name: known.name.clone(), key: known.key };
        let missed = match self.line.begin(&known.address, &expect).await {
            Err(error) if may_have_moved(&known.address, &error) => error,
            other => return other.map_err(told),
        };
        match finding::find(&self.line, &known.address, &expect).await {
            Some((address, client)) => {
                self.book.put(KnownBox { address, ..self.book.with_key(&known.key).unwrap_or(known).clone() })?;
                Ok(client)
            }
            None => Err(told(missed)),
        }
    }

    /// The file of takes that a box speaks for, if it may: nothing of another's is touched. See [`Book::bind`].
    ///
    /// # Errors
    /// It speaks for another's takes, or has not opened its own yet.
    pub fn file_of(&mut self, known: &KnownBox, client: &Client, here: &Store) -> Result<BoxId> {
        let id = client.hello().box_id.context("the box has not opened its takes yet; try again in a moment")?;
        let file = store::BoxId(id.0);
        let is_here = here.boxes()?.iter().any(|(other, _)| *other == file);
        self.book.bind(&known.key, file, is_here)?;
        Ok(id)
    }

    /// Asks a box to be paired, at the first of its addresses where somebody listens; where it is. `owner` compares the
    /// digits.
    ///
    /// # Errors
    /// One of the two persons says no, the box does, or it cannot be reached.
    pub async fn pair(&self, addresses: &[Address], owner: impl Owner) -> Result<(Address, Client), LinkError> {
        let Line { identity, name } = &self.line;
        let mut missed = LinkError::Here("the box announces no address; write it after the verb".to_owned());
        for address in addresses {
            let client = match address {
                Address::Network(at) => match connect(at).await {
                    Ok(stream) => Client::pair(stream, Pace::NETWORK, identity, name, owner).await?,
                    Err(error) => {
                        missed = error;
                        continue;
                    }
                },
                Address::Serial(path, baud) => {
                    let line = serial::connect(serial::open(path, *baud)?).await?;
                    Client::pair(line, Pace::SERIAL, identity, name, owner).await?
                }
            };
            return Ok((address.clone(), client));
        }
        Err(missed)
    }
}

/// Whether a box may be elsewhere: what answers at its address is not it, or says nothing that proves anything. Whoever
/// names a cable means that cable.
fn may_have_moved(address: &Address, error: &LinkError) -> bool {
    let proved = matches!(
        error,
        LinkError::NotLetIn(_) | LinkError::Refused(_) | LinkError::StartsAnew | LinkError::OtherBuild { .. }
    );
    let ours = matches!(error, LinkError::Here(_) | LinkError::KeyFile { .. } | LinkError::NoRandomness);
    matches!(address, Address::Network(_)) && !proved && !ours
}

/// How this laptop calls boxes. Clones are the same laptop.
#[derive(Clone)]
pub(super) struct Line {
    identity: Identity,
    name: String,
}

impl Line {
    /// A laptop of this key that calls itself so.
    #[cfg(test)]
    pub(super) fn of(identity: Identity, name: &str) -> Self {
        Self { identity, name: name.to_owned() }
    }

    /// A session at an address, with the box that is expected there.
    pub(super) async fn begin(&self, address: &Address, expect: &Expect) -> Result<Client, LinkError> {
        let Self { identity, name } = self;
        match address {
            Address::Network(address) => {
                Client::begin(connect(address).await?, Pace::NETWORK, identity, name, expect).await
            }
            Address::Serial(path, baud) => {
                let line = serial::connect(serial::open(path, *baud)?).await?;
                Client::begin(line, Pace::SERIAL, identity, name, expect).await
            }
        }
    }
}

async fn connect(address: &str) -> Result<TcpStream, LinkError> {
    let unreachable = |error: String| LinkError::Unreachable { address: address.to_owned(), error };
    let connected = tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await;
    let connected = connected.map_err(|_| unreachable("no answer".to_owned()))?;
    let stream = connected.map_err(|error| unreachable(error.to_string()))?;
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// What this laptop calls itself.
fn host_name() -> String {
    let read = std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned());
    let named = |name| std::env::var(name).ok();
    let name = read.or_else(|| named("HOSTNAME")).or_else(|| named("COMPUTERNAME")).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| "laptop".to_owned())
}
