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

/// A histogram of one column or more, side by side: the part of events in each bin, in percent.
#[must_use]
pub fn table(columns: &[(&str, &Lateness)]) -> String {
    let shown: Vec<_> = columns.iter().filter(|(_, late)| late.count() > 0).collect();
    let mut text = format!("{:>14}", "late by up to");
    for (name, _) in &shown {
        text += &format!("{name:>14}");
    }
    let edges = EDGES_US.iter().map(|edge| format!("{edge} µs")).chain(["more".to_owned()]);
    for (bin, edge) in edges.enumerate() {
        let of = |late: &Lateness| u64::from(late.bins[bin].load(Ordering::Relaxed));
        if shown.iter().all(|(_, late)| of(late) == 0) {
            continue;
        }
        text += &format!("\n{edge:>14}");
        for (_, late) in &shown {
            text += &format!("{:>12.1} %", of(late) as f64 * 100.0 / late.count() as f64);
        }
    }
    text += &format!("\n{:>14}", "the worst");
    for (_, late) in &shown {
        text += &format!("{:>11} µs", late.worst_us());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shows_columns_that_have_something_to_show() {
        let (ours, bare, none) = (Lateness::default(), Lateness::default(), Lateness::default());
        [20, 40, 70, 2500].into_iter().for_each(|late_us| ours.record(late_us));
        bare.record(60);
        let text = table(&[("events", &ours), ("DIN", &none), ("bare loop", &bare)]);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["late", "by", "up", "to", "events", "bare", "loop"]);
        assert_eq!(lines[1], ["50", "µs", "50.0", "%", "0.0", "%"]);
        assert_eq!(lines[2], ["100", "µs", "25.0", "%", "100.0", "%"]);
        assert_eq!(lines[3], ["4000", "µs", "25.0", "%", "0.0", "%"]);
        assert_eq!(lines[4], ["the", "worst", "2500", "µs", "60", "µs"]);
    }
}
