//! Laws of the music over hours of it: every raga, two hundred seeds, ten minutes each.
//!
//! Every performance goes through all that the engine does: an arc of moods, rasas that come, go and come back, hands
//! that rise and open, an end. The judges here know the raga files and MIDI, not the engine.

mod judge;

use judge::Judge;
use judge::heard::{self, Bends, is_melody, pitch_of};
use midly::MidiMessage;
use rasika_device::performer::{Cue, Engine, Event, EventKind, Hands, Library, Performance, RasaMap, Settings, Voice};
use rasika_models::{Mood, Rasa};
use std::collections::BTreeMap;
use std::sync::Arc;

const SECOND: u64 = 1_000_000;
const MINUTES: u64 = 10;
const SEEDS: u64 = 200;
const SA: i32 = 61;
/// A swara that stands so long has stood in tune.
const STANDS_US: u64 = 250_000;

/// Ten minutes of one raga: rising and falling intensity in several rasas' styles, absences, hands, an end.
fn perform(library: &Arc<Library>, map: &Arc<RasaMap>, seed: u64) -> Vec<Event> {
    let engine = Engine::new(Arc::clone(library), Arc::clone(map), Settings { seed, ..Settings::default() });
    let mut music = Performance::new(engine);
    for second in 0..MINUTES * 60 {
        let time = second * SECOND + 1 + seed * 37 % SECOND;
        let turn = (second / 75 + seed) % 9;
        let absent = second % 190 > 160;
        let rasa = Rasa::from_index(turn as usize).filter(|_| !absent);
        let wave = (second as f32 / 47.0 + seed as f32).sin();
        let intensity = if rasa.is_some() { 0.5 + 0.5 * wave } else { 0.0 };
        let hands = (second % 40 > 20)
            .then(|| Hands { height: (second % 7) as f32 / 6.0, openness: (second % 5) as f32 / 4.0 });
        music.hands(time, hands);
        music.mood(time, Mood { rasa, confidence: if rasa.is_some() { 0.8 } else { 0.0 }, intensity });
    }
    music.end(MINUTES * 60 * SECOND)
}

/// What is known after every event.
#[derive(Default)]
struct Ear {
    sounding: BTreeMap<(u8, u8), u64>,
    bends: Bends,
    raga: Option<usize>,
    tihai: Option<u8>,
    in_tihai: u8,
    matras: f64,
    sam: Option<u64>,
    landed: usize,
    cut: usize,
}

impl Ear {
    fn hear(&mut self, event: &Event, library: &Library, slowest_fastest: (f64, f64)) {
        match event.kind {
            EventKind::Cue(Cue::Raga { raga, .. }) => {
                self.raga = Some(usize::from(raga));
                self.leave_tihai();
                self.sam = None;
            }
            EventKind::Cue(Cue::Phrase | Cue::Drone | Cue::Silence) => self.leave_tihai(),
            EventKind::Cue(Cue::Tihai { notes }) => (self.tihai, self.in_tihai) = (Some(notes), 0),
            EventKind::Cue(Cue::Gat { tala }) => {
                self.matras = f64::from(library.talas[usize::from(tala)].matras());
                self.sam = None;
            }
            EventKind::Cue(Cue::Sam) => {
                if let Some(sam) = self.sam.replace(event.time_us) {
                    let laya = self.matras * 60e6 / (event.time_us - sam) as f64;
                    let (slowest, fastest) = slowest_fastest;
                    assert!(laya >= slowest * 0.99 && laya <= fastest * 1.01, "laya {laya} beyond {slowest_fastest:?}");
                }
            }
            EventKind::Cue(_) => {}
            EventKind::Midi { channel, message } => {
                let channel = channel.as_int();
                if self.bends.hear(channel, message) {
                    self.first_string(channel, library);
                }
                self.hear_note(event.time_us, channel, message, library);
            }
        }
    }

    /// A tihai that was begun and not finished has made way for another rasa.
    fn leave_tihai(&mut self) {
        self.cut += usize::from(self.tihai.take().is_some());
    }

    fn hear_note(&mut self, time: u64, channel: u8, message: MidiMessage, library: &Library) {
        let bent = Voice::BENT.map(|voice| voice.channel().as_int());
        match message {
            MidiMessage::NoteOn { key, vel } => {
                assert!(vel > 0);
                assert!(
                    !bent.contains(&channel) || self.sounding.keys().all(|(other, _)| *other != channel),
                    "two notes on the bend channel {channel}"
                );
                assert!(self.sounding.insert((channel, key.as_int()), time).is_none(), "struck while it sounds");
                if is_melody(channel) {
                    self.count_tihai(time);
                }
                self.first_string(channel, library);
            }
            MidiMessage::NoteOff { key, .. } => {
                self.sounding.remove(&(channel, key.as_int())).expect("a note that sounds");
            }
            _ => {}
        }
    }

