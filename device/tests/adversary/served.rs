//! A box that says what a test wants.

use std::collections::BTreeMap;
use std::io;
use std::ops::{Deref, DerefMut};

use rasika_device::link::message::{self, BoxId, Hello, Reason, Refusal, Request};
use serde::Serialize;
use tokio::net::TcpListener;

use super::laptop::PAIR;
use super::wire::{Key, Wire};

/// An answer: what was asked for.
pub fn yes<T: Serialize>(answer: &T) -> Vec<u8> {
    message::write(&Ok::<&T, Refusal>(answer)).unwrap()
}

/// An answer: a refusal.
pub fn no(what: &str) -> Vec<u8> {
    message::write(&Err::<(), Refusal>(Refusal::new(Reason::Impossible, what))).unwrap()
}

/// A box that listens on loopback.
pub struct FakeBox {
    pub address: String,
    pub key: Key,
    pub name: String,
    listener: TcpListener,
}

impl FakeBox {
    pub async fn bind(key: Key, name: &str) -> Self {
        Self::bind_at("127.0.0.1:0", key, name).await
    }

    /// At an address, as in the place of a box that was there.
    pub async fn bind_at(address: &str, key: Key, name: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        Self { address, key, name: name.to_owned(), listener }
    }

    /// The next laptop that comes, after the handshake; an error if it left in it.
    pub async fn accept(&self) -> io::Result<Guest> {
        let (stream, _) = self.listener.accept().await?;
        let wire = Wire::respond(stream, &self.key, self.name.as_bytes()).await?;
        Ok(Guest { wire, name: self.name.clone(), parts: BTreeMap::new() })
    }

    /// Lets in whoever comes (one that pairs as soon as its owner says yes), claims to be `box_id`, and answers
    /// each request with the messages that `answers` gives, and the end. One laptop after the other, for ever.
    pub async fn serve(
        self,
        box_id: Option<BoxId>,
        mut answers: impl FnMut(&Request) -> Vec<Vec<u8>> + Send + 'static,
    ) {
        loop {
            let Ok(mut guest) = self.accept().await else { continue };
            let _ = guest.served(box_id, &mut answers).await;
        }
    }
}

/// A laptop that has come to a [`FakeBox`]. It is the [`Wire`] it speaks over.
pub struct Guest {
    pub wire: Wire,
    name: String,
    /// Parts of messages that are not whole, by stream.
    parts: BTreeMap<u32, Vec<u8>>,
}

impl Deref for Guest {
    type Target = Wire;

    fn deref(&self) -> &Wire {
        &self.wire
    }
}

impl DerefMut for Guest {
    fn deref_mut(&mut self) -> &mut Wire {
        &mut self.wire
    }
}

impl Guest {
    /// Whether it asks to be paired.
    pub fn pairs(&self) -> bool {
        self.said[0].get(1) == Some(&PAIR)
    }

    /// Goes through pairing's numbers as a box that does as it should, up to the digits; those it would show. Then the
    /// laptop says whether its owner says yes: [`Self::hears_yes`].
    pub async fn exchange(&mut self) -> io::Result<[u8; 3]> {
        self.say(&[8]).await;
        let _commitment = self.hear().await?;
        let ours = [7; 32];
        self.say(&ours).await;
        let theirs: [u8; 32] = self.hear().await?.try_into().map_err(|_| io::Error::other("no number"))?;
        Ok(rasika_device::link::secure::digits::digits(&self.wire.hash, &theirs, &ours))
    }

    /// What the laptop's owner says.
    pub async fn hears_yes(&mut self) -> io::Result<bool> {
        Ok(self.hear().await? == [1])
    }

    /// Lets it in and exchanges hellos; the laptop's.
    pub async fn greet(&mut self, box_id: Option<BoxId>) -> io::Result<Hello> {
        self.say(&[0]).await;
        let ours = Hello { box_id, ..Hello::new(&self.name) };
        self.say(&ours.write().unwrap()).await;
        Hello::read(&self.hear().await?).map_err(io::Error::other)
    }

    /// The next request, and its stream.
    pub async fn request(&mut self) -> io::Result<(u32, Request)> {
        loop {
            let (stream, kind, body) = self.wire.hear_frame().await?;
            if kind > 1 {
                continue;
            }
            let parts = self.parts.entry(stream).or_default();
            parts.extend_from_slice(&body);
            if kind == 0 {
                let bytes = std::mem::take(parts);
                // Later messages of a push are no requests.
                if let Ok(request) = message::read(&bytes) {
                    return Ok((stream, request));
                }
            }
        }
    }

    async fn served(
        &mut self,
        box_id: Option<BoxId>,
        answers: &mut impl FnMut(&Request) -> Vec<Vec<u8>>,
    ) -> io::Result<()> {
        if self.pairs() {
            self.exchange().await?;
            if !self.hears_yes().await? {
                return Ok(());
            }
        }
        self.greet(box_id).await?;
        loop {
            let (stream, request) = self.request().await?;
            for answer in answers(&request) {
                self.message(stream, &answer).await;
            }
            self.frame(stream, 2, &[]).await;
        }
    }
}
