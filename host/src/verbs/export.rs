//! `rasika export`: takes as files, for other programs and other laptops.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use rasika_device::output::Output;

use crate::dataset::tables::{self, Format};
use crate::dataset::{Dataset as _, Take, folder, store::Stored};
use crate::place::{self, Place};
use crate::say;

/// How takes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum As {
    /// ID.take.jsonl: a JSON object for each observation
    Takes,
    /// ID.npy: a row of float64 for each observation, all columns side by side; takes.csv lists the takes
    Npy,
    /// ID.npz: an array for each column; takes.csv lists the takes
    Npz,
    /// ID.csv: a line for each observation, a cell for each number; takes.csv lists the takes
    Csv,
    /// ID.parquet: a row for each observation, with lists; takes.csv lists the takes
    Parquet,
    /// RASA/ID-FRAME.jpg: the pictures of the camera, where a box kept some
    Pictures,
}

impl As {
    fn table(self) -> Option<Format> {
        match self {
            Self::Takes | Self::Pictures => None,
            Self::Npy => Some(Format::Npy),
            Self::Npz => Some(Format::Npz),
            Self::Csv => Some(Format::Csv),
            Self::Parquet => Some(Format::Parquet),
        }
    }
}

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Export {
    /// Folder to write into
    dir: PathBuf,

    /// How; `rasika import takes` reads each but the pictures back, to the last digit
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
        let bar = bar(takes.len());
        if self.format == As::Pictures {
            let count = self.pictures(&stored, &takes)?;
            return Ok(say(&format!("{count} pictures of {} takes are in {}", takes.len(), self.dir.display()))?);
        }
        match self.format.table() {
            Some(format) => tables::write(&self.dir, format, &stored, |_| bar.inc(1))?,
            None => {
                std::fs::create_dir_all(&self.dir).with_context(|| format!("cannot make {}", self.dir.display()))?;
                for take in &takes {
                    folder::write(&self.dir, take, stored.observations(take)?)?;
                    bar.inc(1);
                }
            }
        }
        bar.finish_and_clear();
        Ok(say(&format!("{} takes are in {}", takes.len(), self.dir.display()))?)
    }

    /// Writes the pictures; how many there were.
    fn pictures(&self, stored: &Stored, takes: &[Take]) -> Result<usize> {
        let mut count = 0;
        for take in takes {
            let folder = self.dir.join(take.label.name());
            for picture in stored.pictures(take)? {
                std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
                let file = folder.join(format!("{}-{:06}.jpg", take.id, picture.frame));
                Output::whole(&file, &picture.jpeg).with_context(|| format!("cannot write {}", file.display()))?;
                count += 1;
            }
        }
        ensure!(count > 0, "no take has pictures; a box keeps them when its owner sets recording.keep_images there");
        Ok(count)
    }
}

fn bar(takes: usize) -> ProgressBar {
    if std::io::stderr().is_terminal() { ProgressBar::new(takes as u64) } else { ProgressBar::hidden() }
}
