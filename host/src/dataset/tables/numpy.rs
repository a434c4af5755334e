//! NumPy's files: `.npy`, all columns side by side, and `.npz`, an array for each.

use std::fs::File;
use std::io::{self, Read as _, Seek, Write};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use rasika_models::Observation;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::columns::{COLUMNS, Column, Table};
use crate::dataset::npy;

/// Most bytes of an array: an hour of faces.
const MOST_BYTES: u64 = 1 << 30;

pub fn write_npy(to: &mut impl Write, seen: &[Observation]) -> io::Result<()> {
    let values: Vec<f64> = seen.iter().flat_map(|seen| COLUMNS.iter().flat_map(|column| column.of(seen))).collect();
    npy::write(to, &[seen.len(), COLUMNS.iter().map(Column::width).sum()], false, &values)
}

pub fn write_npz(to: impl Write + Seek, seen: &[Observation]) -> Result<()> {
    let mut zip = ZipWriter::new(to);
    let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
    for column in &COLUMNS {
        zip.start_file(format!("{}.npy", column.name), plain)?;
        let values: Vec<f64> = seen.iter().flat_map(|seen| column.of(seen)).collect();
        let shape: Vec<usize> = std::iter::once(seen.len()).chain(column.shape.iter().copied()).collect();
        npy::write(&mut zip, &shape, column.single, &values)?;
    }
    zip.finish()?;
    Ok(())
}

pub fn read_npy(path: &Path) -> Result<Table> {
    let array = npy::read(path)?;
    let wide = COLUMNS.iter().map(Column::width).sum();
    ensure!(array.columns() == wide, "it has {} columns, not {wide}", array.columns());
    let mut at = 0;
    let take = |column: &Column| {
        let cells = at..at + column.width();
        at = cells.end;
        array.values.chunks_exact(wide).flat_map(|row| &row[cells.clone()]).copied().collect()
    };
    Ok(COLUMNS.iter().map(take).collect())
}

pub fn read_npz(path: &Path) -> Result<Table> {
    let mut zip = ZipArchive::new(File::open(path)?).context("it is not an archive that NumPy saved")?;
    let column = |column: &Column| {
        let cannot = || format!("it has no array {}", column.name);
        let mut bytes = Vec::new();
        zip.by_name(&format!("{}.npy", column.name))
            .with_context(cannot)?
            .take(MOST_BYTES)
            .read_to_end(&mut bytes)
            .with_context(cannot)?;
        let array = npy::parse(&bytes).with_context(cannot)?;
        ensure!(array.columns() == column.width(), "the array {} has the shape {:?}", column.name, array.shape);
        Ok(array.values)
    };
    COLUMNS.iter().map(column).collect()
}
