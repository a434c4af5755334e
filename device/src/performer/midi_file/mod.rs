//! A performance as a standard MIDI file that a DAW reads as music: format 1, a track for each part.
//!
//! A quarter note is a matra, a bar is a cycle of the tala ([`grid`]); the first track says where raga, alap, jor and
//! gat begin ([`markers`]); each swara of the melody, struck or reached by a glide, has its letter as a lyric.

mod grid;
mod markers;
mod track;

use super::event::{Cue, Event, EventKind, Voice};
use super::library::Library;
use crate::output::Output;
use crate::private;
use grid::Grid;
pub use grid::TICKS_A_QUARTER;
use midly::num::u15;
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, Track, TrackEventKind};
use std::path::{Path, PathBuf};
use track::TrackMaker;

/// The tracks that sound: their names, and the voices of each.
const TRACKS: [(&str, &[Voice]); 4] = [
    ("raga", &Voice::MELODY),
    ("tanpura Sa", &[Voice::Tanpura]),
    ("tanpura first string", &[Voice::FirstString]),
    ("theka", &[Voice::Theka]),
];

/// A .mid file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {cause}; check that the folder exists, may be written to and has room")]
pub struct MidiFileError {
    /// The file.
    pub path: PathBuf,
    /// The system's words.
    #[source]
    pub cause: std::io::Error,
}

/// The bytes of a MIDI file of events in order of time.
#[must_use]
pub fn bytes(events: &[Event], library: &Library) -> Vec<u8> {
    let grid = Grid::of(events, library);
    let texts = markers::texts(events, library);
    let letters = letters(events);
    let timing = Timing::Metrical(u15::new(TICKS_A_QUARTER));
    let mut smf = Smf::new(Header::new(Format::Parallel, timing));
    smf.tracks.push(markers::track(events, library, &grid, &texts));
    for (name, voices) in TRACKS {
        let letters = if voices.contains(&Voice::Melody) { &letters[..] } else { &[] };
        smf.tracks.push(part(events, &grid, name, voices, letters));
    }
    let mut bytes = Vec::new();
    // Writing to a Vec does not fail, and no track comes near the 4 GiB a chunk can hold.
    let _ = smf.write_std(&mut bytes);
    bytes
}

/// Writes a MIDI file in one stroke: whoever looks finds the old file or the whole new one.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, events: &[Event], library: &Library) -> Result<(), MidiFileError> {
    let written = Output::whole(path, &bytes(events, library));
    written.map_err(|cause| MidiFileError { path: path.to_owned(), cause })?;
    private::share(path);
    Ok(())
}

fn last_us(events: &[Event]) -> u64 {
    events.last().map_or(0, |event| event.time_us)
}

/// The swaras of the melody as they are written, in order.
fn letters(events: &[Event]) -> Vec<String> {
    let swara = |event: &Event| match event.kind {
        EventKind::Cue(Cue::Swara { note }) => Some(note.to_string()),
        _ => None,
    };
    events.iter().filter_map(swara).collect()
}

/// A track of some voices; with the letters of the melody where there are any.
fn part<'a>(events: &[Event], grid: &'a Grid, name: &'a str, voices: &[Voice], letters: &'a [String]) -> Track<'a> {
    let mut maker = TrackMaker::named(grid, name.as_bytes());
    let mut letters = letters.iter();
    for event in events {
        let kind = match event.kind {
            EventKind::Midi { channel, message } => {
                let belongs = voices.iter().any(|voice| voice.channel() == channel) && !is_panic(message);
                belongs.then_some(TrackEventKind::Midi { channel, message })
            }
            EventKind::Cue(Cue::Swara { .. }) => {
                letters.next().map(|letter| TrackEventKind::Meta(MetaMessage::Lyric(letter.as_bytes())))
            }
            EventKind::Cue(_) => None,
        };
        if let Some(kind) = kind {
            maker.push(event.time_us, kind);
        }
    }
    maker.end(last_us(events))
}

/// All Sound Off cuts the ring of the last notes; a file has no stuck notes to fear.
fn is_panic(message: MidiMessage) -> bool {
    matches!(message, MidiMessage::Controller { controller, .. } if controller == 120)
}

/// Meta texts have no encoding: letters beyond ASCII are left to the reader's guess, so there are none.
fn ascii(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_graphic() || letter == ' ' { letter } else { '?' }).collect()
}
