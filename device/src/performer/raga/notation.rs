//! Grid notation: a line of a composition, matra by matra, and the quarter matras it stands for.
//!
//! One word is one matra: `G`, or two or four parts joined by commas: `R,G`, `P,M,G,R`. A part is a swara, `-` (the
//! note before is held), `.` (silence), `(R)G` (G with a kan of R), `r~P` (r is struck and glides to P, which it
//! reaches halfway through the part) or `~P` (the note before has glided to P by now). `|` stands before each vibhag.

use crate::performer::swara::{Note, NoteError};
use std::fmt;

/// Parts of a matra that the grid tells apart.
pub const QUARTERS_A_MATRA: usize = 4;

/// What happens at a quarter matra.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Silence.
    Rest,
    /// What sounds goes on.
    Hold,
    /// A note is struck.
    Strike {
        /// The note.
        note: Note,
        /// The neighbour it is touched from.
        kan: Option<Note>,
    },
    /// The sounding note has glided to this one when the quarter begins; nothing is struck.
    Glide {
        /// The note that is reached.
        to: Note,
    },
}

impl Cell {
    /// The note struck or reached here.
    #[must_use]
    pub fn reached(self) -> Option<Note> {
        match self {
            Self::Strike { note, .. } => Some(note),
            Self::Glide { to } => Some(to),
            Self::Rest | Self::Hold => None,
        }
    }
}

/// One or more avartans as quarter matras, from the mukhda's matra on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridLine {
    /// The quarters.
    pub cells: Vec<Cell>,
    /// Matras (from 0, counted from the line's begin) before which a bar stands.
    pub bars: Vec<usize>,
}

impl GridLine {
    /// Matras of the line.
    #[must_use]
    pub fn matras(&self) -> usize {
        self.cells.len() / QUARTERS_A_MATRA
    }

    /// The note that sounds in a quarter of the line, struck, reached or held; `None` for silence.
    #[must_use]
    pub fn sounding(&self, quarter: usize) -> Option<Note> {
        let until = self.cells.get(..=quarter)?;
        until.iter().rev().find(|cell| **cell != Cell::Hold).and_then(|cell| cell.reached())
    }

    /// Reads a line.
    ///
    /// # Errors
    /// Names the first word that is no notation.
    pub fn parse(text: &str) -> Result<Self, NotationError> {
        let mut line = Self { cells: Vec::new(), bars: Vec::new() };
        for word in text.split_whitespace() {
            if word == "|" {
                line.bars.push(line.matras());
                continue;
            }
            let parts: Vec<&str> = word.split(',').collect();
            if !matches!(parts.len(), 1 | 2 | 4) {
                return Err(NotationError::Parts { word: word.to_owned(), parts: parts.len() });
            }
            for part in &parts {
                push_part(&mut line.cells, part, QUARTERS_A_MATRA / parts.len())?;
            }
        }
        if line.cells.is_empty() {
            return Err(NotationError::Empty);
        }
        Ok(line)
    }
}

impl fmt::Display for GridLine {
    /// The line as it is written; a glide within a part is written as its parts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (matra, cells) in self.cells.chunks(QUARTERS_A_MATRA).enumerate() {
            let bar = if self.bars.contains(&matra) { "| " } else { "" };
            write!(f, "{}{bar}", if matra == 0 { "" } else { " " })?;
            let parts = [1, 2, QUARTERS_A_MATRA].into_iter().find(|parts| {
                // A part goes on as it began, in silence or held.
                cells.chunks(QUARTERS_A_MATRA / parts).all(|part| {
                    let on = if part[0] == Cell::Rest { Cell::Rest } else { Cell::Hold };
                    part[1..].iter().all(|cell| *cell == on)
                })
            });
            for (nth, part) in cells.chunks(QUARTERS_A_MATRA / parts.unwrap_or(QUARTERS_A_MATRA)).enumerate() {
                f.write_str(if nth == 0 { "" } else { "," })?;
                match part[0] {
                    Cell::Rest => f.write_str(".")?,
                    Cell::Hold => f.write_str("-")?,
                    Cell::Strike { note, kan: None } => write!(f, "{note}")?,
                    Cell::Strike { note, kan: Some(kan) } => write!(f, "({kan}){note}")?,
                    Cell::Glide { to } => write!(f, "~{to}")?,
                }
            }
        }
        Ok(())
    }
}

/// A word that is no grid notation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotationError {
    /// Nothing is written.
    #[error("the line is empty; write a word for each matra, as in \"G - M,P N | ...\"")]
    Empty,
    /// A matra in three, or in more than four parts.
    #[error("'{word}' divides its matra in {parts}; join 2 or 4 parts by commas, as in \"R,G\" or \"P,-,M,G\"")]
    Parts {
        /// The word.
        word: String,
        /// Its parts.
        parts: usize,
    },
    /// A kan that is not closed, or stands before nothing.
    #[error("'{0}' is no note with a kan; write the kan in parentheses before its note, as in \"(R)G\"")]
    Kan(String),
    /// Glides over more swaras than a part has quarters.
    #[error("'{0}' glides over more swaras than it has quarter matras; give it a longer part, or write \"r ~P\"")]
    Crowded(String),
    /// A glide or a hold from silence.
    #[error("'{0}' goes on from a note, and there is none before it; strike one first")]
    FromSilence(String),
    /// A word that is no note.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// Adds a part of a matra, so many quarters long.
