//! Keeps a slow or hot board from falling behind: less hands first, then fewer frames.
//!
//! The governor looks at how long a frame took against how long it may take, and at the board's temperature. It
//! moves one step at a time and rests between steps, so that it does not hunt.

use std::time::Duration;

/// What is asked of perception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Look at hands on every n-th frame.
    pub hands_every: u32,
    /// Look at every n-th frame of the source.
    pub frames_every: u32,
}

/// From full rate to the least that still follows a face.
const STEPS: [Load; 6] = [
    Load { hands_every: 1, frames_every: 1 },
    Load { hands_every: 2, frames_every: 1 },
    Load { hands_every: 4, frames_every: 1 },
    Load { hands_every: 4, frames_every: 2 },
    Load { hands_every: 6, frames_every: 3 },
    Load { hands_every: 8, frames_every: 4 },
];
/// Share of the time between frames above which the load is lowered.
const TOO_BUSY: f32 = 0.85;
/// Share below which it may be raised again: low enough that the step up does not end in a step down.
const AT_EASE: f32 = 0.4;
/// Temperature from which the load is lowered; a Pi throttles its clock at 80 °C.
const HOT_C: f32 = 76.0;
/// Temperature below which it may be raised again.
const COOL_C: f32 = 70.0;
/// Frames between two steps down, and between two steps up.
const REST_DOWN: u32 = 15;
const REST_UP: u32 = 150;
/// Weight of the newest frame in the running mean.
const NEWEST: f32 = 0.1;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Governor {
    step: usize,
    busy: f32,
    rested: u32,
}

impl Governor {
    /// Tells of one frame: how long it took, how much time there was for it, and the temperature in °C where it is
    /// known. Gives the load from now on.
    pub fn frame(&mut self, took: Duration, budget: Duration, temperature_c: Option<f32>) -> Load {
        let busy = took.as_secs_f32() / budget.as_secs_f32().max(1e-6);
        self.busy += NEWEST * (busy.min(10.0) - self.busy);
        self.rested = self.rested.saturating_add(1);
        let hot = temperature_c.is_some_and(|t| t >= HOT_C);
        let cool = temperature_c.is_none_or(|t| t < COOL_C);
        if (self.busy > TOO_BUSY || hot) && self.rested >= REST_DOWN && self.step + 1 < STEPS.len() {
            self.step += 1;
            self.rested = 0;
        } else if self.busy < AT_EASE && cool && self.rested >= REST_UP && self.step > 0 {
            self.step -= 1;
            self.rested = 0;
        }
        self.load()
    }

    /// The load as it stands.
    #[must_use]
    pub fn load(&self) -> Load {
        STEPS[self.step]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Duration = Duration::from_millis(40);

    fn after(governor: &mut Governor, frames: u32, took_ms: u64, temperature: Option<f32>) -> Load {
        (0..frames).map(|_| governor.frame(Duration::from_millis(took_ms), BUDGET, temperature)).last().unwrap()
    }

    #[test]
    fn a_fast_board_keeps_the_full_rate() {
        assert_eq!(after(&mut Governor::default(), 1000, 20, Some(50.0)), STEPS[0]);
    }

    #[test]
    fn a_slow_board_gives_up_hands_first_and_then_frames() {
        let mut governor = Governor::default();
        assert_eq!(after(&mut governor, 40, 60, None).frames_every, 1);
        assert!(governor.load().hands_every > 1);
        assert_eq!(after(&mut governor, 500, 60, None), STEPS[STEPS.len() - 1]);
        assert_eq!(after(&mut governor, 2000, 10, None), STEPS[0], "and takes them back");
    }

    #[test]
    fn heat_alone_lowers_the_load_and_a_spike_does_not() {
        let mut governor = Governor::default();
        assert_eq!(after(&mut governor, 1, 400, None), STEPS[0]);
        assert_eq!(after(&mut governor, 60, 10, None), STEPS[0]);
        assert_ne!(after(&mut governor, 60, 10, Some(80.0)), STEPS[0]);
    }
}
