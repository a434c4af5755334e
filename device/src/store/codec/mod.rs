//! Observations as bytes: about half a kilobyte each, each chunk of them readable by itself.
//!
//! # Format, version 1
//! A chunk is: a byte 1 (the version), a byte n from 1 to [`MOST_OBSERVATIONS`], then one range code (module
//! `range`) of n observations and nothing behind it. Every number is coded as `number` says, by a model of its kind;
//! models start anew in each chunk, and "before" below means before in the chunk. All values are whole numbers of
//! the steps in the table of `grid`. An observation is, in this order:
//!
//! 1. frame number, less that before, less 1 (before the first: 0);
//! 2. time, less that before, less the step from the one before that (before the first: both 0);
//! 3. a bit: is the frame size another than before (before the first: 0×0); if so width - 1 and height - 1, 16 bits each;
//! 4. a bit: is there a face; if so
//!    - its 478 points as a cloud;
//!    - a bit: are there blendshapes; if so 52 numbers, the first time as they are, then less what they were, with
//!      one of four models by how far the same one was off the time before (0, 1–2, 3–7, more);
//!    - a bit: are there upright blendshapes; if so 52 numbers likewise, also less what the others moved since the
//!      last time (the first time: less the others themselves; not at all where those were not there);
//!    - yaw, pitch, roll and score, each less what it was;
//! 5. at most twice: a bit: is there (another) hand; if so a bit: is it a right one, and then by models of its
//!    side: its score, less what it was; its 21 points as a cloud; a bit: are there world points; if so 21 as a cloud.
//!
//! A cloud's points, the first time: each less the one before it in the cloud. Later: the motion of the cloud
//! (`motion`: nine numbers of the matrix by rows, a model for each column; three of the shift, one model), then each
//! point less what the motion expects, x, y, z, each by one of four models for its axis by the sum of what was off
//! in x, y and z at the point before (0, 1–2, 3–7, more).
//!
//! # Pictures, format 2
//! Between the chunks of a take that was recorded with `keep_images` stand pictures: a byte 2, a byte 0 (no observations),
//! the number of the frame (u64, little-endian), and a JPEG to the end.
//!
//! The same observations give the same bytes on every machine with IEEE 754 arithmetic, and reading needs none.
//!
//! # Why a coder of its own
//! On the test film deflate (level 9, chunks of 30) needed 545 bytes for the differences of the face's landmarks
//! alone, on a grid half as coarse again; all of an observation is 574 here. General compressors look for strings of
//! bytes, and landmarks have none; an adaptive coder of numbers is 200 lines and no C.

mod chunk;
mod grid;
mod motion;
mod number;
mod picture;
mod range;

use chunk::Chunk;
use grid::Gridded;
pub use grid::Unstorable;
pub use picture::{MOST_PICTURE, Picture};
use range::{Damaged, Reader, Writer};
use rasika_models::Observation;

/// The version of the format, the first byte of every chunk of observations.
pub const VERSION: u8 = 1;
/// The first byte of a picture.
const PICTURE: u8 = 2;
/// Most observations of a chunk.
pub const MOST_OBSERVATIONS: usize = 60;
/// Version and count.
const HEADER: usize = 2;

/// Bytes that are no chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// A later program wrote it.
    #[error("a chunk of observations has format {0}, this program reads {PICTURE} at most; update it")]
    Version(u8),
    /// Not what a writer wrote.
    #[error("a chunk of observations is damaged; fetch the take again where there is another copy")]
    Damaged,
}

impl From<Damaged> for ChunkError {
    fn from(_: Damaged) -> Self {
        Self::Damaged
    }
}

/// A chunk being written.
pub struct ChunkWriter {
    coder: Writer,
    chunk: Box<Chunk>,
    count: usize,
}

impl Default for ChunkWriter {
    fn default() -> Self {
        Self { coder: Writer::new(vec![VERSION, 0]), chunk: Box::default(), count: 0 }
    }
}

impl ChunkWriter {
    /// Observations so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether no more fit.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.count == MOST_OBSERVATIONS
    }

    /// Adds an observation. One that cannot be stored leaves the chunk as it was.
    ///
    /// # Errors
    /// A value is not finite or far out of range, or a count is none that there is.
    ///
    /// # Panics
    /// If the chunk is full: ask [`Self::is_full`].
    pub fn push(&mut self, seen: &Observation) -> Result<(), Unstorable> {
        assert!(!self.is_full(), "a chunk has {MOST_OBSERVATIONS} observations at most");
        let mut gridded = Gridded::of(seen)?;
        // What is on the grid is within every bound that a writer checks.
        self.chunk.code(&mut self.coder, &mut gridded).map_err(|_| Unstorable::Value("numbers"))?;
        self.count += 1;
        Ok(())
    }

    /// The chunk's bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let mut bytes = self.coder.finish();
        bytes[1] = self.count as u8;
        bytes
    }
}

/// The observations of a chunk; none of a picture. Whatever the bytes are, time and memory are bounded.
///
/// # Errors
/// The bytes are no chunk, or one of a later format.
pub fn read_chunk(bytes: &[u8]) -> Result<Vec<Observation>, ChunkError> {
    let count = count(bytes)?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut reader = Reader::new(&bytes[HEADER..])?;
    let mut chunk = Box::<Chunk>::default();
    let mut seen = Vec::with_capacity(count);
    for _ in 0..count {
        let mut gridded = Gridded::default();
        chunk.code(&mut reader, &mut gridded)?;
        seen.push(gridded.observation());
    }
    if reader.is_at_end() { Ok(seen) } else { Err(ChunkError::Damaged) }
}

/// How many observations a chunk says it has, without reading them; 0 of a picture.
///
/// # Errors
/// The bytes do not begin as a chunk does.
pub fn count(bytes: &[u8]) -> Result<usize, ChunkError> {
    match bytes {
        [VERSION, count, ..] if (1..=MOST_OBSERVATIONS).contains(&usize::from(*count)) => Ok(usize::from(*count)),
        [PICTURE, ..] if Picture::read(bytes).is_some() => Ok(0),
        [version, ..] if *version > PICTURE => Err(ChunkError::Version(*version)),
        _ => Err(ChunkError::Damaged),
    }
}
