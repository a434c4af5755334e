//! An adaptive binary range coder: a bit costs what it surprises.
//!
//! It is LZMA's coder (32-bit range, carry in a cached byte; the first byte is 0, the last five end the code) with
//! chances that are the mean of a quick and a slow learner. A [`Coder`] is a writer or a reader: whatever is coded is
//! described once, for both ways.

/// The bytes are not what the coder wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged;

/// The range is widened below this.
const NARROW: u32 = 1 << 24;
/// The quick learner moves by a 16th of its error, the slow one by a 128th.
const QUICK: u32 = 4;
const SLOW: u32 = 7;

/// The chance of a bit to be set, learnt from the bits before.
#[derive(Debug, Clone, Copy)]
pub struct Chance {
    quick: u16,
    slow: u16,
}

impl Default for Chance {
    fn default() -> Self {
        Self { quick: 1 << 15, slow: 1 << 15 }
    }
}

impl Chance {
    /// Of 2^15; never 0, never all of it: the learners stop short of both.
    fn of_32768(self) -> u32 {
        (u32::from(self.quick) + u32::from(self.slow)) >> 2
    }

    fn learn(&mut self, bit: bool) {
        if bit {
            self.quick += (u16::MAX - self.quick) >> QUICK;
            self.slow += (u16::MAX - self.slow) >> SLOW;
        } else {
            self.quick -= self.quick >> QUICK;
            self.slow -= self.slow >> SLOW;
        }
    }
}

/// Writes bits, or reads them: a reader ignores the value it is given and returns the one that was written.
pub trait Coder {
    /// Whether this is the writer.
    const WRITES: bool;

    /// A bit of a learnt chance.
    ///
    /// # Errors
    /// A reader's bytes are at their end.
    fn bit(&mut self, chance: &mut Chance, bit: bool) -> Result<bool, Damaged>;

    /// The lowest bits of a value, highest first, each as likely set as not.
    ///
    /// # Errors
    /// A reader's bytes are at their end.
    fn raw(&mut self, bits: u32, value: u64) -> Result<u64, Damaged>;
}

/// The writing [`Coder`].
#[derive(Debug)]
pub struct Writer {
    out: Vec<u8>,
    low: u64,
    range: u32,
    cache: u8,
    /// Bytes not yet written because a carry may still change them.
    pending: u64,
}

impl Writer {
    /// Writes behind what is there already.
    pub fn new(out: Vec<u8>) -> Self {
        Self { out, low: 0, range: u32::MAX, cache: 0, pending: 1 }
    }

    /// Ends the code; all that was written.
    pub fn finish(mut self) -> Vec<u8> {
        for _ in 0..5 {
            self.shift();
        }
        self.out
    }

    fn shift(&mut self) {
        let carry = (self.low >> 32) as u8;
        if self.low < 0xFF00_0000 || carry > 0 {
            let mut byte = self.cache;
            while self.pending > 0 {
                self.out.push(byte.wrapping_add(carry));
                byte = 0xFF;
                self.pending -= 1;
            }
            self.cache = (self.low >> 24) as u8;
        }
        self.pending += 1;
        self.low = (self.low & 0x00FF_FFFF) << 8;
    }

    fn widen(&mut self) {
        while self.range < NARROW {
            self.range <<= 8;
            self.shift();
        }
    }
}

impl Coder for Writer {
    const WRITES: bool = true;

    fn bit(&mut self, chance: &mut Chance, bit: bool) -> Result<bool, Damaged> {
        let bound = (self.range >> 15) * chance.of_32768();
        if bit {
            self.range = bound;
        } else {
            self.low += u64::from(bound);
            self.range -= bound;
        }
        chance.learn(bit);
        self.widen();
        Ok(bit)
    }

    fn raw(&mut self, bits: u32, value: u64) -> Result<u64, Damaged> {
        for place in (0..bits).rev() {
            self.range >>= 1;
            if value >> place & 1 == 1 {
                self.low += u64::from(self.range);
            }
            self.widen();
        }
        Ok(value)
    }
}

/// The reading [`Coder`].
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: std::slice::Iter<'a, u8>,
    range: u32,
    code: u32,
}

impl<'a> Reader<'a> {
    /// Reads from the first byte that a [`Writer`] wrote.
    ///
    /// # Errors
    /// The bytes do not begin as a writer begins.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Damaged> {
        let (first, rest) = bytes.split_first().ok_or(Damaged)?;
        let (code, rest) = rest.split_first_chunk().ok_or(Damaged)?;
        if *first != 0 {
            return Err(Damaged);
        }
        Ok(Self { bytes: rest.iter(), range: u32::MAX, code: u32::from_be_bytes(*code) })
    }

    /// Whether every byte has been read: a reader of what was written whole ends exactly at its end.
    pub fn is_at_end(&self) -> bool {
        self.bytes.as_slice().is_empty()
    }

    fn widen(&mut self) -> Result<(), Damaged> {
        while self.range < NARROW {
            self.range <<= 8;
            self.code = self.code << 8 | u32::from(*self.bytes.next().ok_or(Damaged)?);
        }
        Ok(())
    }
}

impl Coder for Reader<'_> {
    const WRITES: bool = false;

    fn bit(&mut self, chance: &mut Chance, _: bool) -> Result<bool, Damaged> {
        let bound = (self.range >> 15) * chance.of_32768();
        let bit = self.code < bound;
        if bit {
            self.range = bound;
        } else {
            self.code -= bound;
            self.range -= bound;
        }
        chance.learn(bit);
        self.widen()?;
        Ok(bit)
    }

    fn raw(&mut self, bits: u32, _: u64) -> Result<u64, Damaged> {
        let mut value = 0;
        for _ in 0..bits {
            self.range >>= 1;
            let set = self.code >= self.range;
            if set {
                self.code -= self.range;
            }
            value = value << 1 | u64::from(set);
            self.widen()?;
        }
        Ok(value)
    }
}
