//! The mood stands still where it should, follows where it must, and is honestly none.

use rasika_models::smoother::Settings;
use rasika_models::{Mood, Rasa, Reading, Smoother};

/// A frame that shows one rasa with a probability, the rest shared among the others.
fn showing(rasa: Rasa, probability: f32) -> Reading {
    let mut probabilities = [(1.0 - probability) / 8.0; Rasa::COUNT];
    probabilities[rasa.index()] = probability;
    Reading { probabilities, strengths: [0.7; Rasa::COUNT], yaw_deg: 0.0, pitch_deg: 0.0 }
}

/// Moods of a stream of frames, `fps` a second, each read by `frame(time_ms)`.
fn moods(seconds: f64, fps: f64, frame: impl Fn(f64) -> Option<Reading>) -> Vec<(f64, Mood)> {
    let mut smoother = Smoother::default();
    let times = (0..(seconds * fps) as u32).map(|i| f64::from(i) * 1000.0 / fps);
    times.map(|t| (t, smoother.update(t, frame(t).as_ref()))).collect()
}

fn changes(moods: &[(f64, Mood)]) -> Vec<(f64, Option<Rasa>)> {
    let mut found = vec![(0.0, None)];
    for &(time, mood) in moods {
        if found.last().is_some_and(|&(_, rasa)| rasa != mood.rasa) {
            found.push((time, mood.rasa));
        }
    }
    found
}

#[test]
fn a_clear_rasa_is_named_within_a_second() {
    let found = changes(&moods(3.0, 24.0, |_| Some(showing(Rasa::Raudra, 0.7))));
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].1, Some(Rasa::Raudra));
    assert!(found[1].0 < 600.0, "named after {} ms", found[1].0);
}

#[test]
fn alternating_frames_do_not_make_it_flicker() {
    let flicker = |t: f64| {
        let rasa = if ((t / 41.7).round() as u32).is_multiple_of(2) { Rasa::Hasya } else { Rasa::Adbhuta };
        Some(showing(rasa, 0.6))
    };
    assert!(changes(&moods(20.0, 24.0, flicker)).len() <= 2);
    // Slower, at the pace of the smoothing itself: no mood is shorter than the dwell.
    let sway = |t: f64| Some(showing(if t % 900.0 < 450.0 { Rasa::Hasya } else { Rasa::Adbhuta }, 0.8));
    let found = changes(&moods(30.0, 24.0, sway));
    assert!(found.len() > 2, "it does follow");
    for pair in found[1..].windows(2) {
        assert!(pair[1].0 - pair[0].0 >= Settings::default().dwell_ms - 1.0, "{pair:?}");
    }
}

#[test]
fn it_follows_a_change_of_face() {
    let turn = |t: f64| Some(showing(if t < 4000.0 { Rasa::Karuna } else { Rasa::Hasya }, 0.6));
    let found = changes(&moods(8.0, 24.0, turn));
    assert_eq!(found.iter().map(|&(_, rasa)| rasa).collect::<Vec<_>>(), [None, Some(Rasa::Karuna), Some(Rasa::Hasya)]);
    assert!((4000.0..5000.0).contains(&found[2].0), "at {} ms", found[2].0);
}

#[test]
fn nothing_that_stands_out_is_none() {
    assert!(moods(10.0, 24.0, |_| Some(showing(Rasa::Veera, 0.2))).iter().all(|(_, mood)| mood.rasa.is_none()));
    let mut even = showing(Rasa::Hasya, 0.4);
    even.probabilities[Rasa::Karuna.index()] = 0.39;
    assert!(
        moods(10.0, 24.0, |_| Some(even)).iter().all(|(_, mood)| mood.rasa.is_none()),
        "two as likely as each other"
    );
    let fades = |t: f64| Some(showing(Rasa::Veera, if t < 3000.0 { 0.8 } else { 0.12 }));
    assert_eq!(changes(&moods(9.0, 24.0, fades)).last().map(|&(_, rasa)| rasa), Some(None));
}

#[test]
fn no_face_is_none_and_a_short_loss_is_bridged() {
    assert!(moods(5.0, 24.0, |_| None).iter().all(|(_, mood)| *mood == Mood::default()));
    let blinked = |t: f64| (!(3000.0..3500.0).contains(&t)).then(|| showing(Rasa::Bibhatsa, 0.7));
    assert_eq!(changes(&moods(6.0, 24.0, blinked)).len(), 2);
    let gone = changes(&moods(6.0, 24.0, |t| (t < 3000.0).then(|| showing(Rasa::Bibhatsa, 0.7))));
    assert_eq!(gone.len(), 3);
    assert!((3600.0..3800.0).contains(&gone[2].0), "none at {} ms", gone[2].0);
}

#[test]
fn a_face_turned_away_is_none() {
    let turned = |yaw_deg, pitch_deg| Reading { yaw_deg, pitch_deg, ..showing(Rasa::Hasya, 0.9) };
    for reading in [turned(55.0, 0.0), turned(-55.0, 0.0), turned(0.0, 50.0), turned(f32::NAN, 0.0)] {
        assert!(moods(5.0, 24.0, |_| Some(reading)).iter().all(|(_, mood)| mood.rasa.is_none()), "{reading:?}");
    }
    assert!(moods(5.0, 24.0, |_| Some(turned(30.0, -20.0))).iter().any(|(_, mood)| mood.rasa.is_some()));
}

