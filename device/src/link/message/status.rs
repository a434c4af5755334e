//! How the box is.

use super::bounds::{NAME, SENTENCE, Text, Texts};
use super::label::Label;
use super::take::BoxId;
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// What is seen and played now.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
pub struct MoodNow {
    /// The rasa, if one stands.
    pub rasa: Label,
    /// 0 to 1.
    pub confidence: f32,
    /// 0 to 1.
    pub intensity: f32,
    /// By rasa, smoothed; sum at most 1, or all 0 without a face.
    pub probabilities: [f32; 9],
    /// Whether a face is seen.
    pub face: bool,
    /// How many hands are seen.
    pub hands: u8,
    /// The raga, "" before the first.
    #[serde(with = "Text::<NAME>")]
    pub raga: String,
    /// What is playing: drone, alap, jor, gat, silence.
    #[serde(with = "Text::<NAME>")]
    pub section: String,
}

/// How the box is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
pub struct Status {
    /// What it is called.
    #[serde(with = "Text::<NAME>")]
    pub name: String,
    /// Its file of takes.
    pub box_id: BoxId,
    /// Version of its program.
    #[serde(with = "Text::<NAME>")]
    pub program: String,
    /// How long the program runs.
    pub uptime_s: u64,
    /// What its clock says, in milliseconds since 1970.
    pub unix_ms: i64,
    /// Number of the last change of a take.
    pub last_change: u64,
    /// Takes that are whole and not discarded.
    pub takes: u64,
    /// Room for more.
    pub free_bytes: u64,
    /// Whether a take is being recorded.
    pub recording: bool,
    /// The model in force.
    #[serde(with = "Text::<NAME>")]
    pub model: String,
    /// What is seen and played now.
    pub mood: MoodNow,
    /// MIDI ports, each with how it is.
    #[serde(with = "Texts::<32, SENTENCE>")]
    pub ports: Vec<String>,
    /// Degrees Celsius of the board, where it tells.
    pub temperature_c: Option<f32>,
    /// What is wrong, a sentence each.
    #[serde(with = "Texts::<32, SENTENCE>")]
    pub faults: Vec<String>,
}
