//! Where frames come from: a camera, a GStreamer pipeline, a video file, a folder of pictures, one picture.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use opencv::core::Mat;
use opencv::prelude::*;
use opencv::videoio::{
    CAP_ANY, CAP_FFMPEG, CAP_GSTREAMER, CAP_PROP_AUTO_EXPOSURE, CAP_PROP_BUFFERSIZE, CAP_PROP_EXPOSURE, CAP_PROP_FPS,
    CAP_PROP_FRAME_COUNT, CAP_PROP_FRAME_HEIGHT, CAP_PROP_FRAME_WIDTH, CAP_PROP_POS_MSEC, CAP_V4L2, VideoCapture,
};
use rasika_models::perception::{Frame, FrameError};

use crate::stills::kind::{Kind, Named};
use crate::stills::{self, Listing, PictureError};

/// Frame rate that is assumed where a source does not tell its own, in Hz.
pub const USUAL_RATE_HZ: f64 = 30.0;
/// A file that ends before this share of the frames it announced is taken as truncated; announcements are estimates.
const WHOLE_SHARE: f64 = 0.9;

/// Why there are no (more) frames.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No such file or device.
    #[error("{0} does not exist; give a video, a picture, a folder of pictures, or --camera /dev/video0")]
    Missing(String),
    /// Nothing was named.
    #[error("no source; give a video, a picture, a folder of pictures, or --camera /dev/video0")]
    None,
    /// It is there and cannot be read as a video.
    #[error("{0} cannot be read as a video; it may be damaged, truncated or in a format that OpenCV does not know")]
    NoVideo(String),
    /// The camera or pipeline does not open.
    #[error("{0} does not open; is it plugged in, and not in use by another program?")]
    NoCamera(String),
    /// The pipeline does not open.
    #[error(
        "the pipeline '{0}' does not open: it does not parse, lacks a plugin, or does not end in an appsink; try it with gst-launch-1.0"
    )]
    NoPipeline(String),
    /// A name that OpenCV cannot be given.
    #[error("the name of {0} is not UTF-8; rename it")]
    Name(String),
    /// A camera that stopped giving frames.
    #[error("{0} stopped giving frames")]
    CameraStopped(String),
    /// A picture that cannot be read.
    #[error("{0} cannot be read as a picture: {1}")]
    NoPicture(String, PictureError),
    /// A picture in a format that cannot be used.
    #[error("{0}: {1}")]
    Format(String, FrameError),
    /// A folder without pictures; what it holds instead, in words.
    #[error("{0} holds no pictures (jpg, png, gif, webp, tiff, bmp, ppm, heic, avif){1}")]
    NoPictures(String, String),
    /// A file that ended too soon.
    #[error("{path} ended after {read} of {announced} frames; it is truncated or damaged")]
    Truncated {
        /// The file.
        path: String,
        /// Frames read.
        read: u64,
        /// Frames that its header announces.
        announced: u64,
    },
    /// The system refused.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// OpenCV failed.
    #[error("OpenCV failed on {0}: {1}")]
    OpenCv(String, opencv::Error),
}

impl SourceError {
    /// Whether it is about one picture of several, and the next may be read.
    #[must_use]
    pub fn is_of_one_picture(&self) -> bool {
        matches!(self, Self::NoPicture(..) | Self::Format(..))
    }
}

/// One frame of a source.
pub struct Shot {
    /// The picture.
    pub frame: Arc<Frame>,
    /// Number in the source, from 0.
    pub number: u64,
    /// Time from the start of the source, in milliseconds.
    pub time_ms: f64,
    /// Name of the picture in its folder.
    pub file: Option<String>,
}

/// What frames are read from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A camera device, by path or number.
    Camera(String),
    /// A GStreamer pipeline that ends in an appsink.
    Pipeline(String),
    /// A video file.
    Video(PathBuf),
    /// Pictures by name, in alphabetical order.
    Pictures(Vec<PathBuf>),
}

