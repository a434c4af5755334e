//! Which note may follow which: aroha and avaroha as a set of moves.
//!
//! A line is read as a walk that may be taken up an octave or down, so a move is a swara and an interval. Allowed are:
//! - the steps of the aroha and the avaroha, crooked (vakra) ones in both directions as they are written;
//! - leaps along a line over at most two of its notes, as long as the line runs one way between them: a leap never
//!   cuts off a crook (Darbari's `P g m R` gives no `g R`), and never starts or ends on a note that is only touched;
//! - single moves the raga's file adds with a reason;
//! - a note repeated.
//!
//! Two moves may each be allowed and not one after the other: Darbari goes `g m` and `m P`, and never `g m P`. Such
//! turns are named in the raga's file and [`Grammar::avoids`] knows them.

use super::swara::{HIGHEST, LOWEST, Note, Swara};

/// Notes a leap may pass over.
const LEAP_OVER: usize = 2;
/// Widest move, in semitones.
pub const WIDEST: i32 = 12;
const NOTES: usize = (HIGHEST - LOWEST) as usize + 1;
/// Distance of a note that cannot be reached.
const NEVER: u8 = u8::MAX;
const INTERVALS: usize = 2 * WIDEST as usize + 1;

/// The moves of a raga.
#[derive(Debug, Clone)]
pub struct Grammar {
    /// For each swara and interval (from [`WIDEST`] down to [`WIDEST`] up) the steps of the line it takes: 0 for a
    /// repeated note, 1 to the next note of the line, more for a leap, [`NEVER`] where there is no move.
    steps: [[u8; INTERVALS]; 12],
    /// Turns of three notes that are avoided: the first swara and the two intervals.
    avoided: Vec<(Swara, i8, i8)>,
    /// Steps on the shortest way from a note (row) to a note (column) over the whole range.
    distance: Vec<[u8; NOTES]>,
}

impl Grammar {
    /// The moves of an aroha, an avaroha and single moves besides; `touch` are the swaras only touched in passing.
    #[must_use]
    pub fn new(lines: &[&[Note]], singles: &[(Note, Note)], touch: &[Swara]) -> Self {
        let mut steps = [[NEVER; INTERVALS]; 12];
        let mut allow = |from: i32, to: i32, over: usize| {
            if (to - from).abs() <= WIDEST {
                let known = &mut steps[Swara::from_semitone(from) as usize][(to - from + WIDEST) as usize];
                *known = (*known).min(over as u8);
            }
        };
        for line in lines {
            let walk = unfold(line);
            for (at, &from) in walk.iter().enumerate() {
                allow(from, from, 0);
                for over in 0..=LEAP_OVER {
                    let Some(stretch) = walk.get(at..=at + 1 + over) else { break };
                    let to = stretch[over + 1];
                    let one_way = stretch.windows(2).all(|w| w[1] > w[0]) || stretch.windows(2).all(|w| w[1] < w[0]);
                    let touched = [from, to].iter().any(|step| touch.contains(&Swara::from_semitone(*step)));
                    if over == 0 || (one_way && !touched) {
                        allow(from, to, over + 1);
                    }
                }
            }
        }
        for (from, to) in singles {
            allow(i32::from(from.step()), i32::from(to.step()), 1);
        }
        let mut grammar = Self { steps, avoided: Vec::new(), distance: Vec::new() };
        grammar.distance = grammar.distances();
        grammar
    }

    /// The same moves, without some turns of three notes.
    #[must_use]
    pub fn avoiding(mut self, turns: &[[Note; 3]]) -> Self {
        self.avoided = turns.iter().map(|turn| key(turn[0], turn[1], turn[2])).collect();
        self
    }

    /// Whether three notes one after the other are a turn that the raga avoids, though it has both moves.
    #[must_use]
    pub fn avoids(&self, before: Note, from: Note, to: Note) -> bool {
        self.avoided.contains(&key(before, from, to))
    }

    /// The first turn of a line that the raga avoids; repeated notes count once.
    #[must_use]
    pub fn avoided_in(&self, line: &[Note]) -> Option<[Note; 3]> {
        let mut last: [Option<Note>; 2] = [None; 2];
        for &note in line {
            if last[1] == Some(note) {
                continue;
            }
            if let [Some(before), Some(from)] = last
                && self.avoids(before, from, note)
            {
                return Some([before, from, note]);
            }
            last = [last[1], Some(note)];
        }
        None
    }

    /// Whether one note may follow another.
    #[must_use]
    pub fn allows(&self, from: Note, to: Note) -> bool {
        self.steps(from, to).is_some()
    }

    /// Steps of the line one move takes, if it is allowed: 1 to the next note, more for a leap.
    #[must_use]
    pub fn steps(&self, from: Note, to: Note) -> Option<u8> {
        let interval = i32::from(to.step()) - i32::from(from.step()) + WIDEST;
        let row = &self.steps[from.swara() as usize];
        usize::try_from(interval).ok().and_then(|interval| row.get(interval).copied()).filter(|steps| *steps != NEVER)
    }

