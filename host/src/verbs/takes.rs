//! Which takes a verb works on: the same words for `rasika train` and `rasika eval`.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use clap::Args;
use rasika_models::Rasa;

use super::moment;
use crate::dataset::{self, Dataset};
use crate::train::Base;
use crate::train::samples::{Samples, Selection};
use crate::train::split::Split;

/// Takes, and how chance is drawn.
#[derive(Debug, Args)]
pub struct Takes {
    /// The takes: a data folder, or a folder of files; else the platform's data folder
    #[arg(long, value_name = "DATASET", env = "RASIKA_DATA", value_parser = rasika_device::home::path, default_value_os_t = crate::place::usual())]
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

    /// Only takes that began then or later: 2026-11-23, 2026-11-23T18:30 (UTC), or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = moment::unix_ms)]
    since: Option<i64>,

    /// Only takes that began before
    #[arg(long, value_name = "TIME", value_parser = moment::unix_ms)]
    until: Option<i64>,

    /// The same seed gives the same model
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// What the model grows from: default (the default model judges what is unlike all that was recorded) or nothing;
    /// default where a rasa was never recorded
    #[arg(long, value_name = "BASE", value_parser = base_of)]
    pub from: Option<Base>,

    /// Folder of the networks
    #[arg(long, value_name = "DIR", env = "RASIKA_MODELS", value_parser = rasika_device::home::path, default_value_os_t = super::import::models())]
    models: PathBuf,
}

impl Takes {
    /// Where they are.
    ///
    /// # Errors
    /// There are none.
    pub fn open(&self) -> Result<Box<dyn Dataset>> {
        dataset::open(&self.data, &self.models)
    }

    /// Reads them, with moved copies of their frames if a model is trained on them; ends once `stop` is set.
    ///
    /// # Errors
    /// The dataset cannot be read, no take is left, or it was stopped.
    pub fn read(&self, dataset: &dyn Dataset, augment: bool, stop: &AtomicBool) -> Result<Samples> {
        let selection = Selection {
            rasas: self.rasas.clone(),
            people: self.people.clone(),
            boxes: self.boxes.clone(),
            since_unix_ms: self.since,
            until_unix_ms: self.until,
        };
        let shown = std::io::stderr().is_terminal();
        let mut go_on = |done: usize, all: usize| {
            if shown {
                let _ = write!(std::io::stderr(), "\rreading take {} of {all} ", done + 1);
            }
            !stop.load(Ordering::Acquire)
        };
        let samples = Samples::read(dataset, &selection, augment.then_some(self.seed), &mut go_on);
        if shown {
            let _ = write!(std::io::stderr(), "\r{:40}\r", "");
        }
        samples
    }
}

/// A flag that Ctrl-C sets: what is under way then ends with the best so far. The second Ctrl-C ends the program.
///
/// # Errors
/// The system cannot listen for it.
pub fn interruption() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))
            .context("cannot listen for Ctrl-C")?;
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("cannot listen for Ctrl-C")?;
    }
    Ok(stop)
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
