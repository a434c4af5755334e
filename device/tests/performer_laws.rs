//! Laws of the music, held against events for random seeds and random moods.
//!
//! What a raga allows is read here from the raga files' aroha and avaroha themselves, by other code than the
//! player's: a judge that shared the player's grammar would share its errors.

use midly::MidiMessage;
use proptest::prelude::*;
use rasika_device::performer::{
    Cue, Engine, Event, EventKind, Library, Performance, RasaMap, Settings, Voice, midi_file,
};
use rasika_models::{Mood, Rasa};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

const SECOND: u64 = 1_000_000;
const SA: i32 = 61;

static LIBRARY: LazyLock<Arc<Library>> = LazyLock::new(|| Arc::new(Library::built_in().unwrap()));
static JUDGES: LazyLock<BTreeMap<String, Judge>> = LazyLock::new(judges);

/// What one raga allows, from its file.
struct Judge {
    swaras: BTreeSet<i32>,
    /// Swara left, and interval.
    moves: BTreeSet<(i32, i32)>,
    touch: BTreeSet<i32>,
}

fn pitch(word: &str) -> i32 {
    let letter = word.trim_matches('\'');
    let below = word.find(letter).unwrap();
    let above = word.len() - letter.len() - below;
    "SrRgGmMPdDnN".find(letter).unwrap() as i32 + 12 * (above as i32 - below as i32)
}

fn pitches(line: &str) -> Vec<i32> {
    line.split_whitespace().map(pitch).collect()
}

fn judges() -> BTreeMap<String, Judge> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/ragas");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    files.map(|text| judge(&text.parse().unwrap())).collect()
}

fn judge(file: &toml::Table) -> (String, Judge) {
    let text = |key: &str| file.get(key).and_then(|value| value.as_str()).unwrap_or("");
    let touch: BTreeSet<i32> = pitches(text("touch")).into_iter().collect();
    let (mut swaras, mut moves) = (BTreeSet::new(), BTreeSet::new());
    for key in ["aroha", "avaroha"] {
        let mut line = pitches(text(key));
        swaras.extend(line.iter().map(|note| note.rem_euclid(12)));
        // Where the line closes on the note it began with, it goes on in the next octave.
        let shift = line[line.len() - 1] - line[0];
        if shift % 12 == 0 {
            let next: Vec<i32> = line[1..].iter().map(|note| note + shift).collect();
            line.extend(next);
        }
        for start in 0..line.len() {
            // As far as the line runs one way, over two notes at most.
            let mut direction = 0;
            for end in start + 1..line.len().min(start + 4) {
                let step = (line[end] - line[end - 1]).signum();
                if direction != 0 && step != direction {
                    break;
                }
                direction = step;
                let touched = [start, end].iter().any(|at| touch.contains(&line[*at].rem_euclid(12)));
                if end == start + 1 || !touched {
                    moves.insert((line[start].rem_euclid(12), line[end] - line[start]));
                }
            }
        }
    }
    for extra in file.get("move").and_then(|moves| moves.as_array()).into_iter().flatten() {
        let pair = pitches(extra["notes"].as_str().unwrap());
        moves.insert((pair[0].rem_euclid(12), pair[1] - pair[0]));
    }
    (text("name").to_owned(), Judge { swaras, moves, touch })
}

impl Judge {
    fn allows(&self, from: i32, to: i32) -> bool {
        from == to || self.moves.contains(&(from.rem_euclid(12), to - from))
    }
}

/// A melody note: its time, its end, its pitch from the middle Sa, its raga and whether it begins a phrase.
#[derive(Debug, Clone, PartialEq)]
struct Sung {
    on: u64,
    off: u64,
    pitch: i32,
    raga: usize,
    begins: bool,
}

fn melody(events: &[Event]) -> Vec<Sung> {
    let (mut sung, mut raga, mut begins): (Vec<Sung>, usize, bool) = (Vec::new(), usize::MAX, false);
    for event in events {
        match event.kind {
            EventKind::Cue(Cue::Raga { raga: next, .. }) => raga = usize::from(next),
            EventKind::Cue(Cue::Phrase) => begins = true,
            EventKind::Midi { channel, message } if channel == Voice::Melody.channel() => match message {
                MidiMessage::NoteOn { key, .. } => {
                    let pitch = i32::from(key.as_int()) - SA;
                    sung.push(Sung { on: event.time_us, off: u64::MAX, pitch, raga, begins });
                    begins = false;
                }
                MidiMessage::NoteOff { key, .. } => {
                    let last = sung.last_mut().unwrap();
                    assert_eq!(last.pitch, i32::from(key.as_int()) - SA, "the melody sings one note at a time");
                    last.off = event.time_us;
                }
                _ => {}
            },
            _ => {}
        }
    }
    sung
}

