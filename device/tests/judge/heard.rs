//! What is heard of the melody: the swaras it reaches, struck or by a glide, on whatever channel. It is read from notes,
//! bends and bend ranges alone, as a synth reads them.
//!
//! A glide: while one note sounds, bend changes at most 30 ms apart, in one direction, go from within 25 cents of one
//! swara of the raga to within 25 cents of another, and stay within 60 cents of that for 80 ms or to the note's end. What
//! is over within 60 ms is none (a touch of a neighbour before the note, a kan), and what has not stood where it leaves
//! for 80 ms or from the note's beginning is none (a shake).

use midly::MidiMessage;
use rasika_device::performer::{Cue, Event, EventKind, Library, Raga, Swara, Voice};

const APART_US: u64 = 30_000;
const NEAR: f64 = 25.0;
const STAYS: f64 = 60.0;
const STAYS_US: u64 = 80_000;
const SHORTEST_US: u64 = 60_000;
/// Bend range of a synth that was told none, in cents.
const USUAL_RANGE: f64 = 200.0;

/// A swara of the melody.
#[derive(Debug, Clone, PartialEq)]
pub struct Swung {
    /// When it was struck or reached.
    pub on: u64,
    /// When it was left or ended.
    pub off: u64,
    /// Semitones from the middle Sa.
    pub pitch: i32,
    /// Index into the library's ragas.
    pub raga: usize,
    /// Whether it begins a phrase.
    pub begins: bool,
    /// Whether it was struck; else it was reached by a glide.
    pub struck: bool,
    /// How long the glide to it took, in microseconds; 0 where it was struck.
    pub glide_us: u64,
    /// Its channel.
    pub channel: u8,
    /// Whether it stood within a cent of its shruti at some time.
    pub in_tune: bool,
}

/// Whether a channel plays the melody.
pub fn is_melody(channel: u8) -> bool {
    Voice::MELODY.iter().any(|voice| voice.channel().as_int() == channel)
}

/// Pitch bend of each channel, with its range.
#[derive(Debug, Clone)]
pub struct Bends {
    range: [f64; 16],
    parameter: [(u8, u8); 16],
    bend: [i16; 16],
}

impl Default for Bends {
    fn default() -> Self {
        Self { range: [USUAL_RANGE; 16], parameter: [(127, 127); 16], bend: [0; 16] }
    }
}

impl Bends {
    /// Takes in a message; true if the pitch moved.
    pub fn hear(&mut self, channel: u8, message: MidiMessage) -> bool {
        let at = usize::from(channel);
        match message {
            MidiMessage::PitchBend { bend } => {
                self.bend[at] = bend.as_int();
                return true;
            }
            MidiMessage::Controller { controller, value } => match (controller.as_int(), self.parameter[at]) {
                (101, (_, fine)) => self.parameter[at] = (value.as_int(), fine),
                (100, (coarse, _)) => self.parameter[at] = (coarse, value.as_int()),
                (6, (0, 0)) => self.range[at] = 100.0 * f64::from(value.as_int()),
                (38, (0, 0)) => self.range[at] = (self.range[at] / 100.0).floor() * 100.0 + f64::from(value.as_int()),
                _ => {}
            },
            _ => {}
        }
        false
    }

    /// Cents of a channel's bend.
    pub fn cents(&self, channel: u8) -> f64 {
        f64::from(self.bend[usize::from(channel)]) / 8192.0 * self.range[usize::from(channel)]
    }
}

/// A note that sounds, and the way of its pitch: times and cents from the middle Sa.
struct Sounding {
    key: u8,
    step: i32,
    raga: usize,
    begins: bool,
    way: Vec<(u64, f64)>,
}

/// The swaras of the melody, in order.
pub fn melody(events: &[Event], library: &Library, sa: i32) -> Vec<Swung> {
    let (mut swaras, mut bends) = (Vec::new(), Bends::default());
    let mut sounding: [Option<Sounding>; 16] = [const { None }; 16];
    let (mut raga, mut own, mut begins) = (usize::MAX, usize::MAX, false);
    for event in events {
        let (channel, message) = match event.kind {
            EventKind::Cue(Cue::Raga { raga: next, .. }) => {
                (raga, own) = (usize::from(next), usize::from(next));
                continue;
            }
            EventKind::Cue(Cue::Signature { raga: other }) => {
                raga = usize::from(other);
                continue;
            }
            EventKind::Cue(Cue::SignatureEnds) => {
                raga = own;
                continue;
            }
            EventKind::Cue(Cue::Phrase) => {
                begins = true;
                continue;
            }
            EventKind::Cue(_) => continue,
            EventKind::Midi { channel, message } => (channel.as_int(), message),
        };
        let moved = bends.hear(channel, message);
        if !is_melody(channel) {
            continue;
        }
        let pitch = |key: u8| 100.0 * f64::from(i32::from(key) - sa) + bends.cents(channel);
        let slot = usize::from(channel);
        match message {
            MidiMessage::NoteOn { key, vel } if vel > 0 => {
                assert!(sounding.iter().all(Option::is_none), "the melody sings one note at a time");
                let key = key.as_int();
                let way = vec![(event.time_us, pitch(key))];
                let step = i32::from(key) - sa;
                sounding[slot] = Some(Sounding { key, step, raga, begins: std::mem::take(&mut begins), way });
            }
            MidiMessage::NoteOn { .. } | MidiMessage::NoteOff { .. } => {
                let note = sounding[slot].take().expect("a note that sounds ends");
                swaras.extend(swaras_of(&note, event.time_us, library.ragas.get(note.raga), channel));
            }
            _ if moved => {
                if let Some(note) = &mut sounding[slot] {
                    let at = pitch(note.key);
                    note.way.push((event.time_us, at));
                }
            }
            _ => {}
        }
    }
    swaras.sort_by_key(|swara| swara.on);
    swaras
}

