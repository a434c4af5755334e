//! "None": what is nobody's face towards the camera is given no rasa, by any model, on the line that the box uses.

use rasika_models::observation::{Hand, Landmark};
use rasika_models::package::{Model, Package};
use rasika_models::{Classifier, FeatureVector, Observation, Side, Smoother};

use super::{face, nine, read, trained};
use crate::package::{default, make};
use crate::train::rng::Rng;

/// Real landmarks: the actor of the test film, as MediaPipe sees him (hundredths of pixels).
fn actor() -> Vec<Observation> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/goldens/video_WolfgangLanger_Pexels.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let mut rng = Rng::new(2);
    let observation = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let numbers = |value: &serde_json::Value| -> Vec<f32> {
            value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
        };
        let seen = line["faces"].as_array().unwrap().first().filter(|seen| seen["landmarks"].is_array())?;
        let mut observation = face(0, &mut rng);
        let face = observation.face.as_mut()?;
        face.landmarks =
            numbers(&seen["landmarks"]).chunks_exact(3).map(|p| [p[0], p[1], p[2]].map(|v| v / 100.0)).collect();
        face.blendshapes = numbers(&seen["blendshapes"]).iter().map(|v| v / 10_000.0).collect();
        face.upright_blendshapes.clone_from(&face.blendshapes);
        Some(observation)
    };
    text.lines().skip(1).filter_map(observation).collect()
}

/// The same face after its landmarks were changed together.
fn changed(observation: &Observation, change: impl FnOnce(&mut Vec<Landmark>)) -> Observation {
    let mut other = observation.clone();
    if let Some(face) = &mut other.face {
        change(&mut face.landmarks);
    }
    other
}

fn turned(points: &mut [Landmark], deg: f32) {
    let (sin, cos) = deg.to_radians().sin_cos();
    let middle = points[168];
    for p in points {
        let (x, z) = (p[0] - middle[0], p[2] - middle[2]);
        (p[0], p[2]) = (middle[0] + x * cos - z * sin, middle[2] + z * cos + x * sin);
    }
}

fn shuffled(points: &mut [Landmark], rng: &mut Rng) {
    for i in (1..points.len()).rev() {
        points.swap(i, (rng.bits() % (i as u64 + 1)) as usize);
    }
}

fn hands_alone(rng: &mut Rng) -> Observation {
    let points = || (0..21).map(|i| [300.0 + 4.0 * i as f32, 200.0 - 3.0 * i as f32, 0.0]).collect::<Vec<Landmark>>();
    let hand = |side| Hand { side, score: 1.0, landmarks: points(), world: points() };
    Observation { face: None, hands: vec![hand(Side::Left), hand(Side::Right)], ..face(0, rng) }
}

/// Share of frames without a mood, in a stream of 25 frames a second.
fn none(classifier: &Classifier, stream: &[Observation]) -> f64 {
    let mut smoother = Smoother::default();
    let none = stream.iter().enumerate().filter(|(number, observation)| {
        let reading = FeatureVector::of(observation).map(|features| classifier.read(&features));
        smoother.update(*number as f64 * 40.0, reading.as_ref()).rasa.is_none()
    });
    none.count() as f64 / stream.len() as f64
}

#[test]
fn what_is_no_face_has_no_mood_with_the_default_and_with_a_trained_model() {
    let samples = read(&nine(1, 60));
    let learned = make::package(&samples, &trained(&samples), (None, Vec::new()), "test", 1).unwrap();
    let run = |package: &Package| Classifier::trained(Model::load(package).unwrap());
    let models = [
        ("built in", Classifier::default_model()),
        ("default as a package", run(&default::package().unwrap())),
        ("trained", run(&learned)),
    ];
    let actor = actor();
    let mut rng = Rng::new(9);
    let mut streams: Vec<(&str, Vec<Observation>)> = Vec::new();
    for deg in [50.0, -50.0, 65.0, -80.0] {
        // He turns his head himself: what is missing to `deg` is added.
        let turn = |seen: &Observation| {
            let own_deg = FeatureVector::of(seen).unwrap().yaw_deg();
            changed(seen, |points| turned(points, deg - own_deg))
        };
        streams.push(("turned away", actor.iter().map(turn).collect()));
    }
    let mut scattered = || -> Vec<Observation> {
        let scatter = |seen: &Observation| {
            changed(seen, |points| {
                points.iter_mut().for_each(|p| *p = [640.0 * rng.unit(), 480.0 * rng.unit(), 100.0 * rng.normal()]);
            })
        };
        actor.iter().map(scatter).collect()
    };
    let every = scattered();
    // One accident that stays: no flicker hides it from the smoother.
    streams.extend(every[..20].iter().map(|seen| ("scattered and held", vec![seen.clone(); 120])));
    streams.push(("scattered", every));
    streams.push(("shuffled", actor.iter().map(|seen| changed(seen, |points| shuffled(points, &mut rng))).collect()));
    let mut order = Rng::new(4);
    let shuffle = |seen: &Observation| changed(seen, |points| shuffled(points, &mut order));
    let held: Vec<Observation> = actor[..20].iter().map(shuffle).collect();
    streams.extend(held.into_iter().map(|seen| ("shuffled and held", vec![seen; 120])));
    streams.push(("hands alone", vec![hands_alone(&mut order); 300]));
    streams.push(("nobody", vec![Observation { face: None, ..face(0, &mut order) }; 300]));

    for (name, classifier) in &models {
        for (what, stream) in &streams {
            let none = none(classifier, stream);
            assert!(none >= 0.99, "{name}: none to {:.1} % of {} frames of {what}", 100.0 * none, stream.len());
        }
    }
    // Models that always said none would pass all this.
    assert!(none(&models[0].1, &actor) < 0.5, "the actor himself has moods");
    let (mut known, mut rng) = (Vec::new(), Rng::new(6));
    known.resize_with(200, || face(3, &mut rng));
    assert!(none(&models[2].1, &known) < 0.2, "what was learned is named");
}
