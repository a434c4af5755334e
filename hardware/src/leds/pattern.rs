//! What an LED does over time: a brightness, 0–1 as the eye judges it, for every moment since the pattern began.

use serde::Deserialize;
use std::time::Duration;

/// How often a brightness that moves is shown anew: 50 times a second.
pub const FRAME: Duration = Duration::from_millis(20);
/// An LED that can only be on or off is on from here.
const HALF: f32 = 0.5;
/// Shorter steps are not seen.
const STEP_AT_LEAST_MS: u64 = 20;

/// A brightness over time, repeating.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub enum Pattern {
    /// Always the same.
    Solid {
        /// 0–1.
        level: f32,
    },
    /// Up and down like a breath, beginning at its lowest.
    Breathe {
        /// Of one breath.
        period: Duration,
        /// At its lowest, 0–1.
        low: f32,
        /// At its highest, 0–1.
        high: f32,
    },
    /// One brightness after the other, from the first again at the end.
    Steps(Vec<Step>),
}

/// A brightness that stands for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// How long.
    pub lasts: Duration,
    /// 0–1.
    pub level: f32,
}

/// A pattern as a TOML table has it; `shape` says which.
#[derive(Deserialize)]
#[serde(tag = "shape", rename_all = "lowercase", deny_unknown_fields)]
enum Written {
    Solid { level: f32 },
    Breathe { period_ms: u64, low: f32, high: f32 },
    Blink { on_ms: u64, off_ms: u64, level: f32 },
    Count { count: u8, on_ms: u64, off_ms: u64, pause_ms: u64, level: f32 },
}

impl TryFrom<Written> for Pattern {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let level = |name: &str, level: f32| match level {
            0.0..=1.0 => Ok(level),
            _ => Err(format!("{name} is {level}; a brightness lies between 0 and 1")),
        };
        let lasts = |name: &str, ms: u64| match ms {
            STEP_AT_LEAST_MS..=60_000 => Ok(Duration::from_millis(ms)),
            _ => Err(format!("{name} is {ms}; it lies between {STEP_AT_LEAST_MS} and 60000 milliseconds")),
        };
        Ok(match written {
            Written::Solid { level: at } => Self::Solid { level: level("level", at)? },
            Written::Breathe { period_ms, low, high } => Self::Breathe {
                period: lasts("period_ms", period_ms)?,
                low: level("low", low)?,
                high: level("high", high)?,
            },
            Written::Blink { on_ms, off_ms, level: at } => Self::Steps(vec![
                Step { lasts: lasts("on_ms", on_ms)?, level: level("level", at)? },
                Step { lasts: lasts("off_ms", off_ms)?, level: 0.0 },
            ]),
            Written::Count { count, on_ms, off_ms, pause_ms, level: at } => {
                let counting = super::Counting {
                    on: lasts("on_ms", on_ms)?,
                    off: lasts("off_ms", off_ms)?,
                    pause: lasts("pause_ms", pause_ms)?,
                    long: lasts("on_ms", on_ms)?,
                    level: level("level", at)?,
                };
                if count == 0 {
                    return Err("count is 0; a pattern that never lights is solid with level 0".to_owned());
                }
                counting.pattern(&[count])
            }
        })
    }
}

impl Pattern {
    /// Always dark.
    pub const OFF: Self = Self::Solid { level: 0.0 };

    /// The brightness so long after the pattern began.
    #[must_use]
    pub fn level(&self, since: Duration) -> f32 {
        match self {
            Self::Solid { level } => *level,
            Self::Breathe { period, low, high } => {
                let part = within(since, *period).as_secs_f32() / period.as_secs_f32();
                low + (high - low) * (1.0 - (std::f32::consts::TAU * part).cos()) / 2.0
            }
            Self::Steps(steps) => step(steps, since).map_or(0.0, |(step, _)| step.level),
        }
    }

    /// The same for an LED that is only on or off.
    #[must_use]
    pub fn is_on(&self, since: Duration) -> bool {
        match self {
            // A breath is on in its upper half, however dim it is.
            Self::Breathe { period, high, .. } => {
                let quarter = *period / 4;
                *high > 0.0 && (quarter..quarter * 3).contains(&within(since, *period))
            }
            // Dimmed on purpose is still lit.
            Self::Solid { .. } | Self::Steps(_) => self.level(since) > HALF * 0.1,
        }
    }

    /// When, counted from its beginning, the pattern will show something else; `None` if never. An LED that can be
    /// dimmed is shown anew every [`FRAME`] while it breathes.
    #[must_use]
    pub fn next_change(&self, since: Duration, dimmed: bool) -> Option<Duration> {
        match self {
            Self::Solid { .. } => None,
            Self::Breathe { .. } if dimmed => Some(since + FRAME),
            Self::Breathe { period, .. } => {
                let (at, quarter) = (within(since, *period), *period / 4);
                let next = [quarter, quarter * 3, *period + quarter].into_iter().find(|edge| *edge > at);
                next.map(|edge| since + (edge - at))
            }
            Self::Steps(steps) if steps.len() < 2 => None,
            Self::Steps(steps) => step(steps, since).map(|(_, rest)| since + rest),
        }
    }
}

fn within(since: Duration, period: Duration) -> Duration {
    Duration::from_nanos((since.as_nanos() % period.as_nanos().max(1)) as u64)
}

/// The step that stands, and for how much longer.
fn step(steps: &[Step], since: Duration) -> Option<(Step, Duration)> {
    let mut at = within(since, steps.iter().map(|step| step.lasts).sum());
    for step in steps {
        match step.lasts.checked_sub(at) {
            Some(rest) if rest > Duration::ZERO => return Some((*step, rest)),
            _ => at -= step.lasts,
        }
    }
    None
}
