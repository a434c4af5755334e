//! MIDI messages out of a stream of bytes, such as a cable brings them: running status, real-time bytes in the middle of
//! anything, SysEx of any length, and bytes that were lost or never meant for us.

/// Status bytes from here on are real time: one byte, anywhere.
const REAL_TIME: u8 = 0xF8;

/// A whole message of one to three bytes, its status byte first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Message {
    bytes: [u8; 3],
    len: u8,
}

impl Message {
    /// The message's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// A message of its bytes; `None` if they are none (SysEx included).
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let (&status, data) = bytes.split_first()?;
        let whole = data.len() == data_bytes(status)? && data.iter().all(|byte| *byte < 0x80);
        let mut message = Self { bytes: [0; 3], len: bytes.len() as u8 };
        whole.then(|| message.bytes[..bytes.len()].copy_from_slice(bytes))?;
        Some(message)
    }
}

/// Data bytes after a status byte; `None` for what is no message of a known length.
fn data_bytes(status: u8) -> Option<usize> {
    match status {
        0x80..=0xBF | 0xE0..=0xEF | 0xF2 => Some(2),
        0xC0..=0xDF | 0xF1 | 0xF3 => Some(1),
        0xF6 | REAL_TIME.. => Some(0),
        _ => None,
    }
}

/// Reads a stream byte by byte. It keeps three bytes and never waits for an end that does not come.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stream {
    /// The status that stands; 0 when data bytes mean nothing (before the first, in SysEx, after system common).
    status: u8,
    data: [u8; 2],
    count: usize,
}

impl Stream {
    /// Takes a byte in; gives the message it completes.
    pub fn hear(&mut self, byte: u8) -> Option<Message> {
        if byte >= REAL_TIME {
            return Message::of(&[byte]);
        }
        if byte >= 0x80 {
            let wanted = data_bytes(byte);
            *self = Self { status: if wanted.is_some_and(|wanted| wanted > 0) { byte } else { 0 }, ..Self::default() };
            return wanted.filter(|wanted| *wanted == 0).and_then(|_| Message::of(&[byte]));
        }
        let wanted = data_bytes(self.status).filter(|_| self.status != 0)?;
        self.data[self.count] = byte;
        self.count += 1;
        if self.count < wanted {
            return None;
        }
        self.count = 0;
        let whole = [self.status, self.data[0], self.data[1]];
        if self.status >= 0xF0 {
            // System common ends running status.
            self.status = 0;
        }
        Message::of(&whole[..=wanted])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::midi::RunningStatus;
    use proptest::prelude::*;

    fn heard(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut stream = Stream::default();
        bytes.iter().filter_map(|byte| stream.hear(*byte)).map(|message| message.bytes().to_vec()).collect()
    }

    #[test]
    fn running_status_real_time_and_system_common_are_read_as_the_standard_says() {
        let cases: [(&[u8], &[&[u8]]); 8] = [
            (&[0x90, 60, 100, 62, 0], &[&[0x90, 60, 100], &[0x90, 62, 0]]),
            (&[0x90, 0xF8, 60, 0xFE, 100], &[&[0xF8], &[0xFE], &[0x90, 60, 100]]),
            (&[0xC3, 5, 6, 0xD0, 7], &[&[0xC3, 5], &[0xC3, 6], &[0xD0, 7]]),
            // Data before any status, and after a SysEx, means nothing.
            (&[60, 100, 0x80, 60, 64], &[&[0x80, 60, 64]]),
            (
                &[0x90, 1, 2, 0xF0, 0x41, 0xF8, 0x10, 0xF7, 60, 100, 0x90, 3, 4],
                &[&[0x90, 1, 2], &[0xF8], &[0x90, 3, 4]],
            ),
            // A SysEx whose end was lost ends with the next status.
            (&[0xF0, 0x41, 0x10, 0xB0, 1, 64], &[&[0xB0, 1, 64]]),
            // A byte lost in the middle costs one message.
            (&[0x90, 60, 0x80, 60, 64], &[&[0x80, 60, 64]]),
            (&[0xF2, 1, 2, 3, 4, 0xF6, 0xF4, 9, 0xFF], &[&[0xF2, 1, 2], &[0xF6], &[0xFF]]),
        ];
        for (bytes, wanted) in cases {
            assert_eq!(heard(bytes), wanted, "{bytes:x?}");
        }
    }

    fn channel_message() -> impl Strategy<Value = Vec<u8>> {
        (0x80_u8..0xF0, 0_u8..128, 0_u8..128).prop_map(|(status, a, b)| match data_bytes(status) {
            Some(1) => vec![status, a],
            _ => vec![status, a, b],
        })
    }

    proptest! {
        #[test]
        fn garbage_gives_only_whole_messages_and_what_follows_it_is_understood(garbage: Vec<u8>) {
            for message in heard(&garbage) {
                prop_assert_eq!(Message::of(&message).map(|m| m.bytes().to_vec()), Some(message));
            }
            let bytes = [garbage, vec![0x91, 60, 100]].concat();
            prop_assert_eq!(heard(&bytes).pop(), Some(vec![0x91, 60, 100]));
        }

        #[test]
        fn what_was_shortened_comes_out_whole_with_real_time_bytes_anywhere(
            messages in prop::collection::vec(channel_message(), 0..100),
            pulses in prop::collection::vec(0_usize..300, 0..20),
        ) {
            let mut running = RunningStatus::default();
            let mut bytes: Vec<u8> = messages.iter().flat_map(|message| running.shorten(message).to_vec()).collect();
            for at in &pulses {
                bytes.insert(at % (bytes.len() + 1), 0xF8);
            }
            let (clock, rest): (Vec<_>, Vec<_>) = heard(&bytes).into_iter().partition(|message| message[0] == 0xF8);
            prop_assert_eq!(rest, messages);
            prop_assert_eq!(clock.len(), pulses.len());
        }
    }
}
