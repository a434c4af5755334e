//! What is set, by whom: the defaults, a file, the environment, flags; the later over the earlier.

use super::pushed::is_owners;
use crate::nearest::nearest;
use crate::performer::data_error::{DataError, Source, one_line};
use serde::Deserialize as _;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use toml::de::DeTable;
use toml::{Table, Value};

/// The reference: every key, its default and what it means.
pub const DEFAULTS: &str = include_str!("../../config/rasika.toml");
const DEFAULTS_NAME: &str = "the built-in rasika.toml";
/// How the names of environment variables begin.
const ENVIRONMENT: &str = "RASIKA_";

/// Something is set that cannot be. Reads `where: what is wrong; what to do`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// In a file.
    #[error(transparent)]
    File(#[from] DataError),
    /// In the environment or a flag.
    #[error("{place}: {what}")]
    Elsewhere {
        /// The variable or flag.
        place: String,
        /// What is wrong and what to do.
        what: String,
    },
}

impl ConfigError {
    /// The line in its file; 0 elsewhere.
    fn line(&self) -> usize {
        match self {
            Self::File(error) => error.line,
            Self::Elsewhere { .. } => 0,
        }
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A file, and the line in it.
    File(String, usize),
    /// A variable of the environment.
    Environment(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file, line) => write!(f, "{file}:{line}"),
            Self::Environment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

impl Origin {
    /// An error here.
    pub(super) fn error(&self, what: String) -> ConfigError {
        match self {
            Self::File(file, line) => DataError { file: file.clone(), line: *line, what }.into(),
            Self::Default => DataError { file: DEFAULTS_NAME.into(), line: 1, what }.into(),
            Self::Environment(place) | Self::Flag(place) => ConfigError::Elsewhere { place: place.clone(), what },
        }
    }
}

/// One setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// `panel`.
    pub section: String,
    /// `select`.
    pub key: String,
    /// What it is set to.
    pub value: Value,
    /// By whom.
    pub origin: Origin,
}

/// Every setting there is, in the order of the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Layers(Vec<Setting>);

impl Layers {
    /// The defaults.
    ///
    /// # Errors
    /// None as built; a reference that is no TOML is named with its line.
    pub fn defaults() -> Result<Self, ConfigError> {
        let set = |(section, key, value, _)| Setting { section, key, value, origin: Origin::Default };
        Ok(Self(sound(read(&Source { file: DEFAULTS_NAME, text: DEFAULTS }))?.into_iter().map(set).collect()))
    }

    /// Sets what a file sets.
    ///
    /// # Errors
    /// It is no TOML, or has a section or key that there is not; with the line, and the nearest right name.
    pub fn file(&mut self, file: &str, text: &str) -> Result<(), ConfigError> {
        self.file_in_part(file, text).into_iter().next().map_or(Ok(()), Err)
    }

    /// Sets what can be set of a file: what is wrong with the rest, in the order of its lines.
    pub fn file_in_part(&mut self, file: &str, text: &str) -> Vec<ConfigError> {
        let source = Source { file, text };
        let (keys, mut errors) = read(&source);
        for (section, key, value, span) in keys {
            let line = source.error(&span, "").line;
            errors.extend(self.set(&section, &key, Origin::File(file.to_owned(), line), |_| Ok(value)).err());
        }
        errors.sort_by_key(ConfigError::line);
        errors
    }

    /// Sets what a laptop's file sets, but for what is the box's owner's to say: `Self::stays` names it.
    ///
    /// # Errors
    /// As [`Self::file`].
    pub fn pushed(&mut self, file: &str, text: &str) -> Result<(), ConfigError> {
        let before = self.clone();
        let folder = before.get("recording.folder")?.value.as_str().unwrap_or_default().to_owned();
        self.file(file, text)?;
        for (setting, own) in self.0.iter_mut().zip(before.0) {
            if is_owners(&setting.section, &setting.key, &setting.value, Some(Path::new(&folder))) {
                *setting = own;
            }
        }
        Ok(())
    }

    /// Which of the settings that a laptop's file sets stay as they are, `section.key`; `folder` is the box's own, where
    /// it is known.
    ///
    /// # Errors
    /// As [`Self::file`].
    pub fn stays(file: &str, text: &str, folder: Option<&Path>) -> Result<Vec<String>, ConfigError> {
        let keys = sound(read(&Source { file, text }))?;
        let owners = keys.into_iter().filter(|(section, key, value, _)| is_owners(section, key, value, folder));
        Ok(owners.map(|(section, key, ..)| format!("{section}.{key}")).collect())
    }

