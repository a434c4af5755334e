//! The laya of a tapped key: the median of the last taps.

use crate::performer::engine::SECOND_US;

/// Intervals that are looked at.
const INTERVALS: usize = 5;
/// A pause longer than this begins anew: slower than the slowest laya, 30 matras a minute.
const PAUSE_US: u64 = 2_500_000;
/// A tap sooner than this after another is the same one, bounced: faster than the fastest laya, 400 a minute.
const BOUNCE_US: u64 = 100_000;
/// Two intervals: with one, a slip would be a laya.
const INTERVALS_AT_LEAST: usize = 2;

/// Taps on a key.
#[derive(Debug, Clone, Default)]
pub struct Taps {
    last_us: Option<u64>,
    intervals_us: [u64; INTERVALS],
    /// Taps of this row, less one.
    count: usize,
}

impl Taps {
    /// Takes a tap in; gives the laya from the third of a row on, in matras a minute.
    pub fn tap(&mut self, now_us: u64) -> Option<f32> {
        let since_us = self.last_us.map(|last_us| now_us.saturating_sub(last_us));
        if since_us.is_some_and(|us| us < BOUNCE_US) {
            return None;
        }
        self.last_us = Some(now_us);
        let Some(interval_us) = since_us.filter(|us| *us <= PAUSE_US) else {
            self.count = 0;
            return None;
        };
        self.intervals_us[self.count % INTERVALS] = interval_us;
        self.count += 1;
        if self.count < INTERVALS_AT_LEAST {
            return None;
        }
        let mut last = self.intervals_us;
        let last = &mut last[..self.count.min(INTERVALS)];
        last.sort_unstable();
        let middle = last.len() / 2;
        let median_us = if last.len() % 2 == 1 { last[middle] } else { (last[middle - 1] + last[middle]) / 2 };
        Some((60 * SECOND_US) as f32 / median_us as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tapped(times_ms: &[u64]) -> Vec<Option<u32>> {
        let mut taps = Taps::default();
        times_ms.iter().map(|ms| taps.tap(ms * 1000).map(|bpm| bpm.round() as u32)).collect()
    }

    #[test]
    fn three_taps_are_a_laya_and_one_slip_is_not() {
        assert_eq!(tapped(&[0, 500, 1000]), [None, None, Some(120)]);
        // One late tap of six, and its early neighbour, leave the laya as it is.
        assert_eq!(tapped(&[0, 500, 1000, 1700, 2000, 2500]).last(), Some(&Some(120)));
    }

    #[test]
    fn a_new_laya_takes_over_within_five_taps() {
        let mut times = vec![0, 1000, 2000, 3000, 4000, 5000];
        times.extend((1..=5).map(|n| 5000 + n * 400));
        assert_eq!(tapped(&times).last(), Some(&Some(150)));
    }

    #[test]
    fn a_pause_begins_anew_and_a_bounce_is_no_tap() {
        assert_eq!(tapped(&[0, 500, 4000, 4300, 4600]), [None, None, None, None, Some(200)]);
        assert_eq!(tapped(&[0, 30, 500, 540, 1000]), [None, None, None, None, Some(120)]);
    }
}
