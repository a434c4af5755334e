//! A raga, ready to be played; [`file`] reads it.

pub mod composition;
mod file;
pub mod glide;
pub mod notation;
mod ornament;

pub use composition::Composition;
pub use glide::Glide;

use super::data_error::DataError;
use super::grammar::Grammar;
use super::swara::{Note, Swara};
use super::tala::Tala;
use ornament::Kan;
use serde::Deserialize;

/// Longest pakad phrase, in notes.
pub const LONGEST_PHRASE: usize = 16;

/// A swing of a note's pitch that belongs to the note itself: slow (andolan) or a heavy shake (gamak).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swing {
    /// How far the pitch swings, in cents: an andolan so far from crest to trough about its note, a gamak to each side.
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
    /// Shuddha Dha, as some tune it for Marwa.
    Dha,
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
            Self::Dha => -3,
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
    /// Its glides (meend); none where the raga wants none.
    pub glides: Vec<Glide>,
    /// Its fixed compositions.
    pub compositions: Vec<Composition>,
    /// Its moves.
    pub grammar: Grammar,
    /// Slowest and fastest laya it suits, in matras a minute.
    pub laya_bpm: (f32, f32),
    /// Cents above Sa.
    shrutis: [Option<f32>; 12],
    /// Part of the melody's time that each swara of the raga takes.
    shares: [Option<f32>; 12],
    andolans: [Option<Swing>; 12],
    gamaks: [Option<Swing>; 12],
    kans: [Kan; 12],
}

impl Raga {
    /// Whether a swara belongs to the raga.
    #[must_use]
    pub fn has(&self, swara: Swara) -> bool {
        self.shrutis[swara as usize].is_some()
    }

    /// Whether an hour of the day, 0 to 23, is one of the raga's.
    #[must_use]
    pub fn suits(&self, hour: u8) -> bool {
        match self.hours {
            None => true,
            Some((from, to)) if from <= to => (from..to).contains(&hour),
            // Over midnight.
            Some((from, to)) => hour >= from || hour < to,
        }
    }

    /// Cents by which a swara of the raga stands off its tempered semitone.
    #[must_use]
    pub fn cents_off(&self, swara: Swara) -> f32 {
        self.shrutis[swara as usize].map_or(0.0, |cents| cents - 100.0 * f32::from(swara.semitone()))
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

    /// The part of the melody's time that a swara takes, 0–1; those of all swaras make 1. As the file says, and where
    /// it says nothing by rank: what is rested on more, what is touched or sparing less.
    #[must_use]
    pub fn share(&self, swara: Swara) -> f32 {
        self.shares[swara as usize].unwrap_or(0.0)
    }

    /// Gives each swara of which the file says nothing its share of what is left, by rank.
    fn complete_shares(&mut self) {
        let rank = |swara: Swara| {
            if self.touch.contains(&swara) || self.sparing.contains(&swara) {
                0.4
            } else if swara == self.vadi || swara == Swara::Sa {
                2.0
            } else if swara == self.samvadi {
                1.6
            } else if self.nyasa.contains(&swara) {
                1.3
            } else {
                0.8
            }
        };
        let open = |swara: &Swara| self.has(*swara) && self.shares[*swara as usize].is_none();
        let given: f32 = self.shares.iter().flatten().sum();
        let ranks: f32 = Swara::ALL.into_iter().filter(open).map(rank).sum();
        let left = (1.0 - given).max(0.0);
        let mut shares = self.shares;
        for swara in Swara::ALL.into_iter().filter(open) {
            shares[swara as usize] = Some(left * rank(swara) / ranks);
        }
        let sum: f32 = shares.iter().flatten().sum();
        self.shares = shares.map(|share| share.map(|share| share / sum));
    }

    /// The grace note (kan) from which a note may be touched that comes after another, in cents from its own pitch:
    /// the one that the raga has for this direction.
    #[must_use]
    pub fn kan_cents(&self, before: Option<Note>, note: Note) -> Option<f32> {
        let Kan { rising, falling } = self.kans[note.swara() as usize];
        let step = match before {
            Some(before) if before < note => rising,
            Some(before) if before > note => falling,
            _ => rising.or(falling),
        }?;
        let grace = Swara::from_semitone(i32::from(note.swara().semitone()) + i32::from(step));
        Some(100.0 * f32::from(step) + self.cents_off(grace) - self.cents_off(note.swara()))
    }

    /// The compositions that can be played in a tala.
    pub fn compositions_in<'a>(&'a self, tala: &'a Tala) -> impl Iterator<Item = &'a Composition> {
        self.compositions.iter().filter(|composition| composition.fits(tala))
    }

    /// Reads and checks a raga's file, its compositions without their talas.
    ///
    /// # Errors
    /// Names the line of the first thing that is wrong.
    pub fn parse(file: &str, text: &str) -> Result<Self, DataError> {
        file::read(file, text, None)
    }

    /// Reads and checks a raga's file, each composition against its tala.
    ///
    /// # Errors
    /// Names the line of the first thing that is wrong.
    pub fn parse_with(file: &str, text: &str, talas: &[Tala]) -> Result<Self, DataError> {
        file::read(file, text, Some(talas))
    }
}