    /// Sets what the environment sets: of all variables, those of `RASIKA_`, a section, `_` and a key.
    ///
    /// # Errors
    /// The section has no such key, or the value is of another type.
    pub fn environment(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<(), ConfigError> {
        self.environment_in_part(variables).into_iter().next().map_or(Ok(()), Err)
    }

    /// Sets what can be set of the environment: what is wrong with the rest.
    pub fn environment_in_part(&mut self, variables: impl Iterator<Item = (String, String)>) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        // In a fixed order, so that of two wrong ones always the same is named.
        let mut variables: Vec<_> = variables.collect();
        variables.sort();
        for (name, text) in variables {
            let Some(path) = name.strip_prefix(ENVIRONMENT).map(str::to_lowercase) else { continue };
            // RASIKA_MODELS and others of one word are not settings of a section.
            let Some((section, key)) = path.split_once('_').filter(|(section, _)| self.has(section)) else { continue };
            let origin = Origin::Environment(name.clone());
            errors.extend(self.set(section, key, origin, |default| value_like(default, &text)).err());
        }
        errors
    }

    /// Sets one setting, `section.key`, as a flag does.
    ///
    /// # Errors
    /// There is no such setting, or the value is of another type.
    pub fn flag(&mut self, flag: &str, path: &str, text: &str) -> Result<(), ConfigError> {
        let origin = Origin::Flag(flag.to_owned());
        let Some((section, key)) = path.split_once('.') else {
            return Err(origin.error(format!("'{path}' names no setting; write it as camera.rate_hz=15")));
        };
        self.set(section, key, origin, |default| value_like(default, text))
    }

    /// All settings.
    #[must_use]
    pub fn settings(&self) -> &[Setting] {
        &self.0
    }

    /// What is in force as TOML, each value with where it comes from.
    #[must_use]
    pub fn show(&self) -> String {
        self.toml(|setting| format!("{} = {}", setting.key, setting.value), |setting| Some(setting.origin.to_string()))
    }

    /// What is in force as TOML: the snapshot that goes with a take.
    #[must_use]
    pub fn snapshot(&self) -> String {
        self.toml(|setting| format!("{} = {}", setting.key, setting.value), |_| None)
    }

    fn toml(&self, line: impl Fn(&Setting) -> String, comment: impl Fn(&Setting) -> Option<String>) -> String {
        let mut text = String::new();
        let mut section = "";
        for setting in &self.0 {
            if setting.section != section {
                section = &setting.section;
                text += &format!("{}[{section}]\n", if text.is_empty() { "" } else { "\n" });
            }
            text += &match comment(setting) {
                Some(comment) => format!("{:<40} # {comment}\n", line(setting)),
                None => format!("{}\n", line(setting)),
            };
        }
        text
    }

    /// A setting of the reference.
    ///
    /// # Errors
    /// The reference lacks it.
    pub(super) fn get(&self, path: &str) -> Result<&Setting, ConfigError> {
        let found = path
            .split_once('.')
            .and_then(|(section, key)| self.0.iter().find(|setting| setting.section == section && setting.key == key));
        found.ok_or_else(|| Origin::Default.error(format!("{path} is missing; add it")))
    }

    /// Puts a setting, `section.key`, back to its default; whether that changed it.
    pub(super) fn put_back(&mut self, path: &str) -> Result<bool, ConfigError> {
        let default = Self::defaults()?.get(path)?.clone();
        let there = self.0.iter_mut().find(|it| it.section == default.section && it.key == default.key);
        Ok(there.is_some_and(|there| std::mem::replace(there, default.clone()) != default))
    }

    fn has(&self, section: &str) -> bool {
        self.0.iter().any(|setting| setting.section == section)
    }