fn map(name: &str) -> Arc<RasaMap> {
    Arc::new(LIBRARY.map(name).unwrap())
}

fn engine(map: &Arc<RasaMap>, seed: u64) -> Engine {
    Engine::new(Arc::clone(&LIBRARY), Arc::clone(map), Settings { seed, ..Settings::default() }).unwrap()
}

fn mood(rasa: Option<Rasa>, intensity: f32) -> Mood {
    Mood { rasa, confidence: if rasa.is_some() { 0.9 } else { 0.0 }, intensity }
}

fn perform(map: &Arc<RasaMap>, seed: u64, moods: &[(u64, Mood)], end: u64) -> Vec<Event> {
    let mut performance = Performance::new(engine(map, seed));
    for (time, mood) in moods {
        performance.mood(*time, *mood);
    }
    performance.end(end)
}

/// The default map with one raga for every rasa.
fn only(raga: usize) -> Arc<RasaMap> {
    let name = &LIBRARY.ragas[raga].name;
    let line = |line: &str| if line.starts_with("ragas") { format!("ragas = [\"{name}\"]") } else { line.to_owned() };
    let lines: Vec<String> = include_str!("../maps/default.toml").lines().map(line).collect();
    Arc::new(RasaMap::parse("only.toml", &lines.join("\n"), &LIBRARY).unwrap())
}

fn any_mood() -> impl Strategy<Value = Mood> {
    (0..=Rasa::COUNT, 0.0_f32..=1.0).prop_map(|(rasa, intensity)| {
        let rasa = Rasa::from_index(rasa);
        mood(rasa, if rasa.is_some() { intensity } else { 0.0 })
    })
}

/// Moods after gaps of some milliseconds.
fn any_moods() -> impl Strategy<Value = Vec<(u64, Mood)>> {
    prop::collection::vec((0_u64..9_000, any_mood()), 1..14).prop_map(|steps| {
        let mut time = 0;
        let place = |(gap, mood): (u64, Mood)| {
            time += gap * 1000 + 1;
            (time, mood)
        };
        steps.into_iter().map(place).collect()
    })
}

fn last_time(moods: &[(u64, Mood)]) -> u64 {
    moods.last().map_or(0, |(time, _)| *time)
}

/// Checks that the melody keeps to its ragas; how many notes there were and how many phrases.
fn keeps_to_its_raga(events: &[Event]) -> Result<(usize, usize), TestCaseError> {
    let sung = melody(events);
    for note in &sung {
        let raga = &LIBRARY.ragas[note.raga].name;
        prop_assert!(JUDGES[raga].swaras.contains(&note.pitch.rem_euclid(12)), "{raga} has no {note:?}");
    }
    for pair in sung.windows(2).filter(|pair| !pair[1].begins) {
        let raga = &LIBRARY.ragas[pair[0].raga].name;
        prop_assert_eq!(pair[0].raga, pair[1].raga, "a phrase stays in its raga");
        prop_assert!(JUDGES[raga].allows(pair[0].pitch, pair[1].pitch), "{} does not go {:?}", raga, pair);
    }
    for pair in sung.windows(2).filter(|pair| pair[1].begins) {
        prop_assert!(pair[1].on >= pair[0].off + 50_000, "no breath between phrases {pair:?}");
    }
    Ok((sung.len(), sung.iter().filter(|note| note.begins).count()))
}

