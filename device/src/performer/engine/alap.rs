//! The alap: the raga unfolded in free time, from Sa, register by register.

use super::melody::{Direction, Melody, register};
use super::rhythm::{self, Pace};
use super::{Engine, SECOND_US};
use crate::performer::event::{Cue, Event};
use crate::performer::map::Style;
use crate::performer::raga::Raga;
use crate::performer::swara::{Note, Swara};
use std::sync::Arc;

/// How long the melody stays around Sa at the least, and how far it ranges there, in semitones.
const AROUND_SA_US: u64 = 22 * SECOND_US;
const AROUND_SA: i32 = 7;
/// Seconds of an alap that ask for one phrase more before the tala, and the most that are asked for.
const SECONDS_A_PHRASE: f32 = 7.0;
const MOST_PHRASES: u32 = 9;
/// Part of the time before the tala after which a pulse enters.
const ALAP_BEFORE_JOR: f64 = 0.75;
/// Phrases over a theka that closes, before the new raga's own tala.
const PHRASES_OVER_THEKA: u32 = 2;
/// How much faster than in calm an alap's notes follow each other when the music is strong.
const STRONG_PACE: f32 = 0.5;
/// Glides that a phrase has at the least for each second of it, where the manner is all for gliding.
const GLIDES_A_SECOND: f32 = 0.33;
/// Longest note of an alap that only waits for someone, in seconds.
const LONGEST_RESTING_S: f32 = 1.5;
/// Milliseconds, the unit of an alap's lengths, in microseconds.
const MS_US: u64 = 1_000;

/// Where an alap stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Plan {
    begun_us: u64,
    /// Phrases said.
    phrases: u32,
    /// Whether it goes over the theka of the raga before.
    over_theka: bool,
}

/// How far an alap has come.
#[derive(Debug, Clone, Copy)]
struct Stage {
    /// Part of its time, 0–1.
    part: f32,
    around_sa: bool,
    /// Whether it is a full one, which begins with Sa.
    first: bool,
    resting: bool,
}

impl Engine {
    /// An alap from the beginning, before which there was no melody.
    pub(super) fn begin_alap(&mut self) {
        self.alap = Plan { begun_us: self.now_us, phrases: 0, over_theka: false };
    }

    /// A short one, over the theka of the raga before.
    pub(super) fn begin_alap_over_theka(&mut self) {
        self.alap = Plan { begun_us: self.now_us, phrases: 0, over_theka: true };
    }

    /// In an alap: the next note, the rest after the last one, or the next phrase.
    pub(super) fn melody_due(&mut self, out: &mut Vec<Event>) {
        let Some(piece) = self.piece else { return };
        let (library, map) = (Arc::clone(&self.library), Arc::clone(&self.map));
        let (raga, style) = (&library.ragas[piece.raga], map.style(piece.rasa));
        if self.melody.is_over() {
            if self.wants_change() {
                self.change(out);
                return;
            }
            if self.is_rested() {
                self.rest_on_drone(out);
                return;
            }
            if self.resting_until_us.is_none() && self.leaves_alap(style, out) {
                return;
            }
            let stage = self.stage(style);
            self.melody.compose_free(raga, style, self.direction(), stage);
            self.alap.phrases += 1;
        }
        let left_us = u64::from(self.melody.phrase.length_from(self.melody.at)) * MS_US;
        if self.melody.at > 0 && self.gives_way(left_us) && !self.rests_nearby(raga, 650) {
            self.change(out);
            return;
        }
        let at = self.melody.at;
        if at == 0 {
            self.begin_phrase(left_us, out);
        }
        let stroke_us = self.play(raga, style, self.now_us, MS_US, 0.0, out);
        self.melody_us = self.now_us + stroke_us;
        if self.melody.is_over() {
            self.melody_us += self.rest_us(style);
        }
    }

    /// The rest after a phrase, in proportion to it.
    fn rest_us(&mut self, style: &Style) -> u64 {
        let phrase_ms = self.melody.phrase.length_from(0) as f32;
        let part = style.manner.rest.clamp(0.05, 0.6);
        let rest_ms = phrase_ms * part / (1.0 - part) * self.melody.rng().between(0.7, 1.35);
        (f64::from(rest_ms.clamp(220.0, 7_000.0)) * 1000.0) as u64
    }

