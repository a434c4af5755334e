//! What the link needs of a laptop's dataset, to pull takes into it.

use super::message::{BoxId, TakeInfo};

/// What is missing of a take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing: the change is taken in.
    Nothing,
    /// Its chunks from this part on.
    Chunks {
        /// The first part that is not here.
        from_part: u32,
    },
}

/// The dataset. Calls may wait for the disk. An error is a sentence with a hint.
pub trait LaptopSide: Send + 'static {
    /// The last change of a box that was taken in.
    fn cursor(&mut self, of: BoxId) -> Result<u64, String>;

    /// A change of a box: takes it in, or says what is missing.
    fn change(&mut self, box_name: &str, take: &TakeInfo) -> Result<Wanted, String>;

    /// The next chunk of a take.
    fn chunk(&mut self, take: &TakeInfo, part: u32, chunk: &[u8]) -> Result<(), String>;

    /// All chunks of a take are here: proves it by its hash and takes the change in. Where the proof fails, what came
    /// is thrown away.
    fn whole(&mut self, take: &TakeInfo) -> Result<(), String>;
}
