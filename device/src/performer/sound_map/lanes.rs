//! The melody on the channels a synth gives it: one, two or three in turn.
//!
//! A note begins on the channel that has been silent longest, at the pitch and loudness meant for it. While nothing sounds
//! on a channel its bend stays where it is, so that a note's ring is not bent: what moves meanwhile waits for the next note.

use crate::performer::event::Voice;
use midly::MidiMessage;
use midly::PitchBend;
use midly::num::{u4, u7};

/// Channels of the melody at most.
pub const MOST: usize = Voice::MELODY.len();
/// Expression of a channel that was told none.
const FULL: u7 = u7::new(127);
const EXPRESSION: u8 = 11;
const ALL_SOUND_OFF: u8 = 120;

/// How the melody is laid out on a synth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Its channels.
    pub channels: [u4; MOST],
    /// How many of them there are, 1 to [`MOST`].
    pub count: usize,
    /// Bend range to each side, in semitones.
    pub bend_range: u8,
    /// Whether the synth bends.
    pub bends: bool,
}

/// One of the engine's melody voices.
#[derive(Debug, Clone, Copy)]
struct Lane {
    bend: i16,
    expression: u7,
    /// The channel, by number, on which its note sounds, and the one on which it sounded last.
    plays: Option<usize>,
    last: Option<usize>,
}

/// One of the synth's channels.
#[derive(Debug, Clone, Copy)]
struct Channel {
    bend: i16,
    expression: u7,
    ended_us: u64,
    /// Whether nothing can ring on it: at first, and after All Sound Off.
    quiet: bool,
    sounds: bool,
}

/// The melody's voices and channels at work.
#[derive(Debug, Clone)]
pub struct Lanes {
    layout: Layout,
    lanes: [Lane; MOST],
    channels: [Channel; MOST],
}

impl Lanes {
    /// Before anything sounds.
    pub fn new(layout: Layout) -> Self {
        let channel = Channel { bend: 0, expression: FULL, ended_us: 0, quiet: true, sounds: false };
        Self {
            layout,
            lanes: [Lane { bend: 0, expression: FULL, plays: None, last: None }; MOST],
            channels: [channel; MOST],
        }
    }

    /// The channel on which a voice's note is to be struck; what its channel must hear first is given out.
    pub fn strike(&mut self, lane: usize, time_us: u64, mut out: impl FnMut(u4, MidiMessage)) -> u4 {
        self.end(lane, time_us);
        let channels = &self.channels[..self.layout.count];
        let silent = (0..channels.len()).filter(|at| !channels[*at].sounds).min_by_key(|at| channels[*at].ended_us);
        let at = silent.unwrap_or(0);
        let (number, lane) = (self.layout.channels[at], &mut self.lanes[lane]);
        (lane.plays, lane.last) = (Some(at), Some(at));
        let channel = &mut self.channels[at];
        (channel.quiet, channel.sounds) = (false, true);
        if channel.expression != lane.expression {
            channel.expression = lane.expression;
            out(number, expression(lane.expression));
        }
        if channel.bend != lane.bend && self.layout.bends {
            channel.bend = lane.bend;
            out(number, self.layout.bend(lane.bend));
        }
        number
    }

    /// A voice's note ends: the channel it was on.
    pub fn end(&mut self, lane: usize, time_us: u64) -> Option<u4> {
        let at = self.lanes[lane].plays.take()?;
        (self.channels[at].sounds, self.channels[at].ended_us) = (false, time_us + 1);
        Some(self.layout.channels[at])
    }

    /// A message that is not a note: to which channel it goes now, if it does.
    pub fn control(&mut self, lane: usize, message: MidiMessage) -> Option<(u4, MidiMessage)> {
        let own = (lane < self.layout.count).then_some(lane);
        match message {
            MidiMessage::PitchBend { bend } => {
                let bend = bend.as_int();
                self.lanes[lane].bend = bend;
                let at = self.lanes[lane].plays.or(own.filter(|at| self.channels[*at].quiet))?;
                self.channels[at].bend = bend;
                self.layout.bends.then(|| (self.layout.channels[at], self.layout.bend(bend)))
            }
            MidiMessage::Controller { controller, value } if controller == EXPRESSION => {
                self.lanes[lane].expression = value;
                // What rings is made louder and softer too, unless another voice plays there by now.
                let rings = self.lanes[lane].last.filter(|at| !self.channels[*at].sounds);
                let at = self.lanes[lane].plays.or(rings).or(own.filter(|at| self.channels[*at].quiet))?;
                self.channels[at].expression = value;
                Some((self.layout.channels[at], message))
            }
            MidiMessage::Controller { controller, .. } => {
                let at = own?;
                self.channels[at].quiet |= controller == ALL_SOUND_OFF;
                Some((self.layout.channels[at], message))
            }
            _ => own.map(|at| (self.layout.channels[at], message)),
        }
    }
}

impl Layout {
    /// A bend of the engine's on a synth with another range.
    fn bend(&self, bend: i16) -> MidiMessage {
        let engine = i32::from(Voice::Melody.bend_range());
        let range = i32::from(self.bend_range).max(1);
        let bend = (2 * i32::from(bend) * engine + i32::from(bend).signum() * range) / (2 * range);
        MidiMessage::PitchBend { bend: PitchBend::from_int(bend.clamp(-8192, 8191) as i16) }
    }
}

fn expression(value: u7) -> MidiMessage {
    MidiMessage::Controller { controller: u7::new(EXPRESSION), value }
}
