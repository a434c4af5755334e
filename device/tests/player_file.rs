//! A port that is a MIDI file: what is played stands in it, whole at any moment, and nothing is overwritten.

mod rasika;

use midly::{MetaMessage, Smf, TrackEventKind};
use rasika::{Rasika, film};
use rasika_hardware::midi;
use std::path::Path;
use std::time::{Duration, Instant};

/// Milliseconds and messages of a file that is whole; SysEx as it is sent.
fn played(path: &Path) -> Vec<(u64, Vec<u8>)> {
    let bytes = std::fs::read(path).unwrap();
    let length = u32::from_be_bytes(bytes[18..22].try_into().unwrap()) as usize;
    let smf = Smf::parse(&bytes[..22 + length]).unwrap();
    let [track] = &smf.tracks[..] else { panic!("{} tracks", smf.tracks.len()) };
    assert_eq!(track.last().unwrap().kind, TrackEventKind::Meta(MetaMessage::EndOfTrack));
    let (mut ticks, mut messages) = (0, Vec::new());
    for event in track {
        ticks += u64::from(event.delta.as_int());
        match event.kind {
            TrackEventKind::Midi { channel, message } => {
                let mut bytes = Vec::new();
                midly::live::LiveEvent::Midi { channel, message }.write_std(&mut bytes).unwrap();
                messages.push((ticks * 500 / 960, bytes));
            }
            TrackEventKind::SysEx(data) => messages.push((ticks * 500 / 960, [&[0xF0], data].concat())),
            _ => {}
        }
    }
    messages
}

#[test]
fn what_is_sent_stands_in_the_file_at_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evening.mid");
    let word = format!("file:{}", path.display());
    let reset = [0xF0, 0x7E, 0x7F, 0x09, 0x01, 0xF7];
    let messages: [&[u8]; 6] = [&reset, &[0xC0, 104], &[0x90, 61, 90], &[0xE0, 0, 0x50], &[0xF8], &[0x80, 61, 64]];
    let mut port = midi::open(&word).unwrap();
    assert!(played(&path).is_empty(), "whole from the beginning");
    let begun = Instant::now();
    let mut sent = Vec::new();
    for message in messages {
        sent.push((begun.elapsed().as_millis() as u64, message.to_vec()));
        assert_eq!(port.send(message).unwrap(), message.len());
        std::thread::sleep(Duration::from_millis(300));
    }
    // It is open still, and whole; the clock has no place in it.
    sent.remove(4);
    let mid = played(&path);
    assert!(mid.len() >= 2 && mid[..].iter().zip(&sent).all(|(there, wanted)| there.1 == wanted.1), "{mid:?}");
    drop(port);
    let kept = played(&path);
    assert_eq!(
        kept.iter().map(|(_, message)| message).collect::<Vec<_>>(),
        sent.iter().map(|(_, m)| m).collect::<Vec<_>>()
    );
    for ((there_ms, _), (sent_ms, _)) in kept.iter().zip(&sent) {
        assert!(there_ms.abs_diff(sent_ms - sent[0].0) <= 20, "{kept:?} {sent:?}");
    }

    let mut again = midi::open(&word).unwrap();
    again.send(&[0x90, 70, 1]).unwrap();
    drop(again);
    assert_eq!(played(&path), kept);
    assert_eq!(played(&folder.path().join("evening-2.mid")), [(0, vec![0x90, 70, 1])]);
    assert!(midi::open_in(&word).err().unwrap().to_string().contains("not listened to"));
}

#[test]
fn the_plug_is_pulled_and_the_music_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evening.mid");
    let film = film("WolfgangLanger_Pexels.mp4");
    let ports = format!("midi.ports=[\"file:{}\"]", path.display());
    let mut rasika = Rasika::start(folder.path(), &[&film, "--set", &ports]);
    rasika.hears("ready to record");
    std::thread::sleep(Duration::from_secs(4));
    rasika.kill();
    let kept = played(&path);
    let notes = kept.iter().filter(|(_, message)| message[0] >> 4 == 9).count();
    assert!(notes > 5 && kept.last().unwrap().0 > 2000, "{kept:?}");

    // Silence for a port where nothing sounds leaves no file behind.
    let said = rasika.ask(&["panic", "--midi", &format!("file:{}", path.display())]);
    assert!(said.is_empty() && !folder.path().join("evening-2.mid").exists(), "{said}");
}
