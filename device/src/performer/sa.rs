//! Where Sa is: a MIDI note and so many cents beside it.

use std::fmt;
use std::str::FromStr;

/// Lowest and highest MIDI note of the middle Sa: the octaves around it must fit the keyboard.
const LOWEST: u8 = 40;
const HIGHEST: u8 = 80;
/// A = 440 Hz is MIDI note 69.
const A_HZ: f64 = 440.0;
const A_NOTE: f64 = 69.0;

/// The middle Sa.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sa {
    /// MIDI note, 40–80.
    pub note: u8,
    /// Cents above it, -50 to 50.
    pub cents: f32,
}

impl Default for Sa {
    /// C sharp above middle C.
    fn default() -> Self {
        Self { note: 61, cents: 0.0 }
    }
}

/// A word that is no Sa.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Sa cannot be '{0}'; give a MIDI note from 40 to 80 (61 is C sharp), or a frequency from 82 to 855 as in 277.2Hz"
)]
pub struct SaError(String);

impl Sa {
    /// Sa on a MIDI note.
    ///
    /// # Errors
    /// When the note leaves no room for the octaves around it.
    pub fn of_note(note: u8) -> Result<Self, SaError> {
        let fits = (LOWEST..=HIGHEST).contains(&note);
        fits.then_some(Self { note, cents: 0.0 }).ok_or_else(|| SaError(note.to_string()))
    }

    /// Its frequency in Hz.
    #[must_use]
    pub fn hz(self) -> f64 {
        A_HZ * 2_f64.powf((f64::from(self.note) - A_NOTE + f64::from(self.cents) / 100.0) / 12.0)
    }

    /// Its cents as MIDI's channel fine tuning (RPN 1): 8192 is none, a step is 100/8192 cents.
    #[must_use]
    pub fn fine_tuning(self) -> u16 {
        (8192.0 + self.cents / 100.0 * 8192.0).round().clamp(0.0, 16383.0) as u16
    }
}

impl FromStr for Sa {
    type Err = SaError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let wrong = || SaError(word.to_owned());
        let lower = word.trim().to_ascii_lowercase();
        let Some(hz) = lower.strip_suffix("hz") else {
            return lower.parse::<u8>().map_err(|_| wrong()).and_then(|note| Self::of_note(note).map_err(|_| wrong()));
        };
        let hz: f64 = hz.trim().parse().map_err(|_| wrong())?;
        let exact = A_NOTE + 12.0 * (hz / A_HZ).log2();
        let note = exact.round();
        if !(f64::from(LOWEST)..=f64::from(HIGHEST)).contains(&note) {
            return Err(wrong());
        }
        Ok(Self { note: note as u8, cents: (100.0 * (exact - note)) as f32 })
    }
}

impl fmt::Display for Sa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cents == 0.0 { write!(f, "{}", self.note) } else { write!(f, "{:.2}Hz", self.hz()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frequency_is_a_note_and_the_cents_beside_it() {
        let sa: Sa = "240Hz".parse().unwrap();
        assert_eq!(sa.note, 59);
        assert!((sa.cents + 49.4).abs() < 0.1, "{}", sa.cents);
        assert!((sa.hz() - 240.0).abs() < 1e-3 && (4100..4200).contains(&sa.fine_tuning()));
        assert_eq!("440 hz".parse::<Sa>().unwrap(), Sa { note: 69, cents: 0.0 });
        assert_eq!(Sa::default().fine_tuning(), 8192);
    }

    #[test]
    fn what_is_no_sa_is_refused() {
        for word in ["", "39", "81", "C", "60Hz", "1e9Hz", "nanHz", "-1Hz", "Hz"] {
            assert!(word.parse::<Sa>().is_err(), "{word}");
        }
    }
}
