//! What `rasika` can be asked to do: one file for each verb.

pub mod eval;
pub mod features;
pub mod images;
pub mod import;
pub mod label;
pub mod moment;
pub mod package;
pub mod report;
pub mod score;
pub mod takes;
pub mod train;
