//! The first track: tempo, time and key signatures, and markers for the parts of the performance.

use super::super::event::{Cue, Event, EventKind, Voice};
use super::super::library::Library;
use super::super::raga::Raga;
use super::super::swara::Swara;
use super::grid::Grid;
use super::track::TrackMaker;
use midly::num::u24;
use midly::{MetaMessage, MidiMessage, Track};

/// Time signatures count quarters: a half to the power of 2.
const QUARTER: u8 = 2;
/// What the standard writes for an unaltered metronome: 24 clocks a beat, eight 32nds a quarter.
const CLOCKS: (u8, u8) = (24, 8);

/// Something of the first track, at its tick.
enum Item {
    Tempo(u32),
    Meter(u8),
    Key(i8, bool),
    Marker(usize),
}

/// The texts of all markers, in order: what [`track`] refers to.
pub fn texts(events: &[Event], library: &Library) -> Vec<(u64, String)> {
    let mut texts = Vec::new();
    let opens = |cue| matches!(cue, Cue::Raga { .. } | Cue::Drone | Cue::Signature { .. });
    let first = events.iter().find(|event| matches!(event.kind, EventKind::Cue(cue) if opens(cue)));
    if first.is_some_and(|first| first.time_us > 0) {
        // Until somebody is seen the drone is alone; the engine says so only when it comes back to it.
        texts.push((0, "drone".to_owned()));
    }
    for event in events {
        let EventKind::Cue(cue) = event.kind else { continue };
        let text = match cue {
            Cue::Raga { raga, .. } => format!("raga {}", library.ragas.get(usize::from(raga)).map_or("?", |r| &r.name)),
            Cue::Alap => "alap".to_owned(),
            Cue::Jor => "jor".to_owned(),
            Cue::Gat { tala } => format!("gat {}", library.talas.get(usize::from(tala)).map_or("?", |t| &t.name)),
            Cue::Sam => "sam".to_owned(),
            Cue::Tihai { .. } => "tihai".to_owned(),
            Cue::Drone => "drone".to_owned(),
            _ => continue,
        };
        texts.push((event.time_us, super::ascii(&text)));
    }
    texts
}

/// The track.
pub fn track<'a>(events: &[Event], library: &Library, grid: &'a Grid, texts: &'a [(u64, String)]) -> Track<'a> {
    let mut items: Vec<(u64, Item)> = Vec::new();
    items.extend(grid.tempos().into_iter().map(|tempo| (tempo.tick, Item::Tempo(tempo.quarter_us))));
    items.extend(grid.meters().into_iter().map(|meter| (meter.tick, Item::Meter(meter.quarters))));
    let sa = sa_key(events);
    let mut key = None;
    for event in events {
        let EventKind::Cue(Cue::Raga { raga, .. }) = event.kind else { continue };
        let raga = library.ragas.get(usize::from(raga));
        if let Some((sharps, minor)) = raga.zip(sa).map(|(raga, sa)| key_signature(raga, sa))
            && key.replace((sharps, minor)) != Some((sharps, minor))
        {
            items.push((grid.tick(event.time_us), Item::Key(sharps, minor)));
        }
    }
    items.extend(texts.iter().enumerate().map(|(at, (time_us, _))| (grid.tick(*time_us), Item::Marker(at))));
    // Stable: of one tick tempo comes first, then meter, key and markers as they were said.
    items.sort_by_key(|(tick, _)| *tick);
    let mut maker = TrackMaker::named(grid, b"markers");
    for (tick, item) in items {
        maker.meta(
            tick,
            match item {
                Item::Tempo(quarter_us) => MetaMessage::Tempo(u24::new(quarter_us)),
                Item::Meter(quarters) => MetaMessage::TimeSignature(quarters, QUARTER, CLOCKS.0, CLOCKS.1),
                Item::Key(sharps, minor) => MetaMessage::KeySignature(sharps, minor),
                Item::Marker(at) => MetaMessage::Marker(texts[at].1.as_bytes()),
            },
        );
    }
    maker.end(super::last_us(events))
}

/// The key of the middle Sa: that of the first swara that is struck, less its steps.
fn sa_key(events: &[Event]) -> Option<u8> {
    events.windows(2).find_map(|pair| {
        let EventKind::Cue(Cue::Swara { note }) = pair[0].kind else { return None };
        let EventKind::Midi { channel, message: MidiMessage::NoteOn { key, .. } } = pair[1].kind else { return None };
        let melody = Voice::of_channel(channel).is_some_and(Voice::is_melody);
        melody.then(|| u8::try_from(i16::from(key.as_int()) - i16::from(note.step())).ok()).flatten()
    })
}

/// Sharps (or, below 0, flats) and whether it is minor: the key whose tonic is Sa, minor where the raga's Ga is komal.
fn key_signature(raga: &Raga, sa: u8) -> (i8, bool) {
    let minor = raga.has(Swara::KomalGa) && !raga.has(Swara::Ga);
    let major = (sa + if minor { 3 } else { 0 }) % 12;
    // Each fifth up from C is a sharp more; from F sharp on flats are fewer.
    let fifths = (major * 7 % 12) as i8;
    (if fifths > 6 { fifths - 12 } else { fifths }, minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_that_of_sa() {
        let library = Library::built_in().unwrap();
        let raga = |name| library.ragas.iter().find(|raga: &&Raga| raga.name == name).unwrap();
        // D major has two sharps, D minor a flat; C sharp major is written as D flat, with five.
        assert_eq!(key_signature(raga("Yaman"), 50), (2, false));
        assert_eq!(key_signature(raga("Malkauns"), 50), (-1, true));
        assert_eq!(key_signature(raga("Yaman"), 61), (-5, false));
    }
}
