//! What the hand has chosen, and how it joins what the eyes see.

use crate::latest::Word;
use rasika_models::{Mood, Rasa};

/// Intensity of a rasa chosen by hand while neither a controller nor a face says how strong it is.
const INTENSITY: f32 = 0.7;

/// What the hand has chosen; what is `None` is left to the face and to the music.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Hand {
    /// The rasa.
    pub rasa: Option<Rasa>,
    /// Its intensity, 0–127 as a controller gives it.
    pub intensity: Option<u8>,
    /// The laya tapped, in matras a minute.
    pub laya_bpm: Option<f32>,
}

impl Hand {
    /// The mood that is played of the one that is seen: the hand's rasa goes before the face's, and so does the
    /// controller's intensity, if there is a rasa at all.
    #[must_use]
    pub fn over(self, seen: Mood) -> Mood {
        let intensity = self.intensity.map(|value| f32::from(value) / 127.0);
        match (self.rasa, seen.rasa) {
            (Some(_), other) => {
                let shown = other.map_or(INTENSITY, |_| seen.intensity);
                Mood { rasa: self.rasa, confidence: 1.0, intensity: intensity.unwrap_or(shown) }
            }
            (None, Some(_)) => Mood { intensity: intensity.unwrap_or(seen.intensity), ..seen },
            (None, None) => seen,
        }
    }
}

/// A byte each for rasa and intensity, 255 for none; the upper half is the laya, NaN for none.
impl Word for Hand {
    fn to_word(self) -> u64 {
        let rasa = self.rasa.map_or(u8::MAX, |rasa| rasa.index() as u8);
        let laya = self.laya_bpm.unwrap_or(f32::NAN).to_bits();
        u64::from(rasa) | u64::from(self.intensity.unwrap_or(u8::MAX)) << 8 | u64::from(laya) << 32
    }

    fn from_word(word: u64) -> Self {
        let [rasa, intensity, ..] = word.to_le_bytes();
        let laya_bpm = f32::from_bits((word >> 32) as u32);
        Self {
            rasa: Rasa::from_index(usize::from(rasa)),
            intensity: (intensity < 128).then_some(intensity),
            laya_bpm: laya_bpm.is_finite().then_some(laya_bpm),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latest::Latest;

    const SEEN: Mood = Mood { rasa: Some(Rasa::Karuna), confidence: 0.6, intensity: 0.3 };

    #[test]
    fn the_hand_goes_before_the_face_and_leaves_it_what_it_does_not_say() {
        let hand = |rasa, intensity| Hand { rasa, intensity, laya_bpm: None };
        assert_eq!(hand(None, None).over(SEEN), SEEN);
        assert_eq!(hand(None, None).over(Mood::default()), Mood::default());
        let veera = hand(Some(Rasa::Veera), None);
        assert_eq!(veera.over(SEEN), Mood { rasa: Some(Rasa::Veera), confidence: 1.0, intensity: 0.3 });
        assert_eq!(veera.over(Mood::default()).intensity, INTENSITY);
        assert_eq!(hand(Some(Rasa::Veera), Some(127)).over(SEEN).intensity, 1.0);
        assert_eq!(hand(None, Some(0)).over(SEEN), Mood { intensity: 0.0, ..SEEN });
        assert_eq!(hand(None, Some(90)).over(Mood::default()), Mood::default(), "no rasa, nothing to be intense");
    }

    #[test]
    fn a_hand_comes_out_as_it_went_in() {
        assert_eq!(Latest::<Hand>::default().get(), Hand::default());
        for rasa in Rasa::ALL.into_iter().map(Some).chain([None]) {
            for (intensity, laya_bpm) in [(None, Some(83.5)), (Some(0), None), (Some(127), Some(320.0))] {
                let hand = Hand { rasa, intensity, laya_bpm };
                assert_eq!(Latest::new(hand).get(), hand);
            }
        }
    }
}