    fn count_tihai(&mut self, time: u64) {
        let Some(notes) = self.tihai else { return };
        self.in_tihai += 1;
        if self.in_tihai == notes {
            self.tihai = None;
            assert_eq!(self.sam, Some(time), "a tihai of {notes} notes lands beside sam");
            self.landed += 1;
        }
    }

    /// The first string stands on its raga's shruti whenever it sounds.
    fn first_string(&self, channel: u8, library: &Library) {
        if channel != Voice::FirstString.channel().as_int() {
            return;
        }
        let Some((&(_, key), _)) = self.sounding.iter().find(|((other, _), _)| *other == channel) else { return };
        let Some(raga) = self.raga.map(|raga| &library.ragas[raga]) else { return };
        let step = i32::from(key) - SA;
        if raga.has(rasika_device::performer::Swara::from_semitone(step)) {
            let error = 100.0 * f64::from(step) + self.bends.cents(channel) - pitch_of(Some(raga), step);
            assert!(error.abs() < 1.0, "the first string is {error} cents off in {}", raga.name);
        }
    }
}

/// The melody holds to its raga in every swara it strikes or reaches by a glide; how many there were, and how many of
/// them stood in tune.
fn judge_melody(events: &[Event], library: &Library, judges: &BTreeMap<String, Judge>) -> (usize, usize) {
    let swaras = heard::melody(events, library, SA);
    let judge = |raga: usize| &judges[&library.ragas[raga].name];
    for swara in &swaras {
        let name = &library.ragas[swara.raga].name;
        assert!(judge(swara.raga).swaras.contains(&swara.pitch.rem_euclid(12)), "{name} has no {swara:?}");
        assert!(swara.in_tune || swara.off - swara.on < STANDS_US, "{name}: never in tune: {swara:?}");
    }
    for pair in swaras.windows(2).filter(|pair| !pair[1].begins) {
        let (judge, from, to) = (judge(pair[1].raga), pair[0].pitch, pair[1].pitch);
        let may = if pair[1].struck { judge.allows(from, to) } else { judge.glides(from, to) };
        assert!(may, "{} does not go {pair:?}", library.ragas[pair[1].raga].name);
    }
    (swaras.len(), swaras.iter().filter(|swara| swara.in_tune).count())
}

/// The slowest and fastest laya that the map and the raga allow together.
fn layas(map: &RasaMap, library: &Library, raga: usize) -> (f64, f64) {
    let (slow, fast) = library.ragas[raga].laya_bpm;
    let bounds = Rasa::ALL.map(|rasa| map.style(rasa).laya_bpm.bounds());
    let slowest = bounds.iter().map(|(low, _)| low.clamp(slow, fast)).fold(f32::MAX, f32::min);
    // A gat's laya grows by 30 % at most.
    let fastest = bounds.iter().map(|(_, high)| (1.3 * high).clamp(slow, fast)).fold(0.0, f32::max);
    (f64::from(slowest), f64::from(fastest))
}

#[test]
fn every_raga_keeps_its_laws_for_hours() {
    let library = Arc::new(Library::built_in().unwrap());
    let judges = judge::judges();
    let seeds = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS);
    let ragas: Vec<usize> = (0..library.ragas.len()).collect();
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(ragas.len());
    std::thread::scope(|scope| {
        for part in ragas.chunks(ragas.len().div_ceil(threads)) {
            let (library, judges) = (&library, &judges);
            scope.spawn(move || {
                for &raga in part {
                    let map = library.map("default").unwrap().with_raga(raga, library);
                    let bounds = layas(&map, library, raga);
                    let map = Arc::new(map);
                    let (mut landed, mut cut, mut notes, mut tuned) = (0, 0, 0, 0);
                    for seed in 0..seeds {
                        let mut ear = Ear::default();
                        let events = perform(library, &map, seed);
                        let mut time = 0;
                        for event in &events {
                            assert!(event.time_us >= time, "time runs back");
                            time = event.time_us;
                            ear.hear(event, library, bounds);
                        }
                        assert!(ear.sounding.is_empty(), "{:?} left", ear.sounding);
                        ear.leave_tihai();
                        landed += ear.landed;
                        cut += ear.cut;
                        let (heard, stood) = judge_melody(&events, library, judges);
                        notes += heard;
                        tuned += stood;
                    }
                    println!(
                        "{:<15} {landed:>5} tihais landed, {cut:>4} made way; {notes} notes, {:.1} % of them stood in tune",
                        library.ragas[raga].name,
                        100.0 * tuned as f64 / notes as f64
                    );
                    assert!(landed as u64 > seeds * 2, "{}: only {landed} tihais", library.ragas[raga].name);
                    assert!(cut < landed / 3 + 2, "{}: {cut} tihais were cut, {landed} landed", library.ragas[raga].name);
                    assert!(tuned * 100 > notes * 85, "{tuned} of {notes} notes stood in tune");
                }
            });
        }
    });
}
