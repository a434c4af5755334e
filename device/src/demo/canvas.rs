//! A picture to draw on: OpenCV's drawing in the few shapes that are needed.

use opencv::core::{CV_8UC3, Mat, Point, Rect, Scalar, Size};
use opencv::imgproc::{self, FILLED, FONT_HERSHEY_DUPLEX, FONT_HERSHEY_SIMPLEX, INTER_AREA, INTER_LINEAR, LINE_AA};
use opencv::prelude::*;

/// What drawing gives.
pub type Drawn = Result<(), opencv::Error>;

/// A picture, 8-bit BGR.
pub struct Canvas {
    pixels: Mat,
}

impl Canvas {
    /// An empty picture.
    pub fn new(width: i32, height: i32, ground: Scalar) -> Result<Self, opencv::Error> {
        Ok(Self { pixels: Mat::new_rows_cols_with_default(height, width, CV_8UC3, ground)? })
    }

    /// The pixels.
    pub fn pixels(&self) -> &Mat {
        &self.pixels
    }

    /// A filled rectangle.
    pub fn fill(&mut self, x: i32, y: i32, width: i32, height: i32, color: Scalar) -> Drawn {
        if width <= 0 || height <= 0 {
            return Ok(());
        }
        imgproc::rectangle(&mut self.pixels, Rect::new(x, y, width, height), color, FILLED, LINE_AA, 0)
    }

    /// A thin line.
    pub fn line(&mut self, from: (i32, i32), to: (i32, i32), color: Scalar, width: i32) -> Drawn {
        imgproc::line(&mut self.pixels, Point::new(from.0, from.1), Point::new(to.0, to.1), color, width, LINE_AA, 0)
    }

    /// A filled dot.
    pub fn dot(&mut self, x: i32, y: i32, radius: i32, color: Scalar) -> Drawn {
        imgproc::circle(&mut self.pixels, Point::new(x, y), radius, color, FILLED, LINE_AA, 0)
    }

    /// A filled outline.
    pub fn shape(&mut self, points: &[(i32, i32)], color: Scalar) -> Drawn {
        let points: opencv::core::Vector<Point> = points.iter().map(|&(x, y)| Point::new(x, y)).collect();
        imgproc::fill_poly(&mut self.pixels, &points, color, LINE_AA, 0, Point::new(0, 0))
    }

    /// Text with its baseline at y; `size` is about the height of a capital in pixels. Letters beyond ASCII become '?'.
    pub fn text(&mut self, text: &str, x: i32, y: i32, size: f64, color: Scalar) -> Drawn {
        let (font, width) = if size > 18.0 { (FONT_HERSHEY_DUPLEX, 1) } else { (FONT_HERSHEY_SIMPLEX, 1) };
        imgproc::put_text(&mut self.pixels, text, Point::new(x, y), font, size / 22.0, color, width, LINE_AA, false)
    }

    /// Another picture, scaled to fit into a field with its aspect kept; gives the place and the scale.
    pub fn picture(&mut self, picture: &Mat, field: Rect) -> Result<(Point, f64), opencv::Error> {
        let scale = (f64::from(field.width) / f64::from(picture.cols().max(1)))
            .min(f64::from(field.height) / f64::from(picture.rows().max(1)));
        let size = |side: i32, most: i32| ((f64::from(side) * scale).round() as i32).clamp(1, most);
        let (width, height) = (size(picture.cols(), field.width), size(picture.rows(), field.height));
        let at = Point::new(field.x + (field.width - width) / 2, field.y + (field.height - height) / 2);
        let way = if scale < 1.0 { INTER_AREA } else { INTER_LINEAR };
        let mut place = Mat::roi_mut(&mut self.pixels, Rect::new(at.x, at.y, width, height))?;
        imgproc::resize(picture, &mut place, Size::new(width, height), 0.0, 0.0, way)?;
        Ok((at, scale))
    }
}
