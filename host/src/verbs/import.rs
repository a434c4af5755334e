//! `rasika import`: recordings of other programs become takes.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::dataset::original::{Aspect, Original};
use crate::dataset::{Dataset, folder, import, tables};
use crate::place::Place;
use crate::say;

/// What is imported.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// LABEL.npy files of the project that this one grew from
    Original(OriginalArgs),
    /// A folder of takes as files or tables, as `rasika export` writes it
    Takes(TakesArgs),
    /// Folders of pictures, each named by a rasa or a basic emotion
    Images(super::images::Images),
}

/// Arguments of `rasika import takes`.
#[derive(Debug, Args)]
pub struct TakesArgs {
    /// The folder
    dir: PathBuf,

    #[command(flatten)]
    place: Place,
}

impl TakesArgs {
    fn run(self) -> Result<()> {
        let source: Box<dyn Dataset> = match self.dir.join(tables::LIST).exists() {
            true => Box::new(tables::Tables::open(&self.dir)?),
            false => Box::new(folder::Folder::open(&self.dir)?),
        };
        anyhow::ensure!(
            !source.takes()?.is_empty(),
            "{} holds no takes; `rasika export DIR` writes such a folder",
            self.dir.display()
        );
        let imported = import::import(&mut self.place.takes()?, &*source, |_, _| {})?;
        let import::Imported { takes, observations, known } = imported;
        Ok(say(&format!("{takes} takes with {observations} observations are new, {known} were there"))?)
    }
}

/// Arguments of `rasika import original`.
#[derive(Debug, Args)]
pub struct OriginalArgs {
    /// A folder with Karuna.npy, Hasya.npy, …
    dir: PathBuf,

    /// Put the takes into a folder of files instead of the data folder
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,

    #[command(flatten)]
    place: Place,

    /// Width and height of the frames, as 4:3; without it 4:3 or 16:9 is told from the shape of the faces
    #[arg(long, value_parser = aspect)]
    aspect: Option<Aspect>,

    /// Who performed; people are kept apart in `rasika eval --split people`
    #[arg(long, value_name = "NAME", default_value = "original")]
    performer: String,

    /// Folder of the networks
    #[arg(long, value_name = "DIR", env = "RASIKA_MODELS", value_parser = rasika_device::home::path, default_value_os_t = models())]
    models: PathBuf,
}

/// Where the networks are: in this source tree.
pub fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files/models")
}

fn aspect(text: &str) -> Result<Aspect, String> {
    let parts = text.split_once(':').and_then(|(w, h)| Some((w.parse::<u32>().ok()?, h.parse::<u32>().ok()?)));
    match parts {
        Some((width, height)) if width > 0 && height > 0 && width < 10_000 && height < 10_000 => {
            Ok(Aspect::Known(width, height))
        }
        _ => Err("write width and height, as 4:3 or 16:9".to_owned()),
    }
}

impl Import {
    /// Reads and writes.
    pub fn run(self) -> Result<()> {
        let args = match self {
            Self::Original(args) => args,
            Self::Takes(takes) => return takes.run(),
            Self::Images(images) => return images.run(),
        };
        let original =
            Original::open(&args.dir, &args.models, args.aspect.unwrap_or(Aspect::Guess))?.by(&args.performer);
        let left_out = Original::left_out(&args.dir)?;
        if !left_out.is_empty() {
            crate::warn(format_args!("left out, their names are no rasa's: {}", left_out.join(", ")));
        }
        match &args.to {
            Some(folder) => {
                for take in original.takes()? {
                    let mut count = 0;
                    let observations = original.observations(&take)?.inspect(|_| count += 1);
                    let path = folder::write(folder, &take, observations)?;
                    say(&format!("{:<10} {count:6} observations → {}", take.label.name(), path.display()))?;
                }
            }
            None => {
                let mut store = args.place.takes()?;
                let told = |take: &crate::dataset::Take, count| {
                    let _ = say(&format!("{:<10} {count:6} observations", take.label.name()));
                };
                let done = import::import(&mut store, &original, told)?;
                say(&format!(
                    "{} takes are new, {} were there, in {}",
                    done.takes,
                    done.known,
                    args.place.folder.display()
                ))?;
            }
        }
        Ok(say("depth, irises, places and times were not recorded: they are made up, and the takes say so")?)
    }
}
