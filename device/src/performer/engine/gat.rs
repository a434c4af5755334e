//! The gat: a melody that leaves its mukhda and returns to it, over the theka.
//!
//! The mukhda begins at its fixed matra and lands on sam. From there the composition's line goes on, or the melody makes up
//! its own (vistar, and runs when the music is strong) and is back in time for the next mukhda. Now and then a tihai takes
//! the mukhda's place. What sounds at a quarter matra is settled at the quarter before, so that a note may come a little
//! early or late as a hand plays it; what falls on sam and the notes of a tihai come to the moment.

use super::clock::Clock;
use super::dynamics::Swell;
use super::phrase::Kind;
use super::rhythm::QUARTERS;
use super::rounds::Place;
use super::theka::STROKE_US;
use super::theka::Stroke as Bol;
use super::{Engine, SECOND_US};
use crate::performer::event::{Cue, Event, Voice};
use crate::performer::map::Style;
use crate::performer::raga::Raga;
use crate::performer::status::Section;
use crate::performer::tala::{Meter, Tala};
use std::sync::Arc;

/// Time from one tihai to the next.
const TIHAI_EVERY_US: u64 = 36 * SECOND_US;
/// The pulse of a jor: a part of the gat's laya, of which no more counts than so many matras a minute.
const JOR_LAYA: f32 = 0.8;
const JOR_FASTEST_BPM: f32 = 160.0;
/// How much the laya grows in a gat at a constant mood, over how many seconds, and how far.
const GROWTH: f32 = 0.15;
const GROWTH_S: f32 = 180.0;
const GROWS_TO: f32 = 1.3;
/// How far a hand is from the grid: standard deviation and most, in microseconds.
const HAND_US: f32 = 11_000.0;
const HAND_MOST_US: f32 = 26_000.0;
/// The mukhda ends a raga that is to be left if it is over in this time, in microseconds.
const LAST_MUKHDA_US: u64 = 2_600_000;
/// Silence that parts two phrases, in microseconds.
const BREATH_US: u64 = 50_000;
/// How much stronger the music must have become for a held note to be struck twice.
const STRONGER: f32 = 0.25;

impl Engine {
    /// The laya of this moment, within what the raga suits.
    fn laya_bpm(&self, raga: &Raga, style: &Style) -> f32 {
        let (slowest, fastest) = raga.laya_bpm;
        let since_s = self.gat_us.map_or(0.0, |gat_us| (self.now_us - gat_us) as f32 / 1e6);
        let grown = (1.0 + GROWTH * since_s / GROWTH_S).min(GROWS_TO);
        let laya = self.tapped_bpm.unwrap_or_else(|| style.laya_bpm.at(self.energy) * grown);
        // A jor goes before the gat: slower than it, and never in a hurry.
        let jor = self.section == Section::Jor && !self.leads_in;
        let wished = if jor { JOR_LAYA * laya.min(JOR_FASTEST_BPM) } else { laya };
        wished.clamp(slowest, fastest)
    }

    pub(super) fn begin_jor(&mut self, out: &mut Vec<Event>) {
        let Some(piece) = self.piece else { return };
        self.section = Section::Jor;
        out.push(Event::cue(self.now_us, Cue::Jor));
        let laya = self.laya_bpm(&self.library.ragas[piece.raga], self.map.style(piece.rasa));
        self.clock = Clock::start(self.now_us, Meter::JOR.matras, laya);
        self.melody_quarters = 0;
        self.melody.stop();
        self.settle_quarter();
    }

    /// The mukhda leads into the tala: the theka's first stroke is the sam on which it lands.
    pub(super) fn lead_in(&mut self, out: &mut Vec<Event>) {
        let Some(piece) = self.piece else { return };
        let library = Arc::clone(&self.library);
        let map = Arc::clone(&self.map);
        let (raga, style) = (&library.ragas[piece.raga], map.style(piece.rasa));
        let tala = &library.talas[style.tala];
        if self.section != Section::Jor {
            out.push(Event::cue(self.now_us, Cue::Jor));
        }
        (self.section, self.leads_in) = (Section::Jor, true);
        (self.tala, self.gat_us) = (Some(style.tala), None);
        let laya = self.laya_bpm(raga, style);
        let direction = self.direction();
        self.melody.begin_gat(&mut self.gat, raga, style, tala, 60.0 / laya, direction);
        self.clock = Clock::start(self.now_us, tala.matras(), laya);
        self.clock.quarter = self.gat.start;
        self.melody_quarters = 0;
        self.tihai_us = Some(self.now_us);
        self.settle_quarter();
    }

