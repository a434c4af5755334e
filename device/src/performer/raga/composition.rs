//! A fixed composition (gat, bandish) in a raga and a tala.

use super::Raga;
use super::file::{Reader, avoided};
use super::notation::{Cell, GridLine, QUARTERS_A_MATRA};
use crate::performer::data_error::DataError;
use crate::performer::swara::{Note, Swara};
use crate::performer::tala::Tala;
use serde::Deserialize;
use toml::Spanned;

/// Longest line, in quarter matras: four avartans of the longest tala would be more than anyone remembers.
const LONGEST_LINE: usize = 64 * QUARTERS_A_MATRA;
/// Most lines of a part.
const MOST_LINES: usize = 16;

/// A fixed composition. Its first line begins with the mukhda, which leads from its matra to sam.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composition {
    /// Its name or first words.
    pub name: String,
    /// Name of its tala.
    pub tala: String,
    /// Where it comes from.
    pub source: String,
    /// The matra (from 1) at which every line begins.
    pub mukhda_matra: u8,
    /// First part, around middle Sa.
    pub sthayi: Vec<GridLine>,
    /// Second part, towards the upper Sa; may be empty.
    pub antara: Vec<GridLine>,
}

impl Composition {
    /// Quarter of the cycle, from 0, at which every line begins.
    #[must_use]
    pub fn start_quarter(&self) -> u16 {
        u16::from(self.mukhda_matra.saturating_sub(1)) * QUARTERS_A_MATRA as u16
    }

    /// The mukhda of a tala of so many matras: the first line up to sam.
    #[must_use]
    pub fn mukhda(&self, matras: u8) -> &[Cell] {
        let quarters = usize::from((matras + 1).saturating_sub(self.mukhda_matra)) * QUARTERS_A_MATRA;
        self.sthayi.first().map_or(&[], |line| &line.cells[..quarters.min(line.cells.len())])
    }

    /// The note on which the mukhda lands.
    #[must_use]
    pub fn sam_note(&self, matras: u8) -> Option<Note> {
        self.sthayi.first()?.sounding(self.mukhda(matras).len())
    }

    /// Whether it can be played in a tala: of its name, and each line whole avartans.
    #[must_use]
    pub fn fits(&self, tala: &Tala) -> bool {
        let cycle = usize::from(tala.matras());
        self.tala.eq_ignore_ascii_case(&tala.name)
            && self.mukhda_matra <= tala.matras()
            && self.lines().all(|line| line.matras().is_multiple_of(cycle))
    }

    /// Every line, the sthayi's first.
    pub fn lines(&self) -> impl Iterator<Item = &GridLine> {
        self.sthayi.iter().chain(&self.antara)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CompositionFile {
    name: Spanned<String>,
    tala: Spanned<String>,
    source: String,
    mukhda_matra: Spanned<i64>,
    sthayi: Spanned<Vec<Spanned<String>>>,
    antara: Option<Spanned<Vec<Spanned<String>>>>,
}

/// Reads a raga's compositions and proves each against the raga, and against its tala where the talas are known.
pub(super) fn read(
    reader: &Reader<'_>,
    raw: &[CompositionFile],
    raga: &Raga,
    talas: Option<&[Tala]>,
) -> Result<Vec<Composition>, DataError> {
    raw.iter().map(|raw| Proof { reader, raga, raw }.read(talas)).collect()
}

/// A composition being proved against its raga.
struct Proof<'a> {
    reader: &'a Reader<'a>,
    raga: &'a Raga,
    raw: &'a CompositionFile,
}

impl Proof<'_> {
    fn read(&self, talas: Option<&[Tala]>) -> Result<Composition, DataError> {
        let (raw, reader) = (self.raw, self.reader);
        if raw.name.get_ref().trim().is_empty() {
            return Err(reader.error(&raw.name, "the composition has no name; write one"));
        }
        let matra = *raw.mukhda_matra.get_ref();
        let mukhda_matra = u8::try_from(matra).ok().filter(|matra| (2..=32).contains(matra)).ok_or_else(|| {
            let what =
                format!("the mukhda cannot begin at matra {matra}; it leads to sam from one of the matras 2 to 32");
            reader.source.error(&raw.mukhda_matra.span(), what)
        })?;
        let no_lines = Vec::new();
        let antara = raw.antara.as_ref().map_or(&no_lines, |lines| lines.get_ref());
        let composition = Composition {
            name: raw.name.get_ref().trim().to_owned(),
            tala: raw.tala.get_ref().trim().to_owned(),
            source: raw.source.clone(),
            mukhda_matra,
            sthayi: self.lines(raw.sthayi.get_ref())?,
            antara: self.lines(antara)?,
        };
        if composition.sthayi.is_empty() {
            return Err(reader.source.error(&raw.sthayi.span(), "the sthayi is empty; write at least its first line"));
        }
        if let Some(talas) = talas {
            self.check_tala(&composition, talas)?;
        }
        self.check_joins(&composition)?;
        Ok(composition)
    }

    fn lines(&self, raw: &[Spanned<String>]) -> Result<Vec<GridLine>, DataError> {
        if let Some(over) = raw.get(MOST_LINES) {
            return Err(self.reader.error(over, format!("a part has at most {MOST_LINES} lines; leave the rest out")));
        }
        raw.iter().map(|field| self.line(field)).collect()
    }

