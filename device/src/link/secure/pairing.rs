//! The pairing window: a person opens it at the box, laptops ask, each has its turn, and the person says yes to one.
//!
//! A laptop's turn is one try for somebody between it and the box to have the same digits by chance: a thousandth. So
//! there are [`TURNS`] in a window and no more, one after the other, whatever becomes of them. Whoever asks meanwhile
//! waits. A turn is over when the person says no to its digits, when its laptop leaves, and after [`TURN`] if another
//! waits. Of those who wait a cable goes first (who holds it stands there), then the address that had the fewest turns;
//! an address that had a turn waits [`SLOWED`] for the next, and each time longer. So a stranger who asks all the time,
//! from one address, keeps nobody out.

use super::super::error::NotLetIn;
use crate::link::message::PublicKey;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How long a window stays open, and how long the person has to compare the digits of a laptop that asks alone.
pub const OPEN: Duration = Duration::from_secs(60);
/// The longest turn while another laptop waits: time to read the digits twice.
pub const TURN: Duration = Duration::from_secs(20);
/// Turns over the network in a window. Somebody in between succeeds so often in a thousand.
pub const TURNS: usize = 4;
/// After its first turn an address waits so long for its second, twice as long after that for its third.
pub const SLOWED: Duration = Duration::from_secs(10);
/// Laptops that wait for their turn.
pub const WAITING: usize = 8;

/// What the panel is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairingEvent {
    /// A laptop asks; show these digits instead of those before, and answer with [`PairingWindow::accept`] or
    /// [`PairingWindow::refuse`].
    Asked([u8; 3]),
    /// The laptop whose digits are shown asks no longer; the window is still open.
    Left,
    /// It is over; true if a laptop was let in.
    Done(bool),
}

/// The window. Clones are the same window. It starts closed.
#[derive(Clone)]
pub struct PairingWindow(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Those who wait look again.
    changed: watch::Sender<()>,
    tell: Box<dyn Fn(PairingEvent) + Send + Sync>,
}

#[derive(Default)]
struct State {
    /// Counts the openings.
    window: u64,
    /// Laptops may ask until then; `None` while it is closed.
    until: Option<Instant>,
    asked: u64,
    asking: Vec<Asking>,
    /// Turns of this window: from where, and of whom.
    turns: Vec<Turn>,
}

/// Where laptops come from: a network (an address, of IPv6 its first half), or `None` for a cable.
type Source = Option<IpAddr>;

struct Turn {
    of: u64,
    source: Source,
    key: PublicKey,
    since: Instant,
    ended: Option<Instant>,
}

struct Asking {
    id: u64,
    source: Source,
    key: PublicKey,
    digits: Option<[u8; 3]>,
    accepted: bool,
    refused: Option<NotLetIn>,
}

impl PairingWindow {
    /// A closed window that tells the panel what happens. The callback must not wait.
    pub fn new(tell: impl Fn(PairingEvent) + Send + Sync + 'static) -> Self {
        let changed = watch::Sender::new(());
        Self(Arc::new(Shared { state: Mutex::default(), changed, tell: Box::new(tell) }))
    }

    /// Opens it for one laptop and for that long ([`OPEN`]). Who asked before is refused.
    pub fn open(&self, long: Duration) {
        self.change(|state| {
            state.close(NotLetIn::Declined);
            let window = state.window + 1;
            *state = State { window, until: Some(Instant::now() + long), asked: state.asked, ..State::default() };
        });
    }

    /// Closes it. Who asks is refused.
    pub fn close(&self) {
        self.change(|state| state.close(NotLetIn::Declined));
    }

    /// Says yes to the laptop that shows these digits; false if none does. It is in when its owner says yes too.
    #[must_use = "a laptop may have left meanwhile"]
    pub fn accept(&self, shown: [u8; 3]) -> bool {
        self.change(|state| {
            let Some(at) = state.showing(shown) else { return false };
            state.asking[at].accepted = true;
            // The others had their chance.
            let accepted = state.asking.remove(at);
            state.close(NotLetIn::Closed);
            state.asking.push(accepted);
            true
        })
    }

