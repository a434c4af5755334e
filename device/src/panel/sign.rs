//! The four LEDs and what they can say.

use super::fault::Faults;
use rasika_models::Rasa;

/// How many LEDs there are.
pub const LEDS: usize = 4;

/// An LED of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Led {
    /// The box lives, or what ails it.
    Ready,
    /// A face is seen.
    Face,
    /// Recording.
    Record,
    /// MIDI activity.
    Midi,
}

impl Led {
    /// All of them, in the order of their index.
    pub const ALL: [Self; LEDS] = [Self::Ready, Self::Face, Self::Record, Self::Midi];

    /// 0–3.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// As it is written beside it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::Face => "FACE",
            Self::Record => "REC",
            Self::Midi => "MIDI",
        }
    }
}

/// What an LED says. How that looks is in `panel/lights.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sign {
    /// Nothing.
    Dark,
    /// The box is starting.
    Starting,
    /// All is well.
    Heartbeat,
    /// So much is wrong, one count after the other.
    Faults(Faults),
    /// Something new is being installed.
    Updating,
    /// Pairing is open.
    Pairing,
    /// The digits of the laptop that asks.
    Digits([u8; 3]),
    /// Pairing or an update went well.
    Done,
    /// It did not.
    Failed,
    /// A face is seen.
    FaceSeen,
    /// The label: as many blinks as the rasa's place among the nine.
    Label(Rasa),
    /// The take begins after this.
    CountIn,
    /// A take is being recorded.
    Recording,
    /// It is on its way to the disk.
    Saving,
    /// It is there.
    Saved,
    /// It is not.
    Refused,
    /// The last take is discarded.
    Discarded,
    /// RECORD lets the laptop in.
    Accepts,
    /// MIDI just now.
    Activity,
    /// Let go now to pair.
    LetGo,
    /// The box is on its way down.
    Stopping,
}
