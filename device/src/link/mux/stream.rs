//! One stream: a request and what comes of it.

use super::frame::{Frame, Kind};
use super::session::Shared;
use super::{FRAME_COST, WINDOW};
use crate::link::{LinkError, message};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, watch};

/// What goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Before bulk.
    Prompt,
    /// Whenever nothing else goes.
    Bulk,
}

/// What came on a stream.
#[derive(Debug)]
pub enum Incoming {
    /// A message, and what it cost.
    Message(Vec<u8>, u32),
    /// Nothing more comes.
    End,
    /// Cut short.
    Cancel,
}

/// A stream. Dropped before its end, it is cancelled: that is how to call a request off.
pub struct Stream {
    pub(super) id: u32,
    pub(super) shared: Arc<Shared>,
    pub(super) incoming: mpsc::UnboundedReceiver<Incoming>,
    pub(super) credit: Arc<Semaphore>,
    pub(super) cancelled: watch::Receiver<bool>,
    /// Read and not given back as credit.
    pub(super) read: u32,
    pub(super) order: Order,
    pub(super) done: bool,
}

impl Stream {
    /// From now on this is sent in that order. Only between an answer and what follows it.
    pub fn order(&mut self, order: Order) {
        self.order = order;
    }

    /// Sends a message; waits for credit. Not to be called off half-way without dropping the stream.
    ///
    /// # Errors
    /// The session is over, or the message too long.
    pub async fn send<T: Serialize>(&self, message: &T) -> Result<(), LinkError> {
        let bytes = message::write(message)?;
        let mut parts = bytes.chunks(self.shared.pace.frame_bytes).peekable();
        while let Some(part) = parts.next() {
            let cost = part.len() as u32 + FRAME_COST;
            match self.credit.acquire_many(cost).await {
                Ok(credit) => credit.forget(),
                Err(_) => return Err(self.shared.why()),
            }
            let kind = Kind::Message { whole: parts.peek().is_none(), bytes: part.to_vec() };
            self.put(kind).await?;
        }
        Ok(())
    }

    /// The next message; `None` at the end.
    ///
    /// # Errors
    /// The session is over, the other side has cancelled, or it is no such message.
    pub async fn receive<T: DeserializeOwned>(&mut self) -> Result<Option<T>, LinkError> {
        match self.incoming.recv().await {
            Some(Incoming::Message(bytes, cost)) => {
                self.read += cost;
                if self.read >= WINDOW / 4 {
                    self.shared.grant(self.id, std::mem::take(&mut self.read));
                }
                message::read(&bytes).map(Some)
            }
            Some(Incoming::End) => Ok(None),
            Some(Incoming::Cancel) => Err(LinkError::Broken("the request was called off".to_owned())),
            None => Err(self.shared.why()),
        }
    }

    /// The laptop has called it off, or the session is over.
    pub fn cancelled(&self) -> watch::Receiver<bool> {
        self.cancelled.clone()
    }

    /// Says that nothing more comes.
    ///
    /// # Errors
    /// The session is over.
    pub async fn end(mut self) -> Result<(), LinkError> {
        self.done = true;
        self.put(Kind::End).await
    }

    /// All has come that was to come: nothing is to be called off.
    pub fn finished(mut self) {
        self.done = true;
    }

    async fn put(&self, kind: Kind) -> Result<(), LinkError> {
        let queue = match self.order {
            Order::Prompt => &self.shared.prompt,
            Order::Bulk => &self.shared.bulk,
        };
        queue.send(Frame { stream: self.id, kind }).await.map_err(|_| self.shared.why())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if !self.done {
            self.shared.say(Frame { stream: self.id, kind: Kind::Cancel });
        }
    }
}
