//! The default model as a package says what the program's own default model says.

use rasika_models::package::Model;
use rasika_models::{Classifier, FEATURES, FeatureVector};

use super::face;
use crate::package::{default, tflite};
use crate::train::rng::Rng;

#[test]
fn the_default_model_is_the_same_as_a_package() {
    let package = default::package().unwrap();
    let mut model = Model::load(&package).unwrap();
    let built_in = Classifier::default_model();
    let mut rng = Rng::new(11);
    let mut inputs: Vec<[f32; FEATURES]> = Vec::new();
    for round in 0..500 {
        let mut input: [f32; FEATURES] = default::stranger(&mut rng).try_into().unwrap();
        // Every other one with blendshapes at the ends of what they can be, where the quantiles lie on each other.
        if round % 2 == 0 {
            input[..51].iter_mut().for_each(|value| *value = if rng.happens(0.5) { 0.0 } else { rng.unit() });
        }
        // And some with hands.
        if round % 3 == 0 {
            input
                .iter_mut()
                .zip(FeatureVector::names())
                .filter(|(_, name)| name.contains("Hand"))
                .for_each(|(value, _)| *value = 2.0 * rng.unit());
        }
        inputs.push(input);
    }
    let seen: Vec<_> = (0..9).map(|shown| FeatureVector::of(&face(shown, &mut rng)).unwrap()).collect();
    inputs.extend(seen.iter().map(|features| *features.values()));
    let mut named = [false; 9];
    for input in inputs {
        let features = FeatureVector::from_values(input).unwrap();
        let own = built_in.read(&features);
        named[own.likeliest().index()] = true;
        for (ours, theirs) in own.probabilities.iter().zip(model.probabilities(&features).unwrap()) {
            assert!((ours - theirs).abs() <= 1e-4, "{:?}: {ours} and {theirs}", own.probabilities);
        }
    }
    assert!(named.iter().filter(|named| **named).count() >= 7, "the faces were too much alike: {named:?}");
}

#[test]
fn it_is_made_the_same_every_time() {
    let made = || {
        let mut bytes = std::io::Cursor::new(Vec::new());
        default::package().unwrap().write(&mut bytes).unwrap();
        bytes.into_inner()
    };
    assert!(made() == made());
    let graph = default::graph(&Classifier::default_model().formula());
    assert_eq!(tflite::write(&graph), default::package().unwrap().network);
}
