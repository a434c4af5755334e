//! The knowledge files as they are written: one type for each kind of entry.

use crate::classifier::sign::KNOTS;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

/// Knowledge that cannot be used: the file, the line, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct KnowledgeError {
    /// Name of the file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// A file's name and text.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

impl Source<'_> {
    /// Something wrong at a place in the text.
    pub fn error(&self, span: Range<usize>, problem: impl Into<String>) -> KnowledgeError {
        let before = self.text.get(..span.start).unwrap_or_default();
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        KnowledgeError { file: self.file.to_owned(), line, problem: problem.into() }
    }

    /// Reads the file as what it should be.
    pub fn parse<T: for<'de> Deserialize<'de>>(&self) -> Result<T, KnowledgeError> {
        toml::from_str(self.text).map_err(|e| self.error(e.span().unwrap_or(0..0), e.message()))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignsFile {
    pub sign: Vec<SignEntry>,
}

/// A sign: features of which more, and features of which less, is more of the sign.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "`what` and `source` are for the reader; the check is that they are there")]
pub struct SignEntry {
    pub name: Spanned<String>,
    pub what: String,
    pub source: String,
    #[serde(default)]
    pub more: Vec<Spanned<String>>,
    #[serde(default)]
    pub less: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitsFile {
    pub unit: Vec<UnitEntry>,
}

/// An action unit, how well it can be seen, and how far it moves the signs when shown in full.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "`name` is for the reader")]
pub struct UnitEntry {
    pub number: Spanned<u8>,
    pub name: String,
    pub seen: Spanned<f64>,
    pub moves: BTreeMap<Spanned<String>, f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RasasFile {
    pub discriminant: Settings,
    pub rasa: Vec<RasaEntry>,
}

/// How the discriminant is made.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Weight of a sign that a full action unit, perfectly seen, moves by 1.
    pub size: f64,
    /// How far the population's correlations are drawn towards none: 0 not at all, 1 entirely.
    pub shrinkage: f64,
    /// Multiplies the log-odds: below 1 where the signs are less independent than assumed.
    pub sharpness: f64,
}

/// What one rasa shows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "`source` is for the reader; the check is that it is there")]
pub struct RasaEntry {
    pub name: Spanned<String>,
    pub source: Vec<String>,
    /// How often it is met, relative to the others.
    pub prior: Spanned<f64>,
    /// Prototypes: action units joined by `+`, each with FACS intensity A–E (D where none is given); all equally common.
    #[serde(default)]
    pub shows: Vec<Spanned<String>>,
    /// What is described without action units: signs, as far as a full unit would move them.
    #[serde(default)]
    pub moves: BTreeMap<Spanned<String>, f64>,
    /// Log-odds for what the hands do, by feature.
    #[serde(default)]
    pub hands: BTreeMap<Spanned<String>, f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PopulationFile {
    pub features_version: Spanned<u32>,
    pub faces: Spanned<u32>,
    pub quantiles: BTreeMap<String, [f32; KNOTS.len()]>,
    #[serde(default)]
    pub signs: BTreeMap<String, SignStatistics>,
}

/// Mean and deviation of a sign's sum of parts, and its correlations with the other signs by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignStatistics {
    pub mean: f64,
    pub deviation: f64,
    pub correlation: BTreeMap<String, f64>,
}
