//! The default model as bare numbers, for whoever writes it down in another form.

use super::sign::{FARTHEST, KNOTS, Sign};
use super::{Classifier, MOST_HANDS};
use crate::Rasa;

/// What the default model computes:
///
/// 1. The mean of each part's features is mapped to a normal score: piecewise linear through `(knots[i], scores[i])`, the first
///    and the last piece going on as they end, cut off at ±`farthest`.
/// 2. Signs are `sign_weights · parts + sign_bias`.
/// 3. Log-odds of a rasa are `bias + weights · signs`, and what the hands add, cut off at ±`most_hands`.
/// 4. Those of none are [`crate::strangers::none`]; the ten become probabilities by softmax.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    /// Places in the feature vector of each part: one, or left and right.
    pub places: Vec<Vec<usize>>,
    /// Values of each part at the population's quantiles, never falling. A step that is narrower than `narrowest` is taken as that wide.
    pub knots: Vec<[f32; KNOTS.len()]>,
    /// Normal scores of those quantiles.
    pub scores: [f32; KNOTS.len()],
    /// See `knots`.
    pub narrowest: f32,
    /// Bound of a part's score.
    pub farthest: f32,
    /// By sign, a weight for each part.
    pub sign_weights: Vec<Vec<f32>>,
    /// By sign.
    pub sign_bias: Vec<f32>,
    /// By rasa, a weight for each sign.
    pub weights: Vec<Vec<f32>>,
    /// By rasa.
    pub bias: [f32; Rasa::COUNT],
    /// By rasa: place in the feature vector, and weight.
    pub hands: Vec<Vec<(usize, f32)>>,
    /// Bound of what the hands add.
    pub most_hands: f32,
}

impl Classifier {
    /// What this classifier computes if no trained model is asked.
    #[must_use]
    pub fn formula(&self) -> Formula {
        let parts = || self.signs.iter().flat_map(Sign::parts);
        let count = parts().count();
        let mut first = 0;
        let sign_weights = self.signs.iter().map(|sign| {
            let mut row = vec![0.0; count];
            for (to, part) in row[first..].iter_mut().zip(sign.parts()) {
                *to = part.weight / sign.deviation();
            }
            first += sign.parts().len();
            row
        });
        Formula {
            sign_weights: sign_weights.collect(),
            places: parts().map(|part| part.places.clone()).collect(),
            knots: parts().map(|part| part.quantiles).collect(),
            scores: KNOTS,
            narrowest: super::sign::NARROWEST,
            farthest: FARTHEST,
            sign_bias: self
                .signs
                .iter()
                .zip(&self.rest)
                .map(|(sign, rest)| -sign.mean() / sign.deviation() - rest)
                .collect(),
            weights: self.rasas.iter().map(|rasa| rasa.weights.clone()).collect(),
            bias: std::array::from_fn(|index| self.rasas[index].bias),
            hands: self.rasas.iter().map(|rasa| rasa.hands.clone()).collect(),
            most_hands: MOST_HANDS,
        }
    }
}
