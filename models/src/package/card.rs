//! What a package says of itself, and how it proves that it still is itself.

use serde::{Deserialize, Serialize};

use super::{FORMAT, MOST_VECTORS, PackageError, labels};
use crate::{FEATURES, FEATURES_VERSION, FeatureVector, Rasa};

/// `model.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// [`FORMAT`].
    pub format: u32,
    /// What people call it.
    pub name: String,
    /// Program that made it.
    pub made_by: String,
    /// The nine rasas in class order.
    pub labels: Vec<String>,
    /// [`FEATURES_VERSION`] of its input.
    pub features_version: u32,
    /// Length of its input.
    pub features: usize,
    /// What it was trained on, as far as its maker tells.
    #[serde(default)]
    pub trained_on: TrainedOn,
    /// How well it does on takes that it was not trained on; `None` where nobody could measure.
    #[serde(default)]
    pub scores: Option<Scores>,
    /// Other models on the very frames of `scores`, so that a worse model need not be pushed by accident.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compared: Vec<Compared>,
    /// What log-odds were divided by, so that probabilities are as often right as they say.
    #[serde(default = "one")]
    pub temperature: f32,
    /// If no rasa is at least this likely, the model says none.
    pub reject: f32,
    /// How strongly each rasa is shown; without it the built-in knowledge judges that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<Strength>,
}

fn one() -> f32 {
    1.0
}

/// What a model was trained on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TrainedOn {
    /// The model that it was made from, if not from nothing.
    #[serde(default)]
    pub base: Option<String>,
    /// Different recordings of each rasa, in class order.
    pub takes: [usize; Rasa::COUNT],
    /// Frames of each rasa, in class order.
    pub frames: [usize; Rasa::COUNT],
    /// What each take holds, as a hash, so that nobody scores the model on them.
    #[serde(default)]
    pub recordings: Vec<String>,
    /// Names of the performers.
    pub performers: Vec<String>,
    /// Boxes that recorded.
    pub boxes: Vec<String>,
    /// Chance was drawn from this.
    pub seed: u64,
}

/// How well a model does on what it was not trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// How frames were kept apart, as `takes` or `time:0.6:0.1`.
    pub split: String,
    /// Frames that were scored.
    pub frames: usize,
    /// Share of frames whose likeliest rasa is the right one.
    pub accuracy: f64,
    /// Mean recall of the rasas that were tested.
    pub balanced_accuracy: f64,
    /// By rasa; one that was not tested has no figures.
    pub per_rasa: Vec<LabelScore>,
    /// Rows are labels, columns the likeliest rasa, in class order.
    pub confusion: [[usize; Rasa::COUNT]; Rasa::COUNT],
    /// Mean distance of confidence and accuracy, in ten bins of confidence.
    pub calibration_error: f64,
    /// Share of frames for which the model says none.
    pub refused: f64,
    /// Share of right ones among the others.
    pub accuracy_of_named: f64,
}

/// Another model on frames that neither it nor this one was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// Name on the other's card; [`super::DEFAULT`] for the one that works before any training.
    pub name: String,
    /// The other's recordings, which tell it from others of its name; empty for the default model.
    pub recordings: Vec<String>,
    /// Frames on which both were scored.
    pub frames: usize,
    /// Mean recall of this model there.
    pub balanced_accuracy: f64,
    /// Mean recall of the other.
    pub other_balanced_accuracy: f64,
}

/// How much worse, in mean recall, chance alone may make an equal model on other frames.
const TOLERANCE: f64 = 0.02;

/// How well a model does on one rasa.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelScore {
    /// Which.
    pub rasa: Rasa,
    /// Whether there were frames of it that the model was not trained on.
    pub tested: bool,
    /// Frames of it.
    pub frames: usize,
    /// Right ones among those so named; `None` if none was.
    pub precision: Option<f64>,
    /// Right ones among its frames; `None` if it was not tested.
    pub recall: Option<f64>,
}

/// Where a face stands at rest, and where it shows each rasa in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Strength {
    /// What features are divided by, to count alike.
    pub unit: Vec<f32>,
    /// Features at rest.
    pub rest: Vec<f32>,
    /// Features in full, in class order; `None` for a rasa that was not recorded, and for Shanta, which is rest itself.
    pub full: Vec<Option<Vec<f32>>>,
}

/// `selftest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// Feature vectors.
    pub inputs: Vec<Vec<f32>>,
    /// What the classifier must give for each.
    pub outputs: Vec<[f32; Rasa::COUNT]>,
}

impl Card {
    /// Whether what it says can be.
    ///
    /// # Errors
    /// Says what cannot.
    pub fn check(&self) -> Result<(), PackageError> {
        let wrong = |problem: String| Err(PackageError::Card(problem));
        if self.format != FORMAT {
            return wrong(format!("format {} is not {FORMAT}; update this program", self.format));
        }
        if self.labels != labels() {
            return wrong(format!("labels must be {} in this order", labels().join(", ")));
        }
        if self.features_version != FEATURES_VERSION {
            return Err(PackageError::Features { found: self.features_version });
        }
        if self.features != FEATURES {
            return wrong(format!("features is {}, but there are {FEATURES}", self.features));
        }
        if !(0.0..=1.0).contains(&self.reject) {
            return wrong("reject must be between 0 and 1".to_owned());
        }
        if !self.strength.as_ref().is_none_or(Strength::is_sound) {
            return wrong(format!("strength must hold vectors of {FEATURES} finite numbers, units above 0"));
        }
        Ok(())
    }
}

