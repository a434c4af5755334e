//! What the music follows: one rasa at a time, smoothed, or an honest none.

use crate::Rasa;
use serde::{Deserialize, Serialize};

/// The performer's rasa after smoothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
pub struct Mood {
    /// The rasa that stands, or `None`: no face, turned away, or no rasa stands out.
    pub rasa: Option<Rasa>,
    /// Smoothed probability of that rasa, 0–1; 0 when there is none.
    pub confidence: f32,
    /// How strongly the face shows it, 0 (barely) – 1 (fully); 0 when there is none.
    pub intensity: f32,
}
