//! Why there are no (more) frames.

use rasika_models::perception::FrameError;

use crate::stills::PictureError;

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
    #[error("{0} cannot be read as a video; it may be damaged, truncated or in a format that FFmpeg does not know")]
    NoVideo(String),
    /// Bytes that come one after the other cannot be read as a video.
    #[error(
        "{0} cannot be read as a video as it comes; save it to a file first, or send one that needs no going back: \
         Matroska, MPEG-TS, or MP4 made with -movflags frag_keyframe+empty_moov"
    )]
    NoStream(String),
    /// Standard input is a terminal.
    #[error("standard input is a terminal; send a video to it (… | rasikad see -), or name a file")]
    Terminal,
    /// An address that is no film but a live stream.
    #[error(
        "{url} is a live stream; give it as a pipeline: --pipeline \"{pipeline}\" (with the packages \
         gstreamer1.0-plugins-good and gstreamer1.0-libav)"
    )]
    LiveStream {
        /// The address.
        url: String,
        /// What reads it.
        pipeline: String,
    },
    /// An address of a kind that is not read.
    #[error("{0} is an address that cannot be read; give http:// or https://, a file, or a --pipeline of GStreamer")]
    Address(String),
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
    /// Somebody said stop before the first frame.
    #[error("stopped before {0} gave a frame")]
    Stopped(String),
    /// A picture that cannot be read.
    #[error("{0} cannot be read as a picture: {1}")]
    NoPicture(String, PictureError),
    /// A picture in a format that cannot be used.
    #[error("{0}: {1}")]
    Format(String, FrameError),
    /// A folder without pictures; what it holds instead, in words.
    #[error("{0} holds no pictures (jpg, png, gif, webp, tiff, bmp, ppm, heic, avif){1}")]
    NoPictures(String, String),
    /// A film of which no frame can be decoded.
    #[error("none of the frames of {path} can be decoded ({tried} were tried); it is damaged")]
    NothingDecodes {
        /// The film.
        path: String,
        /// Frames that were tried.
        tried: u64,
    },
    /// A film that ended too soon.
    #[error("{path} ends early, after {} frames in {at_s:.1} s{}; it is truncated or damaged", .read, of(*.of_s))]
    EndsEarly {
        /// The film.
        path: String,
        /// Frames read.
        read: u64,
        /// How long they last, in seconds.
        at_s: f64,
        /// How long it says that it lasts, in seconds.
        of_s: Option<f64>,
    },
    /// A film that cannot be read on.
    #[error("{path} cannot be read on after {read} frames in {at_s:.1} s: {cause}")]
    Broken {
        /// The film.
        path: String,
        /// Frames read.
        read: u64,
        /// How long they last, in seconds.
        at_s: f64,
        /// The words of FFmpeg or the system.
        cause: String,
    },
    /// The system refused.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// OpenCV failed.
    #[error("OpenCV failed on {0}: {1}")]
    OpenCv(String, opencv::Error),
    /// FFmpeg failed.
    #[error("FFmpeg failed on {0}: {1}")]
    FFmpeg(String, super::reel::ReelError),
}

fn of(of_s: Option<f64>) -> String {
    of_s.map_or_else(String::new, |of_s| format!(" of {of_s:.1} s"))
}

impl SourceError {
    /// Whether it is about one picture of several, and the next may be read.
    #[must_use]
    pub fn is_of_one_picture(&self) -> bool {
        matches!(self, Self::NoPicture(..) | Self::Format(..))
    }
}
