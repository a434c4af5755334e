//! Public keys.

use super::bounds::{NAME, Text};
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a box or a laptop is known by: an X25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Schema)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// From its 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        crate::link::secure::unhex(text).map(Self)
    }

    /// Its first 16 digits, in fours: enough to tell keys apart by eye.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.0[..8].chunks(2).map(|pair| format!("{:02x}{:02x}", pair[0], pair[1])).collect::<Vec<_>>().join(" ")
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

/// A key on a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Known {
    /// What its owner is called.
    #[serde(with = "Text::<NAME>")]
    pub name: String,
    /// The key.
    pub key: PublicKey,
    /// When it was put there, in milliseconds since 1970 by a clock that may be wrong.
    pub since_unix_ms: i64,
}
