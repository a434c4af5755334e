//! Regions of interest: rotated rectangles in pixels, made from detections and landmarks as MediaPipe makes them.
//!
//! Constants come from MediaPipe's graphs (`face_detector_graph.cc`, `face_landmarks_detector_graph.cc`,
//! `hand_detector_graph.cc`, `hand_landmarks_detector_graph.cc`, Apache-2.0).

use std::f32::consts::{FRAC_PI_2, PI};

use crate::observation::Landmark;

/// A point of the frame, in pixels.
pub type Point = [f32; 2];

/// A rotated rectangle of the frame, in pixels and radians (clockwise in the picture, 0 = upright).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Roi {
    /// Centre.
    pub center: Point,
    /// Width along its own x axis.
    pub width: f32,
    /// Height along its own y axis.
    pub height: f32,
    /// Rotation.
    pub rotation: f32,
}

/// What a detector found: an upright box and keypoints, in pixels of the frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// Left, top, right, bottom.
    pub bounds: [f32; 4],
    /// The model's keypoints.
    pub keypoints: Vec<Point>,
    /// Score, 0–1.
    pub score: f32,
}

/// How a box becomes the region that the landmark model looks at.
struct Expansion {
    scale: f32,
    shift_y: f32,
    square: bool,
}

const FACE_FROM_DETECTION: Expansion = Expansion { scale: 1.5, shift_y: 0.0, square: false };
const FACE_FROM_LANDMARKS: Expansion = Expansion { scale: 1.5, shift_y: 0.0, square: true };
const HAND_FROM_PALM: Expansion = Expansion { scale: 2.6, shift_y: -0.5, square: true };
const HAND_FROM_LANDMARKS: Expansion = Expansion { scale: 2.0, shift_y: -0.1, square: true };

/// Target of a palm's rotation. The reference means 90 degrees and says 90 *radians* (`set_rotation_vector_target_angle`
/// in `hand_detector_graph.cc`), which turns the first region of a hand by 26.6° too far; its landmarks come out as
/// that region makes them, so ours is the same (7.5 % of a palm apart otherwise, 0.01 % so).
const PALM_TARGET: f32 = 90.0;
/// Side of a nearer look, of the frame's short side.
const NEARER: f32 = 0.6;
/// Outer corner of the performer's right eye, and of the left.
const EYE_CORNERS: (usize, usize) = (33, 263);
/// Wrist and finger roots: the part of a hand that stays rigid.
const PALM_POINTS: [usize; 12] = [0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18];

impl Roi {
    /// Region of a face from the face detector: rotated so that the eyes (keypoints 0 and 1) are level.
    #[must_use]
    pub fn of_face_detection(detection: &Detection) -> Self {
        let rotation = rotation_between(detection.keypoints[0], detection.keypoints[1], 0.0);
        Self::of_bounds(detection.bounds, rotation).expanded(&FACE_FROM_DETECTION)
    }

    /// Region of a face from its landmarks in the frame before.
    #[must_use]
    pub fn of_face_landmarks(landmarks: &[Landmark]) -> Self {
        let [a, b] = [landmarks[EYE_CORNERS.0], landmarks[EYE_CORNERS.1]];
        let rotation = rotation_between([a[0], a[1]], [b[0], b[1]], 0.0);
        Self::of_bounds(bounds_of(landmarks.iter().copied()), rotation).expanded(&FACE_FROM_LANDMARKS)
    }

    /// Region of a hand from the palm detector: rotated by wrist (keypoint 0) to middle finger (2).
    #[must_use]
    pub fn of_palm(detection: &Detection) -> Self {
        let rotation = rotation_between(detection.keypoints[0], detection.keypoints[2], PALM_TARGET);
        Self::of_bounds(detection.bounds, rotation).expanded(&HAND_FROM_PALM)
    }

