//! Files on the wire: models, config, ragas, maps.

use super::bounds::{ABOUT, SENTENCE, Text};
use postcard_schema::Schema;
use postcard_schema::schema::NamedType;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// BLAKE3 of a whole file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Schema)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Schema)]
pub enum FileKind {
    /// A model package.
    Model,
    /// The box's config.
    Config,
    /// A raga.
    Raga,
    /// A map from rasas to ragas.
    Map,
    /// A sound map.
    Sounds,
}

impl FileKind {
    /// No file of the kind is longer.
    #[must_use]
    pub const fn most_bytes(self) -> u64 {
        match self {
            Self::Model => 32 << 20,
            Self::Config | Self::Raga | Self::Map | Self::Sounds => 256 << 10,
        }
    }
}

/// A file's name: 1 to 64 of a–z, 0–9, `.`, `-`, `_`, not beginning with a dot. It can be no path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct FileName(String);

impl FileName {
    /// The name, if it is one.
    pub fn new(name: &str) -> Option<Self> {
        let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-_".contains(letter);
        let good = (1..=64).contains(&name.len()) && !name.starts_with('.') && name.chars().all(fits);
        good.then(|| Self(name.to_owned()))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Schema for FileName {
    const SCHEMA: &'static NamedType = &NamedType { name: "FileName", ty: String::SCHEMA.ty };
}

impl<'de> Deserialize<'de> for FileName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom("no file name"))
    }
}

/// A file on the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct FileState {
    /// What it is.
    pub kind: FileKind,
    /// Its name.
    pub name: FileName,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of it.
    pub hash: Hash,
    /// Whether it is in force.
    pub active: bool,
    /// Whether [`super::Request::Rollback`] brings it back.
    pub previous: bool,
    /// A line for people: what a model was trained on and its scores, what a raga is called.
    #[serde(with = "Text::<ABOUT>")]
    pub about: String,
}

/// The box is ready to take a pushed file in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Begun {
    /// So many bytes of it are there from before: go on here.
    pub offset: u64,
}

/// A pushed file is on the box, whole and checked, and not yet in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Pushed {
    /// What the box says of it.
    #[serde(with = "Text::<SENTENCE>")]
    pub about: String,
}

/// Before the pieces of a file that is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct BulkHead {
    /// Length of all of it.
    pub bytes: u64,
    /// BLAKE3 of all of it.
    pub hash: Hash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_no_path() {
        for name in ["", ".", "..", ".hidden", "a/b", "a\\b", "A", "a b", "a\0", &"x".repeat(65)] {
            assert!(FileName::new(name).is_none(), "{name:?}");
            let bytes = postcard::to_stdvec(name).unwrap();
            assert!(postcard::from_bytes::<FileName>(&bytes).is_err(), "{name:?}");
        }
        assert_eq!(
            FileName::new("malkauns-2_b.toml").map(|name| name.to_string()).as_deref(),
            Some("malkauns-2_b.toml")
        );
    }
}
