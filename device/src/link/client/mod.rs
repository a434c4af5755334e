//! The laptop's end: a session with a box, and what can be asked of it.
//!
//! Whatever is asked is called off by dropping its future or its [`Coming`].

mod bulk;
mod pull;

pub use pull::Pulled;

use super::message::{
    Challenge, FileKind, FileName, FileState, Hash, Hello, Known, Label, List, MoodNow, Proof, Pruned, PublicKey,
    Refusal, Request, Status, TakeId, TakeInfo, bounds,
};
use super::mux::{Pace, Session, Stream};
use super::secure::admission::{enrol, enter, say};
use super::secure::handshake::Handshaken;
use super::secure::{Expect, Identity, Owner};
use super::{LinkError, serial};
use serde::de::DeserializeOwned;
use std::io;
use std::marker::PhantomData;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// For a connection to be made, and for the box's first words.
const PATIENCE: Duration = Duration::from_secs(10);

/// For most answers, and between two of the same request.
const ANSWER: Duration = Duration::from_secs(10);
/// For a pushed file to be checked: a model's check may take 20 s on the box.
const CHECKED: Duration = Duration::from_secs(30);
/// For what changes the box's disk much, or waits for a frame.
const CHANGED: Duration = Duration::from_secs(30);

/// How long an answer to a request may take; `None` where nothing need ever come.
fn limit(request: &Request) -> Option<Duration> {
    match request {
        Request::Changes { follow: true, .. } | Request::Logs { follow: true, .. } | Request::WatchMoods { .. } => None,
        Request::Prune { .. } | Request::Held { .. } | Request::Activate { .. } | Request::Rollback { .. } => {
            Some(CHANGED)
        }
        _ => Some(ANSWER),
    }
}

/// How far a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes that are across, those of earlier tries included.
    pub done_bytes: u64,
    /// Bytes in all, as far as is known.
    pub total_bytes: u64,
    /// Takes that are across; of a push or fetch 0.
    pub takes: u64,
}

/// A session with a box. It may be shared; requests do not wait for each other.
pub struct Client {
    session: Session,
    hello: Hello,
    me: PublicKey,
}

impl Client {
    /// Connects over the network; `address` is host:port.
    ///
    /// # Errors
    /// No connection, or as [`Self::begin`].
    pub async fn connect_tcp(address: &str, me: &Identity, name: &str, expect: &Expect) -> Result<Self, LinkError> {
        Self::begin(tcp(address).await?, Pace::NETWORK, me, name, expect).await
    }

    /// Connects over a serial port.
    ///
    /// # Errors
    /// The port does not open, nobody answers, or as [`Self::begin`].
    pub async fn connect_port(
        path: &str,
        baud: u32,
        me: &Identity,
        name: &str,
        expect: &Expect,
    ) -> Result<Self, LinkError> {
        let line = serial::connect(serial::open(path, baud)?).await?;
        Self::begin(line, Pace::SERIAL, me, name, expect).await
    }

