//! The model that works before any training, as a package like any other: its declared knowledge as a network.

use anyhow::Result;
use rasika_models::classifier::Formula;
use rasika_models::package::{self, Card, Package, SelfTest, TrainedOn};
use rasika_models::{Classifier, FEATURES, FEATURES_VERSION, Rasa, strangers};

use super::graph::{Graph, Id, What};
use super::tflite;
use crate::train::{self, rng::Rng};

/// Faces of the self-test.
const VECTORS: usize = 24;

/// The default model as a package; the same on every machine.
///
/// # Errors
/// LiteRT runs it otherwise than the program's own default model.
pub fn package() -> Result<Package> {
    let classifier = Classifier::default_model();
    let graph = graph(&classifier.formula());
    let card = Card {
        format: package::FORMAT,
        name: "default".to_owned(),
        made_by: concat!("rasika ", env!("CARGO_PKG_VERSION")).to_owned(),
        labels: package::labels(),
        features_version: FEATURES_VERSION,
        features: FEATURES,
        trained_on: TrainedOn::default(),
        // Nobody's takes were scored here; models/README.md tells how it was measured.
        scores: None,
        compared: Vec::new(),
        temperature: 1.0,
        // It says what is likeliest, and the smoother what is likely enough.
        reject: 0.0,
        strength: None,
    };
    let mut rng = Rng::new(1);
    let inputs: Vec<Vec<f32>> = (0..VECTORS).map(|_| stranger(&mut rng)).chain([vec![0.0; FEATURES]]).collect();
    let outputs = inputs.iter().map(|input| {
        let output = graph.run(input);
        std::array::from_fn(|index| output[index])
    });
    let self_test = SelfTest { outputs: outputs.collect(), inputs };
    let package = Package { card, self_test, network: tflite::write(&graph) };
    package::Model::load(&package)?;
    Ok(package)
}

/// Features of a face that nobody has.
pub fn stranger(rng: &mut Rng) -> Vec<f32> {
    let around = |[mean, inverse, _]: [f32; 3]| if inverse > 0.0 { mean + rng.normal() / inverse } else { mean };
    strangers::measures().map(around).collect()
}

/// The formula as a graph.
pub fn graph(formula: &Formula) -> Graph {
    let mut graph = Graph::new("features", FEATURES);
    let signs = signs(&mut graph, formula);
    let face = graph.layer("face", signs, formula.weights.concat(), formula.bias.to_vec(), false);
    let mut hands = vec![0.0; Rasa::COUNT * FEATURES];
    for (row, weights) in hands.chunks_exact_mut(FEATURES).zip(&formula.hands) {
        weights.iter().for_each(|&(place, weight)| row[place] += weight);
    }
    let mut hands = graph.layer("hands/open", 0, hands, vec![0.0; Rasa::COUNT], false);
    let [most, least] = [formula.most_hands, -formula.most_hands].map(|bound| graph.row("hands/bound", vec![bound]));
    hands = graph.with("hands/capped", What::Minimum, hands, most);
    hands = graph.with("hands", What::Maximum, hands, least);
    let rasas = graph.with("rasas", What::Add, face, hands);
    let none = train::none(&mut graph, strangers::STRANGE);
    let all = graph.join("all", rasas, none);
    let probabilities = graph.softmax("probabilities_and_none", all);
    graph.first("probabilities", probabilities, Rasa::COUNT);
    graph
}

/// The signs of a face, of features as the input.
pub fn signs(graph: &mut Graph, formula: &Formula) -> Id {
    let parts = formula.places.len();
    let mut means = vec![0.0; parts * FEATURES];
    for (row, places) in means.chunks_exact_mut(FEATURES).zip(&formula.places) {
        places.iter().for_each(|&place| row[place] = 1.0 / places.len() as f32);
    }
    let means = graph.layer("parts", 0, means, vec![0.0; parts], false);
    // Each piece rises from 0 to its height within its own width and stays there, so that steep ones do not have to cancel
    // each other; the first goes on below and the last above.
    let scores = formula.scores;
    let pieces = scores.len() - 1;
    let zero = graph.row("zero", vec![0.0]);
    let mut risen = None;
    for piece in 0..pieces {
        let height = scores[piece + 1] - scores[piece];
        let slope = |knots: &[f32; 7]| height / (knots[piece + 1] - knots[piece]).max(formula.narrowest);
        let from = graph.row(&format!("piece{piece}/from"), formula.knots.iter().map(|knots| knots[piece]).collect());
        let slopes = graph.row(&format!("piece{piece}/slope"), formula.knots.iter().map(slope).collect());
        let mut rise = graph.with(&format!("piece{piece}/way"), What::Subtract, means, from);
        rise = graph.with(&format!("piece{piece}/rise"), What::Multiply, rise, slopes);
        if piece > 0 {
            rise = graph.with(&format!("piece{piece}/begun"), What::Maximum, rise, zero);
        }
        if piece + 1 < pieces {
            let height = graph.row(&format!("piece{piece}/height"), vec![height]);
            rise = graph.with(&format!("piece{piece}/ended"), What::Minimum, rise, height);
        }
        risen = Some(match risen {
            None => rise,
            Some(before) => graph.with(&format!("piece{piece}/sum"), What::Add, before, rise),
        });
    }
    let start = graph.row("scores/start", vec![scores[0]]);
    let [most, least] = [formula.farthest, -formula.farthest].map(|bound| graph.row("scores/bound", vec![bound]));
    let mut scores = graph.with("scores/open", What::Add, risen.unwrap_or(means), start);
    scores = graph.with("scores/capped", What::Minimum, scores, most);
    scores = graph.with("scores", What::Maximum, scores, least);
    graph.layer("signs", scores, formula.sign_weights.concat(), formula.sign_bias.clone(), false)
}