    fn line(&self, field: &Spanned<String>) -> Result<GridLine, DataError> {
        let line = GridLine::parse(field.get_ref()).map_err(|error| self.reader.error(field, error.to_string()))?;
        if line.cells.len() > LONGEST_LINE {
            let what = format!("the line has {} matras; divide it, 64 are the most", line.matras());
            return Err(self.reader.error(field, what));
        }
        let mut before: Option<Note> = None;
        for cell in &line.cells {
            let kan = match cell {
                Cell::Strike { kan, .. } => *kan,
                _ => None,
            };
            let Some(note) = cell.reached() else { continue };
            for note in kan.into_iter().chain([note]) {
                if !self.reader.has(note.swara()) {
                    return Err(self.reader.not_a_member(field, "the line", note.swara()));
                }
            }
            if let Some(kan) = kan.filter(|kan| !(1..=4).contains(&kan.step().abs_diff(note.step()))) {
                let what = format!("{note} cannot be touched from {kan}: a kan is a third away at most");
                return Err(self.reader.error(field, what));
            }
            if let Some(from) = before {
                self.check_move(field, from, note)?;
            }
            before = Some(note);
        }
        let reached: Vec<Note> = line.cells.iter().filter_map(|cell| cell.reached()).collect();
        if let Some(turn) = self.raga.grammar.avoided_in(&reached) {
            return Err(self.reader.error(field, avoided(turn)));
        }
        Ok(line)
    }

    fn check_move(&self, field: &Spanned<String>, from: Note, to: Note) -> Result<(), DataError> {
        if self.raga.grammar.allows(from, to) {
            return Ok(());
        }
        let what = format!(
            "the line goes from {from} to {to}, which neither aroha nor avaroha does; correct it, or allow it with [[move]] notes = \"{from} {to}\""
        );
        Err(self.reader.error(field, what))
    }

    /// Every line leads on: to the mukhda, or to the next line of its part; the last of a part to the mukhda.
    fn check_joins(&self, composition: &Composition) -> Result<(), DataError> {
        let first = |line: &GridLine| line.cells.iter().find_map(|cell| cell.reached());
        let last = |line: &GridLine| line.cells.iter().rev().find_map(|cell| cell.reached());
        let Some(home) = composition.sthayi.first().and_then(first) else {
            return Err(self.reader.source.error(&self.raw.sthayi.span(), "the first line is silent; write its notes"));
        };
        let antara = self.raw.antara.as_ref().map_or(&[][..], |lines| lines.get_ref());
        for (lines, fields) in [(&composition.sthayi, &self.raw.sthayi.get_ref()[..]), (&composition.antara, antara)] {
            for (at, (line, field)) in lines.iter().zip(fields).enumerate() {
                let Some(from) = last(line) else { continue };
                let next = lines.get(at + 1).and_then(first);
                if ![Some(home), next].into_iter().flatten().any(|to| self.raga.grammar.allows(from, to)) {
                    let what = format!(
                        "the line ends on {from}, from which the raga does not go to {home}, where the mukhda begins; end it elsewhere"
                    );
                    return Err(self.reader.error(field, what));
                }
            }
        }
        Ok(())
    }

    fn check_tala(&self, composition: &Composition, talas: &[Tala]) -> Result<(), DataError> {
        let (raw, reader) = (self.raw, self.reader);
        let Some(tala) = talas.iter().find(|tala| tala.name.eq_ignore_ascii_case(&composition.tala)) else {
            let known: Vec<&str> = talas.iter().map(|tala| tala.name.as_str()).collect();
            let what = format!("there is no tala '{}'; there are {}", composition.tala, known.join(", "));
            return Err(reader.error(&raw.tala, what));
        };
        let cycle = usize::from(tala.matras());
        if composition.mukhda_matra > tala.matras() {
            let what = format!("the mukhda begins at matra {}; {} has {cycle}", composition.mukhda_matra, tala.name);
            return Err(reader.source.error(&raw.mukhda_matra.span(), what));
        }
        let antara = raw.antara.iter().flat_map(Spanned::get_ref);
        for (line, field) in composition.lines().zip(raw.sthayi.get_ref().iter().chain(antara)) {
            if !line.matras().is_multiple_of(cycle) {
                let what = format!(
                    "the line has {} matras; {} has {cycle}, write one or more whole avartans",
                    line.matras(),
                    tala.name
                );
                return Err(reader.error(field, what));
            }
            let at = |bar: &usize| (usize::from(composition.mukhda_matra) - 1 + bar) % cycle;
            if let Some(bar) = line.bars.iter().find(|bar| !tala.is_start(at(bar) as u8)) {
                let what = format!(
                    "a bar stands before matra {}, where no vibhag of {} begins; the line begins at matra {}",
                    at(bar) + 1,
                    tala.name,
                    composition.mukhda_matra
                );
                return Err(reader.error(field, what));
            }
        }
        self.check_sam(composition, tala)
    }

    /// The mukhda lands on a swara that the raga rests on.
    fn check_sam(&self, composition: &Composition, tala: &Tala) -> Result<(), DataError> {
        let field = &self.raw.sthayi.get_ref()[0];
        let Some(sam) = composition.sam_note(tala.matras()) else {
            return Err(self.reader.error(field, "the mukhda leads to silence on sam; land on a swara"));
        };
        let raga = self.raga;
        let strong = [raga.vadi, raga.samvadi, Swara::Sa];
        if raga.nyasa.contains(&sam.swara()) || strong.contains(&sam.swara()) {
            return Ok(());
        }
        let rests: Vec<String> = raga.nyasa.iter().map(ToString::to_string).collect();
        let what =
            format!("the mukhda lands on {sam}, on which the raga does not rest; it rests on {}", rests.join(" "));
        Err(self.reader.error(field, what))
    }
}
