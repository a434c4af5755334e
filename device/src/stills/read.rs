//! Reads a picture by its content.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use image::ImageFormat;
use opencv::core::{CV_8UC3, Mat, Vec3b};
use opencv::imgcodecs::{IMREAD_COLOR, IMREAD_IGNORE_ORIENTATION, imdecode};
use opencv::prelude::*;

use super::heif;
use super::kind::{HEAD, Kind};
use super::orientation::orientation;
use super::whole::ends_early;

/// Most bytes of a picture's file.
const MOST_BYTES: u64 = 1 << 29;
/// Most pixels of a picture: more than the 200 million of the largest phone.
const MOST_PIXELS: u64 = 1 << 28;

/// Why a picture cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// No bytes.
    #[error("it is empty")]
    Empty,
    /// The file stops in the middle of the picture.
    #[error("it is damaged: the file ends before the picture does")]
    EndsEarly,
    /// What it holds makes no sense.
    #[error("it is damaged")]
    Damaged,
    /// It begins like no picture.
    #[error("it is damaged, or no picture at all")]
    Unknown,
    /// It is another kind of file.
    #[error("it is {0}, which is not read here; save it as JPEG or PNG")]
    Foreign(&'static str),
    /// It would fill the memory.
    #[error("it is too large: at most {} million pixels and {} MB are read", MOST_PIXELS >> 20, MOST_BYTES >> 20)]
    TooLarge,
    /// The library that reads its kind is missing or lacks a part.
    #[error("{0}")]
    Heif(#[from] heif::HeifError),
    /// OpenCV failed.
    #[error("OpenCV failed: {0}")]
    OpenCv(#[from] opencv::Error),
}

/// Reads a picture, the way up that its camera or editor says, of an animation the first: 8-bit BGR, or what [`Mat`] OpenCV makes of it.
///
/// # Errors
/// It cannot be read, is damaged, or is of a kind that nothing here reads.
pub fn read(path: &Path) -> Result<Mat, PictureError> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    if bytes.len() as u64 > MOST_BYTES {
        return Err(PictureError::TooLarge);
    }
    let kind = Kind::of_head(&bytes[..HEAD.min(bytes.len())]);
    if kind.is_some_and(|kind| ends_early(kind, &bytes)) {
        return Err(PictureError::EndsEarly);
    }
    if let Ok(size) = imagesize::blob_size(&bytes)
        && (size.width as u64).saturating_mul(size.height as u64) > MOST_PIXELS
    {
        return Err(PictureError::TooLarge);
    }
    match kind {
        Some(Kind::Gif) => first_of(&bytes, ImageFormat::Gif),
        Some(Kind::WebP) if is_animated(&bytes) => first_of(&bytes, ImageFormat::WebP),
        Some(Kind::Heif) => heif::read(&bytes, MOST_PIXELS),
        Some(Kind::Foreign(what)) => Err(PictureError::Foreign(what)),
        Some(Kind::Film) => Err(PictureError::Foreign("a film")),
        Some(_) => by_opencv(&bytes, PictureError::Damaged),
        None => by_opencv(&bytes, PictureError::Unknown),
    }
}

/// An unreadable picture is an empty one to OpenCV, or an error. Which kinds it turns by itself changes from version to
/// version: none here but TIFFs, which it turns whatever it is asked.
fn by_opencv(bytes: &[u8], otherwise: PictureError) -> Result<Mat, PictureError> {
    match imdecode(&Mat::from_slice(bytes)?, IMREAD_COLOR | IMREAD_IGNORE_ORIENTATION) {
        Ok(picture) if !picture.empty() => Ok(orientation(bytes).apply(picture)?),
        _ => Err(otherwise),
    }
}

/// Whether a WebP says that it moves, which OpenCV does not read.
fn is_animated(bytes: &[u8]) -> bool {
    const ANIMATION: u8 = 2;
    bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & ANIMATION != 0)
}

/// The first picture of an animation.
fn first_of(bytes: &[u8], format: ImageFormat) -> Result<Mat, PictureError> {
    let picture = image::load_from_memory_with_format(bytes, format).map_err(|_| PictureError::Damaged)?.into_rgb8();
    let picture = of_rgb(picture.as_raw(), picture.width() as usize, 3 * picture.width() as usize)?;
    Ok(orientation(bytes).apply(picture)?)
}

/// Rows of red, green and blue as OpenCV has them; each row begins `stride` bytes after the one before.
pub(super) fn of_rgb(rgb: &[u8], width: usize, stride: usize) -> Result<Mat, PictureError> {
    let rows = rgb.chunks(stride.max(1)).map(|row| &row[..(3 * width).min(row.len())]);
    let pixels: Vec<Vec3b> =
        rows.flat_map(|row| row.as_chunks::<3>().0).map(|[r, g, b]| Vec3b::from([*b, *g, *r])).collect();
    if pixels.is_empty() {
        return Err(PictureError::Damaged);
    }
    let height = i32::try_from(pixels.len() / width).map_err(|_| PictureError::TooLarge)?;
    let width = i32::try_from(width).map_err(|_| PictureError::TooLarge)?;
    let picture = Mat::new_rows_cols_with_data(height, width, &pixels)?.try_clone()?;
    debug_assert_eq!(picture.typ(), CV_8UC3);
    Ok(picture)
}
