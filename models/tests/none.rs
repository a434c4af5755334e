//! The box's own line, from a picture to a mood, names nothing where there is nothing to name.
#![cfg(feature = "perception")]

use std::path::PathBuf;
use std::sync::Arc;

use opencv::prelude::*;
use rasika_models::perception::{Frame, HandsPace, Perceiver, Settings, Tracking};
use rasika_models::{Classifier, FeatureVector, Smoother};

fn media(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("files/media").join(name);
    assert!(path.exists(), "{} is missing: run `make setup`", path.display());
    path.display().to_string()
}

/// How many frames of a stream stand under a mood, of how many.
fn named(frames: impl Iterator<Item = Mat>, tracking: Tracking) -> (usize, usize) {
    let models = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("files/models");
    let settings = Settings { models, tracking, pace: HandsPace::InStep, hands_every: 1 };
    let mut perceiver = Perceiver::new(settings).expect("models load");
    let (classifier, mut smoother) = (Classifier::default_model(), Smoother::default());
    let (mut named, mut all) = (0, 0);
    for (number, picture) in frames.enumerate() {
        let frame = Arc::new(Frame::new(picture).expect("a frame"));
        let time_ms = number as f64 * 1000.0 / 25.0;
        let observation = perceiver.observe(&frame, number as u64, time_ms).expect("sees");
        let reading = FeatureVector::of(&observation).map(|features| classifier.read(&features));
        named += usize::from(smoother.update(time_ms, reading.as_ref()).rasa.is_some());
        all += 1;
    }
    (named, all)
}

/// A picture held for four seconds, longer than any rasa needs to begin.
fn held(name: &str) -> impl Iterator<Item = Mat> {
    let picture = opencv::imgcodecs::imread(media(name), 1).expect("reads");
    std::iter::repeat_n(picture, 100)
}

#[test]
fn nobody_and_a_head_turned_away_have_no_mood() {
    let mut film = opencv::videoio::VideoCapture::from_file(media("no_face.mp4"), opencv::videoio::CAP_FFMPEG).unwrap();
    let film = std::iter::from_fn(move || {
        let mut picture = Mat::default();
        film.read(&mut picture).expect("reads").then_some(picture)
    });
    let (wrong, all) = named(film, Tracking::Follow);
    assert!(all > 50 && wrong * 100 <= all, "no_face.mp4: {wrong} of {all} frames have a mood");
    for name in ["free-mountain-vector-01.jpg", "45-m7-di-ph.jpg"] {
        assert_eq!(named(held(name), Tracking::Follow).0, 0, "{name}");
    }
    // And it is not simply silent: a face that looks at the camera has one.
    assert!(named(held("0-f15-hao-ph.jpg"), Tracking::Follow).0 > 50);
}
