//! Laws of the music, held against events for random seeds and random moods.
//!
//! What a raga allows is read here from the raga files' aroha and avaroha themselves, by other code than the
//! player's: a judge that shared the player's grammar would share its errors.

mod judge;

use judge::Judge;
use judge::heard::{self, Swung, is_melody};
use midly::MidiMessage;
use proptest::prelude::*;
use rasika_device::performer::{
    Cue, Engine, Event, EventKind, Hands, Library, NoteLists, Performance, Portrait, RasaMap, Settings, Voice,
    midi_file,
};
use rasika_models::{Mood, Rasa};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

const SECOND: u64 = 1_000_000;
const SA: i32 = 61;

static LIBRARY: LazyLock<Arc<Library>> = LazyLock::new(|| Arc::new(Library::built_in().unwrap()));
static JUDGES: LazyLock<BTreeMap<String, Judge>> = LazyLock::new(judge::judges);

/// The swaras of the melody, struck or reached by a glide.
fn melody(events: &[Event]) -> Vec<Swung> {
    heard::melody(events, &LIBRARY, SA)
}

/// When each note of the melody is struck and when it ends.
fn struck(events: &[Event]) -> Vec<(u64, u64)> {
    let mut notes: Vec<(u64, u64)> = Vec::new();
    for event in events {
        match event.kind {
            EventKind::Midi { channel, message } if is_melody(channel.as_int()) => match message {
                MidiMessage::NoteOn { .. } => notes.push((event.time_us, u64::MAX)),
                MidiMessage::NoteOff { .. } => notes.last_mut().unwrap().1 = event.time_us,
                _ => {}
            },
            _ => {}
        }
    }
    notes
}

fn map(name: &str) -> Arc<RasaMap> {
    Arc::new(LIBRARY.map(name).unwrap())
}

