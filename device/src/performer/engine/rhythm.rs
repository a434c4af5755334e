//! Lengths for a line: free in an alap, on the grid of quarter matras in a gat.

use super::phrase::{Line, MOST_NOTES, Phrase};
use crate::performer::raga::Raga;
use crate::performer::rng::Rng;
use crate::performer::swara::Swara;

/// Quarter matras of a matra.
pub const QUARTERS: u16 = 4;
/// Shortest note of an alap, and the shortest that is left by a glide, in milliseconds.
const SHORTEST_MS: f32 = 140.0;
const BEFORE_GLIDE_MS: f32 = 480.0;
/// Shortest last note of an alap's phrase, in milliseconds.
const SHORTEST_LAST_MS: f32 = 900.0;

/// How an alap's phrase is to be timed.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Time of a note of middle weight, in seconds.
    pub note_s: f32,
    /// Longest note, in seconds.
    pub long_s: f32,
    /// Whether the phrase stands long on its last note.
    pub stands: bool,
}

/// Lengths of a free phrase in milliseconds: passing notes short, notes of weight long, the last longest.
pub fn free(phrase: &mut Phrase, raga: &Raga, pace: Pace, needs: &[f32; 12], rng: &mut Rng) {
    let Phrase { line, lengths, slid, .. } = phrase;
    let notes = line.notes();
    let long_ms = 1000.0 * pace.long_s;
    for (index, note) in notes.iter().enumerate() {
        let swara = note.swara();
        let last = index + 1 == notes.len();
        let peak = index > 0 && !last && notes[index - 1] < *note && notes[index + 1] < *note;
        let weight = if raga.touch.contains(&swara) || raga.sparing.contains(&swara) {
            0.4
        } else if raga.andolan(swara).is_some() {
            2.2
        } else if swara == raga.vadi || (index == 0 && raga.nyasa.contains(&swara)) {
            1.6
        } else if swara == raga.samvadi || swara == Swara::Sa || peak {
            1.1
        } else {
            0.7
        };
        let weight = weight * needs[swara as usize].sqrt() * rng.between(0.75, 1.3);
        let stand = rng.between(0.55, 1.0);
        let length = if last {
            let part = if pace.stands { stand } else { 0.45 * stand };
            (long_ms * part).max(SHORTEST_LAST_MS)
        } else {
            (1000.0 * pace.note_s * weight).min(long_ms)
        };
        let shortest = if slid[..notes.len()].get(index + 1) == Some(&true) { BEFORE_GLIDE_MS } else { SHORTEST_MS };
        lengths[index] = length.max(shortest) as u16;
    }
}

/// How a gat's phrases like to divide their matras: an order of preference that stays for a whole gat, so that its
/// phrases share a rhythm.
#[derive(Debug, Clone, Default)]
pub struct Gait {
    /// Liking of each matra of a vibhag for being divided.
    divide: [f32; 8],
    /// Whether a divided matra of that place is long-short rather than even.
    dotted: [bool; 8],
}

impl Gait {
    /// A new gait; `dotted` is how often a divided matra is long and short.
    pub fn draw(rng: &mut Rng, likely: f32) -> Self {
        let mut gait = Self::default();
        for (divide, dotted) in gait.divide.iter_mut().zip(&mut gait.dotted) {
            *divide = rng.unit();
            *dotted = rng.chance(likely);
        }
        // The beat of the vibhag itself is rather left whole.
        gait.divide[0] *= 0.5;
        gait
    }
}

/// The room a phrase has in the tala.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Quarter matras from the phrase's first note to the one its last note falls on; whole matras.
    pub quarters: u16,
    /// Length of the last note, in quarter matras.
    pub last: u16,
    /// Most notes a matra takes at this laya: 1, 2 or 4.
    pub most_a_matra: u16,
    /// Most quarter matras one note lasts.
    pub longest: u16,
}