    fn enter_gat(&mut self, out: &mut Vec<Event>) {
        let Some(tala) = self.tala else { return };
        (self.section, self.leads_in) = (Section::Gat, false);
        self.gat_us = Some(self.now_us);
        out.push(Event::cue(self.now_us, Cue::Gat { tala: tala as u8 }));
    }

    /// A quarter matra begins.
    pub(super) fn quarter(&mut self, out: &mut Vec<Event>) {
        if !self.section.has_pulse() {
            self.close_on(out);
            return;
        }
        let Some(piece) = self.piece else { return };
        let library = Arc::clone(&self.library);
        let map = Arc::clone(&self.map);
        let (raga, style) = (&library.ragas[piece.raga], map.style(piece.rasa));
        let tala = &library.talas[style.tala];
        let quarter = self.clock.quarter;
        if self.at_rest() && self.turns(style, quarter, out) {
            return;
        }
        if self.leads_in && quarter == 0 {
            self.enter_gat(out);
        }
        if quarter.is_multiple_of(QUARTERS) {
            let cue = if self.section == Section::Gat { Cue::Matra } else { Cue::Pulse };
            out.push(Event::cue(self.now_us, cue));
        }
        if self.section == Section::Gat {
            if quarter == 0 {
                self.say_sam(out);
            }
            self.strike_theka(tala, style, quarter, out);
        }
        // The laya waits for a note that lasts beyond the next quarter, so that the note keeps the length it was given.
        let next_us = self.clock.next_us + self.clock.quarter_us();
        let holds = self.held.melody_off_us().is_some_and(|off_us| off_us > next_us + self.clock.quarter_us());
        let towards = if holds { self.clock.laya_bpm } else { self.laya_bpm(raga, style) };
        self.clock.advance(towards);
        self.settle_quarter();
    }

    /// Sam, said once.
    pub(super) fn say_sam(&mut self, out: &mut Vec<Event>) {
        if self.sam_us.replace(self.now_us) != Some(self.now_us) {
            out.push(Event::cue(self.now_us, Cue::Sam));
        }
    }

    /// The melody being silent: whether the pulse ends here, or another begins.
    fn turns(&mut self, style: &Style, quarter: u16, out: &mut Vec<Event>) -> bool {
        if self.wants_change() {
            let may = self.section == Section::Gat && self.signature.is_none();
            if !(may && self.ends_well(quarter)) {
                self.change(out);
                return true;
            }
            return false;
        }
        let jor_over = self.section == Section::Jor && !self.leads_in && self.is_jor_over(style);
        if jor_over && quarter.is_multiple_of(QUARTERS) && self.melody.is_over() {
            self.lead_in(out);
            return true;
        }
        false
    }

    /// Before the piece is left: a tihai that lands on sam, or the mukhda, if there is time. True if one is to come.
    fn ends_well(&mut self, quarter: u16) -> bool {
        if !self.melody.is_over() && self.melody.at == 0 && self.melody.phrase.kind != Kind::Free {
            return true;
        }
        if self.ended_well {
            return false;
        }
        self.ended_well = true;
        let (Some(piece), Some(room)) = (self.piece, self.room_for_tihai()) else { return false };
        let library = Arc::clone(&self.library);
        let map = Arc::clone(&self.map);
        let (raga, style, direction) = (&library.ragas[piece.raga], map.style(piece.rasa), self.direction());
        let meter = library.talas[style.tala].meter();
        let place = Place { meter, quarter, matra_s: self.clock.matra_s() };
        if let Some(wait) = self.melody.compose_tihai(raga, style, place, direction, self.gat.home, room) {
            // This quarter is being played: the first note comes after it.
            self.melody_quarters = wait.saturating_sub(1);
            self.tihai_us = Some(self.now_us);
            if wait > 0 {
                return true;
            }
        }
        self.melody.stop();
        let to_mukhda = (self.gat.start + self.clock.cycle - quarter) % self.clock.cycle;
        let length = to_mukhda + (self.clock.cycle - self.gat.start);
        let fits = to_mukhda > 0 && u64::from(length) * self.clock.quarter_us() + self.waited_us() <= LAST_MUKHDA_US;
        if fits {
            let wait = self.melody.recall_mukhda(&self.gat, raga, library.talas[style.tala].matras(), direction);
            self.melody_quarters = to_mukhda + wait - 1;
        }
        fits
    }

