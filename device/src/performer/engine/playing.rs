//! Melody and theka at their moments.

use super::clock::Clock;
use super::dynamics::Ornament;
use super::melody::{Direction, Place};
use super::rhythm::QUARTERS;
use super::theka::{STROKE_US, Stroke};
use super::{Engine, SECOND_US};
use crate::performer::event::{Cue, Event, Voice};
use crate::performer::map::Style;
use crate::performer::raga::Raga;
use crate::performer::status::Section;
use crate::performer::swara::{Note, Swara};
use crate::performer::tala::{Meter, Tala};
use std::sync::Arc;

/// Energy above which a pulse and the tala enter, and below which an alap returns.
const GAT_ABOVE: f32 = 0.25;
const ALAP_BELOW: f32 = 0.15;
/// Longest part of a note a glide into it takes.
const GLIDE_PART: f32 = 0.3;
/// Shortest notes that are slid into, touched from a neighbour, shaken, in microseconds.
const MEEND_FROM_US: u64 = 240_000;
const KAN_FROM_US: u64 = 220_000;
const GAMAK_FROM_US: u64 = 300_000;
/// Longest note of an alap that only waits for someone.
const LONGEST_RESTING_MS: u16 = 1500;
/// The pulse of a jor: a part of the gat's laya, of which no more counts than so many matras a minute.
const JOR_LAYA: f32 = 0.8;
const JOR_FASTEST_BPM: f32 = 160.0;

impl Engine {
    /// In an alap: the next note, the rest after the last one, or the next phrase.
    pub(super) fn melody_due(&mut self, out: &mut Vec<Event>) {
        let Some(piece) = self.piece else { return };
        let library = Arc::clone(&self.library);
        let map = Arc::clone(&self.map);
        let (raga, style) = (&library.ragas[piece.raga], map.style(piece.rasa));
        if self.melody.is_over() {
            if self.wanted.is_some() {
                self.change(out);
                return;
            }
            if self.is_rested() {
                self.rest_on_drone(out);
                return;
            }
            if self.resting_until_us.is_none() && self.energy >= GAT_ABOVE && self.closing.is_none() {
                if self.now_us >= self.gat_from_us {
                    self.begin_gat(out);
                    return;
                }
                if self.now_us >= self.jor_from_us {
                    self.begin_jor(out);
                    return;
                }
            }
            self.melody.compose_free(raga, style, self.direction());
            if self.resting_until_us.is_some() {
                // Whoever comes next is not to wait for a long note.
                self.melody.phrase.lengths.iter_mut().for_each(|length| *length = (*length).min(LONGEST_RESTING_MS));
            }
            out.push(Event::cue(self.now_us, Cue::Phrase));
        }
        let length_us = u64::from(self.melody.phrase.lengths[self.melody.at]) * 1000;
        let left_us = u64::from(self.melody.phrase.length_from(self.melody.at)) * 1000;
        if self.melody.at > 0 && self.gives_way(length_us, left_us, false) {
            self.change(out);
            return;
        }
        self.play_note(raga, length_us, 0.0, out);
        self.melody_us = self.now_us + length_us;
        if self.melody.is_over() {
            // A breath after the phrase, longer the calmer the music.
            let calm = 1.0 - self.drive();
            let breath_s = self.melody.rng().between(0.3, 0.6 + 1.2 * calm);
            self.melody_us += (f64::from(breath_s) * 1e6) as u64;
        }
    }

    /// What the melody is to follow now.
    fn direction(&self) -> Direction {
        Direction { drive: self.drive(), hands: self.hands }
    }

    /// The laya of this moment, within what the raga suits.
    fn laya_bpm(&self, raga: &Raga, style: &Style) -> f32 {
        let (slowest, fastest) = raga.laya_bpm;
        let laya = self.tapped_bpm.unwrap_or_else(|| style.laya_bpm.at(self.energy));
        // A jor goes before the gat: slower than it, and never in a hurry.
        let wished = if self.section == Section::Jor { JOR_LAYA * laya.min(JOR_FASTEST_BPM) } else { laya };
        wished.clamp(slowest, fastest)
    }

    fn begin_jor(&mut self, out: &mut Vec<Event>) {
        let Some(piece) = self.piece else { return };
        out.push(Event::cue(self.now_us, Cue::Jor));
        self.section = Section::Jor;
        let laya = self.laya_bpm(&self.library.ragas[piece.raga], self.map.style(piece.rasa));
        self.clock = Clock::start(self.now_us, Meter::JOR.matras, laya);
        self.melody_quarters = 0;
        self.melody.stop();
    }

