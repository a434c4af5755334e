//! What the box touches: MIDI ports and serial lines.

pub mod midi;
