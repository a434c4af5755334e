//! Frames to observations, as MediaPipe's face and hand landmarkers do it, on LiteRT.
//!
//! ```text
//!           ┌─ face thread:  detector → mesh (478) → blendshapes (52), head pose
//!   frame ──┤
//!           └─ hands thread: palm detector (now and then) → hand landmarks (2 × 21)
//! ```

pub mod crop;
mod detector;
mod face;
pub mod governor;
mod hands;
mod one_euro;
mod performer;
mod roi;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

pub use crate::head_pose::HeadPose;
pub use crop::{Frame, FrameError};
pub use hands::SEARCH_EVERY;

use crate::observation::{Hand, Observation};
use crate::runtime::RuntimeError;
use face::FaceTracker;
use hands::HandTracker;

/// Why perception cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum PerceptionError {
    /// A network cannot be loaded or run.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// OpenCV failed on a frame.
    #[error("OpenCV failed on a frame: {0}")]
    OpenCv(#[from] opencv::Error),
    /// A thread could not be started, or has died.
    #[error("the thread for hands {0}")]
    Thread(String),
}

/// Whether a frame is seen in the light of the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracking {
    /// Faces and hands are followed and smoothed, as in a video.
    Follow,
    /// Every frame is searched afresh and nothing is smoothed, as for stills.
    EveryFrame,
}

/// How hands keep step with the face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandsPace {
    /// Each observation holds the hands of its very frame: for files.
    InStep,
    /// Each observation holds the newest hands there are; a face never waits for hands: for live sources.
    Newest,
}

/// How a [`Perceiver`] works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folder of the .tflite networks.
    pub models: PathBuf,
    /// Follow, or search every frame.
    pub tracking: Tracking,
    /// Whether the face waits for the hands.
    pub pace: HandsPace,
    /// Look at hands on every n-th frame only (1 = every frame); frames between repeat the last hands.
    pub hands_every: u32,
}

/// Where the time of one observation went.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timing {
    /// From frame to observation.
    pub wall: Duration,
    /// In the bare networks of the face.
    pub face_networks: Duration,
    /// In the bare networks of the hands.
    pub hand_networks: Duration,
}

/// Frames in, observations out; hands on a thread of their own.
pub struct Perceiver {
    settings: Settings,
    face: FaceTracker,
    hands: HandsThread,
    /// Hands of the last look, and frames since.
    last_hands: Vec<Hand>,
    since_hands: u32,
    timing: Timing,
}

impl Perceiver {
    /// Loads the networks and starts the thread for hands.
    ///
    /// # Errors
    /// A model file is absent, damaged or another one.
    pub fn new(settings: Settings) -> Result<Self, PerceptionError> {
        // The warps are small: OpenCV's own threads would cost more than they bring. Failing that is no harm.
        let _ = opencv::core::set_num_threads(1);
        let face = FaceTracker::new(&settings.models)?;
        let hands = HandsThread::start(&settings.models)?;
        let since_hands = settings.hands_every;
        Ok(Self { settings, face, hands, last_hands: Vec::new(), since_hands, timing: Timing::default() })
    }

    /// Looks at one frame. Times must not go back; `frame_number` is carried through.
    ///
    /// # Errors
    /// OpenCV or LiteRT failed on it; the next frame may go well.
    pub fn observe(
        &mut self,
        frame: &Arc<Frame>,
        frame_number: u64,
        time_ms: f64,
    ) -> Result<Observation, PerceptionError> {
        let start = Instant::now();
        self.since_hands += 1;
        let look_at_hands =
            self.since_hands >= self.settings.hands_every || self.settings.tracking == Tracking::EveryFrame;
        if look_at_hands && self.hands.submit(frame, frame_number, self.settings.tracking)? {
            self.since_hands = 0;
        }
        let face = self.face.see(frame, time_ms, self.settings.tracking);
        let mut hand_networks = Duration::ZERO;
        let seen = match self.settings.pace {
            HandsPace::InStep => self.hands.wait()?,
            HandsPace::Newest => self.hands.newest()?,
        };
        if let Some(seen) = seen {
            hand_networks = seen.busy;
            self.last_hands = seen.hands?;
        }
        let face_networks = self.face.take_busy();
        self.timing = Timing { wall: start.elapsed(), face_networks, hand_networks };
        Ok(Observation {
            frame: frame_number,
            time_ms,
            width: frame.width(),
            height: frame.height(),
            face: face?,
            hands: self.last_hands.clone(),
        })
    }

