//! Observations in whole numbers: each value on its grid.
//!
//! | value | step of its grid |
//! |---|---|
//! | landmark x and y | the frame's longer side / 5120 (0.125 px at 640×480: an error of 0.0625 px at most) |
//! | landmark z | the frame's longer side / 1280 (0.5 px at 640×480: an error of 0.25 px at most) |
//! | world landmark | 1/4096 m |
//! | blendshape | 1/2048 |
//! | score | 1/1024 |
//! | angle | 1/64 degree |
//! | time | 1 µs |

use rasika_models::observation::{BLENDSHAPES, FACE_POINTS, HAND_POINTS, Landmark};
use rasika_models::{Face, Hand, Observation, Side};

const X_Y_STEPS: f64 = 5120.0;
const Z_STEPS: f64 = 1280.0;
const WORLD_STEPS: f64 = 4096.0;
const SHAPE_STEPS: f64 = 2048.0;
const SCORE_STEPS: f64 = 1024.0;
const ANGLE_STEPS: f64 = 64.0;
const TIME_STEPS: f64 = 1000.0;

/// No whole number of a point, shape, score or angle is larger.
pub const MOST: i64 = 1 << 24;
/// No time in microseconds and no frame number is larger.
pub const MOST_TIME: i64 = 1 << 51;
/// No frame is wider or higher.
pub const MOST_PX: u32 = 1 << 16;
/// No observation has more hands.
pub const MOST_HANDS: usize = 2;

/// A point in steps.
pub type Point = [i64; 3];

/// Why an observation cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unstorable {
    /// A value that is no number, or far beyond any frame.
    #[error("an observation's {0} is not finite or far out of range; it is left out")]
    Value(&'static str),
    /// Not as many landmarks, blendshapes or hands as there are.
    #[error("an observation has {1} {0}; it is left out")]
    Count(&'static str, usize),
}

/// An observation in steps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gridded {
    pub frame: i64,
    pub time: i64,
    pub width: i64,
    pub height: i64,
    pub face: Option<GriddedFace>,
    pub hands: Vec<GriddedHand>,
}

/// A face in steps. Blendshapes and upright blendshapes are 52 each, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GriddedFace {
    pub points: Vec<Point>,
    pub shapes: Vec<i64>,
    pub upright: Vec<i64>,
    /// Yaw, pitch, roll, score.
    pub pose: [i64; 4],
}

/// A hand in steps. World points are 21, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GriddedHand {
    pub right: bool,
    pub score: i64,
    pub points: Vec<Point>,
    pub world: Vec<Point>,
}

impl Default for GriddedFace {
    fn default() -> Self {
        Self { points: vec![[0; 3]; FACE_POINTS], shapes: vec![], upright: vec![], pose: [0; 4] }
    }
}

impl Default for GriddedHand {
    fn default() -> Self {
        Self { right: false, score: 0, points: vec![[0; 3]; HAND_POINTS], world: vec![] }
    }
}

/// Steps of a point in a frame: for x, y and z.
fn frame_steps(width: u32, height: u32) -> [f64; 3] {
    let side = f64::from(width.max(height));
    [X_Y_STEPS / side, X_Y_STEPS / side, Z_STEPS / side]
}

fn step(value: f64, steps: f64, most: i64, what: &'static str) -> Result<i64, Unstorable> {
    let steps = (value * steps).round();
    if steps.abs() <= most as f64 { Ok(steps as i64) } else { Err(Unstorable::Value(what)) }
}

fn steps(values: &[f32], steps: f64, what: &'static str) -> Result<Vec<i64>, Unstorable> {
    values.iter().map(|value| step(f64::from(*value), steps, MOST, what)).collect()
}

fn points(landmarks: &[Landmark], steps: [f64; 3], what: &'static str) -> Result<Vec<Point>, Unstorable> {
    let on_grid = |landmark: &Landmark| {
        let mut point = [0; 3];
        for axis in 0..3 {
            point[axis] = step(f64::from(landmark[axis]), steps[axis], MOST, what)?;
        }
        Ok(point)
    };
    landmarks.iter().map(on_grid).collect()
}

/// The count, if it is the right one (or none where that is allowed).
fn count(what: &'static str, found: usize, right: usize, or_none: bool) -> Result<(), Unstorable> {
    if found == right || (or_none && found == 0) { Ok(()) } else { Err(Unstorable::Count(what, found)) }
}