/// The swara of the raga within some cents of a pitch.
fn swara_near(raga: Option<&Raga>, cents: f64, within: f64) -> Option<i32> {
    let middle = (cents / 100.0).round() as i32;
    (middle - 1..=middle + 1).find(|step| (cents - pitch_of(raga, *step)).abs() <= within && has(raga, *step))
}

fn has(raga: Option<&Raga>, step: i32) -> bool {
    raga.is_none_or(|raga| raga.has(Swara::from_semitone(step)))
}

/// Cents of a swara from the middle Sa.
pub fn pitch_of(raga: Option<&Raga>, step: i32) -> f64 {
    let off = raga.map_or(0.0, |raga| f64::from(raga.cents_off(Swara::from_semitone(step))));
    100.0 * f64::from(step) + off
}

fn swaras_of(note: &Sounding, end: u64, raga: Option<&Raga>, channel: u8) -> Vec<Swung> {
    let glides = glides(note, end, raga);
    let way = &note.way;
    let struck_at = glides.first().map_or(note.step, |glide| glide.from);
    let swara = |on: u64, off: u64, pitch: i32| Swung {
        on,
        off,
        pitch,
        raga: note.raga,
        begins: false,
        struck: false,
        glide_us: 0,
        channel,
        in_tune: stood_in_tune(way, on, off, pitch_of(raga, pitch)),
    };
    let off = glides.first().map_or(end, |glide| glide.begins);
    let mut swaras = vec![Swung { struck: true, begins: note.begins, ..swara(way[0].0, off, struck_at) }];
    for (index, glide) in glides.iter().enumerate() {
        let off = glides.get(index + 1).map_or(end, |next| next.begins);
        swaras.push(Swung { glide_us: glide.ends - glide.begins, ..swara(glide.ends, off, glide.to) });
    }
    swaras
}

fn stood_in_tune(way: &[(u64, f64)], on: u64, off: u64, wanted: f64) -> bool {
    let stands = way.iter().enumerate().filter(|(index, (at, _))| {
        let until = way.get(index + 1).map_or(off, |(next, _)| *next);
        *at <= off && until >= on
    });
    stands.into_iter().any(|(_, (_, cents))| (cents - wanted).abs() <= 1.0)
}

/// A glide within a note.
#[derive(Debug)]
struct Glide {
    begins: u64,
    ends: u64,
    from: i32,
    to: i32,
}

fn glides(note: &Sounding, end: u64, raga: Option<&Raga>) -> Vec<Glide> {
    let way = &note.way;
    let (mut glides, mut at) = (Vec::new(), 0);
    while at + 1 < way.len() {
        // A run: changes in one direction, each soon after the one before.
        let direction = (way[at + 1].1 - way[at].1).signum();
        let mut last = at + 1;
        while let Some(next) = way.get(last + 1) {
            if (next.1 - way[last].1).signum() * direction < 0.0 || next.0 - way[last].0 > APART_US {
                break;
            }
            last += 1;
        }
        let from = swara_near(raga, way[at].1, NEAR);
        let to = swara_near(raga, way[last].1, NEAR);
        if let (Some(from), Some(to)) = (from, to)
            && from != to
            && way[last].0 - way[at + 1].0 >= SHORTEST_US
            && stood(way, at, pitch_of(raga, from))
            && stays(way, last, end, pitch_of(raga, to))
        {
            glides.push(Glide { begins: way[at + 1].0, ends: way[last].0, from, to });
        }
        at = last;
    }
    glides
}

/// Whether the pitch stood near one until a moment.
fn stood(way: &[(u64, f64)], at: usize, wanted: f64) -> bool {
    let left = way[at + 1].0;
    let near = |cents: f64| (cents - wanted).abs() <= STAYS;
    let since = way[..=at].iter().rev().take_while(|(_, cents)| near(*cents)).last().map_or(left, |(since, _)| *since);
    since + STAYS_US <= left || since == way[0].0
}

fn stays(way: &[(u64, f64)], last: usize, end: u64, wanted: f64) -> bool {
    let until = (way[last].0 + STAYS_US).min(end);
    way[last..].iter().take_while(|(at, _)| *at < until).all(|(_, cents)| (cents - wanted).abs() <= STAYS)
}
