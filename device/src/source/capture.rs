//! Cameras and pipelines, by OpenCV: what comes at its own time.

use std::time::Instant;

use opencv::core::Mat;
use opencv::prelude::*;
use opencv::videoio::{
    CAP_ANY, CAP_GSTREAMER, CAP_PROP_AUTO_EXPOSURE, CAP_PROP_BUFFERSIZE, CAP_PROP_EXPOSURE, CAP_PROP_FPS,
    CAP_PROP_FRAME_HEIGHT, CAP_PROP_FRAME_WIDTH, CAP_V4L2, VideoCapture,
};
use rasika_models::perception::Frame;
use std::sync::Arc;

use super::shape::Orientation;
use super::{Shot, SourceError, USUAL_RATE_HZ, Wish};

/// A camera or pipeline that is open.
pub(super) struct Capture {
    name: String,
    capture: VideoCapture,
    rate_hz: f64,
    read: u64,
    opened: Instant,
    has_ended: bool,
    /// Whether it is a camera that can be asked for things.
    is_camera: bool,
}

impl Capture {
    pub(super) fn camera(device: &str) -> Result<Self, SourceError> {
        let mut camera = Self::open(device, CAP_V4L2, SourceError::NoCamera)?;
        // One frame of delay at most, where the driver allows it.
        let _ = camera.capture.set(CAP_PROP_BUFFERSIZE, 1.0);
        camera.is_camera = true;
        Ok(camera)
    }

    pub(super) fn pipeline(pipeline: &str) -> Result<Self, SourceError> {
        Self::open(pipeline, CAP_GSTREAMER, SourceError::NoPipeline)
    }

    fn open(name: &str, backend: i32, refused: fn(String) -> SourceError) -> Result<Self, SourceError> {
        let opencv = |e| SourceError::OpenCv(name.to_owned(), e);
        // Read from the environment only before `main`, so it has to be said here; failing that is no harm.
        let _ = opencv::core::set_log_level(opencv::core::LogLevel::LOG_LEVEL_SILENT);
        let capture = match name.parse::<i32>() {
            Ok(index) => VideoCapture::new(index, CAP_ANY),
            Err(_) => VideoCapture::from_file(name, backend),
        }
        .map_err(opencv)?;
        if !capture.is_opened().map_err(opencv)? {
            return Err(refused(name.to_owned()));
        }
        let told = capture.get(CAP_PROP_FPS).ok().filter(|hz| hz.is_finite() && *hz > 0.0 && *hz <= 1000.0);
        Ok(Self {
            name: name.to_owned(),
            capture,
            rate_hz: told.unwrap_or(USUAL_RATE_HZ),
            read: 0,
            opened: Instant::now(),
            has_ended: false,
            is_camera: false,
        })
    }

    pub(super) fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    pub(super) fn ask(&mut self, wish: &Wish) {
        // V4L2's way to say that the exposure is the user's, or the camera's.
        const MANUAL: f64 = 1.0;
        const AUTOMATIC: f64 = 3.0;
        if !self.is_camera {
            return;
        }
        let mut set = |property, value: f64| {
            // What a driver does not know it leaves as it is.
            let _ = self.capture.set(property, value);
        };
        set(CAP_PROP_FRAME_WIDTH, f64::from(wish.width));
        set(CAP_PROP_FRAME_HEIGHT, f64::from(wish.height));
        set(CAP_PROP_FPS, f64::from(wish.rate_hz));
        match wish.exposure_100_us {
            Some(exposure) => {
                set(CAP_PROP_AUTO_EXPOSURE, MANUAL);
                set(CAP_PROP_EXPOSURE, f64::from(exposure));
            }
            None => set(CAP_PROP_AUTO_EXPOSURE, AUTOMATIC),
        }
        let told = self.capture.get(CAP_PROP_FPS).ok();
        self.rate_hz = told.filter(|hz| (1.0..=1000.0).contains(hz)).unwrap_or(self.rate_hz);
    }

    pub(super) fn read(&mut self, mirrored: bool) -> Result<Option<Shot>, SourceError> {
        if self.has_ended {
            return Ok(None);
        }
        let mut picture = Mat::default();
        let got = self.capture.read(&mut picture);
        if !got.map_err(|e| SourceError::OpenCv(self.name.clone(), e))? || picture.empty() {
            self.has_ended = true;
            return Err(SourceError::CameraStopped(self.name.clone()));
        }
        let mirror = Orientation::of_exif(if mirrored { 2 } else { 1 });
        let turned = mirror.apply(picture).map_err(|e| SourceError::OpenCv(self.name.clone(), e))?;
        let frame = Frame::new(turned).map_err(|e| SourceError::Format(self.name.clone(), e))?;
        let number = self.read;
        self.read += 1;
        let time_ms = self.opened.elapsed().as_secs_f64() * 1000.0;
        Ok(Some(Shot { frame: Arc::new(frame), number, time_ms, file: None }))
    }
}
