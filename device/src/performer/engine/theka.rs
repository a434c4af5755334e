//! The theka: the tala's bols on the drums.

use crate::performer::rng::Rng;
use crate::performer::tala::{Bol, Tala};

/// How long a stroke is held, in microseconds.
pub const STROKE_US: u64 = 90_000;

/// The stroke that closes, and those of a tihai's run (ti ra ki ta).
const CLOSE: Bol = Bol::DHA;
const RUN: [Bol; 4] = [Bol::TI, Bol::NA, Bol::KA, Bol::TA];

/// A stroke.
#[derive(Debug, Clone, Copy)]
pub struct Stroke {
    /// The bol.
    pub bol: Bol,
    /// How hard.
    pub velocity: u8,
}

/// The player of the theka.
#[derive(Debug, Clone)]
pub struct Theka {
    rng: Rng,
    turn: usize,
}

impl Theka {
    /// A player.
    pub fn new(seed: u64) -> Self {
        Self { rng: Rng::new(seed ^ 0x7468_656b), turn: 0 }
    }

    /// The stroke of a quarter matra, if there is one: the theka's on the matra, light fillings between when there
    /// is time for them.
    pub fn stroke(&mut self, tala: &Tala, quarter: u16, matra_s: f32, level: f32, intensity: f32) -> Option<Stroke> {
        let (matra, part) = ((quarter / 4) as u8, quarter % 4);
        // Drawn every quarter, so that the stream of chance does not hang on the laya.
        let (chance, hand) = (self.rng.unit(), self.rng.between(-4.0, 4.0));
        let khali = tala.khali[usize::from(matra)];
        let strength = level * (46.0 + 46.0 * intensity);
        if part == 0 {
            let weight = match (matra, tala.is_start(matra)) {
                (0, _) => 1.25,
                (_, true) => 1.1,
                _ => 0.92,
            };
            let weight = if khali { weight * 0.8 } else { weight };
            return Some(Self::make(tala.theka[usize::from(matra)], strength * weight + hand));
        }
        if let Some(bol) = tala.between[usize::from(quarter)] {
            // What is written is played while there is time for it: no more than about fifteen strokes a second.
            let fits = matra_s > if part == 2 { 0.13 } else { 0.26 };
            return fits.then(|| Self::make(bol, strength * 0.75 + hand));
        }
        // A matra that is written out is not filled.
        if tala.between[usize::from(quarter - part)..][..4].iter().any(Option::is_some) {
            return None;
        }
        let room = matra_s > if part == 2 { 0.36 } else { 0.8 };
        let likely = (0.12 + 0.35 * intensity) * if part == 2 { 1.0 } else { 0.4 };
        if !room || chance > likely {
            return None;
        }
        let bol = if khali || part != 2 { Bol::KA } else { Bol::GE };
        Some(Self::make(bol, strength * 0.55 + hand))
    }

    /// The stroke that closes: on the sam where a gat ends, and where a tihai lands.
    pub fn close(level: f32, intensity: f32) -> Stroke {
        Self::make(CLOSE, level * (56.0 + 46.0 * intensity))
    }

    /// A stroke of a tihai: of its run, or the last of a figure.
    pub fn figure(&mut self, end: bool, level: f32, intensity: f32) -> Stroke {
        let hand = self.rng.between(-4.0, 4.0);
        let strength = level * (48.0 + 46.0 * intensity);
        if end {
            return Self::make(CLOSE, strength * 1.15 + hand);
        }
        self.turn = (self.turn + 1) % RUN.len();
        Self::make(RUN[self.turn], strength * 0.85 + hand)
    }

    /// The theka's chance.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    fn make(bol: Bol, velocity: f32) -> Stroke {
        Stroke { bol, velocity: velocity.clamp(1.0, 127.0) as u8 }
    }
}
