//! A film, read to its real end by FFmpeg: its own times, its own shape, and what could not be read counted.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opencv::core::{CV_8UC3, Mat, Scalar};
use opencv::prelude::*;
use rasika_models::perception::{Frame, FrameError};

use super::bytes::Place;
use super::clock::Clock;
use super::reel::{Reel, ReelError, ReelFrame, ReelOutline, ReelPacket, Step};
use super::shape::{Orientation, squared};
use super::{Shot, SourceError, USUAL_RATE_HZ, whole};

/// A film that ends before this share of the time it announced is cut off; announcements are estimates.
const WHOLE_SHARE: f64 = 0.9;
/// However short the film is, less than so much may be missing, in milliseconds.
const MISSING_MS: f64 = 300.0;
/// Failures in a row after which there is nothing more to be read.
const MOST_FAILURES: u32 = 10_000;
/// Lengths of packets that are remembered until their frames come: more than any decoder keeps back.
const REMEMBERED: usize = 256;
/// Frame rates that are one, in Hz; time bases are often told in their place.
const RATES_HZ: std::ops::RangeInclusive<f64> = 0.01..=240.0;

/// An open film.
pub(super) struct Film {
    place: Place,
    reel: Reel,
    clock: Clock,
    quit: Arc<AtomicBool>,
    rate_hz: f64,
    /// How long its header says that it lasts, in milliseconds.
    length_ms: Option<f64>,
    frames: Option<u64>,
    orientation: Orientation,
    /// When pieces of the picture are to be shown, and for how long.
    lengths_ms: VecDeque<(f64, f64)>,
    shown: u64,
    skipped: u64,
    /// Up to where pieces of the picture came, frames were shown, and sound came, in milliseconds.
    tried_ms: f64,
    shown_ms: f64,
    sound_ms: f64,
    failures: u32,
    /// The last thing that was read is not all there.
    is_last_partial: bool,
    broken: Option<ReelError>,
    is_drained: bool,
    has_ended: bool,
}

impl Film {
    pub(super) fn open(place: &Place, quit: &Arc<AtomicBool>) -> Result<Self, SourceError> {
        let reel = place.open(quit)?;
        let outline = reel.outline();
        let rate_hz = rate_of(&outline);
        let length_ms = Some(outline.length_ms).filter(|ms| !ms.is_nan());
        let counted = u64::try_from(outline.frames).ok().filter(|n| *n > 0);
        Ok(Self {
            place: place.clone(),
            reel,
            clock: Clock::new(Some(outline.start_ms).filter(|ms| !ms.is_nan()), rate_hz),
            quit: Arc::clone(quit),
            rate_hz,
            length_ms,
            frames: counted.or_else(|| length_ms.map(|ms| (ms * rate_hz / 1000.0).round() as u64)),
            orientation: Orientation::of_matrix(&outline.matrix),
            lengths_ms: VecDeque::new(),
            shown: 0,
            skipped: 0,
            tried_ms: 0.0,
            shown_ms: 0.0,
            sound_ms: 0.0,
            failures: 0,
            is_last_partial: false,
            broken: None,
            is_drained: false,
            has_ended: false,
        })
    }

    pub(super) fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    pub(super) fn length_ms(&self) -> Option<f64> {
        self.length_ms
    }

    /// How many frames it has, by its header.
    pub(super) fn announced(&self) -> Option<u64> {
        self.frames
    }

