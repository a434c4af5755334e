//! The drone: four strings plucked in turn.

use crate::performer::event::Voice;
use crate::performer::raga::Tuning;
use crate::performer::rng::Rng;
use crate::performer::swara::Note;

/// Time between two strings, in microseconds.
const PLUCK_US: f32 = 1_050_000.0;
/// The last string rings longer before the cycle begins again.
const REST: f32 = 1.5;
/// How long a string rings if nothing plucks it again, in microseconds.
pub const RING_US: u64 = 4_600_000;

/// The player of the drone.
#[derive(Debug, Clone)]
pub struct Tanpura {
    /// When the next string is plucked.
    pub next_us: u64,
    string: u8,
    rng: Rng,
}

impl Tanpura {
    /// A tanpura that begins at once.
    pub fn new(seed: u64) -> Self {
        Self { next_us: 0, string: 0, rng: Rng::new(seed ^ 0x7461_6e70) }
    }

    /// Plucks the next string: its voice, its note and how hard (velocity). Sets when the one after comes.
    pub fn pluck(&mut self, tuning: Tuning) -> (Voice, Note, u8) {
        let low_sa = Note::from_step(-12).unwrap_or(Note::SA);
        let note = [tuning.first_string(), Note::SA, Note::SA, low_sa][usize::from(self.string)];
        let voice = if self.string == 0 { Voice::FirstString } else { Voice::Tanpura };
        let rest = if self.string == 3 { REST } else { 1.0 };
        self.next_us += (PLUCK_US * rest * self.rng.between(0.96, 1.04)) as u64;
        let velocity = [58.0, 62.0, 54.0, 66.0][usize::from(self.string)] + self.rng.between(-5.0, 5.0);
        self.string = (self.string + 1) % 4;
        (voice, note, velocity as u8)
    }
}
