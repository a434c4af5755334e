//! Takes whose label is doubtful: models that never saw them call them something else.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use rasika_models::Rasa;
use rasika_models::package::Scores;

use super::Verdict;
use crate::train::Base;
use crate::train::samples::Samples;
use crate::train::split::{Fold, Split};

/// A take that models call otherwise than its label.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    /// Place in [`Samples::takes`].
    pub take: usize,
    /// What it is called instead.
    pub called: Rasa,
    /// Share of its frames that are called so, and of those that are called as its label says.
    pub so_called: f64,
    pub as_labelled: f64,
    /// The frame that is most surely called so: place in [`Samples::frames`].
    pub frame: usize,
}

/// A label is doubted only if more than this share of the frames is called one other rasa.
const DOUBTED: f64 = 0.5;

/// Of several doubtful takes, so many are tried as the one that spoils the others.
const TRIED: usize = 4;
/// At most so many takes are set aside: a dataset with more wrong labels wants to be looked through.
const MOST_SET_ASIDE: usize = 12;

/// Doubtful takes, most doubtful first; empty as well where no rasa has two takes.
///
/// A wrong label makes models doubt the right takes that look like it. So of all doubtful takes that one is set aside without
/// which the fewest of the others are doubted, until no take is; those set aside are then judged by a model of all the others.
///
/// # Errors
/// There is too little to learn from.
pub fn doubts(samples: &Samples, base: Base, seed: u64, stop: &AtomicBool) -> Result<Vec<Doubt>> {
    let mut aside: Vec<usize> = Vec::new();
    let mut open = doubted(samples, &aside, base, seed, stop)?;
    while !open.is_empty() && aside.len() < MOST_SET_ASIDE && !stop.load(Ordering::Acquire) {
        let mut best: Option<(usize, Vec<Doubt>)> = None;
        for candidate in open.iter().take(TRIED) {
            let without: Vec<usize> = aside.iter().copied().chain([candidate.take]).collect();
            let left = doubted(samples, &without, base, seed, stop)?;
            if best.as_ref().is_none_or(|(_, fewest)| left.len() < fewest.len()) {
                best = Some((candidate.take, left));
            }
        }
        let Some((take, left)) = best else { break };
        aside.push(take);
        open = left;
    }
    let (scored, learned) = (0..samples.frames.len()).partition(|&frame| is_aside(samples, &aside, frame));
    let fold = Fold { learned, scored };
    if fold.scored.is_empty() {
        return Ok(open);
    }
    let verdicts = super::learned_and_judged(samples, &fold, base, seed, stop)?;
    Ok(by_doubt(samples, &verdicts).into_iter().chain(open).collect())
}

/// Copies are set aside with what they are copies of.
fn is_aside(samples: &Samples, aside: &[usize], frame: usize) -> bool {
    let group = |take: usize| samples.groups[take];
    aside.iter().any(|&take| group(take) == group(samples.frames[frame].take))
}

/// Takes that are doubted when some are set aside.
fn doubted(samples: &Samples, aside: &[usize], base: Base, seed: u64, stop: &AtomicBool) -> Result<Vec<Doubt>> {
    let frames: Vec<usize> = (0..samples.frames.len()).filter(|&frame| !is_aside(samples, aside, frame)).collect();
    let mut verdicts = Vec::new();
    for fold in Split::Takes.folds(samples, &frames, seed).iter().filter(|fold| !fold.scored.is_empty()) {
        verdicts.extend(super::learned_and_judged(samples, fold, base, seed, stop)?);
    }
    Ok(by_doubt(samples, &verdicts))
}

fn by_doubt(samples: &Samples, verdicts: &[Verdict]) -> Vec<Doubt> {
    let mut by_take: Vec<Vec<&Verdict>> = vec![Vec::new(); samples.takes.len()];
    verdicts.iter().for_each(|verdict| by_take[samples.frames[verdict.frame].take].push(verdict));
    let mut doubts: Vec<Doubt> = by_take.iter().enumerate().filter_map(|(take, of)| doubt(samples, take, of)).collect();
    doubts.sort_by(|a, b| b.so_called.total_cmp(&a.so_called).then(a.take.cmp(&b.take)));
    doubts
}

fn doubt(samples: &Samples, take: usize, verdicts: &[&Verdict]) -> Option<Doubt> {
    let label = samples.takes[take].label;
    let mut counts = [0_usize; Rasa::COUNT];
    verdicts.iter().for_each(|verdict| counts[verdict.likeliest().index()] += 1);
    let share = |rasa: Rasa| counts[rasa.index()] as f64 / verdicts.len() as f64;
    let called = Rasa::ALL.into_iter().filter(|rasa| *rasa != label).max_by_key(|rasa| counts[rasa.index()])?;
    let surest = verdicts
        .iter()
        .filter(|verdict| verdict.likeliest() == called)
        .max_by(|a, b| a.confidence().total_cmp(&b.confidence()))?;
    let (so_called, as_labelled) = (share(called), share(label));
    (so_called > DOUBTED).then_some(Doubt { take, called, so_called, as_labelled, frame: surest.frame })
}

/// Of a rasa, below this recall, another take is worth recording.
const WEAK: f64 = 0.8;
/// Advice that is given at once; more is not read.
const MOST_ADVICE: usize = 3;

/// What to record next, most useful first.
pub fn advice(samples: &Samples, scores: Option<&Scores>) -> Vec<String> {
    let takes = samples.takes_of();
    let (mut none, mut single, mut weak) = (Vec::new(), Vec::new(), Vec::new());
    for rasa in Rasa::ALL {
        let recall = scores.and_then(|scores| scores.per_rasa[rasa.index()].recall);
        match (takes[rasa.index()], recall) {
            (0, _) => none.push(format!("record {rasa}: there is no take of it")),
            (1, _) => single.push(format!("record {rasa} a second time, another day: one take cannot be tested")),
            (_, Some(recall)) if recall < WEAK => {
                let row = scores.map(|scores| scores.confusion[rasa.index()]).unwrap_or_default();
                let other = Rasa::ALL.into_iter().filter(|other| *other != rasa).max_by_key(|other| row[other.index()]);
                let other = other.map_or(String::new(), |other| format!(", most often it is called {other}"));
                weak.push((
                    recall,
                    format!("record {rasa} again, shown more clearly: {:.0} % of it is found{other}", 100.0 * recall),
                ));
            }
            _ => {}
        }
    }
    weak.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut all: Vec<String> = none.into_iter().chain(single).chain(weak.into_iter().map(|(_, line)| line)).collect();
    all.truncate(MOST_ADVICE);
    if all.is_empty() {
        all.push("nothing is missing; takes of another day, light or distance make the model steadier".to_owned());
    }
    all
}
