//! A sign: one thing a face can do that is seen in several features at once.

use crate::{FEATURES, FeatureVector};

/// Standard normal scores of the population quantiles 2.5, 10, 25, 50, 75, 90 and 97.5 %.
///
/// Features are not normal (most blendshapes idle at 0.00 and reach 0.9); mapped through these knots they are, so
/// that "two standard deviations" means the same for each.
pub const KNOTS: [f32; 7] = [-1.96, -1.2816, -0.6745, 0.0, 0.6745, 1.2816, 1.96];
/// Beyond this many standard deviations more of the same says nothing new.
pub const FARTHEST: f32 = 3.5;
/// Quantiles nearer to each other than this count as this far apart.
pub const NARROWEST: f32 = 1e-6;

/// One feature's part in a sign.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Places in the feature vector whose mean is taken: one, or left and right.
    pub places: Vec<usize>,
    /// +1 where more of the feature is more of the sign, -1 where less is.
    pub weight: f32,
    /// Values of the feature at the population quantiles of [`KNOTS`], rising.
    pub quantiles: [f32; KNOTS.len()],
}

impl Part {
    /// Normal score of the feature among strangers.
    fn score(&self, values: &[f32; FEATURES]) -> f32 {
        let x = self.places.iter().map(|&place| values[place] / self.places.len() as f32).sum::<f32>();
        let q = &self.quantiles;
        let piece = q[1..q.len() - 1].iter().take_while(|&&knot| knot < x).count();
        let slope = (KNOTS[piece + 1] - KNOTS[piece]) / (q[piece + 1] - q[piece]).max(NARROWEST);
        (KNOTS[piece] + (x - q[piece]) * slope).clamp(-FARTHEST, FARTHEST)
    }
}

/// One thing a face can do, in population standard deviations from the population's mean.
#[derive(Debug, Clone)]
pub(super) struct Sign {
    name: String,
    parts: Vec<Part>,
    mean: f32,
    deviation: f32,
}

impl Sign {
    pub fn new(name: String, parts: Vec<Part>, mean: f32, deviation: f32) -> Self {
        Self { name, parts, mean, deviation }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub fn mean(&self) -> f32 {
        self.mean
    }

    pub fn deviation(&self) -> f32 {
        self.deviation
    }

    /// Sum of the parts before it is set against the population's mean and deviation.
    pub fn raw(&self, features: &FeatureVector) -> f32 {
        self.parts.iter().map(|part| part.weight * part.score(features.values())).sum()
    }

    pub fn score(&self, features: &FeatureVector) -> f32 {
        (self.raw(features) - self.mean) / self.deviation
    }
}
