//! What training and scoring promise, on takes of faces that are nobody's.

mod default_model;
mod none;
mod personal;
mod python;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result};
use rasika_models::observation::BLENDSHAPES;
use rasika_models::package::{Model, Package, PackageError};
use rasika_models::{Classifier, Face, FeatureVector, Observation, Rasa};

use crate::dataset::{Dataset, Observations, Take, folder, head};
use crate::eval::{self, doubt};
use crate::package::{make, tflite};
use crate::train::rng::Rng;
use crate::train::samples::{Samples, Selection};
use crate::train::split::Split;
use crate::train::{self, Base, Trained};

/// Takes in memory.
struct Memory(Vec<(Take, Vec<Observation>)>);

impl Dataset for Memory {
    fn takes(&self) -> Result<Vec<Take>> {
        Ok(self.0.iter().map(|(take, _)| take.clone()).collect())
    }

    fn observations(&self, take: &Take) -> Result<Observations<'_>> {
        let (_, observations) = self.0.iter().find(|(known, _)| known.id == take.id).context("no such take")?;
        Ok(Box::new(observations.iter().cloned().map(Ok)))
    }
}

/// A face that shows `shown`, each rasa in its own way: the points of a part of the face move, and some blendshapes rise.
fn face(shown: usize, rng: &mut Rng) -> Observation {
    let mut landmarks = head::neutral();
    for (index, point) in landmarks.iter_mut().enumerate() {
        if index % Rasa::COUNT == shown {
            point[1] += 2.0 + rng.normal() * 0.3;
        }
        point.iter_mut().for_each(|value| *value += 0.15 * rng.normal());
    }
    let scores: Vec<f32> = (0..BLENDSHAPES)
        .map(|index| {
            let up = if index % Rasa::COUNT == shown { 0.4 } else { 0.1 };
            (up + 0.05 * rng.normal()).clamp(0.0, 1.0)
        })
        .collect();
    let face = Face {
        landmarks,
        blendshapes: scores.clone(),
        upright_blendshapes: scores,
        yaw_deg: 0.0,
        pitch_deg: 0.0,
        roll_deg: 0.0,
        score: 1.0,
    };
    Observation { frame: 0, time_ms: 0.0, width: 640, height: 480, face: Some(face), hands: Vec::new() }
}

fn take(
    id: &str,
    label: Rasa,
    shown: impl Fn(usize) -> usize,
    frames: usize,
    rng: &mut Rng,
) -> (Take, Vec<Observation>) {
    let take = Take {
        id: id.to_owned(),
        box_id: "box".to_owned(),
        label,
        performer: "nobody".to_owned(),
        started_unix_ms: 0,
        width: 640,
        height: 480,
        mirrored: false,
        reconstructed: Vec::new(),
    };
    let observation = |number: usize, rng: &mut Rng| Observation {
        frame: number as u64,
        time_ms: number as f64 * 33.0,
        ..face(shown(number), rng)
    };
    (take, (0..frames).map(|number| observation(number, rng)).collect())
}

fn nine(takes: usize, frames: usize) -> Memory {
    let mut rng = Rng::new(7);
    let all = (0..takes).flat_map(|n| Rasa::ALL.map(|rasa| (n, rasa)));
    Memory(all.map(|(n, rasa)| take(&format!("{rasa}-{n}"), rasa, |_| rasa.index(), frames, &mut rng)).collect())
}

fn read(dataset: &Memory) -> Samples {
    Samples::read(dataset, &Selection::default(), Some(1), &mut |_, _| true).unwrap()
}

fn trained(samples: &Samples) -> Trained {
    let all: Vec<usize> = (0..samples.frames.len()).collect();
    train::train(samples, &all, Base::Nothing, 1, &AtomicBool::new(false), &mut |_| {}).unwrap()
}

fn accuracy(samples: &Samples, split: Split) -> f64 {
    let verdicts = eval::cross(samples, split, Base::Nothing, usize::MAX, 1, &AtomicBool::new(false)).unwrap();
    eval::scores(samples, &verdicts, "").accuracy
}

