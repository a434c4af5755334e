//! The film with what was seen and what sounds drawn into it.

use std::path::{Path, PathBuf};

use opencv::core::{Rect, Vector};
use opencv::imgcodecs::imencode;
use opencv::prelude::*;
use rasika_models::{Face, Hand, Rasa};

use super::canvas::{Canvas, Drawn};
use super::pictures::{Pictures, TICKS_HZ};
use super::roll::{self, Roll};
use super::{DemoError, Moment, palette};
use crate::performer::Performance;
use crate::source::Shot;
use crate::watcher::Sight;

/// Size of the film in pixels.
const WIDTH: i32 = 1280;
const HEIGHT: i32 = 720;
/// The field of the performer.
const STAGE: Rect = Rect { x: 0, y: 0, width: 896, height: 504 };
/// What the roll shows of the past, in microseconds.
const ROLL_US: u64 = 8_000_000;
/// Events of the last so many are enough to draw that.
const RECENT_EVENTS: usize = 6000;

/// Lines of a hand: wrist to finger tips, and across the palm.
const BONES: [(usize, usize); 21] = [
    (0, 1),
    (1, 2),
    (2, 3),
    (3, 4),
    (0, 5),
    (5, 6),
    (6, 7),
    (7, 8),
    (5, 9),
    (9, 10),
    (10, 11),
    (11, 12),
    (9, 13),
    (13, 14),
    (14, 15),
    (15, 16),
    (13, 17),
    (17, 18),
    (18, 19),
    (19, 20),
    (0, 17),
];

/// How long the last picture lasts, in ticks: a 25th of a second. Where it stands longer, it is shown once more.
const LAST_TICKS: i64 = TICKS_HZ / 25;

/// How long the film is, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// All of it.
    pub whole_ticks: i64,
    /// Its last picture.
    pub last_ticks: i64,
}

/// The film being written: pictures, each at its time. What plays everywhere is made of it at the end.
pub struct Film {
    path: PathBuf,
    pictures: Pictures,
    last: Option<(i64, Vec<u8>)>,
}

impl Film {
    /// Opens the film.
    pub fn new(path: &Path) -> Result<Self, DemoError> {
        let pictures = Pictures::create(path, WIDTH as u64, HEIGHT as u64);
        let pictures = pictures.map_err(|cause| DemoError::Write { path: path.to_owned(), cause })?;
        Ok(Self { path: path.to_owned(), pictures, last: None })
    }

    /// Draws and writes one frame.
    pub fn frame(
        &mut self,
        shot: &Shot,
        sight: &Sight,
        moment: &Moment,
        music: &Performance,
        sa: u8,
    ) -> Result<(), DemoError> {
        let failed = |cause| DemoError::OpenCv { path: self.path.clone(), cause };
        let mut jpeg = Vector::<u8>::new();
        let canvas = draw(shot, sight, moment, music, sa).map_err(failed)?;
        imencode(".jpg", canvas.pixels(), &mut jpeg, &Vector::new()).map_err(failed)?;
        // A film that begins with sound alone shows its first picture meanwhile.
        let at = self.last.as_ref().map_or(0, |(last, _)| ticks(shot.time_ms).max(last + 1));
        let jpeg = jpeg.to_vec();
        self.write(at, &jpeg)?;
        self.last = Some((at, jpeg));
        Ok(())
    }

    /// Closes the film, whose last picture stands until the end.
    pub fn finish(&mut self, end_us: u64) -> Result<Lengths, DemoError> {
        let (last, jpeg) = self.last.take().unwrap_or_default();
        let whole_ticks = ticks(end_us as f64 / 1000.0).max(last + 1);
        let mut last_ticks = whole_ticks - last;
        if last_ticks > LAST_TICKS {
            last_ticks = LAST_TICKS;
            self.write(whole_ticks - LAST_TICKS, &jpeg)?;
        }
        self.pictures.finish().map_err(|cause| DemoError::Write { path: self.path.clone(), cause })?;
        Ok(Lengths { whole_ticks, last_ticks })
    }

    fn write(&mut self, at: i64, jpeg: &[u8]) -> Result<(), DemoError> {
        let written = self.pictures.write(at.unsigned_abs(), jpeg);
        written.map_err(|cause| DemoError::Write { path: self.path.clone(), cause })
    }
}

fn ticks(time_ms: f64) -> i64 {
    (time_ms * TICKS_HZ as f64 / 1000.0).round() as i64
}

