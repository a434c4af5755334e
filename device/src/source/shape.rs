//! How a decoded picture is turned, mirrored and stretched so that it is as a player shows it.

use opencv::core::{Mat, flip, transpose};
use opencv::prelude::*;

/// Pixels that are more than so many times as wide as high, or as high as wide, are a mistake of the file.
const MOST_ASPECT: f64 = 10.0;
/// The longest side that stretching may make, in pixels.
const LONGEST: f64 = 16_384.0;

/// What is done to a picture: its axes are exchanged first, then it is mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Orientation {
    /// Rows become columns.
    pub is_transposed: bool,
    /// Left becomes right.
    pub is_flipped_x: bool,
    /// Top becomes bottom.
    pub is_flipped_y: bool,
}

impl Orientation {
    const fn new(is_transposed: bool, is_flipped_x: bool, is_flipped_y: bool) -> Self {
        Self { is_transposed, is_flipped_x, is_flipped_y }
    }

    /// Of the eight values of EXIF's orientation (tag 0x0112); of others none.
    #[must_use]
    pub fn of_exif(value: u32) -> Self {
        match value {
            2 => Self::new(false, true, false),
            3 => Self::new(false, true, true),
            4 => Self::new(false, false, true),
            5 => Self::new(true, false, false),
            6 => Self::new(true, true, false),
            7 => Self::new(true, true, true),
            8 => Self::new(true, false, true),
            _ => Self::default(),
        }
    }

    /// Of FFmpeg's display matrix, row by row. A point (p, q) goes to (a p + c q, b p + d q) for the rows (a, b, _) and
    /// (c, d, _). The nearest quarter turn is taken.
    #[must_use]
    pub fn of_matrix(matrix: &[i32; 9]) -> Self {
        let [a, b, _, c, d, ..] = matrix.map(f64::from);
        if a.abs() + d.abs() >= b.abs() + c.abs() {
            Self::new(false, a < 0.0, d < 0.0)
        } else {
            Self::new(true, c < 0.0, b < 0.0)
        }
    }

    /// After this, what another does.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let (x, y) = (self.is_flipped_x, self.is_flipped_y);
        let (x, y) = if next.is_transposed { (y, x) } else { (x, y) };
        Self::new(self.is_transposed ^ next.is_transposed, x ^ next.is_flipped_x, y ^ next.is_flipped_y)
    }

    /// The picture as it is to be seen.
    ///
    /// # Errors
    /// OpenCV failed.
    pub fn apply(self, mut picture: Mat) -> opencv::Result<Mat> {
        if picture.empty() {
            return Ok(picture);
        }
        if self.is_transposed {
            let mut turned = Mat::default();
            transpose(&picture, &mut turned)?;
            picture = turned;
        }
        let way = match (self.is_flipped_x, self.is_flipped_y) {
            (false, false) => return Ok(picture),
            (true, false) => 1,
            (false, true) => 0,
            (true, true) => -1,
        };
        let mut flipped = Mat::default();
        flip(&picture, &mut flipped, way)?;
        Ok(flipped)
    }
}

/// Width and height with square pixels: the side that is too short is stretched, so that nothing that was seen is lost.
#[must_use]
pub fn squared(width: u32, height: u32, pixel_aspect: f64) -> (u32, u32) {
    let (w, h) = (f64::from(width), f64::from(height));
    let (w, h) = match pixel_aspect {
        aspect if !(1.0 / MOST_ASPECT..=MOST_ASPECT).contains(&aspect) => (w, h),
        aspect if aspect >= 1.0 => (w * aspect, h),
        aspect => (w, h / aspect),
    };
    if w.max(h) > LONGEST { (width, height) } else { (w.round() as u32, h.round() as u32) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of two by three pixels, each its own number.
    fn numbered() -> Mat {
        Mat::from_slice_2d(&[[1_u8, 2, 3], [4, 5, 6]]).unwrap()
    }

    fn rows(picture: &Mat) -> Vec<Vec<u8>> {
        (0..picture.rows()).map(|row| picture.at_row::<u8>(row).unwrap().to_vec()).collect()
    }

    #[test]
    fn the_eight_orientations_of_exif_are_undone() {
        let seen = |value| rows(&Orientation::of_exif(value).apply(numbered()).unwrap());
        assert_eq!(seen(1), [[1, 2, 3], [4, 5, 6]]);
        assert_eq!(seen(2), [[3, 2, 1], [6, 5, 4]]);
        assert_eq!(seen(3), [[6, 5, 4], [3, 2, 1]]);
        assert_eq!(seen(4), [[4, 5, 6], [1, 2, 3]]);
        assert_eq!(seen(5), [[1, 4], [2, 5], [3, 6]]);
        assert_eq!(seen(6), [[4, 1], [5, 2], [6, 3]]);
        assert_eq!(seen(7), [[6, 3], [5, 2], [4, 1]]);
        assert_eq!(seen(8), [[3, 6], [2, 5], [1, 4]]);
    }

    #[test]
    fn a_matrix_mirrors_turns_or_both() {
        let matrix = |a: i32, b: i32, c: i32, d: i32| {
            let one = 1 << 16;
            Orientation::of_matrix(&[a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30])
        };
        assert_eq!(matrix(1, 0, 0, 1), Orientation::default());
        assert_eq!(matrix(-1, 0, 0, 1), Orientation::of_exif(2), "a selfie");
        assert_eq!(matrix(-1, 0, 0, -1), Orientation::of_exif(3));
        assert_eq!(matrix(1, 0, 0, -1), Orientation::of_exif(4));
        assert_eq!(matrix(0, 1, 1, 0), Orientation::of_exif(5));
        assert_eq!(matrix(0, 1, -1, 0), Orientation::of_exif(6), "a phone held upright");
        assert_eq!(matrix(0, -1, -1, 0), Orientation::of_exif(7));
        assert_eq!(matrix(0, -1, 1, 0), Orientation::of_exif(8));
        assert_eq!(Orientation::of_matrix(&[0; 9]), Orientation::default());
    }

    #[test]
    fn two_orientations_in_a_row_are_one() {
        for (first, second) in (1..=8).flat_map(|first| (1..=8).map(move |second| (first, second))) {
            let (first, second) = (Orientation::of_exif(first), Orientation::of_exif(second));
            let one_by_one = second.apply(first.apply(numbered()).unwrap()).unwrap();
            assert_eq!(rows(&first.then(second).apply(numbered()).unwrap()), rows(&one_by_one), "{first:?} {second:?}");
        }
    }

    #[test]
    fn the_short_side_of_pixels_is_stretched() {
        assert_eq!(squared(320, 360, 2.0), (640, 360));
        assert_eq!(squared(480, 360, 4.0 / 3.0), (640, 360));
        assert_eq!(squared(640, 180, 0.5), (640, 360));
        for nonsense in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e6] {
            assert_eq!(squared(640, 360, nonsense), (640, 360));
        }
        assert_eq!(squared(10_000, 10, 9.0), (10_000, 10));
    }
}
