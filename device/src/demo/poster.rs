//! The whole story in one picture: faces, rasas over time, raga by raga, the piano roll.

use std::path::Path;

use opencv::core::{Mat, Rect, Scalar, Vector};
use rasika_models::Rasa;

use super::canvas::{Canvas, Drawn};
use super::film::capital;
use super::roll::{self, Roll};
use super::{DemoError, Moment, palette};
use crate::performer::{Event, Library};
use crate::source::Shot;

const WIDTH: i32 = 1800;
const LEFT: i32 = 130;
const RIGHT: i32 = 30;
const TOP: i32 = 70;
/// Pictures of the performer along the top.
const THUMBNAILS: i32 = 10;
const THUMBNAIL_HEIGHT: i32 = 94;
/// Height of a rasa's lane.
const LANE: i32 = 38;
const ROLL_HEIGHT: i32 = 380;
/// Length of a film that does not say how long it is, in milliseconds.
const USUAL_LENGTH_MS: f64 = 16_000.0;

/// The picture being collected.
pub struct Poster {
    every_ms: f64,
    next_ms: f64,
    thumbnails: Vec<(f64, Mat)>,
}

/// What is drawn below the faces.
#[derive(Clone, Copy)]
pub struct Score<'a> {
    /// What is played.
    pub events: &'a [Event],
    /// Names of ragas.
    pub library: &'a Library,
    /// The middle Sa, a MIDI note.
    pub sa: u8,
    /// When all is over, in microseconds.
    pub end_us: u64,
}

impl Poster {
    /// For a film that lasts so long.
    pub fn new(length_ms: Option<f64>) -> Self {
        let every_ms = length_ms.unwrap_or(USUAL_LENGTH_MS) / f64::from(THUMBNAILS);
        Self { every_ms, next_ms: 0.0, thumbnails: Vec::new() }
    }

    /// Keeps a small picture of the frame, if its turn has come.
    pub fn thumbnail(&mut self, shot: &Shot) -> Result<(), DemoError> {
        if shot.time_ms < self.next_ms || self.thumbnails.len() >= 4 * THUMBNAILS as usize {
            return Ok(());
        }
        self.next_ms = shot.time_ms + self.every_ms;
        let mut small = Canvas::new(thumbnail_width(), THUMBNAIL_HEIGHT, palette::NIGHT)
            .map_err(cannot(Path::new("a thumbnail")))?;
        let field = Rect::new(0, 0, thumbnail_width(), THUMBNAIL_HEIGHT);
        small.picture(shot.frame.pixels(), field).map_err(cannot(Path::new("a thumbnail")))?;
        self.thumbnails.push((shot.time_ms, small.pixels().clone()));
        Ok(())
    }

    /// Draws and writes the picture.
    pub fn write(&self, path: &Path, moments: &[Moment], score: &Score) -> Result<(), DemoError> {
        let canvas = self.draw(moments, score).map_err(cannot(path))?;
        let name = path.display().to_string();
        match opencv::imgcodecs::imwrite(&name, canvas.pixels(), &Vector::new()).map_err(cannot(path))? {
            true => Ok(()),
            false => Err(DemoError::Write { path: path.to_owned(), cause: std::io::Error::other("not written") }),
        }
    }

    fn draw(&self, moments: &[Moment], score: &Score) -> Result<Canvas, opencv::Error> {
        let Score { events, library, sa, end_us } = *score;
        let lanes_top = TOP + THUMBNAIL_HEIGHT + 30;
        let roll_top = lanes_top + LANE * Rasa::COUNT as i32 + 46;
        let mut canvas = Canvas::new(WIDTH, roll_top + ROLL_HEIGHT + 50, palette::NIGHT)?;
        let end_us = end_us.max(1);
        let field = Rect::new(LEFT, roll_top, WIDTH - LEFT - RIGHT, ROLL_HEIGHT);
        let roll = Roll { field, from_us: 0, to_us: end_us, sa };

        canvas.text("Rasika", 30, 46, 30.0, palette::TEXT)?;
        canvas.text("what the face shows, and what is played", 200, 46, 16.0, palette::DIM)?;
        self.faces(&mut canvas, &roll)?;
        lanes(&mut canvas, moments, &roll, lanes_top)?;
        let color = |time_us: u64| {
            let at = moments.partition_point(|m| m.time_ms * 1000.0 <= time_us as f64);
            palette::of_mood(moments.get(at.saturating_sub(1)).and_then(|m| m.mood.rasa))
        };
        roll.draw(&mut canvas, &roll::bars(events, end_us), color)?;
        ragas(&mut canvas, moments, library, &roll)?;
        seconds(&mut canvas, end_us, &roll)?;
        Ok(canvas)
    }