    /// The notes that may follow one, itself left out, from the lowest up.
    pub fn after(&self, from: Note) -> impl Iterator<Item = Note> + '_ {
        (-WIDEST..=WIDEST)
            .filter(|interval| *interval != 0)
            .filter_map(move |interval| Note::from_step(i32::from(from.step()) + interval))
            .filter(move |to| self.allows(from, *to))
    }

    /// Steps on the shortest way from one note to another, if there is one; a leap counts the notes it passes over.
    #[must_use]
    pub fn way(&self, from: Note, to: Note) -> Option<u8> {
        let distance = self.distance[index(from)][index(to)];
        (distance != NEVER).then_some(distance)
    }

    fn distances(&self) -> Vec<[u8; NOTES]> {
        let notes = || (LOWEST..=HIGHEST).filter_map(|step| Note::from_step(i32::from(step)));
        let mut table = vec![[NEVER; NOTES]; NOTES];
        for start in notes() {
            let row = &mut table[index(start)];
            row[index(start)] = 0;
            let mut edge = std::collections::VecDeque::from([start]);
            while let Some(note) = edge.pop_front() {
                for next in self.after(note) {
                    let steps = self.steps(note, next).map_or(NEVER, |steps| row[index(note)].saturating_add(steps));
                    if steps < row[index(next)] {
                        row[index(next)] = steps;
                        edge.push_back(next);
                    }
                }
            }
        }
        table
    }
}

/// A turn of three notes in any octave.
fn key(before: Note, from: Note, to: Note) -> (Swara, i8, i8) {
    (before.swara(), from.step() - before.step(), to.step() - from.step())
}

fn index(note: Note) -> usize {
    usize::from(note.step().abs_diff(LOWEST))
}

/// A line and, where its end is its beginning in another octave, the line again from there.
fn unfold(line: &[Note]) -> Vec<i32> {
    let mut walk: Vec<i32> = line.iter().map(|note| i32::from(note.step())).collect();
    if let (Some(first), Some(last)) = (walk.first().copied(), walk.last().copied()) {
        let shift = last - first;
        if shift != 0 && shift % 12 == 0 {
            walk.extend(walk.clone().iter().skip(1).map(|step| step + shift));
        }
    }
    walk
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(line: &str) -> Vec<Note> {
        line.split_whitespace().map(|word| word.parse().unwrap()).collect()
    }

    fn allows(grammar: &Grammar, pair: &str) -> bool {
        let pair = notes(pair);
        grammar.allows(pair[0], pair[1])
    }

    #[test]
    fn a_crook_is_never_cut_off() {
        let (up, down) = (notes("S R g m P d n S'"), notes("S' d n P m P g m R S"));
        let darbari = Grammar::new(&[&up, &down], &[], &[]);
        for good in ["S' d", "d n", "n P", "P g", "g m", "m R", "R S", "S 'd", "m P"] {
            assert!(allows(&darbari, good), "{good}");
        }
        for bad in ["g R", "d P", "S' n", "g S"] {
            assert!(!allows(&darbari, bad), "{bad}");
        }
    }

    #[test]
    fn a_turn_may_be_avoided_where_both_its_moves_are_allowed() {
        let (up, down) = (notes("S R g R S m P d n S'"), notes("S' d n P m P g m R S"));
        let darbari = Grammar::new(&[&up, &down], &[], &[]).avoiding(&[<[Note; 3]>::try_from(notes("g m P")).unwrap()]);
        assert_eq!(darbari.avoided_in(&notes("S R g m R S m P")), None);
        let turn = darbari.avoided_in(&notes("'R 'g 'g 'm 'm 'P")).unwrap();
        assert_eq!(turn.map(|note| note.to_string()), ["'g", "'m", "'P"]);
        assert!(allows(&darbari, "g m") && allows(&darbari, "m P"));
    }

    #[test]
    fn a_note_of_the_descent_is_not_climbed_to() {
        let (up, down) = (notes("S R m P N S'"), notes("S' n D P m G R S"));
        let desh = Grammar::new(&[&up, &down], &[], &[]);
        for bad in ["P n", "R G", "P D", "n S'", "N D"] {
            assert!(!allows(&desh, bad), "{bad}");
        }
        assert!(allows(&desh, "'P 'N") && allows(&desh, "'N S") && allows(&desh, "S' n") && allows(&desh, "R S"));
    }

    #[test]
    fn touched_notes_take_no_part_in_leaps() {
        let (up, down) = (notes("'N S G m P N S'"), notes("S' N D P M P G m G R S"));
        let bihag = Grammar::new(&[&up, &down], &[], &notes("R D M").iter().map(|n| n.swara()).collect::<Vec<_>>());
        assert!(allows(&bihag, "N P") && allows(&bihag, "D P") && allows(&bihag, "N D"));
        assert!(!allows(&bihag, "m R") && !allows(&bihag, "S' D") && !allows(&bihag, "D M"));
    }
}
