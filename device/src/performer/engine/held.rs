//! Notes that sound and the time each is to end.

use crate::performer::event::{Event, Voice};

/// Most notes that sound at once; a further one ends the one that would end first.
pub const POLYPHONY: usize = 24;

#[derive(Debug, Clone, Copy)]
struct Note {
    voice: Voice,
    key: u8,
    off_us: u64,
}

/// The sounding notes, never more than [`POLYPHONY`].
#[derive(Debug, Clone, Default)]
pub struct Held {
    notes: [Option<Note>; POLYPHONY],
}

impl Held {
    /// When the next note is to end.
    pub fn next_off_us(&self) -> Option<u64> {
        self.notes.iter().flatten().map(|note| note.off_us).min()
    }

    /// Ends the notes that are due.
    pub fn release_due(&mut self, now_us: u64, out: &mut Vec<Event>) {
        self.release_where(now_us, out, |note| note.off_us <= now_us);
    }

    /// Ends every note of a voice.
    pub fn release_voice(&mut self, now_us: u64, voice: Voice, out: &mut Vec<Event>) {
        self.release_where(now_us, out, |note| note.voice == voice);
    }

    /// Ends every note.
    pub fn release_all(&mut self, now_us: u64, out: &mut Vec<Event>) {
        self.release_where(now_us, out, |_| true);
    }

    /// Strikes a note that is to end at a time; the same key, still sounding, ends first.
    pub fn strike(&mut self, now_us: u64, voice: Voice, key: u8, velocity: u8, off_us: u64, out: &mut Vec<Event>) {
        self.release_where(now_us, out, |note| note.voice == voice && note.key == key);
        if self.notes.iter().all(Option::is_some) {
            let first = self.next_off_us();
            self.release_where(now_us, out, |note| Some(note.off_us) == first);
        }
        if let Some(slot) = self.notes.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(Note { voice, key, off_us: off_us.max(now_us + 1) });
            out.push(Event::note_on(now_us, voice, key, velocity));
        }
    }

    /// Whether a voice sounds.
    pub fn sounds(&self, voice: Voice) -> bool {
        self.notes.iter().flatten().any(|note| note.voice == voice)
    }

    /// Whether the melody sounds.
    pub fn melody_sounds(&self) -> bool {
        self.notes.iter().flatten().any(|note| note.voice.is_melody())
    }

    /// When the melody's note is to end, if one sounds.
    pub fn melody_off_us(&self) -> Option<u64> {
        self.notes.iter().flatten().filter(|note| note.voice.is_melody()).map(|note| note.off_us).max()
    }

    /// The melody's note ends at a time, if that is before its own.
    pub fn cut_melody(&mut self, off_us: u64) {
        for note in self.notes.iter_mut().flatten().filter(|note| note.voice.is_melody()) {
            note.off_us = note.off_us.min(off_us);
        }
    }

    /// Ends the melody's note.
    pub fn release_melody(&mut self, now_us: u64, out: &mut Vec<Event>) {
        self.release_where(now_us, out, |note| note.voice.is_melody());
    }

    fn release_where(&mut self, now_us: u64, out: &mut Vec<Event>, ends: impl Fn(&Note) -> bool) {
        for slot in &mut self.notes {
            if let Some(note) = slot.take_if(|note| ends(note)) {
                out.push(Event::note_off(now_us, note.voice, note.key));
            }
        }
    }
}
