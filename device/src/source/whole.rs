//! Whether a film's file is all there, by what its container says of its own length.
//!
//! FFmpeg reads a file that was cut off to its last whole packet and calls that the end.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Parts of a file that are looked at before the question is left open.
const MOST_PARTS: usize = 2_000_000;

/// Whether it is whole; `None` if the format does not say.
pub(super) fn is_whole(file: &mut File) -> Option<bool> {
    let length = file.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
    let head: [u8; 12] = at(file, 0).ok()?;
    let fits = match &head {
        [0x1A, 0x45, 0xDF, 0xA3, ..] => matroska(file, length),
        [b'R', b'I', b'F', b'F', ..] => riff(file, length),
        [b'O', b'g', b'g', b'S', ..] => ogg(file, length),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => mp4(file, length),
        [0x47, ..] => transport(file, length),
        _ => return None,
    };
    fits.ok().flatten()
}

fn at<const N: usize>(file: &mut File, place: u64) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(place))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Boxes of a size each, one after the other; a size of 0 means "to the end".
fn mp4(file: &mut File, length: u64) -> io::Result<Option<bool>> {
    let mut place = 0;
    for _ in 0..MOST_PARTS {
        if place == length {
            return Ok(Some(true));
        }
        if length - place < 8 {
            return Ok(Some(false));
        }
        let [a, b, c, d, kind @ ..] = at::<8>(file, place)?;
        // What is no box may follow the last one.
        if !kind.iter().all(|letter| letter.is_ascii_graphic() || *letter == b' ') {
            return Ok(Some(true));
        }
        let size = match u64::from(u32::from_be_bytes([a, b, c, d])) {
            0 => return Ok(Some(true)),
            1 if length - place >= 16 => u64::from_be_bytes(at(file, place + 8)?),
            1 => return Ok(Some(false)),
            size => size,
        };
        if size < 8 {
            return Ok(None);
        }
        if size > length - place {
            return Ok(Some(false));
        }
        place += size;
    }
    Ok(None)
}

/// AVI: chunks "RIFF" of a size each. A size of 0 was never filled in.
fn riff(file: &mut File, length: u64) -> io::Result<Option<bool>> {
    let mut place = 0;
    for _ in 0..MOST_PARTS {
        if length - place < 12 {
            return Ok(Some(true));
        }
        let [kind @ .., a, b, c, d] = at::<8>(file, place)?;
        if &kind != b"RIFF" {
            return Ok(Some(true));
        }
        let size = u64::from(u32::from_le_bytes([a, b, c, d]));
        if size == 0 || size == u64::from(u32::MAX) {
            return Ok(None);
        }
        // A last odd byte may be missing.
        let end = place + 8 + size;
        if end > length {
            return Ok(Some(end - length <= 1));
        }
        place = end + size % 2;
        if place > length {
            return Ok(Some(true));
        }
    }
    Ok(None)
}

/// Matroska and WebM: elements of a size each; the segment and its clusters may be of unknown size, and are gone into.
fn matroska(file: &mut File, length: u64) -> io::Result<Option<bool>> {
    const SEGMENT: u64 = 0x1853_8067;
    const CLUSTER: u64 = 0x1F43_B675;
    let mut place = 0;
    for _ in 0..MOST_PARTS {
        if place == length {
            return Ok(Some(true));
        }
        let (Some((id, id_bytes)), false) = (number(file, place, length, true)?, place > length) else {
            return Ok(Some(false));
        };
        let Some((size, size_bytes)) = number(file, place + id_bytes, length, false)? else { return Ok(Some(false)) };
        let content = place + id_bytes + size_bytes;
        let is_unknown = size == (1 << (7 * size_bytes)) - 1;
        if is_unknown {
            if id != SEGMENT && id != CLUSTER {
                return Ok(None);
            }
            place = content;
        } else if size > length - content {
            return Ok(Some(false));
        } else {
            place = content + size;
        }
    }
    Ok(None)
}

/// A number of EBML: its length is told by its leading zeros, and is kept in an id. `None` if it is cut off.
fn number(file: &mut File, place: u64, length: u64, is_id: bool) -> io::Result<Option<(u64, u64)>> {
    if place >= length {
        return Ok(None);
    }
    let [first] = at::<1>(file, place)?;
    let bytes = u64::from(first.leading_zeros()) + 1;
    if bytes > 8 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    if bytes > length - place {
        return Ok(None);
    }
    let mut value = u64::from(first);
    if !is_id {
        value &= (1 << (8 - bytes)) - 1;
    }
    for more in 1..bytes {
        let [byte] = at::<1>(file, place + more)?;
        value = value << 8 | u64::from(byte);
    }
    Ok(Some((value, bytes)))
}

/// Ogg: pages, the last of which ends its stream.
fn ogg(file: &mut File, length: u64) -> io::Result<Option<bool>> {
    const ENDS_STREAM: u8 = 4;
    // A page is no longer.
    const LONGEST: u64 = 65_307;
    let from = length.saturating_sub(LONGEST);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(LONGEST).read_to_end(&mut tail)?;
    let last = tail.windows(6).rposition(|page| page.starts_with(b"OggS\0"));
    Ok(last.and_then(|at| tail.get(at + 5)).map(|flags| flags & ENDS_STREAM != 0))
}

/// MPEG-TS: packets of 188 bytes.
fn transport(file: &mut File, length: u64) -> io::Result<Option<bool>> {
    const PACKET: u64 = 188;
    for packet in 1..4 {
        if at::<1>(file, packet * PACKET)? != [0x47] {
            return Ok(None);
        }
    }
    Ok(Some(length.is_multiple_of(PACKET)))
}
