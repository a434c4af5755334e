//! `rasika train`: takes become a model package.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use rasika_models::package::{Compared, Scores};

use super::takes::{self, Takes};
use crate::eval::compare::{Met, Other};
use crate::eval::{self, table};
use crate::package::{self, make};
use crate::train::samples::Samples;
use crate::train::split::Split;
use crate::train::{self, Base, Trial};
use crate::{say, say_lines};

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

    /// The package now on the box: the card then says which of the two does better on the same frames, so that a worse
    /// one is not pushed by accident
    #[arg(long, value_name = "PACKAGE")]
    against: Option<PathBuf>,
}

impl Train {
    /// Learns and writes.
    pub fn run(self) -> Result<()> {
        let begun = Instant::now();
        let stop = takes::interruption()?;
        // Read before an hour of learning, so that a wrong name is told at once.
        let mut others = vec![Other::default_model()];
        others.extend(self.against.as_deref().map(Other::read).transpose()?);
        let dataset = self.takes.open()?;
        let samples = self.takes.read(&*dataset, true, &stop)?;
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
        let scored = if stop.load(Ordering::Acquire) {
            say("stopped: the best so far is kept, and not scored")?;
            (None, Vec::new())
        } else {
            self.scored(&samples, base, &mut others, &stop)?
        };
        let package = make::package(&samples, &trained, scored, &self.name, self.takes.seed)?;
        package::save(&package, &self.out)?;
        let (kib, seconds) = (package.network.len() / 1024, begun.elapsed().as_secs_f64());
        Ok(say(&format!("{} written in {seconds:.1} s ({kib} KiB of network, checked on LiteRT)", self.out.display()))?)
    }

    /// Scores for the card; a model that cannot be scored is still a model.
    fn scored(
        &self,
        samples: &Samples,
        base: Base,
        others: &mut [Other],
        stop: &AtomicBool,
    ) -> Result<(Option<Scores>, Vec<Compared>)> {
        let split = takes::split(self.split, samples);
        let verdicts = match eval::cross(samples, split, base, 1, self.takes.seed, stop) {
            // A round that was cut short chose its shrinkage otherwise than the model did.
            _ if stop.load(Ordering::Acquire) => {
                say("stopped: the model is kept, and not scored")?;
                return Ok((None, Vec::new()));
            }
            Ok(verdicts) => verdicts,
            Err(error) => {
                say(&format!("not scored: {error:#}"))?;
                return Ok((None, Vec::new()));
            }
        };
        let scores = eval::scores(samples, &verdicts, &split.to_string());
        say_lines(&format!("\n{}", table::lines(&scores, &samples.takes_of())))?;
        let mut compared = Vec::new();
        for other in others {
            if let Some(met) = other.meet(samples, &verdicts, &scores.split)? {
                say(&met_words(&other.name, &met))?;
                compared.push(other.compared(&met));
            } else {
                say(&format!(
                    "{} was trained on all of the scored takes; they cannot tell which is better",
                    other.name
                ))?;
            }
        }
        Ok((Some(scores), compared))
    }
}

/// How another model did on the same frames, as a line.
pub fn met_words(name: &str, met: &Met) -> String {
    let known = match met.known_takes {
        0 => String::new(),
        takes => format!(" ({takes} takes do not count: it was trained on them)"),
    };
    format!(
        "{name} on the same {} frames: accuracy {:.3}, balanced {:.3}; this one: {:.3}, {:.3}{known}",
        met.other.frames,
        met.other.accuracy,
        met.other.balanced_accuracy,
        met.mine.accuracy,
        met.mine.balanced_accuracy
    )
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
