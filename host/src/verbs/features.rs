//! `rasika features`: what a classifier gets to see of takes, as a table for other programs.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use rasika_models::FeatureVector;

use crate::dataset;

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Features {
    /// Takes: a folder of them
    #[arg(long, value_name = "DATASET")]
    data: PathBuf,

    /// Folder of the networks
    #[arg(long, value_name = "DIR", env = "RASIKA_MODELS", value_parser = rasika_device::home::path, default_value_os_t = super::import::models())]
    models: PathBuf,
}

impl Features {
    /// Reads and writes.
    pub fn run(self) -> Result<()> {
        match self.write(std::io::BufWriter::new(std::io::stdout().lock())) {
            Err(error) if error.downcast_ref().is_some_and(gone) => Ok(()),
            other => other,
        }
    }

    fn write(&self, mut out: impl std::io::Write) -> Result<()> {
        let dataset = dataset::open(&self.data, &self.models)?;
        writeln!(out, "take,label,frame,{}", FeatureVector::names().join(","))?;
        for take in dataset.takes()? {
            for observation in dataset.observations(&take)? {
                let observation = observation?;
                let Some(features) = FeatureVector::of(&observation) else { continue };
                write!(out, "{},{},{}", take.id, take.label, observation.frame)?;
                features.values().iter().try_for_each(|value| write!(out, ",{value}"))?;
                writeln!(out)?;
            }
        }
        Ok(out.flush()?)
    }
}

/// Whether the reader has left.
fn gone(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}
