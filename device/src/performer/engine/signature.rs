//! A rasa's signature: the most telling phrase of its raga, played at once to say that the rasa was chosen.

use super::meend::Ornament;
use super::playing::Struck;
use super::{Engine, rhythm};
use crate::performer::event::{Cue, Event};
use rasika_models::Rasa;
use std::sync::Arc;

/// Length of its notes and of its last one, in microseconds: the whole is over in about three seconds.
const NOTE_US: u64 = 260_000;
const LAST_US: u64 = 700_000;
/// Most notes of it.
const NOTES: usize = 8;
const VELOCITY: f32 = 100.0;

/// A signature that sounds or is about to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature {
    raga: usize,
    at: usize,
    pub(super) due_us: u64,
}

impl Engine {
    /// Plays a rasa's signature now. The mood and what it asks for are not changed by it; the melody gives way and goes
    /// on afterwards.
    pub fn sign(&mut self, rasa: Rasa) {
        if self.settings.original.is_some() {
            return;
        }
        let raga = self.raga_of(rasa);
        self.signature = Some(Signature { raga, at: 0, due_us: self.now_us });
    }

    /// The signature's next note, or its end.
    pub(super) fn sign_on(&mut self, out: &mut Vec<Event>) {
        let Some(Signature { raga, at, .. }) = self.signature else { return };
        let library = Arc::clone(&self.library);
        let phrase = &library.ragas[raga].phrases[0];
        let notes = &phrase[..phrase.len().min(NOTES)];
        self.release_melody(out);
        self.melody_note = None;
        self.strike_us = None;
        if at == 0 {
            self.melody.stop();
            out.push(Event::cue(self.now_us, Cue::Signature { raga: raga as u8 }));
        }
        let Some(&note) = notes.get(at) else {
            self.signature = None;
            self.melody_us = self.now_us;
            self.melody_quarters = rhythm::QUARTERS;
            out.push(Event::cue(self.now_us, Cue::SignatureEnds));
            return;
        };
        let length_us = if at + 1 == notes.len() { LAST_US } else { NOTE_US };
        let ends_us = self.now_us + length_us * 9 / 10;
        let struck = Struck { note, ends_us, velocity: VELOCITY, ornament: Ornament::None };
        self.strike(&library.ragas[raga], &struck, std::iter::empty(), out);
        self.signature = Some(Signature { raga, at: at + 1, due_us: self.now_us + length_us });
    }
}
