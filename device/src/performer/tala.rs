//! A tala: its matras, its vibhags and the bols of its theka.

use super::data_error::{DataError, Source};
use serde::Deserialize;
use toml::Spanned;

/// Longest tala, in matras.
pub const LONGEST_TALA: usize = 32;

/// Bols that every map gives keys; the order is that of [`super::map::RasaMap`]'s table of sounds.
pub const BOLS: [&str; 9] = ["Dha", "Dhin", "Dhi", "Na", "Ta", "Tin", "Ti", "Ge", "Ka"];

/// Further bols, and the bol whose keys each takes where a map or a sound map says nothing of it.
pub const FURTHER_BOLS: [(&str, Bol); 7] = [
    ("Tun", Bol::TIN),
    ("Kat", Bol::KA),
    ("Ra", Bol::TI),
    ("Ki", Bol::KA),
    ("Din", Bol::TIN),
    ("Di", Bol::TIN),
    ("Ga", Bol::GE),
];

/// How many bols there are.
pub const BOL_COUNT: usize = BOLS.len() + FURTHER_BOLS.len();

/// Parts of a matra that a theka tells apart.
const QUARTERS: usize = 4;

/// A bol: index into [`BOLS`], then [`FURTHER_BOLS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bol(u8);

impl Bol {
    /// Both hands, open.
    pub const DHA: Self = Self(0);
    /// The right hand's rim.
    pub const NA: Self = Self(3);
    /// The right hand, closing.
    pub const TA: Self = Self(4);
    /// The right hand's inner stroke.
    pub const TIN: Self = Self(5);
    /// The right hand's dry stroke.
    pub const TI: Self = Self(6);
    /// The left hand, open.
    pub const GE: Self = Self(7);
    /// The left hand, closed.
    pub const KA: Self = Self(8);

    /// Every bol.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..BOL_COUNT as u8).map(Self)
    }

    /// The bol of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|bol| bol.name() == name)
    }

    /// The bol of an index below [`BOL_COUNT`].
    #[must_use]
    pub fn from_index(index: u8) -> Option<Self> {
        (usize::from(index) < BOL_COUNT).then_some(Self(index))
    }

    /// Index below [`BOL_COUNT`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        if self.index() < BOLS.len() { BOLS[self.index()] } else { FURTHER_BOLS[self.index() - BOLS.len()].0 }
    }

    /// The bol that sounds in its place where only the common ones are known; itself if it is one of those.
    #[must_use]
    pub const fn common(self) -> Self {
        if self.index() < BOLS.len() { self } else { FURTHER_BOLS[self.index() - BOLS.len()].1 }
    }

    /// Whether the left drum rings in it.
    #[must_use]
    pub fn has_bayan(self) -> bool {
        ["Dha", "Dhin", "Dhi", "Ge"].contains(&self.common().name())
    }

    /// The names of every bol.
    #[must_use]
    pub fn names() -> String {
        Self::all().map(Self::name).collect::<Vec<_>>().join(" ")
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
    /// The bol on each matra.
    pub theka: Vec<Bol>,
    /// The bols between the matras, as the theka is written: one place for each quarter matra.
    pub between: Vec<Option<Bol>>,
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
        let between: Vec<Option<Bol>> = theka.iter().flat_map(|parts| [None, parts[1], parts[2], parts[3]]).collect();
        let theka: Vec<Bol> = theka.iter().filter_map(|parts| parts[0]).collect();
        if theka.len() != matras {
            let what = format!(
                "the theka has {} bols and the vibhags {matras} matras; write one bol a matra, or two or four joined by commas",
                theka.len()
            );
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
        Ok(Self { name: source.name(&raw.name)?, theka, between, starts, khali })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TalaFile {
    name: Spanned<String>,
    vibhags: Spanned<Vec<u8>>,
    khali: Spanned<Vec<u8>>,
    theka: Spanned<String>,
    #[serde(rename = "source")]
    _source: String,
}

/// The bols of each matra by its quarters.
fn theka(source: &Source<'_>, field: &Spanned<String>) -> Result<Vec<[Option<Bol>; QUARTERS]>, DataError> {
    let words = field.get_ref().split_whitespace().filter(|word| *word != "|");
    let bol = |name: &str| {
        let unknown = || format!("'{name}' is not a bol; use {}", Bol::names());
        Bol::named(name).ok_or_else(|| source.error(&field.span(), unknown()))
    };
    let matra = |word: &str| {
        let bols = word.split(',').map(bol).collect::<Result<Vec<_>, _>>()?;
        let mut quarters = [None; QUARTERS];
        if !matches!(bols.len(), 1 | 2 | 4) {
            let what =
                format!("'{word}' has {} bols on one matra; join 2 or 4, as in Dha,Ge or Ti,Ra,Ki,Ta", bols.len());
            return Err(source.error(&field.span(), what));
        }
        for (at, bol) in bols.iter().enumerate() {
            quarters[at * QUARTERS / bols.len()] = Some(*bol);
        }
        Ok(quarters)
    };
    words.map(matra).collect()
}
