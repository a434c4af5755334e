//! What any face looks like: so that a model knows when it is shown something else.

use std::sync::LazyLock;

use rasika_models::FeatureVector;

use super::samples::Row;

/// Mean and deviation by feature; `None` where strangers were not measured (hands).
static STRANGERS: LazyLock<Vec<Option<[f32; 2]>>> = LazyLock::new(|| {
    let text = include_str!("../../data/strangers.txt");
    let measured = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        let (mean, deviation) = line.split_once(' ')?;
        Some([mean.parse().ok()?, deviation.parse().ok()?])
    };
    FeatureVector::names().iter().map(|name| measured(name)).collect()
});

/// Deviations beyond this all count the same.
pub const FARTHEST: f32 = 8.0;
/// How strange a face may be: 98.9 % of 5,269 strangers are below 3, and 99.7 % of them below this; what is above
/// are misplaced meshes.
pub const STRANGE: f32 = 6.0;

/// For each feature its mean, its inverse deviation, and its share in strangeness; zeros for one that does not count.
pub fn measures() -> impl Iterator<Item = [f32; 3]> {
    let counted = STRANGERS.iter().flatten().count() as f32;
    STRANGERS.iter().map(move |one| one.map_or([0.0; 3], |[mean, deviation]| [mean, 1.0 / deviation, 1.0 / counted]))
}

/// Mean square of the deviations from the strangers' mean: about 1 for a face.
pub fn strangeness(row: &Row) -> f32 {
    let terms = measures().zip(row);
    terms
        .map(|([mean, inverse, share], value)| share * ((value - mean) * inverse).clamp(-FARTHEST, FARTHEST).powi(2))
        .sum()
}
