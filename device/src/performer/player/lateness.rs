//! How late events have been: a histogram that any thread may read.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Upper edges of the histogram's bins, in microseconds; a last bin takes the rest.
pub const EDGES_US: [u64; 12] = [50, 100, 200, 300, 500, 750, 1000, 2000, 4000, 8000, 16_000, 100_000];

/// Lateness of events.
#[derive(Debug, Default)]
pub struct Lateness {
    bins: [AtomicU32; EDGES_US.len() + 1],
    worst_us: AtomicU64,
}

impl Lateness {
    /// Takes note of an event's lateness.
    pub fn record(&self, late_us: u64) {
        let bin = EDGES_US.iter().position(|edge| late_us <= *edge).unwrap_or(EDGES_US.len());
        self.bins[bin].fetch_add(1, Ordering::Relaxed);
        self.worst_us.fetch_max(late_us, Ordering::Relaxed);
    }

    /// The worst so far, in microseconds.
    #[must_use]
    pub fn worst_us(&self) -> u64 {
        self.worst_us.load(Ordering::Relaxed)
    }

    /// Events so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.bins.iter().map(|bin| u64::from(bin.load(Ordering::Relaxed))).sum()
    }

    /// Microseconds that a part (0–1) of events were not later than: the upper edge of the bin it falls in.
    #[must_use]
    pub fn quantile_us(&self, part: f64) -> u64 {
        let wanted = (self.count() as f64 * part).ceil() as u64;
        let mut sum = 0;
        for (bin, edge) in self.bins.iter().zip(EDGES_US) {
            sum += u64::from(bin.load(Ordering::Relaxed));
            if sum >= wanted {
                return edge;
            }
        }
        self.worst_us()
    }
}
