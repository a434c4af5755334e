//! What the messages of a keyboard mean, one after another.

use super::{Hand, Keys, Taps};

/// What a message meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing to us.
    Nothing,
    /// The hand has changed.
    Changed,
    /// Every note is to end.
    Panic,
}

/// Reads messages into a [`Hand`]. Pure: it is told the time.
#[derive(Debug, Clone)]
pub struct Reading {
    keys: Keys,
    taps: Taps,
    hand: Hand,
}

impl Reading {
    /// A hand that has said nothing yet.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        Self { keys, taps: Taps::default(), hand: Hand::default() }
    }

    /// What the hand has chosen.
    #[must_use]
    pub fn hand(&self) -> Hand {
        self.hand
    }

    /// Takes a whole message in.
    pub fn hear(&mut self, now_us: u64, message: &[u8]) -> Meaning {
        let &[status, ref data @ ..] = message else { return Meaning::Nothing };
        match (status, data) {
            // All Sound Off and All Notes Off on any channel, and System Reset.
            (0xB0..=0xBF, [120 | 123, _]) | (0xFF, []) if self.keys.panic => Meaning::Panic,
            (0x80..=0xEF, _) if self.keys.channel.is_some_and(|channel| channel != status & 0xF) => Meaning::Nothing,
            (0x90..=0x9F, &[key, 1..=127]) => self.press(now_us, key),
            (0xB0..=0xBF, &[controller, value]) if self.keys.intensity == Some(controller) => {
                self.take_up(Hand { intensity: Some(value), ..self.hand })
            }
            _ => Meaning::Nothing,
        }
    }

    fn press(&mut self, now_us: u64, key: u8) -> Meaning {
        if let Some(rasa) = self.keys.rasa(key) {
            let again = self.hand.rasa == Some(rasa);
            return self.take_up(if again { Hand::default() } else { Hand { rasa: Some(rasa), ..self.hand } });
        }
        if self.keys.automatic == Some(key) {
            self.taps = Taps::default();
            return self.take_up(Hand::default());
        }
        if self.keys.tap == Some(key) {
            let laya_bpm = self.taps.tap(now_us).or(self.hand.laya_bpm);
            return self.take_up(Hand { laya_bpm, ..self.hand });
        }
        Meaning::Nothing
    }

    fn take_up(&mut self, hand: Hand) -> Meaning {
        let changed = self.hand != hand;
        self.hand = hand;
        if changed { Meaning::Changed } else { Meaning::Nothing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasika_models::Rasa;

    fn reading() -> Reading {
        Reading::new(Keys::default())
    }

    #[test]
    fn a_key_chooses_another_changes_and_the_same_again_or_a_tenth_lets_go() {
        let mut reading = reading();
        assert_eq!(reading.hear(0, &[0x93, 52, 90]), Meaning::Changed);
        assert_eq!(reading.hand().rasa, Some(Rasa::Karuna));
        assert_eq!(reading.hear(0, &[0x83, 52, 90]), Meaning::Nothing);
        assert_eq!(reading.hear(0, &[0x93, 53, 0]), Meaning::Nothing, "a note-on without velocity is a note-off");
        reading.hear(0, &[0x90, 53, 1]);
        assert_eq!(reading.hand().rasa, Some(Rasa::Raudra));
        reading.hear(0, &[0x90, 53, 1]);
        assert_eq!(reading.hand(), Hand::default());
        reading.hear(0, &[0x90, 53, 1]);
        reading.hear(0, &[0xB0, 1, 100]);
        assert_eq!(reading.hand().intensity, Some(100));
        reading.hear(0, &[0x90, 64, 1]);
        assert_eq!(reading.hand(), Hand::default());
        assert_eq!(reading.hear(0, &[0x90, 61, 90]), Meaning::Nothing, "a black key");
    }

    #[test]
    fn a_tapped_key_sets_the_laya_and_keeps_it() {
        let mut reading = reading();
        for n in 0..4 {
            reading.hear(n * 600_000, &[0x90, 65, 90]);
        }
        assert_eq!(reading.hand().laya_bpm, Some(100.0));
        reading.hear(60_000_000, &[0x90, 65, 90]);
        assert_eq!(reading.hand().laya_bpm, Some(100.0), "a single tap says nothing new");
        reading.hear(60_000_000, &[0x90, 64, 90]);
        assert_eq!(reading.hand().laya_bpm, None);
    }

    #[test]
    fn panic_is_heard_on_every_channel_and_the_rest_on_its_own() {
        let mut reading = Reading::new(Keys { channel: Some(4), ..Keys::default() });
        for message in [&[0xB0, 123, 0][..], &[0xBF, 120, 0], &[0xFF]] {
            assert_eq!(reading.hear(0, message), Meaning::Panic);
        }
        for message in [&[0x90, 52, 90][..], &[0xB3, 1, 90], &[0xF8], &[0xFE], &[0xF2, 1, 2], &[], &[0xB4, 121, 0]] {
            assert_eq!(reading.hear(0, message), Meaning::Nothing);
        }
        assert_eq!(reading.hear(0, &[0x94, 52, 90]), Meaning::Changed);
        let mut reading = Reading::new(Keys { panic: false, ..Keys::default() });
        assert_eq!(reading.hear(0, &[0xB0, 120, 0]), Meaning::Nothing);
    }
}
