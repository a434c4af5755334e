//! Swaras and the notes they become in an octave.

use std::fmt;
use std::str::FromStr;

/// One of the twelve swaras, in order of pitch above Sa.
///
/// Written `S r R g G m M P d D n N`: lower case is komal, `m` is shuddha and `M` tivra Ma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Swara {
    /// Sa.
    Sa,
    /// Komal Re.
    KomalRe,
    /// Shuddha Re.
    Re,
    /// Komal Ga.
    KomalGa,
    /// Shuddha Ga.
    Ga,
    /// Shuddha Ma.
    Ma,
    /// Tivra Ma.
    TivraMa,
    /// Pa.
    Pa,
    /// Komal Dha.
    KomalDha,
    /// Shuddha Dha.
    Dha,
    /// Komal Ni.
    KomalNi,
    /// Shuddha Ni.
    Ni,
}

impl Swara {
    /// Every swara, from Sa up.
    pub const ALL: [Self; 12] = [
        Self::Sa,
        Self::KomalRe,
        Self::Re,
        Self::KomalGa,
        Self::Ga,
        Self::Ma,
        Self::TivraMa,
        Self::Pa,
        Self::KomalDha,
        Self::Dha,
        Self::KomalNi,
        Self::Ni,
    ];

    /// Semitones above Sa, 0–11.
    #[must_use]
    pub const fn semitone(self) -> u8 {
        self as u8
    }

    /// The swara so many semitones above (or below) any Sa.
    #[must_use]
    pub fn from_semitone(semitones: i32) -> Self {
        Self::ALL[semitones.rem_euclid(12) as usize]
    }

    /// The letter it is written with.
    #[must_use]
    pub const fn letter(self) -> char {
        ['S', 'r', 'R', 'g', 'G', 'm', 'M', 'P', 'd', 'D', 'n', 'N'][self as usize]
    }

    /// The swara of a letter.
    #[must_use]
    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|swara| swara.letter() == letter)
    }
}

impl fmt::Display for Swara {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.letter())
    }
}

/// Lowest note an instrument of the box plays, in semitones from the middle Sa (low Ga of the mandra).
pub const LOWEST: i8 = -20;
/// Highest note, in semitones from the middle Sa (Sa two octaves up).
pub const HIGHEST: i8 = 24;

/// A swara in an octave, held as semitones from the middle Sa; within [`LOWEST`]..=[`HIGHEST`].
///
/// Written `'N` for the octave below the middle, `S'` for the one above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Note(i8);

impl Note {
    /// The middle Sa.
    pub const SA: Self = Self(0);

    /// The note so many semitones from the middle Sa, if the box plays it.
    #[must_use]
    pub fn from_step(step: i32) -> Option<Self> {
        (i32::from(LOWEST)..=i32::from(HIGHEST)).contains(&step).then_some(Self(step as i8))
    }

    /// Semitones from the middle Sa.
    #[must_use]
    pub const fn step(self) -> i8 {
        self.0
    }

    /// Its swara.
    #[must_use]
    pub fn swara(self) -> Swara {
        Swara::from_semitone(i32::from(self.0))
    }

    /// Octaves from the middle one.
    #[must_use]
    pub fn octave(self) -> i8 {
        self.0.div_euclid(12)
    }

    /// The same swara some octaves away, if the box plays it.
    #[must_use]
    pub fn shifted(self, octaves: i32) -> Option<Self> {
        Self::from_step(i32::from(self.0) + 12 * octaves)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in self.octave()..0 {
            f.write_str("'")?;
        }
        write!(f, "{}", self.swara())?;
        for _ in 0..self.octave() {
            f.write_str("'")?;
        }
        Ok(())
    }
}

/// A word that is no note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not one of the twelve letters.
    #[error(
        "'{0}' is not a swara; use S r R g G m M P d D n N, with ' before it for the octave below and after it for the octave above"
    )]
    NotASwara(String),
    /// Beyond the instrument.
    #[error("'{0}' is out of range; the box plays from ''G to S''")]
    OutOfRange(String),
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let no_swara = || NoteError::NotASwara(word.to_owned());
        let above = word.trim_start_matches('\'');
        let below = word.len() - above.len();
        let letter = above.chars().next().ok_or_else(no_swara)?;
        let marks = &above[letter.len_utf8()..];
        let swara = Swara::from_letter(letter).ok_or_else(no_swara)?;
        if marks.chars().any(|mark| mark != '\'') || (below > 0 && !marks.is_empty()) {
            return Err(no_swara());
        }
        if below > 2 || marks.len() > 2 {
            return Err(NoteError::OutOfRange(word.to_owned()));
        }
        let octave = marks.len() as i32 - below as i32;
        Self::from_step(12 * octave + i32::from(swara.semitone())).ok_or_else(|| NoteError::OutOfRange(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_note_of_the_box_reads_back_as_written() {
        for step in LOWEST..=HIGHEST {
            let note = Note::from_step(i32::from(step)).unwrap();
            assert_eq!(note.to_string().parse::<Note>(), Ok(note), "{note}");
        }
    }

    #[test]
    fn octave_marks_stand_before_for_below_and_after_for_above() {
        assert_eq!("'N".parse::<Note>().unwrap().step(), -1);
        assert_eq!("S'".parse::<Note>().unwrap().step(), 12);
        assert_eq!("M".parse::<Note>().unwrap().step(), 6);
    }

    #[test]
    fn words_that_are_no_notes_are_refused() {
        for word in ["", "'", "X", "Sa", "'S'", "é", "s", "S''''''''''"] {
            assert!(word.parse::<Note>().is_err(), "{word}");
        }
        assert_eq!("R''".parse::<Note>(), Err(NoteError::OutOfRange("R''".into())));
    }
}
