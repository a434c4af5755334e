//! From an observation to a feature vector that says what the face and hands *do*, not where or how big they are.
//!
//! It does not change when the performer comes nearer, stands elsewhere, tilts the head in the picture plane, or the
//! frame is another size or aspect. Blendshapes are those of the upright face; landmarks are measured in the
//! face's own axes. Which way the head turns stays a feature (`headYaw`, `headPitch`); its tilt does not.

mod face_frame;
mod geometry;
mod hands;
mod shape;

use crate::observation::{BLENDSHAPE_NAMES, BLENDSHAPES, FACE_POINTS, Observation};
use face_frame::FaceFrame;
use geometry::{GEOMETRY, GEOMETRY_NAMES};
use hands::{HANDS, HANDS_NAMES};
use shape::SHAPE;
use std::sync::LazyLock;

/// Version of the vector: changes whenever a value is added, removed, moved or computed otherwise. Version 2 added the
/// shape behind the values of version 1, which stayed as they were.
pub const FEATURES_VERSION: u32 = 2;

/// Blendshapes without MediaPipe's constant `_neutral`.
const SHAPES: usize = BLENDSHAPES - 1;
/// `headYaw` and `headPitch`.
const POSE: usize = 2;
const POSE_NAMES: [&str; POSE] = ["headYaw", "headPitch"];
/// What a head turn of 1 in the vector is, in degrees, to be of the size of the other features.
const POSE_UNIT_DEG: f32 = 45.0;
/// Heads turned or nodding farther are not read.
pub const YAW_LIMIT_DEG: f32 = 40.0;
/// See [`YAW_LIMIT_DEG`].
pub const PITCH_LIMIT_DEG: f32 = 35.0;
const YAW: usize = SHAPES + GEOMETRY;
const PITCH: usize = YAW + 1;
const SHAPE_START: usize = SHAPES + GEOMETRY + POSE + HANDS;

/// Number of values in a [`FeatureVector`].
pub const FEATURES: usize = SHAPE_START + SHAPE;

static NAMES: LazyLock<[&str; FEATURES]> = LazyLock::new(|| {
    let known = BLENDSHAPE_NAMES[1..].iter().chain(&GEOMETRY_NAMES).chain(&POSE_NAMES).chain(&HANDS_NAMES).copied();
    // Made once and kept as long as the program runs.
    let mut names = known.chain(shape::names().map(|name| &*name.leak()));
    std::array::from_fn(|_| names.next().expect("the five lists have FEATURES names between them"))
});

/// What a face and hands do in one frame: [`FEATURES`] finite values, in the order of [`FeatureVector::names`].
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureVector([f32; FEATURES]);

impl FeatureVector {
    /// The features of an observation, or `None` where there is no usable face: none seen, the wrong number of
    /// landmarks or blendshapes, or values that are not finite. A damaged hand counts as not seen.
    #[must_use]
    pub fn of(observation: &Observation) -> Option<Self> {
        let face = observation.face.as_ref()?;
        let shapes = &face.upright_blendshapes;
        if face.landmarks.len() != FACE_POINTS || shapes.len() != BLENDSHAPES {
            return None;
        }
        let frame = FaceFrame::of(&face.landmarks)?;
        let mut values = [0.0; FEATURES];
        let (rest, shape_part) = values.split_at_mut(SHAPE_START);
        let (face_part, hand_part) = rest.split_at_mut(SHAPES + GEOMETRY + POSE);
        face_part[..SHAPES].copy_from_slice(&shapes[1..]);
        face_part[SHAPES..YAW].copy_from_slice(&geometry::measure(&frame, &face.landmarks));
        face_part[YAW] = frame.yaw_deg() / POSE_UNIT_DEG;
        face_part[PITCH] = frame.pitch_deg() / POSE_UNIT_DEG;
        hand_part.copy_from_slice(&hands::measure(&frame, &face.landmarks, &observation.hands));
        shape_part.copy_from_slice(&shape::measure(&frame, &face.landmarks));
        Self::from_values(values)
    }

    /// A vector from values in the order of [`Self::names`]; `None` if one is not finite.
    #[must_use]
    pub fn from_values(values: [f32; FEATURES]) -> Option<Self> {
        values.iter().all(|value| value.is_finite()).then_some(Self(values))
    }

    /// All values.
    #[must_use]
    pub fn values(&self) -> &[f32; FEATURES] {
        &self.0
    }

    /// Names of the values: blendshapes as MediaPipe names them, `geo…` in eye distances, head, hands,
    /// `shape…` in eye distances.
    #[must_use]
    pub fn names() -> &'static [&'static str; FEATURES] {
        &NAMES
    }

    /// Place of a feature in the vector.
    #[must_use]
    pub fn index_of(name: &str) -> Option<usize> {
        NAMES.iter().position(|known| *known == name)
    }

    /// Turn of the head in degrees, positive to the performer's own left.
    #[must_use]
    pub fn yaw_deg(&self) -> f32 {
        self.0[YAW] * POSE_UNIT_DEG
    }

    /// Nod of the head in degrees, positive up.
    #[must_use]
    pub fn pitch_deg(&self) -> f32 {
        self.0[PITCH] * POSE_UNIT_DEG
    }

    /// Whether the head is turned so little that its face can be read.
    #[must_use]
    pub fn is_towards_camera(&self) -> bool {
        self.yaw_deg().abs() <= YAW_LIMIT_DEG && self.pitch_deg().abs() <= PITCH_LIMIT_DEG
    }
}