    /// How many frames could not be decoded so far.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped
    }

    /// When it ends, picture and sound together, as far as it was read, in milliseconds.
    pub(super) fn end_ms(&self) -> f64 {
        if !self.has_ended {
            return self.clock.end_ms();
        }
        let told = self.length_ms.filter(|ms| *ms > self.clock.last_ms() && !self.is_cut());
        self.sound_ms.max(told.unwrap_or_else(|| self.clock.end_ms()))
    }

    /// The next frame that can be decoded.
    pub(super) fn read(&mut self, mirrored: bool) -> Result<Option<Shot>, SourceError> {
        while !self.has_ended {
            match self.reel.frame() {
                Ok(frame) => return self.show(&frame, mirrored).map(Some),
                Err(Step::More) if !self.is_drained => self.feed(),
                Err(Step::End | Step::More) => self.has_ended = true,
                Err(Step::Damaged | Step::Failed) => {
                    self.fail();
                    if self.is_drained {
                        self.has_ended = self.failures >= MOST_FAILURES;
                    } else {
                        self.feed();
                    }
                }
            }
            if self.has_ended {
                return self.end();
            }
        }
        Ok(None)
    }

    /// Gives the decoder what comes next.
    fn feed(&mut self) {
        while self.failures < MOST_FAILURES {
            match self.reel.packet() {
                Ok(packet) => {
                    self.measure(&packet);
                    if !packet.is_picture() {
                        continue;
                    }
                    self.is_last_partial = packet.is_damaged();
                    match self.reel.send() {
                        Ok(()) => self.failures = 0,
                        Err(_) => self.fail(),
                    }
                    return;
                }
                Err((Step::End, _)) => break,
                // What comes next may be found again behind the damage.
                Err((Step::Damaged | Step::More, _)) => {
                    self.failures += 1;
                    self.is_last_partial = true;
                }
                Err((Step::Failed, cause)) => {
                    self.broken = Some(cause);
                    break;
                }
            }
        }
        self.is_drained = true;
        self.reel.send_end();
    }

    /// A frame that cannot be decoded.
    fn fail(&mut self) {
        self.skipped += 1;
        self.failures += 1;
    }

    /// Takes in how far a piece of picture or sound reaches.
    fn measure(&mut self, packet: &ReelPacket) {
        if packet.at_ms.is_nan() {
            return;
        }
        let end_ms = self.clock.place(packet.at_ms) + packet.lasts_ms;
        if packet.is_picture() {
            self.lengths_ms.push_back((packet.at_ms, packet.lasts_ms));
            if self.lengths_ms.len() > REMEMBERED {
                self.lengths_ms.pop_front();
            }
            self.tried_ms = self.tried_ms.max(end_ms);
        } else if packet.is_sound() {
            self.sound_ms = self.sound_ms.max(end_ms);
        }
    }

    fn show(&mut self, frame: &ReelFrame, mirrored: bool) -> Result<Shot, SourceError> {
        let stamp_ms = Some(frame.at_ms).filter(|ms| !ms.is_nan());
        let lasts_ms = self.lengths_ms.iter().find(|(at_ms, _)| *at_ms == frame.at_ms).map(|(_, lasts_ms)| *lasts_ms);
        let time_ms = self.clock.tell(stamp_ms, lasts_ms);
        self.shown_ms = self.clock.end_ms();
        let orientation = frame.matrix().map_or(self.orientation, Orientation::of_matrix);
        let mirror = Orientation::of_exif(if mirrored { 2 } else { 1 });
        let picture = self.picture(frame, orientation.then(mirror))?;
        let number = self.shown;
        self.shown += 1;
        Ok(Shot { frame: Arc::new(picture), number, time_ms, file: None })
    }

    /// The frame for OpenCV: 8-bit BGR, with square pixels, the right way up.
    fn picture(&mut self, frame: &ReelFrame, orientation: Orientation) -> Result<Frame, SourceError> {
        let opencv = |e| SourceError::Format(self.place.name(), FrameError::from(e));
        let (width, height) = squared(frame.width.unsigned_abs(), frame.height.unsigned_abs(), frame.pixel_aspect);
        let (rows, columns) = (height as i32, width as i32);
        let mut picture = Mat::new_rows_cols_with_default(rows, columns, CV_8UC3, Scalar::default()).map_err(opencv)?;
        let bytes = picture.data_bytes_mut().map_err(opencv)?;
        self.reel.pixels(width, height, bytes).map_err(|e| SourceError::FFmpeg(self.place.name(), e))?;
        let turned = orientation.apply(picture).map_err(opencv)?;
        Frame::new(turned).map_err(|e| SourceError::Format(self.place.name(), e))
    }

    /// Whether less has come than there should be.
    fn is_cut(&self) -> bool {
        let falls_short = |has_ms: f64, of_ms: f64| has_ms < of_ms * WHOLE_SHARE && of_ms - has_ms > MISSING_MS;
        let reach_ms = self.sound_ms.max(self.tried_ms).max(self.shown_ms);
        let is_whole = match &self.place {
            Place::File(path) => File::open(path).ok().and_then(|mut file| whole::is_whole(&mut file)),
            _ => None,
        };
        is_whole == Some(false)
            || is_whole.is_none() && self.is_last_partial
            || self.length_ms.is_some_and(|of_ms| falls_short(reach_ms, of_ms))
            || self.skipped > 0 && falls_short(self.shown_ms, self.tried_ms)
    }

    fn end(&self) -> Result<Option<Shot>, SourceError> {
        let (path, read, at_s) = (self.place.name(), self.shown, self.shown_ms / 1000.0);
        if self.quit.load(Ordering::Acquire) {
            return Ok(None);
        }
        if read == 0 && self.skipped > 0 {
            return Err(SourceError::NothingDecodes { path, tried: self.skipped });
        }
        if read == 0 {
            let is_file = matches!(self.place, Place::File(_));
            return Err(if is_file { SourceError::NoVideo(path) } else { SourceError::NoStream(path) });
        }
        if let Some(cause) = self.broken {
            return Err(SourceError::Broken { path, read, at_s, cause: cause.to_string() });
        }
        if self.is_cut() {
            let of_s = self.length_ms.map(|ms| ms / 1000.0).filter(|of_s| *of_s > at_s);
            return Err(SourceError::EndsEarly { path, read, at_s, of_s });
        }
        Ok(None)
    }
}

/// Frames a second: that which all frames keep to, or their average, or the usual.
fn rate_of(outline: &ReelOutline) -> f64 {
    [outline.rate_hz, outline.average_hz].into_iter().find(|hz| RATES_HZ.contains(hz)).unwrap_or(USUAL_RATE_HZ)
}