#[test]
fn shanta_needs_a_calm_frontal_face_held() {
    let hold = Settings::default().shanta_hold_ms;
    let found = changes(&moods(6.0, 24.0, |_| Some(showing(Rasa::Shanta, 0.6))));
    assert_eq!(found[1].1, Some(Rasa::Shanta));
    assert!((hold..hold + 500.0).contains(&found[1].0), "after {} ms", found[1].0);
    let aside = Reading { yaw_deg: 32.0, ..showing(Rasa::Shanta, 0.6) };
    assert!(moods(8.0, 24.0, |_| Some(aside)).iter().all(|(_, mood)| mood.rasa.is_none()), "not frontal");
    let restless = |t: f64| Some(showing(if t % 2000.0 < 1200.0 { Rasa::Shanta } else { Rasa::Hasya }, 0.8));
    assert!(moods(10.0, 24.0, restless).iter().all(|(_, mood)| mood.rasa != Some(Rasa::Shanta)), "not held");
}

#[test]
fn intensity_follows_within_150_ms() {
    let swell = |t: f64| {
        let strength = if t < 3000.0 { 0.1 } else { 0.9 };
        Some(Reading { strengths: [strength; Rasa::COUNT], ..showing(Rasa::Hasya, 0.7) })
    };
    let stream = moods(4.0, 24.0, swell);
    let at = |ms: f64| stream.iter().rfind(|(t, _)| *t <= ms).map(|(_, mood)| mood.intensity).expect("a frame");
    assert!((at(2990.0) - 0.1).abs() < 0.01);
    assert!(at(3150.0) > 0.1 + 0.8 * 0.85, "{} after 150 ms", at(3150.0));
}

#[test]
fn the_frame_rate_does_not_matter() {
    let story = |t: f64| match t as u32 {
        0..3000 => Some(showing(Rasa::Karuna, 0.6)),
        3000..6000 => Some(showing(Rasa::Hasya, 0.7)),
        6000..8000 => None,
        _ => Some(showing(Rasa::Shanta, 0.7)),
    };
    let slow = changes(&moods(14.0, 10.0, story));
    let fast = changes(&moods(14.0, 60.0, story));
    assert_eq!(slow.len(), fast.len(), "{slow:?} {fast:?}");
    for (a, b) in slow.iter().zip(&fast) {
        assert_eq!(a.1, b.1);
        assert!((a.0 - b.0).abs() <= 150.0, "{a:?} {b:?}");
    }
}

#[test]
fn to_ask_between_frames_changes_nothing() {
    let story = |t: f64| match t as u32 {
        0..4000 => Some(showing(Rasa::Shanta, 0.7)),
        4000..7000 => Some(showing(Rasa::Raudra, 0.7)),
        _ => Some(showing(Rasa::Hasya, 0.7)),
    };
    for fps in [7.5, 10.0, 15.0, 20.0, 30.0] {
        let mut asked = Smoother::default();
        let step = 1000.0 / fps;
        for (time, mood) in moods(10.0, fps, story) {
            assert_eq!(asked.update(time, story(time).as_ref()), mood, "{fps} frames a second, at {time} ms");
            // The clock that is asked runs a little ahead of the frames.
            for wait in [10.0, 40.0, 80.0, 120.0].into_iter().filter(|wait| *wait < step) {
                assert_eq!(asked.wait(time + wait + 5.0), mood);
            }
        }
        let end = 10_000.0;
        assert!(asked.wait(end + Settings::default().lost_ms / 2.0).rasa.is_some());
        assert_eq!(asked.wait(end + Settings::default().lost_ms * 2.0), Mood::default(), "lost");
    }
}

#[test]
fn the_same_frames_give_the_same_moods_and_bad_times_do_no_harm() {
    let story = |t: f64| Some(showing(Rasa::ALL[(t / 700.0) as usize % 9], 0.5));
    assert_eq!(moods(10.0, 24.0, story), moods(10.0, 24.0, story));
    let mut smoother = Smoother::default();
    for time in [0.0, 100.0, 50.0, f64::NAN, f64::INFINITY, -4e9, 200.0, 5000.0] {
        let mood = smoother.update(time, Some(&showing(Rasa::Hasya, 0.9)));
        assert!(mood.confidence.is_finite() && mood.intensity.is_finite());
    }
    assert_eq!(smoother.update(5100.0, Some(&showing(Rasa::Hasya, 0.9))).rasa, Some(Rasa::Hasya));
}

#[test]
fn readings_that_are_not_numbers_are_not_taken_in() {
    let mut broken = showing(Rasa::Hasya, 0.9);
    broken.probabilities[3] = f32::NAN;
    assert!(moods(3.0, 24.0, |_| Some(broken)).iter().all(|(_, mood)| *mood == Mood::default()));
}