    fn set(
        &mut self,
        section: &str,
        key: &str,
        origin: Origin,
        value: impl FnOnce(&Value) -> Result<Value, String>,
    ) -> Result<(), ConfigError> {
        if !self.has(section) {
            let known = self.0.iter().map(|setting| setting.section.as_str());
            return Err(origin.error(format!("there is no section [{section}]; {}", hint(section, known))));
        }
        let ours = self.0.iter_mut().filter(|setting| setting.section == section);
        let mut known = Vec::new();
        for setting in ours {
            if setting.key == key {
                setting.value =
                    value(&setting.value).map_err(|what| origin.error(format!("{section}.{key} {what}")))?;
                setting.origin = origin;
                return Ok(());
            }
            known.push(setting.key.as_str());
        }
        Err(origin.error(format!("[{section}] has no key '{key}'; {}", hint(key, known.into_iter()))))
    }
}

/// The nearest right name, or all there are.
fn hint<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = known.collect();
    names.dedup();
    match nearest(wrong, &names) {
        Some(name) => format!("did you mean {name}?"),
        None => format!("there are {}", names.join(", ")),
    }
}

/// Every key of a file: section, key, value, place of the key.
type Keys = Vec<(String, String, Value, Range<usize>)>;

/// What was read, if nothing is wrong with it.
fn sound((keys, errors): (Keys, Vec<ConfigError>)) -> Result<Keys, ConfigError> {
    errors.into_iter().next().map_or(Ok(keys), Err)
}

/// The keys of a file, and what is wrong with the rest of it.
fn read(source: &Source<'_>) -> (Keys, Vec<ConfigError>) {
    let (places, wrong) = DeTable::parse_recoverable(source.text);
    let wrong = wrong.into_iter().map(|error| source.error(&error.span().unwrap_or(0..0), one_line(error.message())));
    let mut errors: Vec<ConfigError> = wrong.map(ConfigError::from).collect();
    let broken: Vec<usize> = errors.iter().map(ConfigError::line).collect();
    // One bracket that is missing makes all that follows look wrong.
    errors.truncate(1);
    let values = match Table::deserialize(toml::de::Deserializer::from(places.clone())) {
        Ok(values) => values,
        Err(error) => {
            errors.push(source.error(&error.span().unwrap_or(0..0), one_line(error.message())).into());
            return (Keys::new(), errors);
        }
    };
    let mut keys = Keys::new();
    for (section, place) in places.get_ref() {
        let Some(table) = place.get_ref().as_table() else {
            let what = format!("'{section}' stands in no section; write it below [box], [camera] or another");
            errors.push(source.error(&section.span(), what).into());
            continue;
        };
        for key in table.keys() {
            let value = values.get(section.get_ref().as_ref()).and_then(|table| table.get(key.get_ref().as_ref()));
            let value = value.cloned().unwrap_or(Value::Boolean(false));
            keys.push((section.get_ref().to_string(), key.get_ref().to_string(), value, key.span()));
        }
        if table.is_empty() {
            // An empty section sets nothing, but its name may be wrong.
            keys.extend(check_only(section.get_ref(), section.span()));
        }
    }
    keys.sort_by_key(|(.., span)| span.start);
    // What is left of a line that is no TOML means nothing.
    keys.retain(|(.., span)| !broken.contains(&source.error(span, "").line));
    (keys, errors)
}

/// Nothing for a section of the reference; else a key that makes the section known as wrong.
fn check_only(section: &str, span: Range<usize>) -> Option<(String, String, Value, Range<usize>)> {
    let known = DEFAULTS.lines().any(|line| line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) == Some(section));
    (!known).then(|| (section.to_owned(), String::new(), Value::Boolean(false), span))
}

/// A text as a value of the kind that the setting has.
fn value_like(default: &Value, text: &str) -> Result<Value, String> {
    let wrong = |what| format!("is '{text}'; it must be {what}");
    match default {
        Value::Integer(_) => text.trim().parse().map(Value::Integer).map_err(|_| wrong("a whole number")),
        Value::Float(_) => text.trim().parse().map(Value::Float).map_err(|_| wrong("a number")),
        Value::Boolean(_) => text.trim().parse().map(Value::Boolean).map_err(|_| wrong("true or false")),
        Value::Array(_) if text.trim_start().starts_with('[') && !text.trim_start().starts_with("[::") => {
            let list: Result<Table, _> = toml::from_str(&format!("list = {text}"));
            list.ok()
                .and_then(|mut table| table.remove("list"))
                .ok_or_else(|| wrong("a list, as [\"a\", \"b\"] or a,b"))
        }
        Value::Array(_) => {
            let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
            Ok(Value::Array(words.map(|word| Value::String(word.to_owned())).collect()))
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}