fn draw(shot: &Shot, sight: &Sight, moment: &Moment, music: &Performance, sa: u8) -> Result<Canvas, opencv::Error> {
    let mut canvas = Canvas::new(WIDTH, HEIGHT, palette::NIGHT)?;
    let (at, scale) = canvas.picture(shot.frame.pixels(), STAGE)?;
    let place = |p: &[f32; 3]| (at.x + (f64::from(p[0]) * scale) as i32, at.y + (f64::from(p[1]) * scale) as i32);
    if let Some(face) = &sight.observation.face {
        mesh(&mut canvas, face, moment, place)?;
    }
    for hand in &sight.observation.hands {
        bones(&mut canvas, hand, place)?;
    }
    // Landmarks may lie outside the picture: the panels are drawn over them.
    canvas.fill(STAGE.width, 0, WIDTH - STAGE.width, HEIGHT, palette::NIGHT)?;
    canvas.fill(0, STAGE.height, WIDTH, HEIGHT - STAGE.height, palette::NIGHT)?;
    panel(&mut canvas, moment)?;
    score(&mut canvas, moment, music, sa)?;
    Ok(canvas)
}

fn mesh(canvas: &mut Canvas, face: &Face, moment: &Moment, place: impl Fn(&[f32; 3]) -> (i32, i32)) -> Drawn {
    let color = palette::faded(palette::of_mood(moment.mood.rasa), 0.9);
    for (i, point) in face.landmarks.iter().enumerate() {
        let (x, y) = place(point);
        // The irises stand out.
        canvas.dot(x, y, if i >= 468 { 2 } else { 1 }, color)?;
    }
    Ok(())
}

fn bones(canvas: &mut Canvas, hand: &Hand, place: impl Fn(&[f32; 3]) -> (i32, i32)) -> Drawn {
    for (from, to) in BONES {
        if let (Some(from), Some(to)) = (hand.landmarks.get(from), hand.landmarks.get(to)) {
            canvas.line(place(from), place(to), palette::TEXT, 1)?;
        }
    }
    for point in &hand.landmarks {
        let (x, y) = place(point);
        canvas.dot(x, y, 3, palette::STROKE)?;
    }
    Ok(())
}

/// Mood and the nine probabilities.
fn panel(canvas: &mut Canvas, moment: &Moment) -> Drawn {
    let left = STAGE.width + 24;
    let color = palette::of_mood(moment.mood.rasa);
    match moment.mood.rasa {
        Some(rasa) => {
            canvas.text(&capital(rasa.name()), left, 60, 34.0, color)?;
            canvas.text(rasa.meaning(), left, 92, 18.0, palette::DIM)?;
            canvas.fill(left, 108, (330.0 * moment.mood.intensity) as i32, 5, color)?;
        }
        None => canvas.text("no rasa", left, 60, 34.0, palette::DIM)?,
    }
    for (i, (rasa, p)) in Rasa::ALL.into_iter().zip(moment.probabilities).enumerate() {
        let y = 150 + 37 * i as i32;
        let stands = moment.mood.rasa == Some(rasa);
        canvas.text(&capital(rasa.name()), left, y + 14, 13.0, if stands { palette::TEXT } else { palette::DIM })?;
        canvas.fill(left + 118, y, 212, 18, palette::FIELD)?;
        let strength = if stands { 1.0 } else { 0.6 };
        canvas.fill(left + 118, y, (212.0 * p) as i32, 18, palette::faded(palette::of(rasa), strength))?;
    }
    Ok(())
}

/// What is played, and the last seconds of it.
fn score(canvas: &mut Canvas, moment: &Moment, music: &Performance, sa: u8) -> Drawn {
    let library = music.engine().library();
    let status = moment.status;
    let mut words = vec![status.section.name().to_owned()];
    if !status.raga_name(library).is_empty() {
        words.insert(0, format!("raga {}", status.raga_name(library)));
    }
    if let Some(matra) = status.matra {
        words.push(format!("{} {matra}/{}", status.tala_name(library), status.matras(library)));
        words.push(format!("{} bpm", status.laya_bpm));
    }
    words.extend(status.melody.map(|note| format!("melody {note}")));
    words.extend(status.bol.map(|bol| bol.name().to_owned()));
    canvas.text(&words.join("   "), 20, STAGE.height + 26, 15.0, palette::TEXT)?;

    let now_us = (moment.time_ms * 1000.0) as u64;
    let events = music.events();
    let recent = &events[events.len().saturating_sub(RECENT_EVENTS)..];
    let bars = roll::bars(recent, now_us);
    let field = Rect::new(0, STAGE.height + 38, WIDTH, HEIGHT - STAGE.height - 38);
    // Room to the right of now, so that the newest note's name can be read.
    let roll = Roll { field, from_us: now_us.saturating_sub(ROLL_US), to_us: now_us.max(ROLL_US) + 300_000, sa };
    roll.draw(canvas, &bars, |_| palette::of_mood(moment.mood.rasa))?;
    roll.name_notes(canvas, &bars)
}

/// A word with its first letter large.
pub fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
