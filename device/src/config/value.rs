//! Single values as what they must be.

use super::layers::{ConfigError, Layers, Origin};
use crate::home;
use crate::link::message::bounds::{SETTING, cut};
use crate::nearest::nearest;
use crate::performer::Sa;
use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use toml::Value;

/// Most bytes of a text.
const LONGEST_TEXT: usize = SETTING;
/// Most texts of a list.
const LONGEST_LIST: usize = 32;
/// Most bytes of a text in a list.
const LONGEST_LISTED: usize = 512;

/// Settings by their path, `section.key`.
pub struct Values<'a> {
    layers: &'a Layers,
    /// The path of what was wrong last.
    wrong: RefCell<Option<String>>,
}

impl<'a> Values<'a> {
    pub fn of(layers: &'a Layers) -> Self {
        Self { layers, wrong: RefCell::default() }
    }

    /// The path of what was wrong last, if anything was.
    pub fn last_wrong(self) -> Option<String> {
        self.wrong.into_inner()
    }

    /// An error where a setting was set.
    pub fn wrong(&self, path: &str, what: String) -> ConfigError {
        self.wrong.replace(Some(path.to_owned()));
        match self.layers.get(path) {
            Ok(setting) => setting.origin.error(what),
            Err(error) => error,
        }
    }

    /// An error that names what there is, or what was meant.
    pub fn unknown(&self, path: &str, word: &str, known: &[&str], also: &str) -> ConfigError {
        let meant = nearest(word, known).map(|name| format!("did you mean {name}? ")).unwrap_or_default();
        self.wrong(path, format!("{path} is '{word}'; {meant}there are {}{also}", known.join(", ")))
    }

    pub fn is_default(&self, path: &str) -> Result<bool, ConfigError> {
        Ok(self.layers.get(path)?.origin == Origin::Default)
    }

    pub fn yes(&self, path: &str) -> Result<bool, ConfigError> {
        let value = &self.layers.get(path)?.value;
        value.as_bool().ok_or_else(|| {
            let value = shown(value);
            self.wrong(path, format!("{path} is {value}; it must be true or false"))
        })
    }

    pub fn whole(&self, path: &str, range: RangeInclusive<i64>) -> Result<i64, ConfigError> {
        let value = &self.layers.get(path)?.value;
        let found = value.as_integer().filter(|number| range.contains(number));
        found.ok_or_else(|| self.out_of(path, value, "a whole number", range.start(), range.end()))
    }

    pub fn number(&self, path: &str, range: RangeInclusive<f64>) -> Result<f64, ConfigError> {
        let value = &self.layers.get(path)?.value;
        let found = value.as_float().or(value.as_integer().map(|number| number as f64));
        let found = found.filter(|number| range.contains(number));
        found.ok_or_else(|| self.out_of(path, value, "a number", range.start(), range.end()))
    }

    pub fn sa(&self, path: &str) -> Result<Sa, ConfigError> {
        let value = &self.layers.get(path)?.value;
        let word = value.as_integer().map(|note| note.to_string()).or_else(|| value.as_str().map(str::to_owned));
        let word = word.unwrap_or_else(|| value.to_string());
        word.parse().map_err(|error| self.wrong(path, format!("{path}: {error}")))
    }

    /// `None` for "auto". The environment gives numbers as texts.
    pub fn auto_or_whole(&self, path: &str, range: RangeInclusive<i64>) -> Result<Option<i64>, ConfigError> {
        let value = &self.layers.get(path)?.value;
        if value.as_str() == Some("auto") {
            return Ok(None);
        }
        let number = value.as_integer().or_else(|| value.as_str()?.trim().parse().ok());
        let number = number.filter(|number| range.contains(number));
        let wrong = || self.out_of(path, value, "\"auto\" or a whole number", range.start(), range.end());
        number.map(Some).ok_or_else(wrong)
    }

    fn out_of<T: std::fmt::Display>(&self, path: &str, value: &Value, what: &str, least: T, most: T) -> ConfigError {
        let value = shown(value);
        self.wrong(path, format!("{path} is {value}; it must be {what} from {least} to {most}"))
    }

    pub fn text(&self, path: &str) -> Result<String, ConfigError> {
        let value = &self.layers.get(path)?.value;
        let plain = |text: &&str| text.len() <= LONGEST_TEXT && !text.contains(char::is_control);
        let found = value.as_str().filter(plain).map(str::to_owned);
        found.ok_or_else(|| {
            let (value, most) = (shown(value), LONGEST_TEXT);
            let what =
                format!("{path} is {value}; it must be a text of one line in \"quotes\", of at most {most} bytes");
            self.wrong(path, what)
        })
    }

    /// A text that is not empty.
    pub fn named(&self, path: &str) -> Result<String, ConfigError> {
        let text = self.text(path)?;
        if text.trim().is_empty() {
            return Err(self.wrong(path, format!("{path} is empty; give it, or leave the key out for the default")));
        }
        Ok(text)
    }

    /// `None` for an empty text.
    pub fn path(&self, path: &str) -> Result<Option<PathBuf>, ConfigError> {
        let text = Some(self.text(path)?).filter(|text| !text.is_empty());
        text.map(|text| self.at_home(path, &text)).transpose()
    }

    /// A path of a setting, with its `~` expanded.
    pub fn at_home(&self, path: &str, text: &str) -> Result<PathBuf, ConfigError> {
        home::path(text).map_err(|what| self.wrong(path, format!("{path}: {what}")))
    }

    pub fn word(&self, path: &str, known: &[&'static str]) -> Result<&'static str, ConfigError> {
        let text = self.text(path)?;
        known.iter().find(|word| **word == text).copied().ok_or_else(|| self.unknown(path, &text, known, ""))
    }

    pub fn texts(&self, path: &str) -> Result<Vec<String>, ConfigError> {
        let value = &self.layers.get(path)?.value;
        let plain = |text: &&str| !text.contains(char::is_control);
        let texts = |list: &Vec<Value>| list.iter().map(|one| one.as_str().filter(plain).map(str::to_owned)).collect();
        let found: Option<Vec<String>> = value.as_array().and_then(texts);
        let found = found.ok_or_else(|| {
            let value = shown(value);
            self.wrong(path, format!("{path} is {value}; it must be a list of texts, as [\"a\", \"b\"]"))
        })?;
        if found.len() > LONGEST_LIST || found.iter().any(|text| text.len() > LONGEST_LISTED) {
            let most = format!("{LONGEST_LIST} texts of {LONGEST_LISTED} bytes");
            return Err(self.wrong(path, format!("{path} is too long; a list has at most {most}: shorten it")));
        }
        Ok(found)
    }
}

/// A value in a sentence: its beginning, if it is long.
fn shown(value: &Value) -> String {
    const MOST: usize = 200;
    let text = value.to_string();
    if text.len() > MOST { format!("{}…", cut(&text, MOST)) } else { text }
}
