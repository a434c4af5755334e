//! One stream: a request and what comes of it.

use super::frame::{Frame, Kind};
use super::session::Shared;
use super::{FRAME_COST, WINDOW};
use crate::link::{LinkError, message};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

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
    /// Came while something was sent, and was not received yet.
    pub(super) early: Option<Incoming>,
    pub(super) credit: Arc<Semaphore>,
    pub(super) cancelled: watch::Receiver<bool>,
    /// Bytes that have come, ever, with what their frames cost.
    pub(super) heard: Arc<AtomicU64>,
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
    /// The session or the stream is over, or the message too long.
    pub async fn send<T: Serialize>(&self, message: &T) -> Result<(), LinkError> {
        let bytes = message::write(message)?;
        let mut parts = bytes.chunks(self.shared.pace.frame_bytes).peekable();
        while let Some(part) = parts.next() {
            match self.credit.acquire_many(part.len() as u32 + FRAME_COST).await {
                Ok(credit) => credit.forget(),
                Err(_) => return Err(self.shared.why()),
            }
            self.part(part, parts.peek().is_none()).await?;
        }
        Ok(())
    }

    /// Sends a message unless the other side says something first, or has ended the stream: false then, and
    /// [`Self::receive`] has what it said. Waits for credit no longer than fits `limit` and a window on its way.
    ///
    /// # Errors
    /// The session is over, the message too long, or the other side takes nothing.
    pub async fn send_unless_answered<T: Serialize>(
        &mut self,
        message: &T,
        limit: Duration,
    ) -> Result<bool, LinkError> {
        let bytes = message::write(message)?;
        let limit = self.shared.pace.fitting(limit, u64::from(WINDOW));
        let mut parts = bytes.chunks(self.shared.pace.frame_bytes).peekable();
        while let Some(part) = parts.next() {
            tokio::select! {
                biased;
                came = self.incoming.recv(), if self.early.is_none() => {
                    self.early = Some(came.ok_or_else(|| self.shared.why())?);
                    return Ok(false);
                }
                credit = self.credit.acquire_many(part.len() as u32 + FRAME_COST) => match credit {
                    Ok(credit) => credit.forget(),
                    Err(_) => return Ok(false),
                },
                () = sleep(limit) => return Err(LinkError::NoAnswer(limit.as_secs())),
            }
            self.part(part, parts.peek().is_none()).await?;
        }
        Ok(true)
    }

    async fn part(&self, part: &[u8], whole: bool) -> Result<(), LinkError> {
        self.put(Kind::Message { whole, bytes: part.to_vec() }).await
    }

    /// The next message; `None` at the end.
    ///
    /// # Errors
    /// The session is over, the other side has cancelled, or it is no such message.
    pub async fn receive<T: DeserializeOwned>(&mut self) -> Result<Option<T>, LinkError> {
        let came = match self.early.take() {
            Some(early) => Some(early),
            None => self.incoming.recv().await,
        };
        self.take(came)
    }

    /// As [`Self::receive`], but waits for a message no longer than fits `limit` and what has come of it.
    ///
    /// # Errors
    /// As [`Self::receive`], or [`LinkError::NoAnswer`].
    pub async fn receive_within<T: DeserializeOwned>(&mut self, limit: Duration) -> Result<Option<T>, LinkError> {
        let (begun, before) = (Instant::now(), self.heard.load(Ordering::Acquire));
        let pace = self.shared.pace;
        let mut until = begun + pace.fitting(limit, 0);
        loop {
            if let Some(early) = self.early.take() {
                return self.take(Some(early));
            }
            tokio::select! {
                biased;
                came = self.incoming.recv() => return self.take(came),
                () = sleep_until(until) => {
                    let fitting = begun + pace.fitting(limit, self.heard.load(Ordering::Acquire) - before);
                    if fitting <= until {
                        return Err(LinkError::NoAnswer(begun.elapsed().as_secs()));
                    }
                    until = fitting;
                }
            }
        }
    }

    fn take<T: DeserializeOwned>(&mut self, came: Option<Incoming>) -> Result<Option<T>, LinkError> {
        match came {
            Some(Incoming::Message(bytes, cost)) => {
                self.shared.read(self.id, cost);
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
