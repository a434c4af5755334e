//! What the performer's hands say to the music: how high they are held and how open they are.

use rasika_models::Observation;
use rasika_models::observation::{HAND_POINTS, Landmark};

/// Hands that are seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hands {
    /// Height of the higher one: 0 at the waist, 1 above the head.
    pub height: f32,
    /// Openness of the more open one: 0 a fist, 1 fingers stretched.
    pub openness: f32,
}

// MediaPipe's numbers of points: https://ai.google.dev/edge/mediapipe/solutions/vision/hand_landmarker
const WRIST: usize = 0;
const KNUCKLES: [usize; 4] = [5, 9, 13, 17];
const TIPS: [usize; 4] = [8, 12, 16, 20];
const FOREHEAD: usize = 10;
const CHIN: usize = 152;
/// How far below the chin a hand is at the waist, and how far it reaches from there, in heights of the face.
const WAIST: f32 = 2.5;
const REACH: f32 = 4.0;
/// Distance of the fingertips from the wrist over that of the knuckles: of a fist, and how much more of a flat hand.
const FIST: f32 = 1.05;
const STRETCH: f32 = 0.85;

impl Hands {
    /// The hands of an observation, if there are any.
    #[must_use]
    pub fn of(observation: &Observation) -> Option<Self> {
        let face = observation.face.as_ref().filter(|face| face.landmarks.len() > CHIN);
        let seen = observation.hands.iter().filter(|hand| hand.landmarks.len() == HAND_POINTS);
        let of_each = seen.map(|hand| {
            let points = &hand.landmarks;
            let palm_y = KNUCKLES.iter().map(|at| points[*at][1]).sum::<f32>() / KNUCKLES.len() as f32;
            let height = match face {
                Some(face) => {
                    let (chin, forehead) = (face.landmarks[CHIN], face.landmarks[FOREHEAD]);
                    let face_px = distance(chin, forehead).max(1.0);
                    ((chin[1] - palm_y) / face_px + WAIST) / REACH
                }
                None => 1.0 - palm_y / observation.height.max(1) as f32,
            };
            let reach = |ends: [usize; 4]| ends.iter().map(|at| distance(points[*at], points[WRIST])).sum::<f32>();
            let openness = (reach(TIPS) / reach(KNUCKLES).max(1e-3) - FIST) / STRETCH;
            Self { height: height.clamp(0.0, 1.0), openness: openness.clamp(0.0, 1.0) }
        });
        of_each.filter(|hands| hands.height.is_finite() && hands.openness.is_finite()).reduce(|one, other| Self {
            height: one.height.max(other.height),
            openness: one.openness.max(other.openness),
        })
    }
}

fn distance(one: Landmark, other: Landmark) -> f32 {
    one.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasika_models::observation::{FACE_POINTS, Face, Hand, Side};

    /// A hand whose palm is at a height of the picture, its fingertips so many knuckle distances from the wrist.
    fn hand(palm_y: f32, tips: f32) -> Hand {
        let mut landmarks = vec![[100.0, palm_y, 0.0]; HAND_POINTS];
        landmarks[WRIST] = [100.0, palm_y + 40.0, 0.0];
        TIPS.iter().for_each(|at| landmarks[*at] = [100.0, palm_y + 40.0 - 40.0 * tips, 0.0]);
        Hand { side: Side::Left, score: 1.0, world: landmarks.clone(), landmarks }
    }

    fn seen(hands: Vec<Hand>, face: bool) -> Option<Hands> {
        let mut landmarks = vec![[100.0, 100.0, 0.0]; FACE_POINTS];
        landmarks[CHIN] = [100.0, 150.0, 0.0];
        landmarks[FOREHEAD] = [100.0, 50.0, 0.0];
        let (blendshapes, upright_blendshapes) = (Vec::new(), Vec::new());
        let face = face.then_some(Face {
            landmarks,
            blendshapes,
            upright_blendshapes,
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            score: 1.0,
        });
        Hands::of(&Observation { frame: 0, time_ms: 0.0, width: 640, height: 480, face, hands })
    }

    #[test]
    fn a_hand_above_the_head_is_high_and_one_at_the_waist_low() {
        let height = |y| seen(vec![hand(y, 1.5)], true).unwrap().height;
        assert!(height(0.0) > 0.95 && height(400.0) < 0.05, "{} {}", height(0.0), height(400.0));
        assert!((0.4..0.7).contains(&height(170.0)), "{}", height(170.0));
        assert!(seen(vec![hand(20.0, 1.5)], false).unwrap().height > 0.9);
    }

    #[test]
    fn a_fist_is_closed_and_stretched_fingers_are_open() {
        let openness = |tips| seen(vec![hand(200.0, tips)], true).unwrap().openness;
        assert!(openness(1.0) < 0.05 && openness(1.95) > 0.95);
    }

    #[test]
    fn the_higher_hand_counts_and_no_hand_says_nothing() {
        assert_eq!(seen(Vec::new(), true), None);
        let both = seen(vec![hand(350.0, 1.9), hand(20.0, 1.0)], true).unwrap();
        assert!(both.height > 0.9 && both.openness > 0.9);
    }
}
