//! A serial line: whatever bytes come in, in pieces of any size, the decoder keeps its bounds, the pieces do not matter,
//! and a packet that was sent after the noise comes out whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rasika_device::link::serial::frame::{Decoder, MAX_PACKET, encode};
use rasika_device::link::serial::packet::Packet;

fn packets(pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> Vec<Vec<u8>> {
    let (mut decoder, mut found) = (Decoder::default(), Vec::new());
    for piece in pieces {
        decoder.push(piece.as_ref(), |packet| found.push(packet.to_vec()));
    }
    found
}

fuzz_target!(|input: &[u8]| {
    let [piece, noise @ ..] = input else { return };
    let piece = usize::from(*piece) + 1;
    let found = packets(noise.chunks(piece));
    assert_eq!(found, packets(std::iter::once(noise)), "how the bytes were cut changed what came");
    for bytes in &found {
        assert!(bytes.len() <= MAX_PACKET);
    }
    for bytes in found.iter().map(Vec::as_slice).chain([noise]) {
        let Some(packet) = Packet::read(bytes) else { continue };
        let mut written = Vec::new();
        packet.write(&mut written);
        assert_eq!(written, bytes, "a packet is read that is written otherwise");
    }
    let sent = &noise[..noise.len().min(MAX_PACKET)];
    let mut line = noise.to_vec();
    encode(sent, &mut line);
    assert!(packets(line.chunks(piece)).iter().any(|packet| packet == sent), "noise before a frame loses it");
});
