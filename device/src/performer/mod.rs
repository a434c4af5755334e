//! From a mood to music.
//!
//! Ragas, talas and the map from rasa to raga are data ([`Library`], [`RasaMap`]). The [`Engine`] is pure: it turns
//! a stream of moods and a seed into [`Event`]s and knows no clock. The [`player`] plays those events on MIDI ports
//! at their time; [`offline`] and [`midi_file`] put them into a .mid file.

pub mod arc;
pub mod choice;
pub mod data_error;
pub mod engine;
pub mod event;
pub mod grammar;
pub mod hands;
pub mod library;
pub mod manner;
pub mod map;
pub mod midi_file;
pub mod offline;
pub mod original;
pub mod player;
pub mod portrait;
pub mod raga;
pub mod rng;
pub mod sa;
pub mod shruti;
pub mod sound_map;
pub mod sounding;
pub mod status;
pub mod swara;
pub mod tala;

pub use data_error::DataError;
pub use engine::{Engine, Settings};
pub use event::{Cue, Event, EventKind, Voice};
pub use hands::Hands;
pub use library::Library;
pub use map::{RasaMap, Style};
pub use offline::Performance;
pub use original::NoteLists;
pub use portrait::Portrait;
pub use raga::Raga;
pub use sa::Sa;
pub use sound_map::SoundMap;
pub use status::{Section, Status};
pub use swara::{Note, Swara};
pub use tala::Tala;
