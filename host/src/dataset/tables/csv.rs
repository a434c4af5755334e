//! CSV: a cell for each number; take and label in front, for whoever reads several files as one.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result};
use rasika_models::Observation;

use super::columns::{COLUMNS, Column, Table};
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

pub fn read(path: &Path) -> Result<Table> {
    let mut file = csv::Reader::from_path(path)?;
    let head: HashMap<String, usize> =
        file.headers()?.iter().enumerate().map(|(i, name)| (name.to_owned(), i)).collect();
    let places = COLUMNS.iter().map(|column| {
        let place = |name: String| head.get(&name).copied().with_context(|| format!("it has no column {name}"));
        column.names().into_iter().map(place).collect::<Result<Vec<_>>>()
    });
    let places = places.collect::<Result<Vec<_>>>()?;
    let mut table = vec![Vec::new(); COLUMNS.len()];
    for (number, record) in file.records().enumerate() {
        let record = record?;
        for (places, values) in places.iter().zip(&mut table) {
            for place in places {
                let cell = record.get(*place).unwrap_or_default().trim();
                let value = if cell.is_empty() { Ok(f64::NAN) } else { cell.parse::<f64>() };
                values.push(value.with_context(|| format!("line {}: '{cell}' is no number", number + 2))?);
            }
        }
    }
    Ok(table)
}
