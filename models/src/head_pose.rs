//! Where the head is turned, from the rigid points of the mesh.

use crate::observation::{FACE_POINTS, Landmark};

/// Yaw, pitch and roll in degrees, with the signs of [`crate::Face`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct HeadPose {
    /// Positive to the performer's own left.
    pub yaw_deg: f32,
    /// Positive up.
    pub pitch_deg: f32,
    /// Positive towards the right edge of the picture.
    pub roll_deg: f32,
}

/// Symmetric pairs, the performer's right first: outer and inner corners of the eyes, temples, sides of the face.
const PAIRS: [(usize, usize); 5] = [(33, 263), (133, 362), (127, 356), (234, 454), (162, 389)];
/// Top of the forehead, and root of the nose at the lip: neither moves with jaw or brow.
const TOP: usize = 10;
/// Subnasale.
const BASE: usize = 2;
/// Slant of `TOP` → `BASE` in a level head: atan2(1.58, 10.35), from MediaPipe's canonical face model, where the
/// points are (0, 8.26, 4.48) and (0, -2.09, 6.06) cm.
const LEVEL_SLANT_DEG: f32 = 8.7;

impl HeadPose {
    /// Measures the pose of a face mesh given in pixels, z in the same unit.
    ///
    /// Returns a level head for anything but a whole mesh.
    #[must_use]
    pub fn of(landmarks: &[Landmark]) -> Self {
        if landmarks.len() < FACE_POINTS - 10 {
            return Self::default();
        }
        let mut across = [0.0_f32; 3];
        for (right, left) in PAIRS {
            for axis in 0..3 {
                across[axis] += landmarks[left][axis] - landmarks[right][axis];
            }
        }
        let roll = across[1].atan2(across[0]);
        let yaw = across[2].atan2(across[0].hypot(across[1]));
        // The slant is measured in the plane of the head's own symmetry: turned back by roll and yaw.
        let down = [0, 1, 2].map(|axis| landmarks[BASE][axis] - landmarks[TOP][axis]);
        let (x, y) = (down[0] * roll.cos() + down[1] * roll.sin(), down[1] * roll.cos() - down[0] * roll.sin());
        let z = down[2] * yaw.cos() - x * yaw.sin();
        let pitch = (-z).atan2(y);
        Self { yaw_deg: yaw.to_degrees(), pitch_deg: pitch.to_degrees() - LEVEL_SLANT_DEG, roll_deg: roll.to_degrees() }
    }
}

/// Turns points in the picture plane by `-roll_deg` about their mean, so that the face stands upright.
///
/// Input and output in pixels; only x and y.
pub fn upright(points: impl Iterator<Item = [f32; 2]>, roll_deg: f32, out: &mut Vec<[f32; 2]>) {
    out.clear();
    out.extend(points);
    let n = out.len().max(1) as f32;
    let sum = out.iter().fold([0.0, 0.0], |s, p| [s[0] + p[0], s[1] + p[1]]);
    let mean = [sum[0] / n, sum[1] / n];
    let (sin, cos) = roll_deg.to_radians().sin_cos();
    for p in out {
        let [x, y] = [p[0] - mean[0], p[1] - mean[1]];
        *p = [mean[0] + x * cos + y * sin, mean[1] + y * cos - x * sin];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rigid points of a level head, x right, y down, z away from the camera.
    fn head(yaw_deg: f32, pitch_deg: f32, roll_deg: f32) -> Vec<Landmark> {
        let mut points = vec![[0.0; 3]; FACE_POINTS];
        points[TOP] = [0.0, -8.26, -4.48];
        points[BASE] = [0.0, 2.09, -6.06];
        for (i, (right, left)) in PAIRS.iter().enumerate() {
            let (x, y, z) = (4.0 + i as f32, -2.0, 1.0 + i as f32);
            points[*right] = [-x, y, z];
            points[*left] = [x, y, z];
        }
        let (sp, cp) = pitch_deg.to_radians().sin_cos();
        let (sy, cy) = yaw_deg.to_radians().sin_cos();
        let (sr, cr) = roll_deg.to_radians().sin_cos();
        for p in &mut points {
            let [x, y, z] = *p;
            // Up: the front of the head (negative z) rises (negative y).
            let (y, z) = (y * cp + z * sp, z * cp - y * sp);
            // To the performer's own left: their left side (positive x) moves away from the camera (positive z).
            let (x, z) = (x * cy - z * sy, z * cy + x * sy);
            *p = [x * cr - y * sr, y * cr + x * sr, z];
        }
        points
    }

    #[test]
    fn known_poses_are_measured() {
        for (yaw, pitch, roll) in
            [(0.0, 0.0, 0.0), (30.0, 0.0, 0.0), (0.0, 20.0, 0.0), (0.0, 0.0, -25.0), (20.0, -15.0, 10.0)]
        {
            let pose = HeadPose::of(&head(yaw, pitch, roll));
            let error =
                (pose.yaw_deg - yaw).abs().max((pose.pitch_deg - pitch).abs()).max((pose.roll_deg - roll).abs());
            // Mixed rotations are measured one axis at a time, in the picture: a few degrees of cross-talk.
            let allowed = if yaw != 0.0 && pitch != 0.0 { 8.0 } else { 0.5 };
            assert!(error < allowed, "{yaw} {pitch} {roll} → {pose:?}");
        }
    }

    #[test]
    fn no_mesh_is_a_level_head() {
        assert_eq!(HeadPose::of(&[]), HeadPose::default());
    }
}
