//! All ragas of a rasa are played: in turn, by the hour, or the first one always, as rendering does.

use rasika_device::performer::choice::{Choosing, Minute};
use rasika_device::performer::{Cue, Engine, EventKind, Library, Settings};
use rasika_models::{Mood, Rasa};
use std::sync::Arc;

const SECOND: u64 = 1_000_000;

/// The ragas that are heard when love and laughter are seen by turns, ten seconds each.
fn heard_of_love(choosing: Choosing, minute: Option<Minute>, times: u64) -> Vec<String> {
    let library = Library::built_in().unwrap();
    let map = library.map("default").unwrap();
    let settings = Settings { choosing, ..Settings::default() };
    settings.minute.tell(minute);
    let mut engine = Engine::new(Arc::new(library), Arc::new(map), settings);
    let (mut events, mut heard) = (Vec::new(), Vec::new());
    for turn in 0..2 * times {
        let rasa = if turn % 2 == 0 { Rasa::Shringara } else { Rasa::Hasya };
        engine.advance(
            (turn + 1) * 10 * SECOND,
            &Mood { rasa: Some(rasa), confidence: 1.0, intensity: 0.6 },
            &mut events,
        );
    }
    for event in &events {
        if let EventKind::Cue(Cue::Raga { raga, rasa }) = event.kind
            && usize::from(rasa) == Rasa::Shringara.index()
        {
            heard.push(engine.library().ragas[usize::from(raga)].name.clone());
        }
    }
    heard
}

#[test]
fn every_raga_of_a_rasa_has_its_turn() {
    assert_eq!(heard_of_love(Choosing::Turns, None, 4), ["Desh", "Yaman", "Bihag", "Desh"]);
}

#[test]
fn the_hour_chooses_where_it_is_known() {
    assert_eq!(heard_of_love(Choosing::Hours, "19:30".parse().ok(), 3), ["Yaman"; 3]);
    assert_eq!(heard_of_love(Choosing::Hours, "22:00".parse().ok(), 3), ["Desh", "Bihag", "Desh"]);
    assert_eq!(heard_of_love(Choosing::Hours, None, 3), ["Desh", "Yaman", "Bihag"]);
}

#[test]
fn what_is_rendered_is_the_same_at_any_hour() {
    assert_eq!(heard_of_love(Choosing::First, "19:30".parse().ok(), 3), ["Desh"; 3]);
    assert_eq!(Settings::default().choosing, Choosing::First);
}
