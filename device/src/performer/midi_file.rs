//! A performance as a standard MIDI file: format 1, a track for each voice, markers where a raga begins.

use super::event::{Cue, Event, EventKind, Voice};
use super::library::Library;
use midly::num::{u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, Track, TrackEvent, TrackEventKind};
use rasika_models::Rasa;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Ticks of a quarter note.
pub const TICKS_A_QUARTER: u16 = 960;
/// Length of a quarter note in microseconds: 120 a minute, so that a tick is about half a millisecond.
pub const QUARTER_US: u32 = 500_000;

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
    let mut names = Vec::new();
    for event in events {
        if let EventKind::Cue(Cue::Raga { raga, rasa }) = event.kind {
            let raga = library.ragas.get(usize::from(raga)).map_or("?", |raga| &raga.name);
            let rasa = Rasa::from_index(usize::from(rasa)).map_or("?", Rasa::name);
            names.push(ascii(&format!("{rasa}: {raga}")));
        }
    }
    let timing = Timing::Metrical(u15::new(TICKS_A_QUARTER));
    let mut smf = Smf::new(Header::new(Format::Parallel, timing));
    smf.tracks.push(conductor(events, &names));
    let tracks = [
        (Voice::Melody, &b"raga"[..]),
        (Voice::Tanpura, b"tanpura"),
        (Voice::FirstString, b"first string"),
        (Voice::Theka, b"theka"),
    ];
    for (voice, name) in tracks {
        smf.tracks.push(voice_track(events, voice, name));
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
    // A link stays a link: what it points to is replaced.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let part = path.with_extension(format!("mid.{}.part", std::process::id()));
    let written = std::fs::File::create(&part).and_then(|mut file| {
        file.write_all(&bytes(events, library))?;
        file.sync_all()?;
        std::fs::rename(&part, path)
    });
    written.map_err(|cause| {
        let _ = std::fs::remove_file(&part);
        MidiFileError { path: path.to_owned(), cause }
    })
}

/// Ticks from the start to a time.
fn ticks(time_us: u64) -> u64 {
    (time_us * u64::from(TICKS_A_QUARTER) + u64::from(QUARTER_US) / 2) / u64::from(QUARTER_US)
}

/// Builds a track from absolute times.
#[derive(Default)]
struct TrackMaker<'a> {
    track: Track<'a>,
    at: u64,
}

impl<'a> TrackMaker<'a> {
    fn push(&mut self, time_us: u64, kind: TrackEventKind<'a>) {
        let at = ticks(time_us).max(self.at);
        let mut delta = at - self.at;
        // A gap wider than a delta can say (77 hours) is filled with empty text.
        let most = u64::from(u28::max_value().as_int());
        while delta > most {
            let filler = TrackEventKind::Meta(MetaMessage::Text(b""));
            self.track.push(TrackEvent { delta: u28::max_value(), kind: filler });
            delta -= most;
        }
        self.track.push(TrackEvent { delta: u28::new(delta as u32), kind });
        self.at = at;
    }

    fn end(mut self, time_us: u64) -> Track<'a> {
        self.push(time_us, TrackEventKind::Meta(MetaMessage::EndOfTrack));
        self.track
    }
}

fn last_us(events: &[Event]) -> u64 {
    events.last().map_or(0, |event| event.time_us)
}

fn conductor<'a>(events: &[Event], names: &'a [String]) -> Track<'a> {
    let mut maker = TrackMaker::default();
    maker.push(0, TrackEventKind::Meta(MetaMessage::TrackName(b"Rasika")));
    maker.push(0, TrackEventKind::Meta(MetaMessage::Tempo(u24::new(QUARTER_US))));
    let mut names = names.iter();
    for event in events {
        let marker = match event.kind {
            EventKind::Cue(Cue::Raga { .. }) => names.next().map(String::as_bytes),
            EventKind::Cue(Cue::Drone) => Some(&b"drone"[..]),
            _ => None,
        };
        if let Some(marker) = marker {
            maker.push(event.time_us, TrackEventKind::Meta(MetaMessage::Marker(marker)));
        }
    }
    maker.end(last_us(events))
}

fn voice_track<'a>(events: &[Event], voice: Voice, name: &'a [u8]) -> Track<'a> {
    let mut maker = TrackMaker::default();
    maker.push(0, TrackEventKind::Meta(MetaMessage::TrackName(name)));
    for event in events {
        if let EventKind::Midi { channel, message } = event.kind
            && channel == voice.channel()
            && !is_panic(message)
        {
            maker.push(event.time_us, TrackEventKind::Midi { channel, message });
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
