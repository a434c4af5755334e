//! NumPy's files: `.npy`, all columns side by side, and `.npz`, an array for each.

use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use rasika_models::Observation;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::columns::{COLUMNS, Column, MOST_ROWS, Numbers, Table};
use crate::dataset::npy::{self, Head};

pub fn write_npy(to: &mut impl Write, seen: &[Observation]) -> io::Result<()> {
    let values: Vec<f64> = seen.iter().flat_map(|seen| COLUMNS.iter().flat_map(|column| column.of(seen))).collect();
    npy::write(to, &[seen.len(), COLUMNS.iter().map(Column::width).sum()], false, &values)
}

pub fn write_npz(mut to: impl Write, seen: &[Observation]) -> Result<()> {
    // Packed in memory: a writer that fails half-way would say so by itself, in words of its own.
    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
    for column in &COLUMNS {
        zip.start_file(format!("{}.npy", column.name), plain)?;
        let values: Vec<f64> = seen.iter().flat_map(|seen| column.of(seen)).collect();
        let shape: Vec<usize> = std::iter::once(seen.len()).chain(column.shape.iter().copied()).collect();
        npy::write(&mut zip, &shape, column.single, &values)?;
    }
    Ok(to.write_all(zip.finish()?.get_ref())?)
}

pub fn read_npy(path: &Path) -> Result<Table> {
    let mut file = BufReader::new(super::open(path)?);
    let head = Head::read(&mut file)?;
    let wide: usize = COLUMNS.iter().map(Column::width).sum();
    ensure!(head.columns() == wide, "it has {} columns, not {wide}", head.columns());
    ensure_rows(&head)?;
    let mut table = Table::default();
    // The column that each number of a row belongs to.
    let columns: Vec<usize> =
        COLUMNS.iter().enumerate().flat_map(|(at, column)| std::iter::repeat_n(at, column.width())).collect();
    if head.columns_first {
        let mut values: Vec<f64> = Vec::new();
        head.values(&mut file, |value| values.push(value))?;
        for (at, value) in head.in_rows(&values).into_iter().enumerate() {
            table.columns_mut()[columns[at % wide]].push(value);
        }
    } else {
        let mut at = 0;
        head.values(&mut file, |value| {
            table.columns_mut()[columns[at % wide]].push(value);
            at += 1;
        })?;
    }
    Ok(table)
}

pub fn read_npz(path: &Path) -> Result<Table> {
    let mut zip = ZipArchive::new(super::open(path)?).context("it is not an archive that NumPy saved")?;
    let (mut table, mut rows) = (Table::default(), None);
    for (column, numbers) in COLUMNS.iter().zip(table.columns_mut()) {
        let array = zip.by_name(&format!("{}.npy", column.name));
        let mut array = array.with_context(|| format!("it has no array {}", column.name))?;
        read_array(&mut array, column, numbers, &mut rows).with_context(|| format!("the array {}", column.name))?;
    }
    Ok(table)
}

/// Reads the array of a column; the first one says how many rows there are, and one that promises others is not read.
fn read_array(from: &mut impl Read, column: &Column, numbers: &mut Numbers, rows: &mut Option<usize>) -> Result<()> {
    let head = Head::read(from)?;
    let shape = &head.shape;
    ensure!(head.columns() == column.width(), "its shape is {shape:?}, with {} numbers a row meant", column.width());
    ensure_rows(&head)?;
    let told = *rows.get_or_insert(shape[0]);
    ensure!(shape[0] == told, "it has {} rows, and {} has {told}", shape[0], COLUMNS[0].name);
    head.values(from, |value| numbers.push(value))?;
    if head.columns_first {
        match numbers {
            Numbers::Double(numbers) => *numbers = head.in_rows(numbers),
            Numbers::Single(numbers) => *numbers = head.in_rows(numbers),
        }
    }
    Ok(())
}

/// Refuses a promise of more rows than a table may have.
fn ensure_rows(head: &Head) -> Result<()> {
    ensure!(head.shape[0] <= MOST_ROWS, "it promises {} rows; at most {MOST_ROWS} are read", head.shape[0]);
    Ok(())
}
