//! A phrase: a line of notes and the length of each.

use crate::performer::swara::Note;

/// Most notes of a phrase.
pub const MOST_NOTES: usize = 96;

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

    /// Puts a note before another; a full line stays as it is.
    pub fn insert(&mut self, at: usize, note: Note) {
        if self.len < MOST_NOTES && at <= self.len {
            self.notes.copy_within(at..self.len, at + 1);
            self.notes[at] = note;
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

/// What a phrase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// Made up as it goes.
    #[default]
    Free,
    /// The composition's, as it is written.
    Fixed,
    /// A figure said three times.
    Tihai,
}

/// A phrase ready to be played.
#[derive(Debug, Clone)]
pub struct Phrase {
    /// Its notes.
    pub line: Line,
    /// Time of each until the next: milliseconds in an alap, quarter matras in a gat.
    pub lengths: [u16; MOST_NOTES],
    /// Part of that time after which there is silence, in the same unit; 0 where the note sounds on.
    pub sounds: [u16; MOST_NOTES],
    /// Whether a note is reached by a glide from the one before.
    pub slid: [bool; MOST_NOTES],
    /// The note from which one is touched, where it is written.
    pub kans: [Option<Note>; MOST_NOTES],
    /// Quarter matra of the cycle it begins at; only in a gat.
    pub start: u16,
    /// What it is.
    pub kind: Kind,
}

impl Default for Phrase {
    fn default() -> Self {
        Self {
            line: Line::default(),
            lengths: [0; MOST_NOTES],
            sounds: [0; MOST_NOTES],
            slid: [false; MOST_NOTES],
            kans: [None; MOST_NOTES],
            start: 0,
            kind: Kind::Free,
        }
    }
}

impl Phrase {
    /// No notes, and nothing said of them.
    pub fn clear(&mut self) {
        self.line.clear();
        self.kind = Kind::Free;
        self.plain();
    }

    /// Nothing is said of the notes but which they are.
    pub fn plain(&mut self) {
        self.sounds = [0; MOST_NOTES];
        self.slid = [false; MOST_NOTES];
        self.kans = [None; MOST_NOTES];
    }

    /// Whether it is a tihai.
    pub fn is_tihai(&self) -> bool {
        self.kind == Kind::Tihai
    }

    /// Sum of the lengths from a note on.
    pub fn length_from(&self, at: usize) -> u32 {
        self.lengths[..self.line.len()].iter().skip(at).map(|length| u32::from(*length)).sum()
    }

    /// The note after those that are reached from one by glides.
    pub fn stroke_end(&self, at: usize) -> usize {
        let more = self.slid[..self.line.len()].iter().skip(at + 1).take_while(|slid| **slid);
        (at + 1 + more.count()).min(self.line.len())
    }
}
