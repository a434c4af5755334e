//! Frames moved about in landmark space: what the same face would look like a little otherwise.
//!
//! Place, size and tilt in the picture are taken away by the features, so they need no copies. The head is turned
//! and nods, landmarks tremble, the lens stretches, a hand is lost, a gaze is lost, and the whole is mirrored with left and right
//! exchanged. Blendshapes are not computed anew (the network takes most of a millisecond a face): they are kept, exchanged when
//! mirrored, and tremble.

use rasika_models::observation::{FACE_POINTS, Landmark};
use rasika_models::{FeatureVector, Observation, Side};

use super::rng::Rng;
use crate::dataset::head::MIRROR;

/// Turn and nod, in degrees to either side.
const TURN_DEG: f32 = 8.0;
const NOD_DEG: f32 = 6.0;
/// Deviation of a landmark, in eye distances. Four times as much hides from the discriminant how finely one performer moves:
/// held-out frames of the training part then fell from 0.94 to 0.90.
const TREMBLE: f32 = 0.001;
/// Deviation of a blendshape.
const SCORE_TREMBLE: f32 = 0.01;
/// Stretch of the picture to either side.
const STRETCH: f32 = 0.02;
/// Copies of a frame.
const COPIES: usize = 2;
/// How often a hand is lost, a gaze is lost, all is mirrored. Rarely the last: a hand or a crooked mouth of one side is part of
/// how a performer shows a rasa, and mirroring 15 % cost as much as the trembling above.
const LOST_HAND: f32 = 0.03;
const LOST_GAZE: f32 = 0.2;
const MIRRORED: f32 = 0.01;
/// What a gaze blendshape says when nobody knows.
const GAZE_UNKNOWN: f32 = 0.1;

/// Makes moved frames.
#[derive(Debug)]
pub struct Augment {
    rng: Rng,
}

impl Augment {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self { rng: Rng::new(seed) }
    }

    /// How many copies the next frame of a take gets, after so many of a budget: fewer towards its end, so that the end of
    /// a long take is not left out.
    pub fn copies(&mut self, made: usize, budget: usize) -> usize {
        match 4 * made {
            spent if spent < 3 * budget => COPIES,
            _ => usize::from(self.rng.happens(budget.saturating_sub(made) as f32 / budget.max(1) as f32)),
        }
    }

    /// A frame moved; `None` if nothing of the face is left.
    pub fn moved(&mut self, observation: &Observation) -> Option<FeatureVector> {
        let mut moved = observation.clone();
        let face = moved.face.as_mut()?;
        let eyes = [33, 263].map(|index| face.landmarks[index]);
        let unit = (eyes[1][0] - eyes[0][0]).hypot(eyes[1][1] - eyes[0][1]);
        let centre: Landmark = std::array::from_fn(|axis| f32::midpoint(eyes[0][axis], eyes[1][axis]));
        let turn = [self.rng.within(TURN_DEG), self.rng.within(NOD_DEG)].map(|deg| deg.to_radians().sin_cos());
        let stretch = 1.0 + self.rng.within(STRETCH);
        for point in &mut face.landmarks {
            let [x, y, z]: Landmark = std::array::from_fn(|axis| point[axis] - centre[axis]);
            let [(ts, tc), (ns, nc)] = turn;
            let (x, z) = (x * tc - z * ts, z * tc + x * ts);
            let (y, z) = (y * nc + z * ns, z * nc - y * ns);
            let mut shaken = |value: f32| value + TREMBLE * unit * self.rng.normal();
            *point = [centre[0] + stretch * shaken(x), centre[1] + shaken(y), centre[2] + z];
        }
        for score in &mut face.upright_blendshapes {
            *score = (*score + SCORE_TREMBLE * self.rng.normal()).clamp(0.0, 1.0);
        }
        if self.rng.happens(LOST_GAZE) {
            for (score, name) in face.upright_blendshapes.iter_mut().zip(&rasika_models::observation::BLENDSHAPE_NAMES)
            {
                if name.starts_with("eyeLook") {
                    *score = GAZE_UNKNOWN;
                }
            }
        }
        moved.hands.retain(|_| !self.rng.happens(LOST_HAND));
        if self.rng.happens(MIRRORED) {
            mirror(&mut moved);
        }
        FeatureVector::of(&moved)
    }
}

/// The same frame seen in a mirror: left is right and right is left, of face and hands.
pub fn mirror(observation: &mut Observation) {
    let width = observation.width as f32;
    let flip = |p: &Landmark| [width - p[0], p[1], p[2]];
    if let Some(face) = observation.face.as_mut().filter(|face| face.landmarks.len() == FACE_POINTS) {
        let turned = MIRROR.iter().map(|&index| flip(&face.landmarks[index])).collect();
        face.landmarks = turned;
        for scores in [&mut face.blendshapes, &mut face.upright_blendshapes] {
            exchange(scores);
        }
        (face.yaw_deg, face.roll_deg) = (-face.yaw_deg, -face.roll_deg);
    }
    for hand in &mut observation.hands {
        hand.side = match hand.side {
            Side::Left => Side::Right,
            Side::Right => Side::Left,
        };
        for point in &mut hand.landmarks {
            *point = flip(point);
        }
        for point in &mut hand.world {
            point[0] = -point[0];
        }
    }
}

/// Exchanges the scores of the left and the right side.
fn exchange(scores: &mut [f32]) {
    let names = &rasika_models::observation::BLENDSHAPE_NAMES;
    for (left, name) in names.iter().enumerate() {
        let right = name.strip_suffix("Left").map(|stem| format!("{stem}Right"));
        let right =
            if *name == "jawLeft" || *name == "mouthLeft" { Some(name.replace("Left", "Right")) } else { right };
        let place = right.and_then(|right| names.iter().position(|known| *known == right));
        if let Some(right) = place.filter(|&right| right < scores.len()) {
            scores.swap(left, right);
        }
    }
}
