//! A raga, ready to be played; [`file`] reads it.

mod file;

use super::data_error::DataError;
use super::grammar::Grammar;
use super::shruti::Shruti;
use super::swara::{Note, Swara};
use serde::Deserialize;

/// Longest pakad phrase, in notes.
pub const LONGEST_PHRASE: usize = 16;

/// A swing of a note's pitch that belongs to the note itself: slow (andolan) or a heavy shake (gamak).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swing {
    /// How far the pitch swings, in cents: an andolan leans that far below its note, a gamak goes as far to each side.
    pub depth_cents: f32,
    /// Swings a second.
    pub rate_hz: f32,
}

/// First string of the tanpura; the others are Sa, Sa and low Sa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tuning {
    /// Pa, as most ragas want.
    Pa,
    /// Shuddha Ma, for ragas without Pa.
    Ma,
    /// Ni, for ragas without either.
    Ni,
}

impl Tuning {
    /// The first string, below the middle Sa.
    #[must_use]
    pub fn first_string(self) -> Note {
        let step = match self {
            Self::Pa => -5,
            Self::Ma => -7,
            Self::Ni => -1,
        };
        Note::from_step(step).unwrap_or(Note::SA)
    }
}

/// A raga.
#[derive(Debug, Clone)]
pub struct Raga {
    /// Its name.
    pub name: String,
    /// Parent scale.
    pub thaat: String,
    /// Where its rules come from.
    pub source: String,
    /// From and to, hours of the day 0–24; `None` for any.
    pub hours: Option<(u8, u8)>,
    /// The ascending line, as written.
    pub aroha: Vec<Note>,
    /// The descending line, as written.
    pub avaroha: Vec<Note>,
    /// The speaking note.
    pub vadi: Swara,
    /// The note that answers it.
    pub samvadi: Swara,
    /// Notes to rest on.
    pub nyasa: Vec<Swara>,
    /// Notes only touched in passing.
    pub touch: Vec<Swara>,
    /// Notes kept out of sight: no phrase rests on them but a last one.
    pub sparing: Vec<Swara>,
    /// Tuning of the drone.
    pub tanpura: Tuning,
    /// Lowest and highest note of its usual register.
    pub register: (Note, Note),
    /// Its phrases (pakad and others), the first the most telling.
    pub phrases: Vec<Vec<Note>>,
    /// Its moves.
    pub grammar: Grammar,
    /// Slowest and fastest laya it suits, in matras a minute.
    pub laya_bpm: (f32, f32),
    shrutis: [Option<Shruti>; 12],
    andolans: [Option<Swing>; 12],
    gamaks: [Option<Swing>; 12],
    /// For each swara the step, up or down, from which its grace note touches it.
    kans: [Option<i8>; 12],
}

impl Raga {
    /// Whether a swara belongs to the raga.
    #[must_use]
    pub fn has(&self, swara: Swara) -> bool {
        self.shrutis[swara as usize].is_some()
    }

    /// Cents by which a swara of the raga stands off its tempered semitone.
    #[must_use]
    pub fn cents_off(&self, swara: Swara) -> f32 {
        self.shrutis[swara as usize].map_or(0.0, |shruti| shruti.cents() - 100.0 * f32::from(swara.semitone()))
    }

    /// The slow swing of a swara, if it has one.
    #[must_use]
    pub fn andolan(&self, swara: Swara) -> Option<Swing> {
        self.andolans[swara as usize]
    }

    /// The shake a swara may be played with, if the raga allows one.
    #[must_use]
    pub fn gamak(&self, swara: Swara) -> Option<Swing> {
        self.gamaks[swara as usize]
    }

    /// The grace note (kan) from which a swara may be touched, in cents from its own pitch.
    #[must_use]
    pub fn kan_cents(&self, swara: Swara) -> Option<f32> {
        let step = self.kans[swara as usize]?;
        let grace = Swara::from_semitone(i32::from(swara.semitone()) + i32::from(step));
        Some(100.0 * f32::from(step) + self.cents_off(grace) - self.cents_off(swara))
    }

    /// Reads and checks a raga's file.
    ///
    /// # Errors
    /// Names the line of the first thing that is wrong.
    pub fn parse(file: &str, text: &str) -> Result<Self, DataError> {
        file::read(file, text)
    }
}
