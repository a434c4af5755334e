//! A frame as lines between its landmarks: what the camera saw, without anybody's picture.

use std::path::Path;

use anyhow::{Context as _, Result};
use rasika_device::output::Output;
use rasika_models::Observation;
use rasika_models::observation::Landmark;

use crate::dataset::{Dataset, Take};

/// Height of a drawing in pixels; its width follows the frame.
const HEIGHT: usize = 480;
/// Part of the drawing that face and hands fill.
const FILLED: f32 = 0.9;
/// Colours of the ground, of faces and of hands.
const GROUND: [u8; 3] = [250, 250, 252];
const FACE: [u8; 3] = [40, 44, 52];
const HAND: [u8; 3] = [178, 34, 34];

/// Outlines of a face in MediaPipe's mesh: oval, lips, eyes, brows, irises, ridge of the nose.
#[rustfmt::skip]
const FACE_LINES: [&[usize]; 12] = [
    &[10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
        136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109, 10],
    &[61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185, 61],
    &[78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78],
    &[263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466, 263],
    &[33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 33],
    &[276, 283, 282, 295, 285],
    &[300, 293, 334, 296, 336],
    &[46, 53, 52, 65, 55],
    &[70, 63, 105, 66, 107],
    &[469, 470, 471, 472, 469],
    &[474, 475, 476, 477, 474],
    &[168, 6, 197, 195, 5, 4, 1],
];
/// The fingers, and the edge of the palm.
const HAND_LINES: [&[usize]; 6] =
    [&[0, 1, 2, 3, 4], &[0, 5, 6, 7, 8], &[5, 9, 10, 11, 12], &[9, 13, 14, 15, 16], &[13, 17, 18, 19, 20], &[0, 17]];

