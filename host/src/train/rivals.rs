//! What a personal model leaves to the default model because that knows better: rasas that were never recorded.
//!
//! All features together tell a recorded performer's rasa from most else, but another rasa of the same performer may look
//! much like one that was recorded. The default model knows by declared knowledge what sets the two apart. How far it prefers
//! one of the rasas that were not recorded, it does so for frames of a recorded one as well, where it is wrong about the
//! performer; a frame for which it prefers one more than it ever did there is left to it.

use rasika_models::classifier::Formula;
use rasika_models::{Classifier, FEATURES, Rasa};

use super::samples::Samples;
use crate::package::default;
use crate::package::graph::{Graph, Id, What};

/// Frames of a rasa that are looked at, evenly over all.
const MOST_FRAMES: usize = 1000;
/// The preference that most frames of a recorded rasa stay below, in percent of them; chosen with [`super::KNOWN_AGAIN`] on performers
/// that are nobody and on the original project's recordings.
const USUAL: usize = 80;
/// And nearly all.
const FAR: usize = 95;
/// Log-odds by which a frame counts as another rasa, when the preference is as far beyond the usual as nearly all frames are from the
/// middle one.
const SLOPE: f32 = 2.0;
/// A preference that hardly moves in a recording is not blown up beyond this, in log-odds.
const LEAST_SPREAD: f32 = 0.5;

/// How far the default model may prefer a rasa that was not recorded.
#[derive(Debug, Clone)]
pub struct Rivals {
    formula: Formula,
    /// Of each rasa that was recorded: the preference that most of its frames stay below, and how far nearly all are from the middle one.
    usual: Vec<(Rasa, f32, f32)>,
}

impl Rivals {
    /// Of some frames, all of which show their label; `None` if all nine rasas are among them.
    pub fn of(samples: &Samples, frames: &[usize]) -> Option<Self> {
        let formula = Classifier::default_model().formula();
        let mut by_rasa: [Vec<usize>; Rasa::COUNT] = Default::default();
        frames.iter().for_each(|&frame| by_rasa[samples.label(frame).index()].push(frame));
        let recorded: Vec<Rasa> = Rasa::ALL.into_iter().filter(|rasa| !by_rasa[rasa.index()].is_empty()).collect();
        if recorded.len() == Rasa::COUNT {
            return None;
        }
        let usual = |&rasa: &Rasa| {
            let mut graph = Graph::new("features", FEATURES);
            let signs = default::signs(&mut graph, &formula);
            preference(&mut graph, &formula, signs, rasa, &recorded);
            let frames = &by_rasa[rasa.index()];
            let step = frames.len().div_ceil(MOST_FRAMES).max(1);
            let mut preferences: Vec<f32> =
                frames.iter().step_by(step).map(|&frame| graph.run(&samples.rows[frame])[0]).collect();
            preferences.sort_by(f32::total_cmp);
            let at = |percent: usize| preferences[(preferences.len() * percent / 100).min(preferences.len() - 1)];
            (rasa, at(USUAL), (at(FAR) - at(50)).max(LEAST_SPREAD))
        };
        let usual = recorded.iter().map(usual).collect();
        Some(Self { formula, usual })
    }

    /// For each recorded rasa with its log-odds, those of the rasas that were not recorded.
    pub fn log_odds(&self, graph: &mut Graph, mut own: impl FnMut(&mut Graph, Rasa) -> Option<Id>) -> Vec<Id> {
        let signs = default::signs(graph, &self.formula);
        let recorded: Vec<Rasa> = self.usual.iter().map(|(rasa, ..)| *rasa).collect();
        let rival = |&(rasa, usual, spread): &(Rasa, f32, f32)| {
            let own = own(graph, rasa)?;
            let preference = preference(graph, &self.formula, signs, rasa, &recorded);
            let usual = graph.row(&format!("{rasa}/usual"), vec![usual]);
            let slope = graph.row(&format!("{rasa}/slope"), vec![SLOPE / spread]);
            let beyond = graph.with(&format!("{rasa}/beyond"), What::Subtract, preference, usual);
            let beyond = graph.with(&format!("{rasa}/odds"), What::Multiply, beyond, slope);
            Some(graph.with(&format!("{rasa}/rival"), What::Add, own, beyond))
        };
        self.usual.iter().filter_map(rival).collect()
    }
}

/// Log-odds by which the default model prefers the likeliest of the rasas that were not recorded to `rasa`, by the face alone.
fn preference(graph: &mut Graph, formula: &Formula, signs: Id, rasa: Rasa, recorded: &[Rasa]) -> Id {
    let line = |rasa: Rasa| (&formula.weights[rasa.index()], formula.bias[rasa.index()]);
    let (own, own_bias) = line(rasa);
    let mut most = None;
    for other in Rasa::ALL.into_iter().filter(|other| !recorded.contains(other)) {
        let (weights, bias) = line(other);
        let apart = weights.iter().zip(own).map(|(other, own)| other - own).collect();
        let one = graph.layer(&format!("{rasa}/to_{other}"), signs, apart, vec![bias - own_bias], false);
        most = Some(match most {
            None => one,
            Some(before) => graph.with(&format!("{rasa}/or_{other}"), What::Maximum, before, one),
        });
    }
    // The callers know that some rasa was not recorded.
    most.unwrap_or(signs)
}
