//! What a chunk holds, described once for the writer and the reader.

use super::grid::{Gridded, GriddedFace, GriddedHand, MOST, MOST_HANDS, MOST_PX, MOST_TIME, Point};
use super::motion::{Motion, centre};
use super::number::Number;
use super::range::{Chance, Coder, Damaged};
use rasika_models::observation::{BLENDSHAPES, HAND_POINTS};

/// Four ways a number can be expected, by how large the one before was off.
type Graded = [Number; 4];

fn grade(error: i64) -> usize {
    match error.unsigned_abs() {
        0 => 0,
        1..=2 => 1,
        3..=7 => 2,
        _ => 3,
    }
}

/// A cloud of points: the first of a chunk from point to point, the later ones from how the cloud moved.
#[derive(Default)]
struct Cloud {
    last: Option<Vec<Point>>,
    first: [Number; 3],
    matrix: [Number; 3],
    shift: Number,
    moved: [Graded; 3],
}

impl Cloud {
    fn code<C: Coder>(&mut self, coder: &mut C, points: &mut Vec<Point>, count: usize) -> Result<(), Damaged> {
        if !C::WRITES {
            *points = vec![[0; 3]; count];
        }
        if let Some(last) = &self.last {
            let mut motion = if C::WRITES { Motion::between(last, points) } else { Motion::NONE };
            for row in &mut motion.matrix {
                for (factor, model) in row.iter_mut().zip(&mut self.matrix) {
                    *factor = model.code(coder, *factor)?;
                }
            }
            for shift in &mut motion.shift {
                *shift = self.shift.code(coder, *shift)?;
            }
            if !motion.is_sound(MOST) {
                return Err(Damaged);
            }
            let (centre, mut off) = (centre(last), [0; 3]);
            for (point, last) in points.iter_mut().zip(last) {
                let expected = motion.expect(*last, centre);
                let around = grade(off.iter().map(|off: &i64| off.abs()).sum());
                for axis in 0..3 {
                    off[axis] = self.moved[axis][around].code(coder, point[axis] - expected[axis])?;
                    point[axis] = bounded(expected[axis] + off[axis], MOST)?;
                }
            }
        } else {
            let mut before = [0; 3];
            for point in points.iter_mut() {
                for axis in 0..3 {
                    let off = self.first[axis].code(coder, point[axis] - before[axis])?;
                    point[axis] = bounded(before[axis] + off, MOST)?;
                }
                before = *point;
            }
        }
        self.last = Some(points.clone());
        Ok(())
    }
}

/// A row of scores, each from what it was and how far off it was then.
#[derive(Default)]
struct Scores {
    present: Chance,
    last: Vec<i64>,
    off: Vec<i64>,
    first: Number,
    moved: Graded,
}

impl Scores {
    /// Codes `count` scores or none; `hint` is what each is expected to have moved.
    fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        scores: &mut Vec<i64>,
        count: usize,
        hint: &[i64],
    ) -> Result<(), Damaged> {
        if !coder.bit(&mut self.present, !scores.is_empty())? {
            scores.clear();
            return Ok(());
        }
        if !C::WRITES {
            *scores = vec![0; count];
        }
        let first = self.last.is_empty();
        self.last.resize(count, 0);
        self.off.resize(count, 0);
        for (place, score) in scores.iter_mut().enumerate() {
            let expected = self.last[place] + hint.get(place).copied().unwrap_or(0);
            let model = if first { &mut self.first } else { &mut self.moved[grade(self.off[place])] };
            let off = model.code(coder, *score - expected)?;
            *score = bounded(expected + off, MOST)?;
            self.off[place] = if first { 0 } else { off };
            self.last[place] = *score;
        }
        Ok(())
    }
}

/// A number from what it was.
#[derive(Default)]
struct Slow {
    last: i64,
    model: Number,
}

impl Slow {
    fn code(&mut self, coder: &mut impl Coder, value: &mut i64) -> Result<(), Damaged> {
        let off = self.model.code(coder, *value - self.last)?;
        *value = bounded(self.last + off, MOST)?;
        self.last = *value;
        Ok(())
    }
}

/// A hand of one side.
#[derive(Default)]
struct HandPart {
    score: Slow,
    points: Cloud,
    with_world: Chance,
    world: Cloud,
}

