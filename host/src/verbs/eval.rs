//! `rasika eval`: how well a model does on takes that it was not trained on.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use anyhow::{Context as _, Result};
use clap::Args;
use rasika_models::Rasa;
use rasika_models::package::{Model, Package, Scores};
use serde_json::{Map, Value, json};

use super::takes::{self, Takes};
use super::train::met_words;
use crate::dataset::Dataset;
use crate::eval::compare::{Met, Other};
use crate::eval::{self, Verdict, drawing, picture, stream, table};
use crate::train::samples::Samples;
use crate::train::split::Split;
use crate::{say, say_lines};

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Eval {
    #[command(flatten)]
    takes: Takes,

    /// Score this package on all takes that it was not trained on; without it models are trained on one part of the
    /// takes and scored on the other
    #[arg(long, value_name = "PACKAGE", conflicts_with = "split")]
    model: Option<PathBuf>,

    /// What is left out: takes, people, boxes, or time:0.6:0.1 (learn the first 60 % of each take, skip 10 %, score
    /// the rest); takes if any rasa has two, else time:0.6:0.1
    #[arg(long)]
    split: Option<Split>,

    /// The package now on the box, to compare with; without it the default model
    #[arg(long, value_name = "PACKAGE")]
    against: Option<PathBuf>,

    /// Write the confusion matrix as a picture
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,

    /// Draw the frames that were most confidently called wrong, from their landmarks, as pictures in this folder
    #[arg(long, value_name = "DIR")]
    drawings: Option<PathBuf>,

    /// As JSON
    #[arg(long)]
    json: bool,
}

/// How many confident mistakes are shown.
const SHOWN: usize = 5;
/// Every fold is scored.
const ALL_ROUNDS: usize = usize::MAX;

impl Eval {
    /// Reads, scores and tells.
    pub fn run(self) -> Result<()> {
        let stop = takes::interruption()?;
        let mut other = self.against.as_deref().map_or_else(|| Ok(Other::default_model()), Other::read)?;
        let dataset = self.takes.open()?;
        let samples = self.takes.read(&*dataset, self.model.is_none(), &stop)?;
        let (verdicts, split) = match &self.model {
            Some(path) => (judged_by(&samples, path)?, "unseen takes".to_owned()),
            None => {
                let split = takes::split(self.split, &samples);
                (
                    eval::cross(
                        &samples,
                        split,
                        takes::base(self.takes.from, &samples),
                        ALL_ROUNDS,
                        self.takes.seed,
                        &stop,
                    )?,
                    split.to_string(),
                )
            }
        };
        let scores = eval::scores(&samples, &verdicts, &split);
        anyhow::ensure!(!stop.load(Ordering::Acquire), "stopped; nothing was scored to the end");
        let met = other.meet(&samples, &verdicts, &split)?;
        let streams = stream::follow(&samples, &verdicts);
        let wrong = confidently_wrong(&samples, &verdicts);
        if let Some(path) = &self.png {
            picture::write(&scores, path)?;
        }
        if let Some(folder) = &self.drawings {
            draw(&*dataset, &samples, &wrong, folder)?;
        }
        if self.json {
            let mut all = figures(&scores);
            all.insert("streams".to_owned(), serde_json::to_value(&streams)?);
            all.insert("against".to_owned(), against(&other.name, met.as_ref()));
            all.insert(
                "confidently_wrong".to_owned(),
                json!(wrong.iter().map(|w| w.json(&samples)).collect::<Vec<_>>()),
            );
            all.insert("remarks".to_owned(), json!(takes::oddities(&samples)));
            return Ok(say_lines(&serde_json::to_string_pretty(&all)?)?);
        }
        takes::oddities(&samples).iter().try_for_each(|line| say(line))?;
        say_lines(&table::lines(&scores, &samples.takes_of()))?;
        let dwell =
            streams.median_dwell_s.map_or(String::new(), |dwell| format!(", a rasa stands for {dwell:.1} s (median)"));
        say(&format!(
            "as streams: the right rasa stands {:.0} % of {:.0} s, none {:.0} %{dwell}; {:.1} false changes a minute",
            100.0 * streams.right,
            streams.seconds,
            100.0 * streams.none,
            streams.flicker_per_minute
        ))?;
        match &met {
            Some(met) => say(&met_words(&other.name, met))?,
            None => {
                say(&format!("{} was trained on all of these takes; they cannot tell which is better", other.name))?;
            }
        }
        for mistake in wrong {
            say(&mistake.words(&samples))?;
        }
        Ok(())
    }
}

fn load(path: &Path) -> Result<(Package, Model)> {
    let package = crate::package::tried(path)?;
    let model = Model::load(&package).with_context(|| path.display().to_string())?;
    Ok((package, model))
}