    /// Looks at hands on every n-th frame from now on (the governor's lever).
    pub fn set_hands_every(&mut self, n: u32) {
        self.settings.hands_every = n.max(1);
    }

    /// Where the time of the last observation went.
    #[must_use]
    pub fn timing(&self) -> Timing {
        self.timing
    }
}

struct Look {
    frame: Arc<Frame>,
    number: u64,
    tracking: Tracking,
}

struct Seen {
    hands: Result<Vec<Hand>, PerceptionError>,
    busy: Duration,
    next_look: u64,
}

/// The hands' own thread: one look at a time.
struct HandsThread {
    looks: Option<Sender<Look>>,
    seen: Receiver<Seen>,
    waiting: bool,
    /// No frame before this one needs a look: no hand is followed and no search is due.
    next_look: u64,
    thread: Option<JoinHandle<()>>,
}

impl HandsThread {
    fn start(models: &Path) -> Result<Self, PerceptionError> {
        let mut tracker = HandTracker::new(models)?;
        let (looks, to_look) = bounded::<Look>(1);
        let (tell, seen) = bounded::<Seen>(1);
        let work = move || {
            for Look { frame, number, tracking } in to_look {
                let hands = tracker.see(&frame, number, tracking);
                let (busy, next_look) = (tracker.take_busy(), tracker.next_look());
                if tell.send(Seen { hands, busy, next_look }).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("hands".into())
            .spawn(work)
            .map_err(|e| PerceptionError::Thread(format!("could not be started: {e}")))?;
        Ok(Self { looks: Some(looks), seen, waiting: false, next_look: 0, thread: Some(thread) })
    }

    /// Gives a frame to look at, unless the thread is still busy with another or has nothing to do in this one; tells
    /// whether it was given.
    fn submit(&mut self, frame: &Arc<Frame>, number: u64, tracking: Tracking) -> Result<bool, PerceptionError> {
        if self.waiting || (number < self.next_look && tracking == Tracking::Follow) {
            return Ok(false);
        }
        let looks = self.looks.as_ref().ok_or_else(died)?;
        looks.send(Look { frame: Arc::clone(frame), number, tracking }).map_err(|_| died())?;
        self.waiting = true;
        Ok(true)
    }

    fn wait(&mut self) -> Result<Option<Seen>, PerceptionError> {
        if !self.waiting {
            return Ok(None);
        }
        let seen = self.seen.recv().map_err(|_| died())?;
        Ok(Some(self.done(seen)))
    }

    fn done(&mut self, seen: Seen) -> Seen {
        self.waiting = false;
        self.next_look = seen.next_look;
        seen
    }

    fn newest(&mut self) -> Result<Option<Seen>, PerceptionError> {
        match self.seen.try_recv() {
            Ok(seen) => Ok(Some(self.done(seen))),
            Err(crossbeam_channel::TryRecvError::Empty) => Ok(None),
            Err(crossbeam_channel::TryRecvError::Disconnected) => Err(died()),
        }
    }
}

fn died() -> PerceptionError {
    PerceptionError::Thread("has died".into())
}

impl Drop for HandsThread {
    fn drop(&mut self) {
        self.looks = None;
        // Leave no answer behind that the thread would wait to deliver.
        while self.seen.recv().is_ok() {}
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
