//! A keyboard's own keys, learnt by playing them: the nine rasas in their order, then automatic, tap and a controller.

use super::Keys;
use rasika_models::Rasa;

/// What a message was in a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Nothing that was asked for.
    Nothing,
    /// What was asked for.
    Learnt,
    /// A key that means something else already.
    Taken,
}

/// A lesson under way.
#[derive(Debug, Clone, Default)]
pub struct Lesson {
    /// The keys so far: nine rasas, automatic, tap.
    keys: Vec<Option<u8>>,
    controller: Option<Option<u8>>,
}

impl Lesson {
    /// What is asked for now; `None` when all has been learnt.
    #[must_use]
    pub fn question(&self) -> Option<String> {
        Some(match (self.keys.len(), self.controller) {
            (rasa @ 0..=8, _) => {
                let rasa = Rasa::ALL[rasa];
                format!("press the key for {rasa} ({})", rasa.meaning())
            }
            (9, _) => "press the key that leaves all to the face again".to_owned(),
            (10, _) => "press the key to tap the laya on".to_owned(),
            (_, None) => "move the controller for intensity".to_owned(),
            _ => return None,
        })
    }

    /// Whether what is asked for may be left out: all but the nine rasas.
    #[must_use]
    pub fn may_be_left_out(&self) -> bool {
        self.keys.len() >= Rasa::COUNT
    }

    /// Leaves out what is asked for, if it may be.
    pub fn leave_out(&mut self) {
        match self.keys.len() {
            0..9 => {}
            9 | 10 => self.keys.push(None),
            _ => self.controller = Some(None),
        }
    }

    /// Takes a whole message in.
    pub fn hear(&mut self, message: &[u8]) -> Said {
        match *message {
            [0x90..=0x9F, key, 1..=127] if self.keys.len() < 11 => {
                if self.keys.contains(&Some(key)) {
                    return Said::Taken;
                }
                self.keys.push(Some(key));
                Said::Learnt
            }
            [0xB0..=0xBF, controller @ 0..120, _] if self.keys.len() == 11 && self.controller.is_none() => {
                self.controller = Some(Some(controller));
                Said::Learnt
            }
            _ => Said::Nothing,
        }
    }

    /// What was learnt, once there is no question any more.
    #[must_use]
    pub fn keys(&self) -> Option<Keys> {
        let rasas: Vec<u8> = self.keys.iter().take(Rasa::COUNT).flatten().copied().collect();
        Some(Keys {
            channel: None,
            rasas: rasas.try_into().ok()?,
            automatic: *self.keys.get(9)?,
            tap: *self.keys.get(10)?,
            intensity: self.controller?,
            panic: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_played_in_order_is_learnt_and_no_key_twice() {
        let mut lesson = Lesson::default();
        assert!(lesson.question().unwrap().contains("shringara (love)"));
        for key in 36..45 {
            assert!(lesson.keys().is_none() && !lesson.may_be_left_out());
            lesson.leave_out();
            assert_eq!(lesson.hear(&[0x95, key, 80]), Said::Learnt);
            assert_eq!(lesson.hear(&[0x85, key, 80]), Said::Nothing);
            assert_eq!(lesson.hear(&[0x95, key, 80]), Said::Taken);
        }
        assert_eq!(lesson.hear(&[0xB0, 7, 80]), Said::Nothing, "no controller was asked for yet");
        lesson.leave_out();
        assert_eq!(lesson.hear(&[0x90, 50, 80]), Said::Learnt);
        assert_eq!(lesson.hear(&[0x90, 51, 80]), Said::Nothing);
        assert_eq!(lesson.hear(&[0xB0, 11, 80]), Said::Learnt);
        assert_eq!(lesson.question(), None);
        let rasas = [36, 37, 38, 39, 40, 41, 42, 43, 44];
        let wanted = Keys { channel: None, rasas, automatic: None, tap: Some(50), intensity: Some(11), panic: true };
        assert_eq!(lesson.keys(), Some(wanted));
    }
}
