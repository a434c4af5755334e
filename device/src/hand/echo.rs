//! Our own music, heard again: a synth with its MIDI thru on, or a loop in the ALSA sequencer, sends us what we sent it.
//!
//! What goes out on any port is written into a ring of fixed size without a lock; each port that is listened to looks
//! there for every message it hears, and what was sent within the last second and was not yet heard by it is ours.

use rasika_hardware::midi::{Message, MidiOut, PortError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Messages remembered: a second on four DIN cables, in round numbers.
const ROOM: usize = 4096;
/// How long after it was sent a message may come back.
const WINDOW_MS: u32 = 1000;

/// What was sent lately. One thread writes (the performer), any may read.
#[derive(Debug)]
pub struct Sent {
    ring: Box<[AtomicU64]>,
    /// Messages written since the beginning.
    written: AtomicU64,
}

impl Default for Sent {
    fn default() -> Self {
        Self { ring: (0..ROOM).map(|_| AtomicU64::new(0)).collect(), written: AtomicU64::new(0) }
    }
}

/// A message as it is compared: a note-off is the same with any velocity, and as a note-on without one.
fn plain(bytes: &[u8]) -> Option<u32> {
    let message = Message::of(bytes)?;
    let (status, data) = match *message.bytes() {
        [status, key, velocity] if status & 0xF0 == 0x90 && velocity == 0 => (status & 0x8F, [key, 0]),
        [status, key, _] if status & 0xF0 == 0x80 => (status, [key, 0]),
        [status, first, second] => (status, [first, second]),
        [status, first] => (status, [first, 0]),
        // Real time is said by anyone at any time.
        _ => return None,
    };
    Some(u32::from_be_bytes([0, status, data[0], data[1]]))
}

fn ms(now_us: u64) -> u32 {
    (now_us / 1000) as u32
}

impl Sent {
    /// Remembers a message, to be called just before it is sent. Neither allocates nor waits.
    pub fn remember(&self, now_us: u64, bytes: &[u8]) {
        let Some(message) = plain(bytes) else { return };
        let at = self.written.load(Ordering::Relaxed);
        self.ring[at as usize % ROOM].store(u64::from(ms(now_us)) << 32 | u64::from(message), Ordering::Release);
        self.written.store(at + 1, Ordering::Release);
    }
}

/// What one port has heard again of it.
#[derive(Debug)]
pub struct Echoes {
    sent: Arc<Sent>,
    /// For each place of the ring, the number (from 1) of the message there that came back.
    returned: Box<[u64]>,
}

impl Echoes {
    /// A port that has heard nothing yet.
    #[must_use]
    pub fn new(sent: Arc<Sent>) -> Self {
        Self { sent, returned: vec![0; ROOM].into() }
    }

    /// Whether a message heard now is one of ours that came back. Each that was sent comes back to a port once.
    pub fn is_ours(&mut self, now_us: u64, bytes: &[u8]) -> bool {
        let Some(message) = plain(bytes) else { return false };
        let (now_ms, written) = (ms(now_us), self.sent.written.load(Ordering::Acquire));
        let mut found = None;
        // From the newest back to the end of the window; the oldest that fits came back first.
        for number in (written.saturating_sub(ROOM as u64)..written).rev() {
            let word = self.sent.ring[number as usize % ROOM].load(Ordering::Acquire);
            let age_ms = now_ms.wrapping_sub((word >> 32) as u32) as i32;
            if age_ms > WINDOW_MS as i32 {
                break;
            }
            if word as u32 == message && self.returned[number as usize % ROOM] != number + 1 {
                found = Some(number);
            }
        }
        found.is_some_and(|number| {
            self.returned[number as usize % ROOM] = number + 1;
            true
        })
    }
}

/// A port that is played on and remembered.
pub struct Remembered {
    port: Box<dyn MidiOut>,
    sent: Arc<Sent>,
}

impl Remembered {
    /// Remembers what is sent on a port.
    #[must_use]
    pub fn on(port: Box<dyn MidiOut>, sent: &Arc<Sent>) -> Box<dyn MidiOut> {
        Box::new(Self { port, sent: Arc::clone(sent) })
    }
}

impl MidiOut for Remembered {
    fn name(&self) -> &str {
        self.port.name()
    }

    fn send(&mut self, message: &[u8]) -> Result<usize, PortError> {
        // Before it is sent: it may be back sooner than we are.
        self.sent.remember(crate::performer::player::now_us(), message);
        self.port.send(message)
    }

    fn byte_us(&self) -> Option<u64> {
        self.port.byte_us()
    }

    fn say_status_again(&mut self) {
        self.port.say_status_again();
    }

    fn flush(&mut self) -> Result<(), PortError> {
        self.port.flush()
    }

    fn has_backlog(&self) -> bool {
        self.port.has_backlog()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_comes_back_once_within_the_window_to_each_port() {
        let sent = Arc::new(Sent::default());
        let (mut one, mut two) = (Echoes::new(Arc::clone(&sent)), Echoes::new(Arc::clone(&sent)));
        assert!(!one.is_ours(0, &[0x90, 60, 90]));
        sent.remember(5_000_000, &[0x90, 60, 90]);
        assert!(one.is_ours(5_020_000, &[0x90, 60, 90]));
        assert!(!one.is_ours(5_021_000, &[0x90, 60, 90]), "a second one is a key that was pressed");
        assert!(two.is_ours(5_900_000, &[0x90, 60, 90]));
        sent.remember(6_000_000, &[0x90, 60, 90]);
        assert!(!one.is_ours(7_100_000, &[0x90, 60, 90]), "too late to be ours");
    }

    #[test]
    fn a_note_off_is_the_same_however_it_is_written_and_other_messages_are_not() {
        let sent = Arc::new(Sent::default());
        let mut echoes = Echoes::new(Arc::clone(&sent));
        sent.remember(1_000_000, &[0x81, 60, 64]);
        sent.remember(1_000_000, &[0x81, 61, 64]);
        assert!(echoes.is_ours(1_000_100, &[0x91, 60, 0]) && echoes.is_ours(1_000_100, &[0x81, 61, 0]));
        sent.remember(1_000_000, &[0xB0, 1, 64]);
        for other in [&[0xB0, 1, 65][..], &[0xB1, 1, 64], &[0xB0, 2, 64], &[0xFF], &[0xF0, 1, 2]] {
            assert!(!echoes.is_ours(1_000_200, other), "{other:x?}");
        }
    }

    #[test]
    fn the_densest_second_is_remembered_and_older_ones_are_forgotten_in_fixed_room() {
        let sent = Arc::new(Sent::default());
        let mut echoes = Echoes::new(Arc::clone(&sent));
        // Four messages a millisecond, heard again half a second later, for ten seconds.
        let message = |n: u64| [0x90 | (n / 128 % 16) as u8, (n % 128) as u8, 1 + (n / 2048 % 127) as u8];
        let lag = 2_000;
        for n in 0..40_000_u64 {
            sent.remember(10_000_000 + n * 250, &message(n));
            if let Some(back) = n.checked_sub(lag) {
                assert!(echoes.is_ours(10_000_000 + n * 250, &message(back)), "message {back}");
            }
        }
        assert_eq!((sent.ring.len(), echoes.returned.len()), (ROOM, ROOM));
    }
}