impl Card {
    /// Why this model should not take the place of `active` without a second thought, as one sentence; `None` if there is
    /// no reason.
    ///
    /// Both scored on the same frames is what counts; else the scores on both cards; a model without scores is not known
    /// to be as good as one that has some.
    #[must_use]
    pub fn worse_than(&self, active: &Self) -> Option<String> {
        let same = |other: &&Compared| {
            other.name == active.name && other.recordings == active.trained_on.recordings && other.frames > 0
        };
        let sentence = |mine: f64, theirs: f64, where_to: &str| {
            format!(
                "{} is worse than {}, which is in force: {where_to} they find {:.0} % and {:.0} % of the rasas",
                self.name,
                active.name,
                100.0 * mine,
                100.0 * theirs
            )
        };
        if let Some(met) = self.compared.iter().find(same) {
            let (mine, theirs) = (met.balanced_accuracy, met.other_balanced_accuracy);
            return (mine + TOLERANCE < theirs).then(|| sentence(mine, theirs, "on the same frames"));
        }
        match (&self.scores, &active.scores) {
            (Some(mine), Some(theirs)) => (mine.balanced_accuracy + TOLERANCE < theirs.balanced_accuracy)
                .then(|| sentence(mine.balanced_accuracy, theirs.balanced_accuracy, "each on frames of its own")),
            (None, Some(_)) => {
                Some(format!("nobody has scored {}, but {}, which is in force, has scores", self.name, active.name))
            }
            (_, None) => None,
        }
    }
}

impl Strength {
    fn is_sound(&self) -> bool {
        let sound = |vector: &Vec<f32>| vector.len() == FEATURES && vector.iter().all(|value| value.is_finite());
        self.full.len() == Rasa::COUNT
            && [&self.unit, &self.rest].into_iter().chain(self.full.iter().flatten()).all(sound)
            && self.unit.iter().all(|unit| *unit > 0.0)
    }

    /// How far the features are on the way from rest to each rasa in full, 0–1; as `known` for a rasa that was not recorded.
    #[must_use]
    pub fn of(&self, features: &FeatureVector, known: &[f32; Rasa::COUNT]) -> [f32; Rasa::COUNT] {
        let parts = |to: &[f32]| {
            let moved = to.iter().zip(&self.rest).zip(&self.unit);
            let moved = moved.zip(features.values()).map(|(((to, rest), unit), now)| {
                let (way, gone) = ((to - rest) / unit, (now - rest) / unit);
                (way * gone, way * way)
            });
            moved.fold((0.0, 0.0), |(a, b), (gone, way)| (a + gone, b + way))
        };
        let shown: [Option<f32>; Rasa::COUNT] =
            std::array::from_fn(|index| match self.full.get(index).and_then(Option::as_ref) {
                Some(full) => {
                    let (gone, way) = parts(full);
                    Some(if way > 0.0 { (gone / way).clamp(0.0, 1.0) } else { 0.0 })
                }
                None => None,
            });
        let most = shown.iter().flatten().fold(0.0_f32, |most, strength| most.max(*strength));
        std::array::from_fn(|index| match shown[index] {
            Some(strength) => strength,
            // Rest is the stronger the less the others are shown.
            None if index == Rasa::Shanta.index() => 1.0 - most,
            None => known[index],
        })
    }
}

impl SelfTest {
    /// Whether its vectors can be run.
    ///
    /// # Errors
    /// Says why not.
    pub fn check(&self) -> Result<(), PackageError> {
        let wrong = |problem: &str| Err(PackageError::SelfTest(problem.to_owned()));
        if self.inputs.is_empty() || self.inputs.len() != self.outputs.len() || self.inputs.len() > MOST_VECTORS {
            return wrong("it needs 1 to 256 inputs, and as many outputs");
        }
        let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
        if !self.inputs.iter().all(|input| input.len() == FEATURES && finite(input)) {
            return wrong("an input is not a vector of finite features");
        }
        if !self.outputs.iter().all(|output| finite(output)) {
            return wrong("an output is not finite");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_recorded_is_as_strong_as_without_the_recordings() {
        let mut full = vec![None; Rasa::COUNT];
        full[Rasa::Hasya.index()] = Some(vec![2.0; FEATURES]);
        let strength = Strength { unit: vec![1.0; FEATURES], rest: vec![0.0; FEATURES], full };
        let known = [0.3; Rasa::COUNT];
        for (face, hasya) in [(0.0, 0.0), (1.0, 0.5), (2.0, 1.0), (5.0, 1.0), (-3.0, 0.0)] {
            let features = FeatureVector::from_values([face; FEATURES]).unwrap();
            let mut expected = known;
            expected[Rasa::Hasya.index()] = hasya;
            expected[Rasa::Shanta.index()] = 1.0 - hasya;
            assert_eq!(strength.of(&features, &known), expected);
        }
    }
}
