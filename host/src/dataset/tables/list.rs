//! `takes.csv`: what each take is.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::dataset::Take;

/// A line of it.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    take: String,
    label: String,
    #[serde(rename = "box", default)]
    box_name: String,
    #[serde(default)]
    performer: String,
    #[serde(default)]
    started_unix_ms: i64,
    width: u32,
    height: u32,
    #[serde(default)]
    mirrored: bool,
    /// Words with semicolons between.
    #[serde(default)]
    reconstructed: String,
}

pub fn write(path: &Path, takes: &[Take]) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut file = csv::Writer::from_path(path).with_context(cannot)?;
    for take in takes.iter().cloned() {
        let line = Line {
            take: take.id,
            label: take.label.to_string(),
            box_name: take.box_id,
            performer: take.performer,
            started_unix_ms: take.started_unix_ms,
            width: take.width,
            height: take.height,
            mirrored: take.mirrored,
            reconstructed: take.reconstructed.join(";"),
        };
        file.serialize(line).with_context(cannot)?;
    }
    file.flush().with_context(cannot)
}

pub fn read(path: &Path) -> Result<Vec<Take>> {
    let mut file = csv::Reader::from_path(path).with_context(|| format!("cannot read {}", path.display()))?;
    let take = |(number, line): (usize, csv::Result<Line>)| {
        let wrong = || format!("{}, take {}", path.display(), number + 1);
        let line = line.with_context(wrong)?;
        let words = line.reconstructed.split(';').filter(|word| !word.is_empty());
        let label = line.label.parse().map_err(|error| anyhow::anyhow!("{error}")).with_context(wrong)?;
        Ok(Take {
            id: line.take,
            box_id: line.box_name,
            label,
            performer: line.performer,
            started_unix_ms: line.started_unix_ms,
            width: line.width,
            height: line.height,
            mirrored: line.mirrored,
            reconstructed: words.map(str::to_owned).collect(),
        })
    };
    file.deserialize().enumerate().map(take).collect()
}