impl Gridded {
    /// An observation, each value moved to the nearest step.
    ///
    /// # Errors
    /// A value is not finite or far out of range, or a count is none that there is.
    pub fn of(seen: &Observation) -> Result<Self, Unstorable> {
        if seen.width.min(seen.height) == 0 || seen.width.max(seen.height) > MOST_PX {
            return Err(Unstorable::Value("frame size"));
        }
        if seen.hands.len() > MOST_HANDS {
            return Err(Unstorable::Count("hands", seen.hands.len()));
        }
        let frame = i64::try_from(seen.frame).ok().filter(|frame| *frame <= MOST_TIME);
        let in_frame = frame_steps(seen.width, seen.height);
        Ok(Self {
            frame: frame.ok_or(Unstorable::Value("frame number"))?,
            time: step(seen.time_ms, TIME_STEPS, MOST_TIME, "time")?,
            width: i64::from(seen.width),
            height: i64::from(seen.height),
            face: seen.face.as_ref().map(|face| GriddedFace::of(face, in_frame)).transpose()?,
            hands: seen.hands.iter().map(|hand| GriddedHand::of(hand, in_frame)).collect::<Result<_, _>>()?,
        })
    }

    /// The observation again. The numbers are within the bounds of [`Self::of`].
    pub fn observation(&self) -> Observation {
        let (width, height) = (self.width as u32, self.height as u32);
        let steps = frame_steps(width, height);
        Observation {
            frame: self.frame as u64,
            time_ms: self.time as f64 / TIME_STEPS,
            width,
            height,
            face: self.face.as_ref().map(|face| face.face(steps)),
            hands: self.hands.iter().map(|hand| hand.hand(steps)).collect(),
        }
    }
}

impl GriddedFace {
    fn of(face: &Face, in_frame: [f64; 3]) -> Result<Self, Unstorable> {
        count("face landmarks", face.landmarks.len(), FACE_POINTS, false)?;
        count("blendshapes", face.blendshapes.len(), BLENDSHAPES, true)?;
        count("upright blendshapes", face.upright_blendshapes.len(), BLENDSHAPES, true)?;
        let angle = |degrees: f32| step(f64::from(degrees), ANGLE_STEPS, MOST, "head pose");
        Ok(Self {
            points: points(&face.landmarks, in_frame, "face landmark")?,
            shapes: steps(&face.blendshapes, SHAPE_STEPS, "blendshape")?,
            upright: steps(&face.upright_blendshapes, SHAPE_STEPS, "blendshape")?,
            pose: [
                angle(face.yaw_deg)?,
                angle(face.pitch_deg)?,
                angle(face.roll_deg)?,
                step(f64::from(face.score), SCORE_STEPS, MOST, "face score")?,
            ],
        })
    }

    fn face(&self, steps: [f64; 3]) -> Face {
        let [yaw, pitch, roll, score] = self.pose;
        Face {
            landmarks: landmarks(&self.points, steps),
            blendshapes: values(&self.shapes, SHAPE_STEPS),
            upright_blendshapes: values(&self.upright, SHAPE_STEPS),
            yaw_deg: value(yaw, ANGLE_STEPS),
            pitch_deg: value(pitch, ANGLE_STEPS),
            roll_deg: value(roll, ANGLE_STEPS),
            score: value(score, SCORE_STEPS),
        }
    }
}

impl GriddedHand {
    fn of(hand: &Hand, in_frame: [f64; 3]) -> Result<Self, Unstorable> {
        count("hand landmarks", hand.landmarks.len(), HAND_POINTS, false)?;
        count("world landmarks of a hand", hand.world.len(), HAND_POINTS, true)?;
        Ok(Self {
            right: hand.side == Side::Right,
            score: step(f64::from(hand.score), SCORE_STEPS, MOST, "hand score")?,
            points: points(&hand.landmarks, in_frame, "hand landmark")?,
            world: points(&hand.world, [WORLD_STEPS; 3], "world landmark")?,
        })
    }

    fn hand(&self, steps: [f64; 3]) -> Hand {
        Hand {
            side: if self.right { Side::Right } else { Side::Left },
            score: value(self.score, SCORE_STEPS),
            landmarks: landmarks(&self.points, steps),
            world: landmarks(&self.world, [WORLD_STEPS; 3]),
        }
    }
}

fn value(number: i64, steps: f64) -> f32 {
    (number as f64 / steps) as f32
}

fn values(numbers: &[i64], steps: f64) -> Vec<f32> {
    numbers.iter().map(|number| value(*number, steps)).collect()
}

fn landmarks(points: &[Point], steps: [f64; 3]) -> Vec<Landmark> {
    points.iter().map(|point| std::array::from_fn(|axis| value(point[axis], steps[axis]))).collect()
}