    /// Settles what the melody does at the quarter to come.
    fn settle_quarter(&mut self) {
        if self.strike_us.is_some() {
            return;
        }
        if self.melody_quarters > 0 {
            self.melody_quarters -= 1;
            return;
        }
        if self.signature.is_some() {
            return;
        }
        let Some(piece) = self.piece else { return };
        let library = Arc::clone(&self.library);
        let map = Arc::clone(&self.map);
        let (raga, style) = (&library.ragas[piece.raga], map.style(piece.rasa));
        if self.melody.is_over() {
            if self.wants_change() || (self.section == Section::Jor && !self.leads_in && self.is_jor_over(style)) {
                return;
            }
            let wait = self.next_phrase(raga, style, &library.talas[style.tala]);
            if wait > 0 || self.melody.is_over() {
                self.melody_quarters = wait.saturating_sub(1);
                return;
            }
        }
        let left = self.melody.phrase.length_from(self.melody.at);
        let quarter_us = self.clock.quarter_us();
        if self.melody.at > 0 && self.gives_way(u64::from(left) * quarter_us) {
            let quarters = (500_000 / quarter_us).max(1) as u16;
            if !self.rests_nearby(raga, quarters) {
                self.melody.stop();
                return;
            }
        }
        if self.melody.at > 0 && self.melody.phrase.kind == Kind::Free && self.drive() > self.melody.drive + STRONGER {
            let at = self.melody.at;
            let length = self.melody.phrase.lengths[at];
            if length >= 2 && length.is_multiple_of(2) && !self.melody.phrase.slid[at + 1] {
                self.melody.divide(at, length / 2);
            }
        }
        self.place_us = self.clock.next_us;
        let exact = self.clock.quarter == 0 || self.melody.phrase.is_tihai();
        let by_hand = self.by_hand(self.place_us);
        // A phrase does not begin before its time: there is a breath before it.
        let soonest_us = if self.melody.at == 0 { self.place_us } else { self.now_us };
        self.strike_us = Some(if exact { self.place_us } else { by_hand.max(soonest_us) });
    }

    /// A moment of the grid as a hand meets it.
    fn by_hand(&mut self, place_us: u64) -> u64 {
        let spread: f32 = (0..3).map(|_| self.melody.rng().between(-1.0, 1.0)).sum();
        let most = HAND_MOST_US.min(0.22 * self.clock.quarter_us() as f32);
        place_us.saturating_add_signed((spread * HAND_US).clamp(-most, most) as i64)
    }

    /// The melody's note on the grid is due.
    pub(super) fn grid_note(&mut self, out: &mut Vec<Event>) {
        self.strike_us = None;
        let Some(piece) = self.piece else { return };
        let library = Arc::clone(&self.library);
        let map = Arc::clone(&self.map);
        let (raga, style) = (&library.ragas[piece.raga], map.style(piece.rasa));
        let quarter_us = self.clock.quarter_us();
        if self.melody.at == 0 {
            let left = u64::from(self.melody.phrase.length_from(0)) * quarter_us;
            if self.goes_on(raga) {
                self.loudness.swell(Swell::over(self.now_us, left));
            } else {
                self.begin_phrase(left, out);
            }
            if self.melody.phrase.is_tihai() {
                out.push(Event::cue(self.now_us, Cue::Tihai { notes: self.melody.phrase.line.len() as u8 }));
            }
        }
        // The clock may have gone on to the next quarter already.
        let quarter = if self.clock.next_us > self.place_us {
            self.clock.quarter + self.clock.cycle - 1
        } else {
            self.clock.quarter
        };
        let quarter = quarter % self.clock.cycle;
        let accent = match (quarter, quarter.is_multiple_of(QUARTERS)) {
            (0, _) => 12.0,
            (_, true) => 3.0,
            _ => -5.0,
        };
        let us = self.play(raga, style, self.place_us, quarter_us, accent, out);
        self.melody_quarters = ((us / quarter_us) as u16).saturating_sub(1);
        if self.clock.next_us > self.place_us {
            // Its quarter has begun already, and has left the next one to it.
            self.settle_quarter();
        }
    }

