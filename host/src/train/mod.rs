//! Training: from the features of takes to a classifier.
//!
//! 1. Frames are held out: whole takes where there are several of a rasa, else the end of each take.
//! 2. Discriminants of several shrinkages are made from the rest and from moved copies of it; the held-out frames
//!    choose one, its temperature, and the likelihood below which it says none.
//! 3. That one is made anew from all frames.

pub mod augment;
pub mod calibrate;
pub mod discriminant;
pub mod rivals;
pub mod rng;
pub mod samples;
pub mod split;

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use rasika_models::{FEATURES, Rasa, strangers};

use crate::package::graph::{Graph, What};
use calibrate::Judged;
use discriminant::{Discriminant, Moments};
use rivals::Rivals;
use samples::{Row, Samples};
use split::{Fold, Split};

/// Shrinkages that are tried, strongest first.
pub const SHRINKAGES: [f64; 6] = [0.5, 0.2, 0.1, 0.03, 0.01, 0.003];
/// Of a single take: learned from, and left out, before the held-out rest.
const WITHIN: Split = Split::Time { learned: 0.6, gap: 0.1 };
/// Normalised features and log-odds are cut off here, so that no strange value drowns the rest.
const MOST_DEVIATIONS: f32 = 8.0;
const MOST_LOG_ODDS: f32 = 20.0;

/// How one shrinkage did on the held-out frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// Which.
    pub shrinkage: f64,
    /// Share of held-out frames named rightly, every rasa counting alike.
    pub accuracy: f64,
    /// Mean surprise in nats after calibration.
    pub surprise: f64,
    /// The calibration.
    pub temperature: f32,
}

/// A trained classifier.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The lines through the features.
    pub discriminant: Discriminant,
    /// Of the log-odds.
    pub temperature: f32,
    /// Below this likelihood it says none.
    pub reject: f32,
    /// Beyond this strangeness it says none.
    pub strange: f32,
    /// Of a personal model: frames farther than this from all that was recorded are left to the default model.
    pub familiar: Option<f32>,
    /// Of a personal model: what the default model tells apart better.
    pub rivals: Option<Rivals>,
}

/// What a model grows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The takes alone: it knows the rasas that were recorded and no other.
    Nothing,
    /// The default model: that judges what is unlike all that was recorded.
    Default,
}

/// Trains on some frames. `tell` hears of every trial; once `stop` is set the best so far is taken.
///
/// # Errors
/// Fewer than two rasas, or too few frames.
pub fn train(
    samples: &Samples,
    frames: &[usize],
    base: Base,
    seed: u64,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(&Trial),
) -> Result<Trained> {
    let fold = held_out(samples, frames, seed);
    let about = samples.rows[*frames.first().context("there are no frames to learn from")?];
    let too_few = "at least two rasas with two frames each are needed; record more takes";
    let mut moments = Moments::new(&about);
    learn(&mut moments, samples, &fold.learned);
    let statistics = moments.statistics().context(too_few)?;
    let mut chosen: Option<(Trial, Vec<Judged>)> = None;
    for shrinkage in SHRINKAGES {
        if stop.load(Ordering::Acquire) && chosen.is_some() {
            break;
        }
        let Some(discriminant) = statistics.discriminant(shrinkage, false) else { continue };
        let judged: Vec<Judged> = fold
            .scored
            .iter()
            .map(|&frame| (discriminant.log_odds(&samples.rows[frame]), samples.label(frame)))
            .collect();
        let temperature = calibrate::temperature(&judged);
        let surprise = calibrate::surprise(&judged, temperature);
        let trial = Trial { shrinkage, accuracy: balanced_accuracy(&judged), surprise, temperature };
        tell(&trial);
        if chosen.as_ref().is_none_or(|(best, _)| surprise < best.surprise) {
            chosen = Some((trial, judged));
        }
    }
    let (best, judged) = chosen.context(too_few)?;
    let personal = base == Base::Default;
    let familiar = personal
        .then(|| statistics.discriminant(best.shrinkage, true).map(|made| familiar(&made, samples, &fold.scored)));
    let familiar = familiar.flatten();
    let rivals = personal.then(|| Rivals::of(samples, frames)).flatten();
    // What was held out, and what lay between, now teaches as well.
    let mut moments = Moments::new(&about);
    learn(&mut moments, samples, frames);
    let discriminant =
        moments.statistics().and_then(|all| all.discriminant(best.shrinkage, personal)).context(too_few)?;
    let mut strange: Vec<f32> = frames.iter().map(|&frame| strangers::strangeness(&samples.rows[frame])).collect();
    strange.sort_by(f32::total_cmp);
    let usual = strange[(strange.len() * 999 / 1000).min(strange.len() - 1)];
    Ok(Trained {
        discriminant,
        temperature: best.temperature,
        reject: calibrate::reject(&judged, best.temperature),
        strange: strangers::STRANGE.max(usual),
        familiar,
        rivals,
    })
}

