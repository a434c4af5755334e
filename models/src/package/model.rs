//! A package's network, checked and running.

use super::{Card, DEFAULT, Package, PackageError};
use crate::runtime::Network;
use crate::{FEATURES, FeatureVector, Rasa};

/// How far an output may be from what the self-test says: XNNPACK adds up otherwise on every processor.
const SELF_TEST_ERROR: f32 = 1e-3;
/// Probabilities may add up to this.
const MOST_SUM: f32 = 1.001;

/// A classifier that runs.
pub struct Model {
    card: Card,
    network: Network,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("card", &self.card).finish_non_exhaustive()
    }
}

impl Model {
    /// Loads a package's network, checks its tensors, and runs the self-test.
    ///
    /// # Errors
    /// LiteRT cannot run it, its tensors have other shapes, or the self-test fails.
    pub fn load(package: &Package) -> Result<Self, PackageError> {
        let network = Network::from_bytes(
            "classifier.tflite",
            package.network.clone(),
            &[1, FEATURES as i32],
            &[&[1, Rasa::COUNT as i32]],
        )?;
        let mut model = Self { card: package.card.clone(), network };
        for (number, (input, expected)) in package.self_test.inputs.iter().zip(&package.self_test.outputs).enumerate() {
            let output = model.run(input)?;
            let wrong = output.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            let sum: f32 = output.iter().sum();
            if wrong.is_nan() || wrong > SELF_TEST_ERROR {
                return Err(PackageError::SelfTest(format!(
                    "vector {number} comes out {wrong:.4} from what it should be"
                )));
            }
            if !(output.iter().all(|p| *p >= 0.0) && sum <= MOST_SUM) {
                return Err(PackageError::SelfTest(format!(
                    "vector {number} gives no probabilities; end the network with a softmax"
                )));
            }
        }
        Ok(model)
    }

    /// What it says of itself.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The bare outputs of the network.
    ///
    /// # Errors
    /// LiteRT failed.
    pub fn probabilities(&mut self, features: &FeatureVector) -> Result<[f32; Rasa::COUNT], PackageError> {
        self.run(features.values())
    }

    /// The rasa it names, or none: no rasa is likely enough, or the head is turned away.
    #[must_use]
    pub fn named(&self, features: &FeatureVector, probabilities: &[f32; Rasa::COUNT]) -> Option<Rasa> {
        let seen = features.is_towards_camera();
        let best = Rasa::ALL.into_iter().zip(probabilities).max_by(|a, b| a.1.total_cmp(b.1));
        best.filter(|(_, likely)| seen && likely.is_finite() && **likely >= self.card.reject).map(|(rasa, _)| rasa)
    }

    /// Outputs of the network; what a model that was made from the default one leaves open is filled by `known`, the
    /// default model's probabilities. For other models that stays none.
    ///
    /// # Errors
    /// LiteRT failed.
    pub fn completed(
        &mut self,
        features: &FeatureVector,
        known: &[f32; Rasa::COUNT],
    ) -> Result<[f32; Rasa::COUNT], PackageError> {
        let own = self.probabilities(features)?;
        let open = if self.is_personal() { (1.0 - own.iter().sum::<f32>()).max(0.0) } else { 0.0 };
        Ok(std::array::from_fn(|index| own[index] + open * known[index]))
    }

    /// Whether it was made from the default model, and leaves to that what it does not know.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.card.trained_on.base.as_deref() == Some(DEFAULT)
    }

    fn run(&mut self, values: &[f32]) -> Result<[f32; Rasa::COUNT], PackageError> {
        self.network.run(|input| input.copy_from_slice(values))?;
        Ok(self.network.output(0, |output| std::array::from_fn(|index| output[index]))?)
    }
}
