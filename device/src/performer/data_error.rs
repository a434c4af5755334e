//! Where a data file is wrong and what to do about it.

use std::ops::Range;

/// A raga, tala or map file that cannot be used. Reads `ragas/foo.toml:12: what is wrong; what to do`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct DataError {
    /// The file, as its user knows it.
    pub file: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub what: String,
}

/// A data file being read: its name and its text, which is all an error needs to say where.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file, as its user knows it.
    pub file: &'a str,
    /// Its whole text.
    pub text: &'a str,
}

impl Source<'_> {
    /// An error at a span of bytes of the text.
    pub fn error(&self, span: &Range<usize>, what: impl Into<String>) -> DataError {
        let before = &self.text.as_bytes()[..span.start.min(self.text.len())];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        DataError { file: self.file.to_owned(), line, what: what.into() }
    }

    /// The text as a TOML table of a known shape.
    ///
    /// # Errors
    /// When it is no TOML, or a key is missing, unknown or of another type.
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, DataError> {
        toml::from_str(self.text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            self.error(&span, one_line(error.message()))
        })
    }
}

/// A parser's words in one line.
pub fn one_line(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.starts_with("missing field") { format!("{line}; add it") } else { line }
}
