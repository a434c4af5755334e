//! What was seen in one frame: the unit that is recorded, stored and synced.

use serde::{Deserialize, Serialize};

/// Points of a face mesh: 468 of the surface, then 5 of each iris.
pub const FACE_POINTS: usize = 478;
/// Scores of a face, in the order of [`BLENDSHAPE_NAMES`].
pub const BLENDSHAPES: usize = 52;
/// Points of a hand, wrist first.
pub const HAND_POINTS: usize = 21;

/// A landmark: x to the right and y down in pixels of the frame, z away from the camera in the same unit
/// (relative to the centre of the face, or to the wrist).
pub type Landmark = [f32; 3];

/// What was seen in one frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Number of the frame in its source, from 0; skipped frames count.
    pub frame: u64,
    /// Time of the frame from the start of its source, in milliseconds.
    pub time_ms: f64,
    /// Width of the frame in pixels.
    pub width: u32,
    /// Height of the frame in pixels.
    pub height: u32,
    /// The performer's face, if one is seen.
    pub face: Option<Face>,
    /// The performer's hands, none to two.
    pub hands: Vec<Hand>,
}

/// A face.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// [`FACE_POINTS`] landmarks of MediaPipe's face mesh, in pixels of the frame.
    pub landmarks: Vec<Landmark>,
    /// [`BLENDSHAPES`] scores 0–1, as MediaPipe defines them: of the landmarks as they stand in the picture.
    pub blendshapes: Vec<f32>,
    /// The same scores of the landmarks turned upright (roll removed in the picture plane), so that a tilt of
    /// the head does not change them.
    pub upright_blendshapes: Vec<f32>,
    /// Turn of the head about the vertical axis: 0 towards the camera, positive to the performer's own left.
    pub yaw_deg: f32,
    /// Nod of the head: 0 level, positive up.
    pub pitch_deg: f32,
    /// Tilt of the head in the picture plane: 0 upright, positive towards the right edge of the picture.
    pub roll_deg: f32,
    /// Presence of a face in the region looked at, 0–1.
    pub score: f32,
}

/// Which hand, of the performer's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The performer's own left.
    Left,
    /// The performer's own right.
    Right,
}

/// A hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hand {
    /// The performer's own left or right, whether or not the picture is mirrored.
    pub side: Side,
    /// Presence of a hand in the region looked at, 0–1.
    pub score: f32,
    /// [`HAND_POINTS`] landmarks in pixels of the frame.
    pub landmarks: Vec<Landmark>,
    /// The same points in metres about the hand's centre.
    pub world: Vec<Landmark>,
}

/// Names of the blendshapes: ARKit's, in MediaPipe's order (`face_blendshapes_graph.cc`, Apache-2.0).
pub const BLENDSHAPE_NAMES: [&str; BLENDSHAPES] = [
    "_neutral",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "eyeBlinkLeft",
    "eyeBlinkRight",
    "eyeLookDownLeft",
    "eyeLookDownRight",
    "eyeLookInLeft",
    "eyeLookInRight",
    "eyeLookOutLeft",
    "eyeLookOutRight",
    "eyeLookUpLeft",
    "eyeLookUpRight",
    "eyeSquintLeft",
    "eyeSquintRight",
    "eyeWideLeft",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawOpen",
    "jawRight",
    "mouthClose",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthFunnel",
    "mouthLeft",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthPucker",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "noseSneerLeft",
    "noseSneerRight",
];
