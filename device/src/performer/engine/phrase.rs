//! A phrase: a line of notes and the length of each.

use crate::performer::swara::Note;

/// Most notes of a phrase.
pub const MOST_NOTES: usize = 64;

/// A line of notes without lengths, in place.
#[derive(Debug, Clone)]
pub struct Line {
    notes: [Note; MOST_NOTES],
    len: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self { notes: [Note::SA; MOST_NOTES], len: 0 }
    }
}

impl Line {
    /// Takes every note out.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a note; a full line stays as it is.
    pub fn push(&mut self, note: Note) {
        if let Some(slot) = self.notes.get_mut(self.len) {
            *slot = note;
            self.len += 1;
        }
    }

    /// Keeps the last notes.
    pub fn keep_last(&mut self, most: usize) {
        let over = self.len.saturating_sub(most);
        self.notes.copy_within(over..self.len, 0);
        self.len -= over;
    }

    /// Keeps the first notes.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// The notes.
    pub fn notes(&self) -> &[Note] {
        &self.notes[..self.len]
    }

    /// The last note.
    pub fn last(&self) -> Option<Note> {
        self.notes().last().copied()
    }

    /// How many notes.
    pub fn len(&self) -> usize {
        self.len
    }
}

/// A phrase ready to be played.
#[derive(Debug, Clone)]
pub struct Phrase {
    /// Its notes.
    pub line: Line,
    /// Length of each: milliseconds in an alap, quarter matras in a gat.
    pub lengths: [u16; MOST_NOTES],
    /// Quarter matra of the cycle it begins at; only in a gat.
    pub start: u16,
    /// Whether it is a tihai.
    pub tihai: bool,
}

impl Default for Phrase {
    fn default() -> Self {
        Self { line: Line::default(), lengths: [0; MOST_NOTES], start: 0, tihai: false }
    }
}

impl Phrase {
    /// Sum of the lengths from a note on.
    pub fn length_from(&self, at: usize) -> u32 {
        self.lengths[..self.line.len()].iter().skip(at).map(|length| u32::from(*length)).sum()
    }
}
