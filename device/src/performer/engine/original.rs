//! The note lists of the project before this one: note after note, round and round, and nothing else.

use super::{Due, Engine, Piece};
use crate::performer::event::{Cue, Event, Voice};
use crate::performer::status::Section;
use std::sync::Arc;

impl Engine {
    /// What is due next where note lists are played.
    pub(super) fn next_due_of_list(&self) -> Option<(u64, Due)> {
        let note = (self.section == Section::Alap || self.wanted.is_some()).then_some((self.melody_us, Due::Melody));
        let off = self.held.next_off_us().map(|off_us| (off_us, Due::NoteOff));
        note.into_iter().chain(off).min()
    }

    /// The next note of the list.
    pub(super) fn list_on(&mut self, out: &mut Vec<Event>) {
        let Some(lists) = self.settings.original.clone() else { return };
        if let Some(rasa) = self.take_wanted() {
            self.melody.at = 0;
            let Some(rasa) = rasa else {
                self.section = Section::Drone;
                out.push(Event::cue(self.now_us, Cue::Drone));
                return;
            };
            let raga = self.map.style(rasa).ragas[0];
            self.piece = Some(Piece { rasa, raga });
            self.section = Section::Alap;
            out.push(Event::cue(self.now_us, Cue::Raga { raga: raga as u8, rasa: rasa.index() as u8 }));
        }
        let Some(piece) = self.piece else { return };
        let list = Arc::clone(&lists);
        let notes = list.of(piece.rasa);
        let Some(&key) = notes.get(self.melody.at % notes.len().max(1)) else { return };
        if self.melody.at.is_multiple_of(notes.len()) {
            out.push(Event::cue(self.now_us, Cue::Phrase));
        }
        self.melody.at += 1;
        self.held.release_melody(self.now_us, out);
        self.melody_us = self.now_us + list.note_us;
        self.held.strike(self.now_us, Voice::Melody, key, list.velocity, self.melody_us, out);
    }
}
