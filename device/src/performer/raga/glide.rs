//! A glide (meend): one struck note that travels over two to four swaras.

use super::file::{Reader, avoided};
use crate::performer::data_error::DataError;
use crate::performer::grammar::Grammar;
use crate::performer::swara::Note;
use serde::Deserialize;
use toml::Spanned;

/// Most swaras of a glide, the struck one counted.
pub const LONGEST_GLIDE: usize = 4;

/// A glide that belongs to a raga, as `r~P` in Shree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glide {
    /// The struck note, then those it travels to, in order: 2 to 4. It may be taken in any octave.
    pub path: Vec<Note>,
    /// Where it comes from.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GlideFile {
    notes: Spanned<String>,
    source: String,
}

/// Reads a raga's glides; each of their steps is one that the raga may take.
pub(super) fn read(reader: &Reader<'_>, raw: &[GlideFile], grammar: &Grammar) -> Result<Vec<Glide>, DataError> {
    raw.iter().map(|glide| read_one(reader, glide, grammar)).collect()
}

fn read_one(reader: &Reader<'_>, raw: &GlideFile, grammar: &Grammar) -> Result<Glide, DataError> {
    let field = &raw.notes;
    let path = field
        .get_ref()
        .split('~')
        .map(|word| word.trim().parse::<Note>().map_err(|error| reader.error(field, error.to_string())))
        .collect::<Result<Vec<_>, _>>()?;
    if !(2..=LONGEST_GLIDE).contains(&path.len()) {
        let what = format!(
            "'{}' is no glide; join 2 to {LONGEST_GLIDE} swaras by ~, as in \"r~P\" or \"g~R~S\"",
            field.get_ref()
        );
        return Err(reader.error(field, what));
    }
    if let Some(note) = path.iter().find(|note| !reader.has(note.swara())) {
        return Err(reader.not_a_member(field, "the glide", note.swara()));
    }
    for pair in path.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        if from == to {
            return Err(reader.error(field, format!("the glide goes from {from} to itself; name another swara")));
        }
        if !grammar.allows(from, to) {
            let what = format!(
                "the glide goes from {from} to {to}, which neither aroha nor avaroha does; correct it, or allow it with [[move]] notes = \"{from} {to}\""
            );
            return Err(reader.error(field, what));
        }
    }
    if let Some(turn) = grammar.avoided_in(&path) {
        return Err(reader.error(field, avoided(turn)));
    }
    Ok(Glide { path, source: raw.source.clone() })
}
