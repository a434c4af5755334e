//! Whole numbers, mostly small, as bits of a range coder.

use super::range::{Chance, Coder, Damaged};

/// Magnitudes up to here are counted up one by one; beyond, the number of digits is.
const COUNTED: u64 = 14;
/// Most binary digits behind the first one of what is beyond: no number is larger than 2^54.
const MOST_DIGITS: usize = 53;

/// What is known of a kind of number: how often it is 0, negative, and how large.
///
/// The bits of a number: is it 0; if not, is it negative; then for k = 1 to 14, is its magnitude above k, until one
/// says no; if all say yes, with r = magnitude - 14: as many ones as r has binary digits behind its first, a zero,
/// and those digits, highest first, each as likely set as not.
#[derive(Debug, Clone, Copy)]
pub struct Number {
    zero: Chance,
    negative: Chance,
    above: [Chance; COUNTED as usize],
    digits: [Chance; MOST_DIGITS + 1],
}

impl Default for Number {
    fn default() -> Self {
        let even = Chance::default();
        Self { zero: even, negative: even, above: [even; COUNTED as usize], digits: [even; MOST_DIGITS + 1] }
    }
}

impl Number {
    /// Writes a number of magnitude 2^53 at most, or reads one; the number.
    ///
    /// # Errors
    /// A reader's bytes are at their end, or no number.
    pub fn code(&mut self, coder: &mut impl Coder, value: i64) -> Result<i64, Damaged> {
        if coder.bit(&mut self.zero, value == 0)? {
            return Ok(0);
        }
        let negative = coder.bit(&mut self.negative, value < 0)?;
        let size = self.size(coder, value.unsigned_abs())?;
        Ok(if negative { -size } else { size })
    }

    /// A magnitude from 1.
    fn size(&mut self, coder: &mut impl Coder, size: u64) -> Result<i64, Damaged> {
        for (k, chance) in (1..).zip(&mut self.above) {
            if !coder.bit(chance, size > k)? {
                return Ok(k as i64);
            }
        }
        // A reader's own value means nothing and may be anything.
        let rest = size.wrapping_sub(COUNTED).max(1);
        let mut digits = 0;
        while coder.bit(self.digits.get_mut(digits as usize).ok_or(Damaged)?, rest.ilog2() > digits)? {
            digits += 1;
        }
        let first = 1 << digits;
        Ok((COUNTED + (first | coder.raw(digits, rest & (first - 1))?)) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::super::range::{Reader, Writer};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_number_comes_back(values in prop::collection::vec(
            prop_oneof![-20_i64..20, -(1_i64 << 53)..=1 << 53, Just(15), Just(-16), Just(1 << 53)], 0..200)) {
            let mut writer = Writer::new(Vec::new());
            let mut model = Number::default();
            for value in &values {
                prop_assert_eq!(model.code(&mut writer, *value), Ok(*value));
            }
            let bytes = writer.finish();
            let mut reader = Reader::new(&bytes).unwrap();
            let mut model = Number::default();
            for value in &values {
                prop_assert_eq!(model.code(&mut reader, 0), Ok(*value));
            }
            prop_assert!(reader.is_at_end());
        }
    }

    #[test]
    fn what_repeats_costs_next_to_nothing() {
        let mut writer = Writer::new(Vec::new());
        let mut model = Number::default();
        for _ in 0..8000 {
            model.code(&mut writer, 3).unwrap();
        }
        assert!(writer.finish().len() < 100);
    }
}