    /// Begins a session with a known box on a connection.
    ///
    /// # Errors
    /// It is another box, the box refuses, or one of the two is to be updated.
    pub async fn begin<S>(stream: S, pace: Pace, me: &Identity, name: &str, expect: &Expect) -> Result<Self, LinkError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Self::greet(enter(stream, me, name, expect).await?, pace, me, name).await
    }

    /// Asks a box to be paired on a connection. It returns when the person there and the laptop's owner have both said
    /// yes; keep [`Self::key`] then.
    ///
    /// # Errors
    /// One of them said no, the box is not pairing, or one of the two is to be updated.
    pub async fn pair<S>(stream: S, pace: Pace, me: &Identity, name: &str, owner: impl Owner) -> Result<Self, LinkError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Self::greet(enrol(stream, me, name, owner).await?, pace, me, name).await
    }

    async fn greet<S>(mut peer: Handshaken<S>, pace: Pace, me: &Identity, name: &str) -> Result<Self, LinkError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let ours = Hello::new(name);
        say(&mut peer, &ours.write()?).await?;
        let heard = timeout(PATIENCE, peer.reader.read()).await.map_err(|_| LinkError::TooSlow)??;
        let hello = Hello::read(&heard)?;
        Hello::fits(&ours, &hello)?;
        Ok(Self { session: Session::begin(peer, pace, false), hello, me: me.public() })
    }

    /// The box's key.
    #[must_use]
    pub fn key(&self) -> PublicKey {
        self.session.peer()
    }

    /// What the box is called, and its program's version.
    #[must_use]
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// How the box is.
    ///
    /// # Errors
    /// The box refuses, or the session is over. So for every request.
    pub async fn status(&self) -> Result<Status, LinkError> {
        self.one(Request::Status).await
    }

    /// Ends every note on every port of the box.
    pub async fn panic(&self) -> Result<(), LinkError> {
        self.one(Request::Panic).await
    }

    /// What is seen and played, as it changes.
    pub async fn watch(&self, at_most_hz: u8) -> Result<Coming<MoodNow>, LinkError> {
        self.coming(Request::WatchMoods { at_most_hz }).await
    }

    /// Takes that changed after a change, oldest first.
    pub async fn changes(&self, after: u64, limit: u32, follow: bool) -> Result<Coming<TakeInfo>, LinkError> {
        self.coming(Request::Changes { after, limit, follow }).await
    }

    /// Lines of the box's log.
    pub async fn logs(&self, lines: u32, follow: bool) -> Result<Coming<String>, LinkError> {
        self.coming(Request::Logs { lines, follow }).await
    }

    /// The key of this session's proofs: see [`Proof`].
    pub async fn proof_key(&self) -> Result<[u8; 32], LinkError> {
        let challenge: Challenge = self.one(Request::Challenge).await?;
        Ok(challenge.key(self.key(), self.me))
    }

    /// Proves to the box that this laptop holds takes, so that it may make room by them where its owner allows that; of how
    /// many of them it knows that now.
    pub async fn held(&self, proofs: &[Proof]) -> Result<u32, LinkError> {
        let mut count = 0;
        for proofs in proofs.chunks(256) {
            let held = self.one::<u32>(Request::Held { proofs: proofs.to_vec() }).await?;
            if held as usize > proofs.len() {
                return Err(LinkError::Violation("more takes held than were shown"));
            }
            count += held;
        }
        Ok(count)
    }

    /// Deletes on the box what this laptop proves to hold.
    pub async fn prune(&self, proofs: &[Proof]) -> Result<Vec<Pruned>, LinkError> {
        let mut pruned = Vec::new();
        for proofs in proofs.chunks(256) {
            let some: List<Pruned, { bounds::PRUNED }> = self.one(Request::Prune { proofs: proofs.to_vec() }).await?;
            pruned.extend(some.0);
        }
        Ok(pruned)
    }

    /// Says, on the box, what a take shows.
    pub async fn relabel(&self, id: TakeId, label: Label) -> Result<TakeInfo, LinkError> {
        self.one(Request::Relabel { id, label }).await
    }

    /// Leaves a take out on the box, or takes it in again.
    pub async fn discard(&self, id: TakeId, discarded: bool) -> Result<TakeInfo, LinkError> {
        self.one(Request::Discard { id, discarded }).await
    }

    /// The box's files of a kind.
    pub async fn list(&self, kind: FileKind) -> Result<Vec<FileState>, LinkError> {
        let List(files) = self.one::<List<_, { bounds::FILES }>>(Request::List { kind }).await?;
        Ok(files)
    }

    /// Puts a pushed file in force.
    pub async fn activate(&self, kind: FileKind, name: &FileName, hash: Hash) -> Result<(), LinkError> {
        self.one(Request::Activate { kind, name: name.clone(), hash }).await
    }

    /// Puts in force what was before.
    pub async fn roll_back(&self, kind: FileKind) -> Result<FileState, LinkError> {
        self.one(Request::Rollback { kind }).await
    }

    /// The laptops the box knows.
    pub async fn keys(&self) -> Result<Vec<Known>, LinkError> {
        let List(keys) = self.one::<List<_, { bounds::KEYS }>>(Request::Keys).await?;
        Ok(keys)
    }

    /// Takes a laptop off the box's list; its sessions end, this one too if it is its own.
    pub async fn revoke(&self, key: PublicKey) -> Result<bool, LinkError> {
        self.one(Request::Revoke { key }).await
    }

    /// Why the session is over, once it is.
    pub async fn over(&self) -> LinkError {
        self.session.over().await
    }

    async fn one<T: DeserializeOwned>(&self, request: Request) -> Result<T, LinkError> {
        let mut coming = self.coming(request).await?;
        coming.next().await?.ok_or(LinkError::Violation("no answer"))
    }

    async fn coming<T>(&self, request: Request) -> Result<Coming<T>, LinkError> {
        let stream = self.session.open(ANSWER).await?;
        stream.send(&request).await?;
        Ok(Coming { stream: Some(stream), limit: limit(&request), kind: PhantomData })
    }
}

/// A connection over the network, for [`Client::begin`].
///
/// # Errors
/// There is none.
pub async fn tcp(address: &str) -> Result<TcpStream, LinkError> {
    let unreachable = |error: String| LinkError::Unreachable { address: address.to_owned(), error };
    let connected = timeout(PATIENCE, TcpStream::connect(address)).await;
    let stream = connected.map_err(|_| unreachable("no answer".to_owned()))?;
    let stream = stream.map_err(|error| match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            unreachable("nobody listens there; a box that starts anew is back in a few seconds".to_owned())
        }
        _ => unreachable(error.to_string()),
    })?;
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// What comes on a request, one after the other. Dropped, the request is called off.
pub struct Coming<T> {
    stream: Option<Stream>,
    /// How long each may take.
    limit: Option<Duration>,
    kind: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Coming<T> {
    /// The next; `None` at the end.
    ///
    /// # Errors
    /// The box refuses, or the session is over.
    pub async fn next(&mut self) -> Result<Option<T>, LinkError> {
        let Some(stream) = &mut self.stream else { return Ok(None) };
        let came = match self.limit {
            Some(limit) => stream.receive_within::<Result<T, Refusal>>(limit).await,
            None => stream.receive().await,
        };
        match came {
            Ok(Some(Ok(thing))) => Ok(Some(thing)),
            Ok(Some(Err(refusal))) => Err(refusal.into()),
            Ok(None) => {
                if let Some(stream) = self.stream.take() {
                    stream.finished();
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
