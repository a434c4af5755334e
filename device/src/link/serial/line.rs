//! The task that makes a raw line a reliable stream of bytes: it alone reads and writes the line.

use super::frame::{self, Decoder};
use super::packet::Packet;
use super::receiving::Receiving;
use super::sending::Sending;
use crate::link::LinkError;
use std::future::pending;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};

/// Both ends say something at least so often.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// An end that was not heard for so long is gone; a cable that is back before goes on where it was.
const DEAD: Duration = Duration::from_secs(10);
/// A laptop asks so often until the box answers, and gives up after [`ANSWER`].
const ASK: Duration = Duration::from_millis(250);
const ANSWER: Duration = Duration::from_secs(8);
/// Between the line and its user; what is in it cannot be overtaken.
const PIPE: usize = 2048;
/// Made ready for the line at a time.
const OUT: usize = 1536;

/// The box's end of a line: each session a laptop begins comes out of it, and ends the one before.
#[derive(Debug)]
pub struct Listener {
    sessions: mpsc::Receiver<DuplexStream>,
    task: AbortHandle,
}

impl Listener {
    /// Listens on a raw line.
    pub fn new<S: AsyncRead + AsyncWrite + Send + 'static>(raw: S) -> Self {
        let (sender, sessions) = mpsc::channel(2);
        let task = tokio::spawn(Line::new(raw, Role::Box(sender)).run());
        Self { sessions, task: task.abort_handle() }
    }

    /// The next session; `None` when the line is gone.
    pub async fn accept(&mut self) -> Option<DuplexStream> {
        self.sessions.recv().await
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The laptop's end of a line: begins a session.
///
/// # Errors
/// Nobody answers.
pub async fn connect<S: AsyncRead + AsyncWrite + Send + 'static>(raw: S) -> Result<DuplexStream, LinkError> {
    let (near, far) = tokio::io::duplex(PIPE);
    let (answered, answer) = oneshot::channel();
    let mut line = Line::new(raw, Role::Laptop(Some(answered)));
    line.session = Some(Session::new(super::random_u32()?, far));
    let task = tokio::spawn(line.run());
    match timeout(ANSWER, answer).await {
        Ok(Ok(())) => Ok(near),
        _ => {
            task.abort();
            Err(LinkError::NobodyAnswers)
        }
    }
}

enum Role {
    Box(mpsc::Sender<DuplexStream>),
    Laptop(Option<oneshot::Sender<()>>),
}

struct Session {
    id: u32,
    from_user: ReadHalf<DuplexStream>,
    to_user: WriteHalf<DuplexStream>,
    sending: Sending,
    receiving: Receiving,
    heard: Instant,
    /// The user has closed it: what was written goes out yet.
    user_left: bool,
    /// The other end has closed it: what has come is handed over yet.
    peer_left: bool,
}

impl Session {
    fn new(id: u32, user: DuplexStream) -> Self {
        let (from_user, to_user) = tokio::io::split(user);
        let now = Instant::now();
        Self {
            id,
            from_user,
            to_user,
            sending: Sending::new(now),
            receiving: Receiving::default(),
            heard: now,
            user_left: false,
            peer_left: false,
        }
    }
}

struct Line<S> {
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    role: Role,
    session: Option<Session>,
    decoder: Decoder,
    out: Vec<u8>,
    next_sign: Instant,
    is_over: bool,
}

enum Happened {
    Wrote(usize),
    Came(usize),
    UserWrote(io::Result<usize>),
    UserRead(io::Result<usize>),
    Time,
}

