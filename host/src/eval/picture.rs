//! The confusion matrix as a picture: rows are labels, columns what was named, both in class order from Shringara.

use std::path::Path;

use anyhow::{Context as _, Result};
use rasika_device::output::Output;
use rasika_models::Rasa;
use rasika_models::package::Scores;

/// Side of a cell and width of the lines between cells, in pixels.
const CELL: usize = 48;
const LINE: usize = 2;
const SIDE: usize = Rasa::COUNT * (CELL + LINE) + LINE;
/// Colours of no frame, of all frames rightly named, of all frames wrongly named, of a rasa not tested, of lines.
const EMPTY: [f64; 3] = [247.0, 247.0, 250.0];
const RIGHT: [f64; 3] = [24.0, 110.0, 72.0];
const WRONG: [f64; 3] = [178.0, 34.0, 34.0];
const UNTESTED: [f64; 3] = [214.0, 214.0, 220.0];
const LINES: [f64; 3] = [120.0, 120.0, 130.0];

/// Writes a PNG.
///
/// # Errors
/// The disk says no.
pub fn write(scores: &Scores, path: &Path) -> Result<()> {
    let mut pixels = vec![0_u8; SIDE * SIDE * 3];
    for (place, pixel) in pixels.chunks_exact_mut(3).enumerate() {
        let colour = colour(scores, place % SIDE, place / SIDE);
        pixel.iter_mut().zip(colour).for_each(|(to, from)| *to = from.round() as u8);
    }
    let cannot = || format!("cannot write {}", path.display());
    let mut output = Output::begin(path).with_context(cannot)?;
    let mut encoder = png::Encoder::new(&mut output, SIDE as u32, SIDE as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let rows = Rasa::ALL.map(Rasa::name).join(", ");
    encoder
        .add_text_chunk("Description".to_owned(), format!("Rows: label, columns: named; both {rows}"))
        .with_context(cannot)?;
    let mut writer = encoder.write_header().with_context(cannot)?;
    writer.write_image_data(&pixels).with_context(cannot)?;
    writer.finish().with_context(cannot)?;
    output.finish().with_context(cannot)
}

fn colour(scores: &Scores, x: usize, y: usize) -> [f64; 3] {
    let inside = |v: usize| v % (CELL + LINE) >= LINE;
    let (row, column) = (y / (CELL + LINE), x / (CELL + LINE));
    if !(inside(x) && inside(y)) || row >= Rasa::COUNT || column >= Rasa::COUNT {
        return LINES;
    }
    let frames: usize = scores.confusion[row].iter().sum();
    if frames == 0 {
        return UNTESTED;
    }
    // The root, so that a few mistakes are seen.
    let share = (scores.confusion[row][column] as f64 / frames as f64).sqrt();
    let full = if row == column { RIGHT } else { WRONG };
    std::array::from_fn(|k| EMPTY[k] + share * (full[k] - EMPTY[k]))
}
