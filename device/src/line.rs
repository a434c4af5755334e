//! One frame as a line of JSON: the stable schema of `rasikad see --json`.

use rasika_models::observation::BLENDSHAPE_NAMES;
use rasika_models::{Hand, Mood, Observation, Rasa};
use serde::Serialize;
use serde_json::{Map, Value};

/// Everything known of one frame. The schema is documented in `docs/developer.md` and does not change without a
/// new field.
#[derive(Debug, Serialize)]
pub struct Line {
    frame: u64,
    time_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    width: u32,
    height: u32,
    face: Option<FaceLine>,
    hands: Vec<HandLine>,
    probabilities: Option<Map<String, Value>>,
    mood: MoodLine,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct FaceLine {
    score: f32,
    yaw_deg: f32,
    pitch_deg: f32,
    roll_deg: f32,
    blendshapes: Map<String, Value>,
    landmarks: Vec<[f32; 3]>,
}

#[derive(Debug, Serialize)]
struct HandLine {
    side: rasika_models::Side,
    score: f32,
    landmarks: Vec<[f32; 3]>,
}

#[derive(Debug, Serialize)]
struct MoodLine {
    rasa: Option<Rasa>,
    confidence: f32,
    intensity: f32,
}

impl Line {
    /// A frame that was seen.
    #[must_use]
    pub fn of(seen: &Observation, probabilities: Option<&[f32; 9]>, mood: &Mood, file: Option<String>) -> Self {
        let face = seen.face.as_ref().map(|face| FaceLine {
            score: round(face.score, 4),
            yaw_deg: round(face.yaw_deg, 2),
            pitch_deg: round(face.pitch_deg, 2),
            roll_deg: round(face.roll_deg, 2),
            blendshapes: named(BLENDSHAPE_NAMES.into_iter().zip(&face.blendshapes)),
            landmarks: rounded(&face.landmarks),
        });
        let hand = |hand: &Hand| HandLine {
            side: hand.side,
            score: round(hand.score, 4),
            landmarks: rounded(&hand.landmarks),
        };
        Self {
            frame: seen.frame,
            time_ms: (seen.time_ms * 1000.0).round() / 1000.0,
            file,
            width: seen.width,
            height: seen.height,
            face,
            hands: seen.hands.iter().map(hand).collect(),
            probabilities: probabilities.map(|p| named(Rasa::ALL.into_iter().zip(p))),
            mood: MoodLine {
                rasa: mood.rasa,
                confidence: round(mood.confidence, 4),
                intensity: round(mood.intensity, 4),
            },
            error: None,
        }
    }

    /// A picture that could not be read, so that every picture of a folder has its line.
    #[must_use]
    pub fn unreadable(frame: u64, file: String, error: String) -> Self {
        let mood = MoodLine { rasa: None, confidence: 0.0, intensity: 0.0 };
        Self {
            frame,
            time_ms: (frame as f64 * 1e6 / crate::source::USUAL_RATE_HZ).round() / 1000.0,
            file: Some(file),
            width: 0,
            height: 0,
            face: None,
            hands: vec![],
            probabilities: None,
            mood,
            error: Some(error),
        }
    }
}

fn round(value: f32, digits: i32) -> f32 {
    let unit = 10_f32.powi(digits);
    (value * unit).round() / unit
}

fn rounded(landmarks: &[[f32; 3]]) -> Vec<[f32; 3]> {
    landmarks.iter().map(|p| p.map(|v| round(v, 3))).collect()
}

/// Numbers by name, to five digits.
fn named<'a>(pairs: impl Iterator<Item = (impl ToString, &'a f32)>) -> Map<String, Value> {
    pairs.map(|(name, value)| (name.to_string(), Value::from((f64::from(*value) * 1e5).round() / 1e5))).collect()
}
