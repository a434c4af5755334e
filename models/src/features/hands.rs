//! Where the hands are and what they do, seen from the face.
//!
//! Places are in eye distances from the middle of the eyes and turned upright with the head, so that they do not
//! change when the performer comes nearer or tilts. `x` counts outwards on the hand's own side.

use super::face_frame::{FaceFrame, Vec3, cross, dot, sub, unit};
use crate::observation::{HAND_POINTS, Hand, Landmark, Side};

/// Values of one hand.
pub(crate) const ONE_HAND: usize = 14;
/// Values of the pair.
pub(crate) const BOTH_HANDS: usize = 3;
/// Values of two hands and the pair.
pub(crate) const HANDS: usize = 2 * ONE_HAND + BOTH_HANDS;

/// Their names.
pub(crate) const HANDS_NAMES: [&str; HANDS] = [
    "leftHand",
    "leftHandX",
    "leftHandY",
    "leftHandUp",
    "leftPalmToCamera",
    "leftThumbOut",
    "leftIndexOut",
    "leftMiddleOut",
    "leftRingOut",
    "leftLittleOut",
    "leftHandAtMouth",
    "leftHandAtEyes",
    "leftHandAtCheek",
    "leftHandAtChest",
    "rightHand",
    "rightHandX",
    "rightHandY",
    "rightHandUp",
    "rightPalmToCamera",
    "rightThumbOut",
    "rightIndexOut",
    "rightMiddleOut",
    "rightRingOut",
    "rightLittleOut",
    "rightHandAtMouth",
    "rightHandAtEyes",
    "rightHandAtCheek",
    "rightHandAtChest",
    "handsTogether",
    "handsFolded",
    "handsFists",
];

/// Farther than this many eye distances from the eyes a hand is just "far".
const REACH: f32 = 6.0;
/// How near, in eye distances, a fingertip counts as touching; nearness falls with the square over it.
const NEAR: f32 = 0.6;
/// Tips and bases of thumb, index, middle, ring and little finger.
const FINGERS: [[usize; 2]; 5] = [[4, 2], [8, 5], [12, 9], [16, 13], [20, 17]];
/// Reach of a straight finger from its base, over its distance from the wrist: a fist gives about -0.3.
const STRAIGHT: [f32; 5] = [0.7, 0.85, 0.9, 0.85, 0.75];
/// Mouth (corners), eyes (lids) and cheeks, in the face mesh.
const MOUTH: [usize; 4] = [13, 14, 61, 291];
const EYES: [usize; 4] = [159, 145, 386, 374];
const CHEEKS: [usize; 4] = [50, 280, 172, 397];
/// The breast, in eye distances below the middle of the eyes (chin about 1.3, a head's height about 2.6).
const CHEST_Y: f32 = 3.2;

/// Values of all hands, in the order of [`HANDS_NAMES`]; zeros where a hand is not seen or damaged.
pub(crate) fn measure(frame: &FaceFrame, face: &[Landmark], hands: &[Hand]) -> [f32; HANDS] {
    let mut values = [0.0; HANDS];
    let find = |side| hands.iter().find(|hand| hand.side == side && whole(hand));
    let (left, right) = (find(Side::Left), find(Side::Right));
    for (hand, offset) in [(left, 0), (right, ONE_HAND)] {
        if let Some(hand) = hand {
            values[offset..offset + ONE_HAND].copy_from_slice(&one(frame, face, hand));
        }
    }
    if let (Some(left), Some(right)) = (left, right) {
        values[2 * ONE_HAND..].copy_from_slice(&both(frame, left, right));
    }
    values
}

/// Whether a hand has all its points and no damaged one.
fn whole(hand: &Hand) -> bool {
    hand.landmarks.len() == HAND_POINTS && hand.landmarks.iter().flatten().all(|value| value.is_finite())
}

