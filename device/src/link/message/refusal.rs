//! What the box will not do.

use super::bounds::{SENTENCE, Text, cut};
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum Reason {
    /// There is no such thing.
    NotFound,
    /// Not now; later perhaps.
    Busy,
    /// It is not what it should be.
    Invalid,
    /// The box counts its changes from an older copy of its takes than the laptop has seen.
    SetBack,
    /// The disk is full.
    Full,
    /// It cannot be done here.
    Impossible,
    /// Something is wrong with the box.
    Fault,
}

/// The box says no: why, one sentence, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema, thiserror::Error)]
#[error("{what}")]
pub struct Refusal {
    /// For programs.
    pub reason: Reason,
    /// For people.
    #[serde(with = "Text::<SENTENCE>")]
    pub what: String,
}

impl Refusal {
    /// Says no. What is longer than [`SENTENCE`] is cut.
    pub fn new(reason: Reason, what: impl Into<String>) -> Self {
        Self { reason, what: cut(&what.into(), SENTENCE).to_owned() }
    }
}