impl Source {
    /// The files it reads.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        match self {
            Self::Camera(_) | Self::Pipeline(_) => &[],
            Self::Video(file) => std::slice::from_ref(file),
            Self::Pictures(files) => files,
        }
    }

    /// Finds out what a path is: a video, a picture, a folder of pictures, or a camera device.
    ///
    /// # Errors
    /// Nothing is there, or the folder holds no pictures.
    pub fn of_path(path: &Path) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let io = |e| SourceError::Io(name.clone(), e);
        if !path.try_exists().map_err(io)? {
            return Err(SourceError::Missing(name));
        }
        let kind = path.metadata().map_err(io)?;
        if kind.is_dir() {
            let listing = Listing::of(path).map_err(io)?;
            if listing.pictures.is_empty() {
                let others = listing.left_out_in_words().map_or_else(String::new, |words| format!("; {words}"));
                return Err(SourceError::NoPictures(name, others));
            }
            return Ok(Self::Pictures(listing.pictures));
        }
        if kind.is_file() && is_picture(path) {
            return Ok(Self::Pictures(vec![path.to_owned()]));
        }
        Ok(if kind.is_file() { Self::Video(path.to_owned()) } else { Self::Camera(name) })
    }

    /// Whether frames come at their own time and are lost when nobody looks.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Camera(_) | Self::Pipeline(_))
    }

    /// Whether the frames are unrelated pictures.
    #[must_use]
    pub fn is_stills(&self) -> bool {
        matches!(self, Self::Pictures(_))
    }

    /// Opens the source; `mirrored` frames are turned back, left for right. OpenCV's own remarks are silenced from then
    /// on: every one that matters is an error here.
    ///
    /// # Errors
    /// It is not there or cannot be read.
    pub fn open(&self, mirrored: bool) -> Result<Reader, SourceError> {
        // Read from the environment only before `main`, so it has to be said here; failing that is no harm.
        let _ = opencv::core::set_log_level(opencv::core::LogLevel::LOG_LEVEL_SILENT);
        let from = match self {
            Self::Pictures(files) => Ok(From::Pictures(files.clone().into_iter().enumerate())),
            Self::Video(path) => {
                let name = path.display().to_string();
                let utf8 = path.to_str().ok_or_else(|| SourceError::Name(name.clone()))?;
                // FFmpeg takes the beginning of a relative name with a colon for a protocol.
                let plain = if path.is_absolute() { utf8.to_owned() } else { format!("./{utf8}") };
                let mut film = Film::open(&plain, CAP_FFMPEG, SourceError::NoVideo).map_err(|error| match error {
                    SourceError::NoVideo(_) => SourceError::NoVideo(name.clone()),
                    other => other,
                })?;
                film.name = name;
                // Only these containers count their frames; elsewhere OpenCV guesses.
                let counted = ["mp4", "m4v", "mov"];
                let ending = path.extension().and_then(|e| e.to_str()).map(str::to_lowercase);
                film.counted = ending.is_some_and(|e| counted.contains(&e.as_str()));
                Ok(From::Film(film))
            }
            Self::Camera(device) => {
                let mut film = Film::open(device, CAP_V4L2, SourceError::NoCamera)?;
                // One frame of delay at most, where the driver allows it.
                let _ = film.capture.set(CAP_PROP_BUFFERSIZE, 1.0);
                film.announced = None;
                film.is_camera = true;
                Ok(From::Film(film))
            }
            Self::Pipeline(pipeline) => {
                let mut film = Film::open(pipeline, CAP_GSTREAMER, SourceError::NoPipeline)?;
                film.announced = None;
                Ok(From::Film(film))
            }
        };
        Ok(Reader { from: from?, mirrored })
    }
}

/// Whether a file that was named by itself is a picture. A GIF is a film: it may move.
fn is_picture(path: &Path) -> bool {
    match stills::of_file(path) {
        Ok(Some(Kind::Film | Kind::Gif)) => false,
        Ok(Some(Kind::Netpbm) | None) | Err(_) => {
            matches!(Kind::of_name(path), Some(Named::Picture | Named::Foreign(_)))
        }
        Ok(Some(_)) => true,
    }
}

/// What a camera is asked for; it may give something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Frames a second.
    pub rate_hz: u32,
    /// Exposure in units of 100 µs, as V4L2 counts it; `None` leaves it to the camera.
    pub exposure_100_us: Option<u16>,
}

impl Default for Wish {
    fn default() -> Self {
        Self { width: 640, height: 480, rate_hz: 30, exposure_100_us: None }
    }
}

/// An open source: an iterator of shots.
///
/// A picture that cannot be read is an `Err` and the next one follows; a video that ended too soon is a last `Err`.
pub struct Reader {
    from: From,
    mirrored: bool,
}

enum From {
    Film(Film),
    Pictures(std::iter::Enumerate<std::vec::IntoIter<PathBuf>>),
}

