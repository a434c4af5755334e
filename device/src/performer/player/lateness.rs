//! How late events have been: a histogram that any thread may read.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Upper edges of the histogram's bins, in microseconds; a last bin takes the rest.
pub const EDGES_US: [u64; 16] =
    [50, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 4000, 8000, 16_000, 100_000];

/// A histogram as it stands at a moment, as `rasikad status --json` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Events.
    pub count: u64,
    /// Half of them were not later than this; the upper edge of a bin, in microseconds.
    pub p50_us: u64,
    /// 99 of 100 were not later than this.
    pub p99_us: u64,
    /// The worst of them.
    pub worst_us: u64,
    /// Upper edges of the bins.
    pub edges_us: Vec<u64>,
    /// Events in each bin; one more than edges, for what was later than the last.
    pub bins: Vec<u32>,
}

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

    /// As it stands now.
    #[must_use]
    pub fn histogram(&self) -> Histogram {
        Histogram {
            count: self.count(),
            p50_us: self.quantile_us(0.5),
            p99_us: self.quantile_us(0.99),
            worst_us: self.worst_us(),
            edges_us: EDGES_US.to_vec(),
            bins: self.bins.iter().map(|bin| bin.load(Ordering::Relaxed)).collect(),
        }
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
                // Of the bin of the worst the worst is known.
                return edge.min(self.worst_us());
            }
        }
        self.worst_us()
    }
}

/// A histogram of one column or more, side by side: the part of events in each bin, in percent.
#[must_use]
pub fn table(columns: &[(&str, &Histogram)]) -> String {
    let shown: Vec<_> = columns.iter().filter(|(_, late)| late.count > 0).collect();
    let mut text = format!("{:>14}", "late by up to");
    for (name, _) in &shown {
        text += &format!("{name:>14}");
    }
    let edges = EDGES_US.iter().map(|edge| format!("{edge} µs")).chain(["more".to_owned()]);
    for (bin, edge) in edges.enumerate() {
        let of = |late: &Histogram| late.bins.get(bin).copied().unwrap_or(0);
        if shown.iter().all(|(_, late)| of(late) == 0) {
            continue;
        }
        text += &format!("\n{edge:>14}");
        for (_, late) in &shown {
            text += &format!("{:>12.1} %", f64::from(of(late)) * 100.0 / late.count as f64);
        }
    }
    text += &format!("\n{:>14}", "the worst");
    for (_, late) in &shown {
        text += &format!("{:>11} µs", late.worst_us);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_is_later_than_the_worst() {
        for worst in [1, 30, 51, 120_000] {
            let late = Lateness::default();
            late.record(worst);
            let Histogram { p50_us, p99_us, worst_us, .. } = late.histogram();
            assert_eq!((p50_us, p99_us, worst_us), (worst, worst, worst));
        }
    }

    #[test]
    fn a_table_shows_columns_that_have_something_to_show() {
        let (ours, bare, none) = (Lateness::default(), Lateness::default(), Lateness::default());
        [20, 40, 70, 2500].into_iter().for_each(|late_us| ours.record(late_us));
        bare.record(60);
        let text =
            table(&[("events", &ours.histogram()), ("DIN", &none.histogram()), ("bare loop", &bare.histogram())]);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["late", "by", "up", "to", "events", "bare", "loop"]);
        assert_eq!(lines[1], ["50", "µs", "50.0", "%", "0.0", "%"]);
        assert_eq!(lines[2], ["100", "µs", "25.0", "%", "100.0", "%"]);
        assert_eq!(lines[3], ["4000", "µs", "25.0", "%", "0.0", "%"]);
        assert_eq!(lines[4], ["the", "worst", "2500", "µs", "60", "µs"]);
    }
}