    fn begin_gat(&mut self, out: &mut Vec<Event>) {
        let Some(piece) = self.piece else { return };
        let tala = self.map.style(piece.rasa).tala;
        self.section = Section::Gat;
        self.tala = Some(tala);
        let laya = self.laya_bpm(&self.library.ragas[piece.raga], self.map.style(piece.rasa));
        self.clock = Clock::start(self.now_us, self.library.talas[tala].matras(), laya);
        // The melody lets the theka's first matras be heard.
        self.melody_quarters = 2 * QUARTERS;
        self.melody.begin_gat();
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
        let meter = if self.section == Section::Gat { tala.meter() } else { Meter::JOR };
        let quarter = self.clock.quarter;
        let on_matra = quarter.is_multiple_of(QUARTERS);
        if on_matra && self.at_rest() && self.turns(meter, quarter, out) {
            return;
        }
        if on_matra {
            let cue = if self.section == Section::Gat { Cue::Matra } else { Cue::Pulse };
            out.push(Event::cue(self.now_us, cue));
        }
        if self.section == Section::Gat && quarter == 0 {
            self.say_sam(out);
            self.melody.hear_sam();
        }
        if self.melody_quarters == 0 && self.signature.is_none() {
            if self.melody.is_over() {
                let place =
                    Place { meter, quarter, matra_s: self.clock.matra_s(), in_gat: self.section == Section::Gat };
                self.melody_quarters = self.melody.compose_on_grid(raga, style, place, self.direction());
            }
            if self.melody_quarters == 0 && self.grid_note(raga, on_matra, quarter, out) {
                return;
            }
        }
        self.melody_quarters = self.melody_quarters.saturating_sub(1);
        if self.section == Section::Gat {
            self.strike_theka(tala, style, quarter, out);
        }
        // The laya waits for a note that lasts beyond the next quarter, so that the note keeps the length it was given.
        let next_us = self.clock.next_us + self.clock.quarter_us();
        let holds = self.held.sounds_at(Voice::Melody, next_us);
        let towards = if holds { self.clock.laya_bpm } else { self.laya_bpm(raga, style) };
        self.clock.advance(towards);
    }

    /// Sam, said once.
    pub(super) fn say_sam(&mut self, out: &mut Vec<Event>) {
        if self.sam_us.replace(self.now_us) != Some(self.now_us) {
            out.push(Event::cue(self.now_us, Cue::Sam));
        }
    }

    /// On a matra, the melody being silent: whether the pulse ends here, or another begins.
    fn turns(&mut self, meter: Meter<'_>, quarter: u16, out: &mut Vec<Event>) -> bool {
        if self.wanted.is_some() {
            let tihai = self.section == Section::Gat && self.signature.is_none() && self.last_tihai(meter, quarter);
            if !tihai && !self.waits_for_tihai() {
                self.change(out);
                return true;
            }
            return false;
        }
        if self.section == Section::Jor && self.now_us >= self.gat_from_us && self.energy >= GAT_ABOVE {
            self.begin_gat(out);
            return true;
        }
        if self.energy < ALAP_BELOW && meter.starts.contains(&((quarter / QUARTERS) as u8)) {
            if self.section == Section::Gat {
                self.close_theka();
            }
            self.section = Section::Alap;
            out.push(Event::cue(self.now_us, Cue::Alap));
            // A phrase that waits for its place in the tala is measured in matras: it is of no use in free time.
            self.melody.stop();
            self.melody_us = self.now_us + SECOND_US / 2;
            self.jor_from_us = self.now_us + 3 * SECOND_US;
            self.gat_from_us = self.now_us + 6 * SECOND_US;
            return true;
        }
        false
    }

    /// Before the piece is left: a tihai that lands on sam, if there is time for one. True if it begins or waits.
    fn last_tihai(&mut self, meter: Meter<'_>, quarter: u16) -> bool {
        if self.waits_for_tihai() {
            return true;
        }
        let (Some(piece), Some(room)) = (self.piece, self.room_for_tihai()) else { return false };
        let library = Arc::clone(&self.library);
        let map = Arc::clone(&self.map);
        let place = Place { meter, quarter, matra_s: self.clock.matra_s(), in_gat: true };
        let (raga, style, direction) = (&library.ragas[piece.raga], map.style(piece.rasa), self.direction());
        let wait = self.melody.compose_tihai(raga, style, place, direction, self.melody_quarters, room);
        match wait {
            Some(wait) => {
                self.melody_quarters = wait;
                true
            }
            None => false,
        }
    }

    /// Whether a tihai is composed and its first note is to come.
    fn waits_for_tihai(&self) -> bool {
        self.melody.phrase.tihai && self.melody.at == 0 && !self.melody.is_over()
    }

    /// The theka's stroke of a quarter; in a tihai it strikes with the melody.
    fn strike_theka(&mut self, tala: &Tala, style: &Style, quarter: u16, out: &mut Vec<Event>) {
        let (level, drive) = (style.theka_level, self.drive());
        let matra_s = self.clock.matra_s();
        let usual = self.theka.stroke(tala, quarter, matra_s, level, drive);
        let struck = self.melody.struck_us == Some(self.now_us);
        let in_tihai = self.melody.phrase.tihai && self.melody.at > 0 && (struck || !self.melody.is_over());
        let stroke = if in_tihai {
            // The note that was struck stands before `at`.
            let figure = (self.melody.phrase.line.len() / 3).max(1);
            struck.then(|| self.theka.figure(self.melody.at.is_multiple_of(figure), level, drive))
        } else {
            usual
        };
        if let Some(stroke) = stroke {
            self.strike_bol(stroke, out);
        }
    }

