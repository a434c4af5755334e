//! From one rasa to the next: heard at once, taken up at a moment the music allows.

use super::dynamics::FADE_US;
use super::rhythm::QUARTERS;
use super::theka::Theka;
use super::tihai::Shape;
use super::{Engine, Piece, SECOND_US, Settings};
use crate::performer::choice::choose;
use crate::performer::event::{Cue, Event, Voice};
use crate::performer::raga::Raga;
use crate::performer::status::Section;
use crate::performer::swara::Note;
use rasika_models::{Mood, Rasa};
use std::sync::Arc;

/// A rasa is taken up once it has been seen for so long without a change, in microseconds.
const STANDS_US: u64 = 350_000;
/// A phrase may end of itself if it does so this long after the mood changed, in microseconds.
const PHRASE_MAY_LAST_US: u64 = 2 * SECOND_US;
/// The same of an alap that only waits for someone.
const RESTING_MAY_LAST_US: u64 = SECOND_US / 2;
/// A tihai may last longer: it is the right end.
const TIHAI_MAY_LAST_US: u64 = 3 * SECOND_US;
/// The same when the piece comes to its end and nothing waits.
const LAST_TIHAI_MAY_LAST_US: u64 = 14 * SECOND_US;
/// A note that has stood so long fades when another rasa is wanted, unless it ends soon anyway.
const STOOD_US: u64 = 3 * SECOND_US / 2;
const SOON_US: u64 = 400_000;
/// No last note begins later than this after the mood changed: the new raga's first note sounds within 4 s.
const LAST_NOTE_BEGINS_US: u64 = 2_600_000;
/// The breath between the last note of a raga and the first of the next.
const BREATH_US: u64 = 220_000;

/// A theka whose cycle would last longer than this under another raga ends with its vibhag.
const CYCLE_MAY_LAST_US: u64 = 5 * SECOND_US;
/// Strokes of the theka's tihai are about this far apart.
const STROKE_APART_US: u64 = 110_000;

/// A theka that is to end: on sam, with a tihai before it if there is room, or with its vibhag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closing {
    shape: Option<Shape>,
    at_once: bool,
}

/// A change that is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    rasa: Option<Rasa>,
    since_us: u64,
}