impl Reader {
    /// Asks a camera for size, rate and exposure. Films, pictures and pipelines are as they are.
    pub fn ask(&mut self, wish: &Wish) {
        // V4L2's way to say that the exposure is the user's, or the camera's.
        const MANUAL: f64 = 1.0;
        const AUTOMATIC: f64 = 3.0;
        let From::Film(film) = &mut self.from else { return };
        if !film.is_camera {
            return;
        }
        let mut set = |property, value: f64| {
            // What a driver does not know it leaves as it is.
            let _ = film.capture.set(property, value);
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
        film.rate_hz =
            film.capture.get(CAP_PROP_FPS).ok().filter(|hz| (1.0..=1000.0).contains(hz)).unwrap_or(film.rate_hz);
    }

    /// Frames a second.
    #[must_use]
    pub fn rate_hz(&self) -> f64 {
        match &self.from {
            From::Film(film) => film.rate_hz,
            From::Pictures(_) => USUAL_RATE_HZ,
        }
    }

    /// How many frames there will be, as far as is known.
    #[must_use]
    pub fn announced(&self) -> Option<u64> {
        match &self.from {
            From::Film(film) => film.announced,
            From::Pictures(files) => u64::try_from(files.len()).ok(),
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Shot, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.from {
            From::Film(film) => film.read(self.mirrored).transpose(),
            From::Pictures(files) => {
                let (number, path) = files.next()?;
                Some(read_picture(&path, self.mirrored).map(|frame| Shot {
                    frame: Arc::new(frame),
                    number: number as u64,
                    time_ms: number as f64 * 1000.0 / USUAL_RATE_HZ,
                    file: Some(file_name(&path)),
                }))
            }
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn read_picture(path: &Path, mirrored: bool) -> Result<Frame, SourceError> {
    let name = || path.display().to_string();
    let picture = stills::read(path).map_err(|error| SourceError::NoPicture(name(), error))?;
    frame_of(picture, mirrored).map_err(|error| SourceError::Format(name(), error))
}

/// A frame of a picture, turned back if it is a mirror image.
fn frame_of(picture: Mat, mirrored: bool) -> Result<Frame, FrameError> {
    if !mirrored || picture.empty() {
        return Frame::new(picture);
    }
    let mut turned = Mat::default();
    opencv::core::flip(&picture, &mut turned, 1)?;
    Frame::new(turned)
}

/// A camera, pipeline or video file that is open.
struct Film {
    name: String,
    capture: VideoCapture,
    rate_hz: f64,
    announced: Option<u64>,
    /// Whether the announcement is a count, and not a guess from the duration.
    counted: bool,
    read: u64,
    /// Timestamp of the first frame, and time of the last, in milliseconds.
    first_ms: Option<f64>,
    last_ms: f64,
    /// When a live source was opened: its frames are timed by the clock.
    opened: Option<std::time::Instant>,
    ended: bool,
    /// Whether it is a camera that can be asked for things.
    is_camera: bool,
}

impl Film {
    fn open(name: &str, backend: i32, refused: fn(String) -> SourceError) -> Result<Self, SourceError> {
        let opencv = |e| SourceError::OpenCv(name.to_owned(), e);
        let live = backend != CAP_FFMPEG;
        let capture = match name.parse::<i32>() {
            Ok(index) if live => VideoCapture::new(index, CAP_ANY),
            _ => VideoCapture::from_file(name, backend),
        }
        .map_err(opencv)?;
        if !capture.is_opened().map_err(opencv)? {
            return Err(refused(name.to_owned()));
        }
        let known = |property| capture.get(property).ok().filter(|v| v.is_finite() && *v > 0.0);
        let rate_hz = known(CAP_PROP_FPS).filter(|hz| *hz <= 1000.0).unwrap_or(USUAL_RATE_HZ);
        let announced = known(CAP_PROP_FRAME_COUNT).filter(|n| *n < 1e9).map(|n| n as u64);
        Ok(Self {
            name: name.to_owned(),
            rate_hz,
            announced,
            counted: false,
            read: 0,
            first_ms: None,
            last_ms: 0.0,
            opened: live.then(std::time::Instant::now),
            capture,
            ended: false,
            is_camera: false,
        })
    }

    fn read(&mut self, mirrored: bool) -> Result<Option<Shot>, SourceError> {
        if self.ended {
            return Ok(None);
        }
        let mut picture = Mat::default();
        let got = self.capture.read(&mut picture);
        if !got.map_err(|e| SourceError::OpenCv(self.name.clone(), e))? || picture.empty() {
            self.ended = true;
            return self.end();
        }
        let frame = frame_of(picture, mirrored).map_err(|e| SourceError::Format(self.name.clone(), e))?;
        let number = self.read;
        self.read += 1;
        let time_ms = match self.opened {
            Some(opened) => opened.elapsed().as_secs_f64() * 1000.0,
            None => self.film_time(number),
        };
        Ok(Some(Shot { frame: Arc::new(frame), number, time_ms, file: None }))
    }

    /// Time of the frame just read, from the film's own timestamps: frames need not be evenly spaced.
    fn film_time(&mut self, number: u64) -> f64 {
        let even_ms = number as f64 * 1000.0 / self.rate_hz;
        let stamp = self.capture.get(CAP_PROP_POS_MSEC).ok().filter(|ms| ms.is_finite());
        let first = *self.first_ms.get_or_insert(stamp.unwrap_or(0.0));
        let time_ms = stamp.map(|ms| ms - first).filter(|ms| number == 0 || *ms > self.last_ms);
        // Without a timestamp that advances, a frame comes a frame's time after the one before.
        self.last_ms = time_ms.unwrap_or(if number == 0 { even_ms } else { self.last_ms + 1000.0 / self.rate_hz });
        self.last_ms
    }

    fn end(&self) -> Result<Option<Shot>, SourceError> {
        if self.opened.is_some() {
            return Err(SourceError::CameraStopped(self.name.clone()));
        }
        if self.read == 0 {
            return Err(SourceError::NoVideo(self.name.clone()));
        }
        match self.announced {
            Some(announced) if self.counted && (self.read as f64) < announced as f64 * WHOLE_SHARE => {
                Err(SourceError::Truncated { path: self.name.clone(), read: self.read, announced })
            }
            _ => Ok(None),
        }
    }
}
