//! What a performance is like, in numbers: how dense, how high, how fast, which steps, how long on its strong note.

use super::event::{Cue, Event, EventKind, Voice};
use super::library::Library;
use super::swara::{Note, Swara};
use midly::MidiMessage;

/// Kinds of step from one note of a phrase to the next.
pub const STEPS: [&str; 5] = ["repeat", "step", "third", "fourth–fifth", "wider"];

/// A performance in numbers. Times are of the melody's sounding notes.
#[derive(Debug, Clone, PartialEq)]
pub struct Portrait {
    /// Notes of the melody.
    pub notes: usize,
    /// Notes of the melody a second, from the first to the last.
    pub notes_per_s: f64,
    /// Lowest and highest note, in semitones from the middle Sa, and the mean over time.
    pub register: (i32, i32, f64),
    /// Slowest and fastest laya over a cycle of the tala, in matras a minute; `None` without a whole cycle.
    pub laya_bpm: Option<(f64, f64)>,
    /// Part (0–1) of each kind of step, in the order of [`STEPS`].
    pub steps: [f64; STEPS.len()],
    /// Part (0–1) of the time on the raga's vadi and on its samvadi.
    pub on_vadi: f64,
    /// The same for samvadi.
    pub on_samvadi: f64,
    /// Part (0–1) of the time on each swara.
    pub on_swara: [f64; 12],
    /// How many tihais there were.
    pub tihais: usize,
    /// Mean velocity of the melody.
    pub velocity: f64,
}

impl Portrait {
    /// The portrait of a performance with its middle Sa on a MIDI note; `None` if the melody says nothing.
    #[must_use]
    pub fn of(events: &[Event], library: &Library, sa: u8) -> Option<Self> {
        let mut taker = Taker { library, sa: i32::from(sa), ..Taker::new(library) };
        events.iter().for_each(|event| taker.hear(event));
        taker.finish()
    }
}

struct Taker<'a> {
    library: &'a Library,
    sa: i32,
    raga: Option<usize>,
    sounding: Option<(i32, u64)>,
    before: Option<i32>,
    first_us: Option<u64>,
    last_us: u64,
    notes: usize,
    velocity: f64,
    steps: [usize; STEPS.len()],
    lowest: i32,
    highest: i32,
    height_us: f64,
    total_us: f64,
    swara_us: [f64; 12],
    vadi_us: [f64; 2],
    matras: Option<f64>,
    sam_us: Option<u64>,
    laya: Option<(f64, f64)>,
    tihais: usize,
}

impl<'a> Taker<'a> {
    fn new(library: &'a Library) -> Self {
        Self {
            library,
            sa: 0,
            raga: None,
            sounding: None,
            before: None,
            first_us: None,
            last_us: 0,
            notes: 0,
            velocity: 0.0,
            steps: [0; STEPS.len()],
            lowest: i32::MAX,
            highest: i32::MIN,
            height_us: 0.0,
            total_us: 0.0,
            swara_us: [0.0; 12],
            vadi_us: [0.0; 2],
            matras: None,
            sam_us: None,
            laya: None,
            tihais: 0,
        }
    }

    fn hear(&mut self, event: &Event) {
        match event.kind {
            EventKind::Cue(cue) => self.hear_cue(event.time_us, cue),
            EventKind::Midi { channel, message } if Voice::of_channel(channel).is_some_and(Voice::is_melody) => {
                match message {
                    MidiMessage::NoteOn { key, vel } if vel > 0 => {
                        self.strike(event.time_us, i32::from(key.as_int()) - self.sa, f64::from(vel.as_int()));
                    }
                    MidiMessage::NoteOn { .. } | MidiMessage::NoteOff { .. } => self.release(event.time_us),
                    _ => {}
                }
            }
            EventKind::Midi { .. } => {}
        }
    }

