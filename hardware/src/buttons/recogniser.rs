//! Presses into gestures.
//!
//! Gestures are made on a time that runs behind the clock by the debounce: everything up to it has settled, so a hold
//! is never reported of a button that was let go just before. Reading the clock oftener or more rarely changes nothing.

use super::{Button, Debounce};
use std::time::Duration;

/// How long is long. Defaults are the box's; `docs/performer.md` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// A level counts after it has stood so long.
    pub debounce: Duration,
    /// A press of so long is a hold and no click, for SELECT and RECORD.
    pub hold: [Duration; 2],
    /// So soon after a click a second press makes a double click; `None` where a click counts at once.
    pub double: [Option<Duration>; 2],
    /// The second button of a chord follows the first within this.
    pub chord: Duration,
    /// A chord of so long is no click any more; letting go says what was meant.
    pub chord_long: Duration,
    /// A chord of so long means its second thing, and letting go means nothing any more.
    pub chord_longest: Duration,
    /// Nobody holds a single button so long: it is stuck.
    pub stuck: Duration,
}

impl Default for Times {
    fn default() -> Self {
        const fn ms(ms: u64) -> Duration {
            Duration::from_millis(ms)
        }
        Self {
            debounce: ms(8),
            hold: [ms(1000), ms(300)],
            double: [None, Some(ms(300))],
            chord: ms(150),
            chord_long: ms(3000),
            chord_longest: ms(10_000),
            stuck: ms(600_000),
        }
    }
}

/// What a person did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gesture {
    /// Pressed and let go before it was a hold.
    Click(Button),
    /// Two clicks, the second soon after the first.
    DoubleClick(Button),
    /// Has been down for a hold's time, and is.
    HoldBegan(Button),
    /// Is let go after a hold.
    HoldEnded(Button),
    /// Both together, let go before [`Times::chord_long`].
    ChordClick,
    /// Both have been down for [`Times::chord_long`], and are.
    ChordLong,
    /// Let go after it, before [`Times::chord_longest`].
    ChordLongLetGo,
    /// Both have been down for [`Times::chord_longest`].
    ChordLongest,
    /// A button has been down for longer than anyone holds one.
    Stuck(Button),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No button means anything.
    Idle,
    /// One button is down and has been alone; whether its hold has been told.
    One { button: Button, since: Duration, held: bool },
    /// Both are down since about the same time; whether the long chord has been told.
    Chord { since: Duration, long: bool },
}

/// The recogniser of two buttons' gestures.
#[derive(Debug, Clone)]
pub struct Recogniser {
    times: Times,
    levels: [Debounce; 2],
    state: State,
    /// Buttons whose press means nothing (any more) until they are let go.
    spent: [bool; 2],
    /// A click that may become a double one, and when it no longer can.
    clicked: [Option<Duration>; 2],
    /// Nothing happens before this: times never run backwards.
    now: Duration,
}

impl Recogniser {
    /// Buttons that are now down or not; those that are down count as stuck.
    #[must_use]
    pub fn new(times: Times, down: [bool; 2]) -> Self {
        Self {
            times,
            levels: down.map(|down| Debounce::new(times.debounce, down)),
            state: State::Idle,
            spent: down,
            clicked: [None; 2],
            now: Duration::ZERO,
        }
    }

    /// A button's raw level from a time on; gestures that are complete by then are added to the list, each with the
    /// time it was made.
    pub fn level(&mut self, time: Duration, button: Button, down: bool, made: &mut Vec<(Duration, Gesture)>) {
        let time = time.max(self.now);
        self.tick(time, made);
        self.levels[button.index()].level(time, down);
    }

    /// The time has come to `now`; adds the gestures that are complete by then.
    pub fn tick(&mut self, now: Duration, made: &mut Vec<(Duration, Gesture)>) {
        self.now = self.now.max(now);
        loop {
            let changes = Button::ALL.map(|button| self.levels[button.index()].due());
            let next = Button::ALL.into_iter().filter(|b| changes[b.index()].is_some_and(|due| due <= self.now));
            // Of the same time, letting go comes first: a press that follows it is a new one.
            let next = next.min_by_key(|b| (changes[b.index()], !self.levels[b.index()].is_down()));
            let change = next.and_then(|b| self.levels[b.index()].settle(self.now).map(|(at, down)| (at, b, down)));
            let Some((at, button, down)) = change else { break };
            self.run_out(at, made);
            if down {
                self.pressed(at, button);
            } else {
                self.let_go(at, button, made);
            }
        }
        self.run_out(self.now.saturating_sub(self.times.debounce), made);
    }

