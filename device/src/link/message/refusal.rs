//! What the box will not do.

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
    pub what: String,
}

impl Refusal {
    /// Says no. What is longer than 500 bytes is cut.
    pub fn new(reason: Reason, what: impl Into<String>) -> Self {
        let mut what = what.into();
        while what.len() > 500 {
            what.pop();
        }
        Self { reason, what }
    }
}
