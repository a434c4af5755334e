//! What a cable can carry, and in which order messages take their turn on it.
//!
//! A DIN cable takes 320 µs a byte. What is offered faster waits here and not in the system's buffer, where nothing
//! could overtake it: notes, note-offs and set-up in a queue that loses nothing; bends and continuous controllers in
//! a second one that keeps only the newest value of each and goes when the first is empty, with at most half of the
//! cable. A note-on takes its own channel's waiting bends and controllers along, before it, so that it is struck at
//! the pitch and loudness meant for it.
//!
//! The bend of a note that sounds goes first, and none of its steps is left out: a glide that halts or jumps is heard
//! sooner than a note that comes a millisecond late. Only when more of them wait than a glide ever has do they thin out.
//!
//! The wire is pure: it is told the time and what was sent. A cable without a limit passes everything on at once.

use crate::performer::event::{Event, EventKind, MESSAGE_BYTES};
use crate::performer::sounding::Sounding;
use midly::MidiMessage;
use midly::num::u4;
use std::collections::VecDeque;

/// The next message is handed to the port this long before the cable is free, so that a late wake-up leaves no gap.
pub const LEAD_US: u64 = 640;
/// Messages that wait at most before the queue has to grow: a third of a second of a DIN cable.
const ROOM: usize = 512;
/// Channels times bend and continuous controllers that wait at most before their queue has to grow.
const CONTINUOUS_ROOM: usize = 128;
/// Steps of sounding notes' bends that wait at most before they are thinned: two messages' time of the fastest glide.
const GLIDE_ROOM: usize = 6;
/// Bends and controllers leave the cable free for as long as they took, times this less one.
const CONTINUOUS_SHARE: u64 = 2;

/// A message that waits for the cable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// When it was to be sent, on the player's clock.
    pub due_us: u64,
    /// The message.
    pub event: Event,
}

/// A cable and what waits for it.
#[derive(Debug)]
pub struct Wire {
    byte_us: u64,
    queue: VecDeque<Waiting>,
    continuous: VecDeque<Waiting>,
    /// Bends of notes that sound.
    glides: VecDeque<Waiting>,
    sounding: Sounding,
    /// When the last byte handed to the port leaves the cable.
    free_us: u64,
    /// When bends and controllers may go again.
    continuous_us: u64,
}

impl Wire {
    /// A cable that takes so many microseconds a byte; `None` is a cable without a limit.
    pub fn new(byte_us: Option<u64>) -> Self {
        Self {
            byte_us: byte_us.unwrap_or(0),
            queue: VecDeque::with_capacity(ROOM),
            continuous: VecDeque::with_capacity(CONTINUOUS_ROOM),
            glides: VecDeque::with_capacity(GLIDE_ROOM),
            sounding: Sounding::default(),
            free_us: 0,
            continuous_us: 0,
        }
    }

    /// Whether the cable has a limit.
    pub fn is_limited(&self) -> bool {
        self.byte_us > 0
    }

    /// Takes a message in.
    pub fn offer(&mut self, event: &Event, due_us: u64) {
        let EventKind::Midi { channel, message } = event.kind else { return };
        let waiting = Waiting { due_us, event: *event };
        if let (MidiMessage::PitchBend { .. }, true) = (message, self.glides_on(channel)) {
            self.offer_glide(channel, waiting);
            return;
        }
        if let Some(which) = continuous(message) {
            let same = |other: &&mut Waiting| match other.event.kind {
                EventKind::Midi { channel: its, message } => its == channel && continuous(message) == Some(which),
                EventKind::Cue(_) => false,
            };
            match self.continuous.iter_mut().find(same) {
                Some(older) => *older = waiting,
                None => self.continuous.push_back(waiting),
            }
            return;
        }
        if !matches!(message, MidiMessage::NoteOff { .. }) {
            // Oldest first, and those that stay keep their order.
            for _ in 0..self.continuous.len() {
                let Some(first) = self.continuous.pop_front() else { break };
                let own = matches!(first.event.kind, EventKind::Midi { channel: its, .. } if its == channel);
                if own { &mut self.queue } else { &mut self.continuous }.push_back(first);
            }
        }
        self.queue.push_back(waiting);
    }

