//! What the link needs of a laptop's dataset, to pull takes into it.

use super::message::{BoxId, Proof, TakeId, TakeInfo};

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
    /// Nothing: another take of its number is here, from before the box's takes were set back.
    Another,
    /// Nothing: it is damaged on the box, and not here.
    Lost,
}

/// The dataset. Calls may wait for the disk. An error is a sentence with a hint.
pub trait LaptopSide: Send + 'static {
    /// The change of a box up to which all was taken in.
    fn cursor(&mut self, of: BoxId) -> Result<u64, String>;

    /// The box counts its changes from an older copy of its takes: its cursor begins anew.
    fn set_back(&mut self, of: BoxId) -> Result<(), String>;

    /// A change of a box: takes it in, or says what is missing.
    fn change(&mut self, box_name: &str, take: &TakeInfo) -> Result<Wanted, String>;

    /// The next chunk of a take.
    fn chunk(&mut self, take: &TakeInfo, part: u32, chunk: &[u8]) -> Result<(), String>;

    /// All chunks of a take are here: proves it by its hash and takes the change in. False where the proof fails: what
    /// came is thrown away, and the take is asked for again with the next pull.
    fn whole(&mut self, take: &TakeInfo) -> Result<bool, String>;

    /// Some of the takes of a box that are whole here and have not been proved to it yet: so many as it can read again
    /// in a moment. None where nothing is new.
    fn unproved(&mut self, of: BoxId) -> Result<Vec<TakeId>, String>;

    /// What proves takes to a box, from their bytes as they lie here now; none of those that are damaged here.
    fn proofs(&mut self, takes: &[TakeId], key: &[u8; 32]) -> Result<Vec<Proof>, String>;

    /// The box has heard what there is to prove of takes.
    fn proved(&mut self, takes: &[TakeId]) -> Result<(), String>;
}
