//! Which takes a verb works on: the same words for `rasika train` and `rasika eval`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use rasika_models::Rasa;

use crate::dataset;
use crate::train::Base;
use crate::train::samples::{Samples, Selection};
use crate::train::split::Split;

/// Takes, and how chance is drawn.
#[derive(Debug, Args)]
pub struct Takes {
    /// The takes: a data folder, or a folder of files; else the platform's data folder
    #[arg(long, value_name = "DATASET", env = "RASIKA_DATA", default_value_os_t = crate::place::usual())]
    pub data: PathBuf,

    /// Only takes of this rasa; may be given several times
    #[arg(long = "rasa", value_name = "RASA")]
    rasas: Vec<Rasa>,

    /// Only takes of this performer; may be given several times
    #[arg(long = "person", value_name = "NAME")]
    people: Vec<String>,

    /// Only takes of this box; may be given several times
    #[arg(long = "box", value_name = "BOX")]
    boxes: Vec<String>,

    /// Only takes that began at this time or later, in seconds since 1970
    #[arg(long, value_name = "SECONDS")]
    since: Option<i64>,

    /// The same seed gives the same model
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// What the model grows from: default (the default model judges what is unlike all that was recorded) or nothing;
    /// default where a rasa was never recorded
    #[arg(long, value_name = "BASE", value_parser = base_of)]
    pub from: Option<Base>,

    /// Folder of the networks
    #[arg(long, value_name = "DIR", env = "RASIKA_MODELS", default_value_os_t = super::import::models())]
    models: PathBuf,
}

impl Takes {
    /// Reads them, with moved copies of their frames if a model is trained on them.
    ///
    /// # Errors
    /// The dataset cannot be read, or no take is left.
    pub fn read(&self, augment: bool) -> Result<Samples> {
        let selection = Selection {
            rasas: self.rasas.clone(),
            people: self.people.clone(),
            boxes: self.boxes.clone(),
            since_unix_ms: self.since.map(|seconds| seconds.saturating_mul(1000)),
        };
        let dataset = dataset::open(&self.data, &self.models)?;
        Samples::read(&*dataset, &selection, augment.then_some(self.seed))
    }
}

/// What a single take is split into where there is no other to leave out.
const WITHIN: Split = Split::Time { learned: 0.6, gap: 0.1 };

/// The split that was asked for, or whole takes where any rasa has two, or time inside takes.
pub fn split(asked: Option<Split>, samples: &Samples) -> Split {
    let several = samples.takes_of().into_iter().any(|takes| takes > 1);
    asked.unwrap_or(if several { Split::Takes } else { WITHIN })
}

/// The base that was asked for, or the default model where a rasa was never recorded.
pub fn base(asked: Option<Base>, samples: &Samples) -> Base {
    asked.unwrap_or(if samples.takes_of().contains(&0) { Base::Default } else { Base::Nothing })
}

/// A base by its name.
pub fn base_of(name: &str) -> Result<Base, String> {
    match name {
        "default" => Ok(Base::Default),
        "nothing" => Ok(Base::Nothing),
        _ => Err("write default or nothing".to_owned()),
    }
}

/// What is odd about the takes, a line for each matter.
pub fn oddities(samples: &Samples) -> Vec<String> {
    let mut lines: Vec<String> = samples
        .duplicates()
        .map(|(take, first)| {
            let doubt = if take.label == first.label {
                String::new()
            } else {
                format!(", but is labelled {} there and {} here", first.label, take.label)
            };
            format!("take {} is a copy of {}{doubt}; it counts once", take.id, first.id)
        })
        .collect();
    for (rasa, takes) in Rasa::ALL.into_iter().zip(samples.takes_of()) {
        match takes {
            0 => lines.push(format!(
                "{rasa} has no take; a model from the default one leaves it to that, another never names it"
            )),
            1 => lines
                .push(format!("{rasa} has one take only; a second, from another day, would tell how well it is known")),
            _ => {}
        }
    }
    lines
}
