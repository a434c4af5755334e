//! The outline of what moves in a face, point by point: for classifiers that are trained on one performer.
//!
//! Strangers are told apart by the few measures of `geometry`; how one person shows a rasa is finer than those. The
//! points are the ones that MediaPipe's blendshape network reads, without the irises.

use super::face_frame::FaceFrame;
use crate::observation::Landmark;

/// How many points there are.
const POINTS: usize = 136;
/// Values: x and y of each point, in eye distances from the middle of the eyes, in the face's own axes.
pub(crate) const SHAPE: usize = 2 * POINTS;

#[rustfmt::skip]
const PLACES: [usize; POINTS] = [
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249,
    251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314,
    317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382,
    384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466,
];

/// The coordinates, in the order of [`names`].
pub(crate) fn measure(frame: &FaceFrame, landmarks: &[Landmark]) -> [f32; SHAPE] {
    let mut values = [0.0; SHAPE];
    for (pair, &index) in values.chunks_exact_mut(2).zip(&PLACES) {
        let [x, y, _] = frame.local(landmarks[index]);
        pair.copy_from_slice(&[x, y]);
    }
    values
}

/// Their names: `shape` and the point's number in the mesh, then `X` or `Y`.
pub(crate) fn names() -> impl Iterator<Item = String> {
    PLACES.iter().flat_map(|index| ["X", "Y"].map(|axis| format!("shape{index}{axis}")))
}
