//! What can be wrong with the box, as blinks that can be counted.

use std::fmt::Write;

/// Something is wrong that its user can do something about. The music goes on as well as it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// No camera, or one that sends no pictures.
    Camera,
    /// A MIDI port is gone.
    Port,
    /// No take can be kept: no room, or a disk that fails.
    Disk,
    /// The model does not load or fails its self-test.
    Model,
    /// A button or an LED cannot be used.
    Pins,
    /// Some settings are wrong; the box runs on the defaults of those.
    Config,
    /// Laptops cannot be served: the box's keys cannot be used.
    Laptops,
}

impl Fault {
    /// Every fault, in the order of their blinks.
    pub const ALL: [Self; 7] =
        [Self::Camera, Self::Port, Self::Disk, Self::Model, Self::Pins, Self::Config, Self::Laptops];

    /// How often READY blinks for it. One blink would be mistaken for the heartbeat.
    #[must_use]
    pub const fn blinks(self) -> u8 {
        self as u8 + 2
    }

    /// What is wrong, and what to do about it.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Camera => ("no camera", "plug it in (again); the drone plays on and the box keeps looking for it"),
            Self::Port => ("a MIDI port is lost", "check cable and power of the synth; it is found again by itself"),
            Self::Disk => (
                "no take can be kept: the disk is full, or fails",
                "sync with the laptop and prune; if that is not it, `rasikad doctor` says more; playing goes on",
            ),
            Self::Model => ("the model is bad", "push it again from the laptop; until then the one before it is used"),
            Self::Pins => (
                "a button or LED cannot be used",
                "is a button stuck? `rasikad doctor` names the pin; it is tried again by itself",
            ),
            Self::Config => (
                "the settings are wrong",
                "`rasikad config check` names the line; until then the default of that setting is used",
            ),
            Self::Laptops => (
                "no laptop can be served: the box's keys are damaged",
                "`rasikad doctor` names the file; put it right or remove it, and pair again; playing goes on",
            ),
        }
    }
}

/// Any number of faults, each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Faults(u8);

impl Faults {
    /// None.
    pub const NONE: Self = Self(0);

    /// One more, or one less.
    pub const fn set(&mut self, fault: Fault, is_there: bool) {
        let bit = 1 << fault as u8;
        self.0 = if is_there { self.0 | bit } else { self.0 & !bit };
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are there, in the order of their blinks.
    pub fn iter(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.into_iter().filter(move |fault| self.0 & 1 << *fault as u8 != 0)
    }

    /// As a byte, a bit for each.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Back from the byte; bits of no fault are left out.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & ((1 << Fault::ALL.len()) - 1))
    }
}

/// The faults as a table of `docs/performer.md`.
#[must_use]
pub fn markdown() -> String {
    let mut text = "| READY blinks | what is wrong | what to do |\n|---|---|---|\n".to_owned();
    for fault in Fault::ALL {
        let (what, advice) = fault.words();
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {} times | {what} | {advice} |", fault.blinks());
    }
    text
}
