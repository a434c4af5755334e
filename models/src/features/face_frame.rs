//! The face's own axes: what remains of a landmark when distance, place and turn of the head are taken away.

use crate::observation::Landmark;

/// A point or direction in three dimensions.
pub(crate) type Vec3 = [f32; 3];

/// Points on the performer's left half that hardly move with expression: inner and outer eye corner, temple, ear.
const LEFT: [usize; 4] = [362, 263, 356, 454];
/// The same points on the right half.
const RIGHT: [usize; 4] = [133, 33, 127, 234];
/// Forehead: hairline, middle, between the brows.
const TOP: [usize; 3] = [10, 151, 9];
/// Under the nose.
const BOTTOM: [usize; 3] = [2, 94, 164];
/// The eye corners: their middle is the origin.
const EYES: [usize; 4] = [33, 133, 362, 263];
/// Outer eye corners, right and left: their distance is the unit of length.
pub(crate) const OUTER_CORNERS: [usize; 2] = [33, 263];

/// Axes, origin and unit of a face, from landmarks that hardly move with expression.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FaceFrame {
    /// Unit vectors in picture coordinates: x to the performer's own left, y to the chin, z into the head.
    axes: [Vec3; 3],
    origin: Vec3,
    /// Distance of the outer eye corners in three dimensions, in the unit of the landmarks.
    eye_distance: f32,
    /// Unit vector in the picture along the eyes, for what has no depth of its own (hands).
    along_eyes: [f32; 2],
}

impl FaceFrame {
    /// `None` where the points are no face: a value that is not finite, or all points in one place.
    pub(crate) fn of(landmarks: &[Landmark]) -> Option<Self> {
        if landmarks.iter().flatten().any(|value| !value.is_finite()) {
            return None;
        }
        let x = unit(sub(mean(landmarks, &LEFT), mean(landmarks, &RIGHT)))?;
        let down = sub(mean(landmarks, &BOTTOM), mean(landmarks, &TOP));
        let along = dot(down, x);
        let y = unit([down[0] - along * x[0], down[1] - along * x[1], down[2] - along * x[2]])?;
        let across = sub(landmarks[OUTER_CORNERS[1]], landmarks[OUTER_CORNERS[0]]);
        let eye_distance = dot(across, across).sqrt();
        let flat = x[0].hypot(x[1]);
        if !(eye_distance.is_finite() && eye_distance > f32::EPSILON && flat > f32::EPSILON) {
            return None;
        }
        Some(Self {
            axes: [x, y, cross(x, y)],
            origin: mean(landmarks, &EYES),
            eye_distance,
            along_eyes: [x[0] / flat, x[1] / flat],
        })
    }

    /// A landmark in the face's own axes, in eye distances from the middle of the eyes.
    pub(crate) fn local(&self, point: Landmark) -> Vec3 {
        let from = sub(point, self.origin);
        self.axes.map(|axis| dot(axis, from) / self.eye_distance)
    }

    /// A picture point turned upright with the head, in eye distances from the middle of the eyes; depth is left out.
    pub(crate) fn upright(&self, point: Landmark) -> [f32; 2] {
        let [x, y] = self.upright_direction([point[0] - self.origin[0], point[1] - self.origin[1]]);
        [x / self.eye_distance, y / self.eye_distance]
    }

    /// A picture direction turned upright with the head; its length stays.
    pub(crate) fn upright_direction(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let [c, s] = self.along_eyes;
        [c * x + s * y, c * y - s * x]
    }

    /// Turn of the head in degrees: 0 towards the camera, positive to the performer's own left.
    pub(crate) fn yaw_deg(&self) -> f32 {
        self.axes[0][2].atan2(self.axes[0][0].hypot(self.axes[0][1])).to_degrees()
    }

    /// Nod of the head in degrees: 0 level, positive up.
    pub(crate) fn pitch_deg(&self) -> f32 {
        let y = self.axes[1];
        (-y[2]).atan2(y[0].hypot(y[1])).to_degrees()
    }
}

/// Mean of some landmarks.
fn mean(landmarks: &[Landmark], indices: &[usize]) -> Vec3 {
    let mut sum = [0.0; 3];
    for &index in indices {
        for (total, value) in sum.iter_mut().zip(landmarks[index]) {
            *total += value;
        }
    }
    sum.map(|total| total / indices.len() as f32)
}

pub(crate) fn sub(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn dot(a: Vec3, b: Vec3) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn cross(a: Vec3, b: Vec3) -> Vec3 {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The direction of a vector; `None` for one without length.
pub(crate) fn unit(v: Vec3) -> Option<Vec3> {
    let length = dot(v, v).sqrt();
    (length.is_finite() && length > f32::EPSILON).then(|| v.map(|value| value / length))
}
