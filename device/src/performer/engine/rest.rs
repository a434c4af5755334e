//! Nobody seen: the melody returns to an alap, then the drone is alone, then there is silence.

use super::{Engine, SECOND_US};
use crate::performer::event::{Cue, Event, Voice};
use crate::performer::status::Section;

/// How long an alap goes on over the drone after the last rasa was seen.
const ALAP_US: u64 = 12 * SECOND_US;

/// Seconds the drone goes on alone if nothing else is said.
pub const DRONE_S: u32 = 300;

impl Engine {
    /// The rasa has gone: an alap of its raga, quiet, for a while.
    pub(super) fn rest(&mut self, out: &mut Vec<Event>) {
        if self.concluding {
            self.rest_on_drone(out);
            return;
        }
        if self.section != Section::Alap {
            self.section = Section::Alap;
            out.push(Event::cue(self.now_us, Cue::Alap));
        }
        self.resting_until_us = Some(self.now_us + ALAP_US);
        self.melody.stop();
        self.begin_alap_over_theka();
        self.melody_us = self.now_us + SECOND_US;
    }

    /// The drone goes on alone.
    pub(super) fn rest_on_drone(&mut self, out: &mut Vec<Event>) {
        self.section = Section::Drone;
        self.resting_until_us = None;
        self.silent_from_us = self.now_us + u64::from(self.settings.drone_s) * SECOND_US;
        self.melody.stop();
        out.push(Event::cue(self.now_us, Cue::Drone));
    }

    /// Whether the rest in an alap is over.
    pub(super) fn is_rested(&self) -> bool {
        self.resting_until_us.is_some_and(|until_us| self.concluding || self.now_us >= until_us)
    }

    /// The drone falls silent once it has been alone for long.
    pub(super) fn fall_silent_after_all(&mut self, out: &mut Vec<Event>) -> bool {
        let over = self.section == Section::Drone && self.now_us >= self.silent_from_us;
        if over {
            self.section = Section::Silence;
            self.held.release_voice(self.now_us, Voice::Tanpura, out);
            self.held.release_voice(self.now_us, Voice::FirstString, out);
            out.push(Event::cue(self.now_us, Cue::Silence));
        }
        over
    }

    /// The piece comes to its end: the melody finishes what it says (in a gat with a tihai) and only the drone is left
    /// when no rasa is wanted any more.
    pub fn conclude(&mut self) {
        self.concluding = true;
    }

    /// Whether the melody and the theka have ended.
    #[must_use]
    pub fn is_concluded(&self) -> bool {
        matches!(self.section, Section::Drone | Section::Silence) && self.closing.is_none() && self.signature.is_none()
    }
}
