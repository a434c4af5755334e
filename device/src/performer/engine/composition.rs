//! A fixed composition as phrases: the mukhda that leads to sam, and the whole lines.

use super::melody::Melody;
use super::phrase::{Kind, MOST_NOTES, Phrase};
use super::rhythm::QUARTERS;
use crate::performer::raga::Composition;
use crate::performer::raga::notation::{Cell, GridLine};
use crate::performer::swara::Note;

/// Least time, in quarter matras, that the note on sam is given where the rest of a line is left out.
const SAM_QUARTERS: usize = QUARTERS as usize;

/// A gat's composition: what of it comes next, and what it returns to.
#[derive(Debug, Clone, Default)]
pub(super) struct Gat {
    /// Number of the composition among the raga's; `None` where the raga has none for the tala.
    pub composition: Option<usize>,
    /// Quarter of the cycle at which the mukhda begins.
    pub start: u16,
    /// The note on which the mukhda lands.
    pub home: Option<Note>,
    /// Rounds since the gat began: each goes from mukhda to mukhda.
    pub rounds: u32,
    /// Rounds until the antara is sung, and its line that is next.
    pub to_antara: u32,
    pub antara: usize,
    /// A mukhda made up for this gat, where there is no composition.
    pub made_up: Phrase,
}

/// Writes cells of a line into a phrase: those up to the note on sam, or all.
fn write(phrase: &mut Phrase, cells: &[Cell]) {
    phrase.clear();
    phrase.kind = Kind::Fixed;
    let mut rests = false;
    for cell in cells {
        let len = phrase.line.len();
        let (note, slid, kan) = match *cell {
            Cell::Strike { note, kan } => (note, false, kan),
            Cell::Glide { to } => (to, true, None),
            Cell::Hold | Cell::Rest => {
                if len > 0 {
                    let length = &mut phrase.lengths[len - 1];
                    if *cell == Cell::Rest && !rests {
                        phrase.sounds[len - 1] = *length;
                        rests = true;
                    }
                    *length += 1;
                }
                continue;
            }
        };
        if len == MOST_NOTES {
            return;
        }
        rests = false;
        phrase.line.push(note);
        (phrase.lengths[len], phrase.sounds[len]) = (1, 0);
        (phrase.slid[len], phrase.kans[len]) = (slid && len > 0, kan);
    }
}

/// Quarters of silence before the first note of a line.
fn lead(cells: &[Cell]) -> u16 {
    cells.iter().take_while(|cell| cell.reached().is_none()).count() as u16
}

/// Cells of a line to the end of the note that stands on sam.
fn to_sam<'a>(line: &'a GridLine, composition: &Composition, matras: u8) -> &'a [Cell] {
    let sam = composition.mukhda(matras).len();
    let after = line.cells.iter().enumerate().skip(sam + 1);
    let next = after.into_iter().find(|(_, cell)| cell.reached().is_some()).map_or(line.cells.len(), |(at, _)| at);
    &line.cells[..next.max((sam + SAM_QUARTERS).min(line.cells.len()))]
}

impl Melody {
    /// The mukhda to the note on sam; quarters to wait before it.
    pub(super) fn write_mukhda(&mut self, composition: &Composition, matras: u8) -> u16 {
        let Some(line) = composition.sthayi.first() else { return 0 };
        let cells = to_sam(line, composition, matras);
        // The note on sam may be left out of a line that goes on at once: its matra belongs to it.
        let sam = composition.mukhda(matras).len();
        let until = if cells[sam + 1..].iter().any(|cell| cell.reached().is_some()) { sam + 1 } else { cells.len() };
        write(&mut self.phrase, &cells[..until]);
        let len = self.phrase.line.len();
        if len > 0 {
            self.phrase.lengths[len - 1] = self.phrase.lengths[len - 1].max(QUARTERS);
        }
        lead(cells)
    }

    /// A whole line; quarters to wait before it.
    pub(super) fn write_line(&mut self, line: &GridLine) -> u16 {
        write(&mut self.phrase, &line.cells);
        lead(&line.cells)
    }
}
