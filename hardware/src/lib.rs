//! What the box touches: MIDI ports and serial lines, pins, buttons and LEDs.

pub mod buttons;
pub mod leds;
pub mod midi;
pub mod pins;
