//! Where frames come from: a camera, a GStreamer pipeline, a film, a folder of pictures, one picture.

mod bytes;
mod capture;
mod clock;
mod error;
mod feed;
mod film;
mod reel;
pub mod shape;
mod whole;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rasika_models::perception::Frame;

pub use bytes::Place;
pub use error::SourceError;
pub use feed::{Came, Feed};

use crate::stills::kind::{Kind, Named};
use crate::stills::{self, Listing};

use capture::Capture;
use film::Film;
use shape::Orientation;

/// Frame rate that is assumed where a source does not tell its own, in Hz.
pub const USUAL_RATE_HZ: f64 = 30.0;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A camera device, by path or number.
    Camera(String),
    /// A GStreamer pipeline that ends in an appsink.
    Pipeline(String),
    /// A film: a file, a pipe, an address.
    Video(Place),
    /// Pictures by name, in alphabetical order.
    Pictures(Vec<PathBuf>),
}

impl Source {
    /// The files it reads.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        match self {
            Self::Camera(_) | Self::Pipeline(_) | Self::Video(Place::Input | Place::Url(_)) => &[],
            Self::Video(Place::File(file) | Place::Pipe(file)) => std::slice::from_ref(file),
            Self::Pictures(files) => files,
        }
    }

    /// Its name, for people.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Camera(name) => name.clone(),
            Self::Pipeline(_) => "the pipeline".to_owned(),
            Self::Video(place) => place.name(),
            Self::Pictures(files) => files.first().map_or_else(String::new, |file| file.display().to_string()),
        }
    }

    /// Finds out what a path is: a video, a picture, a folder of pictures, a camera device, a pipe, `-` for standard
    /// input, an address.
    ///
    /// # Errors
    /// Nothing is there, the folder holds no pictures, or the address is of a kind that is not read here.
    pub fn of_path(path: &Path) -> Result<Self, SourceError> {
        if path.as_os_str() == "-" {
            return Place::of_input().map(Self::Video);
        }
        match path.to_str().and_then(Place::of_url) {
            Some(Ok(Place::File(file))) => return Self::of_path(&file),
            Some(place) => return place.map(Self::Video),
            None => {}
        }
        let name = path.display().to_string();
        let io = |e| SourceError::Io(name.clone(), e);
        if !path.try_exists().map_err(io)? {
            return Err(SourceError::Missing(name));
        }
        let kind = path.metadata().map_err(io)?.file_type();
        if kind.is_dir() {
            let listing = Listing::of(path).map_err(io)?;
            if listing.pictures.is_empty() {
                let others = listing.left_out_in_words().map_or_else(String::new, |words| format!("; {words}"));
                return Err(SourceError::NoPictures(name, others));
            }
            return Ok(Self::Pictures(listing.pictures));
        }
        if bytes::is_pipe(kind) {
            return Ok(Self::Video(Place::Pipe(path.to_owned())));
        }
        if kind.is_file() && is_picture(path) {
            return Ok(Self::Pictures(vec![path.to_owned()]));
        }
        Ok(if kind.is_file() { Self::Video(Place::File(path.to_owned())) } else { Self::Camera(name) })
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

    /// Opens the source; `mirrored` frames are turned back, left for right. A source that gives nothing is waited for.
    ///
    /// # Errors
    /// It is not there or cannot be read.
    pub fn open(&self, mirrored: bool) -> Result<Reader, SourceError> {
        self.open_until(mirrored, &Arc::default())
    }

    /// The same; where it can, it lets go of a source that gives nothing when `quit` is set.
    ///
    /// # Errors
    /// It is not there or cannot be read, or `quit` was set.
    pub fn open_until(&self, mirrored: bool, quit: &Arc<AtomicBool>) -> Result<Reader, SourceError> {
        let from = match self {
            Self::Pictures(files) => From::Pictures(files.clone().into_iter().enumerate()),
            Self::Video(place) => From::Film(Box::new(Film::open(place, quit)?)),
            Self::Camera(device) => From::Capture(Capture::camera(device)?),
            Self::Pipeline(pipeline) => From::Capture(Capture::pipeline(pipeline)?),
        };
        Ok(Reader { from, mirrored, end_ms: 0.0 })
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

/// What is known of an open source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outline {
    /// Frames a second.
    pub rate_hz: f64,
    /// How many frames there will be, as far as is known.
    pub frames: Option<u64>,
    /// How long it lasts, in milliseconds, as far as is known.
    pub length_ms: Option<f64>,
}

impl Outline {
    /// Share of it that is done at a time, 0–1, as far as its length is known.
    #[must_use]
    pub fn done(&self, time_ms: f64) -> Option<f64> {
        self.length_ms.filter(|ms| *ms > 0.0).map(|length_ms| (time_ms / length_ms).clamp(0.0, 1.0))
    }
}

/// What became of a source, as far as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ending {
    /// Frames that could not be decoded and were left out.
    pub skipped: u64,
    /// When it ends, picture and sound together, in milliseconds from its start.
    pub end_ms: f64,
}