    /// A button's line was lost or has been found again: whatever its press meant ends, and if it is down now it means
    /// nothing until it is let go.
    pub fn renew(&mut self, time: Duration, button: Button, down: bool, made: &mut Vec<(Duration, Gesture)>) {
        self.tick(time, made);
        let index = button.index();
        match self.state {
            State::One { button: pressed, held, .. } if pressed == button => {
                self.state = State::Idle;
                if held {
                    made.push((self.now, Gesture::HoldEnded(button)));
                }
            }
            State::Chord { .. } => {
                self.state = State::Idle;
                self.spent[button.other().index()] = true;
            }
            _ => {}
        }
        self.clicked[index] = None;
        self.levels[index] = Debounce::new(self.times.debounce, down);
        self.spent[index] = down;
    }

    /// When the next gesture may complete without another edge; [`Recogniser::tick`] should be called then.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        let settling = self.levels.iter().filter_map(Debounce::due).min();
        let running_out = self.next_end().map(|(at, _)| at + self.times.debounce);
        settling.into_iter().chain(running_out).min()
    }

    /// The next thing that comes about by time alone.
    fn next_end(&self) -> Option<(Duration, Ends)> {
        let state = match self.state {
            State::Idle => None,
            State::One { button, since, held: false } => Some((since + self.times.hold[button.index()], Ends::Hold)),
            State::One { since, held: true, .. } => Some((since + self.times.stuck, Ends::Stuck)),
            State::Chord { since, long: false } => Some((since + self.times.chord_long, Ends::ChordLong)),
            State::Chord { since, long: true } => Some((since + self.times.chord_longest, Ends::ChordLongest)),
        };
        let clicks = Button::ALL.into_iter().filter_map(|button| {
            // While it is pressed again its second press decides.
            let again = matches!(self.state, State::One { button: down, .. } if down == button);
            self.clicked[button.index()].filter(|_| !again).map(|at| (at, Ends::Click(button)))
        });
        state.into_iter().chain(clicks).min_by_key(|(at, _)| *at)
    }

    /// Tells what has come about by time alone, up to and without `until`.
    fn run_out(&mut self, until: Duration, made: &mut Vec<(Duration, Gesture)>) {
        while let Some((at, what)) = self.next_end().filter(|(at, _)| *at <= until) {
            match (what, self.state) {
                (Ends::Click(button), _) => {
                    self.clicked[button.index()] = None;
                    made.push((at, Gesture::Click(button)));
                }
                (Ends::Hold, State::One { button, since, .. }) => {
                    self.clicked[button.index()] = None;
                    self.state = State::One { button, since, held: true };
                    made.push((at, Gesture::HoldBegan(button)));
                }
                (Ends::Stuck, State::One { button, .. }) => {
                    self.state = State::Idle;
                    self.spent[button.index()] = true;
                    made.push((at, Gesture::HoldEnded(button)));
                    made.push((at, Gesture::Stuck(button)));
                }
                (Ends::ChordLong, State::Chord { since, .. }) => {
                    self.state = State::Chord { since, long: true };
                    made.push((at, Gesture::ChordLong));
                }
                _ => {
                    self.state = State::Idle;
                    self.spent = [true; 2];
                    made.push((at, Gesture::ChordLongest));
                }
            }
        }
    }

    fn pressed(&mut self, at: Duration, button: Button) {
        match self.state {
            State::Idle => self.state = State::One { button, since: at, held: false },
            State::One { since, held: false, .. } if at <= since + self.times.chord => {
                self.clicked = [None; 2];
                self.state = State::Chord { since: at, long: false };
            }
            _ => self.spent[button.index()] = true,
        }
    }

    fn let_go(&mut self, at: Duration, button: Button, made: &mut Vec<(Duration, Gesture)>) {
        let index = button.index();
        if std::mem::take(&mut self.spent[index]) {
            return;
        }
        match self.state {
            State::One { button: down, held, .. } if down == button => {
                self.state = State::Idle;
                if held {
                    made.push((at, Gesture::HoldEnded(button)));
                } else if self.clicked[index].take().is_some() {
                    made.push((at, Gesture::DoubleClick(button)));
                } else if let Some(double) = self.times.double[index] {
                    self.clicked[index] = Some(at + double);
                } else {
                    made.push((at, Gesture::Click(button)));
                }
            }
            State::Chord { long, .. } => {
                self.state = State::Idle;
                self.spent[button.other().index()] = true;
                made.push((at, if long { Gesture::ChordLongLetGo } else { Gesture::ChordClick }));
            }
            _ => {}
        }
    }
}

/// What comes about by time alone.
#[derive(Debug, Clone, Copy)]
enum Ends {
    Click(Button),
    Hold,
    Stuck,
    ChordLong,
    ChordLongest,
}
