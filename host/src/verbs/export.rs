//! `rasika export`: takes as files, for other programs and other laptops.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use rasika_models::Observation;
use rasika_models::observation::FACE_POINTS;

use crate::dataset::{Dataset, Take, folder, store::Stored};
use crate::place::{self, Place};
use crate::say;

/// How takes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum As {
    /// ID.take.jsonl: all of it, a JSON object for each observation; `rasika import takes` reads it back
    Takes,
    /// ID.npy: the face's points, float32 of observations × 478 × 3 in pixels, NaN without a face; takes.csv lists them
    Npy,
}

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Export {
    /// Folder to write into
    dir: PathBuf,

    /// How
    #[arg(long = "as", value_name = "FORMAT", default_value = "takes")]
    format: As,

    #[command(flatten)]
    place: Place,
}

impl Export {
    /// Writes every take that is not left out, labelled as this laptop says.
    pub fn run(self) -> Result<()> {
        let file = place::takes_file(&self.place.folder);
        let file = file.context("there are no takes here to export; bring some with `rasika pull`")?;
        let stored = Stored::open(&file)?;
        let takes = stored.takes()?;
        std::fs::create_dir_all(&self.dir).with_context(|| format!("cannot make {}", self.dir.display()))?;
        for take in &takes {
            match self.format {
                As::Takes => drop(folder::write(&self.dir, take, stored.observations(take)?)?),
                As::Npy => npy(&self.dir.join(format!("{}.npy", take.id)), stored.observations(take)?)?,
            }
        }
        if self.format == As::Npy {
            list(&self.dir.join("takes.csv"), &takes)?;
        }
        Ok(say(&format!("{} takes are in {}", takes.len(), self.dir.display()))?)
    }
}

/// NumPy's format, version 1.0.
fn npy(path: &Path, seen: impl Iterator<Item = Result<Observation>>) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let (mut values, mut rows) = (Vec::new(), 0_usize);
    for seen in seen {
        let face = seen?.face;
        let points = face.filter(|face| face.landmarks.len() == FACE_POINTS);
        let points = points.map_or_else(|| vec![[f32::NAN; 3]; FACE_POINTS], |face| face.landmarks);
        values.extend(points.into_iter().flatten().flat_map(f32::to_le_bytes));
        rows += 1;
    }
    let mut head = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {FACE_POINTS}, 3), }}");
    // Magic, version and length take 10 bytes; the whole head ends with a newline on a multiple of 64.
    while (10 + head.len() + 1) % 64 != 0 {
        head.push(' ');
    }
    head.push('\n');
    let mut file = BufWriter::new(File::create(path).with_context(cannot)?);
    file.write_all(b"\x93NUMPY\x01\x00").with_context(cannot)?;
    file.write_all(&(head.len() as u16).to_le_bytes()).with_context(cannot)?;
    file.write_all(head.as_bytes()).with_context(cannot)?;
    file.write_all(&values).with_context(cannot)?;
    file.flush().with_context(cannot)
}

/// What is known of each take.
fn list(path: &Path, takes: &[Take]) -> Result<()> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut lines = vec!["take,label,box,performer,started_unix_ms,width,height".to_owned()];
    lines.extend(takes.iter().map(|take| {
        let Take { id, label, box_id, performer, started_unix_ms, width, height, .. } = take;
        format!("{id},{label},{},{},{started_unix_ms},{width},{height}", quoted(box_id), quoted(performer))
    }));
    std::fs::write(path, lines.join("\n") + "\n").with_context(|| format!("cannot write {}", path.display()))
}
