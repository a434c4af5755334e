//! The two single-shot detectors: anchors, decoding, weighted non-maximum suppression.
//!
//! Constants come from MediaPipe's `face_detector_graph.cc` and `hand_detector_graph.cc` (Apache-2.0).

use std::path::Path;
use std::time::Duration;

use super::crop::{self, Border, Frame};
use super::roi::{Detection, Point, Roi, overlap};
use crate::runtime::{Network, RuntimeError};

/// Strides of the feature maps, the same for both detectors.
const STRIDES: [usize; 4] = [8, 16, 16, 16];
/// Anchors on each cell for each feature map.
const ANCHORS_PER_MAP: usize = 2;
/// Score from which a box counts.
const MIN_SCORE: f32 = 0.5;
/// Clip of the raw score before the sigmoid.
const LOGIT_LIMIT: f32 = 100.0;
/// Overlap from which two boxes are the same thing.
const SAME: f32 = 0.3;
/// Values before the keypoints: x, y, width, height.
const BOX_VALUES: usize = 4;

/// What tells the two detectors apart.
pub struct DetectorKind {
    /// File in the folder of models.
    pub file: &'static str,
    /// Side of the square input in pixels.
    pub side: usize,
    /// Range of the input values.
    pub range: (f32, f32),
    /// Keypoints of each box.
    pub keypoints: usize,
}

/// MediaPipe's short-range face detector (BlazeFace).
pub const FACE: DetectorKind =
    DetectorKind { file: "face_detector.tflite", side: 128, range: (-1.0, 1.0), keypoints: 6 };
/// MediaPipe's palm detector.
pub const PALM: DetectorKind =
    DetectorKind { file: "hand_detector.tflite", side: 192, range: (0.0, 1.0), keypoints: 7 };

/// A detector, ready to look at frames.
pub struct Detector {
    kind: &'static DetectorKind,
    network: Network,
    anchors: Vec<Point>,
    scratch: crop::Scratch,
}

impl Detector {
    /// Loads a detector from the folder of models.
    ///
    /// # Errors
    /// Its file is absent, damaged or another network.
    pub fn new(kind: &'static DetectorKind, folder: &Path) -> Result<Self, RuntimeError> {
        let anchors = anchors(kind.side);
        let (side, boxes) = (dim(kind.side), dim(anchors.len()));
        let values = dim(BOX_VALUES + 2 * kind.keypoints);
        let network =
            Network::load(&folder.join(kind.file), &[1, side, side, 3], &[&[1, boxes, values], &[1, boxes, 1]])?;
        Ok(Self { kind, network, anchors, scratch: crop::Scratch::default() })
    }

    /// Looks at the whole frame for faces or palms; best first.
    ///
    /// # Errors
    /// OpenCV or LiteRT failed.
    pub fn detect(&mut self, frame: &Frame) -> Result<Vec<Detection>, super::PerceptionError> {
        self.detect_in(frame, &Roi::letterbox(frame.width(), frame.height()))
    }

    /// Looks at a square view: a part of the frame (nearer) or the frame with black around it (farther away).
    ///
    /// # Errors
    /// OpenCV or LiteRT failed.
    pub fn detect_in(&mut self, frame: &Frame, view: &Roi) -> Result<Vec<Detection>, super::PerceptionError> {
        crop::warp(frame, view, self.kind.side, Border::Black, &mut self.scratch)?;
        let scratch = &self.scratch;
        self.network.run(|input| scratch.write(self.kind.range, input))?;
        let found = self
            .network
            .output(1, |scores| self.network.output(0, |boxes| decode(self.kind, &self.anchors, scores, boxes)))??;
        Ok(suppress(found).into_iter().map(|detection| in_frame(detection, view)).collect())
    }

    /// Time spent in the network since the last call.
    pub fn take_busy(&mut self) -> Duration {
        self.network.take_busy()
    }
}

