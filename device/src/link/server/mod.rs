//! The box's end: lets laptops in, a bounded number at a time, and answers them.

mod answer;
mod bulk;
mod places;

use super::box_side::BoxSide;
use super::error::NotLetIn;
use super::message::{Challenge, Hello};
use super::mux::{Pace, Session};
use super::secure::admission::{admit, say};
use super::secure::handshake::{self, Handshaken};
use super::secure::{Identity, KeyRing, PairingWindow};
use super::{LinkError, serial};
use places::{Place, Places};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// What a box spends on laptops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Handshakes at a time; one more ends the oldest of the address that has the most.
    pub handshakes: usize,
    /// For a whole handshake.
    pub handshake_time: Duration,
    /// Sessions at a time.
    pub sessions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { handshakes: 8, handshake_time: Duration::from_secs(10), sessions: 8 }
    }
}

/// The box's end. Clones are the same.
#[derive(Clone)]
pub struct Server(Arc<Serving>);

struct Serving {
    side: Arc<dyn BoxSide>,
    identity: Identity,
    ring: KeyRing,
    window: PairingWindow,
    limits: Limits,
    places: Places,
    sessions: Semaphore,
    /// One push at a time.
    pushing: Arc<Semaphore>,
    /// The box starts anew: laptops are told so, and none is served any more.
    starts_anew: watch::Sender<bool>,
    /// Sessions that have begun.
    begun: watch::Sender<u64>,
}

impl Server {
    /// Serves a box to the laptops on the ring, and to one more for each time the window is opened.
    #[must_use]
    pub fn new(
        side: Arc<dyn BoxSide>,
        identity: Identity,
        ring: KeyRing,
        window: PairingWindow,
        limits: Limits,
    ) -> Self {
        Self(Arc::new(Serving {
            side,
            identity,
            ring,
            window,
            limits,
            places: Places::new(limits.handshakes),
            sessions: Semaphore::new(limits.sessions),
            pushing: Arc::new(Semaphore::new(1)),
            starts_anew: watch::Sender::new(false),
            begun: watch::Sender::default(),
        }))
    }

    /// How many sessions of laptops on the list have begun.
    #[must_use]
    pub fn begun(&self) -> watch::Receiver<u64> {
        self.0.begun.subscribe()
    }

    /// The box starts anew: laptops that are there are told so and let go, those that come hear it instead of a
    /// session.
    pub fn start_anew(&self) {
        self.0.starts_anew.send_replace(true);
    }

    /// Serves whoever connects. Dropped, every session it began is over.
    pub async fn serve_tcp(&self, listener: TcpListener) {
        let mut sessions = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, from)) => {
                        let _ = stream.set_nodelay(true);
                        // In the order in which they came.
                        let (server, place) = (self.clone(), self.0.places.take(Some(from.ip())));
                        sessions.spawn(async move { server.serve(stream, Pace::NETWORK, place).await });
                    }
                    // Out of file handles, most likely: some will be free again.
                    Err(_) => sleep(Duration::from_millis(100)).await,
                },
                Some(_) = sessions.join_next() => {}
            }
        }
    }

    /// Serves the laptop at the other end of a raw line, until the line is gone.
    pub async fn serve_line<S>(&self, raw: S)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let mut listener = serial::Listener::new(raw);
        let mut sessions = JoinSet::new();
        while let Some(stream) = listener.accept().await {
            let (server, place) = (self.clone(), self.0.places.take(None));
            sessions.spawn(async move { server.serve(stream, Pace::SERIAL, place).await });
            while sessions.try_join_next().is_some() {}
        }
    }

    /// Serves a serial port for ever; one that goes away is opened again when it is back. Each time it cannot be
    /// opened `told` hears why, once for each reason.
    pub async fn serve_port(&self, path: &str, baud: u32, told: impl Fn(&LinkError)) {
        let mut last = None;
        loop {
            match serial::open(path, baud) {
                Ok(port) => {
                    last = None;
                    self.serve_line(port).await;
                }
                Err(error) if last.as_ref() != Some(&error) => {
                    told(&error);
                    last = Some(error);
                }
                Err(_) => {}
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// Serves one connection to its end; why it ended.
    async fn serve<S>(&self, stream: S, pace: Pace, place: Place) -> LinkError
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        match self.begin(stream, pace, place).await {
            Ok((session, _permit)) => self.run(session).await,
            Err(error) => error,
        }
    }

    async fn begin<S>(&self, stream: S, pace: Pace, place: Place) -> Result<(Session, SemaphorePermit<'_>), LinkError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Serving { side, ring, window, limits, sessions, starts_anew, .. } = &*self.0;
        let from = place.from();
        let mut peer = self.handshake(stream, &side.name(), place).await?;
        if *starts_anew.borrow() && ring.contains(&peer.peer) {
            say(&mut peer, &[NotLetIn::StartsAnew as u8]).await?;
            return Err(LinkError::StartsAnew);
        }
        // Only who is known is told that the box is full, and only they take up places.
        if sessions.available_permits() == 0 && ring.contains(&peer.peer) {
            say(&mut peer, &[NotLetIn::Full as u8]).await?;
            return Err(NotLetIn::Full.into());
        }
        admit(&mut peer, from, ring, window).await?;
        let permit = sessions.try_acquire().map_err(|_| NotLetIn::Full)?;
        let box_id = answer::ask(side, |side| Ok(side.box_id())).await.ok().flatten();
        let ours = Hello { box_id, ..Hello::new(&side.name()) };
        say(&mut peer, &ours.write()?).await?;
        let heard = timeout(limits.handshake_time, peer.reader.read()).await.map_err(|_| LinkError::TooSlow)??;
        Hello::fits(&Hello::read(&heard)?, &ours)?;
        self.0.begun.send_modify(|begun| *begun += 1);
        Ok((Session::begin(peer, pace, true), permit))
    }

    /// A handshake in its place.
    async fn handshake<S>(&self, stream: S, name: &str, mut place: Place) -> Result<Handshaken<S>, LinkError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Serving { identity, limits, .. } = &*self.0;
        tokio::select! {
            answered = timeout(limits.handshake_time, handshake::answer(stream, identity, name)) => {
                answered.unwrap_or(Err(LinkError::TooSlow))
            }
            () = place.ended() => Err(LinkError::TooSlow),
        }
    }

    async fn run(&self, mut session: Session) -> LinkError {
        let (peer, mut changes) = (session.peer(), self.0.ring.changes());
        let mut starts_anew = self.0.starts_anew.subscribe();
        let challenge = match Challenge::draw() {
            Ok(challenge) => challenge,
            Err(error) => return error,
        };
        let mut answers = JoinSet::new();
        while !*starts_anew.borrow_and_update() {
            if !self.0.ring.contains(&peer) {
                return LinkError::NotLetIn(NotLetIn::Unknown);
            }
            tokio::select! {
                stream = session.accept() => match stream {
                    Some(stream) => {
                        let server = self.clone();
                        answers.spawn(async move { answer::answer(&server.0, peer, challenge, stream).await });
                    }
                    None => return session.over().await,
                },
                _ = starts_anew.changed() => {}
                _ = changes.changed() => {}
                Some(_) = answers.join_next() => {}
            }
        }
        session.start_anew().await;
        LinkError::StartsAnew
    }
}
