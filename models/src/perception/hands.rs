//! The performer's hands: searched now and then, followed from frame to frame.

use std::path::Path;
use std::time::Duration;

use super::crop::{self, Border, Frame};
use super::detector::{self, Detector};
use super::roi::{self, Roi};
use super::{PerceptionError, Tracking};
use crate::observation::{HAND_POINTS, Hand, Landmark, Side};
use crate::runtime::Network;

/// Most hands that are followed.
pub const MAX_HANDS: usize = 2;
/// Side of the landmark network's input in pixels.
const SIDE: usize = 224;
/// A hand's z is trained at this share of its x (`hand_landmarks_detector_graph.cc`).
const Z_SHARE: f32 = 0.4;
/// Presence from which there is a hand in the region.
const MIN_PRESENCE: f32 = 0.5;
/// Overlap from which a found palm is a hand that is followed already.
const SAME_REGION: f32 = 0.5;
/// Frames from one search for palms to the next, while fewer than two hands are in view. The search is the most
/// expensive model: run on every frame, as the reference does, it would double the cost of a performer whose hands
/// are at rest. Six frames at 24–30 Hz are at most a quarter of a second to the first sight of a hand.
pub const SEARCH_EVERY: u64 = 6;

/// Palm detector and hand landmarks.
pub struct HandTracker {
    detector: Detector,
    landmarks: Network,
    scratch: crop::Scratch,
    followed: Vec<Roi>,
    /// Frame from which palms may be searched again.
    next_search: u64,
}

impl HandTracker {
    /// Loads the networks from the folder of models.
    ///
    /// # Errors
    /// A file is absent, damaged, or another network.
    pub fn new(folder: &Path) -> Result<Self, PerceptionError> {
        Ok(Self {
            detector: Detector::new(&detector::PALM, folder)?,
            landmarks: Network::load(
                &folder.join("hand_landmarks_detector.tflite"),
                &[1, 224, 224, 3],
                &[&[1, 63], &[1, 1], &[1, 1], &[1, 63]],
            )?,
            scratch: crop::Scratch::default(),
            followed: Vec::with_capacity(MAX_HANDS),
            next_search: 0,
        })
    }

    /// Looks at one frame; `number` counts the source's frames and times the searches.
    ///
    /// # Errors
    /// OpenCV or LiteRT failed.
    pub fn see(&mut self, frame: &Frame, number: u64, tracking: Tracking) -> Result<Vec<Hand>, PerceptionError> {
        if tracking == Tracking::EveryFrame {
            self.forget();
        }
        let mut regions = std::mem::take(&mut self.followed);
        let followed = regions.len();
        if regions.len() < MAX_HANDS && number >= self.next_search {
            self.next_search = number + SEARCH_EVERY;
            for palm in self.detector.detect(frame)?.iter().take(MAX_HANDS) {
                let region = Roi::of_palm(palm);
                if regions.iter().all(|known| known.overlap(&region) <= SAME_REGION) {
                    regions.push(region);
                }
            }
            regions.truncate(MAX_HANDS);
        }
        let mut hands: Vec<Hand> = Vec::with_capacity(MAX_HANDS);
        for (place, region) in regions.iter().enumerate() {
            let hand = self.look(frame, region)?;
            if hand.is_none() && place < followed {
                // A hand that was lost is looked for again at once; what only looked like a palm is not.
                self.next_search = 0;
            }
            if let Some(hand) = hand
                && !hands.iter().any(|known| is_duplicate(&known.landmarks, &hand.landmarks))
            {
                self.followed.push(Roi::of_hand_landmarks(&hand.landmarks));
                hands.push(hand);
            }
        }
        Ok(hands)
    }

    /// Forgets the hands that were followed; the next frame is searched.
    pub fn forget(&mut self) {
        self.followed.clear();
        self.next_search = 0;
    }

    /// The next frame in which there is something to do: at once while hands are followed, else the next search.
    pub fn next_look(&self) -> u64 {
        if self.followed.is_empty() { self.next_search } else { 0 }
    }

    /// Time spent in the networks since the last call.
    pub fn take_busy(&mut self) -> Duration {
        self.detector.take_busy() + self.landmarks.take_busy()
    }

    fn look(&mut self, frame: &Frame, roi: &Roi) -> Result<Option<Hand>, PerceptionError> {
        if !roi.is_sound() {
            return Ok(None);
        }
        crop::warp(frame, roi, SIDE, Border::Replicate, &mut self.scratch)?;
        let scratch = &self.scratch;
        self.landmarks.run(|input| scratch.write((0.0, 1.0), input))?;
        let score = self.landmarks.output(1, |v| v[0])?;
        if score.is_nan() || score <= MIN_PRESENCE {
            return Ok(None);
        }
        // The probability of a right hand, in a picture that is not mirrored: checked by the sense of the bent
        // fingers about the palm (three-dimensional, so not a matter of which side of the hand is seen).
        let side = self.landmarks.output(2, |v| if v[0] > 0.5 { Side::Right } else { Side::Left })?;
        let side_px = SIDE as f32;
        let landmarks: Vec<Landmark> = self.landmarks.output(0, |values| {
            let place = |p: &[f32]| {
                let [x, y] = roi.place([p[0] / side_px, p[1] / side_px]);
                [x, y, p[2] / side_px / Z_SHARE * roi.width]
            };
            values.chunks_exact(3).map(place).collect()
        })?;
        let (sin, cos) = roi.rotation.sin_cos();
        let world: Vec<Landmark> = self.landmarks.output(3, |values| {
            values.chunks_exact(3).map(|p| [p[0] * cos - p[1] * sin, p[0] * sin + p[1] * cos, p[2]]).collect()
        })?;
        let sound = landmarks.as_flattened().iter().chain(world.as_flattened()).all(|v| v.is_finite());
        Ok(sound.then_some(Hand { side, score, landmarks, world }))
    }
}

/// Whether two meshes lie on the same hand, as MediaPipe's `HandLandmarksDeduplicationCalculator` tells it.
fn is_duplicate(a: &[Landmark], b: &[Landmark]) -> bool {
    const NEAR: f32 = 0.2;
    const MATCHED: usize = 10;
    const OVERLAP: f32 = 0.2;
    let distance = |p: &Landmark, q: &Landmark| (p[0] - q[0]).hypot(p[1] - q[1]);
    let palm = |h: &[Landmark]| distance(&h[0], &h[5]).max(distance(&h[5], &h[17])).max(distance(&h[17], &h[0]));
    let near = palm(a).max(palm(b)) * NEAR;
    let matched = a.iter().zip(b).filter(|(p, q)| distance(p, q) < near).count();
    let bounds = |h: &[Landmark]| roi::bounds_of(h.iter().copied());
    debug_assert!(a.len() == HAND_POINTS && b.len() == HAND_POINTS);
    matched >= MATCHED && roi::overlap(&bounds(a), &bounds(b)) > OVERLAP
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hand(x: f32) -> Vec<Landmark> {
        (0..HAND_POINTS).map(|i| [x + (i % 5) as f32 * 10.0, (i / 5) as f32 * 20.0, 0.0]).collect()
    }

    #[test]
    fn the_same_hand_twice_is_one() {
        assert!(is_duplicate(&hand(0.0), &hand(2.0)));
        assert!(!is_duplicate(&hand(0.0), &hand(100.0)));
    }
}
