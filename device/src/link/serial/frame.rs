//! Frames on a raw line: `00`, COBS of (packet, CRC-32 little-endian), `00`.
//!
//! COBS leaves no zero inside a frame, so a receiver that has lost its place finds it again at the next zero, whatever
//! noise came before. A frame whose checksum is wrong is as good as one that never came.

/// The longest packet a frame carries.
pub const MAX_PACKET: usize = 1152;
const CRC: usize = 4;
/// The longest frame between its zeros: COBS adds one byte for each 254.
const MAX_FRAME: usize = MAX_PACKET + CRC + (MAX_PACKET + CRC) / 254 + 1;

/// Adds a packet's frame to what goes out. A packet that is too long is not sent.
pub fn encode(packet: &[u8], out: &mut Vec<u8>) {
    debug_assert!(packet.len() <= MAX_PACKET);
    if packet.len() > MAX_PACKET {
        return;
    }
    let mut body = Vec::with_capacity(packet.len() + CRC);
    body.extend_from_slice(packet);
    body.extend_from_slice(&crc32fast::hash(packet).to_le_bytes());
    let mut coded = [0; MAX_FRAME];
    let length = cobs::encode(&body, &mut coded);
    out.push(0);
    out.extend_from_slice(&coded[..length]);
    out.push(0);
}

/// Finds packets in whatever comes in. It keeps at most one frame.
#[derive(Debug, Default)]
pub struct Decoder {
    frame: Vec<u8>,
    /// Too long to be a frame: wait for the next zero.
    lost: bool,
}

impl Decoder {
    /// Takes in bytes and hands over each whole packet in them.
    pub fn push(&mut self, mut bytes: &[u8], mut packet: impl FnMut(&[u8])) {
        while let Some(zero) = bytes.iter().position(|byte| *byte == 0) {
            self.keep(&bytes[..zero]);
            bytes = &bytes[zero + 1..];
            if !self.lost
                && let Some(found) = decode(&mut self.frame)
            {
                packet(found);
            }
            self.frame.clear();
            self.lost = false;
        }
        self.keep(bytes);
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.lost || self.frame.len() + bytes.len() > MAX_FRAME {
            self.lost = true;
            self.frame.clear();
        } else {
            self.frame.extend_from_slice(bytes);
        }
    }
}

fn decode(frame: &mut [u8]) -> Option<&[u8]> {
    if frame.is_empty() {
        return None;
    }
    let length = cobs::decode_in_place(frame).ok()?;
    let (packet, crc) = frame.get(..length)?.split_last_chunk::<CRC>()?;
    (crc32fast::hash(packet) == u32::from_le_bytes(*crc)).then_some(packet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn packets(decoder: &mut Decoder, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        decoder.push(bytes, |packet| found.push(packet.to_vec()));
        found
    }

    proptest! {
        #[test]
        fn frames_come_out_whole_however_they_are_cut(sent in vec(vec(any::<u8>(), 0..MAX_PACKET), 1..8), piece in 1..700_usize) {
            let mut line = Vec::new();
            sent.iter().for_each(|packet| encode(packet, &mut line));
            let mut decoder = Decoder::default();
            let found: Vec<_> = line.chunks(piece).flat_map(|piece| packets(&mut decoder, piece)).collect();
            prop_assert_eq!(found, sent);
        }

        #[test]
        fn after_any_noise_the_next_frame_is_found(noise in vec(any::<u8>(), 0..5000), packet in vec(any::<u8>(), 0..MAX_PACKET)) {
            let mut decoder = Decoder::default();
            let before = packets(&mut decoder, &noise);
            let mut line = Vec::new();
            encode(&packet, &mut line);
            prop_assert_eq!(packets(&mut decoder, &line).pop(), Some(packet));
            // One in 2³² runs of noise is a packet; none was seen here.
            prop_assert!(before.is_empty());
            prop_assert!(decoder.frame.capacity() <= 2 * MAX_FRAME);
        }

        #[test]
        fn a_frame_with_a_wrong_bit_is_no_frame(packet in vec(any::<u8>(), 1..300), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let mut line = Vec::new();
            encode(&packet, &mut line);
            let at = at.index(line.len());
            line[at] ^= 1 << bit;
            for found in packets(&mut Decoder::default(), &line) {
                // A flip of a delimiter may leave the packet itself whole; nothing else may come out.
                prop_assert_eq!(&found, &packet);
            }
        }
    }
}
