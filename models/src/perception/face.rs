//! The performer's face: found, followed from frame to frame, measured.

use std::path::Path;
use std::time::Duration;

use super::crop::{self, Border, Frame};
use super::detector::{self, Detector};
use super::one_euro::LandmarkFilter;
use super::performer::Performer;
use super::roi::{Roi, bounds_of};
use super::{PerceptionError, Tracking};
use crate::blendshapes::Blendshapes;
use crate::head_pose::HeadPose;
use crate::observation::{Face, Landmark};
use crate::runtime::Network;

/// Side of the landmark network's input in pixels.
const SIDE: usize = 256;
/// Values of its output.
const MESH_VALUES: i32 = 1434;
/// Presence from which there is a face in the region.
const MIN_PRESENCE: f32 = 0.5;

/// Score of a face found by a nearer look: many more looks are taken so, and each must err the less.
const NEARER_SCORE: f32 = 0.75;
/// How far to step back from a picture that is cut close to a face and shows none from nearer.
const STEPS_BACK: [f32; 3] = [1.25, 1.5, 2.0];
/// Sides in pixels, and how much longer one may be than the other, of pictures that may be such.
const CLOSE_CUT_SIDE: u32 = 512;
const CLOSE_CUT_ASPECT: f32 = 1.5;

/// Face detector, mesh and blendshapes.
pub struct FaceTracker {
    detector: Detector,
    mesh: Network,
    blendshapes: Blendshapes,
    scratch: crop::Scratch,
    filter: LandmarkFilter,
    performer: Performer,
    /// Counts the nearer looks at parts of the frame, which find a face too small for the whole: a performer far away.
    turn: usize,
}

/// A mesh as the network gave it.
struct Mesh {
    landmarks: Vec<Landmark>,
    score: f32,
}

impl FaceTracker {
    /// Loads the networks from the folder of models.
    ///
    /// # Errors
    /// A file is absent, damaged, or another network.
    pub fn new(folder: &Path) -> Result<Self, PerceptionError> {
        let side = 256;
        Ok(Self {
            detector: Detector::new(&detector::FACE, folder)?,
            mesh: Network::load(
                &folder.join("face_landmarks_detector.tflite"),
                &[1, side, side, 3],
                &[&[1, 1, 1, MESH_VALUES], &[1, 1, 1, 1], &[1, 1]],
            )?,
            blendshapes: Blendshapes::new(folder)?,
            scratch: crop::Scratch::default(),
            filter: LandmarkFilter::default(),
            performer: Performer::default(),
            turn: 0,
        })
    }

    /// Looks at one frame.
    ///
    /// # Errors
    /// OpenCV or LiteRT failed.
    pub fn see(&mut self, frame: &Frame, time_ms: f64, tracking: Tracking) -> Result<Option<Face>, PerceptionError> {
        if tracking == Tracking::EveryFrame {
            self.forget();
        }
        let followed = self.performer.region();
        let mut mesh = match followed {
            Some(roi) => self.look(frame, &roi)?.filter(|mesh| self.performer.is_same(&mesh.landmarks)),
            None => None,
        };
        if mesh.is_none() {
            self.filter.reset();
            mesh = self.search(frame, time_ms, tracking)?;
        }
        let Some(Mesh { mut landmarks, score }) = mesh else {
            self.performer.lose();
            return Ok(None);
        };
        self.performer.follow(&landmarks, time_ms);
        if tracking == Tracking::Follow {
            let [left, top, right, bottom] = bounds_of(landmarks.iter().copied());
            let size = f32::midpoint(right - left, bottom - top);
            self.filter.apply(time_ms, size, &mut landmarks);
        }
        self.measure(landmarks, score).map(Some)
    }

    /// Looks for the performer in the whole frame; if there is none, once more from another distance.
    fn search(&mut self, frame: &Frame, time_ms: f64, tracking: Tracking) -> Result<Option<Mesh>, PerceptionError> {
        let whole = Roi::letterbox(frame.width(), frame.height());
        if let Some(mesh) = self.search_in(frame, time_ms, &whole, 0.0)? {
            return Ok(Some(mesh));
        }
        if tracking == Tracking::Follow {
            self.turn = self.turn.wrapping_add(1);
            let part = Roi::part(frame.width(), frame.height(), self.turn);
            return self.search_in(frame, time_ms, &part, NEARER_SCORE);
        }
        for distance in STEPS_BACK.into_iter().filter(|_| is_close_cut(frame)) {
            if let Some(mesh) = self.search_in(frame, time_ms, &whole.farther(distance), 0.0)? {
                return Ok(Some(mesh));
            }
        }
        Ok(None)
    }

    fn search_in(
        &mut self,
        frame: &Frame,
        time_ms: f64,
        view: &Roi,
        least_score: f32,
    ) -> Result<Option<Mesh>, PerceptionError> {
        let mut found = self.detector.detect_in(frame, view)?;
        found.retain(|face| face.score >= least_score);
        match self.performer.choose(&found, frame, time_ms) {
            Some(face) => self.look(frame, &Roi::of_face_detection(face)),
            None => Ok(None),
        }
    }

    /// Forgets the face that was followed.
    pub fn forget(&mut self) {
        self.performer = Performer::default();
        self.filter.reset();
    }

    /// Time spent in the networks since the last call.
    pub fn take_busy(&mut self) -> Duration {
        self.detector.take_busy() + self.mesh.take_busy() + self.blendshapes.take_busy()
    }

    /// Runs the mesh on a region.
    fn look(&mut self, frame: &Frame, roi: &Roi) -> Result<Option<Mesh>, PerceptionError> {
        if !roi.is_sound() {
            return Ok(None);
        }
        crop::warp(frame, roi, SIDE, Border::Replicate, &mut self.scratch)?;
        let scratch = &self.scratch;
        self.mesh.run(|input| scratch.write((0.0, 1.0), input))?;
        let score = self.mesh.output(1, |v| 1.0 / (1.0 + (-v[0]).exp()))?;
        if score.is_nan() || score <= MIN_PRESENCE {
            return Ok(None);
        }
        let side = SIDE as f32;
        let landmarks: Vec<Landmark> = self.mesh.output(0, |values| {
            let place = |p: &[f32]| {
                let [x, y] = roi.place([p[0] / side, p[1] / side]);
                [x, y, p[2] / side * roi.width]
            };
            values.chunks_exact(3).map(place).collect()
        })?;
        let sound = landmarks.as_flattened().iter().all(|v| v.is_finite());
        Ok(sound.then_some(Mesh { landmarks, score }))
    }

    fn measure(&mut self, landmarks: Vec<Landmark>, score: f32) -> Result<Face, PerceptionError> {
        let pose = HeadPose::of(&landmarks);
        let scores = self.blendshapes.of(&landmarks, pose.roll_deg)?;
        Ok(Face {
            blendshapes: scores.as_seen,
            upright_blendshapes: scores.upright,
            yaw_deg: pose.yaw_deg,
            pitch_deg: pose.pitch_deg,
            roll_deg: pose.roll_deg,
            score,
            landmarks,
        })
    }
}

/// Whether a picture may be cut close to a face, as the pictures of face collections are: small and nearly square.
///
/// The reference finds no face in many of those; we step back and look again. Other pictures are left as it sees them.
fn is_close_cut(frame: &Frame) -> bool {
    let (long, short) = (frame.width().max(frame.height()), frame.width().min(frame.height()));
    long <= CLOSE_CUT_SIDE && long as f32 <= short as f32 * CLOSE_CUT_ASPECT
}
