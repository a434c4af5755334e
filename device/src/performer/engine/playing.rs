//! Melody and theka at their moments.

use super::rhythm::QUARTERS;
use super::theka::{STROKE_US, Stroke};
use super::{Engine, SECOND_US, dynamics};
use crate::performer::event::{Cue, Event, Voice};
use crate::performer::raga::Raga;
use crate::performer::status::Section;
use crate::performer::swara::{Note, Swara};
use std::sync::Arc;

/// Energy above which the tala enters, and below which an alap returns.
const GAT_ABOVE: f32 = 0.25;
const ALAP_BELOW: f32 = 0.15;
/// Longest part of a note a glide into it takes.
const GLIDE_PART: f32 = 0.3;

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
            if self.now_us >= self.gat_from_us && self.energy >= GAT_ABOVE {
                self.begin_gat();
                return;
            }
            self.melody.compose_free(raga, style, self.mood.intensity);
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
            let calm = 1.0 - self.mood.intensity;
            let breath_s = self.melody.rng().between(0.3, 0.6 + 1.2 * calm);
            self.melody_us += (f64::from(breath_s) * 1e6) as u64;
        }
    }

    fn begin_gat(&mut self) {
        let Some(style) = self.style() else { return };
        let (tala, laya) = (style.tala, self.laya(style, self.energy * 0.8));
        let matras = self.library.talas[tala].matras();
        self.section = Section::Gat;
        self.clock = super::clock::Clock::start(self.now_us, matras, laya);
        // The melody lets the theka's first matras be heard.
        self.melody_quarters = 2 * QUARTERS;
        self.melody.stop();
    }

    /// A quarter matra begins.
    pub(super) fn quarter(&mut self, out: &mut Vec<Event>) {
        let Some(piece) = self.piece else { return };
        let library = Arc::clone(&self.library);
        let map = Arc::clone(&self.map);
        let (raga, style) = (&library.ragas[piece.raga], map.style(piece.rasa));
        let tala = &library.talas[style.tala];
        let quarter = self.clock.quarter;
        let on_matra = quarter.is_multiple_of(QUARTERS);
        if on_matra && self.at_rest() {
            if self.wanted.is_some() {
                self.change(out);
                return;
            }
            if self.energy < ALAP_BELOW && tala.is_start((quarter / QUARTERS) as u8) {
                self.section = Section::Alap;
                // A phrase that waits for its place in the tala is measured in matras: it is of no use in free time.
                self.melody.stop();
                self.melody_us = self.now_us + SECOND_US / 2;
                self.gat_from_us = self.now_us + 4 * SECOND_US;
                return;
            }
        }
        let matra_s = self.clock.matra_s();
        if self.melody_quarters == 0 {
            if self.melody.is_over() {
                let wait = self.melody.compose_on_grid(raga, style, tala, quarter, matra_s, self.mood.intensity);
                self.melody_quarters = wait;
            }
            if self.melody_quarters == 0 && self.grid_note(raga, on_matra, quarter, out) {
                return;
            }
        }
        self.melody_quarters = self.melody_quarters.saturating_sub(1);
        let intensity = self.mood.intensity;
        if let Some(stroke) = self.theka.stroke(tala, quarter, matra_s, style.theka_level, intensity) {
            self.strike_bol(stroke, out);
        }
        // The laya waits for a note that lasts beyond the next quarter, so that the note keeps the length it was given.
        let next_us = self.clock.next_us + self.clock.quarter_us();
        let holds = self.held.sounds_at(Voice::Melody, next_us);
        let towards = if holds { self.clock.laya_bpm } else { self.laya(style, self.energy) };
        self.clock.advance(towards);
    }

    /// The next note on the grid; true if a change of rasa took its place.
    fn grid_note(&mut self, raga: &Raga, on_matra: bool, quarter: u16, out: &mut Vec<Event>) -> bool {
        let quarter_us = self.clock.quarter_us();
        let length = self.melody.phrase.lengths[self.melody.at];
        let length_us = u64::from(length) * quarter_us;
        let left_us = u64::from(self.melody.phrase.length_from(self.melody.at)) * quarter_us;
        if self.melody.at == 0 {
            out.push(Event::cue(self.now_us, Cue::Phrase));
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
            let breath = 1 + self.melody.rng().below(2) as u16 + if self.mood.intensity < 0.5 { 1 } else { 0 };
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
        let velocity = style.velocity.at(self.mood.intensity) + accent + 8.0 * (height - 0.5);
        let articulation = style.articulation;
        let last = self.melody.at + 1 == self.melody.phrase.line.len();
        let velocity = velocity + self.melody.rng().between(-3.0, 3.0) - if last { 3.0 } else { 0.0 };
        let before = self.melody_note.filter(|_| self.melody.at > 0);
        self.held.release_voice(self.now_us, Voice::Melody, out);
        if self.settings.bends {
            self.bend_into(raga, before, note, length_us, articulation, out);
        }
        let sounds = if last || raga.andolan(note.swara()).is_some() { articulation.max(0.85) } else { articulation };
        let off_us = self.now_us + (length_us as f64 * f64::from(sounds.min(0.98))) as u64;
        let key = self.key(note);
        self.held.strike(self.now_us, Voice::Melody, key, velocity.clamp(1.0, 127.0) as u8, off_us, out);
        self.melody_note = Some(note);
        self.melody.rested_on = Some(note);
        self.melody.at += 1;
    }

    /// Tunes the note, and slides into it from the one before where the hand would (meend).
    fn bend_into(
        &mut self,
        raga: &Raga,
        before: Option<Note>,
        note: Note,
        length_us: u64,
        articulation: f32,
        out: &mut Vec<Event>,
    ) {
        let near = before.filter(|before| (1..=2).contains(&before.step().abs_diff(note.step())));
        let slides = self.melody.rng().chance((articulation - 0.5) * 1.3) && note.swara() != Swara::Sa;
        let (cents, us) = match near {
            Some(before) if slides && length_us > 240_000 => {
                let cents = 100.0 * f32::from(before.step() - note.step());
                (cents, ((length_us as f32 * GLIDE_PART) as u64).min(180_000))
            }
            _ => (0.0, 0),
        };
        self.bend.strike(
            self.now_us,
            raga,
            note,
            cents.clamp(-dynamics::BEND_RANGE_CENTS, dynamics::BEND_RANGE_CENTS),
            us,
            out,
        );
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