fn one(frame: &FaceFrame, face: &[Landmark], hand: &Hand) -> [f32; ONE_HAND] {
    let points = &hand.landmarks;
    let outwards = if hand.side == Side::Left { 1.0 } else { -1.0 };
    let palm = frame.upright(palm(points));
    let [x, y] = palm.map(|value| value.clamp(-REACH, REACH));
    let out = FINGERS.map(|finger| reach(points, finger)).into_iter().zip(STRAIGHT).map(|(r, full)| r / full);
    let mut values = [0.0; ONE_HAND];
    values[..5].copy_from_slice(&[1.0, outwards * x, y, up(frame, points), facing(points, outwards)]);
    for (value, finger) in values[5..10].iter_mut().zip(out) {
        *value = finger.clamp(-1.0, 1.5);
    }
    for (value, place) in values[10..13].iter_mut().zip([MOUTH, EYES, CHEEKS]) {
        *value = nearness(tip_distance(frame, points, face, &place));
    }
    values[13] = nearness((y - CHEST_Y).hypot(x) / 2.0);
    values
}

fn both(frame: &FaceFrame, left: &Hand, right: &Hand) -> [f32; BOTH_HANDS] {
    let [a, b] = [left, right].map(|hand| frame.upright(palm(&hand.landmarks)));
    let together = nearness((a[0] - b[0]).hypot(a[1] - b[1]) / 2.0);
    let upright = up(frame, &left.landmarks).min(up(frame, &right.landmarks)).max(0.0);
    let fists = [left, right].map(|hand| fist(&hand.landmarks));
    [together, together * upright, fists[0] * fists[1]]
}

/// Middle of the palm: wrist and the bases of index and little finger.
fn palm(points: &[Landmark]) -> Landmark {
    let [a, b, c] = [points[0], points[5], points[17]];
    std::array::from_fn(|axis| (a[axis] + b[axis] + c[axis]) / 3.0)
}

/// How far a fingertip reaches beyond its base, over the base's distance from the wrist.
fn reach(points: &[Landmark], [tip, base]: [usize; 2]) -> f32 {
    let length = |a: usize, b: usize| {
        let v = sub(points[a], points[b]);
        dot(v, v).sqrt()
    };
    let palm = length(base, 0);
    if palm > f32::EPSILON { (length(tip, 0) - palm) / palm } else { 0.0 }
}

/// Pointing up 1, sideways 0, down -1: wrist to base of the middle finger, upright with the head.
fn up(frame: &FaceFrame, points: &[Landmark]) -> f32 {
    let [x, y] = frame.upright_direction([points[9][0] - points[0][0], points[9][1] - points[0][1]]);
    let length = x.hypot(y);
    if length > f32::EPSILON { -y / length } else { 0.0 }
}

/// Palm to the camera 1, its back -1, its edge 0.
fn facing(points: &[Landmark], outwards: f32) -> f32 {
    let normal: Vec3 = cross(sub(points[5], points[0]), sub(points[17], points[0]));
    unit(normal).map_or(0.0, |n| outwards * n[2])
}

/// Four curled fingers 1, four straight ones 0.
fn fist(points: &[Landmark]) -> f32 {
    let open: f32 = FINGERS[1..].iter().map(|&finger| reach(points, finger).clamp(0.0, 0.5)).sum();
    1.0 - open / 2.0
}

/// From the nearest fingertip to the nearest of some face points, in eye distances.
fn tip_distance(frame: &FaceFrame, points: &[Landmark], face: &[Landmark], place: &[usize]) -> f32 {
    let mut nearest = f32::MAX;
    for [tip, _] in FINGERS {
        let a = frame.upright(points[tip]);
        for &index in place {
            let b = frame.upright(face[index]);
            nearest = nearest.min((a[0] - b[0]).hypot(a[1] - b[1]));
        }
    }
    nearest
}

/// 1 when touching, ½ at [`NEAR`], towards 0 farther away.
fn nearness(distance: f32) -> f32 {
    1.0 / (1.0 + (distance / NEAR).powi(2))
}
