//! The One-Euro filter on landmarks (Casiez, Roussel, Vogel 2012), with MediaPipe's parameters and its ways:
//! velocities are measured in object sizes per second, so that a near face is smoothed as a far one.

use std::f64::consts::TAU;

use crate::observation::Landmark;

/// Cut-off at rest, in Hz.
const MIN_CUTOFF_HZ: f64 = 0.05;
/// How much the cut-off rises with speed.
const BETA: f64 = 80.0;
/// Cut-off of the speed itself, in Hz.
const DERIVATIVE_CUTOFF_HZ: f64 = 1.0;
/// Frame rate assumed before two frames have been seen, in Hz.
const FIRST_RATE_HZ: f64 = 30.0;

/// One filter for each coordinate of a set of landmarks.
#[derive(Default)]
pub struct LandmarkFilter {
    channels: Vec<Channel>,
    last_ms: Option<f64>,
    rate_hz: Option<f64>,
}

#[derive(Default, Clone, Copy)]
struct Channel {
    raw: f64,
    value: f64,
    speed: f64,
}

impl LandmarkFilter {
    /// Forgets everything: the next landmarks pass as they are.
    pub fn reset(&mut self) {
        self.channels.clear();
        self.last_ms = None;
        self.rate_hz = None;
    }

    /// Smooths `landmarks` in place; `object_size` in the landmarks' own unit.
    ///
    /// A time that does not advance leaves the landmarks as they are.
    pub fn apply(&mut self, time_ms: f64, object_size: f32, landmarks: &mut [Landmark]) {
        if let Some(last) = self.last_ms {
            if time_ms <= last {
                return;
            }
            self.rate_hz = Some(1000.0 / (time_ms - last));
        }
        self.last_ms = Some(time_ms);
        let rate_hz = self.rate_hz.unwrap_or(FIRST_RATE_HZ);
        let scale = 1.0 / f64::from(object_size.max(1e-6));
        let speed_alpha = alpha(DERIVATIVE_CUTOFF_HZ, rate_hz);

        let values = landmarks.as_flattened_mut();
        if self.channels.len() != values.len() {
            let start = |&v: &f32| Channel { raw: f64::from(v), value: f64::from(v), speed: 0.0 };
            self.channels = values.iter().map(start).collect();
            return;
        }
        for (channel, value) in self.channels.iter_mut().zip(values) {
            let raw = f64::from(*value);
            let speed = (raw - channel.raw) * scale * rate_hz;
            channel.speed += speed_alpha * (speed - channel.speed);
            let alpha = alpha(MIN_CUTOFF_HZ + BETA * channel.speed.abs(), rate_hz);
            channel.value += alpha * (raw - channel.value);
            channel.raw = raw;
            *value = channel.value as f32;
        }
    }
}

/// Weight of a new sample in a first-order low-pass filter.
fn alpha(cutoff_hz: f64, rate_hz: f64) -> f64 {
    1.0 / (1.0 + rate_hz / (TAU * cutoff_hz))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rest_is_smoothed_and_motion_passes() {
        let mut filter = LandmarkFilter::default();
        let mut spread: f32 = 0.0;
        for i in 0..100_u8 {
            let mut jitter = [[if i % 2 == 0 { 99.9 } else { 100.1 }, 0.0, 0.0]];
            filter.apply(f64::from(i) * 40.0, 200.0, &mut jitter);
            if i > 50 {
                spread = spread.max((jitter[0][0] - 100.0).abs());
            }
        }
        assert!(spread < 0.05, "jitter of 0.1 px falls to {spread}");
        let mut moved = [[150.0, 0.0, 0.0]];
        filter.apply(4000.0, 200.0, &mut moved);
        assert!(moved[0][0] > 140.0, "a jump passes within one frame: {}", moved[0][0]);
    }
}
