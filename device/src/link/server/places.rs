//! Places for those who shake hands: so few that strangers cost little, shared so that none of them keeps others out.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The places of a box. Clones are the same.
#[derive(Clone)]
pub(super) struct Places(Arc<Shared>);

struct Shared {
    most: usize,
    held: Mutex<Vec<Held>>,
    taken: AtomicU64,
}

/// One that is held, oldest first.
struct Held {
    number: u64,
    from: Option<IpAddr>,
    /// Dropped, it ends who holds the place.
    _end: oneshot::Sender<()>,
}

/// A place; it is free again when this is dropped.
pub(super) struct Place {
    places: Places,
    number: u64,
    from: Option<IpAddr>,
    ended: oneshot::Receiver<()>,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Shared { most, held: Mutex::default(), taken: AtomicU64::default() }))
    }

    /// A place for who comes from an address, or over a line. If there is none free, the oldest of the address that holds
    /// the most of them ends: who is honest is done in a moment, and holds one.
    pub(super) fn take(&self, from: Option<IpAddr>) -> Place {
        let (end, ended) = oneshot::channel();
        let mut held = self.held();
        let number = self.0.taken.fetch_add(1, Ordering::Relaxed);
        held.push(Held { number, from, _end: end });
        while held.len() > self.0.most {
            let of = |from: Option<IpAddr>| held.iter().filter(|held| held.from == from).count();
            let most = held.iter().map(|held| of(held.from)).max();
            let Some(oldest) = held.iter().position(|held| Some(of(held.from)) == most) else { break };
            held.remove(oldest);
        }
        drop(held);
        Place { places: self.clone(), number, from, ended }
    }

    fn held(&self) -> MutexGuard<'_, Vec<Held>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The address of who holds it; none over a line.
    pub(super) fn from(&self) -> Option<IpAddr> {
        self.from
    }

    /// Waits until another has it.
    pub(super) async fn ended(&mut self) {
        let _ = (&mut self.ended).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.places.held();
        held.retain(|held| held.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_over(place: &mut Place) -> bool {
        place.ended.try_recv() == Err(oneshot::error::TryRecvError::Closed)
    }

    #[test]
    fn who_takes_the_most_places_loses_the_oldest() {
        let [many, one] = [[10, 0, 0, 1], [10, 0, 0, 2]].map(|address| Some(IpAddr::from(address)));
        let places = Places::new(3);
        let mut honest = places.take(one);
        let mut flood: Vec<_> = (0..10).map(|_| places.take(many)).collect();
        assert!(!is_over(&mut honest));
        assert_eq!(flood.iter_mut().map(is_over).collect::<Vec<_>>(), [vec![true; 8], vec![false; 2]].concat());
        flood.clear();
        let mut cable = places.take(None);
        let mut last = places.take(many);
        assert!([&mut honest, &mut cable, &mut last].into_iter().all(|place| !is_over(place)), "there was room");
    }
}