    /// The next note on the grid; true if a change of rasa took its place.
    fn grid_note(&mut self, raga: &Raga, on_matra: bool, quarter: u16, out: &mut Vec<Event>) -> bool {
        let quarter_us = self.clock.quarter_us();
        let length = self.melody.phrase.lengths[self.melody.at];
        let length_us = u64::from(length) * quarter_us;
        let left_us = u64::from(self.melody.phrase.length_from(self.melody.at)) * quarter_us;
        if self.melody.at == 0 {
            out.push(Event::cue(self.now_us, Cue::Phrase));
            if self.melody.phrase.tihai {
                out.push(Event::cue(self.now_us, Cue::Tihai { notes: self.melody.phrase.line.len() as u8 }));
            }
        } else if self.gives_way(length_us, left_us, on_matra) {
            self.change(out);
            return true;
        }
        let accent = match (quarter, on_matra) {
            (0, _) => 12.0,
            (_, true) => 3.0,
            _ => -5.0,
        };
        self.play_note(raga, length_us, accent, out);
        self.melody_quarters = length;
        if self.melody.is_over() {
            let breath = 1 + self.melody.rng().below(2) as u16 + if self.drive() < 0.5 { 1 } else { 0 };
            let matras = (0.35 / self.clock.matra_s()).ceil() as u16;
            self.melody_quarters += QUARTERS * breath.min(2).max(matras.min(3));
        }
        false
    }

    /// Strikes the phrase's next note, to last so long.
    fn play_note(&mut self, raga: &Raga, length_us: u64, accent: f32, out: &mut Vec<Event>) {
        let Some(style) = self.piece.map(|piece| self.map.style(piece.rasa)) else { return };
        let Some(&note) = self.melody.phrase.line.notes().get(self.melody.at) else { return };
        let (low, high) = style.register;
        let height = f32::from(note.step() - low.step()) / f32::from((high.step() - low.step()).max(1));
        let velocity = style.velocity.at(self.drive()) + accent + 8.0 * (height - 0.5);
        let articulation = style.articulation;
        let last = self.melody.at + 1 == self.melody.phrase.line.len();
        let velocity = velocity + self.melody.rng().between(-3.0, 3.0) - if last { 3.0 } else { 0.0 };
        let before = self.melody_note.filter(|_| self.melody.at > 0);
        self.held.release_voice(self.now_us, Voice::Melody, out);
        let ornament = self.ornament(raga, before, note, length_us, articulation);
        if self.tunes() {
            self.bend.strike(self.now_us, raga, note, ornament, out);
        }
        let sounds = if last || raga.andolan(note.swara()).is_some() { articulation.max(0.85) } else { articulation };
        let off_us = self.now_us + (length_us as f64 * f64::from(sounds.min(0.98))) as u64;
        let key = self.key(note);
        out.push(Event::cue(self.now_us, Cue::Swara { note }));
        self.held.strike(self.now_us, Voice::Melody, key, velocity.clamp(1.0, 127.0) as u8, off_us, out);
        self.melody_note = Some(note);
        self.melody.strike(self.now_us, note);
    }

    /// What the hand does with a note: a slide from the one before, a touch of a neighbour, or a shake. Open hands do
    /// it oftener.
    fn ornament(
        &mut self,
        raga: &Raga,
        before: Option<Note>,
        note: Note,
        length_us: u64,
        articulation: f32,
    ) -> Ornament {
        let drive = self.drive();
        let open = self.hands.map_or(0.5, |hands| hands.openness);
        // Drawn for every note, so that the stream of chance does not hang on what is played.
        let [slide, touch, shake] = [0; 3].map(|_| self.melody.rng().unit());
        let near = before.filter(|before| (1..=2).contains(&before.step().abs_diff(note.step())));
        let slides = slide < (articulation - 0.5) * (0.7 + 1.2 * open) && note.swara() != Swara::Sa;
        if let Some(before) = near.filter(|_| slides && length_us > MEEND_FROM_US) {
            let cents = 100.0 * f32::from(before.step() - note.step());
            let cents = cents + raga.cents_off(before.swara()) - raga.cents_off(note.swara());
            return Ornament::Meend { cents, us: ((length_us as f32 * GLIDE_PART) as u64).min(180_000) };
        }
        if let Some(swing) = raga.gamak(note.swara())
            && length_us > GAMAK_FROM_US
            && shake < (drive - 0.5) * (0.5 + open)
        {
            return Ornament::Gamak(swing);
        }
        match raga.kan_cents(before, note) {
            Some(cents) if length_us > KAN_FROM_US && touch < 0.12 + 0.4 * open => Ornament::Kan { cents },
            _ => Ornament::None,
        }
    }

    /// Strikes a bol on the drums.
    pub(super) fn strike_bol(&mut self, stroke: Stroke, out: &mut Vec<Event>) {
        let map = Arc::clone(&self.map);
        for key in map.keys(stroke.bol) {
            self.held.strike(self.now_us, Voice::Theka, key, stroke.velocity, self.now_us + STROKE_US, out);
        }
        self.bol = Some(stroke.bol);
    }
}
