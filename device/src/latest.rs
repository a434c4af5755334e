//! One-slot channels: the newest value, never a backlog, never a lock.

use crate::performer::status::Section;
use crate::performer::swara::Note;
use crate::performer::tala::Bol;
use crate::performer::{Hands, Status};
use rasika_models::{Mood, Rasa};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

/// A value that fits one machine word.
pub trait Word: Copy {
    /// As a word.
    fn to_word(self) -> u64;
    /// Back from the word [`Word::to_word`] made.
    fn from_word(word: u64) -> Self;
}

/// The newest value, swapped in one atomic step: any thread may set it or read it, and none waits.
#[derive(Debug)]
pub struct Latest<T> {
    word: AtomicU64,
    kind: PhantomData<fn(T) -> T>,
}

impl<T: Word> Latest<T> {
    /// A slot with a first value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self { word: AtomicU64::new(value.to_word()), kind: PhantomData }
    }

    /// Puts a newer value in.
    pub fn set(&self, value: T) {
        self.word.store(value.to_word(), Ordering::Release);
    }

    /// The newest value.
    #[must_use]
    pub fn get(&self) -> T {
        T::from_word(self.word.load(Ordering::Acquire))
    }
}

impl<T: Word + Default> Default for Latest<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

const NONE: u8 = u8::MAX;

/// Rasa in 8 bits, confidence in 24 (parts of 2²⁴ − 1), intensity as it is.
impl Word for Mood {
    fn to_word(self) -> u64 {
        let rasa = self.rasa.map_or(NONE, |rasa| rasa.index() as u8);
        let confidence = (f64::from(self.confidence.clamp(0.0, 1.0)) * f64::from(0x00FF_FFFF)).round() as u64;
        u64::from(rasa) | confidence << 8 | u64::from(self.intensity.to_bits()) << 32
    }

    fn from_word(word: u64) -> Self {
        let [rasa, ..] = word.to_le_bytes();
        let confidence = f64::from((word >> 8) as u32 & 0x00FF_FFFF) / f64::from(0x00FF_FFFF);
        Self {
            rasa: Rasa::from_index(usize::from(rasa)),
            confidence: confidence as f32,
            intensity: f32::from_bits((word >> 32) as u32),
        }
    }
}

/// Height and openness as they are; no hands are a height that is no number.
impl Word for Option<Hands> {
    fn to_word(self) -> u64 {
        let Hands { height, openness } = self.unwrap_or(Hands { height: f32::NAN, openness: 0.0 });
        u64::from(height.to_bits()) | u64::from(openness.to_bits()) << 32
    }

    fn from_word(word: u64) -> Self {
        let height = f32::from_bits(word as u32);
        (!height.is_nan()).then(|| Hands { height, openness: f32::from_bits((word >> 32) as u32) })
    }
}

/// A byte each for section, raga, tala and matra with the bol in the section's, two for laya, one for each note.
impl Word for Status {
    fn to_word(self) -> u64 {
        let section = match self.section {
            Section::Drone => 0,
            Section::Alap => 1,
            Section::Gat => 2,
            Section::Jor => 3,
            Section::Silence => 4,
        };
        let bol = self.bol.map_or(0, |bol| bol.index() as u8 + 1);
        let note = |note: Option<Note>| note.map_or(i8::MIN, Note::step).to_le_bytes()[0];
        let [low, high] = self.laya_bpm.to_le_bytes();
        let byte = |value: Option<u8>| value.unwrap_or(NONE);
        u64::from_le_bytes([
            section | bol << 4,
            byte(self.raga),
            byte(self.tala),
            byte(self.matra),
            low,
            high,
            note(self.melody),
            note(self.string),
        ])
    }

    fn from_word(word: u64) -> Self {
        let [section, raga, tala, matra, low, high, melody, string] = word.to_le_bytes();
        let byte = |value: u8| (value != NONE).then_some(value);
        let note = |step: u8| Note::from_step(i32::from(i8::from_le_bytes([step])));
        Self {
            section: match section & 0xF {
                1 => Section::Alap,
                2 => Section::Gat,
                3 => Section::Jor,
                4 => Section::Silence,
                _ => Section::Drone,
            },
            raga: byte(raga),
            tala: byte(tala),
            matra: byte(matra),
            laya_bpm: u16::from_le_bytes([low, high]),
            melody: note(melody),
            string: note(string),
            bol: (section >> 4).checked_sub(1).and_then(Bol::from_index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mood_comes_out_as_it_went_in() {
        for rasa in Rasa::ALL.into_iter().map(Some).chain([None]) {
            let mood = Mood { rasa, confidence: 0.625, intensity: 0.3 };
            let slot = Latest::default();
            slot.set(mood);
            let back = slot.get();
            assert_eq!((back.rasa, back.intensity), (mood.rasa, mood.intensity));
            assert!((back.confidence - mood.confidence).abs() < 1e-6);
        }
    }

    #[test]
    fn hands_come_out_as_they_went_in() {
        for hands in [None, Some(Hands { height: 0.25, openness: 0.75 }), Some(Hands { height: 0.0, openness: 0.0 })] {
            assert_eq!(Latest::new(hands).get(), hands);
        }
        assert_eq!(Latest::<Option<Hands>>::default().get(), None);
    }

    #[test]
    fn a_status_comes_out_as_it_went_in() {
        let status = Status {
            section: Section::Gat,
            raga: Some(14),
            tala: Some(0),
            matra: Some(16),
            laya_bpm: 287,
            melody: Note::from_step(-20),
            string: Note::from_step(0),
            bol: Bol::named("Ka"),
        };
        assert_eq!(Latest::new(status).get(), status);
        assert_eq!(Latest::<Status>::default().get(), Status::default());
    }
}
