//! From a camera frame to a rasa.
//!
//! The crate knows nothing of MIDI, files of takes, or networks.

#[cfg(feature = "runtime")]
pub mod blendshapes;
pub mod classifier;
pub mod features;
pub mod head_pose;
pub mod mood;
pub mod observation;
pub mod package;
#[cfg(feature = "perception")]
pub mod perception;
pub mod plain;
pub mod rasa;
#[cfg(feature = "runtime")]
pub mod runtime;
pub mod smoother;
pub mod strangers;

pub use classifier::{Classifier, Reading};
pub use features::{FEATURES, FEATURES_VERSION, FeatureVector};
pub use mood::Mood;
pub use observation::{Face, Hand, Observation, Side};
pub use rasa::Rasa;
pub use smoother::Smoother;
