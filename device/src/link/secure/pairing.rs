//! The pairing window: a person opens it at the box, one laptop may ask, the person says yes.

use super::super::error::NotLetIn;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long a window stays open, and then how long the person has to compare digits.
pub const OPEN: Duration = Duration::from_secs(60);

/// What the panel is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairingEvent {
    /// A laptop asks; show these digits, and answer with [`PairingWindow::accept`] or [`PairingWindow::refuse`].
    Asked([u8; 3]),
    /// It is over; true if a laptop was let in.
    Done(bool),
}

/// The window. Clones are the same window. It starts closed.
#[derive(Clone)]
pub struct PairingWindow(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    tell: Box<dyn Fn(PairingEvent) + Send + Sync>,
}

#[derive(Default)]
enum State {
    #[default]
    Closed,
    Open {
        until: Instant,
    },
    Asked {
        /// Not known until the numbers are exchanged.
        digits: Option<[u8; 3]>,
        answer: oneshot::Sender<NotLetIn>,
        accepted: oneshot::Sender<()>,
    },
}

impl PairingWindow {
    /// A closed window that tells the panel what happens. The callback must not wait.
    pub fn new(tell: impl Fn(PairingEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared { state: Mutex::default(), tell: Box::new(tell) }))
    }

    /// Opens it for one laptop and for that long ([`OPEN`]). Who asked before is refused.
    pub fn open(&self, long: Duration) {
        self.replace(State::Open { until: Instant::now() + long }, NotLetIn::Declined);
    }

    /// Closes it. Who asks is refused.
    pub fn close(&self) {
        self.replace(State::Closed, NotLetIn::Declined);
    }

    /// Lets the laptop in that asked with these digits; false if none did.
    #[must_use = "a laptop may have left meanwhile"]
    pub fn accept(&self, shown: [u8; 3]) -> bool {
        let mut state = self.state();
        match std::mem::take(&mut *state) {
            State::Asked { digits: Some(digits), accepted, .. } if digits == shown => accepted.send(()).is_ok(),
            other => {
                *state = other;
                false
            }
        }
    }

    /// Refuses the laptop that asked with these digits.
    pub fn refuse(&self, shown: [u8; 3]) {
        let is_it = matches!(&*self.state(), State::Asked { digits: Some(digits), .. } if *digits == shown);
        if is_it {
            self.close();
        }
    }

    /// A laptop asks. A second one in the same window ends it for both.
    pub(crate) fn candidate(&self) -> Result<Candidate, NotLetIn> {
        let mut state = self.state();
        match std::mem::take(&mut *state) {
            State::Open { until } if Instant::now() < until => {
                let ((answer, refused), (accepted, accept)) = (oneshot::channel(), oneshot::channel());
                *state = State::Asked { digits: None, answer, accepted };
                Ok(Candidate { window: self.clone(), refused, accepted: accept, done: false })
            }
            State::Asked { answer, .. } => {
                // The first one tells the panel when it hears of it.
                let _ = answer.send(NotLetIn::Two);
                Err(NotLetIn::Two)
            }
            State::Open { .. } | State::Closed => Err(NotLetIn::Closed),
        }
    }

    fn replace(&self, new: State, reason: NotLetIn) {
        if let State::Asked { answer, .. } = std::mem::replace(&mut *self.state(), new) {
            let _ = answer.send(reason);
        }
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

/// The one laptop that asks in a window. Dropped, it has left.
pub(crate) struct Candidate {
    window: PairingWindow,
    refused: oneshot::Receiver<NotLetIn>,
    accepted: oneshot::Receiver<()>,
    done: bool,
}

impl Candidate {
    /// Shows its digits and waits for the person. The laptop is in only after [`Self::let_in`].
    pub async fn ask(&mut self, shown: [u8; 3]) -> Result<(), NotLetIn> {
        if let State::Asked { digits, .. } = &mut *self.window.state() {
            *digits = Some(shown);
        }
        (self.window.0.tell)(PairingEvent::Asked(shown));
        tokio::select! {
            biased;
            Ok(()) = &mut self.accepted => Ok(()),
            refused = &mut self.refused => Err(refused.unwrap_or(NotLetIn::Declined)),
            () = tokio::time::sleep(OPEN) => Err(NotLetIn::TimeOut),
        }
    }

    /// Its key is kept.
    pub fn let_in(mut self) {
        self.done = true;
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        // A window that was opened anew meanwhile is another's.
        if self.refused.try_recv() == Err(oneshot::error::TryRecvError::Empty) {
            *self.window.state() = State::Closed;
        }
        (self.window.0.tell)(PairingEvent::Done(self.done));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> (PairingWindow, Arc<Mutex<Vec<PairingEvent>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let telling = Arc::clone(&told);
        (PairingWindow::new(move |event| telling.lock().unwrap().push(event)), told)
    }

    #[tokio::test]
    async fn a_window_lets_one_in_and_is_closed() {
        let (window, told) = window();
        assert_eq!(window.candidate().err(), Some(NotLetIn::Closed));
        window.open(OPEN);
        let mut candidate = window.candidate().unwrap();
        assert!(!window.accept([1, 2, 3]), "nobody has shown digits yet");
        let person = window.clone();
        let (asked, ()) = tokio::join!(candidate.ask([1, 2, 3]), async move {
            assert!(!person.accept([3, 2, 1]));
            assert!(person.accept([1, 2, 3]));
        });
        asked.unwrap();
        candidate.let_in();
        assert_eq!(window.candidate().err(), Some(NotLetIn::Closed));
        assert_eq!(*told.lock().unwrap(), [PairingEvent::Asked([1, 2, 3]), PairingEvent::Done(true)]);
    }

    #[tokio::test]
    async fn a_second_one_ends_it_for_both() {
        let (window, told) = window();
        window.open(OPEN);
        let mut first = window.candidate().unwrap();
        assert_eq!(window.candidate().err(), Some(NotLetIn::Two));
        assert_eq!(first.ask([0; 3]).await, Err(NotLetIn::Two));
        drop(first);
        assert!(!window.accept([0; 3]));
        assert_eq!(window.candidate().err(), Some(NotLetIn::Closed));
        assert_eq!(told.lock().unwrap().last(), Some(&PairingEvent::Done(false)));
    }

    #[tokio::test(start_paused = true)]
    async fn time_and_the_person_refuse() {
        let (window, _) = window();
        window.open(OPEN);
        tokio::time::advance(OPEN).await;
        assert_eq!(window.candidate().err(), Some(NotLetIn::Closed));
        window.open(OPEN);
        let mut slow = window.candidate().unwrap();
        assert_eq!(slow.ask([1; 3]).await, Err(NotLetIn::TimeOut));
        drop(slow);
        window.open(OPEN);
        let mut refused = window.candidate().unwrap();
        let person = window.clone();
        let (asked, ()) = tokio::join!(refused.ask([2; 3]), async move { person.refuse([2; 3]) });
        assert_eq!(asked, Err(NotLetIn::Declined));
        // The person opens it again before the first has gone.
        window.open(OPEN);
        drop(refused);
        window.candidate().unwrap();
    }
}
