//! The tala's clock: quarter matras, with a laya that changes from matra to matra.

use super::rhythm::QUARTERS;

/// Most the laya changes from one matra to the next, as a part of itself.
const CHANGE: f32 = 0.03;

/// Where the tala stands.
#[derive(Debug, Clone)]
pub struct Clock {
    /// When the next quarter matra begins.
    pub next_us: u64,
    /// Number of that quarter in the cycle, from 0 (sam).
    pub quarter: u16,
    /// Quarters of a cycle.
    pub cycle: u16,
    /// Laya in matras a minute.
    pub laya_bpm: f32,
}

impl Clock {
    /// A clock whose sam is at a time.
    pub fn start(now_us: u64, matras: u8, laya_bpm: f32) -> Self {
        Self { next_us: now_us, quarter: 0, cycle: u16::from(matras) * QUARTERS, laya_bpm }
    }

    /// Length of a quarter matra in microseconds.
    pub fn quarter_us(&self) -> u64 {
        (60e6 / f64::from(self.laya_bpm) / f64::from(QUARTERS)) as u64
    }

    /// Length of a matra in seconds.
    pub fn matra_s(&self) -> f32 {
        60.0 / self.laya_bpm
    }

    /// Goes to the next quarter; at a matra the laya moves towards another.
    pub fn advance(&mut self, towards_bpm: f32) {
        self.next_us += self.quarter_us();
        self.quarter = (self.quarter + 1) % self.cycle;
        if self.quarter.is_multiple_of(QUARTERS) {
            let most = self.laya_bpm * CHANGE;
            self.laya_bpm += (towards_bpm - self.laya_bpm).clamp(-most, most);
        }
    }
}
