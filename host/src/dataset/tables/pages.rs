//! What the pages of a Parquet column promise and unfold to, looked at before the library believes it: it takes the room
//! that a head names, and unfolds gzip and Brotli to their end, however far that is.
//!
//! A page's head is a struct of Thrift's compact protocol, `PageHeader` in Apache's parquet.thrift.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;

use anyhow::{Context as _, Result, ensure};
use parquet::basic::Compression;

/// Most bytes of a page's head, with the statistics in it.
const MOST_HEAD: usize = 1 << 16;
/// Most structs within structs of a head.
const MOST_DEPTH: u32 = 8;

/// What a column's chunk may hold.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Numbers and nulls together.
    pub values: u64,
    /// Bytes that a page unfolds to.
    pub page_bytes: u64,
}

/// A page's head, as far as it promises something.
#[derive(Debug, Default)]
struct Head {
    unfolded: u64,
    folded: u64,
    /// Of a page with data.
    values: u64,
    /// Bytes in front that are never folded.
    plain: u64,
    is_plain: bool,
}

/// Looks at every page of a column's chunk.
///
/// # Errors
/// A page promises or unfolds to more than the bounds or itself, or is no page.
pub fn check(file: &File, from: u64, length: u64, compression: Compression, bounds: Bounds) -> Result<()> {
    let (mut at, end) = (from, from.checked_add(length).context("it is damaged")?);
    let mut values = 0;
    while at < end {
        let mut bytes = vec![0; MOST_HEAD.min(usize::try_from(end - at)?)];
        let read = read_at(file, &mut bytes, at)?;
        let mut thrift = Thrift { bytes: &bytes[..read], at: 0 };
        let head = thrift.page().context("it is damaged: a page has no head")?;
        ensure!(
            head.unfolded <= bounds.page_bytes,
            "a page of it unfolds to {} bytes; at most {} are meant",
            head.unfolded,
            bounds.page_bytes
        );
        values += head.values;
        ensure!(values <= bounds.values, "it promises more than the {} numbers of its rows", bounds.values);
        let begin = at + thrift.at as u64;
        at = begin.checked_add(head.folded).filter(|next| *next <= end).context("it is damaged: a page is cut off")?;
        if !head.is_plain && head.plain <= head.folded {
            let folded = Part { file, at: begin + head.plain, end: at };
            ensure_unfolds(folded, compression, head.unfolded - head.plain.min(head.unfolded))?;
        }
    }
    Ok(())
}

/// Refuses what unfolds to more than it says, for the compressions that the library does not hold to it.
fn ensure_unfolds(folded: Part<'_>, compression: Compression, most: u64) -> Result<()> {
    let unfolded = match compression {
        Compression::GZIP(_) => {
            io::copy(&mut flate2::read::MultiGzDecoder::new(folded).take(most + 1), &mut io::sink())
        }
        Compression::BROTLI(_) => {
            io::copy(&mut brotli::Decompressor::new(folded, 4096).take(most + 1), &mut io::sink())
        }
        _ => return Ok(()),
    };
    ensure!(
        unfolded.context("it is damaged")? <= most,
        "a page of it unfolds to more than the {most} bytes it promises"
    );
    Ok(())
}

