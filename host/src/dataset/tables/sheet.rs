//! CSV as programs write it: with or without a byte order mark, with commas, semicolons or tabs, points or commas in
//! numbers, any line ends. What cannot be read is told by its true reason.

use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context as _, Result, bail, ensure};
use csv::ByteRecord;

/// Most bytes of a line; one of a table of ours has 45 thousand.
const MOST_LINE: usize = 1 << 20;
/// Bytes at the beginning that tell what kind of text it is.
const HEAD: usize = 1 << 16;
/// How programs write that there is nothing in a cell, in small letters.
const NOTHING: [&str; 9] = ["", "nan", "null", "none", "na", "n/a", "<na>", "#n/a", "-nan"];

/// A file of lines that is being read.
pub struct Sheet {
    reader: csv::Reader<Guarded>,
    left: Rc<Cell<usize>>,
    columns: Vec<String>,
    decimal_comma: bool,
    /// Lines in front of the names of the columns.
    before: u64,
    record: ByteRecord,
}

/// A line of it, under the names of the columns.
pub struct Row<'a> {
    record: &'a ByteRecord,
    columns: &'a [String],
    decimal_comma: bool,
    /// Its number in the file, from 1.
    pub line: u64,
}

/// A file that gives no line of gigabytes.
struct Guarded {
    from: Box<dyn Read>,
    left: Rc<Cell<usize>>,
}

impl Read for Guarded {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let most = self.left.get().min(to.len());
        if most == 0 && !to.is_empty() {
            return Err(io::Error::other(format!("a line is longer than {} MB", MOST_LINE >> 20)));
        }
        let read = self.from.read(&mut to[..most])?;
        self.left.set(self.left.get() - read);
        Ok(read)
    }
}

impl Sheet {
    /// Opens a file and reads the names of its columns.
    ///
    /// # Errors
    /// It cannot be read, or is no such text.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = super::open(path)?;
        let mut head = Vec::new();
        (&mut file).take(HEAD as u64).read_to_end(&mut head)?;
        let begin = text(&head)?;
        let (begin, named, before) = separator(&head, begin);
        let line = head[begin..].split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        let delimiter = named.unwrap_or_else(|| delimiter(line));
        head.drain(..begin);
        Self::read(Box::new(Cursor::new(head).chain(file)), delimiter, before)
    }

    fn read(from: Box<dyn Read>, delimiter: u8, before: u64) -> Result<Self> {
        let left = Rc::new(Cell::new(MOST_LINE + HEAD));
        let from = Guarded { from, left: Rc::clone(&left) };
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(from);
        let columns = match reader.byte_headers() {
            Ok(names) => names.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect(),
            Err(error) => return Err(said(error)),
        };
        Ok(Self { reader, left, columns, decimal_comma: delimiter != b',', before, record: ByteRecord::new() })
    }

    /// The place of a column; capital letters are small ones where no other column is meant.
    pub fn place(&self, name: &str) -> Option<usize> {
        let exact = self.columns.iter().position(|column| column == name);
        exact.or_else(|| self.columns.iter().position(|column| column.eq_ignore_ascii_case(name)))
    }

    /// The next line that has something in it.
    ///
    /// # Errors
    /// It cannot be read, or has more or fewer cells than there are columns.
    pub fn next(&mut self) -> Result<Option<Row<'_>>> {
        loop {
            self.left.set(MOST_LINE + HEAD);
            if !self.reader.read_byte_record(&mut self.record).map_err(said)? {
                return Ok(None);
            }
            // Spreadsheets write lines of nothing but commas below what was typed.
            if self.record.iter().any(|cell| !cell.is_empty()) {
                break;
            }
        }
        let line = self.before + self.record.position().map_or(0, csv::Position::line);
        let (cells, columns) = (self.record.len(), self.columns.len());
        let more = self.record.iter().skip(columns).any(|cell| !cell.is_empty());
        ensure!(cells >= columns && !more, "line {line} has {cells} cells, and there are {columns} columns");
        let Self { record, columns, decimal_comma, .. } = self;
        Ok(Some(Row { record, columns, decimal_comma: *decimal_comma, line }))
    }
}

impl<'a> Row<'a> {
    /// The text in a cell, without blanks around it.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub fn text(&self, place: usize) -> Result<&'a str> {
        let cell = self.record.get(place).unwrap_or_default();
        let text = std::str::from_utf8(cell);
        let text = text.with_context(|| {
            format!("line {}, column {}: it is not in UTF-8; save it as 'CSV UTF-8'", self.line, self.name(place))
        })?;
        Ok(text.trim())
    }

    /// The name of a column.
    pub fn name(&self, place: usize) -> &'a str {
        self.columns.get(place).map_or("", String::as_str)
    }

    /// The number in a cell, NaN where there is nothing.
    ///
    /// # Errors
    /// It is no number.
    pub fn number(&self, place: usize) -> Result<f64> {
        let text = self.text(place)?;
        number(text, self.decimal_comma).with_context(|| {
            let comma = !self.decimal_comma && number(text, true).is_some();
            let hint = if comma { "; write numbers with a point, or separate the cells with semicolons" } else { "" };
            format!("line {}, column {}: '{}' is no number{hint}", self.line, self.name(place), shortened(text))
        })
    }
}

