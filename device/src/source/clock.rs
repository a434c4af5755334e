//! The time of a film's frames, from its own timestamps: frames need not be evenly spaced.

/// Sound that begins less than so much before the picture was made by its codec's run-up, in milliseconds.
const RUN_UP_MS: f64 = 100.0;
/// A timestamp that goes back by more is of another recording behind the first, in milliseconds.
const ANOTHER_MS: f64 = 1000.0;
/// A frame that is said to last less has no length of its own, in milliseconds.
const SHORTEST_MS: f64 = 2.0;

/// Tells times that only go on, from the start of the film.
#[derive(Debug)]
pub(super) struct Clock {
    /// Where the film begins on its own clock; known with the first frame.
    start_ms: Option<f64>,
    origin_ms: Option<f64>,
    /// What is added for recordings that were put behind one another.
    offset_ms: f64,
    last_ms: Option<f64>,
    /// From the frame before the last to the last.
    step_ms: f64,
    /// How long the last frame says that it lasts.
    lasts_ms: Option<f64>,
}

impl Clock {
    pub(super) fn new(start_ms: Option<f64>, rate_hz: f64) -> Self {
        let step_ms = 1000.0 / rate_hz;
        Self { start_ms, origin_ms: None, offset_ms: 0.0, last_ms: None, step_ms, lasts_ms: None }
    }

    /// Time of the next frame, of its timestamp and how long it says that it lasts, all in milliseconds.
    pub(super) fn tell(&mut self, stamp_ms: Option<f64>, lasts_ms: Option<f64>) -> f64 {
        if let (None, Some(stamp)) = (self.origin_ms, stamp_ms) {
            let start = self.start_ms.filter(|start| stamp - start > RUN_UP_MS);
            self.origin_ms = Some(start.unwrap_or(stamp));
        }
        let told = stamp_ms.map(|stamp| self.place(stamp));
        let time_ms = match (self.last_ms, told) {
            (None, told) => told.unwrap_or(0.0),
            (Some(last), Some(told)) if told > last => told,
            (Some(last), told) => {
                let next = last + self.step_ms;
                // Without a timestamp that advances, a frame comes a frame's time after the one before.
                if let Some(told) = told.filter(|told| last - told > ANOTHER_MS) {
                    self.offset_ms += next - told;
                }
                next
            }
        };
        if let Some(last) = self.last_ms {
            self.step_ms = time_ms - last;
        }
        self.lasts_ms = lasts_ms.filter(|ms| *ms >= SHORTEST_MS);
        self.last_ms = Some(time_ms);
        time_ms
    }

    /// Where a timestamp lies, in milliseconds from the start.
    pub(super) fn place(&self, stamp_ms: f64) -> f64 {
        stamp_ms - self.origin_ms.or(self.start_ms).unwrap_or(0.0) + self.offset_ms
    }

    /// Time of the last frame, in milliseconds.
    pub(super) fn last_ms(&self) -> f64 {
        self.last_ms.unwrap_or(0.0)
    }

    /// When the last frame ends: a frame without a length lasts as long as the one before it did.
    pub(super) fn end_ms(&self) -> f64 {
        self.last_ms.map_or(0.0, |last| last + self.lasts_ms.unwrap_or(self.step_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(clock: &mut Clock, stamps: &[f64]) -> Vec<f64> {
        stamps.iter().map(|stamp| clock.tell(Some(*stamp), None)).collect()
    }

    #[test]
    fn uneven_times_are_kept_and_the_start_is_nought() {
        let mut clock = Clock::new(Some(1400.0), 30.0);
        assert_eq!(times(&mut clock, &[1400.0, 1440.0, 1900.0, 14_900.0]), [0.0, 40.0, 500.0, 13_500.0]);
        assert_eq!(clock.end_ms(), 26_500.0);
        clock.tell(Some(15_000.0), Some(40.0));
        assert_eq!(clock.end_ms(), 13_640.0);
    }

    #[test]
    fn sound_before_the_picture_counts_but_a_codec_s_run_up_does_not() {
        assert_eq!(times(&mut Clock::new(Some(0.0), 25.0), &[1500.0, 1540.0]), [1500.0, 1540.0]);
        assert_eq!(times(&mut Clock::new(Some(-7.0), 25.0), &[0.0, 40.0]), [0.0, 40.0]);
    }

    #[test]
    fn time_never_goes_back() {
        let mut clock = Clock::new(None, 25.0);
        assert_eq!(times(&mut clock, &[0.0, 40.0, 40.0, 80.0, 120.0]), [0.0, 40.0, 80.0, 120.0, 160.0]);
        let mut clock = Clock::new(None, 25.0);
        let two = [5000.0, 5040.0, 7040.0, 5000.0, 5100.0, 7500.0];
        assert_eq!(times(&mut clock, &two), [0.0, 40.0, 2040.0, 4040.0, 4140.0, 6540.0]);
        assert_eq!(clock.tell(None, None), 8940.0);
    }
}