    fn faces(&self, canvas: &mut Canvas, roll: &Roll) -> Drawn {
        for (time_ms, picture) in &self.thumbnails {
            let x = roll.x((time_ms * 1000.0) as u64) - thumbnail_width() / 2;
            let x = x.clamp(LEFT, WIDTH - RIGHT - thumbnail_width());
            canvas.picture(picture, Rect::new(x, TOP, thumbnail_width(), THUMBNAIL_HEIGHT))?;
        }
        Ok(())
    }
}

fn thumbnail_width() -> i32 {
    (WIDTH - LEFT - RIGHT) / THUMBNAILS - 6
}

fn cannot(path: &Path) -> impl Fn(opencv::Error) -> DemoError + '_ {
    |cause| DemoError::OpenCv { path: path.to_owned(), cause }
}

/// A lane for each rasa: its probability as a hill, bright while it is the mood.
fn lanes(canvas: &mut Canvas, moments: &[Moment], roll: &Roll, top: i32) -> Drawn {
    for rasa in Rasa::ALL {
        let base = top + LANE * (rasa.index() as i32 + 1) - 4;
        canvas.text(&capital(rasa.name()), 24, base - 6, 14.0, palette::of(rasa))?;
        canvas.line((LEFT, base), (WIDTH - RIGHT, base), palette::GRID, 1)?;
        for pair in moments.windows(2) {
            let height = |m: &Moment| base - (m.probabilities[rasa.index()] * (LANE - 6) as f32) as i32;
            let x = |m: &Moment| roll.x((m.time_ms * 1000.0) as u64);
            let strength = if pair[0].mood.rasa == Some(rasa) { 1.0 } else { 0.35 };
            let hill = [
                (x(&pair[0]), base),
                (x(&pair[0]), height(&pair[0])),
                (x(&pair[1]), height(&pair[1])),
                (x(&pair[1]), base),
            ];
            canvas.shape(&hill, palette::faded(palette::of(rasa), strength))?;
        }
    }
    Ok(())
}

/// A line and a name wherever the raga or the section changes.
fn ragas(canvas: &mut Canvas, moments: &[Moment], library: &Library, roll: &Roll) -> Drawn {
    let label = |m: &Moment| match m.status.raga_name(library) {
        "" => m.status.section.name().to_owned(),
        raga => format!("{raga}, {}", m.status.section.name()),
    };
    let mut last: Option<String> = None;
    let mut free_from = i32::MIN;
    for moment in moments {
        let now = label(moment);
        if last.as_ref() == Some(&now) {
            continue;
        }
        let x = roll.x((moment.time_ms * 1000.0) as u64);
        let field = roll.field;
        canvas.line((x, field.y), (x, field.y + field.height), palette::GRID, 1)?;
        // Names that would lie on each other take turns above and below.
        let y = if x >= free_from { field.y - 8 } else { field.y - 24 };
        canvas.text(&now, x + 2, y, 13.0, palette::of_mood(moment.mood.rasa))?;
        free_from = x + 9 * now.len() as i32;
        last = Some(now);
    }
    Ok(())
}

/// The axis of time.
fn seconds(canvas: &mut Canvas, end_us: u64, roll: &Roll) -> Drawn {
    let step_s = [1, 2, 5, 10, 30, 60, 300].into_iter().find(|step| end_us / 1_000_000 / step <= 24).unwrap_or(600);
    let bottom = roll.field.y + roll.field.height;
    let ground: Scalar = palette::DIM;
    for second in (0..=end_us / 1_000_000).step_by(step_s as usize) {
        let x = roll.x(second * 1_000_000);
        canvas.line((x, bottom), (x, bottom + 6), ground, 1)?;
        canvas.text(&format!("{second} s"), x - 8, bottom + 24, 12.0, ground)?;
    }
    Ok(())
}
