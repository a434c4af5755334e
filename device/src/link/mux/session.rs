//! A session: one task reads its records, one writes them; streams hang between.

use super::frame::{Frame, Kind};
use super::stream::{Incoming, Order, Stream};
use super::{FRAME_COST, MAX_STREAMS, MAX_UNREAD, Pace, SIGN_OF_LIFE, SILENCE, STALLED, WINDOW};
use crate::link::LinkError;
use crate::link::message::{MAX_MESSAGE, PublicKey};
use crate::link::secure::handshake::Handshaken;
use crate::link::secure::record::{RecordReader, RecordWriter};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::{interval, timeout};

/// A session with a proved peer. Dropped, it is over.
pub struct Session {
    shared: Arc<Shared>,
    opened: mpsc::UnboundedReceiver<Stream>,
    peer: PublicKey,
    tasks: [AbortHandle; 2],
}

/// What streams and tasks share.
pub struct Shared {
    pub(super) pace: Pace,
    pub(super) prompt: mpsc::Sender<Frame>,
    pub(super) bulk: mpsc::Sender<Frame>,
    /// Credits and cancels: at most one of each for a stream.
    control: mpsc::UnboundedSender<Frame>,
    streams: Mutex<Streams>,
    over: watch::Sender<Option<LinkError>>,
    slots: Arc<Semaphore>,
    serving: bool,
}

#[derive(Default)]
struct Streams {
    live: HashMap<u32, Entry>,
    /// The newest that was opened.
    newest: u32,
}

struct Entry {
    incoming: mpsc::UnboundedSender<Incoming>,
    credit: Arc<Semaphore>,
    cancel: watch::Sender<bool>,
    /// What the peer may still send.
    window: u32,
    parts: Vec<u8>,
    cost: u32,
    /// What has come and was not read here.
    unread: u32,
    /// What was read and not given back as credit.
    read: u32,
    /// Whether a credit for it is on its way out.
    crediting: bool,
    /// What has come, ever.
    heard: Arc<AtomicU64>,
    /// Nobody reads it here any more.
    dropped: bool,
    /// The peer has ended it, or called it off: nothing of the kind comes again.
    ended: [bool; 2],
    _slot: Option<OwnedSemaphorePermit>,
}

impl Session {
    /// Begins; `serving` on the box, where the laptop's streams come out of [`Self::accept`].
    pub fn begin<S>(peer: Handshaken<S>, pace: Pace, serving: bool) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (prompt, prompt_out) = mpsc::channel(8);
        let (bulk, bulk_out) = mpsc::channel(1);
        let (control, control_out) = mpsc::unbounded_channel();
        let (opening, opened) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            pace,
            prompt,
            bulk,
            control,
            streams: Mutex::default(),
            over: watch::Sender::new(None),
            slots: Arc::new(Semaphore::new(MAX_STREAMS)),
            serving,
        });
        let (reading, writing) = (Arc::clone(&shared), Arc::clone(&shared));
        let queues = Queues { control: control_out, prompt: prompt_out, bulk: bulk_out };
        let reader = tokio::spawn(async move {
            let why = read(peer.reader, &reading, &opening).await;
            reading.end(why);
        });
        let writer = tokio::spawn(async move {
            let why = write(peer.writer, &writing, queues).await;
            writing.end(why);
        });
        Self { shared, opened, peer: peer.peer, tasks: [reader.abort_handle(), writer.abort_handle()] }
    }

    /// Who is there.
    #[must_use]
    pub fn peer(&self) -> PublicKey {
        self.peer
    }

    /// The next stream the laptop opens; `None` when the session is over.
    pub async fn accept(&mut self) -> Option<Stream> {
        let mut over = self.shared.over.subscribe();
        tokio::select! {
            stream = self.opened.recv() => stream,
            _ = over.wait_for(Option::is_some) => None,
        }
    }

    /// Why it is over, once it is.
    pub async fn over(&self) -> LinkError {
        let mut over = self.shared.over.subscribe();
        let _ = over.wait_for(Option::is_some).await;
        self.shared.why()
    }

    /// Opens a stream; waits so long while there are too many. It is heard of with its first message.
    ///
    /// # Errors
    /// The session is over, or the box ends none of the streams that are open.
    pub async fn open(&self, limit: Duration) -> Result<Stream, LinkError> {
        let limit = self.shared.pace.fitting(limit, 0);
        let slot = timeout(limit, Arc::clone(&self.shared.slots).acquire_owned()).await;
        let slot = slot.map_err(|_| LinkError::NoAnswer(limit.as_secs()))?.map_err(|_| self.shared.why())?;
        let mut streams = self.shared.streams();
        let newest = streams.newest.checked_add(1).ok_or(LinkError::Violation("a session of too many streams"))?;
        streams.newest = newest;
        Ok(self.shared.enter(&mut streams, newest, Some(slot)))
    }

    /// Tells the laptop that the box starts anew, and gives it a moment to hear it.
    pub async fn start_anew(self) {
        const HEARD: Duration = Duration::from_millis(500);
        let told = async {
            let _ = self.shared.prompt.send(Frame { stream: 0, kind: Kind::StartsAnew }).await;
            self.over().await;
        };
        let _ = timeout(HEARD, told).await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
        self.shared.end(LinkError::Broken("it was closed here".to_owned()));
    }
}

