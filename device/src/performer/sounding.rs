//! Which notes sound: what a port has been told to play and has not been told to stop.

use super::event::{Event, EventKind};
use midly::MidiMessage;
use midly::num::u4;

/// A table of sounding notes, one bit for each key of each channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sounding {
    keys: [u128; 16],
}

impl Sounding {
    /// Takes note of an event.
    pub fn hear(&mut self, event: &Event) {
        let EventKind::Midi { channel, message } = event.kind else { return };
        let keys = &mut self.keys[usize::from(channel.as_int())];
        match message {
            MidiMessage::NoteOn { key, vel } if vel > 0 => *keys |= 1 << key.as_int(),
            MidiMessage::NoteOn { key, .. } | MidiMessage::NoteOff { key, .. } => *keys &= !(1 << key.as_int()),
            MidiMessage::Controller { controller, .. } if controller == 123 || controller == 120 => *keys = 0,
            _ => {}
        }
    }

    /// Every sounding note, as channel and key.
    pub fn notes(&self) -> impl Iterator<Item = (u4, u8)> + '_ {
        (0_u8..16).flat_map(move |channel| {
            let keys = self.keys[usize::from(channel)];
            (0_u8..128).filter(move |key| keys & (1 << key) != 0).map(move |key| (u4::new(channel), key))
        })
    }

    /// Whether a note sounds on a channel.
    #[must_use]
    pub fn sounds_on(&self, channel: u4) -> bool {
        self.keys[usize::from(channel.as_int())] != 0
    }

    /// Whether nothing sounds.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.keys.iter().all(|keys| *keys == 0)
    }
}