    /// Region of a hand from its landmarks in the frame before.
    #[must_use]
    pub fn of_hand_landmarks(landmarks: &[Landmark]) -> Self {
        let [wrist, index, middle, ring] = [0, 5, 9, 13].map(|i| landmarks[i]);
        let knuckles: Point = [0, 1].map(|axis| f32::midpoint(f32::midpoint(index[axis], ring[axis]), middle[axis]));
        let rotation = rotation_between([wrist[0], wrist[1]], knuckles, FRAC_PI_2);

        // The box is taken along the hand's own axes.
        let palm = || PALM_POINTS.iter().map(|&i| landmarks[i]);
        let upright = Self::of_bounds(bounds_of(palm()), 0.0);
        let (sin, cos) = rotation.sin_cos();
        let own = bounds_of(palm().map(|p| {
            let [x, y] = [p[0] - upright.center[0], p[1] - upright.center[1]];
            [x * cos + y * sin, y * cos - x * sin, 0.0]
        }));
        let [cx, cy] = [f32::midpoint(own[0], own[2]), f32::midpoint(own[1], own[3])];
        let along = Self {
            center: [upright.center[0] + cx * cos - cy * sin, upright.center[1] + cx * sin + cy * cos],
            width: own[2] - own[0],
            height: own[3] - own[1],
            rotation,
        };
        along.expanded(&HAND_FROM_LANDMARKS)
    }

    /// The whole frame in a square, as a detector sees it: aspect kept, the rest filled with black.
    #[must_use]
    pub fn letterbox(width: u32, height: u32) -> Self {
        let side = width.max(height) as f32;
        Self { center: [width as f32 / 2.0, height as f32 / 2.0], width: side, height: side, rotation: 0.0 }
    }

    /// The same view from farther away: `distance` times as much is seen.
    #[must_use]
    pub fn farther(mut self, distance: f32) -> Self {
        (self.width, self.height) = (self.width * distance, self.height * distance);
        self
    }

    /// The `turn`-th of the squares that cover a frame, each [`NEARER`] as wide as the frame's short side and half over
    /// its neighbours; turns go round and round.
    #[must_use]
    pub fn part(width: u32, height: u32, turn: usize) -> Self {
        let (w, h) = (width as f32, height as f32);
        let side = (w.min(h) * NEARER).max(1.0);
        let steps = |length: f32| ((length - side) / (side / 2.0)).ceil().max(0.0) as usize + 1;
        let (across, down) = (steps(w), steps(h));
        let turn = turn % (across * down);
        let at = |step: usize, steps: usize, length: f32| match steps {
            1 => length / 2.0,
            _ => side / 2.0 + (length - side) * step as f32 / (steps - 1) as f32,
        };
        let center = [at(turn % across, across, w), at(turn / across, down, h)];
        Self { center, width: side, height: side, rotation: 0.0 }
    }

    /// A point given in the unit square of the region → pixels of the frame.
    #[must_use]
    pub fn place(&self, unit: Point) -> Point {
        let (sin, cos) = self.rotation.sin_cos();
        let [x, y] = [unit[0] - 0.5, unit[1] - 0.5];
        [self.center[0] + (x * cos - y * sin) * self.width, self.center[1] + (x * sin + y * cos) * self.height]
    }

    /// Overlap of the upright boxes, 0–1 (intersection over union), rotation left aside as MediaPipe does.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> f32 {
        overlap(&self.bounds(), &other.bounds())
    }

    /// Whether the numbers are of use: finite, and with an area.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let all = [self.center[0], self.center[1], self.width, self.height, self.rotation];
        all.iter().all(|v| v.is_finite()) && self.width >= 1.0 && self.height >= 1.0
    }

    fn bounds(&self) -> [f32; 4] {
        let ([x, y], w, h) = (self.center, self.width / 2.0, self.height / 2.0);
        [x - w, y - h, x + w, y + h]
    }

    fn of_bounds(b: [f32; 4], rotation: f32) -> Self {
        Self {
            center: [f32::midpoint(b[0], b[2]), f32::midpoint(b[1], b[3])],
            width: b[2] - b[0],
            height: b[3] - b[1],
            rotation,
        }
    }

    fn expanded(mut self, by: &Expansion) -> Self {
        let (sin, cos) = self.rotation.sin_cos();
        let shift = self.height * by.shift_y;
        self.center = [self.center[0] - shift * sin, self.center[1] + shift * cos];
        if by.square {
            let side = self.width.max(self.height);
            (self.width, self.height) = (side, side);
        }
        (self.width, self.height) = (self.width * by.scale, self.height * by.scale);
        self
    }
}

