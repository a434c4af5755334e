//! What `rasika` can be asked to do: one file for each verb.

pub mod boxes;
pub mod doctor;
pub mod eval;
pub mod export;
pub mod features;
pub mod images;
pub mod import;
pub mod kept;
pub mod label;
pub mod mend;
pub mod moment;
pub mod package;
pub mod pair;
pub mod pull;
pub mod push;
pub mod report;
pub mod school;
pub mod score;
pub mod shell;
pub mod status;
pub mod takes;
pub mod train;
