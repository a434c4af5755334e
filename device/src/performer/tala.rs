//! A tala: its matras, its vibhags and the bols of its theka.

use super::data_error::{DataError, Source};
use serde::Deserialize;
use toml::Spanned;

/// Longest tala, in matras.
pub const LONGEST_TALA: usize = 32;

/// Bols a theka is written with. The order is that of [`super::map::RasaMap`]'s table of sounds.
pub const BOLS: [&str; 9] = ["Dha", "Dhin", "Dhi", "Na", "Ta", "Tin", "Ti", "Ge", "Ka"];

/// A bol: index into [`BOLS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bol(u8);

impl Bol {
    /// Both hands, open.
    pub const DHA: Self = Self(0);
    /// The right hand's rim.
    pub const NA: Self = Self(3);
    /// The right hand, closing.
    pub const TA: Self = Self(4);
    /// The right hand's dry stroke.
    pub const TI: Self = Self(6);
    /// The left hand, open.
    pub const GE: Self = Self(7);
    /// The left hand, closed.
    pub const KA: Self = Self(8);

    /// The bol of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        BOLS.iter().position(|bol| *bol == name).map(|index| Self(index as u8))
    }

    /// The bol of an index into [`BOLS`].
    #[must_use]
    pub fn from_index(index: u8) -> Option<Self> {
        (usize::from(index) < BOLS.len()).then_some(Self(index))
    }

    /// Index into [`BOLS`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        BOLS[self.0 as usize]
    }
}

/// How time is counted: so many matras, in groups.
#[derive(Debug, Clone, Copy)]
pub struct Meter<'a> {
    /// Matras of a cycle.
    pub matras: u8,
    /// Matras (from 0) on which a group begins.
    pub starts: &'a [u8],
}

impl Meter<'static> {
    /// The pulse of a jor: eight beats, of which every fourth is the first of a group. Nothing is struck.
    pub const JOR: Self = Self { matras: 8, starts: &[0, 4] };
}

/// A tala.
#[derive(Debug, Clone)]
pub struct Tala {
    /// Its name.
    pub name: String,
    /// One bol a matra.
    pub theka: Vec<Bol>,
    /// Matras (from 0) on which a vibhag begins; the first is sam.
    pub starts: Vec<u8>,
    /// For each matra, whether it is played open (khali), without the left drum's weight.
    pub khali: Vec<bool>,
}

impl Tala {
    /// Matras of a cycle.
    #[must_use]
    pub fn matras(&self) -> u8 {
        self.theka.len() as u8
    }

    /// Its time without its bols.
    #[must_use]
    pub fn meter(&self) -> Meter<'_> {
        Meter { matras: self.matras(), starts: &self.starts }
    }

    /// Whether a vibhag begins on a matra (from 0).
    #[must_use]
    pub fn is_start(&self, matra: u8) -> bool {
        self.starts.contains(&matra)
    }

    /// Reads and checks a tala's file.
    ///
    /// # Errors
    /// Names the line of the first thing that is wrong.
    pub fn parse(file: &str, text: &str) -> Result<Self, DataError> {
        let source = Source { file, text };
        let raw: TalaFile = source.parse()?;
        let matras: usize = raw.vibhags.get_ref().iter().map(|vibhag| usize::from(*vibhag)).sum();
        if !(3..=LONGEST_TALA).contains(&matras) || raw.vibhags.get_ref().contains(&0) {
            let what =
                format!("the vibhags make {matras} matras; a tala has 3 to {LONGEST_TALA}, and no vibhag is empty");
            return Err(source.error(&raw.vibhags.span(), what));
        }
        let theka = theka(&source, &raw.theka)?;
        if theka.len() != matras {
            let what =
                format!("the theka has {} bols and the vibhags {matras} matras; write one bol a matra", theka.len());
            return Err(source.error(&raw.theka.span(), what));
        }
        let vibhags = raw.vibhags.get_ref();
        if let Some(wrong) =
            raw.khali.get_ref().iter().find(|khali| !(1..=vibhags.len()).contains(&usize::from(**khali)))
        {
            let what = format!("khali names vibhag {wrong}; the tala has vibhags 1 to {}", vibhags.len());
            return Err(source.error(&raw.khali.span(), what));
        }
        let (mut starts, mut khali) = (Vec::new(), Vec::new());
        for (number, matras) in (1_u8..).zip(vibhags) {
            starts.push(khali.len() as u8);
            khali.extend((0..*matras).map(|_| raw.khali.get_ref().contains(&number)));
        }
        Ok(Self { name: raw.name, theka, starts, khali })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TalaFile {
    name: String,
    vibhags: Spanned<Vec<u8>>,
    khali: Spanned<Vec<u8>>,
    theka: Spanned<String>,
    #[serde(rename = "source")]
    _source: String,
}

fn theka(source: &Source<'_>, field: &Spanned<String>) -> Result<Vec<Bol>, DataError> {
    let words = field.get_ref().split_whitespace().filter(|word| *word != "|");
    let bol = |word: &str| {
        let unknown = || format!("'{word}' is not a bol; use {}", BOLS.join(" "));
        Bol::named(word).ok_or_else(|| source.error(&field.span(), unknown()))
    };
    words.map(bol).collect()
}