/// Intersection over union of two boxes (left, top, right, bottom).
#[must_use]
pub fn overlap(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let width = (a[2].min(b[2]) - a[0].max(b[0])).max(0.0);
    let height = (a[3].min(b[3]) - a[1].max(b[1])).max(0.0);
    let shared = width * height;
    let area = |r: &[f32; 4]| (r[2] - r[0]) * (r[3] - r[1]);
    let all = area(a) + area(b) - shared;
    if all > 0.0 { shared / all } else { 0.0 }
}

/// Left, top, right, bottom of points.
#[must_use]
pub fn bounds_of(points: impl Iterator<Item = Landmark>) -> [f32; 4] {
    points.fold([f32::MAX, f32::MAX, f32::MIN, f32::MIN], |b, p| {
        [b[0].min(p[0]), b[1].min(p[1]), b[2].max(p[0]), b[3].max(p[1])]
    })
}

/// Angle that turns the direction `from` → `to` into `target` (counter-clockwise from the x axis), in -π…π.
fn rotation_between(from: Point, to: Point, target: f32) -> f32 {
    let angle = target - (-(to[1] - from[1])).atan2(to[0] - from[0]);
    angle - 2.0 * PI * ((angle + PI) / (2.0 * PI)).floor()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_face_is_not_rotated_and_a_tilted_one_is() {
        assert!(rotation_between([0.0, 0.0], [10.0, 0.0], 0.0).abs() < 1e-6);
        let tilted = rotation_between([0.0, 0.0], [10.0, 10.0], 0.0);
        assert!((tilted - PI / 4.0).abs() < 1e-6, "eyes falling to the right: clockwise, {tilted}");
    }

    #[test]
    fn an_upright_hand_is_not_rotated() {
        assert!(rotation_between([50.0, 90.0], [50.0, 40.0], FRAC_PI_2).abs() < 1e-6);
    }

    #[test]
    fn corners_of_a_region_land_where_they_belong() {
        let roi = Roi { center: [100.0, 50.0], width: 40.0, height: 40.0, rotation: FRAC_PI_2 };
        let [x, y] = roi.place([0.0, 0.0]);
        assert!((x - 120.0).abs() < 1e-4 && (y - 30.0).abs() < 1e-4, "top left turns to top right: {x} {y}");
    }

    #[test]
    fn the_parts_cover_the_frame() {
        for (width, height) in [(640, 360), (360, 640), (100, 100), (1, 1), (300, 20)] {
            let parts: Vec<Roi> = (0..400).map(|turn| Roi::part(width, height, turn)).collect();
            let covers = |x: f32, y: f32| {
                parts
                    .iter()
                    .any(|p| (p.center[0] - x).abs() <= p.width / 2.0 && (p.center[1] - y).abs() <= p.height / 2.0)
            };
            for i in 0..=10 {
                for j in 0..=10 {
                    let (x, y) = (width as f32 * i as f32 / 10.0, height as f32 * j as f32 / 10.0);
                    // A strip one pixel high is taken as a row of single pixels: its very ends count as covered.
                    assert!(covers(x, y) || width.min(height) == 1, "{width}×{height} at {x} {y}");
                }
            }
        }
    }

    #[test]
    fn overlap_of_boxes() {
        assert!((overlap(&[0.0, 0.0, 2.0, 2.0], &[1.0, 0.0, 3.0, 2.0]) - 1.0 / 3.0).abs() < 1e-6);
        assert_eq!(overlap(&[0.0, 0.0, 1.0, 1.0], &[2.0, 2.0, 3.0, 3.0]), 0.0);
        assert_eq!(overlap(&[0.0; 4], &[0.0; 4]), 0.0);
    }
}
