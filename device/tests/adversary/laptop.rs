//! A laptop that says what a test wants.

use std::collections::BTreeMap;
use std::io;
use std::ops::{Deref, DerefMut};

use rasika_device::link::message::{self, Hello, Refusal, Request};
use rasika_device::link::secure::digits;
use rasika_device::link::secure::handshake::GENERATION;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use super::wire::{Key, Wire};

/// What the first handshake message asks for.
pub const SESSION: u8 = 0;
pub const PAIR: u8 = 1;

/// A laptop. It is the [`Wire`] it speaks over.
pub struct FakeLaptop {
    pub wire: Wire,
    newest: u32,
    /// Parts of messages that are not whole, by stream.
    parts: BTreeMap<u32, Vec<u8>>,
}

impl Deref for FakeLaptop {
    type Target = Wire;

    fn deref(&self) -> &Wire {
        &self.wire
    }
}

impl DerefMut for FakeLaptop {
    fn deref_mut(&mut self) -> &mut Wire {
        &mut self.wire
    }
}

impl FakeLaptop {
    /// A handshake that asks for a session ([`SESSION`]) or to be paired ([`PAIR`]).
    pub async fn knock(address: &str, key: &Key, intent: u8) -> io::Result<Self> {
        Self::knock_on(TcpStream::connect(address).await?, key, intent).await
    }

    /// As [`Self::knock`], on a connection that is there (as one from another source address).
    pub async fn knock_on(stream: TcpStream, key: &Key, intent: u8) -> io::Result<Self> {
        let wire = Wire::initiate(stream, key, &[GENERATION, intent], b"rogue").await?;
        Ok(Self { wire, newest: 0, parts: BTreeMap::new() })
    }

    /// A session as a laptop on the box's list; an error if the box does not let it in.
    pub async fn enter(address: &str, key: &Key, hello: &Hello) -> io::Result<Self> {
        let mut laptop = Self::knock(address, key, SESSION).await?;
        laptop.greet(hello).await?;
        Ok(laptop)
    }

    /// Waits for the verdict that lets it in, and exchanges hellos; the box's.
    pub async fn greet(&mut self, hello: &Hello) -> io::Result<Hello> {
        match self.hear().await?[..] {
            [0] => {}
            ref verdict => return Err(io::Error::other(format!("not let in: {verdict:?}"))),
        }
        self.say(&hello.write().unwrap()).await;
        Hello::read(&self.hear().await?).map_err(io::Error::other)
    }

    /// Asks to be paired up to the digits, waiting for its turn; the digits. The box then waits for its owner's yes:
    /// `say(&[1])`.
    pub async fn exchange(&mut self) -> io::Result<[u8; 3]> {
        loop {
            match self.hear().await?[..] {
                [9] => {}
                [8] => break,
                ref verdict => return Err(io::Error::other(format!("refused: {verdict:?}"))),
            }
        }
        let ours = [3; 32];
        let commitment = digits::commitment(&self.wire.hash, &ours);
        self.say(&commitment).await;
        let theirs: [u8; 32] = self.hear().await?.try_into().map_err(|_| io::Error::other("no number"))?;
        self.say(&ours).await;
        Ok(digits::digits(&self.wire.hash, &ours, &theirs))
    }

    /// Opens the next stream with a request; the stream's number.
    pub async fn request(&mut self, request: &Request) -> u32 {
        self.open(&message::write(request).unwrap()).await
    }

    /// Opens the next stream with any bytes as its first message; the stream's number.
    pub async fn open(&mut self, bytes: &[u8]) -> u32 {
        self.newest += 1;
        let stream = self.newest;
        self.message(stream, bytes).await;
        stream
    }

    /// The next message on a stream, as bytes; `None` where the box has ended or cancelled it. What comes on other
    /// streams meanwhile is lost. It is no reader that gives credit: see [`Self::credit`].
    pub async fn bytes(&mut self, of: u32) -> io::Result<Option<Vec<u8>>> {
        loop {
            let (stream, kind, body) = self.wire.hear_frame().await?;
            match kind {
                _ if stream != of => {}
                0 | 1 => {
                    let parts = self.parts.entry(stream).or_default();
                    parts.extend_from_slice(&body);
                    if kind == 0 {
                        return Ok(Some(std::mem::take(parts)));
                    }
                }
                2 | 3 => return Ok(None),
                _ => {}
            }
        }
    }

    /// The next answer on a stream; an error where there is none or it is of another kind.
    pub async fn answer<T: DeserializeOwned>(&mut self, stream: u32) -> io::Result<Result<T, Refusal>> {
        let bytes = self.bytes(stream).await?.ok_or_else(|| io::Error::other("no answer"))?;
        message::read(&bytes).map_err(io::Error::other)
    }

    /// Lets the box send so many bytes more on a stream.
    pub async fn credit(&mut self, stream: u32, bytes: u32) -> bool {
        self.frame(stream, 4, &bytes.to_le_bytes()).await
    }
}