    /// Says no to the laptop that shows these digits. If another waits it is its turn, else the window is closed.
    pub fn refuse(&self, shown: [u8; 3]) {
        self.change(|state| {
            let Some(at) = state.showing(shown) else { return };
            state.asking[at].refused = Some(NotLetIn::Declined);
            if !state.asking.iter().any(|asking| asking.refused.is_none() && state.may_have_a_turn(asking)) {
                state.close(NotLetIn::Declined);
            }
        });
    }

    /// A laptop asks, from an address or (`None`) over a cable.
    pub(crate) fn ask(&self, from: Option<IpAddr>, key: PublicKey) -> Result<Candidate, NotLetIn> {
        let source = from.map(network);
        self.change(|state| {
            if state.until.is_none_or(|until| until <= Instant::now()) {
                return Err(NotLetIn::Closed);
            }
            state.make_room(source)?;
            state.asked += 1;
            let id = state.asked;
            state.asking.push(Asking { id, source, key, digits: None, accepted: false, refused: None });
            Ok(Candidate { pairing: self.clone(), window: state.window, id, shown: false, done: false })
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state());
        self.0.changed.send_replace(());
        changed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for PairingWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PairingWindow").finish_non_exhaustive()
    }
}

/// What is one address to whoever has a network of his own: IPv4 whole, of IPv6 the first 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

/// What a laptop that waits is to do.
enum Next {
    /// It has its turn.
    Go,
    /// Another has lost its turn, and is to hear of it.
    Told,
    /// Look again then, or when something changes.
    Wait(Instant),
}

impl State {
    /// Refuses all who ask, except who is refused or let in already.
    fn close(&mut self, why: NotLetIn) {
        self.until = None;
        for asking in &mut self.asking {
            asking.refused = asking.refused.or(Some(why));
        }
    }

    fn showing(&self, shown: [u8; 3]) -> Option<usize> {
        let shows = |asking: &Asking| asking.digits == Some(shown) && asking.refused.is_none() && !asking.accepted;
        self.asking.iter().position(shows)
    }

    /// Room for one more who asks: the newest of the address with the most of them gives way.
    fn make_room(&mut self, source: Source) -> Result<(), NotLetIn> {
        let waits = |asking: &&Asking| asking.refused.is_none();
        if self.asking.iter().filter(waits).count() < WAITING {
            return Ok(());
        }
        let of = |source: Source| self.asking.iter().filter(waits).filter(|asking| asking.source == source).count();
        let has_turn = |asking: &Asking| self.current().is_some_and(|turn| turn.of == asking.id);
        let crowd = self.asking.iter().filter(waits).filter(|asking| !has_turn(asking));
        let last = crowd.filter(|asking| asking.source.is_some()).max_by_key(|asking| (of(asking.source), asking.id));
        let last = last.map(|asking| (asking.id, asking.source));
        match last {
            Some((id, most)) if source.is_none() || of(most) > of(source) + 1 => {
                for asking in self.asking.iter_mut().filter(|asking| asking.id == id) {
                    asking.refused = Some(NotLetIn::Crowded);
                }
                Ok(())
            }
            _ => Err(NotLetIn::Crowded),
        }
    }

    /// Whether there are turns left for it.
    fn may_have_a_turn(&self, asking: &Asking) -> bool {
        asking.source.is_none() || self.turns.iter().filter(|turn| turn.source.is_some()).count() < TURNS
    }

    /// The turn that is not over.
    fn current(&self) -> Option<&Turn> {
        self.turns.last().filter(|turn| turn.ended.is_none())
    }

    /// When an address may have a turn.
    fn due(&self, source: Source, now: Instant) -> Instant {
        let of = self.turns.iter().filter(|turn| source.is_some() && turn.source == source);
        let last = of.clone().filter_map(|turn| turn.ended).max();
        last.map_or(now, |last| last + SLOWED * of.count() as u32)
    }