impl Engine {
    /// Takes a mood in. The rasa it names is wanted from the moment it differs from what is played.
    pub(super) fn hear(&mut self, mood: &Mood) {
        let sound = |value: f32| if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 };
        let heard = Mood { rasa: mood.rasa, confidence: sound(mood.confidence), intensity: sound(mood.intensity) };
        // The end of a piece is played as strongly as the piece was.
        let fades = self.concluding && mood.rasa.is_none();
        self.mood = if fades { Mood { rasa: None, ..self.mood } } else { heard };
        if self.resting_until_us.is_some() && mood.rasa.is_some() && mood.rasa == self.piece.map(|piece| piece.rasa) {
            // It was only away for a moment: the alap goes on and leads to the tala again.
            self.resting_until_us = None;
            self.resume_alap();
        }
        if mood.rasa == self.playing() {
            self.wanted = None;
        } else if self.wanted.is_none_or(|wanted| wanted.rasa != mood.rasa) {
            self.wanted = Some(Wanted { rasa: mood.rasa, since_us: self.now_us });
            self.ended_well = false;
        }
    }

    /// The rasa that is played because it is seen; `None` when the melody rests.
    fn playing(&self) -> Option<Rasa> {
        let rests = matches!(self.section, Section::Drone | Section::Silence) || self.resting_until_us.is_some();
        self.piece.filter(|_| !rests).map(|piece| piece.rasa)
    }

    /// How strongly the music is driven, 0–1: by what the face shows, less so where it is not sure what it is.
    pub(super) fn drive(&self) -> f32 {
        self.mood.intensity * (0.6 + 0.4 * self.mood.confidence)
    }

    /// Whether a change is wanted by a mood that stands: one that flickers is waited out.
    pub(super) fn wants_change(&self) -> bool {
        let alone = matches!(self.section, Section::Drone | Section::Silence);
        self.wanted.is_some_and(|wanted| alone || self.concluding || self.now_us >= wanted.since_us + STANDS_US)
    }

    /// How long a change has been wanted.
    pub(super) fn waited_us(&self) -> u64 {
        self.wanted.map_or(0, |wanted| self.now_us - wanted.since_us)
    }

    /// Quarters that a tihai may take now, if a change is wanted and one would still come in time.
    pub(super) fn room_for_tihai(&self) -> Option<u16> {
        self.wanted?;
        let most_us = if self.concluding { LAST_TIHAI_MAY_LAST_US } else { TIHAI_MAY_LAST_US };
        let left_us = most_us.checked_sub(self.waited_us())?;
        Some(u16::try_from(left_us / self.clock.quarter_us()).unwrap_or(u16::MAX))
    }

    /// Whether the melody must give way now, a note being due, with `left_us` to the end of its phrase.
    pub(super) fn gives_way(&self, left_us: u64) -> bool {
        if !self.wants_change() || self.closes {
            return false;
        }
        let may_last_us = match (self.melody.phrase.is_tihai(), self.concluding) {
            (false, _) if self.resting_until_us.is_some() => RESTING_MAY_LAST_US,
            (false, _) => PHRASE_MAY_LAST_US,
            (true, false) => TIHAI_MAY_LAST_US,
            (true, true) => LAST_TIHAI_MAY_LAST_US,
        };
        self.waited_us() + left_us > may_last_us
    }

    /// The melody goes to the nearest note that the raga rests on, for so long (in the phrase's unit), and ends there.
    /// False if it rests already, or there is no time or no way.
    pub(super) fn rests_nearby(&mut self, raga: &Raga, length: u16) -> bool {
        let rests = |note: &Note| raga.nyasa.contains(&note.swara()) && !raga.sparing.contains(&note.swara());
        let notes = &self.melody.phrase.line.notes()[..self.melody.at];
        let Some(&last) = notes.last().filter(|last| !rests(last)) else { return false };
        if self.waited_us() > LAST_NOTE_BEGINS_US {
            return false;
        }
        let before = notes.iter().rev().copied().find(|note| *note != last);
        let may = |note: &Note| !before.is_some_and(|before| raga.grammar.avoids(before, last, *note));
        let ways = raga.grammar.after(last).filter(rests).filter(may);
        let Some(nearest) = ways.min_by_key(|note| note.step().abs_diff(last.step())) else { return false };
        let at = self.melody.at;
        self.melody.phrase.line.truncate(at);
        self.melody.phrase.line.push(nearest);
        self.melody.phrase.kind = super::phrase::Kind::Free;
        (self.melody.phrase.lengths[at], self.melody.phrase.sounds[at]) = (length, 0);
        (self.melody.phrase.slid[at], self.melody.phrase.kans[at]) = (false, None);
        self.closes = true;
        true
    }

    /// A long note fades when another rasa is wanted.
    pub(super) fn fade_for_change(&mut self) {
        if !self.wants_change() || !self.melody_sounds || self.melody.phrase.is_tihai() {
            return;
        }
        let stood_us = self.now_us - self.struck_us;
        let ends_us = self.held.melody_off_us().unwrap_or(self.now_us);
        let glides = self.bends[self.turns.now].glides(self.now_us);
        if stood_us < STOOD_US || ends_us < self.now_us + SOON_US || self.loudness.fades() || glides {
            return;
        }
        self.loudness.fade(self.now_us);
        self.held.cut_melody(self.now_us + FADE_US);
        self.bends[self.turns.now].stay(self.now_us, self.now_us + FADE_US);
        self.melody.stop();
        self.melody_us = self.now_us + FADE_US + BREATH_US;
        self.melody_quarters = ((FADE_US + BREATH_US) / self.clock.quarter_us()) as u16 + 1;
        self.strike_us = None;
    }

    /// Between phrases nothing is in the way of a change; on a pulse it comes on the quarter.
    pub(super) fn change_at_rest(&mut self, out: &mut Vec<Event>) {
        if self.wants_change() && !self.section.has_pulse() && self.signature.is_none() && self.at_rest() {
            self.change(out);
        }
    }

    /// Whether the melody is silent between two phrases.
    pub(super) fn at_rest(&self) -> bool {
        !self.melody_sounds && self.strike_us.is_none() && (self.melody.at == 0 || self.melody.is_over())
    }

    /// What is wanted, taken: the caller takes it up.
    pub(super) fn take_wanted(&mut self) -> Option<Option<Rasa>> {
        self.wanted.take().map(|wanted| wanted.rasa)
    }

    /// Takes up what is wanted.
    pub(super) fn change(&mut self, out: &mut Vec<Event>) {
        let Some(wanted) = self.wanted.take() else { return };
        self.release_melody(out);
        self.melody_note = None;
        self.strike_us = None;
        (self.closes, self.ended_well) = (false, false);
        let over_theka = self.section == Section::Gat || self.closing.is_some();
        if self.section == Section::Gat {
            self.close_theka();
        }
        (self.leads_in, self.gat_us) = (false, None);
        match wanted.rasa {
            Some(rasa) => self.begin(rasa, over_theka, out),
            None => self.rest(out),
        }
    }

    /// The raga that is played when a rasa is taken up now.
    pub(super) fn raga_of(&self, rasa: Rasa) -> usize {
        let (ragas, last) = (&self.map.style(rasa).ragas, self.last_ragas[rasa.index()]);
        let Settings { choosing, minute, .. } = &self.settings;
        // A map that was read names a raga for each rasa.
        choose(ragas, &self.library.ragas, *choosing, minute.minute(), last).unwrap_or(0)
    }

    fn begin(&mut self, rasa: Rasa, over_theka: bool, out: &mut Vec<Event>) {
        let before = self.piece;
        let from_silence = matches!(self.section, Section::Drone | Section::Silence);
        let (old_melody, old_drone) = self.style().map_or((104, 104), |style| (style.program, style.drone_program));
        let old_tuning = self.tuning();
        let raga = self.raga_of(rasa);
        self.last_ragas[rasa.index()] = Some(raga);
        self.piece = Some(Piece { rasa, raga });
        if self.section == Section::Silence {
            self.tanpura.next_us = self.now_us;
        }
        self.section = Section::Alap;
        self.resting_until_us = None;
        out.push(Event::cue(self.now_us, Cue::Raga { raga: raga as u8, rasa: rasa.index() as u8 }));
        out.push(Event::cue(self.now_us, Cue::Alap));
        let map = Arc::clone(&self.map);
        let style = map.style(rasa);
        if style.program != old_melody {
            for voice in Voice::MELODY {
                out.push(Event::program(self.now_us, voice, style.program));
            }
        }
        if style.drone_program != old_drone || self.tuning() != old_tuning {
            self.held.release_voice(self.now_us, Voice::Tanpura, out);
            self.held.release_voice(self.now_us, Voice::FirstString, out);
        }
        if style.drone_program != old_drone {
            out.push(Event::program(self.now_us, Voice::Tanpura, style.drone_program));
            out.push(Event::program(self.now_us, Voice::FirstString, style.drone_program));
        }
        if over_theka {
            self.begin_alap_over_theka();
        } else if from_silence || before.is_none() {
            self.begin_alap();
        }
        self.energy = self.drive();
        self.melody_us = self.now_us + if before.is_none() { SECOND_US } else { BREATH_US };
        self.melody.begin_raga(before.map(|piece| &self.library.ragas[piece.raga]), &style.manner);
    }

    /// The theka goes on to the end of its cycle and closes with a tihai of its own on sam, if sam is not far.
    pub(super) fn close_theka(&mut self) {
        let left = self.clock.cycle - self.clock.quarter;
        let far = u64::from(left) * self.clock.quarter_us() > CYCLE_MAY_LAST_US;
        // What falls on sam now is the close itself.
        let left = if self.clock.quarter == 0 { 0 } else { left };
        let unit = (STROKE_APART_US / self.clock.quarter_us()) as u16 + 1;
        let shape = (!far).then(|| Shape::draw(self.theka.rng(), left, 0..=left, unit, 2 * QUARTERS)).flatten();
        self.closing = Some(Closing { shape, at_once: far && left > 0 });
    }

    /// A quarter of a theka that closes under another raga's alap.
    pub(super) fn close_on(&mut self, out: &mut Vec<Event>) {
        let Some((Closing { shape, at_once }, tala)) = self.closing.zip(self.tala) else {
            self.closing = None;
            return;
        };
        let library = Arc::clone(&self.library);
        let tala = &library.talas[tala];
        let quarter = self.clock.quarter;
        if quarter.is_multiple_of(QUARTERS) {
            out.push(Event::cue(self.now_us, Cue::Pulse));
        }
        let (level, intensity) = (self.style().map_or(0.7, |style| style.theka_level), self.energy);
        let on_start = quarter.is_multiple_of(QUARTERS) && tala.is_start((quarter / QUARTERS) as u8);
        if quarter == 0 || (at_once && on_start) {
            if quarter == 0 {
                self.say_sam(out);
            }
            self.strike_bol(Theka::close(level, intensity), out);
            self.closing = None;
            return;
        }
        let left = self.clock.cycle - quarter;
        let begun = shape.is_some_and(|shape| left <= shape.reach());
        let stroke = match shape.filter(|_| begun) {
            Some(shape) => shape.stroke_before(left).map(|end| self.theka.figure(end, level, intensity)),
            None => self.theka.stroke(tala, quarter, self.clock.matra_s(), level, intensity),
        };
        if let Some(stroke) = stroke {
            self.strike_bol(stroke, out);
        }
        self.clock.advance(self.clock.laya_bpm);
    }
}
