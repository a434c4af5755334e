//! One struck note and the swaras it glides to, laid out in time.

use super::meend::{self, LONGEST_GLIDE_US, MOST_GLIDES, STANDS_US};
use super::phrase::Phrase;
use crate::performer::event::Voice;
use crate::performer::manner::sustains;
use crate::performer::map::Style;
use crate::performer::raga::Raga;
use crate::performer::swara::Note;

/// Longest glide of a program that does not sustain, in microseconds.
const PLUCKED_GLIDE_US: u64 = 390_000;
/// Longest note of such a program, in microseconds; what is longer is struck again.
pub const PLUCKED_NOTE_US: u64 = 1_900_000;
/// Part of a swara's time that the glide from it takes, where there is time enough.
const GLIDE_PART: f32 = 0.45;
/// A note that is left at once by a glide stands at least so long, in microseconds.
const STANDS_AT_LEAST_US: u64 = 25_000;
/// Part of its time by which a swara may be reached late.
const LATE: f32 = 0.6;
/// Silence at the end of a phrase's last note, and what is left of the note at least, in microseconds.
const BREATH_US: u64 = 90_000;
const SHORTEST_US: u64 = 15_000;

/// A glide, from the beginning of its stroke on.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// When it leaves, in microseconds.
    pub begins_us: u64,
    /// How long it takes.
    pub us: u64,
    /// Where it leads.
    pub to: Note,
}

/// A stroke of the melody.
#[derive(Debug, Clone, Copy)]
pub struct Stroke {
    /// The note that is struck next after it, by its number in the phrase.
    pub end: usize,
    /// Time until that one, in the phrase's unit.
    pub length: u32,
    /// How long it sounds, in microseconds.
    pub sounds_us: u64,
    ways: [Option<Way>; MOST_GLIDES],
}

impl Stroke {
    /// The stroke of a phrase's note, a unit of its lengths being so long.
    pub fn of(phrase: &Phrase, at: usize, unit_us: u64, raga: &Raga, style: &Style) -> Self {
        let most_us = if sustains(style.program) { LONGEST_GLIDE_US } else { PLUCKED_GLIDE_US };
        let notes = phrase.line.notes();
        let slot_us = |index: usize| u64::from(phrase.lengths[index]) * unit_us;
        let (mut end, mut ways) = (at + 1, [None; MOST_GLIDES]);
        let (mut stands_us, mut due_us) = (0, slot_us(at));
        while end < phrase.stroke_end(at).min(at + 1 + MOST_GLIDES) {
            let (from, to) = (notes[end - 1], notes[end]);
            // As far as the bend reaches, shrutis included.
            if notes[at].step().abs_diff(to.step()) >= Voice::Melody.bend_range() {
                break;
            }
            let cents = 100.0 * f32::from(to.step() - from.step());
            let cents = cents + raga.cents_off(to.swara()) - raga.cents_off(from.swara());
            let (shortest_us, here_us) = (meend::shortest_us(cents), due_us - stands_us.min(due_us));
            let wanted_us = ((here_us as f32 * GLIDE_PART) as u64).clamp(shortest_us, most_us.max(shortest_us));
            // A swara on the way is heard as one only if it stands for a moment.
            let stands = if stands_us == 0 { STANDS_US.min(here_us / 3).max(STANDS_AT_LEAST_US) } else { STANDS_US };
            let begins_us = due_us.saturating_sub(wanted_us).max(stands_us + stands);
            let us = due_us.saturating_sub(begins_us).max(shortest_us);
            let late_us = (begins_us + us).saturating_sub(due_us);
            if late_us as f32 > LATE * slot_us(end) as f32 {
                break;
            }
            ways[end - at - 1] = Some(Way { begins_us, us, to });
            stands_us = begins_us + us;
            due_us += slot_us(end);
            end += 1;
        }
        let length = phrase.lengths[at..end].iter().map(|length| u32::from(*length)).sum();
        let last_us = slot_us(end - 1);
        let sounds_us = sounding_us(phrase, end - 1, last_us, unit_us, raga, style);
        // What a glide has reached is to be heard; a note without one leaves the breath that it is given.
        let heard_us = if end > at + 1 { stands_us + STANDS_US } else { 0 };
        let sounds_us = (due_us - last_us + sounds_us).max(heard_us);
        Self { end, length, sounds_us, ways }
    }

    /// Its glides.
    pub fn ways(&self) -> impl Iterator<Item = Way> {
        self.ways.into_iter().flatten()
    }
}

/// How long a note of its time sounds.
fn sounding_us(phrase: &Phrase, at: usize, slot_us: u64, unit_us: u64, raga: &Raga, style: &Style) -> u64 {
    let last = at + 1 == phrase.line.len();
    let written = u64::from(phrase.sounds[at]) * unit_us;
    let swings = raga.andolan(phrase.line.notes()[at].swara()).is_some();
    let part = if last || swings { style.articulation.max(0.88) } else { style.articulation };
    let sounds_us = (slot_us as f64 * f64::from(part.min(0.985))) as u64;
    let sounds_us = if written > 0 { sounds_us.min(written) } else { sounds_us };
    if last { sounds_us.min(slot_us.saturating_sub(BREATH_US).max(SHORTEST_US)) } else { sounds_us }
}
