//! From a trained classifier to a package that was run before it is handed on.

use anyhow::{Context as _, Result};
use rasika_models::package::{self, Card, Compared, Model, Package, Scores, SelfTest, Strength, TrainedOn};
use rasika_models::{FEATURES, FEATURES_VERSION, FeatureVector, Rasa, strangers};

use super::graph::Graph;
use super::tflite;
use crate::train::Trained;
use crate::train::rng::Rng;
use crate::train::samples::Samples;

/// How far LiteRT's outputs may be from those of the training.
const MOST_DIFFERENCE: f32 = 1e-4;
/// Frames of the recordings on which that is checked.
const CHECKED: usize = 200;

/// A package of what was trained on all of `samples`.
///
/// # Errors
/// LiteRT cannot run it, or runs it otherwise than the training.
pub fn package(
    samples: &Samples,
    trained: &Trained,
    (scores, compared): (Option<Scores>, Vec<Compared>),
    name: &str,
    seed: u64,
) -> Result<Package> {
    let graph = trained.graph();
    let card = Card {
        format: package::FORMAT,
        name: name.to_owned(),
        made_by: concat!("rasika ", env!("CARGO_PKG_VERSION")).to_owned(),
        labels: package::labels(),
        features_version: FEATURES_VERSION,
        features: FEATURES,
        trained_on: TrainedOn {
            base: trained.familiar.map(|_| package::DEFAULT.to_owned()),
            ..trained_on(samples, seed)
        },
        scores,
        compared,
        temperature: trained.temperature,
        reject: trained.reject,
        strength: Some(strength(trained)),
    };
    let package = Package { card, self_test: self_test(trained, &graph, seed), network: tflite::write(&graph) };
    let difference = difference(samples, &graph, &package)?;
    anyhow::ensure!(
        difference <= MOST_DIFFERENCE,
        "LiteRT's outputs are {difference:.6} from those of the training, more than {MOST_DIFFERENCE}; please report this"
    );
    Ok(package)
}

/// The largest distance of LiteRT's outputs from the graph's on some frames.
pub fn difference(samples: &Samples, graph: &Graph, package: &Package) -> Result<f32> {
    let mut model = Model::load(package)?;
    let step = samples.rows.len().div_ceil(CHECKED).max(1);
    let mut most = 0.0_f32;
    for row in samples.rows.iter().step_by(step) {
        let features = FeatureVector::from_values(*row).context("a feature is not finite")?;
        let outputs = model.probabilities(&features)?;
        let apart = outputs.iter().zip(graph.run(row)).map(|(a, b)| (a - b).abs());
        most = apart.fold(most, f32::max);
    }
    Ok(most)
}

fn trained_on(samples: &Samples, seed: u64) -> TrainedOn {
    let mut on = TrainedOn { takes: samples.takes_of(), seed, ..TrainedOn::default() };
    (0..samples.frames.len()).for_each(|frame| on.frames[samples.label(frame).index()] += 1);
    on.recordings = samples.recordings();
    on.performers = samples.takes.iter().map(|take| take.performer.clone()).filter(|name| !name.is_empty()).collect();
    on.boxes = samples.takes.iter().map(|take| take.box_id.clone()).collect();
    for names in [&mut on.recordings, &mut on.performers, &mut on.boxes] {
        names.sort();
        names.dedup();
    }
    on
}

/// Rest is the middle of Shanta, or without that the middle of all; a rasa is shown in full in its own middle.
fn strength(trained: &Trained) -> Strength {
    let lines = &trained.discriminant;
    let place = |centre: &[f32]| -> Vec<f32> {
        let places = centre.iter().zip(&lines.mean).zip(&lines.deviation);
        places.map(|((value, mean), deviation)| mean + value * deviation).collect()
    };
    let shanta = lines.centres[Rasa::Shanta.index()].as_deref();
    let full = Rasa::ALL.map(|rasa| {
        let centre = lines.centres[rasa.index()].as_deref().filter(|_| rasa != Rasa::Shanta);
        centre.map(place)
    });
    Strength {
        unit: lines.deviation.clone(),
        rest: shanta.map_or_else(|| lines.mean.clone(), place),
        full: full.to_vec(),
    }
}

/// Vectors around the middles of the rasas, which are nobody's face, and some that are no face at all.
fn self_test(trained: &Trained, graph: &Graph, seed: u64) -> SelfTest {
    let mut rng = Rng::new(seed);
    let lines = &trained.discriminant;
    let mut inputs: Vec<Vec<f32>> = vec![vec![0.0; FEATURES], strangers::measures().map(|[mean, ..]| mean).collect()];
    for centre in lines.centres.iter().flatten() {
        for shake in [0.0, 0.3] {
            let values = centre.iter().zip(&lines.mean).zip(&lines.deviation);
            let shaken = values.map(|((value, mean), deviation)| mean + (value + shake * rng.normal()) * deviation);
            inputs.push(shaken.collect());
        }
    }
    let outputs = inputs.iter().map(|input| {
        let output = graph.run(input);
        std::array::from_fn(|index| output[index])
    });
    SelfTest { outputs: outputs.collect(), inputs }
}
