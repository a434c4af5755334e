//! The demo video's story: she weeps, then she laughs. Nothing was tuned to it; this only keeps it true.
#![cfg(feature = "perception")]

use std::path::Path;

use rasika_device::performer::{Engine, EventKind, Library, Performance, Settings, Voice};
use rasika_device::source::Source;
use rasika_device::watcher::{Watcher, Way};
use rasika_models::{Mood, Rasa};
use std::sync::Arc;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/files"))
}

/// Times and moods of a film.
fn moods(name: &str) -> Vec<(f64, Mood)> {
    let path = root().join("media").join(name);
    assert!(path.exists(), "{} is missing: run `make setup`", path.display());
    let way = Way { models: root().join("models"), every_frame: false, live: false };
    let mut watcher = Watcher::new(way).expect("models load");
    let reader = Source::of_path(&path).and_then(|source| source.open(false)).expect("opens");
    reader
        .map(|shot| {
            let shot = shot.expect("a whole film");
            (shot.time_ms, watcher.look(&shot).expect("sees").mood)
        })
        .collect()
}

fn share(moods: &[(f64, Mood)], rasa: Rasa) -> f64 {
    moods.iter().filter(|(_, mood)| mood.rasa == Some(rasa)).count() as f64 / moods.len() as f64
}

#[test]
fn she_weeps_and_then_she_laughs() {
    let moods = moods("WolfgangLanger_Pexels.mp4");
    assert_eq!(moods.len(), 472);
    let (karuna, hasya) = (share(&moods[30..=150], Rasa::Karuna), share(&moods[250..=450], Rasa::Hasya));
    println!("karuna on {karuna:.2} of frames 30–150, hasya on {hasya:.2} of frames 250–450");
    assert!(karuna >= 0.7, "karuna {karuna}");
    assert!(hasya >= 0.7, "hasya {hasya}");

    // How long each named mood stood, in milliseconds.
    let frame_ms = moods[1].0 - moods[0].0;
    let mut dwells: Vec<f64> = moods
        .chunk_by(|a, b| a.1.rasa == b.1.rasa)
        .filter(|run| run[0].1.rasa.is_some())
        .map(|run| run.len() as f64 * frame_ms)
        .collect();
    dwells.sort_by(f64::total_cmp);
    assert!(dwells[dwells.len() / 2] >= 1000.0, "dwells {dwells:?}");
}

#[test]
fn with_nobody_there_the_music_rests_on_the_drone() {
    let moods = moods("no_face.mp4");
    assert!(moods.iter().all(|(_, mood)| mood.rasa.is_none()));
    let library = Arc::new(Library::built_in().expect("built in"));
    let map = Arc::new(library.map("default").expect("the default map"));
    let mut music = Performance::new(Engine::new(library, map, Settings::default()));
    for (time_ms, mood) in &moods {
        music.mood((time_ms * 1000.0) as u64, *mood);
    }
    let notes = |voice: Voice| {
        let on = |kind: &EventKind| match kind {
            EventKind::Midi { channel, message: midly::MidiMessage::NoteOn { .. } } => *channel == voice.channel(),
            _ => false,
        };
        music.events().iter().filter(|event| on(&event.kind)).count()
    };
    assert!(notes(Voice::Tanpura) > 2, "the drone sounds");
    assert_eq!((notes(Voice::Melody), notes(Voice::Theka)), (0, 0), "and nothing else");
}
