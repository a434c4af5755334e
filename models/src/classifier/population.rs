//! Measuring a population of strangers, without labels: what a channel's rest and reach are, and what goes together.

use super::files::{KnowledgeError, PopulationFile, SignsFile, Source};
use super::knowledge::{feature_places, read_signs};
use super::sign::Sign;
use crate::{FEATURES_VERSION, FeatureVector};
use std::collections::BTreeMap;
use std::fmt::Write;
use toml::Spanned;

/// The population quantiles that belong to [`super::sign::KNOTS`].
const QUANTILES: [f64; 7] = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975];

/// Text of a `population.toml` for the signs of a `signs.toml`, measured on some faces, one of each person or moment.
///
/// # Errors
/// When `signs.toml` is not valid, or there are fewer than 50 faces.
pub fn measure_population(signs_toml: &str, faces: &[FeatureVector]) -> Result<String, KnowledgeError> {
    let source = Source { file: "signs.toml", text: signs_toml };
    if faces.len() < 50 {
        return Err(source.error(0..0, format!("{} faces are too few to measure a population", faces.len())));
    }
    let file: SignsFile = source.parse()?;
    let mut quantiles = BTreeMap::new();
    for name in file.sign.iter().flat_map(|sign| sign.more.iter().chain(&sign.less)) {
        if let Some(places) = feature_places(name.get_ref()) {
            quantiles.insert(name.get_ref().clone(), quantiles_of(&places, faces));
        }
    }
    let count = u32::try_from(faces.len()).unwrap_or(u32::MAX);
    let measured = PopulationFile {
        features_version: Spanned::new(0..0, FEATURES_VERSION),
        faces: Spanned::new(0..0, count),
        quantiles,
        signs: BTreeMap::new(),
    };
    let (signs, _) = read_signs(source, &measured)?;
    Ok(text(&measured, &signs, faces))
}

fn quantiles_of(places: &[usize], faces: &[FeatureVector]) -> [f32; QUANTILES.len()] {
    let mean = |face: &FeatureVector| places.iter().map(|&p| face.values()[p]).sum::<f32>() / places.len() as f32;
    let mut values: Vec<f32> = faces.iter().map(mean).collect();
    values.sort_by(f32::total_cmp);
    QUANTILES.map(|q| values[((values.len() - 1) as f64 * q).round() as usize])
}

/// The file, signs in their order: mean, deviation and correlations with the signs before.
fn text(measured: &PopulationFile, signs: &[Sign], faces: &[FeatureVector]) -> String {
    let n = faces.len() as f64;
    let raw: Vec<Vec<f64>> =
        signs.iter().map(|sign| faces.iter().map(|face| f64::from(sign.raw(face))).collect()).collect();
    let means: Vec<f64> = raw.iter().map(|values| values.iter().sum::<f64>() / n).collect();
    let covariance =
        |a: usize, b: usize| raw[a].iter().zip(&raw[b]).map(|(x, y)| (x - means[a]) * (y - means[b])).sum::<f64>() / n;
    let deviations: Vec<f64> = (0..signs.len()).map(|a| covariance(a, a).sqrt().max(1e-9)).collect();
    let mut out = String::from("# Made by `cargo run -p rasika-models --example population`: do not edit by hand.\n");
    // Writing to a String cannot fail.
    let _ = writeln!(out, "features_version = {FEATURES_VERSION}\nfaces = {}\n\n[quantiles]", faces.len());
    for (name, values) in &measured.quantiles {
        let values: Vec<String> = values.iter().map(|value| format!("{value:.5}")).collect();
        let _ = writeln!(out, "{name} = [{}]", values.join(", "));
    }
    for (a, sign) in signs.iter().enumerate() {
        let _ = writeln!(out, "\n[signs.{}]\nmean = {:.4}\ndeviation = {:.4}", sign.name(), means[a], deviations[a]);
        let others: Vec<String> = (0..a)
            .map(|b| format!("{} = {:.3}", signs[b].name(), covariance(a, b) / (deviations[a] * deviations[b])))
            .collect();
        let _ = writeln!(out, "correlation = {{ {} }}", others.join(", "));
    }
    out
}
