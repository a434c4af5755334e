//! How well a classifier does on what it was not trained on.

pub mod compare;
pub mod doubt;
pub mod drawing;
pub mod picture;
pub mod stream;
pub mod table;

use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result};
use rasika_models::package::{LabelScore, Model, Scores};
use rasika_models::{Classifier, FeatureVector, Rasa};

use crate::train::samples::Samples;
use crate::train::split::{Fold, Split};
use crate::train::{self, Base, Trained};

/// What was said of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Place in [`Samples::frames`].
    pub frame: usize,
    /// Of the nine.
    pub probabilities: [f32; Rasa::COUNT],
    /// Whether a rasa was named at all.
    pub named: bool,
}

impl Verdict {
    /// The likeliest rasa.
    pub fn likeliest(&self) -> Rasa {
        let pairs = Rasa::ALL.into_iter().zip(self.probabilities);
        pairs.reduce(|best, pair| if pair.1 > best.1 { pair } else { best }).map_or(Rasa::Shanta, |best| best.0)
    }

    /// How likely that is.
    pub fn confidence(&self) -> f32 {
        self.probabilities[self.likeliest().index()]
    }
}

/// Trains on one part of the frames and judges the other, for the first `rounds` folds of a split.
///
/// # Errors
/// The split leaves nothing to learn from or nothing to score.
pub fn cross(
    samples: &Samples,
    split: Split,
    base: Base,
    rounds: usize,
    seed: u64,
    stop: &AtomicBool,
) -> Result<Vec<Verdict>> {
    let frames: Vec<usize> = (0..samples.frames.len()).collect();
    let folds = split.folds(samples, &frames, seed);
    let mut verdicts = Vec::new();
    for fold in folds.iter().filter(|fold| !fold.scored.is_empty()).take(rounds) {
        verdicts.extend(learned_and_judged(samples, fold, base, seed, stop)?);
    }
    anyhow::ensure!(!verdicts.is_empty(), "{}", nothing(split));
    Ok(verdicts)
}

/// Trains on one part of a fold and judges the other.
///
/// # Errors
/// There is too little to learn from.
pub fn learned_and_judged(
    samples: &Samples,
    fold: &Fold,
    base: Base,
    seed: u64,
    stop: &AtomicBool,
) -> Result<Vec<Verdict>> {
    let default_model = Classifier::default_model();
    let trained = train::train(samples, &fold.learned, base, seed, stop, &mut |_| {})?;
    let graph = trained.graph();
    Ok(fold.scored.iter().map(|&frame| judge(&default_model, samples, &trained, &graph, frame)).collect())
}

fn nothing(split: Split) -> String {
    match split {
        Split::Takes => "no rasa has two takes, so none can be left out; record more, or split each in time with --split time:0.6:0.1".to_owned(),
        Split::People => "all takes are of one person; record another, or choose --split takes".to_owned(),
        Split::Boxes => "all takes are of one box; choose --split takes".to_owned(),
        Split::Time { .. } => format!("--split {split} leaves no frame to score; the takes are too short"),
    }
}

fn judge(
    default_model: &Classifier,
    samples: &Samples,
    trained: &Trained,
    graph: &crate::package::graph::Graph,
    frame: usize,
) -> Verdict {
    let output = graph.run(&samples.rows[frame]);
    let open = (1.0 - output.iter().sum::<f32>()).max(0.0);
    let default = trained.familiar.and_then(|_| FeatureVector::from_values(samples.rows[frame]));
    let default = default.map(|features| default_model.probabilities(&features)).unwrap_or_default();
    let probabilities: [f32; Rasa::COUNT] = std::array::from_fn(|index| output[index] + open * default[index]);
    let most = probabilities.iter().copied().fold(0.0, f32::max);
    let towards = FeatureVector::from_values(samples.rows[frame]).is_some_and(|features| features.is_towards_camera());
    Verdict { frame, probabilities, named: towards && most >= trained.reject }
}

/// Judges frames with a package's network as the box would run it.
///
/// # Errors
/// LiteRT failed.
pub fn with_model(samples: &Samples, frames: &[usize], model: &mut Model) -> Result<Vec<Verdict>> {
    let default = Classifier::default_model();
    let judge = |&frame: &usize| {
        let features = FeatureVector::from_values(samples.rows[frame]).context("a feature is not finite")?;
        let probabilities = model.completed(&features, &default.probabilities(&features))?;
        Ok(Verdict { frame, probabilities, named: model.named(&features, &probabilities).is_some() })
    };
    frames.iter().map(judge).collect()
}

/// Judges frames with the model that works before any training.
pub fn with_default(samples: &Samples, frames: &[usize]) -> Vec<Verdict> {
    let classifier = Classifier::default_model();
    let judge = |&frame: &usize| {
        let features = FeatureVector::from_values(samples.rows[frame])?;
        Some(Verdict { frame, probabilities: classifier.probabilities(&features), named: true })
    };
    frames.iter().filter_map(judge).collect()
}

/// Bins of the calibration error.
const BINS: usize = 10;

/// Adds up verdicts.
pub fn scores(samples: &Samples, verdicts: &[Verdict], split: &str) -> Scores {
    let mut confusion = [[0; Rasa::COUNT]; Rasa::COUNT];
    let mut bins = [(0.0, 0.0, 0.0); BINS];
    let (mut named, mut named_right) = (0, 0);
    for verdict in verdicts {
        let (label, likeliest) = (samples.label(verdict.frame), verdict.likeliest());
        confusion[label.index()][likeliest.index()] += 1;
        let (confidence, hit) = (f64::from(verdict.confidence()), f64::from(u8::from(label == likeliest)));
        let bin = &mut bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
        *bin = (bin.0 + 1.0, bin.1 + confidence, bin.2 + hit);
        named += usize::from(verdict.named);
        named_right += usize::from(verdict.named && label == likeliest);
    }
    let ratio = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
    let per_rasa: Vec<LabelScore> = Rasa::ALL
        .into_iter()
        .enumerate()
        .map(|(i, rasa)| {
            let frames = confusion[i].iter().sum();
            let so_named = confusion.iter().map(|row| row[i]).sum();
            let precision = if frames > 0 { ratio(confusion[i][i], so_named) } else { None };
            LabelScore { rasa, tested: frames > 0, frames, precision, recall: ratio(confusion[i][i], frames) }
        })
        .collect();
    let recalls: Vec<f64> = per_rasa.iter().filter_map(|score| score.recall).collect();
    let all = verdicts.len();
    Scores {
        split: split.to_owned(),
        frames: all,
        accuracy: ratio((0..Rasa::COUNT).map(|i| confusion[i][i]).sum(), all).unwrap_or_default(),
        balanced_accuracy: recalls.iter().sum::<f64>() / recalls.len().max(1) as f64,
        per_rasa,
        confusion,
        calibration_error: bins.iter().map(|(_, confidence, hits)| (confidence - hits).abs()).sum::<f64>()
            / all.max(1) as f64,
        refused: ratio(all - named, all).unwrap_or_default(),
        accuracy_of_named: ratio(named_right, named).unwrap_or_default(),
    }
}