/// At most so much of a cell as fits into a sentence.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Whether a text stands for nothing.
pub fn is_nothing(text: &str) -> bool {
    NOTHING.iter().any(|nothing| text.eq_ignore_ascii_case(nothing))
}

/// The number that a text is; NaN if it stands for nothing, 1 and 0 for yes and no.
pub fn number(text: &str, decimal_comma: bool) -> Option<f64> {
    match text {
        _ if is_nothing(text) => Some(f64::NAN),
        _ if text.eq_ignore_ascii_case("true") => Some(1.0),
        _ if text.eq_ignore_ascii_case("false") => Some(0.0),
        // One comma and no point: where thousands are separated too, nobody knows what is meant.
        _ if decimal_comma && text.matches(',').count() == 1 && !text.contains('.') => {
            text.replace(',', ".").parse().ok()
        }
        _ => text.parse().ok(),
    }
}

/// Where the text begins behind a byte order mark.
fn text(head: &[u8]) -> Result<usize> {
    match head {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, 0, _, ..] | [_, 0, _, 0, ..] => {
            bail!("it is in UTF-16, as Excel's 'Unicode text' is; save it as 'CSV UTF-8'")
        }
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            bail!("it is a workbook and no CSV; save it as 'CSV UTF-8'")
        }
        [] => bail!("it is empty"),
        [0xef, 0xbb, 0xbf, ..] => Ok(3),
        _ => Ok(0),
    }
}

/// Where the names of columns begin behind Excel's `sep=;`, what it names, and how many lines that were.
fn separator(head: &[u8], begin: usize) -> (usize, Option<u8>, u64) {
    let rest = &head[begin..];
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let is_named = rest.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"sep="));
    let end = head[begin..].iter().position(|byte| *byte == b'\n');
    match (rest.get(4), end) {
        (Some(named), Some(end)) if is_named && end < 12 => (begin + end + 1, Some(*named), 1),
        _ => (begin, None, 0),
    }
}

/// What stands between the names of columns.
fn delimiter(line: &[u8]) -> u8 {
    let count = |delimiter: &u8| line.iter().filter(|byte| *byte == delimiter).count();
    // Of equals the last wins: a single column is one with commas.
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

/// An error of the library without its name and its counting of bytes.
fn said(error: csv::Error) -> anyhow::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        kind => anyhow::anyhow!("{kind:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(bytes: &[u8]) -> Result<Vec<f64>> {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.csv");
        std::fs::write(&path, bytes).unwrap();
        let mut sheet = Sheet::open(&path)?;
        let (a, b) = (sheet.place("a").context("no a")?, sheet.place("b").context("no b")?);
        let mut numbers = Vec::new();
        while let Some(row) = sheet.next()? {
            numbers.extend([row.number(a)?, row.number(b)?]);
        }
        Ok(numbers)
    }

    #[test]
    fn every_way_to_write_a_table_gives_the_same_numbers() {
        for text in [
            &b"a,b\n1,2.5\n-3,4e1\n"[..],
            b"a,b\r\n1,2.5\r\n-3,4e1",
            b"a,b\r1,2.5\r-3,4e1\r",
            b"\xef\xbb\xbfa,b\n1,2.5\n-3,4e1\n",
            b"\xef\xbb\xbf\"a\",\"b\"\n1,2.5\n\n\"-3\", 4e1 \n",
            b"a;b\n1;2,5\n-3;40,0\n",
            b"sep=;\r\na;b\r\n1;2,5\r\n-3;40\r\n",
            b"\xef\xbb\xbfsep=\t\r\nb\ta\r\n2,5\t1\r\n40\t-3\r\n",
            b"A\tB\n1\t2.5\n-3\t40\n",
            b",b,a\n0,2.5,TRUE\n1,40,-3\n,,\n",
        ] {
            assert_eq!(sheet(text).unwrap(), [1.0, 2.5, -3.0, 40.0], "{}", String::from_utf8_lossy(text));
        }
        assert!(sheet(b"a,b\n,NaN\n<NA>,#N/A\n").unwrap().iter().all(|number| number.is_nan()));
    }

    #[test]
    fn what_cannot_be_read_is_told_by_its_reason_and_place() {
        let utf16: Vec<u8> = "\u{feff}a\tb\n1\t2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let endless = [&b"a,b\n1,\""[..], &vec![b'x'; 2 * MOST_LINE]].concat();
        for (bytes, words) in [
            (&utf16[..], &["UTF-16", "CSV UTF-8"][..]),
            (&utf16[2..], &["UTF-16"]),
            (b"PK\x03\x04....", &["workbook"]),
            (b"", &["empty"]),
            (b"a,b\n1,2\n3,x\n", &["line 3", "column b", "'x'"]),
            (b"sep=,\na,b\n1,2\n3,x\n", &["line 4"]),
            (b"a,b\n1,\"2,5\"\n", &["'2,5'", "a point"]),
            (b"a;b\n1;1.234,5\n", &["'1.234,5'"]),
            (b"a,b\n1\n", &["line 2 has 1 cells", "2 columns"]),
            (b"a,b\n1,2,3\n", &["line 2 has 3 cells"]),
            (b"a,b\n1,\xe9\n", &["line 2", "UTF-8"]),
            (&endless, &["longer than 1 MB"]),
        ] {
            let said = format!("{:#}", sheet(bytes).unwrap_err());
            assert!(words.iter().all(|word| said.contains(word)), "{said}");
        }
    }
}