#[test]
fn what_differs_is_learned_and_permuted_labels_give_chance() {
    let split = Split::Time { learned: 0.6, gap: 0.1 };
    assert!(accuracy(&read(&nine(1, 60)), split) > 0.95);
    let mut rng = Rng::new(3);
    let order: Vec<usize> = (0..1000).map(|_| (rng.bits() % 9) as usize).collect();
    let permuted = Rasa::ALL.map(|rasa| take(rasa.name(), rasa, |n| order[n + 60 * rasa.index()], 60, &mut rng));
    let chance = accuracy(&read(&Memory(permuted.to_vec())), split);
    assert!((0.02..0.22).contains(&chance), "{chance}");
}

#[test]
fn a_copied_take_is_found_and_never_split() {
    let mut dataset = nine(1, 30);
    let (mut copy, observations) = dataset.0[2].clone();
    copy.id = "another-name".to_owned();
    dataset.0.push((copy, observations));
    let samples = read(&dataset);
    assert_eq!(samples.duplicates().count(), 1);
    assert_eq!(samples.takes_of()[Rasa::Karuna.index()], 1);
    // No rasa has a second recording, so there is nothing to leave out.
    let all: Vec<usize> = (0..samples.frames.len()).collect();
    assert!(Split::Takes.folds(&samples, &all, 1).iter().all(|fold| fold.scored.is_empty()));
}

#[test]
fn a_copied_take_is_scored_once() {
    let mut dataset = nine(2, 30);
    let (mut copy, observations) = dataset.0[2].clone();
    copy.id = "another-name".to_owned();
    dataset.0.push((copy, observations));
    let samples = read(&dataset);
    let all: Vec<usize> = (0..samples.frames.len()).collect();
    let folds = Split::Takes.folds(&samples, &all, 1);
    let scored: Vec<usize> =
        folds.iter().flat_map(|fold| &fold.scored).map(|&frame| samples.frames[frame].take).collect();
    for take in 0..dataset.0.len() {
        let times = scored.iter().filter(|other| **other == take).count();
        let is_copy = samples.groups[take] != take;
        assert_eq!(times > 0, !is_copy, "take {take} was scored on {times} frames");
    }
}

#[test]
fn a_rasa_with_one_take_is_untested() {
    let mut dataset = nine(2, 30);
    dataset.0.retain(|(take, _)| take.id != "veera-1");
    let samples = read(&dataset);
    let verdicts = eval::cross(&samples, Split::Takes, Base::Nothing, usize::MAX, 1, &AtomicBool::new(false)).unwrap();
    let scores = eval::scores(&samples, &verdicts, "takes");
    let veera = &scores.per_rasa[Rasa::Veera.index()];
    assert!(!veera.tested && veera.recall.is_none());
    assert!(scores.per_rasa.iter().filter(|score| score.tested).count() == 8 && scores.accuracy > 0.9);
}

#[test]
fn a_package_runs_on_litert_as_in_training_and_says_none_to_what_is_no_face() {
    let samples = read(&nine(1, 60));
    let trained = trained(&samples);
    let package = make::package(&samples, &trained, (None, Vec::new()), "test", 1).unwrap();
    assert!(make::difference(&samples, &trained.graph(), &package).unwrap() <= 1e-4);

    let mut bytes = std::io::Cursor::new(Vec::new());
    package.write(&mut bytes).unwrap();
    let package = Package::parse(bytes.get_ref()).unwrap();
    let classifier = Classifier::trained(Model::load(&package).unwrap());
    let mut rng = Rng::new(5);
    let mut named = [0; 3];
    for _ in 0..300 {
        let says = |observation: &Observation| {
            FeatureVector::of(observation).is_some_and(|f| classifier.read(&f).probabilities.iter().any(|p| *p > 0.0))
        };
        let mut scattered = face(3, &mut rng);
        let points = &mut scattered.face.as_mut().unwrap().landmarks;
        points.iter_mut().for_each(|p| *p = [640.0 * rng.unit(), 480.0 * rng.unit(), 100.0 * rng.normal()]);
        let mut turned = face(3, &mut rng);
        let (sin, cos) = 55.0_f32.to_radians().sin_cos();
        for p in &mut turned.face.as_mut().unwrap().landmarks {
            *p = [320.0 + (p[0] - 320.0) * cos - p[2] * sin, p[1], p[2] * cos + (p[0] - 320.0) * sin];
        }
        let seen = face(3, &mut rng);
        for (count, observation) in named.iter_mut().zip([&seen, &scattered, &turned]) {
            *count += usize::from(says(observation));
        }
    }
    assert!(named[0] >= 285 && named[1] <= 3 && named[2] <= 3, "named {named:?} of 300 seen, scattered, turned away");
}