    fn stage(&self, style: &Style) -> Stage {
        let whole_us = f64::from(style.alap_s_at(self.drive())) * 1e6;
        let since_us = self.now_us - self.alap.begun_us;
        Stage {
            part: (since_us as f64 / whole_us.max(1.0)).min(1.0) as f32,
            around_sa: since_us < AROUND_SA_US && !self.alap.over_theka,
            first: self.alap.phrases == 0 && !self.alap.over_theka,
            resting: self.resting_until_us.is_some() || self.alap.over_theka,
        }
    }

    /// Between two phrases: whether the pulse or the tala enters now. The tala waits for a theka that closes.
    fn leaves_alap(&mut self, style: &Style, out: &mut Vec<Event>) -> bool {
        if self.alap.over_theka {
            if self.alap.phrases < PHRASES_OVER_THEKA {
                return false;
            }
            if self.closing.is_some() {
                self.melody_us = self.now_us + SECOND_US / 20;
                return true;
            }
            self.lead_in(out);
            return true;
        }
        // A raga says something in free time, however late it came.
        if self.closing.is_some() || self.melody.said == 0 {
            return false;
        }
        let whole_s = style.alap_s_at(self.drive());
        let since_us = (self.now_us - self.alap.begun_us) as f64;
        let asked = ((whole_s / SECONDS_A_PHRASE).round() as u32).clamp(1, MOST_PHRASES);
        if since_us >= f64::from(whole_s) * 1e6 && self.alap.phrases >= asked {
            self.lead_in(out);
            return true;
        }
        if since_us >= f64::from(whole_s) * 1e6 * ALAP_BEFORE_JOR && self.alap.phrases + 1 >= asked {
            self.begin_jor(out);
            return true;
        }
        false
    }

    /// Whether a jor has lasted long enough.
    pub(super) fn is_jor_over(&self, style: &Style) -> bool {
        let whole_us = f64::from(style.alap_s_at(self.drive())) * 1e6;
        (self.now_us - self.alap.begun_us) as f64 >= whole_us
    }

    /// A melody that was silent for a moment goes on in an alap: the tala comes after a phrase or two.
    pub(super) fn resume_alap(&mut self) {
        self.alap.over_theka = true;
        self.alap.phrases = 1;
    }

    /// The melody begins a phrase that lasts so long.
    pub(super) fn begin_phrase(&mut self, us: u64, out: &mut Vec<Event>) {
        self.loudness.swell(super::dynamics::Swell::over(self.now_us, us));
        out.push(Event::cue(self.now_us, Cue::Phrase));
    }
}

impl Melody {
    /// Composes a phrase in free time. An alap opens the register part by part, from around Sa.
    fn compose_free(&mut self, raga: &Raga, style: &Style, direction: Direction, stage: Stage) {
        let manner = &style.manner;
        let whole = register(style, direction.hands);
        let home = home(whole);
        let (low, high) = if stage.around_sa { around_sa(raga, home) } else { unfolded(whole, home, stage) };
        let quickness = 1.0 - (1.0 - STRONG_PACE) * direction.drive;
        let note_s = (manner.pace_s * quickness).max(0.12);
        let long_s = if stage.resting { manner.long_s.min(LONGEST_RESTING_S) } else { manner.long_s };
        let stands = stage.first || self.rng.chance(0.5 + 0.05 * long_s);
        let seconds = manner.phrase_s * self.rng.between(0.7, 1.25);
        let last_s = if stands { 0.75 * long_s } else { 0.35 * long_s };
        let count = (((seconds - last_s).max(0.0) / note_s) as usize).clamp(2, 16);
        let bridge = self.bridge(raga, low, high);
        let needs = self.needs(raga);
        let brief = self.brief(raga, (low, high), count, manner);
        let opening = self.said == 0 && stage.resting;
        let least_glides = (GLIDES_A_SECOND * manner.glides * manner.phrase_s).round() as usize;
        let brief = super::compose::Brief { bridge, opening, strict: stage.around_sa, least_glides, ..brief };
        let answer = !stage.around_sa && self.may_answer(2);
        if stage.first && !raga.sparing.contains(&Swara::Sa) {
            self.say_sa(raga, home, low);
        } else {
            self.line(raga, brief, answer);
        }
        self.mark_glides(raga, 0.35 + 0.65 * manner.glides);
        rhythm::free(&mut self.phrase, raga, Pace { note_s, long_s, stands }, &needs, &mut self.rng);
        self.strike_again(style, MS_US);
        self.begin(direction);
    }