/// Everything known of the observations of a chunk so far.
#[derive(Default)]
pub struct Chunk {
    frame: i64,
    frame_step: Number,
    time: i64,
    time_step: i64,
    time_off: Number,
    resized: Chance,
    size: [i64; 2],
    with_face: Chance,
    face: Cloud,
    shapes: Scores,
    upright: Scores,
    pose: [Slow; 4],
    another_hand: [Chance; MOST_HANDS],
    right: [Chance; MOST_HANDS],
    hands: [HandPart; 2],
}

impl Chunk {
    /// Writes an observation, or reads one into it.
    pub fn code<C: Coder>(&mut self, coder: &mut C, seen: &mut Gridded) -> Result<(), Damaged> {
        self.moment(coder, seen)?;
        self.frame_size(coder, seen)?;
        if coder.bit(&mut self.with_face, seen.face.is_some())? {
            self.face(coder, seen.face.get_or_insert_with(GriddedFace::default))?;
        } else {
            seen.face = None;
        }
        let mut hands = std::mem::take(&mut seen.hands).into_iter();
        for place in 0..MOST_HANDS {
            let hand = hands.next();
            if !coder.bit(&mut self.another_hand[place], hand.is_some())? {
                break;
            }
            let mut hand = hand.unwrap_or_default();
            hand.right = coder.bit(&mut self.right[place], hand.right)?;
            self.hands[usize::from(hand.right)].code(coder, &mut hand)?;
            seen.hands.push(hand);
        }
        Ok(())
    }

    /// Frame number, from the next one; time, from the same step as before.
    fn moment(&mut self, coder: &mut impl Coder, seen: &mut Gridded) -> Result<(), Damaged> {
        let step = self.frame_step.code(coder, seen.frame - self.frame - 1)?;
        let frame = bounded(self.frame + 1 + step, MOST_TIME)?;
        let off = self.time_off.code(coder, seen.time - self.time - self.time_step)?;
        let time = bounded(self.time + self.time_step + off, MOST_TIME)?;
        if frame < 0 {
            return Err(Damaged);
        }
        self.time_step = time - self.time;
        (self.frame, self.time) = (frame, time);
        (seen.frame, seen.time) = (frame, time);
        Ok(())
    }

    fn frame_size<C: Coder>(&mut self, coder: &mut C, seen: &mut Gridded) -> Result<(), Damaged> {
        let mut size = [seen.width, seen.height];
        if coder.bit(&mut self.resized, size != self.size)? {
            for side in &mut size {
                *side = coder.raw(16, (*side - 1).cast_unsigned())?.cast_signed() + 1;
            }
            self.size = size;
        }
        if self.size[0].min(self.size[1]) < 1 || self.size[0].max(self.size[1]) > i64::from(MOST_PX) {
            return Err(Damaged);
        }
        [seen.width, seen.height] = self.size;
        Ok(())
    }

    fn face<C: Coder>(&mut self, coder: &mut C, face: &mut GriddedFace) -> Result<(), Damaged> {
        let count = face.points.len();
        self.face.code(coder, &mut face.points, count)?;
        let before = self.shapes.last.clone();
        self.shapes.code(coder, &mut face.shapes, BLENDSHAPES, &[])?;
        // Upright scores move with the others; the first ones are taken to be the same.
        let moved: Vec<i64> = if self.upright.last.len() == before.len() && !before.is_empty() {
            face.shapes.iter().zip(&before).map(|(now, then)| now - then).collect()
        } else if self.upright.last.is_empty() {
            face.shapes.clone()
        } else {
            vec![]
        };
        self.upright.code(coder, &mut face.upright, BLENDSHAPES, &moved)?;
        for (slow, value) in self.pose.iter_mut().zip(&mut face.pose) {
            slow.code(coder, value)?;
        }
        Ok(())
    }
}

impl HandPart {
    fn code<C: Coder>(&mut self, coder: &mut C, hand: &mut GriddedHand) -> Result<(), Damaged> {
        self.score.code(coder, &mut hand.score)?;
        self.points.code(coder, &mut hand.points, HAND_POINTS)?;
        if coder.bit(&mut self.with_world, !hand.world.is_empty())? {
            self.world.code(coder, &mut hand.world, HAND_POINTS)?;
        } else {
            hand.world.clear();
        }
        Ok(())
    }
}

fn bounded(value: i64, most: i64) -> Result<i64, Damaged> {
    if value.abs() <= most { Ok(value) } else { Err(Damaged) }
}
