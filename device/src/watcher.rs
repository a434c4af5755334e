//! From frames to moods: perception, classifier and smoother in a row.

use std::path::PathBuf;

use rasika_models::package::{Model, Package, PackageError};
use rasika_models::perception::governor::{Governor, Load};
use rasika_models::perception::{HandsPace, Perceiver, PerceptionError, Settings, Timing, Tracking};
use rasika_models::smoother;
use rasika_models::{Classifier, FeatureVector, Mood, Observation, Rasa, Reading, Smoother};

use crate::source::Shot;

/// What was made of one frame.
pub struct Sight {
    /// What was seen.
    pub observation: Observation,
    /// How it was read; `None` without a face.
    pub reading: Option<Reading>,
    /// Smoothed probabilities, in class order; zeros without a face.
    pub smoothed: [f32; Rasa::COUNT],
    /// The mood that stands.
    pub mood: Mood,
}

/// How a [`Watcher`] looks at its source.
#[derive(Debug, Clone)]
pub struct Way {
    /// Folder of the networks.
    pub models: PathBuf,
    /// Every frame by itself: nothing is followed or smoothed, and the mood is that of the one picture.
    pub every_frame: bool,
    /// Frames come at their own time: faces do not wait for hands, and the load follows what the board can do.
    pub live: bool,
}

/// Frames in, moods out.
pub struct Watcher {
    way: Way,
    perceiver: Perceiver,
    classifier: Classifier,
    smoother: Smoother,
    governor: Governor,
}

impl Watcher {
    /// Loads the models.
    ///
    /// # Errors
    /// A model file is absent, damaged or another one.
    pub fn new(way: Way) -> Result<Self, PerceptionError> {
        let perceiver = Perceiver::new(Settings {
            models: way.models.clone(),
            tracking: if way.every_frame { Tracking::EveryFrame } else { Tracking::Follow },
            pace: if way.live { HandsPace::Newest } else { HandsPace::InStep },
            hands_every: 1,
        })?;
        Ok(Self {
            way,
            perceiver,
            classifier: Classifier::default_model(),
            smoother: Smoother::new(smoother::Settings::default()),
            governor: Governor::default(),
        })
    }

    /// From the next frame on rasas are told by a trained model, or (`None`) by the built-in knowledge. What stood before
    /// stays if the model does not load or fails its self-test, here where it would run.
    ///
    /// # Errors
    /// The model does not load or fails its self-test.
    pub fn adopt(&mut self, package: Option<&Package>) -> Result<(), PackageError> {
        self.classifier = match package {
            Some(package) => Classifier::trained(Model::load(package)?),
            None => Classifier::default_model(),
        };
        Ok(())
    }

    /// Looks at a frame.
    ///
    /// # Errors
    /// OpenCV or LiteRT failed on it.
    pub fn look(&mut self, shot: &Shot) -> Result<Sight, PerceptionError> {
        let observation = self.perceiver.observe(&shot.frame, shot.number, shot.time_ms)?;
        let reading = FeatureVector::of(&observation).map(|features| self.classifier.read(&features));
        let (mood, smoothed) = if self.way.every_frame {
            (mood_of_still(reading.as_ref()), reading.map_or([0.0; Rasa::COUNT], |r| r.probabilities))
        } else {
            (self.smoother.update(shot.time_ms, reading.as_ref()), self.smoother.probabilities())
        };
        Ok(Sight { observation, reading, smoothed, mood })
    }

    /// No frame has come: the mood stands until the face counts as lost.
    pub fn nothing(&mut self, time_ms: f64) -> Mood {
        self.smoother.wait(time_ms)
    }

    /// Tells the governor how long a frame took and how much time there was; gives the load from now on.
    pub fn govern(&mut self, budget: std::time::Duration, temperature_c: Option<f32>) -> Load {
        let load = self.governor.frame(self.perceiver.timing().wall, budget, temperature_c);
        self.perceiver.set_hands_every(load.hands_every);
        load
    }

    /// Where the time of the last frame went.
    #[must_use]
    pub fn timing(&self) -> Timing {
        self.perceiver.timing()
    }
}

/// The mood of a picture by itself: what the smoother would say if the picture stood still for long.
fn mood_of_still(reading: Option<&Reading>) -> Mood {
    let mut smoother = Smoother::new(smoother::Settings::default());
    let hold_ms = smoother::Settings::default().shanta_hold_ms;
    // What it shows counts from the second time on; how long it has shown it, from the third.
    let [.., mood] = [0.0, 1e6, 1e6 + hold_ms].map(|time_ms| smoother.update(time_ms, reading));
    mood
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rasa_is_the_mood_of_a_still_that_shows_it() {
        for rasa in Rasa::ALL {
            let mut probabilities = [0.05; Rasa::COUNT];
            probabilities[rasa.index()] = 0.6;
            let reading = Reading { probabilities, strengths: [0.5; Rasa::COUNT], yaw_deg: 0.0, pitch_deg: 0.0 };
            assert_eq!(mood_of_still(Some(&reading)).rasa, Some(rasa));
        }
        assert_eq!(mood_of_still(None), Mood::default());
    }
}
