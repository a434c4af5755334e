//! Contacts bounce for some milliseconds: a level counts once it has stood.

use std::time::Duration;

/// One button's level, settled. What it tells carries the time of the edge, though it tells it later.
#[derive(Debug, Clone, Copy)]
pub struct Debounce {
    stands_for: Duration,
    settled: bool,
    /// Another level than the settled one, and since when.
    unsettled: Option<Duration>,
}

impl Debounce {
    /// A button that is now down or not. 5–10 ms outlast the bounce of ordinary push buttons.
    #[must_use]
    pub const fn new(stands_for: Duration, down: bool) -> Self {
        Self { stands_for, settled: down, unsettled: None }
    }

    /// The raw level from a time on.
    pub fn level(&mut self, time: Duration, down: bool) {
        self.unsettled = (down != self.settled).then_some(time);
    }

    /// Whether the button is down, as far as it has settled.
    #[must_use]
    pub const fn is_down(&self) -> bool {
        self.settled
    }

    /// The change that has settled by a time: when it was, and whether the button is down since.
    pub fn settle(&mut self, now: Duration) -> Option<(Duration, bool)> {
        let since = self.unsettled.filter(|since| *since + self.stands_for <= now)?;
        self.unsettled = None;
        self.settled = !self.settled;
        Some((since, self.settled))
    }

    /// When there will be something to settle.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        self.unsettled.map(|since| since + self.stands_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_press_counts_from_its_last_bounce_and_a_spark_not_at_all() {
        let mut button = Debounce::new(ms(8), false);
        for (time, down) in [(100, true), (101, false), (103, true), (104, false), (105, true)] {
            button.level(ms(time), down);
            assert_eq!(button.settle(ms(time)), None);
        }
        assert_eq!(button.due(), Some(ms(113)));
        assert_eq!((button.settle(ms(112)), button.settle(ms(113))), (None, Some((ms(105), true))));
        button.level(ms(200), false);
        button.level(ms(203), true);
        assert_eq!((button.due(), button.settle(ms(900))), (None, None));
    }
}
