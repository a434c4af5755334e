//! `rasika label`: which takes may be labelled wrong, and what to record next.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use anyhow::{Context as _, Result};
use clap::Args;
use rasika_models::{Rasa, plain};
use serde_json::{Value, json};

use super::takes::{self, Takes};
use crate::dataset::Dataset;
use crate::eval::doubt::{self, Doubt};
use crate::eval::{self, drawing};
use crate::train::samples::Samples;
use crate::train::split::Split;
use crate::{say, say_lines};

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Label {
    #[command(flatten)]
    takes: Takes,

    /// Draw the surest frame of each doubtful take from its landmarks, as pictures in this folder; the camera's own picture
    /// lies beside it where the box kept some
    #[arg(long, value_name = "DIR")]
    drawings: Option<PathBuf>,

    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Label {
    /// Reads, judges each take by models that never saw it, and tells.
    pub fn run(self) -> Result<()> {
        let stop = takes::interruption()?;
        let dataset = self.takes.open()?;
        let samples = self.takes.read(&*dataset, true, &stop)?;
        let base = takes::base(self.takes.from, &samples);
        // Where no rasa has two takes there is nothing to doubt with, and still advice.
        let several = samples.takes_of().into_iter().any(|takes| takes > 1);
        let verdicts = if several {
            eval::cross(&samples, Split::Takes, base, usize::MAX, self.takes.seed, &stop)?
        } else {
            Vec::new()
        };
        let doubts = doubt::doubts(&samples, base, self.takes.seed, &stop)?;
        anyhow::ensure!(!stop.load(Ordering::Acquire), "stopped; the takes were not judged to the end");
        let scores = several.then(|| eval::scores(&samples, &verdicts, &Split::Takes.to_string()));
        let advice = doubt::advice(&samples, scores.as_ref());
        if let Some(folder) = &self.drawings {
            draw(&*dataset, &samples, &doubts, folder)?;
        }
        if self.json {
            let all = json!({
                "takes": by_rasa(samples.takes_of()),
                "frames": by_rasa(frames_of(&samples)),
                "doubtful": doubts.iter().map(|doubt| figures(&samples, doubt)).collect::<Vec<_>>(),
                "advice": advice,
                "remarks": takes::oddities(&samples),
            });
            return Ok(say_lines(&serde_json::to_string_pretty(&all)?)?);
        }
        let lines = Rasa::ALL.into_iter().zip(samples.takes_of().into_iter().zip(frames_of(&samples)));
        say(&format!("{:<11}{:>6}{:>8}", "", "takes", "frames"))?;
        lines
            .into_iter()
            .try_for_each(|(rasa, (takes, frames))| say(&format!("{:<11}{takes:>6}{frames:>8}", rasa.name())))?;
        say("")?;
        takes::oddities(&samples).iter().filter(|line| line.contains("copy")).try_for_each(|line| say(line))?;
        for doubt in &doubts {
            say_lines(&words(&samples, doubt))?;
        }
        match (several, doubts.len()) {
            (false, _) => say("no label can be doubted yet: that needs two takes of a rasa at least")?,
            (true, 0) => say("no label is doubtful")?,
            (true, _) => say("if you changed your mind: `rasika takes undo`")?,
        }
        advice.iter().try_for_each(|line| say(&format!("next: {line}")))?;
        Ok(())
    }
}

fn frames_of(samples: &Samples) -> [usize; Rasa::COUNT] {
    let mut frames = [0; Rasa::COUNT];
    (0..samples.frames.len()).for_each(|frame| frames[samples.label(frame).index()] += 1);
    frames
}

fn by_rasa(counts: [usize; Rasa::COUNT]) -> Value {
    Rasa::ALL.into_iter().zip(counts).map(|(rasa, count)| (rasa.name().to_owned(), json!(count))).collect()
}

/// A doubtful take, and the two commands that would settle it.
fn words(samples: &Samples, doubt: &Doubt) -> String {
    let take = &samples.takes[doubt.take];
    let id = plain::line(&take.id);
    format!(
        "doubtful: {} is labelled {}, models that never saw it call {:.0} % of it {} and {:.0} % {}\n  \
         rasika takes relabel {} {}    or    rasika takes drop {}",
        id,
        take.label,
        100.0 * doubt.so_called,
        doubt.called,
        100.0 * doubt.as_labelled,
        take.label,
        id,
        doubt.called.name(),
        id
    )
}

fn figures(samples: &Samples, doubt: &Doubt) -> Value {
    let take = &samples.takes[doubt.take];
    json!({ "take": take.id, "label": take.label, "called": doubt.called, "share_so_called": doubt.so_called,
        "share_as_labelled": doubt.as_labelled, "observation": samples.frames[doubt.frame].number })
}

fn draw(dataset: &dyn Dataset, samples: &Samples, doubts: &[Doubt], folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for (number, doubt) in doubts.iter().enumerate() {
        let (take, frame) = (&samples.takes[doubt.take], samples.frames[doubt.frame]);
        let observation = dataset.observations(take)?.nth(frame.number).context("the take has become shorter")??;
        let name = format!("{}-{}-or-{}.png", number + 1, take.label, doubt.called);
        let caption = format!("{} observation {}: {} or {}", take.id, frame.number, take.label, doubt.called);
        drawing::write_with_picture(dataset, take, &observation, &caption, &folder.join(name))?;
    }
    Ok(())
}
