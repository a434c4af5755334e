//! Where a data file is wrong and what to do about it.

use crate::nearest::nearest;
use std::ops::Range;

/// Bytes of a name: it is shown in a line, and sent with every change of mood.
const LONGEST_NAME: usize = 64;

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

    /// The name that a file gives: of one line and not long, as it is shown and sent.
    ///
    /// # Errors
    /// When it is not.
    pub fn name(&self, name: &toml::Spanned<String>) -> Result<String, DataError> {
        let text = name.get_ref().trim();
        let what = match text {
            "" => "there is no name; write one".to_owned(),
            _ if text.len() > LONGEST_NAME => format!("the name is longer than {LONGEST_NAME} bytes; shorten it"),
            _ if text.contains(char::is_control) => "the name holds a control character; take it out".to_owned(),
            _ => return Ok(text.to_owned()),
        };
        Err(self.error(&name.span(), what))
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

/// A parser's words in one line, with what was meant rather than all there is.
pub fn one_line(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.starts_with("missing field") {
        return format!("{line}; add it");
    }
    if line.starts_with("unknown field") {
        // Names stand between backticks: the wrong one, then those that there are.
        let names: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        if let [wrong, known @ ..] = &names[..]
            && let Some(name) = nearest(wrong, known)
        {
            return format!("there is no key '{wrong}'; did you mean {name}?");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_is_met_with_the_one_that_was_meant() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code, reason = "it is read and no more")]
        struct File {
            vadi: Option<String>,
            samvadi: Option<String>,
        }
        let said = |text| Source { file: "my.toml", text }.parse::<File>().unwrap_err().to_string();
        assert_eq!(
            said("vadi = \"G\"\nsamvaddi = \"N\"\n"),
            "my.toml:2: there is no key 'samvaddi'; did you mean samvadi?"
        );
        let other = said("colour = 3\n");
        assert!(other.contains("colour") && other.contains("vadi") && other.contains("samvadi"), "{other}");
    }
}
