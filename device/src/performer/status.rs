//! What is sounding now, for a person to read.

use super::library::Library;
use super::swara::Note;
use super::tala::Bol;

/// The part of the performance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Section {
    /// The drone alone.
    #[default]
    Drone,
    /// Nothing: nobody has been seen for long.
    Silence,
    /// Melody in free time.
    Alap,
    /// Melody on a pulse, without the theka.
    Jor,
    /// Melody and theka in tala.
    Gat,
}

impl Section {
    /// Whether the melody keeps to a pulse.
    #[must_use]
    pub const fn has_pulse(self) -> bool {
        matches!(self, Self::Jor | Self::Gat)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drone => "drone",
            Self::Silence => "silence",
            Self::Alap => "alap",
            Self::Jor => "jor",
            Self::Gat => "gat",
        }
    }
}

/// What the engine plays at a moment: small enough to be handed from thread to thread in one word.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Status {
    /// The part of the performance.
    pub section: Section,
    /// The raga, as index into [`Library::ragas`]; `None` before the first.
    pub raga: Option<u8>,
    /// The tala, as index into [`Library::talas`]; only in a gat.
    pub tala: Option<u8>,
    /// Matra of the cycle from 1 (sam); only in a gat.
    pub matra: Option<u8>,
    /// Laya in matras a minute, rounded; 0 outside a gat.
    pub laya_bpm: u16,
    /// The melody's note, while it sounds.
    pub melody: Option<Note>,
    /// The tanpura's string plucked last, while it sounds.
    pub string: Option<Note>,
    /// The bol struck last, while it sounds.
    pub bol: Option<Bol>,
}

impl Status {
    /// Name of the raga, or "" before the first.
    #[must_use]
    pub fn raga_name(self, library: &Library) -> &str {
        self.raga.and_then(|raga| library.ragas.get(usize::from(raga))).map_or("", |raga| &raga.name)
    }

    /// Name of the tala, or "" outside a gat.
    #[must_use]
    pub fn tala_name(self, library: &Library) -> &str {
        self.tala.and_then(|tala| library.talas.get(usize::from(tala))).map_or("", |tala| &tala.name)
    }

    /// Matras of the tala's cycle, or 0 outside a gat.
    #[must_use]
    pub fn matras(self, library: &Library) -> u8 {
        self.tala.and_then(|tala| library.talas.get(usize::from(tala))).map_or(0, super::tala::Tala::matras)
    }
}
