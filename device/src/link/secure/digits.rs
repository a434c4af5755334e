//! Three digits that are the same on both sides only if nobody stands in between.
//!
//! Digits of the handshake hash alone would not do: who stands in between knows the laptop's digits first, and then
//! tries keys towards the box until its digits there are the same: a thousand tries, a tenth of a second. So each side
//! adds a number of its own, and the laptop commits to its before it sees the box's. Then there is one try for each
//! time a person opens pairing, and it succeeds once in a thousand.

use crate::link::LinkError;

/// One side's number.
pub type Nonce = [u8; 32];

/// Draws one.
pub fn draw() -> Result<Nonce, LinkError> {
    let mut nonce = [0; 32];
    getrandom::fill(&mut nonce).map_err(|_| LinkError::NoRandomness)?;
    Ok(nonce)
}

/// What binds the laptop to its number.
pub fn commitment(handshake: &[u8], laptop: &Nonce) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("rasika link 1: the laptop's number for pairing");
    *hasher.update(handshake).update(laptop).finalize().as_bytes()
}

/// The digits.
pub fn digits(handshake: &[u8], laptop: &Nonce, theirs: &Nonce) -> [u8; 3] {
    let mut hasher = blake3::Hasher::new_derive_key("rasika link 1: digits for pairing");
    let hash = hasher.update(handshake).update(laptop).update(theirs).finalize();
    let word = hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    [100, 10, 1].map(|place| (word / place % 10) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_moves_the_digits_and_all_digits_come() {
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..6000_u16 {
            let mut nonce = [0; 32];
            nonce[..2].copy_from_slice(&number.to_le_bytes());
            seen.insert(digits(b"hash", &nonce, &[1; 32]));
        }
        assert!(seen.len() > 980 && seen.iter().flatten().all(|digit| *digit < 10), "{}", seen.len());
        let base = digits(b"hash", &[0; 32], &[1; 32]);
        // Swapped sides are other digits, too.
        assert_ne!(base, digits(b"hash", &[1; 32], &[0; 32]));
        assert_ne!(base, digits(b"other", &[0; 32], &[1; 32]));
        assert_ne!(commitment(b"hash", &[0; 32]), commitment(b"hash", &[1; 32]));
    }
}
