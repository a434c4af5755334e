//! The panel: two buttons in, four LEDs out, and a state machine between them.
//!
//! ```text
//! pins ─edges→ Recogniser ─Gesture→ Machine ─Command→ the box
//!                                   │  ↑────Event── the box
//! LEDs ←─patterns── Lights ←─Sign───┘
//! ```
//!
//! [`Machine`] touches nothing: its transitions stand in [`table`], what people do with them in [`gestures`], what can
//! be wrong in [`fault`]. [`Panel`] is the thread around it; [`terminal`] is a panel of keys and drawn LEDs.

pub mod fault;
mod front;
pub mod gestures;
pub mod keys;
mod lights;
mod machine;
mod running;
mod settings;
mod sign;
mod status;
pub mod table;
pub mod terminal;

pub use fault::{Fault, Faults};
pub use lights::Lights;
pub use machine::{Command, Event, Machine, PAIRING_OPEN, RecordBy};
pub use running::{Opener, Panel, Report, StartError, Teller};
pub use settings::{Settings, SettingsError};
pub use sign::{LEDS, Led, Sign};
pub use status::PanelStatus;
pub use table::State;
