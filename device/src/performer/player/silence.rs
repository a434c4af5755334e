//! Silence, said in every way synths understand: note-offs, hold pedal up, All Notes Off, All Sound Off; and no bend is left.
//!
//! Some synths ignore All Notes Off and honour All Sound Off, some the reverse, and a few old ones know neither.

use super::time;
use crate::performer::sounding::Sounding;
use rasika_hardware::midi::{MidiOut, PortError};

/// Hold pedal, All Notes Off, All Sound Off: the controllers that end notes, in this order.
const CONTROLLERS: [u8; 3] = [64, 123, 120];
/// The data of a pitch bend in the middle.
const CENTRE: [u8; 2] = [0, 64];
/// A note-off's release velocity.
const RELEASE: u8 = 64;
/// So many bytes may stand in the system's buffer while every key is let go.
const AHEAD_BYTES: u64 = 32;

/// Ends what sounds on a port: a note-off for each note, then the controllers on each channel that is used. Returns
/// the bytes it took.
///
/// # Errors
/// When the port is lost meanwhile.
pub fn silence(port: &mut dyn MidiOut, sounding: &Sounding, channels: &[u8]) -> Result<usize, PortError> {
    let mut bytes = 0;
    port.say_status_again();
    for (channel, key) in sounding.notes() {
        bytes += port.send(&[0x80 | channel.as_int(), key, RELEASE])?;
    }
    for channel in channels {
        for controller in CONTROLLERS {
            // Whole messages: the last words have to be understood by a synth that was plugged in just now.
            port.say_status_again();
            bytes += port.send(&[0xB0 | (channel & 0xF), controller, 0])?;
        }
        port.say_status_again();
        bytes += port.send(&[0xE0 | (channel & 0xF), CENTRE[0], CENTRE[1]])?;
    }
    Ok(bytes)
}

/// Ends whatever may sound on a port, of which nothing is known (after a kill): the controllers on all sixteen
/// channels, then a note-off for every key. On a DIN cable this takes about a second and a half.
///
/// # Errors
/// When the port is lost meanwhile.
pub fn sweep(port: &mut dyn MidiOut) -> Result<(), PortError> {
    let byte_us = port.byte_us().unwrap_or(0);
    let mut free_us = time::now_us();
    let mut paced = |port: &mut dyn MidiOut, message: &[u8]| {
        time::sleep_until_us(free_us.saturating_sub(AHEAD_BYTES * byte_us));
        let bytes = port.send(message)?;
        free_us = free_us.max(time::now_us()) + bytes as u64 * byte_us;
        Ok(())
    };
    for channel in 0..16 {
        for controller in CONTROLLERS {
            paced(port, &[0xB0 | channel, controller, 0])?;
        }
        paced(port, &[0xE0 | channel, CENTRE[0], CENTRE[1]])?;
    }
    for channel in 0..16 {
        for key in 0..128 {
            paced(port, &[0x80 | channel, key, RELEASE])?;
        }
    }
    // The program ends next: the line must not be closed before its last byte is out.
    time::sleep_until_us(free_us);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performer::event::{Event, Voice};

    struct Keeps(Vec<Vec<u8>>);

    impl MidiOut for Keeps {
        fn name(&self) -> &str {
            "keeps"
        }

        fn send(&mut self, message: &[u8]) -> Result<usize, PortError> {
            self.0.push(message.to_vec());
            Ok(message.len())
        }
    }

    #[test]
    fn what_sounds_is_let_go_first_then_said_on_each_channel() {
        let mut sounding = Sounding::default();
        sounding.hear(&Event::note_on(0, Voice::Theka, 60, 90));
        let mut port = Keeps(Vec::new());
        let bytes = silence(&mut port, &sounding, &[0, 9]).unwrap();
        let wanted: [&[u8]; 9] = [
            &[0x89, 60, 64],
            &[0xB0, 64, 0],
            &[0xB0, 123, 0],
            &[0xB0, 120, 0],
            &[0xE0, 0, 64],
            &[0xB9, 64, 0],
            &[0xB9, 123, 0],
            &[0xB9, 120, 0],
            &[0xE9, 0, 64],
        ];
        assert_eq!((port.0, bytes), (wanted.map(<[u8]>::to_vec).to_vec(), 27));
    }

    #[test]
    fn a_sweep_lets_every_key_of_every_channel_go() {
        let mut port = Keeps(Vec::new());
        sweep(&mut port).unwrap();
        assert_eq!(port.0.len(), 16 * 4 + 16 * 128);
        let offs: std::collections::BTreeSet<_> = port.0.iter().filter(|m| m[0] >> 4 == 8).cloned().collect();
        assert_eq!(offs.len(), 16 * 128);
    }
}
