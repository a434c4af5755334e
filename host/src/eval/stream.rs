//! Takes as streams: how long a rasa stands, and how often it flickers, when the music follows the verdicts.

use rasika_models::{FeatureVector, Rasa, Reading, Smoother};
use serde::Serialize;

use super::Verdict;
use crate::train::samples::Samples;

/// How a mood behaves over takes that each show one rasa.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Streams {
    /// Seconds of all takes that were followed.
    pub seconds: f64,
    /// Share of the time in which the right rasa stood, and in which none did.
    pub right: f64,
    pub none: f64,
    /// Median time for which a rasa stood; a take that ends cuts it short.
    pub median_dwell_s: Option<f64>,
    /// Changes from one rasa to another in a minute; every one is a mistake, as a take shows one rasa.
    pub flicker_per_minute: f64,
}

/// A longer pause than this is not time in which a mood stands.
const MOST_STEP_MS: f64 = 1000.0;

/// Follows the verdicts of each take with a smoother of its own.
pub fn follow(samples: &Samples, verdicts: &[Verdict]) -> Streams {
    let (mut seconds, mut right, mut none, mut changes) = (0.0, 0.0, 0.0, 0.0);
    let mut dwells: Vec<f64> = Vec::new();
    for take in verdicts.chunk_by(|a, b| samples.frames[a.frame].take == samples.frames[b.frame].take) {
        let mut smoother = Smoother::default();
        let (mut last, mut before): (Option<Rasa>, Option<f64>) = (None, None);
        let mut stood = None;
        for verdict in take {
            let time_ms = samples.frames[verdict.frame].time_ms;
            let Some(features) = FeatureVector::from_values(samples.rows[verdict.frame]) else { continue };
            let probabilities = if verdict.named { verdict.probabilities } else { [0.0; Rasa::COUNT] };
            let (yaw_deg, pitch_deg) = (features.yaw_deg(), features.pitch_deg());
            let reading = Reading { probabilities, strengths: [0.0; Rasa::COUNT], yaw_deg, pitch_deg };
            let step = before.map_or(0.0, |before| (time_ms - before).clamp(0.0, MOST_STEP_MS)) / 1000.0;
            before = Some(time_ms);
            seconds += step;
            match last {
                None => none += step,
                Some(rasa) if rasa == samples.label(verdict.frame) => right += step,
                Some(_) => {}
            }
            if let (Some(_), Some(dwell)) = (last, dwells.last_mut()) {
                *dwell += step;
            }
            let now = smoother.update(time_ms, Some(&reading)).rasa;
            if now != last && now.is_some() {
                changes += f64::from(u8::from(stood.is_some() && stood != now));
                stood = now;
                dwells.push(0.0);
            }
            last = now;
        }
    }
    dwells.sort_by(f64::total_cmp);
    let share = |part: f64| if seconds > 0.0 { part / seconds } else { 0.0 };
    Streams {
        seconds,
        right: share(right),
        none: share(none),
        median_dwell_s: dwells.get(dwells.len() / 2).copied(),
        flicker_per_minute: share(changes) * 60.0,
    }
}
