//! The two shrutis of each swara, as ratios to Sa.

use super::swara::Swara;

/// A frequency ratio to the Sa below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shruti {
    /// Upper number of the ratio.
    pub over: u32,
    /// Lower number of the ratio.
    pub under: u32,
}

impl Shruti {
    /// Cents above Sa.
    #[must_use]
    pub fn cents(self) -> f32 {
        (1200.0 * (f64::from(self.over) / f64::from(self.under)).log2()) as f32
    }
}

impl std::fmt::Display for Shruti {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.over, self.under)
    }
}

/// The shrutis a swara may have: one for Sa and Pa, two for the others, the lower first.
#[must_use]
pub const fn shrutis_of(swara: Swara) -> &'static [Shruti] {
    SHRUTIS[swara as usize]
}

const fn of(over: u32, under: u32) -> Shruti {
    Shruti { over, under }
}

/// By swara: ratios to Sa of the twenty-two shrutis.
const SHRUTIS: [&[Shruti]; 12] = [
    &[of(1, 1)],
    &[of(256, 243), of(16, 15)],
    &[of(10, 9), of(9, 8)],
    &[of(32, 27), of(6, 5)],
    &[of(5, 4), of(81, 64)],
    &[of(4, 3), of(27, 20)],
    &[of(45, 32), of(729, 512)],
    &[of(3, 2)],
    &[of(128, 81), of(8, 5)],
    &[of(5, 3), of(27, 16)],
    &[of(16, 9), of(9, 5)],
    &[of(15, 8), of(243, 128)],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shruti_is_within_22_cents_of_its_tempered_semitone() {
        for swara in Swara::ALL {
            for shruti in shrutis_of(swara) {
                let off = shruti.cents() - 100.0 * f32::from(swara.semitone());
                assert!(off.abs() < 22.0, "{swara} {shruti}: {off}");
            }
        }
    }
}
