//! What was seen, drawn: landmarks as dots. No picture of anybody is needed for it, and none is kept.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context as _, Result};
use rasika_models::Observation;

/// Width of the drawing in pixels.
const WIDTH: usize = 640;
const PAPER: [u8; 3] = [250, 250, 247];
const FACE: [u8; 3] = [40, 60, 90];
const HAND: [u8; 3] = [190, 80, 30];

/// Draws an observation into a PNG.
///
/// # Errors
/// The file cannot be written.
pub fn save(path: &Path, seen: &Observation) -> Result<()> {
    let (width, height, pixels) = draw(seen);
    let written = || -> Result<()> {
        let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), width as u32, height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header()?.write_image_data(&pixels)?;
        Ok(())
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

fn draw(seen: &Observation) -> (usize, usize, Vec<u8>) {
    let scale = WIDTH as f32 / seen.width.max(1) as f32;
    let height = ((seen.height as f32 * scale) as usize).clamp(16, 4 * WIDTH);
    let mut pixels = PAPER.repeat(WIDTH * height);
    let mut dot = |point: &[f32], size: i64, colour: [u8; 3]| {
        let (x, y) = ((point[0] * scale) as i64, (point[1] * scale) as i64);
        for (dx, dy) in (0..size * size).map(|i| (i % size, i / size)) {
            let (x, y) = (x + dx, y + dy);
            if (0..WIDTH as i64).contains(&x) && (0..height as i64).contains(&y) {
                let at = (y as usize * WIDTH + x as usize) * 3;
                pixels[at..at + 3].copy_from_slice(&colour);
            }
        }
    };
    if let Some(face) = &seen.face {
        face.landmarks.iter().for_each(|point| dot(point, 2, FACE));
    }
    for hand in &seen.hands {
        hand.landmarks.iter().for_each(|point| dot(point, 4, HAND));
    }
    (WIDTH, height, pixels)
}
