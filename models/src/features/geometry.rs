//! What the landmarks say where the blendshapes are dull: heights, gaps and widths of brows, eyes, nose and mouth.
//!
//! Measured in the face's own axes, so that a turned head shortens nothing, in eye distances. Indices are
//! MediaPipe's face mesh (`face_landmarks_connections`, Apache-2.0).

use super::face_frame::{FaceFrame, Vec3, dot, sub};
use crate::observation::Landmark;

/// How many measures there are.
pub(crate) const GEOMETRY: usize = 28;

/// Their names; "height" is towards the forehead.
pub(crate) const GEOMETRY_NAMES: [&str; GEOMETRY] = [
    "geoBrowInnerHeight",
    "geoBrowMidHeight",
    "geoBrowOuterHeight",
    "geoBrowGap",
    "geoEyeOpen",
    "geoUpperLidHeight",
    "geoLowerLidHeight",
    "geoEyeSlant",
    "geoMouthWidth",
    "geoCornerOverLips",
    "geoCornerOverInner",
    "geoCornerToNose",
    "geoCornerDepth",
    "geoLipParting",
    "geoLipPartingSide",
    "geoUpperLipThickness",
    "geoLowerLipThickness",
    "geoUpperLipToNose",
    "geoUpperLipSquare",
    "geoLowerLipSquare",
    "geoNoseWidth",
    "geoNoseWingHeight",
    "geoNoseLength",
    "geoChinToLip",
    "geoChinToNose",
    "geoCheekHeight",
    "geoNasolabial",
    "geoMouthCurve",
];

/// A face seen from straight ahead, in eye distances.
struct Frontal<'a> {
    frame: &'a FaceFrame,
    landmarks: &'a [Landmark],
}

impl Frontal<'_> {
    fn at(&self, index: usize) -> Vec3 {
        self.frame.local(self.landmarks[index])
    }

    /// Mean of one coordinate over some points.
    fn mean(&self, axis: usize, indices: &[usize]) -> f32 {
        indices.iter().map(|&index| self.at(index)[axis]).sum::<f32>() / indices.len() as f32
    }

    /// Mean position from left to right.
    fn x(&self, indices: &[usize]) -> f32 {
        self.mean(0, indices)
    }

    /// Mean height above the eyes.
    fn height(&self, indices: &[usize]) -> f32 {
        -self.mean(1, indices)
    }

    /// Mean depth.
    fn z(&self, indices: &[usize]) -> f32 {
        self.mean(2, indices)
    }

    /// Mean distance of pairs of points.
    fn apart(&self, pairs: &[[usize; 2]]) -> f32 {
        let length = |&[a, b]: &[usize; 2]| {
            let v = sub(self.at(a), self.at(b));
            dot(v, v).sqrt()
        };
        pairs.iter().map(length).sum::<f32>() / pairs.len() as f32
    }
}

/// The measures of a face, in the order of [`GEOMETRY_NAMES`].
pub(crate) fn measure(frame: &FaceFrame, landmarks: &[Landmark]) -> [f32; GEOMETRY] {
    let f = Frontal { frame, landmarks };
    let corners = f.height(&[61, 291]);
    let eye_line = f.height(&[33, 133, 362, 263]);
    [
        f.height(&[107, 55, 336, 285]) - f.height(&[133, 362]),
        f.height(&[105, 52, 334, 282]) - f.height(&[159, 386]),
        f.height(&[70, 46, 300, 276]) - f.height(&[33, 263]),
        f.x(&[336, 285]) - f.x(&[107, 55]),
        f.apart(&[[159, 145], [386, 374], [158, 153], [385, 380], [160, 144], [387, 373]]),
        f.height(&[159, 386, 158, 385, 160, 387]) - eye_line,
        f.height(&[145, 374, 153, 380, 144, 373]) - eye_line,
        f.height(&[133, 362]) - f.height(&[33, 263]),
        f.apart(&[[61, 291]]),
        corners - f.height(&[0, 17]),
        corners - f.height(&[13, 14]),
        corners - f.height(&[2]),
        f.z(&[61, 291]) - f.z(&[0, 17]),
        f.apart(&[[13, 14]]),
        f.apart(&[[82, 87], [312, 317], [81, 178], [311, 402]]),
        f.apart(&[[0, 13]]),
        f.apart(&[[14, 17]]),
        f.height(&[0]) - f.height(&[2]),
        f.height(&[40, 270]) - f.height(&[0]),
        f.height(&[91, 321, 84, 314]) - f.height(&[17]),
        f.apart(&[[129, 358]]),
        f.height(&[129, 358]) - f.height(&[2]),
        f.height(&[168]) - f.height(&[2]),
        f.height(&[17]) - f.height(&[152]),
        f.height(&[2]) - f.height(&[152]),
        f.height(&[50, 280, 205, 425]) - eye_line,
        f.apart(&[[129, 61], [358, 291]]),
        corners - f.height(&[40, 270, 91, 321]),
    ]
}
