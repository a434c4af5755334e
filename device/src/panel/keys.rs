//! Keys as buttons. A terminal tells of presses and never of releases, so a small letter is a whole click and a capital
//! presses or lets go.

use rasika_hardware::buttons::Button::{self, Record, Select};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a click's button is down.
const CLICK: Duration = Duration::from_millis(100);

/// What the keys do, in two lines for the screen.
pub const LEGEND: [&str; 2] = [
    "s click SELECT   r click RECORD   b click both   d RECORD twice",
    "S, R, B hold them down, again let them go   q quit",
];

/// Presses that keys have asked for.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// Presses to come: when, down or up, which. At one moment a button is let go before the other is pressed, or the
    /// press would count as one beside it.
    waiting: BTreeSet<(Duration, bool, Button)>,
    /// Buttons that a capital holds down.
    held: [bool; 2],
    quit: bool,
}

impl Keys {
    /// Bytes came from the terminal at once: keys, or the sequence of one that has no letter (arrows, F keys), which is
    /// none of ours.
    pub fn read(&mut self, now: Duration, bytes: &[u8]) {
        const ESCAPE: u8 = 0x1B;
        let mut bytes = bytes.iter().copied();
        while let Some(byte) = bytes.next() {
            if byte != ESCAPE {
                self.typed(now, char::from(byte));
            } else if let Some(begin) = bytes.next()
                && matches!(begin, b'[' | b'O')
            {
                // It ends with the first letter, or `~`.
                while bytes.next().is_some_and(|byte| !(0x40..=0x7E).contains(&byte)) {}
            }
        }
    }

    /// A key was typed.
    pub fn typed(&mut self, now: Duration, key: char) {
        match key {
            's' => self.click(now, &[Select]),
            'r' => self.click(now, &[Record]),
            'b' => self.click(now, &[Select, Record]),
            'd' => {
                self.click(now, &[Record]);
                self.click(now + CLICK * 2, &[Record]);
            }
            'S' => self.toggle(now, Select),
            'R' => self.toggle(now, Record),
            'B' => {
                let down = !(self.held[0] && self.held[1]);
                for button in Button::ALL {
                    if self.held[button.index()] != down {
                        self.toggle(now, button);
                    }
                }
            }
            // Ctrl-C and Ctrl-D, where the terminal hands them on.
            'q' | '\u{3}' | '\u{4}' => self.quit = true,
            _ => {}
        }
    }

    /// A button that is held down is let go first: its click would be none otherwise.
    fn click(&mut self, at: Duration, buttons: &[Button]) {
        for button in buttons {
            self.held[button.index()] = false;
            self.waiting.insert((at, true, *button));
            self.waiting.insert((at + CLICK, false, *button));
        }
    }

    fn toggle(&mut self, now: Duration, button: Button) {
        let held = &mut self.held[button.index()];
        *held = !*held;
        self.waiting.insert((now, *held, button));
    }

    /// The next press or release that is due by now, and when it was due.
    pub fn next(&mut self, now: Duration) -> Option<(Duration, Button, bool)> {
        self.waiting.first().filter(|(at, ..)| *at <= now)?;
        self.waiting.pop_first().map(|(at, down, button)| (at, button, down))
    }

    /// When there is something to do.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        self.waiting.first().map(|(at, ..)| *at)
    }

    /// Whether someone wants to leave.
    #[must_use]
    pub const fn wants_to_quit(&self) -> bool {
        self.quit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasika_hardware::buttons::Gesture::{
        ChordClick, ChordLong, ChordLongLetGo, ChordLongest, Click, DoubleClick, HoldBegan, HoldEnded,
    };
    use rasika_hardware::buttons::{Gesture, Recogniser, Times};

    /// What the recogniser makes of keys typed at their times (in milliseconds).
    fn gestures(typed: &[(u64, char)]) -> Vec<Gesture> {
        let (mut keys, mut made) = (Keys::default(), Vec::new());
        let mut recogniser = Recogniser::new(Times::default(), [false; 2]);
        let mut typed = typed.iter().peekable();
        for time in 0..20_000 {
            let now = Duration::from_millis(time);
            while let Some((_, key)) = typed.next_if(|(at, _)| *at == time) {
                keys.typed(now, *key);
            }
            while let Some((at, button, down)) = keys.next(now) {
                recogniser.level(at, button, down, &mut made);
            }
            recogniser.tick(now, &mut made);
        }
        made.into_iter().map(|(_, gesture)| gesture).collect()
    }

    #[test]
    fn every_gesture_can_be_typed() {
        assert_eq!(gestures(&[(0, 's')]), [Click(Select)]);
        assert_eq!(gestures(&[(0, 'S'), (1500, 'S')]), [HoldBegan(Select), HoldEnded(Select)]);
        assert_eq!(gestures(&[(0, 'r')]), [Click(Record)]);
        assert_eq!(gestures(&[(0, 'R'), (2000, 'R')]), [HoldBegan(Record), HoldEnded(Record)]);
        assert_eq!(gestures(&[(0, 'd')]), [DoubleClick(Record)]);
        assert_eq!(gestures(&[(0, 'b')]), [ChordClick]);
        assert_eq!(gestures(&[(0, 'B'), (5000, 'B')]), [ChordLong, ChordLongLetGo]);
        assert_eq!(gestures(&[(0, 'B'), (12_000, 'B')]), [ChordLong, ChordLongest]);
        assert_eq!(gestures(&[(0, 'x'), (10, ' ')]), []);
    }

    #[test]
    fn capitals_hold_each_button_by_itself_or_both() {
        assert_eq!(gestures(&[(0, 'S'), (50, 'R'), (600, 'S'), (700, 'R')]), [ChordClick]);
        assert_eq!(gestures(&[(0, 'S'), (1500, 'B'), (2000, 'B')]), [HoldBegan(Select), HoldEnded(Select)]);
        assert_eq!(
            gestures(&[(0, 'R'), (500, 'R'), (500, 's')]),
            [HoldBegan(Record), HoldEnded(Record), Click(Select)]
        );
    }

    #[test]
    fn keys_without_a_letter_press_nothing() {
        let mut keys = Keys::default();
        // Down, F1, F3, F5, Alt-s, Escape, a mouse's report.
        for sequence in ["\x1b[B", "\x1bOP", "\x1bOR", "\x1b[15~", "\x1bs", "\x1b", "\x1b[<0;12;3M"] {
            keys.read(Duration::ZERO, sequence.as_bytes());
            assert_eq!(keys.due(), None, "{sequence:?}");
        }
        keys.read(Duration::ZERO, b"\x1b[Bs");
        assert!(keys.due().is_some());
    }

    #[test]
    fn q_quits() {
        let mut keys = Keys::default();
        keys.typed(Duration::ZERO, 's');
        assert!(!keys.wants_to_quit());
        keys.typed(Duration::ZERO, 'q');
        assert!(keys.wants_to_quit());
    }
}