/// A package's verdicts on the takes that it was not trained on.
fn judged_by(samples: &Samples, path: &Path) -> Result<Vec<Verdict>> {
    let (package, mut model) = load(path)?;
    let known = samples.known(&package.card.trained_on.recordings);
    let unseen: Vec<usize> = (0..samples.frames.len())
        .filter(|&frame| {
            let take = samples.frames[frame].take;
            !known[take] && samples.groups[take] == take
        })
        .collect();
    anyhow::ensure!(
        !unseen.is_empty(),
        "{} was trained on every one of these takes, so they tell nothing of it; name others, or leave --model away",
        path.display()
    );
    let left = known.iter().filter(|known| **known).count();
    if left > 0 {
        crate::warn(format_args!("{left} takes are left out, {} was trained on them", path.display()));
    }
    eval::with_model(samples, &unseen, &mut model)
}

/// The comparison with another model; no figures if that was trained on everything.
fn against(name: &str, met: Option<&Met>) -> Value {
    match met {
        Some(met) => {
            json!({ "model": name, "scores": figures(&met.other), "this_on_the_same_frames": figures(&met.mine),
            "takes_it_was_trained_on": met.known_takes })
        }
        None => json!({ "model": name, "scores": null }),
    }
}

/// Draws what was mistaken, a picture each.
fn draw(dataset: &dyn Dataset, samples: &Samples, wrong: &[Mistake], folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for (number, mistake) in wrong.iter().enumerate() {
        let frame = samples.frames[mistake.0.frame];
        let take = &samples.takes[frame.take];
        let observation = dataset.observations(take)?.nth(frame.number).context("the take has become shorter")??;
        let name = format!("{}-{}-called-{}.png", number + 1, take.label, mistake.0.likeliest());
        drawing::write_with_picture(dataset, take, &observation, &mistake.words(samples), &folder.join(name))?;
    }
    Ok(())
}

/// Every figure by its name.
fn figures(scores: &Scores) -> Map<String, Value> {
    let by_rasa = |score: &rasika_models::package::LabelScore| {
        let figures = json!({
            "tested": score.tested, "frames": score.frames, "precision": score.precision, "recall": score.recall,
        });
        (score.rasa.name().to_owned(), figures)
    };
    let untested: Vec<Rasa> = scores.per_rasa.iter().filter(|score| !score.tested).map(|score| score.rasa).collect();
    let all = json!({
        "split": scores.split,
        "frames": scores.frames,
        "accuracy": scores.accuracy,
        "balanced_accuracy": scores.balanced_accuracy,
        "calibration_error": scores.calibration_error,
        "refused": scores.refused,
        "accuracy_of_named": scores.accuracy_of_named,
        "labels": rasika_models::package::labels(),
        "confusion": scores.confusion,
        "untested": untested,
        "per_rasa": scores.per_rasa.iter().map(by_rasa).collect::<Map<_, _>>(),
    });
    match all {
        Value::Object(all) => all,
        _ => Map::new(),
    }
}

/// A frame of which the model was sure, and wrong.
struct Mistake(Verdict);

impl Mistake {
    fn words(&self, samples: &Samples) -> String {
        let frame = samples.frames[self.0.frame];
        let take = &samples.takes[frame.take];
        let (label, named, sure) = (take.label, self.0.likeliest(), 100.0 * self.0.confidence());
        format!(
            "sure and wrong: {} observation {} ({:.1} s): {label} called {named}, {sure:.0} %",
            take.id,
            frame.number,
            frame.time_ms / 1000.0
        )
    }

    fn json(&self, samples: &Samples) -> Value {
        let frame = samples.frames[self.0.frame];
        let take = &samples.takes[frame.take];
        json!({ "take": take.id, "observation": frame.number, "time_ms": frame.time_ms, "label": take.label,
            "named": self.0.likeliest(), "confidence": self.0.confidence() })
    }
}

/// The most confident mistakes, one of each take.
fn confidently_wrong(samples: &Samples, verdicts: &[Verdict]) -> Vec<Mistake> {
    let mut wrong: Vec<&Verdict> =
        verdicts.iter().filter(|verdict| verdict.likeliest() != samples.label(verdict.frame)).collect();
    wrong.sort_by(|a, b| b.confidence().total_cmp(&a.confidence()));
    let mut shown: Vec<Mistake> = Vec::new();
    for verdict in wrong {
        let take = |verdict: &Verdict| samples.frames[verdict.frame].take;
        if shown.len() < SHOWN && shown.iter().all(|other| take(&other.0) != take(verdict)) {
            shown.push(Mistake(*verdict));
        }
    }
    shown
}
