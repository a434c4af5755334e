//! How a rasa's melody moves and is adorned, whatever the intensity: what tells a faint fury from peace.

use super::data_error::{DataError, Source};
use serde::Deserialize;
use toml::Spanned;

/// The manner of one rasa. Parts are 0–1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Manner {
    /// How often a glide of the raga's is played as one, where it lies in the line and there is time for it.
    pub glides: f32,
    /// How often a note that has a grace note is touched from it.
    pub kans: f32,
    /// How often a note that may be shaken is.
    pub gamaks: f32,
    /// Inclination to leap rather than to walk.
    pub leaps: f32,
    /// How often a note is struck twice instead of held.
    pub repeats: f32,
    /// Inclination to run.
    pub runs: f32,
    /// Part of the time that is rest between phrases.
    pub rest: f32,
    /// Length of a phrase, in seconds.
    pub phrase_s: f32,
    /// Longest note, in seconds.
    pub long_s: f32,
    /// Time from one note of an alap to the next, in seconds, for a passing note of middle weight.
    pub pace_s: f32,
    /// How far accents stand out, 0–1.
    pub accents: f32,
    /// How often a divided matra is long and short, rather than even.
    pub dotted: f32,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            glides: 0.6,
            kans: 0.3,
            gamaks: 0.2,
            leaps: 0.2,
            repeats: 0.08,
            runs: 0.2,
            rest: 0.2,
            phrase_s: 5.0,
            long_s: 4.0,
            pace_s: 0.7,
            accents: 0.5,
            dotted: 0.22,
        }
    }
}

/// A manner as a file has it: what is left out is usual.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MannerFile {
    glides: Option<f32>,
    kans: Option<f32>,
    gamaks: Option<f32>,
    leaps: Option<f32>,
    repeats: Option<f32>,
    runs: Option<f32>,
    rest: Option<f32>,
    phrase_s: Option<f32>,
    long_s: Option<f32>,
    pace_s: Option<f32>,
    accents: Option<f32>,
    dotted: Option<f32>,
}

impl Manner {
    /// Reads and checks a manner.
    pub(super) fn read(source: &Source<'_>, raw: &Spanned<MannerFile>) -> Result<Self, DataError> {
        let (file, usual) = (raw.get_ref(), Self::default());
        let number = |value: Option<f32>, usual: f32, name: &str, low: f32, high: f32| {
            let value = value.unwrap_or(usual);
            let what = || format!("{name} is {value}; it must lie between {low} and {high}");
            if (low..=high).contains(&value) { Ok(value) } else { Err(source.error(&raw.span(), what())) }
        };
        let part = |value, usual, name| number(value, usual, name, 0.0, 1.0);
        Ok(Self {
            glides: part(file.glides, usual.glides, "glides")?,
            kans: part(file.kans, usual.kans, "kans")?,
            gamaks: part(file.gamaks, usual.gamaks, "gamaks")?,
            leaps: part(file.leaps, usual.leaps, "leaps")?,
            repeats: part(file.repeats, usual.repeats, "repeats")?,
            runs: part(file.runs, usual.runs, "runs")?,
            rest: number(file.rest, usual.rest, "rest", 0.0, 0.6)?,
            phrase_s: number(file.phrase_s, usual.phrase_s, "phrase_s", 1.0, 20.0)?,
            long_s: number(file.long_s, usual.long_s, "long_s", 0.5, 20.0)?,
            pace_s: number(file.pace_s, usual.pace_s, "pace_s", 0.1, 4.0)?,
            accents: part(file.accents, usual.accents, "accents")?,
            dotted: part(file.dotted, usual.dotted, "dotted")?,
        })
    }
}

/// Whether a General MIDI program holds a note as long as its key is held: organs, bowed strings, voices, brass, reeds,
/// pipes, synthesizer leads and pads, and the three of the ethnic ones that are bowed or blown.
#[must_use]
pub const fn sustains(program: u8) -> bool {
    matches!(program, 16..=23 | 40..=44 | 48..=54 | 56..=95 | 109..=111)
}
