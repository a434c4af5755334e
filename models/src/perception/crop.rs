//! From a region of the frame to a network's input: MediaPipe's own warp (OpenCV `warpPerspective`, bilinear).
//!
//! Sub-pixel differences here are what makes independent copies of the pipeline drift, so the map is the
//! reference's: corners of the region to corners of the tensor, without a half-pixel shift.

use opencv::core::{BORDER_CONSTANT, BORDER_REPLICATE, Mat, Scalar, Size};
use opencv::imgproc::{INTER_LINEAR, WARP_INVERSE_MAP, warp_affine};
use opencv::prelude::*;

use super::roi::Roi;

/// A frame: 8-bit BGR, never written to once it is made, so that several threads may look at it.
pub struct Frame {
    pixels: Mat,
    width: u32,
    height: u32,
}

// SAFETY: a `Frame` gives out only `&Mat`, and OpenCV's reading functions do not write to their input.
unsafe impl Sync for Frame {}

/// A picture that cannot be a frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// No pixels.
    #[error("the picture is empty")]
    Empty,
    /// Neither grey, colour, nor colour with transparency.
    #[error("the picture has {0} channels of OpenCV depth {1}; 8-bit or 16-bit grey, BGR and BGRA can be read")]
    Format(i32, i32),
    /// OpenCV failed.
    #[error("OpenCV could not convert the picture: {0}")]
    OpenCv(#[from] opencv::Error),
}

impl Frame {
    /// Takes a picture of any size, grey, BGR or BGRA, 8 or 16 bits.
    ///
    /// # Errors
    /// An empty picture, or one of another format.
    pub fn new(picture: Mat) -> Result<Self, FrameError> {
        if picture.empty() {
            return Err(FrameError::Empty);
        }
        let eight = match picture.depth() {
            opencv::core::CV_8U => picture,
            opencv::core::CV_16U => {
                let mut scaled = Mat::default();
                picture.convert_to(&mut scaled, opencv::core::CV_8U, 1.0 / 257.0, 0.0)?;
                scaled
            }
            depth => return Err(FrameError::Format(picture.channels(), depth)),
        };
        let code = match eight.channels() {
            1 => Some(opencv::imgproc::COLOR_GRAY2BGR),
            3 => None,
            4 => Some(opencv::imgproc::COLOR_BGRA2BGR),
            channels => return Err(FrameError::Format(channels, eight.depth())),
        };
        let pixels = match code {
            None => eight,
            Some(code) => {
                let mut bgr = Mat::default();
                opencv::imgproc::cvt_color_def(&eight, &mut bgr, code)?;
                bgr
            }
        };
        let (width, height) = (pixels.cols().unsigned_abs(), pixels.rows().unsigned_abs());
        Ok(Self { pixels, width, height })
    }

    /// The pixels, 8-bit BGR.
    #[must_use]
    pub fn pixels(&self) -> &Mat {
        &self.pixels
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }
}

/// What lies outside the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Border {
    /// Black, for the detectors.
    Black,
    /// The nearest pixel of the frame, for the landmark models.
    Replicate,
}

/// The warped pixels, kept from frame to frame so that nothing is allocated.
#[derive(Default)]
pub struct Scratch {
    warped: Mat,
}

/// Cuts `roi` out of the frame, turned upright, to a square of `side` pixels.
///
/// # Errors
/// OpenCV failed.
pub fn warp(frame: &Frame, roi: &Roi, side: usize, border: Border, into: &mut Scratch) -> Result<(), opencv::Error> {
    let side_px = side as f64;
    let (sin, cos) = f64::from(roi.rotation).sin_cos();
    let (across, down) = (f64::from(roi.width) / side_px, f64::from(roi.height) / side_px);
    let [cx, cy] = roi.center.map(f64::from);
    let half = side_px / 2.0;
    // Inverse map: pixel of the tensor → pixel of the frame.
    let rows = [
        [cos * across, -sin * down, cx - (cos * across - sin * down) * half],
        [sin * across, cos * down, cy - (sin * across + cos * down) * half],
    ];
    let map = Mat::from_slice_2d(&rows)?;
    let border = match border {
        Border::Black => BORDER_CONSTANT,
        Border::Replicate => BORDER_REPLICATE,
    };
    let size = i32::try_from(side).unwrap_or(i32::MAX);
    warp_affine(
        frame.pixels(),
        &mut into.warped,
        &map,
        Size::new(size, size),
        INTER_LINEAR | WARP_INVERSE_MAP,
        border,
        Scalar::default(),
    )
}

impl Scratch {
    /// Writes the warped pixels as RGB floats, 0–255 mapped to `range`.
    pub fn write(&self, range: (f32, f32), tensor: &mut [f32]) {
        let scale = (range.1 - range.0) / 255.0;
        // `warp` leaves a continuous 8-bit, 3-channel picture; anything else leaves the tensor as it is.
        let Ok(bytes) = self.warped.data_bytes() else { return };
        for (rgb, bgr) in tensor.chunks_exact_mut(3).zip(bytes.chunks_exact(3)) {
            rgb[0] = f32::from(bgr[2]) * scale + range.0;
            rgb[1] = f32::from(bgr[1]) * scale + range.0;
            rgb[2] = f32::from(bgr[0]) * scale + range.0;
        }
    }
}
