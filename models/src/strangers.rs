//! What any face looks like: so that a classifier knows when it is shown something else.

use std::sync::LazyLock;

use crate::{FEATURES, FeatureVector};

/// Deviations beyond this all count the same.
pub const FARTHEST: f32 = 8.0;
/// How strange a face may be: 98.9 % of 5,269 strangers are below 3, and 99.7 % of them below this; what is above
/// are misplaced meshes.
pub const STRANGE: f32 = 6.0;
/// How the log-odds of none rise with strangeness over its bound: they pass 0 at one and a half of it.
pub const NONE_SLOPE: f32 = 40.0;
/// The log-odds of none, less than 0, of a face that is as any other.
pub const NONE_START: f32 = -60.0;

/// Mean and deviation by feature; `None` where strangers were not measured (hands).
static STRANGERS: LazyLock<Vec<Option<[f32; 2]>>> = LazyLock::new(|| {
    let text = include_str!("../knowledge/strangers.txt");
    let measured = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        let (mean, deviation) = line.split_once(' ')?;
        Some([mean.parse().ok()?, deviation.parse().ok()?])
    };
    FeatureVector::names().iter().map(|name| measured(name)).collect()
});

/// For each feature its mean, its inverse deviation, and its share in strangeness; zeros for one that does not count.
pub fn measures() -> impl Iterator<Item = [f32; 3]> {
    let counted = STRANGERS.iter().flatten().count() as f32;
    STRANGERS.iter().map(move |one| one.map_or([0.0; 3], |[mean, deviation]| [mean, 1.0 / deviation, 1.0 / counted]))
}

/// Mean square of the deviations from the strangers' mean: about 1 for a face.
#[must_use]
pub fn strangeness(values: &[f32; FEATURES]) -> f32 {
    let terms = measures().zip(values);
    terms
        .map(|([mean, inverse, share], value)| share * ((value - mean) * inverse).clamp(-FARTHEST, FARTHEST).powi(2))
        .sum()
}

/// Log-odds of "this is no face" for features of some strangeness, where `bound` still counts as a face.
#[must_use]
pub fn none(strangeness: f32, bound: f32) -> f32 {
    NONE_START + NONE_SLOPE * strangeness / bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_but_those_of_hands_was_measured() {
        let face = |name: &str| {
            crate::observation::BLENDSHAPE_NAMES.contains(&name)
                || ["geo", "shape", "head"].iter().any(|part| name.starts_with(part))
        };
        assert!(FeatureVector::names().iter().zip(STRANGERS.iter()).all(|(name, one)| one.is_some() == face(name)));
        assert!(STRANGERS.iter().flatten().all(|[mean, deviation]| mean.is_finite() && *deviation > 0.0));
    }
}
