//! From one rasa to the next: heard at once, taken up at a moment the music allows.

use super::{Engine, Piece, SECOND_US};
use crate::performer::event::{Cue, Event, Voice};
use crate::performer::status::Section;
use rasika_models::{Mood, Rasa};

/// A phrase may end of itself if it does so this long after the mood changed, in microseconds.
const PHRASE_MAY_LAST_US: u64 = 2 * SECOND_US;
/// No note begins that would end later than this after the mood changed: the new raga's first note sounds within 4 s.
const LAST_NOTE_ENDS_US: u64 = 3_300_000;
/// The breath between the last note of a raga and the first of the next.
const BREATH_US: u64 = 220_000;

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
        self.mood = Mood { rasa: mood.rasa, confidence: sound(mood.confidence), intensity: sound(mood.intensity) };
        if mood.rasa == self.playing() {
            self.wanted = None;
        } else if self.wanted.is_none_or(|wanted| wanted.rasa != mood.rasa) {
            // The time runs from when the old rasa left, whatever came in between.
            let since_us = self.wanted.map_or(self.now_us, |wanted| wanted.since_us);
            self.wanted = Some(Wanted { rasa: mood.rasa, since_us });
        }
    }

    /// The rasa the melody plays; `None` when the drone is alone.
    fn playing(&self) -> Option<Rasa> {
        self.piece.filter(|_| self.section != Section::Drone).map(|piece| piece.rasa)
    }

    /// Whether the melody must give way now, a note being due that would last `length_us`, with `left_us` to the end
    /// of its phrase.
    pub(super) fn gives_way(&self, length_us: u64, left_us: u64, at_group: bool) -> bool {
        let Some(wanted) = self.wanted else { return false };
        let waited_us = self.now_us - wanted.since_us;
        if waited_us + left_us <= PHRASE_MAY_LAST_US {
            return false;
        }
        at_group || waited_us + length_us > LAST_NOTE_ENDS_US
    }

    /// Between phrases nothing is in the way of a change; in a gat it comes on the matra.
    pub(super) fn change_at_rest(&mut self, out: &mut Vec<Event>) {
        if self.wanted.is_some() && self.section != Section::Gat && self.at_rest() {
            self.change(out);
        }
    }

    /// Whether the melody is silent between two phrases.
    pub(super) fn at_rest(&self) -> bool {
        !self.held.sounds(Voice::Melody) && (self.melody.at == 0 || self.melody.is_over())
    }

    /// Takes up what is wanted.
    pub(super) fn change(&mut self, out: &mut Vec<Event>) {
        let Some(wanted) = self.wanted.take() else { return };
        self.held.release_voice(self.now_us, Voice::Melody, out);
        self.melody_note = None;
        if self.section == Section::Gat {
            self.close_theka(out);
        }
        match wanted.rasa {
            Some(rasa) => self.begin(rasa, out),
            None => {
                self.section = Section::Drone;
                self.melody.stop();
                out.push(Event::cue(self.now_us, Cue::Drone));
            }
        }
    }

    fn begin(&mut self, rasa: Rasa, out: &mut Vec<Event>) {
        let before = self.piece;
        let (old_melody, old_drone) = self.style().map_or((104, 104), |style| (style.program, style.drone_program));
        let old_tuning = self.tuning();
        let raga = self.map.style(rasa).ragas[0];
        self.piece = Some(Piece { rasa, raga });
        self.section = Section::Alap;
        out.push(Event::cue(self.now_us, Cue::Raga { raga: raga as u8, rasa: rasa.index() as u8 }));
        let style = self.map.style(rasa);
        if style.program != old_melody {
            out.push(Event::program(self.now_us, Voice::Melody, style.program));
        }
        if style.drone_program != old_drone {
            self.held.release_voice(self.now_us, Voice::Tanpura, out);
            out.push(Event::program(self.now_us, Voice::Tanpura, style.drone_program));
        } else if self.tuning() != old_tuning {
            self.held.release_voice(self.now_us, Voice::Tanpura, out);
        }
        let alap_s = style.alap_s.at(self.mood.intensity);
        self.gat_from_us = self.now_us + (f64::from(alap_s) * 1e6) as u64;
        self.energy = self.mood.intensity;
        self.melody_us = self.now_us + if before.is_none() { SECOND_US } else { BREATH_US };
        self.melody.begin_raga();
    }

    /// The theka ends on a stroke like sam's.
    fn close_theka(&mut self, out: &mut Vec<Event>) {
        let Some(style) = self.style() else { return };
        let level = style.theka_level;
        if let Some(stroke) = self.theka.close(level, self.mood.intensity) {
            self.strike_bol(stroke, out);
        }
    }
}