/// Lengths on the grid. A line with more notes than the room takes loses its first ones; the lengths before the last
/// note fill the room.
pub fn on_grid(phrase: &mut Phrase, raga: &Raga, room: Room, gait: &Gait, rng: &mut Rng) {
    let matras = usize::from(room.quarters / QUARTERS).clamp(1, MOST_NOTES / 2);
    let most = (matras * usize::from(room.most_a_matra)).min(MOST_NOTES - 1);
    phrase.line.keep_last(most + 1);
    let before = phrase.line.len().saturating_sub(1);
    // Notes in each matra; a matra of 0 lengthens the note before it.
    let mut notes_in = [1_u16; MOST_NOTES];
    let notes_in = &mut notes_in[..matras];
    let mut count = matras;
    while count < before {
        let likes = |matra: usize, notes: u16| gait.divide[matra % 8] - f32::from(notes) + 0.01 * matra as f32;
        let free = (0..matras).filter(|matra| notes_in[*matra] < room.most_a_matra);
        let chosen = free.max_by(|a, b| likes(*a, notes_in[*a]).total_cmp(&likes(*b, notes_in[*b])));
        let Some(chosen) = chosen else { break };
        notes_in[chosen] += 1;
        count += 1;
    }
    while count > before.max(1) {
        let Some(joined) = to_join(phrase, raga, room, notes_in, rng) else { break };
        notes_in[joined] = 0;
        count -= 1;
    }
    while phrase.line.len() <= count && phrase.line.len() < MOST_NOTES {
        repeat_first(&mut phrase.line);
    }
    write(phrase, notes_in, room, gait);
}

/// The matra whose note is best left out so that the note before it lasts on: after a note of weight.
fn to_join(phrase: &Phrase, raga: &Raga, room: Room, notes_in: &[u16], rng: &mut Rng) -> Option<usize> {
    let (mut best, mut best_score) = (None, f32::MIN);
    let mut note = 0_usize;
    let mut silent = 0_u16;
    for (matra, &here) in notes_in.iter().enumerate() {
        // The note before would last through the silent matras on both sides of this one.
        let after = notes_in[matra + 1..].iter().take_while(|notes| **notes == 0).count() as u16;
        if matra > 0 && here == 1 && (silent + after + 2) * QUARTERS <= room.longest {
            let swara = phrase.line.notes().get(note.saturating_sub(1)).map(|note| note.swara());
            let weighty = swara.is_some_and(|swara| raga.nyasa.contains(&swara) || raga.andolan(swara).is_some());
            let score = rng.unit() + if weighty { 1.0 } else { 0.0 } - f32::from(silent);
            if score > best_score {
                (best, best_score) = (Some(matra), score);
            }
        }
        silent = if here == 0 { silent + 1 } else { 0 };
        note += usize::from(here);
    }
    best
}

fn write(phrase: &mut Phrase, notes_in: &[u16], room: Room, gait: &Gait) {
    let mut note = 0;
    for (matra, count) in notes_in.iter().enumerate() {
        let parts: &[u16] = match count {
            0 => {
                if note > 0 {
                    phrase.lengths[note - 1] += QUARTERS;
                }
                &[]
            }
            1 => &[4],
            2 if gait.dotted[matra % 8] && room.most_a_matra > 2 => &[3, 1],
            2 => &[2, 2],
            3 if gait.dotted[matra % 8] => &[1, 1, 2],
            3 => &[2, 1, 1],
            _ => &[1, 1, 1, 1],
        };
        for part in parts {
            if note < MOST_NOTES {
                phrase.lengths[note] = *part;
                note += 1;
            }
        }
    }
    let len = phrase.line.len();
    if len > 0 {
        phrase.lengths[len - 1] = room.last;
    }
}

/// A line too short for its room says its first note again.
fn repeat_first(line: &mut Line) {
    let mut longer = Line::default();
    line.notes().first().into_iter().chain(line.notes()).for_each(|note| longer.push(*note));
    *line = longer;
}