/// Share of the held-out frames of a personal model that it must know again. The others are left to the default model:
/// the more it must know, the more it takes for its own that is not.
const KNOWN_AGAIN: usize = 60;

/// The distance within which held-out frames are known again.
fn familiar(discriminant: &Discriminant, samples: &Samples, held_out: &[usize]) -> f32 {
    let distance = |&frame: &usize| {
        let row = &samples.rows[frame];
        let likeliest = discriminant.log_odds(row).into_iter().fold(f32::NEG_INFINITY, f32::max);
        discriminant.distance(&discriminant.normal(row), likeliest)
    };
    let mut distances: Vec<f32> = held_out.iter().map(distance).collect();
    distances.sort_by(f32::total_cmp);
    distances.get(distances.len() * KNOWN_AGAIN / 100).copied().unwrap_or_default()
}

/// Frames that choose, and frames that teach until it is chosen.
fn held_out(samples: &Samples, frames: &[usize], seed: u64) -> Fold {
    let by_takes = Split::Takes.folds(samples, frames, seed).into_iter().next();
    let rasas = |frames: &[usize]| {
        let mut seen = [false; Rasa::COUNT];
        frames.iter().for_each(|&frame| seen[samples.label(frame).index()] = true);
        seen
    };
    match by_takes {
        // Only where every rasa has a take to spare; otherwise one that has none would never be judged.
        Some(fold) if rasas(&fold.scored) == rasas(frames) => fold,
        _ => WITHIN.folds(samples, frames, seed).swap_remove(0),
    }
}

/// Adds frames, and the moved copies of them.
fn learn(moments: &mut Moments, samples: &Samples, frames: &[usize]) {
    let mut taught = vec![false; samples.frames.len()];
    // A copy of a take teaches nothing new.
    frames.iter().for_each(|&frame| {
        let take = samples.frames[frame].take;
        taught[frame] = samples.groups[take] == take;
    });
    for rasa in Rasa::ALL {
        let real = (0..taught.len()).filter(|&frame| taught[frame] && samples.label(frame) == rasa);
        let rows: Vec<&Row> = real.map(|frame| &samples.rows[frame]).collect();
        let moved = samples.augmented.iter().filter(|(of, _)| taught[*of] && samples.label(*of) == rasa);
        if !rows.is_empty() {
            moments.add(rasa, rows.into_iter().chain(moved.map(|(_, row)| row)));
        }
    }
}

fn balanced_accuracy(judged: &[Judged]) -> f64 {
    let mut right = [(0.0, 0.0); Rasa::COUNT];
    for (logits, rasa) in judged {
        let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (hits, count) = &mut right[rasa.index()];
        *count += 1.0;
        *hits += f64::from(u8::from(logits[rasa.index()] >= most));
    }
    let recalls: Vec<f64> = right.iter().filter(|(_, count)| *count > 0.0).map(|(hits, count)| hits / count).collect();
    recalls.iter().sum::<f64>() / recalls.len().max(1) as f64
}

impl Discriminant {
    /// Features less their means over their deviations, cut off.
    pub fn normal(&self, row: &Row) -> Vec<f32> {
        let values = row.iter().zip(&self.mean).zip(&self.deviation);
        let bounded = values
            .map(|((value, mean), deviation)| ((value - mean) / deviation).clamp(-MOST_DEVIATIONS, MOST_DEVIATIONS));
        bounded.collect()
    }

    /// Log-odds of each rasa before calibration.
    pub fn log_odds(&self, row: &Row) -> [f32; Rasa::COUNT] {
        let normal = self.normal(row);
        std::array::from_fn(|index| match &self.weights[index] {
            Some(weights) => self.bias[index] + weights.iter().zip(&normal).map(|(w, v)| w * v).sum::<f32>(),
            None => f32::NEG_INFINITY,
        })
    }
}