    /// The first words: Sa, from the note below it if the raga leads from there.
    fn say_sa(&mut self, raga: &Raga, home: Note, low: Note) {
        self.phrase.clear();
        let below = [-1, -2].into_iter().filter_map(|step| Note::from_step(i32::from(home.step()) + step));
        let below = below.into_iter().find(|note| raga.has(note.swara()) && raga.grammar.allows(*note, home));
        self.phrase.line.push(home);
        if let Some(below) = below.filter(|note| *note >= low && raga.grammar.allows(home, *note)) {
            self.phrase.line.push(below);
            self.phrase.line.push(home);
        }
    }
}

/// The Sa around which a register lies.
fn home((low, high): (Note, Note)) -> Note {
    let (lowest, highest) = (i32::from(low.step()), i32::from(high.step()));
    let centre = lowest + (highest - lowest) * 2 / 5;
    let sa = [-12, 0, 12].into_iter().min_by_key(|sa: &i32| (sa - centre).abs()).unwrap_or(0);
    Note::from_step(sa).unwrap_or(Note::SA)
}

/// The seven semitones around Sa in which most of the raga can be said.
fn around_sa(raga: &Raga, home: Note) -> (Note, Note) {
    let window = |low: i32| Some((Note::from_step(low)?, Note::from_step(low + AROUND_SA)?));
    let sa = i32::from(home.step());
    let windows = [sa - 4, sa - 3, sa - 5, sa - 2, sa - 1, sa].into_iter().filter_map(window);
    // The first of those that are equally good.
    let best = windows.rev().max_by_key(|window| connected(raga, home, *window));
    best.unwrap_or((home, home))
}

/// How many notes of a window lead to Sa and come from it without leaving the window.
fn connected(raga: &Raga, home: Note, (low, high): (Note, Note)) -> u32 {
    let inside = || (low.step()..=high.step()).filter_map(|step| Note::from_step(i32::from(step)));
    let bit = |note: Note| 1_u32 << (note.step() - low.step());
    let spread = |reached: u32, forward: bool| {
        inside().filter(|note| raga.has(note.swara())).fold(reached, |reached, note| {
            let joins = |other: &Note| {
                let (from, to) = if forward { (*other, note) } else { (note, *other) };
                reached & bit(*other) != 0 && raga.grammar.allows(from, to)
            };
            if inside().any(|other| joins(&other)) { reached | bit(note) } else { reached }
        })
    };
    let closure = |forward| (0..AROUND_SA).fold(bit(home), |reached, _| spread(reached, forward));
    (closure(true) & closure(false)).count_ones()
}

/// The part of a register that an alap has opened: below Sa, then up to Pa, then to the upper Sa, then all of it.
fn unfolded((low, high): (Note, Note), home: Note, stage: Stage) -> (Note, Note) {
    let (lowest, highest, home) = (i32::from(low.step()), i32::from(high.step()), i32::from(home.step()));
    let (from, to) = if stage.resting {
        return (low, high);
    } else if stage.part < 0.4 {
        (home - 12, home + 4)
    } else if stage.part < 0.6 {
        (home - 3, home + 9)
    } else if stage.part < 0.8 {
        (home - 1, home + 12)
    } else {
        return (low, high);
    };
    // At least an octave, so that every raga has room to move.
    let from = from.clamp(lowest, (highest - 12).max(lowest));
    let to = to.clamp((from + 12).min(highest), highest);
    (Note::from_step(from).unwrap_or(low), Note::from_step(to).unwrap_or(high))
}
