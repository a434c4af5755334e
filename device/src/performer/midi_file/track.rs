//! A track, put together from times.

use super::grid::Grid;
use midly::num::u28;
use midly::{MetaMessage, Track, TrackEvent, TrackEventKind};

/// Puts a track together.
pub struct TrackMaker<'a> {
    grid: &'a Grid,
    track: Track<'a>,
    at: u64,
}

impl<'a> TrackMaker<'a> {
    /// A track with its name.
    pub fn named(grid: &'a Grid, name: &'a [u8]) -> Self {
        let mut maker = Self { grid, track: Track::new(), at: 0 };
        maker.meta(0, MetaMessage::TrackName(name));
        maker
    }

    /// Adds an event at a time; one before the last counts as at the same time.
    pub fn push(&mut self, time_us: u64, kind: TrackEventKind<'a>) {
        self.push_at(self.grid.tick(time_us), kind);
    }

    /// Adds an event that is no sound, at a tick.
    pub fn meta(&mut self, tick: u64, message: MetaMessage<'a>) {
        self.push_at(tick, TrackEventKind::Meta(message));
    }

    fn push_at(&mut self, tick: u64, kind: TrackEventKind<'a>) {
        let at = tick.max(self.at);
        let mut delta = at - self.at;
        // A gap wider than a delta can say (a day) is filled with empty text.
        let most = u64::from(u28::max_value().as_int());
        while delta > most {
            let filler = TrackEventKind::Meta(MetaMessage::Text(b""));
            self.track.push(TrackEvent { delta: u28::max_value(), kind: filler });
            delta -= most;
        }
        self.track.push(TrackEvent { delta: u28::new(delta as u32), kind });
        self.at = at;
    }

    /// Ends the track at a time.
    pub fn end(mut self, time_us: u64) -> Track<'a> {
        self.push(time_us, TrackEventKind::Meta(MetaMessage::EndOfTrack));
        self.track
    }
}
