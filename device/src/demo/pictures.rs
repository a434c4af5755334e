//! A row of JPEGs, each with its time, in the smallest Matroska that holds them: what the demo's film is made of.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Ticks a second of its clock.
pub const TICKS_HZ: i64 = 100_000;

/// The file being written.
pub struct Pictures {
    file: BufWriter<File>,
}

impl Pictures {
    /// Makes the file, for pictures of one size.
    pub fn create(path: &Path, width: u64, height: u64) -> io::Result<Self> {
        const NANOSECONDS: u64 = 1_000_000_000;
        let head = [
            number(0x4286, 1),
            number(0x42F7, 1),
            number(0x42F2, 4),
            number(0x42F3, 8),
            element(0x4282, b"matroska"),
            number(0x4287, 4),
            number(0x4285, 2),
        ];
        let clock = number(0x2A_D7B1, NANOSECONDS / TICKS_HZ.unsigned_abs());
        let size = element(0xE0, &[number(0xB0, width), number(0xBA, height)].concat());
        let track = [number(0xD7, 1), number(0x73C5, 1), number(0x83, 1), element(0x86, b"V_MJPEG"), size];
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(&element(0x1A45_DFA3, &head.concat()))?;
        // The segment's size is not known yet.
        file.write_all(&[0x18, 0x53, 0x80, 0x67, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])?;
        file.write_all(&element(0x1549_A966, &clock))?;
        file.write_all(&element(0x1654_AE6B, &element(0xAE, &track.concat())))?;
        Ok(Self { file })
    }

    /// Writes a picture to be shown from a time on, in ticks.
    pub fn write(&mut self, at: u64, jpeg: &[u8]) -> io::Result<()> {
        // Of track 1, at its cluster's time, a key frame.
        const HEAD: [u8; 4] = [0x81, 0, 0, 0x80];
        let block = element(0xA3, &[&HEAD, jpeg].concat());
        self.file.write_all(&element(0x1F43_B675, &[number(0xE7, at), block].concat()))
    }

    /// Writes what is still in memory.
    pub fn finish(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// An element of EBML: its id, a size of eight bytes, its content.
fn element(id: u32, content: &[u8]) -> Vec<u8> {
    const LONG_SIZE: u64 = 1 << 56;
    let id = id.to_be_bytes();
    let id = &id[id.iter().take_while(|byte| **byte == 0).count()..];
    [id, &(LONG_SIZE | content.len() as u64).to_be_bytes(), content].concat()
}

fn number(id: u32, value: u64) -> Vec<u8> {
    element(id, &value.to_be_bytes())
}