impl Ending {
    /// What there is to say of frames that were left out.
    #[must_use]
    pub fn skipped_words(&self, name: &str) -> Option<String> {
        match self.skipped {
            0 => None,
            1 => Some(format!("1 frame of {name} could not be decoded and was left out")),
            n => Some(format!("{n} frames of {name} could not be decoded and were left out")),
        }
    }
}

/// An open source: an iterator of shots.
///
/// A picture that cannot be read is an `Err` and the next one follows; a film that ended too soon is a last `Err`.
pub struct Reader {
    from: From,
    mirrored: bool,
    end_ms: f64,
}

enum From {
    Film(Box<Film>),
    Capture(Capture),
    Pictures(std::iter::Enumerate<std::vec::IntoIter<PathBuf>>),
}

impl Reader {
    /// Asks a camera for size, rate and exposure. Films, pictures and pipelines are as they are.
    pub fn ask(&mut self, wish: &Wish) {
        if let From::Capture(capture) = &mut self.from {
            capture.ask(wish);
        }
    }

    /// Frames a second.
    #[must_use]
    pub fn rate_hz(&self) -> f64 {
        self.outline().rate_hz
    }

    /// How many frames there will be, as far as is known.
    #[must_use]
    pub fn announced(&self) -> Option<u64> {
        self.outline().frames
    }

    /// What is known of it.
    #[must_use]
    pub fn outline(&self) -> Outline {
        match &self.from {
            From::Film(film) => {
                Outline { rate_hz: film.rate_hz(), frames: film.announced(), length_ms: film.length_ms() }
            }
            From::Capture(capture) => Outline { rate_hz: capture.rate_hz(), frames: None, length_ms: None },
            From::Pictures(files) => Outline {
                rate_hz: USUAL_RATE_HZ,
                frames: u64::try_from(files.len()).ok(),
                length_ms: Some(files.len() as f64 * 1000.0 / USUAL_RATE_HZ),
            },
        }
    }

    /// What became of it so far.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match &self.from {
            From::Film(film) => Ending { skipped: film.skipped(), end_ms: film.end_ms() },
            From::Capture(_) | From::Pictures(_) => Ending { skipped: 0, end_ms: self.end_ms },
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Shot, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let shot = match &mut self.from {
            From::Film(film) => film.read(self.mirrored).transpose(),
            From::Capture(capture) => capture.read(self.mirrored).transpose(),
            From::Pictures(files) => files.next().map(|(number, path)| {
                let frame = read_picture(&path, self.mirrored)?;
                let time_ms = number as f64 * 1000.0 / USUAL_RATE_HZ;
                Ok(Shot { frame: Arc::new(frame), number: number as u64, time_ms, file: Some(file_name(&path)) })
            }),
        };
        if let Some(Ok(shot)) = &shot {
            self.end_ms = shot.time_ms + 1000.0 / self.rate_hz();
        }
        shot
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn read_picture(path: &Path, mirrored: bool) -> Result<Frame, SourceError> {
    let name = || path.display().to_string();
    let picture = stills::read(path).map_err(|error| SourceError::NoPicture(name(), error))?;
    let mirror = Orientation::of_exif(if mirrored { 2 } else { 1 });
    let picture = mirror.apply(picture).map_err(|error| SourceError::OpenCv(name(), error))?;
    Frame::new(picture).map_err(|error| SourceError::Format(name(), error))
}