impl<S: AsyncRead + AsyncWrite + Send + 'static> Line<S> {
    fn new(raw: S, role: Role) -> Self {
        let (reader, writer) = tokio::io::split(raw);
        Self {
            reader,
            writer,
            role,
            session: None,
            decoder: Decoder::default(),
            out: Vec::new(),
            next_sign: Instant::now(),
            is_over: false,
        }
    }

    async fn run(mut self) {
        let (mut came, mut wrote) = (vec![0; 4096], vec![0; 2048]);
        while !(self.is_over && self.out.is_empty()) {
            self.fill();
            let Ok(happened) = self.wait(&mut came, &mut wrote).await else { return };
            let now = Instant::now();
            match happened {
                Happened::Wrote(count) => {
                    self.out.drain(..count);
                }
                Happened::Came(count) => self.came(&came[..count], now),
                Happened::UserWrote(result) => {
                    let Some(session) = &mut self.session else { continue };
                    match result {
                        Ok(count) if count > 0 => session.sending.add(&wrote[..count]),
                        _ => session.user_left = true,
                    }
                }
                Happened::UserRead(result) => {
                    let Some(session) = &mut self.session else { continue };
                    // A user that has left reads nothing more: what comes is let go.
                    let count = result.unwrap_or_else(|_| session.receiving.ready().len());
                    session.receiving.taken(count);
                }
                Happened::Time => self.time(now),
            }
            self.end();
        }
        let _ = self.writer.flush().await;
    }

    async fn wait(&mut self, came: &mut [u8], wrote: &mut [u8]) -> io::Result<Happened> {
        let due = self.session.as_ref().filter(|session| !session.peer_left).and_then(|session| session.sending.due());
        let due = due.map_or(self.next_sign, |due| due.min(self.next_sign));
        let (mut from_user, mut to_user, mut ready, mut room) = (None, None, &[][..], 0);
        if let Some(session) = &mut self.session {
            room = if session.user_left || session.peer_left { 0 } else { session.sending.room().min(wrote.len()) };
            ready = session.receiving.ready();
            (from_user, to_user) = (Some(&mut session.from_user), Some(&mut session.to_user));
        }
        tokio::select! {
            written = self.writer.write(&self.out), if !self.out.is_empty() => match written? {
                0 => Err(io::ErrorKind::WriteZero.into()),
                count => Ok(Happened::Wrote(count)),
            },
            read = self.reader.read(came) => match read? {
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                count => Ok(Happened::Came(count)),
            },
            read = read_user(from_user, &mut wrote[..room]), if room > 0 => Ok(Happened::UserWrote(read)),
            written = write_user(to_user, ready), if !ready.is_empty() => Ok(Happened::UserRead(written)),
            () = sleep_until(due) => Ok(Happened::Time),
        }
    }

    /// Makes frames for the line, when the last ones have gone.
    fn fill(&mut self) {
        if !self.out.is_empty() {
            return;
        }
        let Some(session) = &mut self.session else { return };
        if let Some(ack) = session.receiving.ack() {
            put(&mut self.out, Packet::Ack { session: session.id, ack });
        }
        let may_send = matches!(self.role, Role::Box(_) | Role::Laptop(None)) && !session.peer_left;
        let now = Instant::now();
        while may_send && self.out.len() < OUT {
            let Some((number, offset, bytes)) = session.sending.next(now) else { break };
            put(&mut self.out, Packet::Data { session: session.id, number, offset, bytes: &bytes });
        }
    }

    fn came(&mut self, bytes: &[u8], now: Instant) {
        let mut decoder = std::mem::take(&mut self.decoder);
        let mut stranger = None;
        decoder.push(bytes, |packet| {
            stranger = Packet::read(packet).and_then(|packet| self.packet(packet, now)).or(stranger);
        });
        self.decoder = decoder;
        if let (Role::Box(_), Some(id)) = (&self.role, stranger)
            && self.out.len() < OUT
        {
            put(&mut self.out, Packet::Close(id));
        }
    }

    /// Takes a packet; returns its session if that is over here.
    fn packet(&mut self, packet: Packet<'_>, now: Instant) -> Option<u32> {
        let (Packet::Open(id)
        | Packet::Opened(id)
        | Packet::Close(id)
        | Packet::Data { session: id, .. }
        | Packet::Ack { session: id, .. }) = packet;
        let mut session = self.session.as_mut().filter(|session| session.id == id);
        if let Some(session) = &mut session {
            session.heard = now;
        }
        match (packet, session, &mut self.role) {
            (Packet::Open(_), None, Role::Box(sessions)) if self.out.len() < OUT => {
                let (near, far) = tokio::io::duplex(PIPE);
                // Nobody takes new sessions now: the laptop asks again.
                if sessions.try_send(near).is_ok() {
                    self.session = Some(Session::new(id, far));
                    put(&mut self.out, Packet::Opened(id));
                }
            }
            // A laptop that does not read asks again when it does.
            (Packet::Open(_), Some(_), Role::Box(_)) if self.out.len() < OUT => put(&mut self.out, Packet::Opened(id)),
            (Packet::Close(_), Some(session), _) => session.peer_left = true,
            (Packet::Open(_) | Packet::Close(_), ..) => {}
            (_, None, _) => return Some(id),
            (packet, Some(session), role) => {
                if let Role::Laptop(answered) = role
                    && let Some(answered) = answered.take()
                {
                    let _ = answered.send(());
                }
                match packet {
                    Packet::Data { number, offset, bytes, .. } if !session.peer_left => {
                        session.receiving.data(number, offset, bytes);
                    }
                    Packet::Ack { ack, .. } => session.sending.ack(ack, now),
                    _ => {}
                }
            }
        }
        None
    }

    fn time(&mut self, now: Instant) {
        let Some(session) = &mut self.session else {
            self.next_sign = now + SIGN_OF_LIFE;
            return;
        };
        if session.sending.due().is_some_and(|due| due <= now) {
            session.sending.give_up();
        }
        if self.next_sign > now {
            return;
        }
        self.next_sign = now + SIGN_OF_LIFE;
        match &self.role {
            Role::Laptop(Some(_)) => {
                put(&mut self.out, Packet::Open(session.id));
                self.next_sign = now + ASK;
            }
            // Also tells again how much room there is, should that have been lost.
            _ if !session.receiving.owe() => put(&mut self.out, Packet::Opened(session.id)),
            _ => {}
        }
    }

    /// Ends the session when it is over.
    fn end(&mut self) {
        let Some(session) = &self.session else { return };
        let all_sent = session.user_left && session.sending.is_done();
        let all_read = session.peer_left && (session.user_left || session.receiving.ready().is_empty());
        let dead = session.heard.elapsed() > DEAD;
        if !(all_sent || all_read || dead) {
            return;
        }
        if !session.peer_left {
            // One may be lost.
            (0..3).for_each(|_| put(&mut self.out, Packet::Close(session.id)));
        }
        self.session = None;
        self.is_over = matches!(self.role, Role::Laptop(_));
    }
}

fn put(out: &mut Vec<u8>, packet: Packet<'_>) {
    let mut bytes = Vec::with_capacity(64);
    packet.write(&mut bytes);
    frame::encode(&bytes, out);
}

async fn read_user(from: Option<&mut ReadHalf<DuplexStream>>, into: &mut [u8]) -> io::Result<usize> {
    match from {
        Some(from) => from.read(into).await,
        None => pending().await,
    }
}

async fn write_user(to: Option<&mut WriteHalf<DuplexStream>>, bytes: &[u8]) -> io::Result<usize> {
    match to {
        Some(to) => to.write(bytes).await,
        None => pending().await,
    }
}