fn engine(map: &Arc<RasaMap>, seed: u64) -> Engine {
    Engine::new(Arc::clone(&LIBRARY), Arc::clone(map), Settings { seed, ..Settings::default() })
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

/// Checks that the melody keeps to its ragas, in what it strikes and in what it reaches by a glide; how many swaras there
/// were and how many phrases.
fn keeps_to_its_raga(events: &[Event]) -> Result<(usize, usize), TestCaseError> {
    let sung = melody(events);
    for note in &sung {
        let raga = &LIBRARY.ragas[note.raga].name;
        prop_assert!(JUDGES[raga].swaras.contains(&note.pitch.rem_euclid(12)), "{raga} has no {note:?}");
    }
    for pair in sung.windows(2).filter(|pair| !pair[1].begins) {
        let raga = &LIBRARY.ragas[pair[0].raga].name;
        prop_assert_eq!(pair[0].raga, pair[1].raga, "a phrase stays in its raga");
        let (judge, from, to) = (&JUDGES[raga], pair[0].pitch, pair[1].pitch);
        let may = if pair[1].struck { judge.allows(from, to) } else { judge.glides(from, to) };
        prop_assert!(may, "{} does not go {:?}", raga, pair);
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
        // Peace at its slowest has phrases of twenty seconds.
        prop_assert!(phrases >= 3, "{phrases} phrases in a minute and a half");
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
                    prop_assert!(sounding.iter().filter(|(on, _)| is_melody(on.as_int())).count() <= 1);
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
        for voice in Voice::BENT {
            let off = events.iter().rposition(|event| *event == Event::control(cut, voice, 120, 0));
            prop_assert!(events.iter().rposition(|event| *event == Event::bend(cut, voice, 0)) > off);
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
    fn a_change_of_rasa_is_heard_within_4_s_and_cuts_no_short_note(
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
        let cut = |events: &[Event]| struck(events).into_iter().find(|(on, off)| *on < at && at < *off);
        if let (Some((on, off)), Some((_, cut_off))) = (cut(&stays), cut(&changes)) {
            // A note that has stood for a second and a half may fade.
            prop_assert!(cut_off >= off || cut_off >= on + 1_500_000, "{on} {off} {cut_off}");
        }
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
    fn a_new_raga_begins_on_a_note_of_the_old(seed: u64, from in 0_usize..9, step in 1_usize..9, at in 3..60_u64) {
        let map = map("default");
        let moods = [(0, from), (at * SECOND, (from + step) % 9)].map(|(time, rasa)| (time, mood(Rasa::from_index(rasa), 0.7)));
        let sung = melody(&perform(&map, seed, &moods, (at + 8) * SECOND));
        let change = sung.windows(2).find(|pair| pair[0].raga != pair[1].raga);
        if let Some([old, new]) = change {
            for raga in [old.raga, new.raga] {
                let judge = &JUDGES[&LIBRARY.ragas[raga].name];
                prop_assert!(judge.swaras.contains(&new.pitch.rem_euclid(12)), "{old:?} to {new:?}");
            }
        }
    }

    #[test]
    fn a_signature_is_heard_at_once_and_changes_nothing_else(seed: u64, rasa in 0_usize..9, at in SECOND..60 * SECOND) {
        let (rasa, other) = (Rasa::from_index(rasa), Rasa::ALL[(rasa + 4) % 9]);
        let mut engine = engine(&map("default"), seed);
        let mut events = Vec::new();
        engine.advance(at, &mood(rasa, 0.7), &mut events);
        engine.sign(other);
        engine.advance(at + 24 * SECOND, &mood(rasa, 0.7), &mut events);
        let signature = events.iter().position(|e| matches!(e.kind, EventKind::Cue(Cue::Signature { .. }))).unwrap();
        let end = events.iter().position(|e| e.kind == EventKind::Cue(Cue::SignatureEnds)).unwrap();
        prop_assert!(events[signature].time_us == at && events[end].time_us < at + 4 * SECOND);
        let wanted = map("default").style(other).ragas[0];
        prop_assert_eq!(events[signature].kind, EventKind::Cue(Cue::Signature { raga: wanted as u8 }));
        let sung = melody(&events[signature..=end]);
        let phrase: Vec<i32> = LIBRARY.ragas[wanted].phrases[0].iter().take(8).map(|n| i32::from(n.step())).collect();
        prop_assert_eq!(sung.iter().map(|note| note.pitch).collect::<Vec<_>>(), phrase);
        // The melody goes on in the raga it was in.
        let mut after = melody(&events);
        after.retain(|note| note.on > events[end].time_us);
        prop_assert!(!after.is_empty());
        let raga = &LIBRARY.ragas[map("default").style(rasa.unwrap()).ragas[0]].name;
        prop_assert!(after.iter().all(|note| JUDGES[raga].swaras.contains(&note.pitch.rem_euclid(12))));
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
                    if is_melody(channel.as_int()) && controller == 11 =>
                {
                    Some(f32::from(value.as_int()))
                }
                _ => None,
            });
            values.last().unwrap()
        };
        let aim = map.style(rasa.unwrap()).expression.at(high);
        let from = loudness(at);
        let heard = loudness(at + 150_000);
        // A phrase swells and falls by 8 % around what the mood asks for.
        let swell = 0.08 * aim + 0.1 * (aim - from).abs() + 0.5;
        prop_assert!((heard - aim).abs() <= swell, "{heard} after {from}, on the way to {aim}");
    }

    #[test]
    fn without_a_rasa_only_the_drone_is_left(seed: u64, moods in any_moods()) {
        let begins = last_time(&moods) + 5 * SECOND;
        let mut moods = moods;
        moods.push((begins, Mood::default()));
        let events = perform(&map("default"), seed, &moods, begins + 80 * SECOND);
        // An alap of a quarter of a minute and a phrase or two is what is left of the melody.
        let late = events.iter().filter(|event| event.time_us > begins + 40 * SECOND);
        let struck: Vec<_> = late
            .filter_map(|event| match event.kind {
                EventKind::Midi { channel, message: MidiMessage::NoteOn { .. } } => Voice::of_channel(channel),
                _ => None,
            })
            .collect();
        prop_assert!(struck.iter().all(|voice| [Voice::Tanpura, Voice::FirstString].contains(voice)));
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
        let mut sung = melody(&perform(&map, 5, &[(0, mood(Some(rasa), 0.8))], 120 * SECOND));
        sung.retain(|note| note.struck);
        let height = sung.iter().map(|note| note.pitch as f32).sum::<f32>() / sung.len() as f32;
        (sung.len() as f32 / 120.0, height)
    });
    let of = |rasa: Rasa| table[rasa.index()];
    assert!(of(Rasa::Raudra).0 > 3.0 * of(Rasa::Karuna).0, "{table:?}");
    assert!(of(Rasa::Hasya).0 > 1.3 * of(Rasa::Shringara).0, "{table:?}");
    assert!(of(Rasa::Shanta).0 < 1.2, "{table:?}");
    assert!(of(Rasa::Raudra).1 > of(Rasa::Bibhatsa).1 + 5.0, "{table:?}");
}

