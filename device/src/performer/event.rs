//! What the engine plays: channel messages and cues, each at its time.

use super::swara::Note;
use midly::live::LiveEvent;
use midly::num::{u4, u7};
use midly::{MidiMessage, PitchBend};

/// A voice of the ensemble; each has a MIDI channel of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Voice {
    /// The melody, one note at a time; it takes turns with the two below, so that a note's bend leaves the one before alone
    /// while that rings.
    Melody,
    /// The drone.
    Tanpura,
    /// The percussion.
    Theka,
    /// The tanpura's first string (Pa, Ma or Ni), apart from the three of Sa so that it can be bent to its shruti.
    FirstString,
    /// The melody's second channel.
    SecondMelody,
    /// The melody's third channel.
    ThirdMelody,
}

impl Voice {
    /// Every voice.
    pub const ALL: [Self; 6] =
        [Self::Melody, Self::Tanpura, Self::Theka, Self::FirstString, Self::SecondMelody, Self::ThirdMelody];
    /// The voices that play the melody in turn.
    pub const MELODY: [Self; 3] = [Self::Melody, Self::SecondMelody, Self::ThirdMelody];
    /// The voices that are tuned by pitch bend: each sounds one note at a time.
    pub const BENT: [Self; 4] = [Self::Melody, Self::SecondMelody, Self::ThirdMelody, Self::FirstString];

    /// Whether it plays the melody.
    #[must_use]
    pub const fn is_melody(self) -> bool {
        matches!(self, Self::Melody | Self::SecondMelody | Self::ThirdMelody)
    }

    /// Bend range to each side in semitones, as set by RPN 0.
    #[must_use]
    pub const fn bend_range(self) -> u8 {
        if self.is_melody() { 12 } else { 2 }
    }

    /// Its MIDI channel, counted from 0 (9 is the drum channel of General MIDI).
    #[must_use]
    pub const fn channel(self) -> u4 {
        u4::new(match self {
            Self::Melody => 0,
            Self::Tanpura => 1,
            Self::Theka => 9,
            Self::FirstString => 2,
            Self::SecondMelody => 3,
            Self::ThirdMelody => 4,
        })
    }

    /// The voice of a channel.
    #[must_use]
    pub fn of_channel(channel: u4) -> Option<Self> {
        Self::ALL.into_iter().find(|voice| voice.channel() == channel)
    }
}

/// A point in the music that is not a sound. Cues are not sent to MIDI ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cue {
    /// A raga begins: its index in the library, and the rasa's class index.
    Raga {
        /// Index into [`super::Library::ragas`].
        raga: u8,
        /// Class index of the rasa.
        rasa: u8,
    },
    /// The melody is in free time from here on.
    Alap,
    /// The melody has a pulse from here on, without the theka.
    Jor,
    /// The melody begins a phrase.
    Phrase,
    /// The melody sounds a swara from here on: it is struck, or a glide has reached it.
    Swara {
        /// The swara in its octave.
        note: Note,
    },
    /// The tala begins.
    Gat {
        /// Index into [`super::Library::talas`].
        tala: u8,
    },
    /// A matra of the tala begins.
    Matra,
    /// A beat of a jor, or a matra of a theka that closes under another raga's alap: the pulse without a gat.
    Pulse,
    /// Sam: the first matra of a cycle of the tala.
    Sam,
    /// The melody begins a tihai: a figure said three times, of which the last note falls on sam.
    Tihai {
        /// Notes of the three together.
        notes: u8,
    },
    /// The melody plays a rasa's signature, to say that it was chosen: no rasa has been taken up.
    Signature {
        /// Index into [`super::Library::ragas`].
        raga: u8,
    },
    /// The signature is over: the melody is the raga's again.
    SignatureEnds,
    /// The melody has ended and the drone goes on alone.
    Drone,
    /// The drone has ended too: nobody has been seen for long.
    Silence,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A channel message.
    Midi {
        /// MIDI channel from 0.
        channel: u4,
        /// The message.
        message: MidiMessage,
    },
    /// A point in the music.
    Cue(Cue),
}

/// Something that happens at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Microseconds from the engine's start.
    pub time_us: u64,
    /// What happens.
    pub kind: EventKind,
}

/// Longest channel message, in bytes.
pub const MESSAGE_BYTES: usize = 3;

impl Event {
    /// A channel message for a voice.
    #[must_use]
    pub fn midi(time_us: u64, voice: Voice, message: MidiMessage) -> Self {
        Self { time_us, kind: EventKind::Midi { channel: voice.channel(), message } }
    }

    /// A note begins.
    #[must_use]
    pub fn note_on(time_us: u64, voice: Voice, key: u8, velocity: u8) -> Self {
        let message = MidiMessage::NoteOn { key: seven(key), vel: seven(velocity.max(1)) };
        Self::midi(time_us, voice, message)
    }

    /// A note ends.
    #[must_use]
    pub fn note_off(time_us: u64, voice: Voice, key: u8) -> Self {
        Self::midi(time_us, voice, MidiMessage::NoteOff { key: seven(key), vel: u7::new(64) })
    }

    /// A control change.
    #[must_use]
    pub fn control(time_us: u64, voice: Voice, controller: u8, value: u8) -> Self {
        let message = MidiMessage::Controller { controller: seven(controller), value: seven(value) };
        Self::midi(time_us, voice, message)
    }

    /// A program change.
    #[must_use]
    pub fn program(time_us: u64, voice: Voice, program: u8) -> Self {
        Self::midi(time_us, voice, MidiMessage::ProgramChange { program: seven(program) })
    }

    /// A pitch bend, -8192..=8191; values beyond are cut.
    #[must_use]
    pub fn bend(time_us: u64, voice: Voice, bend: i16) -> Self {
        let bend = PitchBend::from_int(bend.clamp(-8192, 8191));
        Self::midi(time_us, voice, MidiMessage::PitchBend { bend })
    }

    /// A cue.
    #[must_use]
    pub const fn cue(time_us: u64, cue: Cue) -> Self {
        Self { time_us, kind: EventKind::Cue(cue) }
    }

    /// The message's bytes, written into `buffer` without allocating; `None` for a cue.
    pub fn bytes<'b>(&self, buffer: &'b mut [u8; MESSAGE_BYTES]) -> Option<&'b [u8]> {
        let EventKind::Midi { channel, message } = self.kind else { return None };
        let mut rest = &mut buffer[..];
        LiveEvent::Midi { channel, message }.write_std(&mut rest).ok()?;
        let written = MESSAGE_BYTES - rest.len();
        Some(&buffer[..written])
    }
}

fn seven(value: u8) -> u7 {
    u7::new(value.min(127))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_the_bytes_of_the_midi_standard() {
        let mut buffer = [0; MESSAGE_BYTES];
        assert_eq!(Event::note_on(0, Voice::Melody, 61, 90).bytes(&mut buffer), Some(&[0x90, 61, 90][..]));
        assert_eq!(Event::program(0, Voice::Tanpura, 104).bytes(&mut buffer), Some(&[0xC1, 104][..]));
        assert_eq!(Event::bend(0, Voice::Melody, 0).bytes(&mut buffer), Some(&[0xE0, 0, 64][..]));
        assert_eq!(Event::cue(0, Cue::Phrase).bytes(&mut buffer), None);
    }
}
