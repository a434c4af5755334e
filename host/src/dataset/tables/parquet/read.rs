//! Reads Parquet as pandas (through pyarrow or fastparquet), pyarrow, Polars and DuckDB write it.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArrayType, DataType};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{FileReader as _, RowGroupReader, SerializedFileReader};

use super::super::columns::{COLUMNS, Column, MOST_ROWS, Numbers, Table};
use super::super::pages::{self, Bounds};
use super::super::{Told, open, sheet};
use crate::dataset::npy;

/// Records that are read at a time.
const AT_ONCE: usize = 1024;
/// Bytes that every page may have, and those of a text of a row.
const PAGE: u64 = 1 << 16;
const TEXT: u64 = 1 << 10;
/// Bytes of a number in a text, and of one in a page with what is told of it.
const WRITTEN: u64 = 32;
const NUMBER: u64 = 16;

pub fn read(path: &Path, told: &Told<'_>) -> Result<Table> {
    // The library takes some numbers of a damaged file for granted, and panics.
    let read = std::panic::catch_unwind(|| read_file(path, told));
    read.unwrap_or_else(|_| bail!("the file is damaged"))
}

fn read_file(path: &Path, told: &Told<'_>) -> Result<Table> {
    let file = open(path)?;
    let reader = SerializedFileReader::new(file.try_clone()?).context("it is not a whole Parquet file")?;
    let (mut table, mut first) = (Table::default(), 0);
    for number in 0..reader.num_row_groups() {
        let group = reader.get_row_group(number)?;
        let rows = usize::try_from(group.metadata().num_rows()).context("the file is damaged")?;
        ensure!(rows <= MOST_ROWS - first, "it promises more than {MOST_ROWS} rows");
        let group = Group { file: &file, group: &*group, rows, first };
        group.compare(told)?;
        for (column, numbers) in COLUMNS.iter().zip(table.columns_mut()) {
            group.column(column, numbers).with_context(|| format!("the column {}", column.name))?;
        }
        first += rows;
    }
    Ok(table)
}

/// Rows that are stored together.
struct Group<'a> {
    file: &'a File,
    group: &'a dyn RowGroupReader,
    rows: usize,
    /// Rows in front of its own.
    first: usize,
}

/// A column as it is stored, and what it holds of each row.
struct Leaf<'a> {
    part: &'a ColumnChunkMetaData,
    index: usize,
    width: usize,
}

/// What is done with a row: its values, `None` for a null.
type Each<'a, T> = dyn FnMut(&[Option<&T>]) -> Result<()> + 'a;