/// Writes a PNG of a frame, with `caption` in its description.
///
/// # Errors
/// The disk says no.
pub fn write(observation: &Observation, caption: &str, path: &Path) -> Result<()> {
    let (width, pixels) = draw(observation);
    let cannot = || format!("cannot write {}", path.display());
    let mut output = Output::begin(path).with_context(cannot)?;
    let mut encoder = png::Encoder::new(&mut output, width as u32, HEIGHT as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.add_text_chunk("Description".to_owned(), caption.to_owned()).with_context(cannot)?;
    let mut writer = encoder.write_header().with_context(cannot)?;
    writer.write_image_data(&pixels).with_context(cannot)?;
    writer.finish().with_context(cannot)?;
    output.finish().with_context(cannot)
}

/// As [`write`], of an observation of a take; the kept picture nearest to it, if pictures were kept, lies beside it as a JPEG.
///
/// # Errors
/// The disk says no, or the dataset cannot be read.
pub fn write_with_picture(
    dataset: &dyn Dataset,
    take: &Take,
    observation: &Observation,
    caption: &str,
    path: &Path,
) -> Result<()> {
    write(observation, caption, path)?;
    let Some(jpeg) = dataset.picture(take, observation.frame)? else { return Ok(()) };
    let beside = path.with_extension("jpg");
    Output::whole(&beside, &jpeg).with_context(|| format!("cannot write {}", beside.display()))
}

/// A drawing's width and its pixels.
fn draw(observation: &Observation) -> (usize, Vec<u8>) {
    // A camera's frame is no wider than four times its height; anything else is damage.
    let aspect = observation.width.max(1) as f32 / observation.height.max(1) as f32;
    let width = (HEIGHT as f32 * aspect.clamp(0.25, 4.0)) as usize;
    let mut canvas = Canvas { width, pixels: GROUND.repeat(width * HEIGHT) };
    let Some(view) = View::of(observation, width as f32) else { return (width, canvas.pixels) };
    let mut all = |points: &[Landmark], lines: &[&[usize]], colour| {
        for pair in lines.iter().flat_map(|line| line.windows(2)) {
            if let (Some(a), Some(b)) = (points.get(pair[0]), points.get(pair[1])) {
                canvas.line(view.place(a), view.place(b), colour);
            }
        }
    };
    if let Some(face) = &observation.face {
        all(&face.landmarks, &FACE_LINES, FACE);
    }
    observation.hands.iter().for_each(|hand| all(&hand.landmarks, &HAND_LINES, HAND));
    (width, canvas.pixels)
}

/// From pixels of the frame to those of the drawing: what was seen is brought to its middle.
struct View {
    centre: [f32; 2],
    scale: f32,
    middle: [f32; 2],
}

impl View {
    fn of(observation: &Observation, width: f32) -> Option<Self> {
        let face = observation.face.iter().flat_map(|face| &face.landmarks);
        let points = face.chain(observation.hands.iter().flat_map(|hand| &hand.landmarks));
        let bounds = points.filter(|p| p.iter().all(|v| v.is_finite())).fold(None, |bounds, p| {
            let [[x0, y0], [x1, y1]] = bounds.unwrap_or([[p[0], p[1]]; 2]);
            Some([[p[0].min(x0), p[1].min(y0)], [p[0].max(x1), p[1].max(y1)]])
        });
        let [[x0, y0], [x1, y1]] = bounds?;
        let scale = FILLED * (width / (x1 - x0).max(1.0)).min(HEIGHT as f32 / (y1 - y0).max(1.0));
        let middle = [width / 2.0, HEIGHT as f32 / 2.0];
        Some(Self { centre: [f32::midpoint(x0, x1), f32::midpoint(y0, y1)], scale, middle })
    }

    fn place(&self, point: &Landmark) -> [f32; 2] {
        std::array::from_fn(|axis| self.middle[axis] + self.scale * (point[axis] - self.centre[axis]))
    }
}

struct Canvas {
    width: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    /// A line two pixels wide.
    fn line(&mut self, a: [f32; 2], b: [f32; 2], colour: [u8; 3]) {
        let steps = (b[0] - a[0]).abs().max((b[1] - a[1]).abs());
        if !steps.is_finite() {
            return;
        }
        let steps = steps.ceil().clamp(1.0, 4.0 * HEIGHT as f32) as usize;
        for step in 0..=steps {
            let t = step as f32 / steps as f32;
            let [x, y] = [0, 1].map(|axis| a[axis] + t * (b[axis] - a[axis]));
            for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
                self.dot(x + dx, y + dy, colour);
            }
        }
    }

    fn dot(&mut self, x: f32, y: f32, colour: [u8; 3]) {
        if x >= 0.0 && y >= 0.0 && (x as usize) < self.width && (y as usize) < HEIGHT {
            let place = 3 * (y as usize * self.width + x as usize);
            self.pixels[place..place + 3].copy_from_slice(&colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::head;
    use rasika_models::Face;

    #[test]
    fn a_face_fills_the_drawing_wherever_it_was_and_damage_draws_nothing() {
        let seen = |landmarks: Vec<Landmark>| Observation {
            frame: 0,
            time_ms: 0.0,
            width: 640,
            height: 480,
            face: Some(Face {
                landmarks,
                blendshapes: Vec::new(),
                upright_blendshapes: Vec::new(),
                yaw_deg: 0.0,
                pitch_deg: 0.0,
                roll_deg: 0.0,
                score: 1.0,
            }),
            hands: Vec::new(),
        };
        let inked = |landmarks| {
            let (width, pixels) = draw(&seen(landmarks));
            let rows: Vec<bool> = pixels.chunks_exact(3 * width).map(|row| row.contains(&FACE[0])).collect();
            rows.into_iter().filter(|inked| *inked).count()
        };
        let far = head::neutral().iter().map(|p| [p[0] / 8.0 + 500.0, p[1] / 8.0, p[2]]).collect();
        assert!(inked(head::neutral()) > HEIGHT * 3 / 4);
        assert!(inked(far) > HEIGHT * 3 / 4);
        assert_eq!(inked(vec![[f32::NAN; 3]; 478]), 0);
        assert_eq!(inked(Vec::new()), 0);
    }
}
