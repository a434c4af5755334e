//! Reads rasas off recorded observations: one line in ([`Observation`] as JSON), one line out.
//!
//! `cargo run -p rasika-models --example read_faces < observations.jsonl` prints for each line the nine
//! probabilities, the mood of the smoother over the lines as a stream, and the signs; `null` without a face.

use rasika_models::{Classifier, FeatureVector, Observation, Smoother};
use serde_json::json;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, stdin};

fn main() -> Result<(), Box<dyn Error>> {
    let classifier = Classifier::default_model();
    let mut smoother = Smoother::default();
    for line in stdin().lock().lines() {
        let observation: Observation = serde_json::from_str(&line?)?;
        let features = FeatureVector::of(&observation);
        let reading = features.as_ref().map(|features| classifier.read(features));
        let signs: Option<BTreeMap<&str, f32>> = features.as_ref().map(|f| classifier.signs(f).into_iter().collect());
        let mood = smoother.update(observation.time_ms, reading.as_ref());
        println!("{}", json!({ "probabilities": reading.map(|r| r.probabilities), "mood": mood, "signs": signs }));
    }
    Ok(())
}