/// The notes that sound after events, by channel and key.
fn sounding(events: &[Event]) -> BTreeSet<(u8, u8)> {
    let mut sounding = BTreeSet::new();
    for event in events {
        match event.kind {
            EventKind::Midi { channel, message: MidiMessage::NoteOn { key, .. } } => {
                sounding.insert((channel.as_int(), key.as_int()));
            }
            EventKind::Midi { channel, message: MidiMessage::NoteOff { key, .. } } => {
                sounding.remove(&(channel.as_int(), key.as_int()));
            }
            _ => {}
        }
    }
    sounding
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_melody_holds_to_its_ragas(seed: u64, moods in any_moods()) {
        keeps_to_its_raga(&perform(&map("default"), seed, &moods, last_time(&moods) + 20 * SECOND))?;
    }

    #[test]
    fn every_raga_is_kept_in_every_style(seed: u64, raga in 0_usize..15, rasa in 0_usize..9, intensity in 0.0_f32..=1.0) {
        let moods = [(0, mood(Rasa::from_index(rasa), intensity))];
        let (notes, phrases) = keeps_to_its_raga(&perform(&only(raga), seed, &moods, 90 * SECOND))?;
        // Sorrow at its slowest has phrases of a quarter of a minute.
        prop_assert!(phrases >= 4, "{phrases} phrases in a minute and a half");
        // Moves are checked within phrases: a player of single notes would break no rule.
        prop_assert!(notes as f32 / phrases as f32 >= 3.0, "{notes} notes in {phrases} phrases");
    }

    #[test]
    fn every_note_ends_and_time_never_runs_back(seed: u64, moods in any_moods()) {
        let events = perform(&map("original"), seed, &moods, last_time(&moods) + 15 * SECOND);
        prop_assert!(events.is_sorted_by_key(|event| event.time_us));
        let mut sounding = BTreeSet::new();
        for event in &events {
            let EventKind::Midi { channel, message } = event.kind else { continue };
            match message {
                MidiMessage::NoteOn { key, vel } => {
                    prop_assert!(vel > 0);
                    prop_assert!(sounding.insert((channel, key)), "{event:?} struck while it sounds");
                    prop_assert!(sounding.iter().filter(|(on, _)| *on == Voice::Melody.channel()).count() <= 1);
                }
                MidiMessage::NoteOff { key, .. } => {
                    prop_assert!(sounding.remove(&(channel, key)), "{event:?} does not sound");
                }
                _ => {}
            }
        }
        prop_assert!(sounding.is_empty(), "{sounding:?}");
    }

    #[test]
    fn silence_at_any_moment_leaves_nothing_sounding(seed: u64, rasa in 0_usize..9, cut in 1_u64..60 * SECOND) {
        let mut engine = engine(&map("default"), seed);
        let mut events = Vec::new();
        engine.advance(cut, &mood(Rasa::from_index(rasa), 0.8), &mut events);
        prop_assert!(!sounding(&events).is_empty(), "the drone sounds");
        let before = events.len();
        engine.silence(&mut events);
        prop_assert_eq!(sounding(&events), BTreeSet::new());
        for voice in Voice::ALL {
            for controller in [64, 123, 120] {
                prop_assert!(events[before..].contains(&Event::control(cut, voice, controller, 0)));
            }
        }
    }

    #[test]
    fn a_seed_is_a_performance_however_it_is_stepped(seed: u64, moods in any_moods(), step in 1_u64..700) {
        let map = map("default");
        let end = last_time(&moods) + 10 * SECOND;
        let whole = perform(&map, seed, &moods, end);
        let again = perform(&map, seed, &moods, end);
        prop_assert_eq!(midi_file::bytes(&whole, &LIBRARY), midi_file::bytes(&again, &LIBRARY));
        let mut engine = engine(&map, seed);
        let (mut events, mut now, mut held) = (Vec::new(), 0, Mood::default());
        engine.setup(&mut events);
        for (time, next) in moods.iter().copied().chain([(end, Mood::default())]) {
            while now < time {
                now = (now + step * 1000).min(time);
                engine.advance(now, &held, &mut events);
            }
            held = next;
        }
        prop_assert!(events.len() <= whole.len());
        prop_assert_eq!(&whole[..events.len()], &events[..]);
    }

    #[test]
    fn another_seed_is_another_performance(seed: u64) {
        let moods = [(0, mood(Some(Rasa::Veera), 0.7))];
        let map = map("default");
        let (one, other) = (perform(&map, seed, &moods, 20 * SECOND), perform(&map, seed ^ 1, &moods, 20 * SECOND));
        prop_assert_ne!(melody(&one), melody(&other));
    }

    #[test]
    fn a_change_of_rasa_is_heard_within_4_s_and_cuts_no_note(
        seed: u64,
        from in 0_usize..9,
        step in 1_usize..9,
        before in 0.0_f32..=1.0,
        after in 0.0_f32..=1.0,
        at in 3 * SECOND..60 * SECOND,
    ) {
        let to = (from + step) % 9;
        let map = map("default");
        let first = (0, mood(Rasa::from_index(from), before));
        let stays = perform(&map, seed, &[first], at + 6 * SECOND);
        // The same intensity at first, so that only the rasa differs for the note that sounds.
        let then = (at, mood(Rasa::from_index(to), before));
        let later = (at + SECOND / 2, mood(Rasa::from_index(to), after));
        let changes = perform(&map, seed, &[first, then, later], at + 6 * SECOND);
        let cut = |sung: &[Sung]| sung.iter().find(|note| note.on < at && at < note.off).cloned();
        prop_assert_eq!(cut(&melody(&stays)), cut(&melody(&changes)), "the sounding note keeps its length");
        let begun = changes.iter().find_map(|event| match event.kind {
            EventKind::Cue(Cue::Raga { raga, rasa }) if event.time_us >= at && usize::from(rasa) == to => {
                Some((event.time_us, usize::from(raga)))
            }
            _ => None,
        });
        let (begun, raga) = begun.expect("the new rasa begins");
        prop_assert_eq!(raga, map.style(Rasa::from_index(to).unwrap()).ragas[0]);
        let sung = melody(&changes);
        let first_note = sung.iter().find(|note| note.on >= begun).expect("the new raga sounds");
        prop_assert!(first_note.on <= at + 4 * SECOND, "{} ms", (first_note.on - at) / 1000);
    }

    #[test]
    fn loudness_follows_the_face_within_150_ms(seed: u64, rasa in 0_usize..9, up: bool, at in 2 * SECOND..40 * SECOND) {
        let rasa = Rasa::from_index(rasa);
        let (low, high) = if up { (0.1, 0.9) } else { (0.9, 0.1) };
        let map = map("default");
        // Set out with the first mood long enough before the step for the music to have begun.
        let events = perform(&map, seed, &[(0, mood(rasa, low)), (at, mood(rasa, high))], at + SECOND);
        let loudness = |until: u64| {
            let heard = events.iter().take_while(|event| event.time_us <= until);
            let values = heard.filter_map(|event| match event.kind {
                EventKind::Midi { channel, message: MidiMessage::Controller { controller, value } }
                    if channel == Voice::Melody.channel() && controller == 11 =>
                {
                    Some(f32::from(value.as_int()))
                }
                _ => None,
            });
            values.last().unwrap()
        };
        let aim = map.style(rasa.unwrap()).expression.at(high);
        let from = loudness(at);
        let way = (loudness(at + 150_000) - from) / (aim - from);
        prop_assert!((0.9..=1.1).contains(&way), "went {way} of the way from {from} to {aim}");
    }

    #[test]
    fn without_a_rasa_only_the_drone_is_left(seed: u64, moods in any_moods()) {
        let begins = last_time(&moods) + 5 * SECOND;
        let mut moods = moods;
        moods.push((begins, Mood::default()));
        let events = perform(&map("default"), seed, &moods, begins + 40 * SECOND);
        let late = events.iter().filter(|event| event.time_us > begins + 4 * SECOND);
        let struck: Vec<_> = late
            .filter_map(|event| match event.kind {
                EventKind::Midi { channel, message: MidiMessage::NoteOn { .. } } => Voice::of_channel(channel),
                _ => None,
            })
            .collect();
        prop_assert!(struck.iter().all(|voice| *voice == Voice::Tanpura));
        prop_assert!(struck.len() > 20, "the drone goes on");
    }
}

