//! The demo: a video becomes music to see and hear.
//!
//! From one look at a film it leaves a folder: the .mid file, the film with what was seen drawn into it and the music
//! under it, a picture of the whole, a sound file, and the timeline as data.

mod canvas;
mod film;
mod palette;
mod pictures;
mod poster;
mod roll;
mod sound;

use std::path::{Path, PathBuf};

use rasika_models::{Mood, Rasa};

use crate::output::Output;
use crate::performer::{Event, Library, Performance, Status, midi_file};
use crate::source::Shot;
use crate::watcher::Sight;
use film::Film;
use poster::Poster;

/// Names of what a demo leaves in its folder.
const MIDI: &str = "demo.mid";
const FILM: &str = "demo.mp4";
const POSTER: &str = "demo.png";
const SOUND: &str = "demo.wav";
const TIMELINE: &str = "timeline.jsonl";
/// All of them.
pub const FILES: [&str; 5] = [MIDI, FILM, POSTER, SOUND, TIMELINE];

/// Why a demo cannot leave what it should.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A file of the folder cannot be written.
    #[error("cannot write {path}: {cause}; check that the folder may be written to and has room")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's words.
        cause: std::io::Error,
    },
    /// OpenCV cannot draw or write.
    #[error("OpenCV could not write {path}: {cause}")]
    OpenCv {
        /// The file.
        path: PathBuf,
        /// OpenCV's words.
        cause: opencv::Error,
    },
    /// The MIDI file cannot be written.
    #[error(transparent)]
    Midi(#[from] midi_file::MidiFileError),
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.silent_film);
    }
}

/// One frame's share of the story.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// From the start, in milliseconds.
    pub time_ms: f64,
    /// The mood that stood.
    pub mood: Mood,
    /// Smoothed probabilities, in class order.
    pub probabilities: [f32; Rasa::COUNT],
    /// What sounded.
    pub status: Status,
}

/// A file of the demo: there, or why it could not be made.
pub type Made = (PathBuf, Result<(), String>);

/// A demo being made.
pub struct Demo {
    folder: PathBuf,
    film: Film,
    silent_film: PathBuf,
    poster: Poster,
    moments: Vec<Moment>,
    sa: u8,
}

impl Demo {
    /// Makes the folder and opens the film of a source that lasts so long, as far as is known.
    ///
    /// # Errors
    /// The folder cannot be made or written to.
    pub fn new(folder: &Path, length_ms: Option<f64>, sa: u8) -> Result<Self, DemoError> {
        std::fs::create_dir_all(folder).map_err(|cause| DemoError::Write { path: folder.to_owned(), cause })?;
        // Only a step on the way; another demo into the same folder has its own.
        let silent_film = folder.join(format!(".demo_silent.{}.mkv", std::process::id()));
        let film = Film::new(&silent_film)?;
        Ok(Self {
            folder: folder.to_owned(),
            film,
            silent_film,
            poster: Poster::new(length_ms),
            moments: Vec::new(),
            sa,
        })
    }

    /// Takes in one frame, what was seen in it and what is played.
    ///
    /// # Errors
    /// The film cannot be written.
    pub fn frame(&mut self, shot: &Shot, sight: &Sight, music: &Performance) -> Result<Moment, DemoError> {
        let moment = Moment {
            time_ms: shot.time_ms,
            mood: sight.mood,
            probabilities: sight.smoothed,
            status: music.engine().status(),
        };
        self.film.frame(shot, sight, &moment, music, self.sa)?;
        self.poster.thumbnail(shot)?;
        self.moments.push(moment);
        Ok(moment)
    }

    /// Writes everything, up to the end of the source; gives the files that are there, with a word for each that could not be made.
    ///
    /// # Errors
    /// A file of our own cannot be written. A missing FluidSynth or ffmpeg is only a word.
    pub fn finish(mut self, events: &[Event], library: &Library, end_us: u64) -> Result<Vec<Made>, DemoError> {
        let at = |name: &str| self.folder.join(name);
        // The music first: it is small, and what one would miss most on a full disk.
        midi_file::write(&at(MIDI), events, library)?;
        write_timeline(&at(TIMELINE), &self.moments, library)?;
        let score = poster::Score { events, library, sa: self.sa, end_us };
        self.poster.write(&at(POSTER), &self.moments, &score)?;
        let lengths = self.film.finish(end_us)?;

        let mut made = vec![(at(MIDI), Ok(())), (at(POSTER), Ok(())), (at(TIMELINE), Ok(()))];
        let sounded = sound::render(&at(MIDI), &at(SOUND));
        let with_sound = sounded.is_ok().then(|| at(SOUND));
        let muxed = sound::mux(&self.silent_film, lengths, with_sound.as_deref(), &at(FILM));
        made.push((at(SOUND), sounded));
        made.push((at(FILM), muxed));
        Ok(made)
    }
}

/// The story as data: a line for each frame.
fn write_timeline(path: &Path, moments: &[Moment], library: &Library) -> Result<(), DemoError> {
    let round = |value: f32| (f64::from(value) * 1e4).round() / 1e4;
    let line = |moment: &Moment| {
        let probabilities: serde_json::Map<String, serde_json::Value> = Rasa::ALL
            .into_iter()
            .zip(moment.probabilities)
            .map(|(rasa, p)| (rasa.name().to_owned(), round(p).into()))
            .collect();
        let status = moment.status;
        serde_json::json!({
            "time_ms": moment.time_ms.round(),
            "rasa": moment.mood.rasa,
            "confidence": round(moment.mood.confidence),
            "intensity": round(moment.mood.intensity),
            "probabilities": probabilities,
            "section": status.section.name(),
            "raga": status.raga_name(library),
            "tala": status.tala_name(library),
            "matra": status.matra,
            "laya_bpm": status.laya_bpm,
            "melody": status.melody.map(|note| note.to_string()),
        })
    };
    let text: String = moments.iter().map(|moment| format!("{}\n", line(moment))).collect();
    Output::whole(path, text.as_bytes()).map_err(|cause| DemoError::Write { path: path.to_owned(), cause })
}