/// Mean height of the melody, in semitones, and how many of its notes are bent on their way.
fn height_and_bends(hands: Option<Hands>) -> (f32, usize) {
    let (mut height, mut bends, mut count) = (0.0, 0, 0.0);
    for seed in 0..6 {
        let mut performance = Performance::new(engine(&map("default"), seed));
        performance.hands(0, hands);
        performance.mood(0, mood(Some(Rasa::Shringara), 0.7));
        let events = performance.end(120 * SECOND);
        let sung = melody(&events);
        height += sung.iter().map(|note| note.pitch as f32).sum::<f32>();
        count += sung.len() as f32;
        bends += events
            .iter()
            .filter(|e| matches!(e.kind, EventKind::Midi { channel, message: MidiMessage::PitchBend { .. } } if is_melody(channel.as_int())))
            .count();
    }
    (height / count, bends)
}

#[test]
fn raised_hands_raise_the_melody_and_open_hands_adorn_it() {
    let of = |height, openness| height_and_bends(Some(Hands { height, openness }));
    let (unseen, _) = height_and_bends(None);
    let (low, few) = of(0.0, 0.0);
    let (high, many) = of(1.0, 1.0);
    // What is composed stays where it is; what is made up goes with the hands.
    assert!(low < unseen && unseen < high && low + 1.0 < high, "{low} {unseen} {high}");
    assert!(few as f32 * 1.3 < many as f32, "{few} bends with closed hands, {many} with open ones");
}

#[test]
fn a_doubtful_face_is_played_more_softly() {
    let velocity = |confidence| {
        let events =
            perform(&map("default"), 3, &[(0, Mood { confidence, ..mood(Some(Rasa::Veera), 0.8) })], 60 * SECOND);
        Portrait::of(&events, &LIBRARY, SA as u8).unwrap().velocity
    };
    assert!(velocity(0.2) + 4.0 < velocity(1.0), "{} {}", velocity(0.2), velocity(1.0));
}