    /// Whether the phrase follows the one before without a breath, by a move of the raga: the two are one.
    fn goes_on(&self, raga: &Raga) -> bool {
        let first = self.melody.phrase.line.notes().first().copied();
        let joined = self.now_us < self.turns.ended_us() + BREATH_US;
        joined && self.melody.rested_on.zip(first).is_some_and(|(from, to)| raga.grammar.allows(from, to))
    }

    /// Composes or recalls the phrase that begins at the quarter to come or later; how many quarters to wait before it.
    /// The phrase is over where there is none.
    fn next_phrase(&mut self, raga: &Raga, style: &Style, tala: &Tala) -> u16 {
        let direction = self.direction();
        let quarter = self.clock.quarter;
        let matra_s = self.clock.matra_s();
        if self.section == Section::Jor && !self.leads_in {
            let place = Place { meter: Meter::JOR, quarter, matra_s };
            let wait = (QUARTERS - quarter % QUARTERS) % QUARTERS;
            let stretch =
                place.quarters(style.manner.phrase_s).next_multiple_of(QUARTERS).clamp(2 * QUARTERS, 24 * QUARTERS);
            return wait + self.melody.make_up(raga, style, place, direction, stretch + QUARTERS);
        }
        let place = Place { meter: tala.meter(), quarter, matra_s };
        if self.section == Section::Gat && self.is_time_for_tihai() {
            let wait = self.melody.compose_tihai(raga, style, place, direction, self.gat.home, u16::MAX);
            if let Some(wait) = wait {
                self.tihai_us = Some(self.now_us);
                return wait;
            }
        }
        let to_mukhda = (self.gat.start + place.cycle() - quarter) % place.cycle();
        if to_mukhda == 0 {
            return self.melody.begin_round(&mut self.gat, raga, style, tala, direction, place);
        }
        self.melody.make_up(raga, style, place, direction, to_mukhda)
    }

    fn is_time_for_tihai(&mut self) -> bool {
        let since_us = self.tihai_us.map_or(TIHAI_EVERY_US, |tihai_us| self.now_us - tihai_us);
        since_us >= TIHAI_EVERY_US && self.melody.rng().chance(0.6)
    }

    /// The theka's stroke of a quarter; in a tihai it strikes with the melody.
    fn strike_theka(&mut self, tala: &Tala, style: &Style, quarter: u16, out: &mut Vec<Event>) {
        let (level, drive) = (style.theka_level, self.drive());
        let usual = self.theka.stroke(tala, quarter, self.clock.matra_s(), level, drive);
        let strikes = self.strike_us == Some(self.now_us);
        let begun = self.melody.at > 0 || strikes;
        let in_tihai = self.melody.phrase.is_tihai() && begun && (strikes || !self.melody.is_over());
        let stroke = if in_tihai {
            let figure = (self.melody.phrase.line.len() / 3).max(1);
            strikes.then(|| self.theka.figure((self.melody.at + 1).is_multiple_of(figure), level, drive))
        } else {
            usual
        };
        if let Some(stroke) = stroke {
            self.strike_bol(stroke, out);
        }
    }

    /// Strikes a bol on the drums.
    pub(super) fn strike_bol(&mut self, stroke: Bol, out: &mut Vec<Event>) {
        let map = Arc::clone(&self.map);
        for key in map.keys(stroke.bol) {
            self.held.strike(self.now_us, Voice::Theka, key, stroke.velocity, self.now_us + STROKE_US, out);
        }
        self.bol = Some(stroke.bol);
    }
}
