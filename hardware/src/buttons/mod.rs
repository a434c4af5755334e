//! Buttons: levels with times go in, gestures with times come out. No clock, no pins, no thread.
//!
//! Two steps: [`Debounce`] settles each button's level, [`Recogniser`] makes gestures of settled presses. Where two
//! gestures overlap [`OVERLAPS`] tells what counts, and the tests hold the recogniser to it.

mod debounce;
mod recogniser;

pub use debounce::Debounce;
pub use recogniser::{Gesture, Recogniser, Times};

/// Where two gestures overlap, and what counts then.
pub const OVERLAPS: [(&str, &str); 7] = [
    ("the second button follows in time, the first still down", "both; the first alone meant nothing"),
    (
        "the second button follows later",
        "the first alone; the late one means nothing until it is let go and pressed anew",
    ),
    ("both are down and one is let go", "both, until then; the other means nothing until it is let go"),
    ("a click, then both", "both; the click meant nothing"),
    ("a click, then the same button is held", "the hold; the click was its beginning"),
    ("a click, then the other button", "each by itself, the click when its time for a second one has run out"),
    ("a button is down at power-on, or for ten minutes", "it is stuck: nothing, until it is let go"),
];

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
