//! What the rig heard on a MIDI cable, judged byte by byte. `RASIKA_RIG_WIRE` names the file of bytes (the rig's tests
//! set it once a piece has been played to its end); without it the test says that it was skipped.

use rasika_hardware::midi::Stream;
use std::collections::HashSet;
use std::path::PathBuf;

/// Fewer notes than this show nothing.
const NOTES_AT_LEAST: usize = 10;
/// From here on a status byte is real time and may stand anywhere.
const REAL_TIME: u8 = 0xF8;

/// What is wrong with the bytes as a standard's receiver sees them, and what they said.
fn judge(bytes: &[u8]) -> Result<usize, String> {
    let mut stream = Stream::default();
    let (mut notes, mut sounding) = (0, HashSet::new());
    // Data bytes since the last whole message; `None` while they may mean nothing.
    let mut begun: Option<usize> = None;
    let mut exclusive = false;
    for (at, &byte) in bytes.iter().enumerate() {
        let whole = stream.hear(byte);
        match byte {
            REAL_TIME.. => {}
            0xF0 => (exclusive, begun) = (true, None),
            0xF7 if exclusive => exclusive = false,
            0x80.. if begun.is_some_and(|count| count > 0) => return Err(format!("half a message before byte {at}")),
            0x80.. => (exclusive, begun) = (false, Some(0)),
            _ if exclusive => {}
            _ if whole.is_some() => begun = Some(0),
            _ => *begun.as_mut().ok_or_else(|| format!("byte {at} has no status"))? += 1,
        }
        let Some(message) = whole else { continue };
        match *message.bytes() {
            [status @ 0x90..=0x9F, key, velocity] if velocity > 0 => {
                notes += 1;
                sounding.insert((status & 0x0F, key));
            }
            [status @ 0x80..=0x9F, key, _] => {
                sounding.remove(&(status & 0x0F, key));
            }
            // All sound off, all notes off.
            [status @ 0xB0..=0xBF, 120 | 123, _] => sounding.retain(|(channel, _)| *channel != status & 0x0F),
            _ => {}
        }
    }
    match sounding.len() {
        0 => Ok(notes),
        _ => Err(format!("these never end (channel, key): {sounding:?}")),
    }
}

#[test]
fn every_note_that_was_heard_on_the_cable_ends() {
    let Some(file) = std::env::var_os("RASIKA_RIG_WIRE").map(PathBuf::from) else {
        println!("skipped: no cable to listen to here; the rig sets RASIKA_RIG_WIRE");
        return;
    };
    let bytes = std::fs::read(&file).unwrap();
    let notes = judge(&bytes).unwrap_or_else(|wrong| panic!("{}: {wrong}", file.display()));
    assert!(notes >= NOTES_AT_LEAST, "{notes} notes in {} bytes are too few", bytes.len());
    println!("{notes} notes in {} bytes, each with its end", bytes.len());
}

#[test]
fn what_is_wrong_on_a_cable_is_told() {
    assert_eq!(judge(&[0x90, 60, 100, 62, 0xF8, 100, 60, 0, 0x80, 62, 64]), Ok(2));
    assert_eq!(judge(&[0xF0, 1, 2, 0xF7, 0x90, 60, 100, 0xB0, 123, 0]), Ok(1));
    for wrong in [&[60, 100][..], &[0x90, 60, 0x80, 60, 0], &[0xF0, 1, 0xF7, 60, 1], &[0x90, 60, 100]] {
        assert!(judge(wrong).is_err(), "{wrong:x?}");
    }
}