#[test]
fn a_note_only_touched_is_never_rested_on() {
    for (index, raga) in LIBRARY.ragas.iter().enumerate() {
        let judge = &JUDGES[&raga.name];
        for seed in 0..4 {
            let events = perform(&only(index), seed, &[(0, mood(Some(Rasa::Shringara), 0.5))], 120 * SECOND);
            for pair in melody(&events).windows(2).filter(|pair| pair[1].begins) {
                let rest = pair[0].pitch.rem_euclid(12);
                assert!(!judge.touch.contains(&rest), "{} rests on {:?}", raga.name, pair[0]);
            }
        }
    }
}

#[test]
fn the_rasas_differ_in_how_much_and_how_high_they_play() {
    let map = map("default");
    let table = Rasa::ALL.map(|rasa| {
        let sung = melody(&perform(&map, 5, &[(0, mood(Some(rasa), 0.8))], 120 * SECOND));
        let height = sung.iter().map(|note| note.pitch as f32).sum::<f32>() / sung.len() as f32;
        (sung.len() as f32 / 120.0, height)
    });
    let of = |rasa: Rasa| table[rasa.index()];
    assert!(of(Rasa::Raudra).0 > 3.0 * of(Rasa::Karuna).0, "{table:?}");
    assert!(of(Rasa::Hasya).0 > 1.3 * of(Rasa::Shringara).0, "{table:?}");
    assert!(of(Rasa::Shanta).0 < 1.0, "{table:?}");
    assert!(of(Rasa::Raudra).1 > of(Rasa::Bibhatsa).1 + 8.0, "{table:?}");
}