    /// Whether a note sounds on a channel, of which the end is not waiting, nor another note.
    fn glides_on(&self, channel: u4) -> bool {
        let own =
            |waiting: &Waiting| matches!(waiting.event.kind, EventKind::Midi { channel: its, .. } if its == channel);
        self.sounding.sounds_on(channel) && !self.queue.iter().any(own)
    }

    /// Takes in a step of a sounding note's bend.
    fn offer_glide(&mut self, channel: u4, waiting: Waiting) {
        let own = |other: &Waiting| match other.event.kind {
            EventKind::Midi { channel: its, message: MidiMessage::PitchBend { .. } } => its == channel,
            _ => false,
        };
        // One that was offered before its note was handed over goes before this one.
        if let Some(at) = self.continuous.iter().position(own)
            && let Some(older) = self.continuous.remove(at)
        {
            self.glides.push_back(older);
        }
        if self.glides.len() >= GLIDE_ROOM
            && let Some(at) = self.glides.iter().rposition(own)
        {
            self.glides.remove(at);
        }
        self.glides.push_back(waiting);
    }

    /// What is to be handed to the port now. Call [`Wire::sent`] after it.
    pub fn next(&mut self, now_us: u64) -> Option<Waiting> {
        if self.due_us()? > now_us {
            return None;
        }
        let next = self.pick(now_us);
        if let Some(waiting) = &next {
            self.sounding.hear(&waiting.event);
        }
        next
    }

    fn pick(&mut self, now_us: u64) -> Option<Waiting> {
        self.glides.pop_front().or_else(|| self.queue.pop_front()).or_else(|| {
            let longest = MESSAGE_BYTES as u64 * self.byte_us;
            self.continuous_us = self.free_us.max(now_us) + CONTINUOUS_SHARE * longest;
            self.continuous.pop_front()
        })
    }

    /// When [`Wire::next`] will have something; `None` while nothing waits.
    pub fn due_us(&self) -> Option<u64> {
        let free_us = self.free_us.saturating_sub(LEAD_US);
        if self.queue.is_empty() && self.glides.is_empty() {
            return (!self.continuous.is_empty()).then(|| free_us.max(self.continuous_us));
        }
        Some(free_us)
    }

    /// So many bytes were handed to the port. Returns when the last of them leaves the cable.
    pub fn sent(&mut self, now_us: u64, bytes: usize) -> u64 {
        self.free_us = self.free_us.max(now_us) + bytes as u64 * self.byte_us;
        self.free_us
    }

    /// The cable stays free for so long after what was handed over; what is offered meanwhile waits.
    pub fn rest(&mut self, now_us: u64, rest_us: u64) {
        self.free_us = self.free_us.max(now_us) + rest_us + LEAD_US;
    }

    /// Forgets what waits: before silence, which ends everything that was sent.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.continuous.clear();
        self.glides.clear();
        self.sounding = Sounding::default();
    }
}

