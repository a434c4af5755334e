//! Buttons: levels with times go in, gestures with times come out. No clock, no pins, no thread.
//!
//! Two steps: [`Debounce`] settles each button's level, [`Recogniser`] makes gestures of settled presses. Where two
//! gestures overlap this table decides, and the tests hold it:
//!
//! | overlap | what counts |
//! |---|---|
//! | the other button follows within the chord's time, the first still down | the chord; the first button alone meant nothing |
//! | the other button follows later | the first button alone; the late one means nothing until it is let go and pressed anew |
//! | a chord in which one button is let go | the chord ends there; the other means nothing until it is let go |
//! | a click, then a chord | the chord; the click meant nothing |
//! | a click, then a press that is held | the hold; the click was its beginning |
//! | a click, then the other button | both, the click when its time for a second click has run out |
//! | a button down before we looked, or down for longer than anyone holds one | stuck: it means nothing until it is let go |

mod debounce;
mod recogniser;

pub use debounce::Debounce;
pub use recogniser::{Gesture, Recogniser, Times};

/// The two buttons of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Button {
    /// Chooses.
    Select,
    /// Records.
    Record,
}

impl Button {
    /// Both, in the order of their index.
    pub const ALL: [Self; 2] = [Self::Select, Self::Record];

    /// 0 or 1.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The one beside it.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Select => Self::Record,
            Self::Record => Self::Select,
        }
    }
}

impl std::fmt::Display for Button {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Select => "SELECT",
            Self::Record => "RECORD",
        })
    }
}