#[test]
fn nobody_seen_is_an_alap_then_the_drone_then_silence() {
    let settings = Settings { drone_s: 30, ..Settings::default() };
    let mut engine = Engine::new(Arc::clone(&LIBRARY), map("default"), settings);
    let mut events = Vec::new();
    engine.advance(40 * SECOND, &mood(Some(Rasa::Veera), 0.8), &mut events);
    engine.advance(160 * SECOND, &Mood::default(), &mut events);
    let at = |cue: Cue| events.iter().find(|e| e.kind == EventKind::Cue(cue)).map(|e| e.time_us / SECOND).unwrap();
    let (drone, silence) = (at(Cue::Drone), at(Cue::Silence));
    assert!((48..75).contains(&drone), "the drone is alone from {drone} s");
    assert!((drone + 29..drone + 33).contains(&silence), "silence from {silence} s");
    let sung = melody(&events);
    assert!(sung.iter().any(|note| (45 * SECOND..drone * SECOND).contains(&note.on)), "an alap before the drone");
    assert!(sung.iter().all(|note| note.on < (drone + 1) * SECOND));
    assert_eq!(sounding(&events), BTreeSet::new());
    assert!(events.iter().all(|e| e.time_us < (silence + 1) * SECOND), "silence is silence");
    // Whoever comes back is heard again, drone and all.
    let before = events.len();
    engine.advance(170 * SECOND, &mood(Some(Rasa::Veera), 0.8), &mut events);
    let back = |voice: Voice| {
        events[before..].iter().any(|e| {
            matches!(e.kind, EventKind::Midi { channel, message: MidiMessage::NoteOn { .. } } if channel == voice.channel())
        })
    };
    assert!(Voice::MELODY.into_iter().any(back) && back(Voice::Tanpura) && back(Voice::FirstString));
}

#[test]
fn a_rasa_that_is_only_away_for_a_moment_goes_on_where_it_was() {
    let mut engine = engine(&map("default"), 5);
    let mut events = Vec::new();
    engine.advance(20 * SECOND, &mood(Some(Rasa::Hasya), 0.8), &mut events);
    engine.advance(27 * SECOND, &Mood::default(), &mut events);
    engine.advance(60 * SECOND, &mood(Some(Rasa::Hasya), 0.8), &mut events);
    let ragas = events.iter().filter(|e| matches!(e.kind, EventKind::Cue(Cue::Raga { .. }))).count();
    assert_eq!(ragas, 1, "the raga is begun once");
    assert!(events.iter().all(|e| e.kind != EventKind::Cue(Cue::Drone)));
    let gats: Vec<u64> =
        events.iter().filter(|e| matches!(e.kind, EventKind::Cue(Cue::Gat { .. }))).map(|e| e.time_us).collect();
    assert!(gats.len() == 2 && gats[1] > 27 * SECOND, "the tala comes back: {gats:?}");
}

#[test]
fn a_piece_ends_with_a_tihai_on_sam() {
    let mut ends = 0;
    for (seed, rasa) in (0..).zip([Rasa::Veera, Rasa::Shringara, Rasa::Hasya, Rasa::Adbhuta, Rasa::Bibhatsa]) {
        let events = perform(&map("default"), seed, &[(0, mood(Some(rasa), 0.7))], 100 * SECOND);
        let last =
            |cue: fn(Cue) -> bool| events.iter().rposition(|e| matches!(e.kind, EventKind::Cue(said) if cue(said)));
        let (phrase, tihai) = (last(|cue| cue == Cue::Phrase), last(|cue| matches!(cue, Cue::Tihai { .. })));
        ends += usize::from(tihai.is_some_and(|tihai| Some(tihai) > phrase));
    }
    assert!(ends >= 4, "{ends} of 5 pieces end with a tihai");
}

#[test]
fn the_note_lists_are_played_as_they_stand() {
    let lists = Arc::new(NoteLists::built_in().unwrap());
    let settings = Settings { original: Some(Arc::clone(&lists)), ..Settings::default() };
    let mut music = Performance::new(Engine::new(Arc::clone(&LIBRARY), map("original"), settings));
    music.mood(0, mood(Some(Rasa::Karuna), 0.5));
    let events = music.end(10 * SECOND);
    let keys: Vec<u8> = events
        .iter()
        .filter_map(|e| match e.kind {
            EventKind::Midi { message: MidiMessage::NoteOn { key, .. }, .. } => Some(key.as_int()),
            _ => None,
        })
        .collect();
    assert!(keys.len() > 20 && lists.of(Rasa::Karuna).starts_with(&keys[..20]));
    assert_eq!(sounding(&events), BTreeSet::new());
}