fn dim(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// Centres of the anchors in the unit square.
///
/// Neighbouring maps of the same stride share their cells: 8 once, 16 three times.
fn anchors(side: usize) -> Vec<Point> {
    let mut anchors = Vec::new();
    for maps in STRIDES.chunk_by(|a, b| a == b) {
        let cells = side / maps[0];
        for y in 0..cells {
            for x in 0..cells {
                let center = [(x as f32 + 0.5) / cells as f32, (y as f32 + 0.5) / cells as f32];
                anchors.extend(std::iter::repeat_n(center, maps.len() * ANCHORS_PER_MAP));
            }
        }
    }
    anchors
}

/// Boxes over the threshold, in the unit square.
fn decode(kind: &DetectorKind, anchors: &[Point], scores: &[f32], boxes: &[f32]) -> Vec<Detection> {
    let values = BOX_VALUES + 2 * kind.keypoints;
    let side = kind.side as f32;
    let over = |logit: f32| 1.0 / (1.0 + (-logit.clamp(-LOGIT_LIMIT, LOGIT_LIMIT)).exp());
    let decode_one = |((raw, anchor), &logit): ((&[f32], &Point), &f32)| {
        let score = over(logit);
        // A NaN from a broken network is no detection.
        if score.is_nan() || score < MIN_SCORE {
            return None;
        }
        let at = |i: usize| [raw[i] / side + anchor[0], raw[i + 1] / side + anchor[1]];
        let ([x, y], [w, h]) = (at(0), [raw[2] / side, raw[3] / side]);
        let keypoints = (0..kind.keypoints).map(|k| at(BOX_VALUES + 2 * k)).collect();
        (w > 0.0 && h > 0.0).then(|| Detection {
            bounds: [x - w / 2.0, y - h / 2.0, x + w / 2.0, y + h / 2.0],
            keypoints,
            score,
        })
    };
    boxes.chunks_exact(values).zip(anchors).zip(scores).filter_map(decode_one).collect()
}

/// Weighted suppression: each cluster becomes the score-weighted mean of its boxes and keypoints.
fn suppress(mut found: Vec<Detection>) -> Vec<Detection> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept = Vec::new();
    while !found.is_empty() {
        let best = found[0].clone();
        let (cluster, rest): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|d| overlap(&d.bounds, &best.bounds) > SAME);
        found = rest;
        if cluster.is_empty() {
            // A box without an area overlaps nothing, not even itself.
            found.remove(0);
            continue;
        }
        let total: f32 = cluster.iter().map(|d| d.score).sum();
        let mean = |value: &dyn Fn(&Detection) -> f32| cluster.iter().map(|d| value(d) * d.score).sum::<f32>() / total;
        kept.push(Detection {
            bounds: [0, 1, 2, 3].map(|i| mean(&|d| d.bounds[i])),
            keypoints: (0..best.keypoints.len())
                .map(|k| [mean(&|d| d.keypoints[k][0]), mean(&|d| d.keypoints[k][1])])
                .collect(),
            score: best.score,
        });
    }
    kept
}

/// From the unit square of the letterbox to pixels.
fn in_frame(mut detection: Detection, view: &Roi) -> Detection {
    let [left, top, right, bottom] = detection.bounds;
    let ([l, t], [r, b]) = (view.place([left, top]), view.place([right, bottom]));
    detection.bounds = [l, t, r, b];
    for point in &mut detection.keypoints {
        *point = view.place(*point);
    }
    detection
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_anchors_as_the_networks_have_boxes() {
        assert_eq!(anchors(128).len(), 896);
        assert_eq!(anchors(192).len(), 2016);
        assert_eq!(anchors(128)[0], [0.5 / 16.0, 0.5 / 16.0]);
        assert_eq!(anchors(128)[512], [0.5 / 8.0, 0.5 / 8.0]);
    }

    fn at(x: f32, score: f32) -> Detection {
        Detection { bounds: [x, 0.0, x + 1.0, 1.0], keypoints: vec![[x, 0.0]], score }
    }

    #[test]
    fn a_cluster_becomes_its_weighted_mean() {
        let kept = suppress(vec![at(0.0, 0.6), at(0.2, 0.9), at(5.0, 0.7)]);
        assert_eq!(kept.len(), 2);
        assert!((kept[0].bounds[0] - 0.12).abs() < 1e-6, "{:?}", kept[0]);
        assert_eq!(kept[0].score, 0.9);
        assert_eq!(kept[1].bounds[0], 5.0);
    }

    #[test]
    fn a_broken_score_is_no_detection() {
        let anchors = anchors(128);
        let found = decode(&FACE, &anchors, &vec![f32::NAN; 896], &vec![1.0; 896 * 16]);
        assert!(found.is_empty());
    }
}
