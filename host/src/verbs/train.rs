//! `rasika train`: takes become a model package.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Args;

use super::takes::{self, Takes};
use crate::eval::{self, table};
use crate::package::{self, make};
use crate::say;
use crate::train::split::Split;
use crate::train::{self, Trial};

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Train {
    #[command(flatten)]
    takes: Takes,

    /// Where to write the package
    #[arg(short, long, value_name = "FILE", default_value = "model.rasika")]
    out: PathBuf,

    /// Name on the model's card
    #[arg(long, default_value = "trained")]
    name: String,

    /// How the scores on the card are measured: takes, people, boxes, time:0.6:0.1
    #[arg(long)]
    split: Option<Split>,
}

impl Train {
    /// Learns and writes.
    pub fn run(self) -> Result<()> {
        let begun = Instant::now();
        let stop = Arc::new(AtomicBool::new(false));
        // The first Ctrl-C ends the search with the best so far; the second ends the program.
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))
                .context("cannot listen for Ctrl-C")?;
            signal_hook::flag::register(signal, Arc::clone(&stop)).context("cannot listen for Ctrl-C")?;
        }
        let samples = self.takes.read(true)?;
        takes::oddities(&samples).iter().try_for_each(|line| say(line))?;
        say(&format!(
            "{} takes, {} frames with a face, {} moved copies; read in {:.1} s",
            samples.takes.len(),
            samples.frames.len(),
            samples.augmented.len(),
            begun.elapsed().as_secs_f64()
        ))?;

        let base = takes::base(self.takes.from, &samples);
        let all: Vec<usize> = (0..samples.frames.len()).collect();
        let mut worst = None;
        let trained = train::train(&samples, &all, base, self.takes.seed, &stop, &mut |trial| tell(trial, &mut worst))?;
        if stop.load(Ordering::Acquire) {
            say("stopped; the best so far is kept")?;
        }
        let split = takes::split(self.split, &samples);
        // A model that cannot be scored is still a model; its card then has no scores.
        let scores = match eval::cross(&samples, split, base, 1, self.takes.seed, &stop) {
            Ok(verdicts) => {
                let scores = eval::scores(&samples, &verdicts, &split.to_string());
                say(&format!("\n{}", table::lines(&scores, &samples.takes_of())))?;
                Some(scores)
            }
            Err(error) => {
                say(&format!("not scored: {error:#}"))?;
                None
            }
        };
        let package = make::package(&samples, &trained, scores, &self.name, self.takes.seed)?;
        package::save(&package, &self.out)?;
        let (kib, seconds) = (package.network.len() / 1024, begun.elapsed().as_secs_f64());
        Ok(say(&format!("{} written in {seconds:.1} s ({kib} KiB of network, checked on LiteRT)", self.out.display()))?)
    }
}

/// Width of the longest bar.
const BAR: f64 = 40.0;

/// A line of the curve: the surprise on held-out frames, which goes down and then up again.
fn tell(trial: &Trial, worst: &mut Option<f64>) {
    let most = *worst.get_or_insert(trial.surprise.max(1e-6));
    let bar = "█".repeat((BAR * trial.surprise / most).clamp(0.0, 1.5 * BAR).round() as usize);
    let line = format!(
        "shrinkage {:<6} held out: right {:.3}  surprise {:.3} {bar}",
        trial.shrinkage, trial.accuracy, trial.surprise
    );
    // Progress that nobody reads any more is no reason to stop.
    let _ = say(&line);
}
