//! A neutral head in three dimensions: what depth a flat face most likely has, and which points mirror each other.

use std::sync::LazyLock;

use rasika_models::observation::{FACE_POINTS, Landmark};

/// Points of the surface of a face, without the irises.
pub const SURFACE: usize = 468;

/// The head's points with the axes of a picture: x right, y down, z away from the camera, centimetres.
static HEAD: LazyLock<Vec<[f64; 3]>> = LazyLock::new(|| {
    let text = include_str!("../../data/canonical_head.txt");
    let rows = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut values = line.split(' ').map(|value| value.parse::<f64>().unwrap_or(0.0));
        let mut next = || values.next().unwrap_or(0.0);
        let [x, y, z] = [next(), next(), next()];
        [x, -y, -z]
    });
    rows.collect()
});

/// Lower than this (cm under the middle of the head) a face moves with the jaw and is not fitted.
const STEADY_Y: f64 = 3.0;

/// The place of each of the [`FACE_POINTS`] in a mirrored face.
pub static MIRROR: LazyLock<[usize; FACE_POINTS]> = LazyLock::new(|| {
    let nearest = |[x, y, z]: [f64; 3]| {
        let away = |p: &[f64; 3]| (p[0] + x).powi(2) + (p[1] - y).powi(2) + (p[2] - z).powi(2);
        let best = HEAD.iter().enumerate().min_by(|a, b| away(a.1).total_cmp(&away(b.1)));
        best.map_or(0, |(index, _)| index)
    };
    std::array::from_fn(|index| match index {
        0..SURFACE => nearest(HEAD[index]),
        // Irises: the middle, then right, top, left and bottom in the picture.
        468 => 473,
        473 => 468,
        469 => 476,
        471 => 474,
        474 => 471,
        476 => 469,
        470 => 475,
        472 => 477,
        475 => 470,
        _ => 472,
    })
});

/// The head as it would stand in a picture to look like a flat face.
#[derive(Debug, Clone, Copy)]
pub struct Fit {
    /// Of the picture's x and y (rows) for a centimetre of the head's axes.
    rows: [[f64; 3]; 2],
}

/// The inverse of `H'H` over the steady points, about their mean.
static STEADY: LazyLock<([f64; 3], [[f64; 3]; 3])> = LazyLock::new(|| {
    let steady = || HEAD.iter().filter(|p| p[1] < STEADY_Y);
    let n = steady().count() as f64;
    let mean: [f64; 3] = std::array::from_fn(|axis| steady().map(|p| p[axis]).sum::<f64>() / n);
    let moment = |a: usize, b: usize| steady().map(|p| (p[a] - mean[a]) * (p[b] - mean[b])).sum::<f64>();
    let m: [[f64; 3]; 3] = std::array::from_fn(|a| std::array::from_fn(|b| moment(a, b)));
    let minor = |a: usize, b: usize| {
        let [r0, r1] = [(a + 1) % 3, (a + 2) % 3];
        let [c0, c1] = [(b + 1) % 3, (b + 2) % 3];
        m[r0][c0] * m[r1][c1] - m[r0][c1] * m[r1][c0]
    };
    let determinant: f64 = (0..3).map(|b| m[0][b] * minor(0, b)).sum();
    (mean, std::array::from_fn(|a| std::array::from_fn(|b| minor(b, a) / determinant)))
});

impl Fit {
    /// Least squares over the points that move little, for [`SURFACE`] points or more.
    pub fn of(points: &[[f64; 2]]) -> Self {
        let (mean, inverse) = &*STEADY;
        let rows = [0, 1].map(|axis| {
            let steady = HEAD.iter().zip(points).filter(|(p, _)| p[1] < STEADY_Y);
            let moments = steady.fold([0.0; 3], |mut sum, (p, seen)| {
                for (k, total) in sum.iter_mut().enumerate() {
                    *total += (p[k] - mean[k]) * seen[axis];
                }
                sum
            });
            std::array::from_fn(|a| (0..3).map(|b| inverse[a][b] * moments[b]).sum())
        });
        Self { rows }
    }

    /// How much wider the face is than the head, over how much higher: 1 where the picture's pixels are square.
    pub fn stretch(&self) -> f64 {
        let [x, y] = self.rows.map(length);
        x / y
    }

