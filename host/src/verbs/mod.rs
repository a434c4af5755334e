//! What `rasika` can be asked to do: one file for each verb.

pub mod features;
pub mod import;
pub mod report;
pub mod score;