fn push_part(cells: &mut Vec<Cell>, part: &str, quarters: usize) -> Result<(), NotationError> {
    let sounds = cells.last().is_some_and(|cell| *cell != Cell::Rest);
    match part {
        "." => cells.extend(std::iter::repeat_n(Cell::Rest, quarters)),
        "-" if sounds => cells.extend(std::iter::repeat_n(Cell::Hold, quarters)),
        "-" => return Err(NotationError::FromSilence(part.to_owned())),
        _ => {
            let (struck, glides) = part.split_once('~').unwrap_or((part, ""));
            let mut steps = Vec::new();
            if struck.is_empty() && part.contains('~') && !sounds {
                return Err(NotationError::FromSilence(part.to_owned()));
            }
            if !struck.is_empty() || !part.contains('~') {
                steps.push(strike(struck)?);
            }
            for to in glides.split('~').filter(|_| part.contains('~')) {
                steps.push(Cell::Glide { to: to.parse()? });
            }
            if steps.len() > quarters {
                return Err(NotationError::Crowded(part.to_owned()));
            }
            // Each swara has an even share; what is left over is the last one's.
            let (share, count) = (quarters / steps.len(), steps.len());
            for (nth, cell) in steps.into_iter().enumerate() {
                let held = if nth + 1 == count { quarters - share * nth } else { share };
                cells.push(cell);
                cells.extend(std::iter::repeat_n(Cell::Hold, held - 1));
            }
        }
    }
    Ok(())
}

fn strike(word: &str) -> Result<Cell, NotationError> {
    let Some(rest) = word.strip_prefix('(') else { return Ok(Cell::Strike { note: word.parse()?, kan: None }) };
    let Some((kan, note)) = rest.split_once(')').filter(|(_, note)| !note.is_empty()) else {
        return Err(NotationError::Kan(word.to_owned()));
    };
    Ok(Cell::Strike { note: note.parse()?, kan: Some(kan.parse()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(word: &str) -> Note {
        word.parse().unwrap()
    }

    fn struck(word: &str) -> Cell {
        Cell::Strike { note: note(word), kan: None }
    }

    #[test]
    fn a_matra_is_four_quarters_however_it_is_divided() {
        use Cell::{Hold, Rest};
        let line = GridLine::parse("G - | R,'N . | S,R,.,-").unwrap_err();
        assert_eq!(line, NotationError::FromSilence("-".into()));
        let line = GridLine::parse("G - | R,'N . | S,R,-,.").unwrap();
        assert_eq!(line.bars, [2, 4]);
        let (g, r, n, s) = (struck("G"), struck("R"), struck("'N"), struck("S"));
        let want =
            [g, Hold, Hold, Hold, Hold, Hold, Hold, Hold, r, Hold, n, Hold, Rest, Rest, Rest, Rest, s, r, Hold, Rest];
        assert_eq!(line.cells, want);
        assert_eq!((line.sounding(7), line.sounding(11), line.sounding(12)), (Some(note("G")), Some(note("'N")), None));
    }

    #[test]
    fn a_glide_is_struck_once_and_arrives_at_its_time() {
        let line = GridLine::parse("r~P - (R)g~m~R ~S").unwrap();
        let reached: Vec<(usize, Cell)> =
            line.cells.iter().copied().enumerate().filter(|(_, cell)| cell.reached().is_some()).collect();
        let want = [
            (0, struck("r")),
            (2, Cell::Glide { to: note("P") }),
            (8, Cell::Strike { note: note("g"), kan: Some(note("R")) }),
            (9, Cell::Glide { to: note("m") }),
            (10, Cell::Glide { to: note("R") }),
            (12, Cell::Glide { to: note("S") }),
        ];
        assert_eq!(reached, want);
        assert_eq!(line.sounding(5), Some(note("P")));
    }

    #[test]
    fn a_line_is_written_as_it_is_read() {
        for text in ["G - | R,'N . | S,R,-,.", "(R)G ~m | -", "'N R,. | .,G -", "S,~r,-,P - | ~m"] {
            let line = GridLine::parse(text).unwrap();
            assert_eq!(line.to_string(), text);
        }
        let glide = GridLine::parse("r~P -").unwrap();
        assert_eq!(glide.to_string(), "r,~P -");
        assert_eq!(GridLine::parse("r,~P -").unwrap(), glide);
    }

    #[test]
    fn what_is_no_notation_is_named() {
        let said = |text| GridLine::parse(text).unwrap_err().to_string();
        assert!(said("").contains("empty"));
        assert!(said("S R,G,m").contains("'R,G,m' divides its matra in 3"));
        assert!(said("S Q").contains("'Q' is not a swara"));
        assert!(said("(RG").contains("kan"));
        assert!(said("(R)").contains("kan"));
        assert!(said("~P").contains("none before it"));
        assert!(said("S . ~P").contains("none before it"));
        assert!(said("S r~P,M,G,R").contains("more swaras"));
        assert!(said("S ,").contains("'' is not a swara"));
        assert!(said("S~ R").contains("'' is not a swara"));
    }
}