impl Group<'_> {
    /// Places of what is stored under a name.
    fn leaves(&self, name: &str) -> Vec<usize> {
        let columns = self.group.metadata().columns().iter().enumerate();
        let ours = columns.filter(|(_, part)| part.column_path().parts().first().is_some_and(|part| part == name));
        ours.map(|(index, _)| index).collect()
    }

    fn leaf(&self, index: usize, width: usize) -> Leaf<'_> {
        Leaf { part: self.group.metadata().column(index), index, width }
    }

    /// Reads a column: a list, or a column for each of its numbers.
    fn column(&self, column: &Column, numbers: &mut Numbers) -> Result<()> {
        let width = column.width();
        match self.leaves(column.name)[..] {
            [index] => return self.numbers(&self.leaf(index, width), &mut |number| numbers.push(number)),
            [] if width > 1 => (),
            [] => bail!("it is missing"),
            _ => bail!("it is a struct; save a list of numbers"),
        }
        let begin = numbers.len();
        numbers.lengthen(self.rows * width);
        for (place, name) in column.names().iter().enumerate() {
            let [index] = self.leaves(name)[..] else {
                // Of the two ways to store it the list is the one to name, unless some of the columns are there.
                if place == 0 { bail!("it is missing") } else { bail!("it has no column {name}") }
            };
            let mut at = begin + place;
            self.numbers(&self.leaf(index, 1), &mut |number| {
                numbers.set(at, number);
                at += width;
            })?;
        }
        Ok(())
    }

    /// Looks at the pages of what is stored, so that nothing unfolds to more than its rows need.
    fn check(&self, leaf: &Leaf<'_>) -> Result<()> {
        let part = leaf.part;
        let begin = part.dictionary_page_offset().filter(|at| *at > 0).unwrap_or(i64::MAX).min(part.data_page_offset());
        let [begin, length] = [begin, part.compressed_size()].map(u64::try_from);
        let values = (self.rows * leaf.width) as u64;
        let each = match part.column_descr().physical_type() {
            Physical::BYTE_ARRAY if leaf.width == 1 => TEXT,
            Physical::BYTE_ARRAY => WRITTEN,
            _ => NUMBER,
        };
        let bounds = Bounds { values, page_bytes: PAGE + values * each };
        let damaged = "it is damaged";
        pages::check(self.file, begin.context(damaged)?, length.context(damaged)?, part.compression(), bounds)
    }

    /// Compares the take and the label of each row, where they are there, with the list.
    fn compare(&self, told: &Told<'_>) -> Result<()> {
        for name in ["take", "label"] {
            let [index] = self.leaves(name)[..] else { continue };
            let leaf = self.leaf(index, 1);
            if leaf.part.column_descr().physical_type() != Physical::BYTE_ARRAY {
                continue;
            }
            self.texts(&leaf, &mut |row, text| match (name, text) {
                (_, None) => Ok(()),
                ("take", Some(text)) => told.check_take(text, format_args!("row {row}")),
                (_, Some(text)) => told.check_label(text, format_args!("row {row}")),
            })?;
        }
        Ok(())
    }

    /// The text of each row, with the row's number.
    fn texts(&self, leaf: &Leaf<'_>, each: &mut dyn FnMut(usize, Option<&str>) -> Result<()>) -> Result<()> {
        self.check(leaf)?;
        let ColumnReader::ByteArrayColumnReader(reader) = self.group.get_column_reader(leaf.index)? else {
            bail!("it is no text");
        };
        let mut row = self.first;
        self.rows::<ByteArrayType>(leaf, reader, &mut |cells| {
            row += 1;
            let text = cells.first().copied().flatten();
            let text = text.map(|bytes| std::str::from_utf8(bytes.data())).transpose();
            each(row, text.with_context(|| format!("row {row} is not in UTF-8"))?)
        })
    }

    /// The numbers of a column, whatever kind they are; NaN is what is not there.
    fn numbers(&self, leaf: &Leaf<'_>, each: &mut dyn FnMut(f64)) -> Result<()> {
        let descriptor = leaf.part.column_descr();
        let logical = descriptor.logical_type_ref();
        ensure!(
            !matches!(
                logical,
                Some(LogicalType::Decimal(_) | LogicalType::Date | LogicalType::Time(_) | LogicalType::Timestamp(_))
            ) && descriptor.converted_type() != ConvertedType::INTERVAL,
            "it is of decimals or dates; save plain numbers"
        );
        if descriptor.physical_type() == Physical::BYTE_ARRAY {
            return self.written(leaf, each);
        }
        self.check(leaf)?;
        let unsigned = matches!(logical, Some(LogicalType::Integer(kind)) if !kind.is_signed)
            || matches!(descriptor.converted_type(), ConvertedType::UINT_32 | ConvertedType::UINT_64);
        match self.group.get_column_reader(leaf.index)? {
            ColumnReader::BoolColumnReader(r) => self.cells(leaf, r, each, |yes| f64::from(u8::from(*yes))),
            ColumnReader::Int32ColumnReader(r) if unsigned => self.cells(leaf, r, each, |n| f64::from(*n as u32)),
            ColumnReader::Int32ColumnReader(r) => self.cells(leaf, r, each, |n| f64::from(*n)),
            ColumnReader::Int64ColumnReader(r) if unsigned => self.cells(leaf, r, each, |n| *n as u64 as f64),
            ColumnReader::Int64ColumnReader(r) => self.cells(leaf, r, each, |n| *n as f64),
            ColumnReader::FloatColumnReader(r) => self.cells(leaf, r, each, |n| f64::from(*n)),
            ColumnReader::DoubleColumnReader(r) => self.cells(leaf, r, each, |n| *n),
            ColumnReader::FixedLenByteArrayColumnReader(r) if matches!(logical, Some(LogicalType::Float16)) => self
                .cells(leaf, r, each, |n| match n.data() {
                    [low, high] => npy::half(u16::from_le_bytes([*low, *high])),
                    _ => f64::NAN,
                }),
            _ => bail!("it is of no numbers"),
        }
    }

    /// Numbers that were written as text, as fastparquet does with lists: `[[1.5, 2], [3, null]]`.
    fn written(&self, leaf: &Leaf<'_>, each: &mut dyn FnMut(f64)) -> Result<()> {
        self.texts(leaf, &mut |row, text| {
            let parts = text.unwrap_or_default().split(|c: char| c == ',' || c == '[' || c == ']' || c.is_whitespace());
            let numbers: Option<Vec<f64>> =
                parts.filter(|part| !part.is_empty()).map(|part| sheet::number(part, false)).collect();
            let numbers = numbers.with_context(|| format!("row {row} is a text and no numbers"))?;
            let is_nothing = numbers.is_empty() || matches!(numbers[..], [one] if one.is_nan());
            let wide = if is_nothing { vec![f64::NAN; leaf.width] } else { numbers };
            ensure_wide(row, wide.len(), leaf.width)?;
            wide.into_iter().for_each(&mut *each);
            Ok(())
        })
    }

    fn cells<T: DataType>(
        &self,
        leaf: &Leaf<'_>,
        reader: ColumnReaderImpl<T>,
        each: &mut dyn FnMut(f64),
        number: impl Fn(&T::T) -> f64,
    ) -> Result<()> {
        let mut row = self.first;
        self.rows::<T>(leaf, reader, &mut |cells| {
            row += 1;
            match cells {
                [] | [None] => (0..leaf.width).for_each(|_| each(f64::NAN)),
                cells => {
                    ensure_wide(row, cells.len(), leaf.width)?;
                    cells.iter().for_each(|cell| each(cell.map_or(f64::NAN, &number)));
                }
            }
            Ok(())
        })
    }

    /// What is in each row; `None` is a null, in whatever depth of lists.
    fn rows<T: DataType>(
        &self,
        leaf: &Leaf<'_>,
        mut reader: ColumnReaderImpl<T>,
        each: &mut Each<'_, T::T>,
    ) -> Result<()> {
        let there = leaf.part.column_descr().max_def_level();
        let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
        let mut rows = 0;
        loop {
            values.clear();
            defined.clear();
            repeated.clear();
            let (read, ..) = reader.read_records(AT_ONCE, Some(&mut defined), Some(&mut repeated), &mut values)?;
            if read == 0 {
                break;
            }
            let mut next = values.iter();
            // What is not a list has no repetitions to tell, and what is always there no definitions.
            let levels = if there == 0 { values.len() } else { defined.len() };
            let mut row = Vec::with_capacity(leaf.width);
            for level in 0..levels {
                if level > 0 && repeated.get(level).is_none_or(|depth| *depth == 0) {
                    each(&row)?;
                    row.clear();
                }
                let is_there = defined.get(level).is_none_or(|depth| *depth == there);
                row.push(if is_there { Some(next.next().context("numbers are missing")?) } else { None });
            }
            each(&row)?;
            rows += read;
        }
        ensure!(rows == self.rows, "it has {rows} rows, and the file says {}", self.rows);
        Ok(())
    }
}

fn ensure_wide(row: usize, found: usize, width: usize) -> Result<()> {
    ensure!(found == width, "row {row} has {found} numbers, and {width} are meant");
    Ok(())
}