    fn hear_cue(&mut self, time_us: u64, cue: Cue) {
        match cue {
            Cue::Raga { raga, .. } => (self.raga, self.sam_us) = (Some(usize::from(raga)), None),
            Cue::Phrase => self.before = None,
            Cue::Gat { tala } => {
                self.matras = self.library.talas.get(usize::from(tala)).map(|tala| f64::from(tala.matras()));
                self.sam_us = None;
            }
            Cue::Sam => {
                if let (Some(matras), Some(sam_us)) = (self.matras, self.sam_us.replace(time_us)) {
                    let laya = matras * 60e6 / (time_us - sam_us).max(1) as f64;
                    let (slow, fast) = self.laya.unwrap_or((laya, laya));
                    self.laya = Some((slow.min(laya), fast.max(laya)));
                }
            }
            Cue::Tihai { .. } => self.tihais += 1,
            Cue::Alap
            | Cue::Jor
            | Cue::Swara { .. }
            | Cue::Matra
            | Cue::Pulse
            | Cue::Drone
            | Cue::Silence
            | Cue::Signature { .. }
            | Cue::SignatureEnds => {}
        }
    }

    fn strike(&mut self, time_us: u64, step: i32, velocity: f64) {
        self.release(time_us);
        self.notes += 1;
        self.velocity += velocity;
        self.first_us.get_or_insert(time_us);
        if let Some(before) = self.before.replace(step) {
            let kind = match (step - before).abs() {
                0 => 0,
                1 | 2 => 1,
                3 | 4 => 2,
                5..=7 => 3,
                _ => 4,
            };
            self.steps[kind] += 1;
        }
        (self.lowest, self.highest) = (self.lowest.min(step), self.highest.max(step));
        self.sounding = Some((step, time_us));
    }

    fn release(&mut self, time_us: u64) {
        let Some((step, since_us)) = self.sounding.take() else { return };
        let us = (time_us - since_us) as f64;
        self.last_us = time_us;
        self.total_us += us;
        self.height_us += us * f64::from(step);
        let swara = Swara::from_semitone(step);
        self.swara_us[swara as usize] += us;
        if let Some(raga) = self.raga.and_then(|raga| self.library.ragas.get(raga)) {
            self.vadi_us[0] += if swara == raga.vadi { us } else { 0.0 };
            self.vadi_us[1] += if swara == raga.samvadi { us } else { 0.0 };
        }
    }

    fn finish(self) -> Option<Portrait> {
        let length_us = self.last_us.checked_sub(self.first_us?).filter(|us| *us > 0)? as f64;
        let steps: usize = self.steps.iter().sum();
        Some(Portrait {
            notes: self.notes,
            notes_per_s: self.notes as f64 * 1e6 / length_us,
            register: (self.lowest, self.highest, self.height_us / self.total_us),
            laya_bpm: self.laya,
            steps: self.steps.map(|count| count as f64 / steps.max(1) as f64),
            on_vadi: self.vadi_us[0] / self.total_us,
            on_samvadi: self.vadi_us[1] / self.total_us,
            on_swara: self.swara_us.map(|us| us / self.total_us),
            tihais: self.tihais,
            velocity: self.velocity / self.notes as f64,
        })
    }
}

/// A note so many semitones from the middle Sa, as it is written; the number where the box has no such note.
#[must_use]
pub fn written(step: i32) -> String {
    Note::from_step(step).map_or_else(|| step.to_string(), |note| note.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portrait_counts_what_it_hears() {
        let library = Library::built_in().unwrap();
        let yaman = library.raga("Yaman").unwrap() as u8;
        let second = 1_000_000;
        let events = [
            Event::cue(0, Cue::Raga { raga: yaman, rasa: 0 }),
            Event::cue(0, Cue::Gat { tala: library.tala("Dadra").unwrap() as u8 }),
            Event::cue(0, Cue::Sam),
            Event::cue(0, Cue::Phrase),
            Event::note_on(0, Voice::Melody, 65, 80),
            Event::note_off(second, Voice::Melody, 65),
            Event::note_on(second, Voice::Melody, 61, 100),
            Event::note_off(4 * second, Voice::Melody, 61),
            Event::cue(4 * second, Cue::Sam),
        ];
        let portrait = Portrait::of(&events, &library, 61).unwrap();
        assert_eq!((portrait.notes, portrait.notes_per_s, portrait.velocity), (2, 0.5, 90.0));
        assert_eq!((portrait.register, portrait.on_vadi), ((0, 4, 1.0), 0.25));
        assert_eq!((portrait.steps, portrait.laya_bpm), ([0.0, 0.0, 1.0, 0.0, 0.0], Some((90.0, 90.0))));
        assert_eq!(Portrait::of(&events[..4], &library, 61), None);
    }
}
