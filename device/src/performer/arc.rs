//! A performance of one rasa without a performer: how strongly it is felt from beginning to end.

use super::event::Event;
use super::{Engine, Performance};
use rasika_models::{Mood, Rasa};

/// Time between two moods, in microseconds.
const EVERY_US: u64 = 100_000;

/// Intensity after a part (0–1) of the whole: it rises from calm to full with small waves, and eases at the end.
#[must_use]
pub fn intensity(part: f64) -> f32 {
    let part = part.clamp(0.0, 1.0);
    let rise = 0.35 + 0.6 * (part / 0.9).min(1.0);
    let wave = 0.05 * (part * 9.0 * std::f64::consts::TAU).sin();
    let ease = 0.25 * ((part - 0.95) / 0.05).max(0.0);
    (rise + wave - ease).clamp(0.0, 1.0) as f32
}

/// The mood of a rasa after a part of the whole, its intensity as given or along the arc.
#[must_use]
pub fn mood(rasa: Rasa, part: f64, constant: Option<f32>) -> Mood {
    Mood { rasa: Some(rasa), confidence: 1.0, intensity: constant.unwrap_or_else(|| intensity(part)) }
}

/// Everything an engine plays of one rasa in a time, to the end of the piece.
#[must_use]
pub fn perform(engine: Engine, rasa: Rasa, length_us: u64, constant: Option<f32>) -> Vec<Event> {
    let mut music = Performance::new(engine);
    for time_us in (0..length_us).step_by(EVERY_US as usize) {
        music.mood(time_us, mood(rasa, time_us as f64 / length_us as f64, constant));
    }
    music.end(length_us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_begins_calm_and_grows() {
        assert!(intensity(0.0) < 0.4 && intensity(0.85) > 0.85 && intensity(1.0) < 0.8);
        assert!((0..=100).all(|part| (0.0..=1.0).contains(&intensity(f64::from(part) / 100.0))));
    }
}
