//! Tihai: a figure said three times, of which the last stroke falls on sam.
//!
//! A figure has strokes a unit apart and a last stroke that is held. With `f` quarters from a figure's first stroke to
//! its last one and `last` quarters that the last one is held, three figures reach from the first stroke of all to the
//! last one in `3 f + 2 last` quarters.

use super::compose::{Brief, Composer};
use super::phrase::{Kind, MOST_NOTES, Phrase};
use super::rhythm::QUARTERS;
use crate::performer::raga::Raga;
use crate::performer::rng::Rng;
use crate::performer::swara::{Note, Swara};
use std::ops::RangeInclusive;

/// Fewest and most strokes of a figure.
const STROKES: RangeInclusive<u16> = 5..=11;
/// Times a line is composed in the hope that it can be said three times.
const TRIES: usize = 16;
/// Figures of different lengths a choice is made among.
const SHAPES: usize = 64;

/// The rhythm of one of the three figures, in quarter matras.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Quarters to wait before the first stroke.
    pub wait: u16,
    /// Strokes of the figure.
    pub strokes: u16,
    /// Quarters from one stroke to the next.
    pub unit: u16,
    /// Quarters the last stroke of a figure is held before the next figure.
    pub last: u16,
}

impl Shape {
    /// From a figure's first stroke to its last.
    fn run(self) -> u16 {
        (self.strokes - 1) * self.unit
    }

    /// From the first stroke of all to the last of all.
    pub fn reach(self) -> u16 {
        3 * self.run() + 2 * self.last
    }

    /// The stroke so many quarters before the last one of all: true for the last stroke of a figure.
    pub fn stroke_before(self, left: u16) -> Option<bool> {
        let since = self.reach().checked_sub(left)?;
        let at = since % (self.run() + self.last);
        (at <= self.run() && at.is_multiple_of(self.unit)).then_some(at == self.run())
    }

    /// A shape that begins after one of the waits and has its last stroke in exactly `distance`; strokes are at least
    /// `unit` apart and the last of a figure is held for at most `longest`.
    pub fn draw(rng: &mut Rng, distance: u16, waits: RangeInclusive<u16>, unit: u16, longest: u16) -> Option<Self> {
        let mut shapes = [Self { wait: 0, strokes: 0, unit: 1, last: 0 }; SHAPES];
        let mut weights = [0.0; SHAPES];
        let mut count = 0;
        let soonest = *waits.start();
        for wait in waits.take_while(|wait| *wait <= distance) {
            for unit in [unit, 2 * unit] {
                for strokes in STROKES {
                    let run = (strokes - 1) * unit;
                    let Some(held) = (distance - wait).checked_sub(3 * run) else { continue };
                    let last = held / 2;
                    // A gap stands between the figures, so that each is heard as one.
                    if held.is_multiple_of(2) && (2 * unit..=longest).contains(&last) && count < SHAPES {
                        shapes[count] = Self { wait, strokes, unit, last };
                        // A breath about as long as two strokes, a figure of five or so, and no long wait.
                        let breath = (f32::from(last) / f32::from(3 * unit)).ln().abs();
                        let size = (f32::from(strokes) / 5.0).ln().abs();
                        weights[count] = (-breath - size - 0.15 * f32::from(wait - soonest)).exp();
                        count += 1;
                    }
                }
            }
        }
        rng.weighted(&weights[..count]).map(|index| shapes[index])
    }
}

/// Writes a tihai of a shape into a phrase: a line of the raga that may be followed by itself and ends on a note of
/// weight, on `home` if it can. False if none was found; the phrase is then of no use.
pub fn compose(
    phrase: &mut Phrase,
    raga: &Raga,
    rng: &mut Rng,
    brief: Brief,
    shape: Shape,
    home: Option<Note>,
) -> bool {
    let strokes = usize::from(shape.strokes);
    if 3 * strokes > MOST_NOTES {
        return false;
    }
    let strong = |swara: Swara| {
        [raga.vadi, raga.samvadi, Swara::Sa].contains(&swara)
            && raga.nyasa.contains(&swara)
            && !raga.sparing.contains(&swara)
    };
    let brief = Brief {
        count: strokes,
        to_sam: true,
        opening: false,
        runs: 0.0,
        glides: 0.0,
        least_glides: 0,
        bridge: None,
        ..brief
    };
    phrase.plain();
    for attempt in 0..TRIES {
        let mut last_phrase = usize::MAX;
        let mut composer = Composer { raga, rng: &mut *rng, brief, last_phrase: &mut last_phrase };
        composer.line(&mut phrase.line);
        if let Some(home) = home.filter(|_| phrase.line.last() != home) {
            composer.walk(&mut phrase.line, home, 0.0);
        }
        phrase.line.keep_last(strokes);
        let (Some(&first), Some(last)) = (phrase.line.notes().first(), phrase.line.last()) else { continue };
        if phrase.line.len() < strokes || !raga.grammar.allows(last, first) {
            continue;
        }
        // The first half of the tries is for home alone.
        let lands = home == Some(last) || (strong(last.swara()) && (home.is_none() || attempt >= TRIES / 2));
        if !lands {
            continue;
        }
        for _ in 0..2 {
            for at in 0..strokes {
                let note = phrase.line.notes()[at];
                phrase.line.push(note);
            }
        }
        for (at, length) in phrase.lengths[..3 * strokes].iter_mut().enumerate() {
            *length = if (at + 1).is_multiple_of(strokes) { shape.last } else { shape.unit };
        }
        if raga.grammar.avoided_in(phrase.line.notes()).is_some() {
            continue;
        }
        for end in [strokes, 2 * strokes] {
            phrase.sounds[end - 1] = (shape.last / 2).max(shape.unit);
        }
        // The note on sam rests.
        phrase.lengths[3 * strokes - 1] = shape.last.max(QUARTERS);
        phrase.kind = Kind::Tihai;
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performer::rng::Rng;
    use proptest::prelude::{prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn three_figures_reach_exactly_to_the_end(seed: u64, distance in 4_u16..160, patience in 0_u16..9, unit in 1_u16..5) {
            let Some(shape) = Shape::draw(&mut Rng::new(seed), distance, 0..=patience, unit, 16) else { return Ok(()) };
            prop_assert_eq!(shape.wait + shape.reach(), distance);
            let strokes = (0..=shape.reach()).filter_map(|left| shape.stroke_before(left));
            let ends: Vec<bool> = strokes.collect();
            prop_assert_eq!(ends.len(), 3 * usize::from(shape.strokes));
            prop_assert_eq!(ends.iter().filter(|end| **end).count(), 3);
            prop_assert_eq!(shape.stroke_before(0), Some(true));
        }
    }

    #[test]
    fn most_distances_have_a_shape() {
        let mut rng = Rng::new(1);
        let found = (16..=64).filter(|distance| Shape::draw(&mut rng, *distance, 0..=8, 2, 16).is_some()).count();
        assert!(found >= 30, "{found} of 49");
    }
}