/// A part of a file, read in order.
struct Part<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let most = to.len().min(usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX));
        let read = self.file.read_at(&mut to[..most], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

fn read_at(file: &File, to: &mut [u8], at: u64) -> io::Result<usize> {
    Part { file, at, end: at + to.len() as u64 }.read(to)
}

/// Takes a field, which has the numbers of the structs it is in, its own, and its kind; or leaves it.
type Take<'a, Reader> = dyn FnMut(&mut Reader, &[i64], u8) -> Option<bool> + 'a;

/// A struct that is being read.
struct Thrift<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Kinds of fields.
mod kind {
    pub const TRUE: u8 = 1;
    pub const FALSE: u8 = 2;
    pub const BYTE: u8 = 3;
    pub const DOUBLE: u8 = 7;
    pub const BINARY: u8 = 8;
    pub const LIST: u8 = 9;
    pub const SET: u8 = 10;
    pub const STRUCT: u8 = 12;
}

impl Thrift<'_> {
    fn page(&mut self) -> Option<Head> {
        let mut head = Head::default();
        let mut lengths = [0; 2];
        self.fields(0, &mut |thrift, path, kind| {
            match (path, kind) {
                ([2], 4..=6) => head.unfolded = thrift.count()?,
                ([3], 4..=6) => head.folded = thrift.count()?,
                // DataPageHeader and DataPageHeaderV2: num_values comes first.
                ([5 | 8, 1], 4..=6) => head.values = thrift.count()?,
                ([8, 5], 4..=6) => lengths[0] = thrift.count()?,
                ([8, 6], 4..=6) => lengths[1] = thrift.count()?,
                ([8, 7], kind::FALSE) => head.is_plain = true,
                _ => return Some(false),
            }
            Some(true)
        })?;
        head.plain = lengths[0].checked_add(lengths[1])?;
        Some(head)
    }

    /// Goes through a struct's fields and the structs in it; `take` takes a field or leaves it, and has the numbers of
    /// the field and of the structs it is in.
    fn fields(&mut self, depth: u32, take: &mut Take<'_, Self>) -> Option<()> {
        self.within(depth, &mut Vec::new(), take)
    }

    fn within(&mut self, depth: u32, path: &mut Vec<i64>, take: &mut Take<'_, Self>) -> Option<()> {
        if depth > MOST_DEPTH {
            return None;
        }
        let mut number = 0_i64;
        loop {
            let begin = self.byte()?;
            let (step, kind) = (begin >> 4, begin & 15);
            if kind == 0 {
                return Some(());
            }
            number = if step == 0 { self.signed()? } else { number.checked_add(step.into())? };
            path.push(number);
            if !take(self, path, kind)? {
                if kind == kind::STRUCT {
                    self.within(depth + 1, path, take)?;
                } else {
                    self.skip(depth, kind, false)?;
                }
            }
            path.pop();
        }
    }

    /// Passes over a field, or over what is in a list.
    fn skip(&mut self, depth: u32, kind: u8, in_list: bool) -> Option<()> {
        match kind {
            kind::TRUE | kind::FALSE if !in_list => Some(()),
            kind::TRUE | kind::FALSE | kind::BYTE => self.pass(1),
            4..=6 => self.varint().map(drop),
            kind::DOUBLE => self.pass(8),
            kind::BINARY => {
                let length = self.varint()?;
                self.pass(usize::try_from(length).ok()?)
            }
            kind::LIST | kind::SET if depth < MOST_DEPTH => {
                let begin = self.byte()?;
                let count = if begin >> 4 == 15 { self.varint()? } else { u64::from(begin >> 4) };
                (0..count).try_for_each(|_| self.skip(depth + 1, begin & 15, true))
            }
            kind::STRUCT if depth < MOST_DEPTH => self.within(depth + 1, &mut Vec::new(), &mut |_, _, _| Some(false)),
            _ => None,
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn pass(&mut self, bytes: usize) -> Option<()> {
        self.at = self.at.checked_add(bytes).filter(|at| *at <= self.bytes.len())?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A number that is not below 0.
    fn count(&mut self) -> Option<u64> {
        u64::try_from(self.signed()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const BOUNDS: Bounds = Bounds { values: 10, page_bytes: 1000 };

    /// A number as Thrift's compact protocol has it.
    fn number(value: i64) -> Vec<u8> {
        let mut left = ((value << 1) ^ (value >> 63)) as u64;
        let mut bytes = Vec::new();
        while left >= 0x80 {
            bytes.push(left as u8 | 0x80);
            left >>= 7;
        }
        bytes.push(left as u8);
        bytes
    }

    /// A page of data with its head: what it unfolds to, its numbers, its bytes; statistics are in between.
    fn page(unfolded: i64, values: i64, bytes: &[u8]) -> Vec<u8> {
        let field = |value| [vec![0x15], number(value)].concat();
        let statistics = [&b"\x2c\x18\x03abc\x00"[..], b"\x00\x00"].concat();
        let head = [field(0), field(unfolded), field(bytes.len() as i64), b"\x2c".to_vec(), field(values)].concat();
        [head, field(0), field(3), field(3), statistics, bytes.to_vec()].concat()
    }

    fn checked(pages: &[Vec<u8>], compression: Compression) -> Result<()> {
        let mut file = tempfile::tempfile().unwrap();
        let bytes = [b"PAR1", &pages.concat()[..]].concat();
        file.write_all(&bytes).unwrap();
        check(&file, 4, bytes.len() as u64 - 4, compression, BOUNDS)
    }

    #[test]
    fn what_a_page_promises_is_bounded() {
        let plain = Compression::UNCOMPRESSED;
        checked(&[page(5, 4, b"abcde"), page(5, 6, b"fghij")], plain).unwrap();
        for (pages, words) in [
            (vec![page(i64::from(i32::MAX), 4, b"abcde")], "unfolds to 2147483647 bytes"),
            (vec![page(5, 4, b"abcde"), page(5, 7, b"fghij")], "more than the 10 numbers"),
            (vec![page(-1, 4, b"abcde")], "damaged"),
            (vec![page(5, 4, b"abcde")[..20].to_vec()], "damaged"),
            (vec![b"\x19\xfc\xff\xff\xff\xff\x0f".to_vec()], "damaged"),
            (vec![[0x1c; 200].to_vec()], "damaged"),
        ] {
            let said = format!("{:#}", checked(&pages, plain).unwrap_err());
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn a_page_that_unfolds_to_more_than_it_promises_is_not_unfolded() {
        let zeros = vec![0; 50_000_000];
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&zeros).unwrap();
        let gzip = gzip.finish().unwrap();
        let mut brotli = Vec::new();
        brotli::CompressorWriter::new(&mut brotli, 4096, 1, 22).write_all(&zeros).unwrap();
        for (bytes, compression) in [
            (gzip, Compression::GZIP(parquet::basic::GzipLevel::default())),
            (brotli, Compression::BROTLI(parquet::basic::BrotliLevel::default())),
        ] {
            let said = format!("{:#}", checked(&[page(900, 4, &bytes)], compression).unwrap_err());
            assert!(said.contains("more than the 900 bytes"), "{said}");
        }
    }
}
