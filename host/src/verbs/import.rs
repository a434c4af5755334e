//! `rasika import`: recordings of other programs become takes.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::dataset::original::{Aspect, Original};
use crate::dataset::{Dataset as _, folder};
use crate::say;

/// What is imported.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// LABEL.npy files of the project that this one grew from
    Original(OriginalArgs),
    /// Folders of pictures, each named by a rasa or a basic emotion
    Images(super::images::Images),
}

/// Arguments of `rasika import original`.
#[derive(Debug, Args)]
pub struct OriginalArgs {
    /// A folder with Karuna.npy, Hasya.npy, …
    dir: PathBuf,

    /// Folder to put the takes in
    #[arg(long, value_name = "DATASET", default_value = "takes")]
    to: PathBuf,

    /// Width and height of the frames, as 4:3; without it 4:3 or 16:9 is told from the shape of the faces
    #[arg(long, value_parser = aspect)]
    aspect: Option<Aspect>,

    /// Folder of the networks
    #[arg(long, value_name = "DIR", env = "RASIKA_MODELS", default_value_os_t = models())]
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
            Self::Images(images) => return images.run(),
        };
        let original = Original::open(&args.dir, &args.models, args.aspect.unwrap_or(Aspect::Guess))?;
        for take in original.takes()? {
            let mut count = 0;
            let observations = original.observations(&take)?.inspect(|_| count += 1);
            let path = folder::write(&args.to, &take, observations)?;
            say(&format!("{:<10} {count:6} observations → {}", take.label.name(), path.display()))?;
        }
        Ok(say("depth, irises, places and times were not recorded: they are made up, and the takes say so")?)
    }
}