    /// Depth of each surface point, in the unit of the picture, about the depth of the middle.
    pub fn depths(&self) -> impl Iterator<Item = f64> {
        // The nearest pair of equal, square rows: what stretches one is anatomy or noise.
        let [a, b] = self.rows;
        let scale = (length(a) + length(b)) / 2.0;
        let [a, b] = [a, b].map(|row| row.map(|v| v / length(row).max(1e-12)));
        let lean = (0..3).map(|k| a[k] * b[k]).sum::<f64>() / 2.0;
        let x: [f64; 3] = std::array::from_fn(|k| a[k] - lean * b[k]);
        let y: [f64; 3] = std::array::from_fn(|k| b[k] - lean * a[k]);
        let z = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
        let unit = scale / length(z).max(1e-12);
        HEAD.iter().map(move |p| unit * (z[0] * p[0] + z[1] * p[1] + z[2] * p[2]))
    }
}

fn length(row: [f64; 3]) -> f64 {
    row.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// Corners and lids of an eye, and the first of its five iris points; the performer's right eye, then the left.
const EYES: [([usize; 4], usize); 2] = [([33, 133, 159, 145], 468), ([263, 362, 386, 374], 473)];
/// Of the eye's width: radius of an iris, and how far its middle lies over that of corners and lids. Means over 1,500
/// faces of FER-2013 as MediaPipe sees them.
const IRIS_RADIUS: f32 = 0.21;
const IRIS_RAISED: f32 = 0.045;
/// Of the eye's width: how far it stands out before the corners.
const IRIS_DEPTH: f32 = 0.095;

/// Puts irises that were not seen into the middle of the eyes: a gaze straight ahead.
///
/// `landmarks` must be [`FACE_POINTS`]; only the last ten are changed.
pub fn centre_irises(landmarks: &mut [Landmark]) {
    for (eye, first) in EYES {
        let [outer, inner] = [landmarks[eye[0]], landmarks[eye[1]]];
        let width = (outer[0] - inner[0]).hypot(outer[1] - inner[1]);
        let mean = |axis: usize| eye.iter().map(|&index| landmarks[index][axis]).sum::<f32>() / 4.0;
        // Along the eye from left to right in the picture, and at right angles to it.
        let direction = if outer[0] < inner[0] { 1.0 } else { -1.0 };
        let along = [0, 1].map(|axis| direction * (inner[axis] - outer[axis]) / width.max(f32::EPSILON));
        let up = [along[1], -along[0]];
        let centre = [0, 1].map(|axis| mean(axis) + IRIS_RAISED * width * up[axis]);
        let z = f32::midpoint(outer[2], inner[2]) - IRIS_DEPTH * width;
        let around = [[0.0, 0.0], along, up, along.map(|v| -v), up.map(|v| -v)];
        for (point, offset) in landmarks[first..first + 5].iter_mut().zip(around) {
            let at = |axis: usize| centre[axis] + IRIS_RADIUS * width * offset[axis];
            *point = [at(0), at(1), z];
        }
    }
}

/// The neutral head as [`FACE_POINTS`] landmarks in a picture, for tests that need a face that is nobody's.
#[cfg(test)]
pub fn neutral() -> Vec<Landmark> {
    let place = |p: &[f64; 3]| [320.0 + 12.0 * p[0] as f32, 240.0 + 12.0 * p[1] as f32, 12.0 * p[2] as f32];
    let mut landmarks: Vec<Landmark> = HEAD.iter().map(place).collect();
    landmarks.resize(FACE_POINTS, [0.0; 3]);
    centre_irises(&mut landmarks);
    landmarks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_of_a_mirror_is_the_face() {
        assert_eq!(HEAD.len(), SURFACE);
        assert!((0..FACE_POINTS).all(|index| MIRROR[MIRROR[index]] == index));
        assert_eq!((MIRROR[33], MIRROR[61], MIRROR[1]), (263, 291, 1));
    }

    #[test]
    fn a_turned_head_gets_its_depth_back() {
        let (sin, cos) = 20.0_f64.to_radians().sin_cos();
        let turned: Vec<[f64; 3]> = HEAD
            .iter()
            .map(|p| [7.0 * (cos * p[0] - sin * p[2]), 7.0 * p[1], 7.0 * (cos * p[2] + sin * p[0])])
            .collect();
        let flat: Vec<[f64; 2]> = turned.iter().map(|p| [p[0] + 300.0, p[1] + 200.0]).collect();
        let fit = Fit::of(&flat);
        assert!((fit.stretch() - 1.0).abs() < 1e-9);
        assert!(fit.depths().zip(&turned).all(|(z, p)| (z - p[2]).abs() < 1e-6));
    }
}
