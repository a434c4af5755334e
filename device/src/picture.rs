//! Frames as small JPEGs, to be kept in a take.

use opencv::core::{Mat, Size, Vector};
use opencv::imgcodecs::{IMWRITE_JPEG_QUALITY, imencode};
use opencv::imgproc::{INTER_AREA, resize};
use opencv::prelude::*;
use rasika_models::perception::Frame;

use crate::store::codec::MOST_PICTURE;

/// The longer side in pixels.
const SIDE: u32 = 320;
/// Qualities that are tried until one fits.
const QUALITIES: [i32; 3] = [80, 50, 20];

/// A frame as a JPEG, no larger than [`SIDE`] and [`MOST_PICTURE`]; `None` if even the smallest does not fit.
///
/// # Errors
/// OpenCV failed.
pub fn small(frame: &Frame) -> opencv::Result<Option<Vec<u8>>> {
    let longer = frame.width().max(frame.height());
    let scale = f64::from(SIDE.min(longer)) / f64::from(longer);
    let [width, height] = [frame.width(), frame.height()].map(|side| ((f64::from(side) * scale) as i32).max(1));
    let mut scaled = Mat::default();
    resize(frame.pixels(), &mut scaled, Size::new(width, height), 0.0, 0.0, INTER_AREA)?;
    for quality in QUALITIES {
        let mut jpeg = Vector::<u8>::new();
        imencode(".jpg", &scaled, &mut jpeg, &Vector::from_slice(&[IMWRITE_JPEG_QUALITY, quality]))?;
        if jpeg.len() <= MOST_PICTURE {
            return Ok(Some(jpeg.to_vec()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use opencv::core::{CV_8UC3, Scalar};
    use opencv::imgcodecs::{IMREAD_COLOR, imdecode};

    fn size_of(jpeg: &[u8]) -> (i32, i32) {
        let picture = imdecode(&Vector::from_slice(jpeg), IMREAD_COLOR).unwrap();
        (picture.cols(), picture.rows())
    }

    #[test]
    fn pictures_are_small_whatever_the_camera_gives() {
        for (width, height, wanted) in
            [(1920, 1080, (320, 180)), (480, 640, (240, 320)), (100, 80, (100, 80)), (1, 1, (1, 1))]
        {
            let mut picture = Mat::new_rows_cols_with_default(height, width, CV_8UC3, Scalar::all(0.0)).unwrap();
            // Noise is what a JPEG needs most bytes for.
            opencv::core::randu(&mut picture, &0.0, &255.0).unwrap();
            let jpeg = small(&Frame::new(picture).unwrap()).unwrap().unwrap();
            assert!(jpeg.len() <= MOST_PICTURE);
            assert_eq!(size_of(&jpeg), wanted);
        }
    }
}