    /// What a laptop that waits is to do now. Whoever has the turn for too long loses it.
    fn next(&mut self, id: u64, now: Instant) -> Result<Next, NotLetIn> {
        let Some(me) = self.asking.iter().find(|asking| asking.id == id) else { return Err(NotLetIn::Closed) };
        if let Some(why) = me.refused {
            return Err(why);
        }
        if !self.may_have_a_turn(me) {
            return Err(NotLetIn::Crowded);
        }
        let Some(until) = self.until.filter(|until| now < *until) else { return Err(NotLetIn::Closed) };
        let mine = self.due(me.source, now).max(now);
        if let Some(turn) = self.current() {
            let cable_first = me.source.is_none() && turn.source.is_some();
            let end = if cable_first { now } else { mine.max(turn.since + TURN) };
            if end > now {
                return Ok(Next::Wait(end.min(until)));
            }
            let of = turn.of;
            let last = self.asking.iter_mut().find(|asking| asking.id == of && asking.refused.is_none());
            if let Some(last) = last {
                last.refused = Some(NotLetIn::TimeOut);
                return Ok(Next::Told);
            }
            // It is over when the one whose turn it was has heard of it.
            return Ok(Next::Wait(until));
        }
        let rank = |asking: &Asking| {
            let turns = self.turns.iter();
            let of_source = turns.clone().filter(|turn| turn.source == asking.source).count();
            let of_key = turns.filter(|turn| turn.key == asking.key).count();
            (asking.source.is_some(), of_source, of_key, asking.id)
        };
        let waiting = self.asking.iter().filter(|asking| asking.refused.is_none());
        let first = waiting.filter(|asking| self.due(asking.source, now) <= now).min_by_key(|asking| rank(asking));
        match first {
            Some(first) if first.id == id => {
                let (source, key) = (first.source, first.key);
                self.turns.push(Turn { of: id, source, key, since: now, ended: None });
                Ok(Next::Go)
            }
            Some(_) => Ok(Next::Wait(until)),
            None => Ok(Next::Wait(mine.min(until))),
        }
    }
}

/// A laptop that asks in a window. Dropped, it has left.
pub(crate) struct Candidate {
    pairing: PairingWindow,
    window: u64,
    id: u64,
    shown: bool,
    done: bool,
}

impl Candidate {
    /// Whether its turn begins now.
    pub fn begins(&mut self) -> Result<bool, NotLetIn> {
        Ok(matches!(self.next()?, Next::Go))
    }

    /// Waits for its turn.
    pub async fn turn(&mut self) -> Result<(), NotLetIn> {
        let mut changed = self.pairing.0.changed.subscribe();
        loop {
            changed.mark_unchanged();
            let until = match self.next()? {
                Next::Go => return Ok(()),
                Next::Told => continue,
                Next::Wait(until) => until,
            };
            tokio::select! {
                _ = changed.changed() => {}
                () = sleep_until(until) => {}
            }
        }
    }

    fn next(&self) -> Result<Next, NotLetIn> {
        let next = self.pairing.state().next(self.id, Instant::now())?;
        if matches!(next, Next::Told) {
            self.pairing.0.changed.send_replace(());
        }
        Ok(next)
    }

    /// Shows its digits and waits for the person. The laptop is in only after [`Self::let_in`].
    pub async fn decision(&mut self, shown: [u8; 3]) -> Result<(), NotLetIn> {
        let mut changed = self.pairing.0.changed.subscribe();
        let until = Instant::now() + OPEN;
        loop {
            changed.mark_unchanged();
            {
                let mut state = self.pairing.state();
                let me = state.asking.iter_mut().find(|asking| asking.id == self.id).ok_or(NotLetIn::Closed)?;
                match me.refused {
                    Some(why) => return Err(why),
                    None if me.accepted => return Ok(()),
                    None => me.digits = Some(shown),
                }
            }
            if !std::mem::replace(&mut self.shown, true) {
                (self.pairing.0.tell)(PairingEvent::Asked(shown));
            }
            tokio::select! {
                _ = changed.changed() => {}
                () = sleep_until(until) => return Err(NotLetIn::TimeOut),
            }
        }
    }

    /// Its key is kept.
    pub fn let_in(mut self) {
        self.done = true;
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        let now = Instant::now();
        self.pairing.change(|state| {
            state.asking.retain(|asking| asking.id != self.id);
            for turn in state.turns.iter_mut().filter(|turn| turn.of == self.id) {
                turn.ended = Some(now);
            }
            // A window that was opened anew meanwhile is another's.
            if state.window == self.window && self.shown {
                let is_open = state.until.is_some_and(|until| now < until);
                // Before anybody can have the next turn.
                (self.pairing.0.tell)(if is_open { PairingEvent::Left } else { PairingEvent::Done(self.done) });
            }
        });
    }
}

#[cfg(test)]
mod tests;
