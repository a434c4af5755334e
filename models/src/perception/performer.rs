//! Which of the faces is the performer's: the largest and most central, and then the same one while others pass.

use super::crop::Frame;
use super::roi::{Detection, Roi, bounds_of};
use crate::observation::Landmark;

/// How long a lost performer is waited for before another face may take the stage, in milliseconds.
const WAIT_MS: f64 = 1500.0;
/// How far a face may move between two looks, in widths of itself, and still be the same.
const MAX_STEP: f32 = 0.6;
/// How much it may grow or shrink between two looks and still be the same.
const MAX_GROWTH: f32 = 1.6;
/// The same after it was lost from sight, where there was more time to move.
const MAX_RETURN_STEP: f32 = 1.5;
/// The same for its size.
const MAX_RETURN_GROWTH: f32 = 1.8;

/// The face that is followed.
#[derive(Debug, Default)]
pub struct Performer {
    /// Where to look for it, while it is in sight.
    region: Option<Roi>,
    /// Where it was last: centre, width, height, time.
    last: Option<Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    center: [f32; 2],
    size: f32,
    time_ms: f64,
}

impl Place {
    fn of(bounds: [f32; 4], time_ms: f64) -> Self {
        Self {
            center: [f32::midpoint(bounds[0], bounds[2]), f32::midpoint(bounds[1], bounds[3])],
            size: (bounds[2] - bounds[0]).max(bounds[3] - bounds[1]),
            time_ms,
        }
    }

    fn is_near(&self, other: &Self, max_step: f32, max_growth: f32) -> bool {
        let step = (self.center[0] - other.center[0]).hypot(self.center[1] - other.center[1]);
        let growth = (self.size / other.size).max(other.size / self.size);
        step <= max_step * self.size.max(other.size) && growth <= max_growth
    }
}

impl Performer {
    /// Where to look for the performer in the next frame.
    pub fn region(&self) -> Option<Roi> {
        self.region
    }

    /// Whether a mesh found in that region is still the same face, and not another that slid into the region.
    pub fn is_same(&self, landmarks: &[Landmark]) -> bool {
        let Some(last) = self.last else { return true };
        let now = Place::of(bounds_of(landmarks.iter().copied()), last.time_ms);
        now.is_near(&last, MAX_STEP, MAX_GROWTH)
    }

    /// Chooses among detected faces: the one that was lost a moment ago, or else the largest, most central one.
    pub fn choose<'a>(&self, found: &'a [Detection], frame: &Frame, time_ms: f64) -> Option<&'a Detection> {
        if let Some(last) = self.last
            && time_ms - last.time_ms < WAIT_MS
        {
            let near = |d: &&Detection| {
                // The detector's box spans brows to chin: about 0.8 of the mesh.
                let mut place = Place::of(d.bounds, time_ms);
                place.size *= 1.25;
                place.is_near(&last, MAX_RETURN_STEP, MAX_RETURN_GROWTH)
            };
            return found.iter().filter(near).max_by(|a, b| prominence(a, frame).total_cmp(&prominence(b, frame)));
        }
        found.iter().max_by(|a, b| prominence(a, frame).total_cmp(&prominence(b, frame)))
    }

    /// The performer was seen here.
    pub fn follow(&mut self, landmarks: &[Landmark], time_ms: f64) {
        self.region = Some(Roi::of_face_landmarks(landmarks));
        self.last = Some(Place::of(bounds_of(landmarks.iter().copied()), time_ms));
    }

    /// The performer was not seen.
    pub fn lose(&mut self) {
        self.region = None;
    }
}

/// Area of a face, lowered by its distance from the middle of the frame (to a quarter in the corner).
fn prominence(detection: &Detection, frame: &Frame) -> f32 {
    let [left, top, right, bottom] = detection.bounds;
    let (w, h) = (frame.width() as f32, frame.height() as f32);
    let from_middle = (f32::midpoint(left, right) / w - 0.5).hypot(f32::midpoint(top, bottom) / h - 0.5);
    let centrality = 1.0 - 0.75 * (from_middle / std::f32::consts::FRAC_1_SQRT_2).min(1.0);
    (right - left) * (bottom - top) * centrality * detection.score
}

#[cfg(test)]
mod tests {
    use super::*;
    use opencv::core::{CV_8UC3, Mat, Scalar};

    fn frame() -> Frame {
        Frame::new(Mat::new_rows_cols_with_default(480, 640, CV_8UC3, Scalar::all(0.0)).unwrap()).unwrap()
    }

    fn face(x: f32, y: f32, size: f32) -> Detection {
        Detection { bounds: [x, y, x + size, y + size], keypoints: vec![], score: 0.9 }
    }

    fn mesh(x: f32, y: f32, size: f32) -> Vec<Landmark> {
        let mut points = vec![[x + size / 2.0, y + size / 2.0, 0.0]; 478];
        points[0] = [x, y, 0.0];
        points[1] = [x + size, y + size, 0.0];
        points
    }

    #[test]
    fn the_largest_and_most_central_face_is_chosen() {
        let found = [face(0.0, 0.0, 100.0), face(270.0, 190.0, 100.0), face(300.0, 200.0, 40.0)];
        let chosen = Performer::default().choose(&found, &frame(), 0.0).unwrap();
        assert_eq!(chosen, &found[1]);
    }

    #[test]
    fn a_larger_passer_by_does_not_take_the_stage() {
        let mut performer = Performer::default();
        performer.follow(&mesh(250.0, 180.0, 120.0), 0.0);
        performer.lose();
        let passer_by = [face(10.0, 100.0, 250.0)];
        assert!(performer.choose(&passer_by, &frame(), 500.0).is_none(), "waits for the performer");
        let both = [face(10.0, 100.0, 250.0), face(255.0, 185.0, 100.0)];
        assert_eq!(performer.choose(&both, &frame(), 800.0), Some(&both[1]), "the performer is back");
        assert!(performer.choose(&passer_by, &frame(), 2000.0).is_some(), "the performer has left");
    }

    #[test]
    fn a_face_that_slid_into_the_region_is_another() {
        let mut performer = Performer::default();
        performer.follow(&mesh(250.0, 180.0, 120.0), 0.0);
        assert!(performer.is_same(&mesh(265.0, 180.0, 122.0)));
        assert!(!performer.is_same(&mesh(100.0, 120.0, 240.0)));
    }
}