/// Number of a continuous control of a channel, of which only the newest value matters; `None` for all that must be
/// sent as it is.
fn continuous(message: MidiMessage) -> Option<u8> {
    match message {
        // Modulation, breath, foot, volume, balance, pan, expression.
        MidiMessage::Controller { controller, .. } if matches!(controller.as_int(), 1 | 2 | 4 | 7 | 8 | 10 | 11) => {
            Some(controller.as_int())
        }
        MidiMessage::PitchBend { .. } => Some(128),
        MidiMessage::ChannelAftertouch { .. } => Some(129),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performer::event::Voice;
    use proptest::prelude::*;
    use rasika_hardware::midi::{DIN_BYTE_US, RunningStatus};

    /// Bytes a DIN cable carries in 100 ms, the one that is under way included.
    const CABLE: usize = 313;

    /// A message: note-on, note-off, bend, a continuous controller, a program, a data entry.
    fn message() -> impl Strategy<Value = Event> {
        let voice = prop_oneof![Just(Voice::Melody), Just(Voice::Tanpura), Just(Voice::Theka)];
        (0_u8..8, voice, 40_u8..80, 1_u8..127).prop_map(|(kind, voice, key, value)| match kind {
            0 | 1 => Event::note_on(0, voice, key, value),
            2 | 3 => Event::note_off(0, voice, key),
            4 | 5 => Event::bend(0, voice, i16::from(value) * 64),
            6 => Event::control(0, voice, [1, 7, 10, 11][usize::from(key) % 4], value),
            _ if key % 2 == 0 => Event::program(0, voice, value),
            _ => Event::control(0, voice, 6, value),
        })
    }

    /// Gaps in microseconds: from nothing at all to some time to breathe.
    fn score() -> impl Strategy<Value = Vec<(u64, Event)>> {
        let gap = prop_oneof![3 => Just(0_u64), 3 => 0_u64..2_000, 1 => 0_u64..60_000];
        prop::collection::vec((gap, message()), 1..500)
    }

    /// Plays a score through a wire as the stage does: what was handed to the port, when, and its bytes.
    fn play(score: &[(u64, Event)]) -> Vec<(u64, usize, Event)> {
        let (mut wire, mut running) = (Wire::new(Some(DIN_BYTE_US)), RunningStatus::default());
        let (mut now_us, mut handed) = (1_000_000, Vec::new());
        let mut drain = |wire: &mut Wire, now_us: u64| {
            while let Some(waiting) = wire.next(now_us) {
                let mut buffer = [0; MESSAGE_BYTES];
                let bytes = running.shorten(waiting.event.bytes(&mut buffer).unwrap()).len();
                wire.sent(now_us, bytes);
                handed.push((now_us, bytes, waiting.event));
            }
        };
        for (gap_us, event) in score {
            let next_us = now_us + gap_us;
            while let Some(due_us) = wire.due_us().filter(|due_us| *due_us < next_us) {
                drain(&mut wire, due_us.max(now_us));
            }
            now_us = next_us;
            wire.offer(event, now_us);
            drain(&mut wire, now_us);
        }
        while let Some(due_us) = wire.due_us() {
            drain(&mut wire, due_us.max(now_us));
        }
        handed
    }

    fn must_arrive(event: &Event) -> bool {
        matches!(event.kind, EventKind::Midi { message, .. } if continuous(message).is_none())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn the_port_is_never_handed_more_than_the_cable_carries(score in score()) {
            let handed = play(&score);
            // A UART of the test's own: it puts bytes on the cable one after another.
            let (mut free_us, mut bytes_at) = (0_u64, Vec::new());
            for (time_us, bytes, _) in &handed {
                let waits_us = free_us.saturating_sub(*time_us);
                prop_assert!(waits_us <= LEAD_US, "{waits_us} µs of bytes stand before a message");
                for _ in 0..*bytes {
                    free_us = free_us.max(*time_us) + DIN_BYTE_US;
                    bytes_at.push(free_us);
                }
            }
            for (first, from_us) in bytes_at.iter().enumerate() {
                let within = bytes_at[first..].iter().take_while(|at| **at < from_us + 100_000).count();
                prop_assert!(within <= CABLE, "{within} bytes in 100 ms");
            }
            // And what is handed over in any 100 ms is that, and what the lead allows.
            for (first, (from_us, ..)) in handed.iter().enumerate() {
                let within: usize =
                    handed[first..].iter().take_while(|(at, ..)| *at < from_us + 100_000).map(|(_, n, _)| n).sum();
                prop_assert!(within <= CABLE + 5, "{within} bytes handed over in 100 ms");
            }
        }

        #[test]
        fn no_note_is_lost_and_all_but_thinned_values_keep_their_order(score in score()) {
            let handed = play(&score);
            let wanted: Vec<Event> = score.iter().map(|(_, event)| *event).filter(must_arrive).collect();
            let got: Vec<Event> = handed.iter().map(|(_, _, event)| *event).filter(must_arrive).collect();
            prop_assert_eq!(got, wanted);
            // The same notes sound in the end.
            let (mut meant, mut heard) = (Sounding::default(), Sounding::default());
            score.iter().for_each(|(_, event)| meant.hear(event));
            handed.iter().for_each(|(_, _, event)| heard.hear(event));
            prop_assert_eq!(meant, heard);
        }

        #[test]
        fn a_note_is_struck_with_the_newest_values_and_the_last_ones_always_arrive(score in score()) {
            let mut meant = std::collections::BTreeMap::new();
            let mut strikes = Vec::new();
            let mut values = |event: &Event, strikes: &mut Vec<_>| {
                let EventKind::Midi { channel, message } = event.kind else { return };
                if let Some(which) = continuous(message) {
                    meant.insert((channel, which), message);
                } else if let MidiMessage::NoteOn { .. } = message {
                    let own: Vec<_> = meant.iter().filter(|((its, _), _)| *its == channel).map(|(k, v)| (*k, *v)).collect();
                    strikes.push((*event, own));
                }
            };
            score.iter().for_each(|(_, event)| values(event, &mut strikes));
            let (wanted, end) = (std::mem::take(&mut strikes), std::mem::take(&mut meant));
            let mut values = |event: &Event, strikes: &mut Vec<_>| {
                let EventKind::Midi { channel, message } = event.kind else { return };
                if let Some(which) = continuous(message) {
                    meant.insert((channel, which), message);
                } else if let MidiMessage::NoteOn { .. } = message {
                    let own: Vec<_> = meant.iter().filter(|((its, _), _)| *its == channel).map(|(k, v)| (*k, *v)).collect();
                    strikes.push((*event, own));
                }
            };
            play(&score).iter().for_each(|(_, _, event)| values(event, &mut strikes));
            prop_assert_eq!(strikes, wanted);
            prop_assert_eq!(meant, end);
        }
    }

    #[test]
    fn bends_are_thinned_before_a_note_is_delayed() {
        // A bend every 0.5 ms is twice what the cable carries; a note on another channel every 50 ms.
        let score: Vec<(u64, Event)> = (0..4_000_u64)
            .map(|n| match n % 100 {
                99 => (500, Event::note_on(n, Voice::Tanpura, (n % 7) as u8 + 50, 80)),
                _ => (500, Event::bend(n, Voice::Melody, (n % 8000) as i16)),
            })
            .collect();
        let handed = play(&score);
        let notes: Vec<u64> = handed
            .iter()
            .filter(|(_, _, event)| must_arrive(event))
            .map(|(time_us, _, event)| time_us - (1_000_000 + 500 * (event.time_us + 1)))
            .collect();
        assert_eq!(notes.len(), 40);
        assert!(notes.iter().all(|late_us| *late_us <= 960), "one message stands before a note at most: {notes:?}");
        let bends = handed.len() - notes.len();
        assert!((700..1200).contains(&bends), "{bends} of 3960 bends, half of the cable");
    }

    #[test]
    fn a_synth_that_is_reset_has_its_pause_on_any_cable() {
        for byte_us in [None, Some(DIN_BYTE_US)] {
            let mut wire = Wire::new(byte_us);
            let out_us = wire.sent(1_000, 11);
            wire.rest(1_000, 50_000);
            wire.offer(&Event::program(0, Voice::Melody, 5), 1_000);
            assert_eq!(wire.next(out_us + 49_999), None);
            assert!(wire.next(out_us + 50_000).is_some());
        }
    }

    #[test]
    fn a_cable_without_a_limit_passes_everything_on_at_once() {
        let mut wire = Wire::new(None);
        for n in 0..1000 {
            let event =
                if n % 3 == 0 { Event::note_on(n, Voice::Melody, 60, 9) } else { Event::bend(n, Voice::Melody, 5) };
            wire.offer(&event, n);
            assert_eq!(wire.next(n).map(|waiting| waiting.event), Some(event));
            wire.sent(n, 3);
            assert_eq!(wire.next(n), None);
        }
    }
}
