//! CSV: a cell for each number; take and label in front, for whoever reads several files as one.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use rasika_models::Observation;

use super::Told;
use super::columns::{COLUMNS, Column, MOST_ROWS, Table};
use super::sheet::Sheet;
use crate::dataset::Take;

pub fn write(to: &mut impl Write, take: &Take, seen: &[Observation]) -> Result<()> {
    let mut file = csv::Writer::from_writer(to);
    file.write_record(["take", "label"].map(str::to_owned).into_iter().chain(COLUMNS.iter().flat_map(Column::names)))?;
    for seen in seen {
        let cells = COLUMNS.iter().flat_map(|column| {
            let cell = |value: f64| match (value.is_nan(), column.single) {
                (true, _) => String::new(),
                // Rust writes as few digits as tell a number from its neighbours.
                (false, true) => (value as f32).to_string(),
                (false, false) => value.to_string(),
            };
            column.of(seen).into_iter().map(cell)
        });
        file.write_record([take.id.clone(), take.label.to_string()].into_iter().chain(cells))?;
    }
    Ok(file.flush()?)
}

pub fn read(path: &Path, told: &Told<'_>) -> Result<Table> {
    let mut sheet = Sheet::open(path)?;
    let place = |name: &String| sheet.place(name).with_context(|| format!("it has no column {name}"));
    let places = COLUMNS.iter().map(|column| column.names().iter().map(place).collect::<Result<Vec<_>>>());
    let places = places.collect::<Result<Vec<_>>>()?;
    let texts = [sheet.place("take"), sheet.place("label")];
    let mut table = Table::default();
    let mut rows = 0;
    while let Some(row) = sheet.next()? {
        rows += 1;
        ensure!(rows <= MOST_ROWS, "it has more than {MOST_ROWS} rows");
        let of = format_args!("line {}", row.line);
        if let Some(take) = texts[0] {
            told.check_take(row.text(take)?, of)?;
        }
        if let Some(label) = texts[1] {
            told.check_label(row.text(label)?, of)?;
        }
        for (places, numbers) in places.iter().zip(table.columns_mut()) {
            for place in places {
                numbers.push(row.number(*place)?);
            }
        }
    }
    Ok(table)
}