#[test]
fn a_damaged_package_is_refused() {
    let samples = read(&nine(1, 20));
    let package = make::package(&samples, &trained(&samples), (None, Vec::new()), "test", 1).unwrap();
    let parsed = |package: &Package| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        package.write(&mut bytes).unwrap();
        Package::parse(bytes.get_ref())
    };
    let mut other = package.clone();
    other.card.features_version += 1;
    assert!(matches!(parsed(&other), Err(PackageError::Features { .. })));
    let mut other = package.clone();
    other.card.labels.swap(0, 1);
    assert!(matches!(parsed(&other), Err(PackageError::Card(_))));
    let mut other = package.clone();
    other.self_test.outputs[2].reverse();
    assert!(matches!(Model::load(&other), Err(PackageError::SelfTest(_))));
    let mut other = package.clone();
    other.network.truncate(1000);
    assert!(Model::load(&other).is_err());
    assert!(matches!(Package::parse(b"no zip"), Err(PackageError::NoPackage(_))));
}

#[test]
fn the_same_seed_gives_the_same_network() {
    let network = || tflite::write(&trained(&read(&nine(1, 20))).graph());
    assert_eq!(network(), network());
}

#[test]
fn a_take_in_a_folder_comes_back_as_it_was() {
    let place = tempfile::tempdir().unwrap();
    let (take, observations) = nine(1, 2).0.swap_remove(0);
    folder::write(place.path(), &take, observations.iter().cloned().map(Ok)).unwrap();
    let dataset = crate::dataset::open(place.path(), Path::new("nowhere")).unwrap();
    assert_eq!(dataset.takes().unwrap(), std::slice::from_ref(&take));
    let back: Vec<Observation> = dataset.observations(&take).unwrap().map(Result::unwrap).collect();
    assert_eq!(back, observations);
}

#[test]
fn a_take_with_the_wrong_label_is_doubted_and_no_other() {
    let mut dataset = nine(3, 30);
    let wrong = dataset.0.iter_mut().find(|(take, _)| take.id == "veera-1").unwrap();
    wrong.0.label = Rasa::Hasya;
    let samples = read(&dataset);
    let found = doubt::doubts(&samples, Base::Nothing, 1, &AtomicBool::new(false)).unwrap();
    let found: Vec<(&str, Rasa)> = found.iter().map(|d| (samples.takes[d.take].id.as_str(), d.called)).collect();
    assert_eq!(found, [("veera-1", Rasa::Veera)]);
    let right = doubt::doubts(&read(&nine(2, 30)), Base::Nothing, 1, &AtomicBool::new(false)).unwrap();
    assert_eq!(right, []);
}

#[test]
fn advice_names_what_is_missing_first() {
    let mut dataset = nine(2, 10);
    dataset.0.retain(|(take, _)| take.label != Rasa::Shanta && take.id != "raudra-1");
    let advice = doubt::advice(&read(&dataset), None);
    assert!(advice[0].contains("shanta") && advice[1].contains("raudra") && advice.len() == 2, "{advice:?}");
}

/// `cargo test --release -p rasika-host -- --ignored --nocapture size` prints the table of docs/teacher.md.
#[test]
#[ignore = "takes a minute, and only a quiet machine tells the truth"]
fn size() {
    for frames in [111, 1111, 11111] {
        let dataset = Streamed(frames);
        let begun = std::time::Instant::now();
        let samples = Samples::read(&dataset, &Selection::default(), Some(1), &mut |_, _| true).unwrap();
        let read_s = begun.elapsed().as_secs_f64();
        make::package(&samples, &trained(&samples), (None, Vec::new()), "size", 1).unwrap();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap().to_owned();
        println!("{} observations: read {read_s:.2} s, all {:.2} s, {peak}", 9 * frames, begun.elapsed().as_secs_f64());
    }
}

/// Takes that are made while they are read.
struct Streamed(usize);

impl Dataset for Streamed {
    fn takes(&self) -> Result<Vec<Take>> {
        nine(1, 0).takes()
    }

    fn observations(&self, take: &Take) -> Result<Observations<'_>> {
        let (shown, mut rng) = (take.label.index(), Rng::new(take.label.index() as u64));
        let made = (0..self.0).map(move |number| {
            Ok(Observation { frame: number as u64, time_ms: number as f64 * 33.0, ..face(shown, &mut rng) })
        });
        Ok(Box::new(made))
    }
}
