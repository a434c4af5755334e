//! From features to nine probabilities: knowledge written as data, a small classifier made from it.
//!
//! Nothing here was trained on labelled faces. `knowledge/` declares which action units each rasa shows
//! (with sources), and what an action unit does to about fifteen *signs* of the face (brow height, eye opening, smile, …).
//! Each sign is scored against a population of strangers (so a channel that idles high or low does no harm),
//! and the rasas are told apart by a linear discriminant with the population's own correlations. See
//! `models/README.md` for how well it does and on whom it fails.

mod files;
mod formula;
mod knowledge;
mod population;
mod sign;

pub use files::KnowledgeError;
pub use formula::Formula;
pub use knowledge::{Knowledge, Sources};
pub use population::measure_population;

#[cfg(feature = "runtime")]
use crate::package::Model;
use crate::{FeatureVector, Rasa, strangers};
use sign::Sign;
#[cfg(feature = "runtime")]
use std::sync::{Arc, Mutex, PoisonError};

/// What the classifier reads in one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// How likely each rasa is, in class order. They sum to at most 1: what is missing is none of the nine, which is
    /// next to nothing for a face and next to all for what only passes for one. All are 0 where a trained model names
    /// none.
    pub probabilities: [f32; Rasa::COUNT],
    /// How strongly each rasa would be shown if it is that one: 0 at rest, 1 in full.
    pub strengths: [f32; Rasa::COUNT],
    /// Turn of the head in degrees, positive to the performer's own left.
    pub yaw_deg: f32,
    /// Nod of the head in degrees, positive up.
    pub pitch_deg: f32,
}

impl Reading {
    /// The most likely rasa.
    #[must_use]
    pub fn likeliest(&self) -> Rasa {
        Rasa::ALL
            .into_iter()
            .reduce(|best, rasa| if self.of(rasa) > self.of(best) { rasa } else { best })
            .unwrap_or(Rasa::Shanta)
    }

    /// Probability of a rasa.
    #[must_use]
    pub fn of(&self, rasa: Rasa) -> f32 {
        self.probabilities[rasa.index()]
    }
}

/// Tells rasas apart.
#[derive(Debug, Clone)]
pub struct Classifier {
    signs: Vec<Sign>,
    /// Sign scores of a resting face.
    rest: Vec<f32>,
    rasas: Vec<Discriminant>,
    /// A trained model, if one is to be asked instead; the knowledge then only tells what the model cannot.
    #[cfg(feature = "runtime")]
    trained: Option<Arc<Mutex<Model>>>,
}

/// One rasa's line through the signs.
#[derive(Debug, Clone)]
struct Discriminant {
    /// Log-odds for each unit of a sign away from rest.
    weights: Vec<f32>,
    /// Log-odds of a resting face.
    bias: f32,
    /// Value of `weights · signs` where the rasa is shown in full; `None` for the resting face itself.
    full: Option<f32>,
    /// Log-odds for what the hands do: place in the feature vector, and weight.
    hands: Vec<(usize, f32)>,
}

/// However much the hands do, they move the log-odds of a rasa by no more than this.
const MOST_HANDS: f32 = 1.5;
/// A resting face is Shanta's: its strength falls to 0 when the signs are this far from rest (root mean square).
const RESTLESS: f32 = 1.5;

impl Classifier {
    /// The model that works before any training, made from the knowledge inside the program.
    #[must_use]
    pub fn default_model() -> Self {
        // The built-in files are checked by `the_built_in_knowledge_is_valid` in tests/rasa_knowledge.rs.
        Self::new(&Knowledge::built_in().expect("the built-in knowledge is tested"))
    }

    /// A classifier from declared knowledge.
    #[must_use]
    pub fn new(knowledge: &Knowledge) -> Self {
        knowledge.classifier()
    }

    /// A classifier that asks a trained model. Copies of it share the one network.
    #[cfg(feature = "runtime")]
    #[must_use]
    pub fn trained(model: Model) -> Self {
        Self { trained: Some(Arc::new(Mutex::new(model))), ..Self::default_model() }
    }

    /// How likely each rasa is, in class order; see [`Reading::probabilities`].
    #[must_use]
    pub fn probabilities(&self, features: &FeatureVector) -> [f32; Rasa::COUNT] {
        self.read(features).probabilities
    }

    /// Everything the smoother needs of one frame.
    #[must_use]
    pub fn read(&self, features: &FeatureVector) -> Reading {
        let scores: Vec<f32> =
            self.signs.iter().zip(&self.rest).map(|(sign, rest)| sign.score(features) - rest).collect();
        let unrest = (scores.iter().map(|s| s * s).sum::<f32>() / scores.len().max(1) as f32).sqrt();
        let mut logits = [0.0; Rasa::COUNT];
        let mut strengths = [0.0; Rasa::COUNT];
        for ((logit, strength), rasa) in logits.iter_mut().zip(&mut strengths).zip(&self.rasas) {
            let face: f32 = rasa.weights.iter().zip(&scores).map(|(w, s)| w * s).sum();
            let hands: f32 = rasa.hands.iter().map(|&(place, weight)| weight * features.values()[place]).sum();
            *logit = rasa.bias + face + hands.clamp(-MOST_HANDS, MOST_HANDS);
            *strength = rasa.full.map_or(1.0 - unrest / RESTLESS, |full| face / full).clamp(0.0, 1.0);
        }
        let known = Reading {
            probabilities: softmax(
                logits,
                strangers::none(strangers::strangeness(features.values()), strangers::STRANGE),
            ),
            strengths,
            yaw_deg: features.yaw_deg(),
            pitch_deg: features.pitch_deg(),
        };
        #[cfg(feature = "runtime")]
        if let Some(model) = &self.trained {
            return ask(&mut model.lock().unwrap_or_else(PoisonError::into_inner), features, known);
        }
        known
    }

    /// Names and scores of the signs of a face, in population standard deviations: for people who want to see why.
    #[must_use]
    pub fn signs(&self, features: &FeatureVector) -> Vec<(&str, f32)> {
        self.signs.iter().map(|sign| (sign.name(), sign.score(features))).collect()
    }
}

/// What a trained model reads; what it cannot tell is as `known`.
#[cfg(feature = "runtime")]
fn ask(model: &mut Model, features: &FeatureVector, known: Reading) -> Reading {
    let strength = model.card().strength.as_ref();
    let strengths = strength.map_or(known.strengths, |strength| strength.of(features, &known.strengths));
    // A network that passed its self-test and fails now is a machine in trouble; the music rests rather than guesses.
    let probabilities = model.completed(features, &known.probabilities).ok();
    let probabilities = probabilities.filter(|probabilities| model.named(features, probabilities).is_some());
    Reading { probabilities: probabilities.unwrap_or_default(), strengths, ..known }
}

/// Probabilities of log-odds; those of `none` take their share.
fn softmax(logits: [f32; Rasa::COUNT], none: f32) -> [f32; Rasa::COUNT] {
    let top = logits.into_iter().fold(none, f32::max);
    let parts = logits.map(|logit| (logit - top).exp());
    let sum = (none - top).exp() + parts.iter().sum::<f32>();
    parts.map(|part| part / sum)
}
