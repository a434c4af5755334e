//! Measures `knowledge/population.toml` on faces of strangers, without their labels.
//!
//! `cargo run -p rasika-models --example population < observations.jsonl > models/knowledge/population.toml`,
//! where each line of the input is an [`Observation`] as JSON.

use rasika_models::classifier::{Sources, measure_population};
use rasika_models::{FeatureVector, Observation};
use std::error::Error;
use std::io::{BufRead, stdin};

fn main() -> Result<(), Box<dyn Error>> {
    let mut faces = Vec::new();
    for line in stdin().lock().lines() {
        let observation: Observation = serde_json::from_str(&line?)?;
        faces.extend(FeatureVector::of(&observation));
    }
    print!("{}", measure_population(Sources::BUILT_IN.signs, &faces)?);
    Ok(())
}