impl Trained {
    /// The whole classifier as a graph: features in, nine probabilities out.
    pub fn graph(&self) -> Graph {
        let Self { discriminant, temperature, .. } = self;
        let mut graph = Graph::new("features", FEATURES);
        let normal = normalised(&mut graph, "normal", &discriminant.mean, &discriminant.deviation, MOST_DEVIATIONS);
        let mut weights = Vec::with_capacity(Rasa::COUNT * FEATURES);
        let mut bias = Vec::with_capacity(Rasa::COUNT);
        for (line, offset) in discriminant.weights.iter().zip(discriminant.bias) {
            match line {
                Some(line) => {
                    weights.extend(line.iter().map(|weight| weight / temperature));
                    bias.push(offset / temperature);
                }
                // A rasa that was never recorded is never named.
                None => {
                    weights.resize(weights.len() + FEATURES, 0.0);
                    bias.push(-2.0 * MOST_LOG_ODDS);
                }
            }
        }
        let logits = graph.layer("rasas", normal, weights, bias, false);
        let top = graph.row("rasas/most", vec![MOST_LOG_ODDS]);
        let logits = graph.with("rasas/bounded", What::Minimum, logits, top);
        let none = none(&mut graph, self.strange);
        let mut all = graph.join("all", logits, none);
        if let (Some(familiar), Some(whitening)) = (self.familiar, &discriminant.whitening) {
            let white = graph.layer("white", normal, whitening.clone(), vec![0.0; FEATURES], false);
            let squares = graph.with("white/squares", What::Multiply, white, white);
            let both = graph.join("white/and_normal", squares, normal);
            let (middle, middle_bias) = discriminant.middle();
            let sum = (0..FEATURES).map(|_| 0.5 / temperature).chain(middle.iter().map(|m| -m / temperature)).collect();
            let unknown = graph.layer("unknown", both, sum, vec![-(familiar + middle_bias) / temperature], false);
            // Bounded below where a rasa's own log-odds end, above where they can still be overruled.
            let least = graph.row("unknown/least", vec![-2.0 * MOST_LOG_ODDS]);
            let unknown = graph.with("unknown/bounded", What::Maximum, unknown, least);
            all = graph.join("all_and_unknown", all, unknown);
        }
        if let Some(rivals) = &self.rivals {
            let own = |graph: &mut Graph, rasa: Rasa| {
                let line = discriminant.weights[rasa.index()].as_ref()?;
                let weights = line.iter().map(|weight| weight / temperature).collect();
                let bias = vec![discriminant.bias[rasa.index()] / temperature];
                let odds = graph.layer(&format!("{rasa}/own"), normal, weights, bias, false);
                Some(graph.with(&format!("{rasa}/own_bounded"), What::Minimum, odds, top))
            };
            for rival in rivals.log_odds(&mut graph, own) {
                all = graph.join("all_and_rival", all, rival);
            }
        }
        let probabilities = graph.softmax("probabilities_and_none", all);
        graph.first("probabilities", probabilities, Rasa::COUNT);
        graph
    }
}

/// Log-odds that this is no face, for features of which `bound` is still as strange as a face may be.
pub fn none(graph: &mut Graph, bound: f32) -> usize {
    let [means, inverses, shares] = [0, 1, 2].map(|k| strangers::measures().map(|m| m[k]).collect::<Vec<f32>>());
    let deviations: Vec<f32> =
        inverses.iter().map(|inverse| if *inverse > 0.0 { 1.0 / inverse } else { 1.0 }).collect();
    let strange = normalised(graph, "strange", &means, &deviations, strangers::FARTHEST);
    let squares = graph.with("strange/squares", What::Multiply, strange, strange);
    let slope = shares.iter().map(|share| strangers::NONE_SLOPE * share / bound).collect();
    graph.layer("none", squares, slope, vec![strangers::NONE_START], false)
}

/// Features less their means over their deviations, cut off at `most`.
fn normalised(graph: &mut Graph, name: &str, mean: &[f32], deviation: &[f32], most: f32) -> usize {
    let mean = graph.row(&format!("{name}/mean"), mean.to_vec());
    let inverse = graph.row(&format!("{name}/scale"), deviation.iter().map(|deviation| 1.0 / deviation).collect());
    let bounds = [most, -most].map(|bound| graph.row(&format!("{name}/bound{bound}"), vec![bound]));
    let centred = graph.with(&format!("{name}/centred"), What::Subtract, 0, mean);
    let scaled = graph.with(&format!("{name}/scaled"), What::Multiply, centred, inverse);
    let capped = graph.with(&format!("{name}/capped"), What::Minimum, scaled, bounds[0]);
    graph.with(name, What::Maximum, capped, bounds[1])
}
