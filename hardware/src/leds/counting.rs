//! Numbers as blinks: so many short lights, a pause, the next number.

use super::{Pattern, Step};
use std::time::Duration;

/// How numbers are blinked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counting {
    /// A light that counts one.
    pub on: Duration,
    /// The dark between two of them.
    pub off: Duration,
    /// The dark after a number.
    pub pause: Duration,
    /// The one long light that is a zero.
    pub long: Duration,
    /// Brightness of the lights, 0–1.
    pub level: f32,
}

impl Counting {
    /// The numbers one after the other, then from the first again after twice the pause. Dark if there are none.
    #[must_use]
    pub fn pattern(&self, numbers: &[u8]) -> Pattern {
        let mut steps = Vec::new();
        for number in numbers {
            let (lights, on) = if *number == 0 { (1, self.long) } else { (*number, self.on) };
            for light in 1..=lights {
                let dark = if light == lights { self.pause } else { self.off };
                steps.push(Step { lasts: on, level: self.level });
                steps.push(Step { lasts: dark, level: 0.0 });
            }
        }
        match (numbers.len() > 1, steps.last_mut()) {
            (_, None) => return Pattern::OFF,
            // The longer dark tells where several numbers begin.
            (true, Some(last)) => last.lasts += self.pause,
            (false, Some(_)) => {}
        }
        Pattern::Steps(steps)
    }
}
