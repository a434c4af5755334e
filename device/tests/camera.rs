//! A live source: the newest frame only, and a camera that comes back.
#![cfg(feature = "perception")]

use std::path::Path;
use std::time::{Duration, Instant};

use rasika_device::camera::{Camera, News};
use rasika_device::source::{Place, Source, SourceError};

/// A film stands in for a camera: read as fast as it goes, and unplugged at its end.
fn film() -> Source {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files/media/single_face.mp4");
    assert!(path.exists(), "{} is missing: run `make setup`", path.display());
    Source::of_path(&path).expect("a film")
}

#[test]
fn a_slow_reader_sees_the_newest_frame_and_no_backlog() {
    let camera = Camera::start(film(), false).expect("opens");
    let mut numbers = Vec::new();
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(15));
        if let News::Shot(shot) = camera.news(Duration::from_millis(500)) {
            numbers.push(shot.number);
        }
    }
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    assert!(numbers.last().is_some_and(|last| *last > 3), "frames between are left out: {numbers:?}");
}

#[test]
fn a_camera_that_was_lost_comes_back_and_its_time_goes_on() {
    let camera = Camera::start(film(), false).expect("opens");
    let (mut lost, mut back, mut last_ms) = (false, false, 0.0);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        match camera.news(Duration::from_millis(200)) {
            News::Shot(shot) => {
                assert!(shot.time_ms >= last_ms, "time does not go back");
                last_ms = shot.time_ms;
                if back {
                    break;
                }
            }
            News::Lost(_) | News::Nothing if begun.elapsed() > Duration::from_millis(300) => lost = true,
            News::Back => back = true,
            _ => {}
        }
    }
    assert!(lost && back && last_ms > 900.0, "lost {lost}, back {back}, last frame at {last_ms} ms");
}

#[test]
fn a_pipeline_of_gstreamer_is_a_camera_that_comes_back() {
    // A second of test pictures, then the end of the stream.
    let pictures = "videotestsrc num-buffers=30 ! video/x-raw,width=640,height=480,framerate=30/1";
    let camera = Camera::start(Source::Pipeline(format!("{pictures} ! videoconvert ! appsink")), false).expect("opens");
    let (mut first, mut lost, mut back) = (0, 0, false);
    let begun = Instant::now();
    while !back && begun.elapsed() < Duration::from_secs(20) {
        match camera.news(Duration::from_millis(200)) {
            News::Shot(shot) => {
                assert_eq!((shot.frame.width(), shot.frame.height()), (640, 480));
                first += usize::from(lost == 0);
                back = lost > 0;
            }
            News::Lost(_) => lost += 1,
            News::Back | News::Nothing => {}
        }
    }
    assert!(first > 5 && lost > 0 && back, "{first} frames, lost {lost} times, back {back}");
    let nonsense = Source::Pipeline("videotestsrc ! nonsense ! appsink".to_owned());
    let said = Camera::start(nonsense, false).err().expect("it does not parse").to_string();
    assert!(said.contains("does not parse") && said.contains("gst-launch-1.0"), "{said}");
}

#[test]
fn a_camera_that_is_gone_for_good_is_still_watched_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("camera.mp4");
    let Source::Video(Place::File(film)) = film() else { panic!("a film") };
    std::fs::copy(film, &path).unwrap();
    let camera = Camera::start(Source::Video(Place::File(path.clone())), false).expect("opens");
    std::fs::remove_file(path).unwrap();
    // Read to its end, then it cannot be opened any more.
    let begun = Instant::now();
    while !matches!(camera.news(Duration::from_secs(1)), News::Nothing) {
        assert!(begun.elapsed() < Duration::from_secs(60), "it ends");
    }
    let progress = || camera.progress().load(std::sync::atomic::Ordering::Acquire);
    let (before, begun) = (progress(), Instant::now());
    while progress() == before {
        assert!(begun.elapsed() < Duration::from_secs(5), "its loop goes round while it is tried again");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_camera_that_is_not_there_is_named() {
    let missing = Source::Camera("/dev/video99".into());
    match Camera::start(missing, false) {
        Err(error @ SourceError::NoCamera(_)) => assert!(error.to_string().contains("/dev/video99")),
        other => panic!("{:?}", other.err()),
    }
}
