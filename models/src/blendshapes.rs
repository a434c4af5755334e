//! What a face does, from its landmarks alone: MediaPipe's blendshape network.
//!
//! It needs no picture, so landmarks that were recorded, imported or moved about can be scored anew.

use std::path::Path;
use std::time::Duration;

use crate::head_pose;
use crate::observation::{BLENDSHAPES, FACE_POINTS, Landmark};
use crate::runtime::{Network, RuntimeError};

/// Roll below which a face counts as upright: turning it back would change its scores by 0.001 in the mean and 0.01 in
/// the worst, less than the landmarks' own noise.
const LEVEL_DEG: f32 = 4.0;

/// Points that the blendshape network reads (`face_blendshapes_graph.cc`, Apache-2.0).
#[rustfmt::skip]
const POINTS: [usize; 146] = [
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78,
    80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152,
    153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246,
    249, 251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312,
    314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381,
    382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472,
    473, 474, 475, 476, 477,
];

/// The network.
pub struct Blendshapes {
    network: Network,
    upright: Vec<[f32; 2]>,
}

/// Scores of a face, in the order of [`crate::observation::BLENDSHAPE_NAMES`].
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Of the landmarks as they stand in the picture.
    pub as_seen: Vec<f32>,
    /// Of the landmarks turned upright.
    pub upright: Vec<f32>,
}

impl Blendshapes {
    /// Loads the network from the folder of models.
    ///
    /// # Errors
    /// The file is absent, damaged, or another network.
    pub fn new(folder: &Path) -> Result<Self, RuntimeError> {
        let network = Network::load(
            &folder.join("face_blendshapes.tflite"),
            &[1, POINTS.len() as i32, 2],
            &[&[BLENDSHAPES as i32]],
        )?;
        Ok(Self { network, upright: Vec::with_capacity(FACE_POINTS) })
    }

    /// Scores of [`FACE_POINTS`] landmarks in pixels, of a head tilted by `roll_deg`; zeros if they are fewer.
    ///
    /// # Errors
    /// LiteRT failed.
    pub fn of(&mut self, landmarks: &[Landmark], roll_deg: f32) -> Result<Scores, RuntimeError> {
        if landmarks.len() < FACE_POINTS {
            return Ok(Scores { as_seen: vec![0.0; BLENDSHAPES], upright: vec![0.0; BLENDSHAPES] });
        }
        let plain = POINTS.iter().map(|&i| [landmarks[i][0], landmarks[i][1]]);
        let as_seen = run(&mut self.network, plain.clone())?;
        let upright = if roll_deg.abs() < LEVEL_DEG {
            as_seen.clone()
        } else {
            head_pose::upright(plain, roll_deg, &mut self.upright);
            run(&mut self.network, self.upright.iter().copied())?
        };
        Ok(Scores { as_seen, upright })
    }

    /// Time spent in the network since the last call.
    pub fn take_busy(&mut self) -> Duration {
        self.network.take_busy()
    }
}

fn run(network: &mut Network, points: impl Iterator<Item = [f32; 2]>) -> Result<Vec<f32>, RuntimeError> {
    network.run(|input| {
        for (to, from) in input.chunks_exact_mut(2).zip(points) {
            to.copy_from_slice(&from);
        }
    })?;
    network.output(0, <[f32]>::to_vec)
}
