//! The nine rasas, in the one order used everywhere (index = class index).

use serde::{Deserialize, Serialize};

/// One of the nine rasas (navarasa) of Indian classical performance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rasa {
    /// Love.
    Shringara,
    /// Laughter.
    Hasya,
    /// Sorrow.
    Karuna,
    /// Fury.
    Raudra,
    /// Valour.
    Veera,
    /// Fear.
    Bhayanaka,
    /// Disgust.
    Bibhatsa,
    /// Wonder.
    Adbhuta,
    /// Peace.
    Shanta,
}

impl Rasa {
    /// How many rasas there are.
    pub const COUNT: usize = 9;

    /// Every rasa, in class order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Shringara,
        Self::Hasya,
        Self::Karuna,
        Self::Raudra,
        Self::Veera,
        Self::Bhayanaka,
        Self::Bibhatsa,
        Self::Adbhuta,
        Self::Shanta,
    ];

    /// Class index, 0–8.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The rasa of a class index, or `None` from 9 up.
    #[must_use]
    pub fn from_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }

    /// Lower-case name, as in every file and JSON line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shringara => "shringara",
            Self::Hasya => "hasya",
            Self::Karuna => "karuna",
            Self::Raudra => "raudra",
            Self::Veera => "veera",
            Self::Bhayanaka => "bhayanaka",
            Self::Bibhatsa => "bibhatsa",
            Self::Adbhuta => "adbhuta",
            Self::Shanta => "shanta",
        }
    }

    /// What the rasa is, in an English word.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Shringara => "love",
            Self::Hasya => "laughter",
            Self::Karuna => "sorrow",
            Self::Raudra => "fury",
            Self::Veera => "valour",
            Self::Bhayanaka => "fear",
            Self::Bibhatsa => "disgust",
            Self::Adbhuta => "wonder",
            Self::Shanta => "peace",
        }
    }
}

impl std::fmt::Display for Rasa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is none of the nine rasas.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a rasa; the nine are shringara, hasya, karuna, raudra, veera, bhayanaka, bibhatsa, adbhuta, shanta"
)]
pub struct UnknownRasa(pub String);

impl std::str::FromStr for Rasa {
    type Err = UnknownRasa;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let lower = name.to_lowercase();
        Self::ALL.into_iter().find(|rasa| rasa.name() == lower).ok_or_else(|| UnknownRasa(name.to_owned()))
    }
}