impl Shared {
    fn streams(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the session is over.
    pub(super) fn why(&self) -> LinkError {
        self.over.borrow().clone().unwrap_or(LinkError::Broken("it is over".to_owned()))
    }

    fn end(&self, why: LinkError) {
        self.over.send_if_modified(|over| {
            let first = over.is_none();
            if first {
                *over = Some(why);
            }
            first
        });
        self.slots.close();
        for entry in std::mem::take(&mut self.streams().live).into_values() {
            entry.credit.close();
            entry.cancel.send_replace(true);
        }
    }

    /// Sends a frame that may overtake.
    pub(super) fn say(&self, frame: Frame) {
        if let (Kind::Cancel, Some(entry)) = (&frame.kind, self.streams().live.get_mut(&frame.stream)) {
            entry.dropped = true;
            (entry.parts, entry.unread) = (Vec::new(), 0);
        }
        let _ = self.control.send(frame);
    }

    /// So much was read: the peer may send more.
    pub(super) fn read(&self, stream: u32, cost: u32) {
        if let Some(entry) = self.streams().live.get_mut(&stream) {
            entry.unread = entry.unread.saturating_sub(cost);
            entry.read += cost;
            if entry.read >= WINDOW / 4 && !std::mem::replace(&mut entry.crediting, true) {
                // How much is said when it is written: a peer that does not listen cannot make many of these.
                let _ = self.control.send(Frame { stream, kind: Kind::Credit(0) });
            }
        }
    }

    /// What is written of a frame that waited; nothing of a credit that has no stream any more.
    fn due(&self, mut frame: Frame) -> Option<Frame> {
        if let Kind::Credit(count) = &mut frame.kind {
            let mut streams = self.streams();
            let entry = streams.live.get_mut(&frame.stream)?;
            *count = std::mem::take(&mut entry.read);
            entry.window += *count;
            entry.crediting = false;
        }
        Some(frame)
    }

    fn enter(self: &Arc<Self>, streams: &mut Streams, id: u32, slot: Option<OwnedSemaphorePermit>) -> Stream {
        let (sender, incoming) = mpsc::unbounded_channel();
        let credit = Arc::new(Semaphore::new(WINDOW as usize));
        let (cancel, cancelled) = watch::channel(false);
        let heard = Arc::new(AtomicU64::new(0));
        if self.over.borrow().is_some() {
            credit.close();
            cancel.send_replace(true);
        } else {
            let entry = Entry {
                incoming: sender,
                credit: Arc::clone(&credit),
                cancel,
                window: WINDOW,
                parts: Vec::new(),
                cost: 0,
                unread: 0,
                read: 0,
                crediting: false,
                heard: Arc::clone(&heard),
                dropped: false,
                ended: [false; 2],
                _slot: slot,
            };
            streams.live.insert(id, entry);
        }
        let (shared, order) = (Arc::clone(self), Order::Prompt);
        Stream { id, shared, incoming, early: None, credit, cancelled, heard, order, done: false }
    }

    fn take(self: &Arc<Self>, frame: Frame, opening: &mpsc::UnboundedSender<Stream>) -> Result<(), LinkError> {
        let Frame { stream: id, kind } = frame;
        match kind {
            Kind::Alive => return Ok(()),
            Kind::StartsAnew if !self.serving => return Err(LinkError::StartsAnew),
            Kind::StartsAnew => return Err(LinkError::Violation("a laptop that starts anew")),
            _ => {}
        }
        let mut streams = self.streams();
        if !streams.live.contains_key(&id) {
            // What was on its way when the stream ended is of no use to anybody.
            if !self.serving || id <= streams.newest || !matches!(kind, Kind::Message { .. }) {
                return Ok(());
            }
            if streams.live.len() >= MAX_STREAMS {
                return Err(LinkError::Violation("too many streams at once"));
            }
            streams.newest = id;
            let stream = self.enter(&mut streams, id, None);
            if let Err(unwanted) = opening.send(stream) {
                // The session is being closed. A stream that is dropped looks at the streams: let go of them first.
                drop(streams);
                drop(unwanted);
                return Err(LinkError::Broken("it was closed here".to_owned()));
            }
        }
        let unread = streams.live.values().map(|entry| entry.unread).sum::<u32>();
        let Some(entry) = streams.live.get_mut(&id) else { return Ok(()) };
        match kind {
            Kind::Message { bytes, .. } if self.serving && unread + bytes.len() as u32 + FRAME_COST > MAX_UNREAD => {
                return Err(LinkError::Violation("more unread than a laptop may leave"));
            }
            Kind::Message { whole, bytes } => entry.message(whole, &bytes)?,
            Kind::Credit(count) => {
                if entry.credit.available_permits() + count as usize > 2 * WINDOW as usize {
                    return Err(LinkError::Violation("more credit than was used"));
                }
                entry.credit.add_permits(count as usize);
            }
            Kind::End | Kind::Cancel => {
                let again = &mut entry.ended[usize::from(kind == Kind::Cancel)];
                if std::mem::replace(again, true) {
                    return Err(LinkError::Violation("the end of a stream twice"));
                }
                let _ = entry.incoming.send(if kind == Kind::End { Incoming::End } else { Incoming::Cancel });
                if kind == Kind::Cancel {
                    entry.cancel.send_replace(true);
                }
                // Who would send more waits for nothing.
                if kind == Kind::Cancel || !self.serving {
                    entry.credit.close();
                }
                // On the box a stream counts until its own last frame is written.
                if !self.serving {
                    streams.live.remove(&id);
                }
            }
            Kind::Alive | Kind::StartsAnew => {}
        }
        Ok(())
    }

    /// The box's last frame of a stream is written: another may be opened.
    fn written(&self, frame: &Frame) {
        if self.serving && matches!(frame.kind, Kind::End | Kind::Cancel) {
            self.streams().live.remove(&frame.stream);
        }
    }
}

impl Entry {
    fn message(&mut self, whole: bool, bytes: &[u8]) -> Result<(), LinkError> {
        let cost = bytes.len() as u32 + FRAME_COST;
        if !whole && bytes.is_empty() {
            return Err(LinkError::Violation("a part without bytes"));
        }
        self.window = self.window.checked_sub(cost).ok_or(LinkError::Violation("more than there was credit for"))?;
        if self.dropped {
            return Ok(());
        }
        if self.parts.len() + bytes.len() > MAX_MESSAGE {
            return Err(LinkError::Violation("a message without end"));
        }
        // No room beyond what is in it: it may wait long.
        self.parts.reserve_exact(bytes.len());
        self.parts.extend_from_slice(bytes);
        self.cost += cost;
        self.unread += cost;
        self.heard.fetch_add(u64::from(cost), Ordering::AcqRel);
        if whole {
            let message = Incoming::Message(std::mem::take(&mut self.parts), std::mem::take(&mut self.cost));
            let _ = self.incoming.send(message);
        }
        Ok(())
    }
}

async fn read<R>(
    mut reader: RecordReader<R>,
    shared: &Arc<Shared>,
    opening: &mpsc::UnboundedSender<Stream>,
) -> LinkError
where
    R: AsyncRead + Unpin,
{
    loop {
        let taken = match timeout(SILENCE, reader.read()).await {
            Ok(Ok(plain)) => Frame::read(&plain).and_then(|frame| shared.take(frame, opening)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(LinkError::Silent),
        };
        if let Err(why) = taken {
            return why;
        }
    }
}

struct Queues {
    control: mpsc::UnboundedReceiver<Frame>,
    prompt: mpsc::Receiver<Frame>,
    bulk: mpsc::Receiver<Frame>,
}

async fn write<W: AsyncWrite + Unpin>(mut writer: RecordWriter<W>, shared: &Shared, mut queues: Queues) -> LinkError {
    let mut sign = interval(SIGN_OF_LIFE);
    let stalled = shared.pace.fitting(STALLED, 0);
    loop {
        let frame = tokio::select! {
            biased;
            Some(frame) = queues.control.recv() => frame,
            Some(frame) = queues.prompt.recv() => frame,
            _ = sign.tick() => Frame { stream: 0, kind: Kind::Alive },
            Some(frame) = queues.bulk.recv() => frame,
        };
        let Some(frame) = shared.due(frame) else { continue };
        let idle = queues.control.is_empty() && queues.prompt.is_empty() && queues.bulk.is_empty();
        // Before the write: the laptop may open the next stream as soon as it reads this.
        shared.written(&frame);
        let written = async {
            writer.write(&frame.write()).await?;
            if idle { writer.flush().await } else { Ok(()) }
        };
        match timeout(stalled, written).await {
            Ok(Ok(())) => {}
            Ok(Err(why)) => return why,
            Err(_) => return LinkError::Silent,
        }
    }
}
