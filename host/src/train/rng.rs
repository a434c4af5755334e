//! Chance that is the same for the same seed on every machine.

/// SplitMix64 (Steele, Lea & Flood 2014): small, and good enough to move landmarks about.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// Starts.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly from 0 to 1, 1 excluded.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u32 << 24) as f32
    }

    /// Evenly within ±`most`.
    pub fn within(&mut self, most: f32) -> f32 {
        (2.0 * self.unit() - 1.0) * most
    }

    /// About 0 with deviation 1, never beyond 6: the sum of twelve.
    pub fn normal(&mut self) -> f32 {
        (0..4)
            .map(|_| self.bits())
            .flat_map(|bits| [bits & 0xffff, bits >> 16 & 0xffff, bits >> 32 & 0xffff])
            .sum::<u64>() as f32
            / 65535.0
            - 6.0
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }
}
