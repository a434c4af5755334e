//! Ports that are unlike one another: each with its own map and reset, one that stalls, one that echoes.

mod synth;

use rasika_device::hand::{Keys, Listening};
use rasika_device::latest::Latest;
use rasika_device::performer::player::{Outputs, Player};
use rasika_device::performer::{Engine, Library, Settings, SoundMap};
use rasika_hardware::midi::{self, MidiOut, PortError};
use rasika_models::{Mood, Rasa};
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use synth::{Terminal, pair, wait};

const FURY: Mood = Mood { rasa: Some(Rasa::Raudra), confidence: 1.0, intensity: 1.0 };

fn player(outputs: Outputs) -> Player {
    let library = Library::built_in().unwrap();
    let map = library.map("default").unwrap();
    let engine = Engine::new(Arc::new(library), Arc::new(map), Settings::default());
    Player::start(engine, Arc::new(Latest::new(FURY)), outputs).unwrap()
}

/// Messages and when they were sent.
type Heard = Arc<Mutex<Vec<(Instant, Vec<u8>)>>>;

/// A port of memory.
struct Keeps(&'static str, Heard);

impl MidiOut for Keeps {
    fn name(&self) -> &str {
        self.0
    }

    fn send(&mut self, message: &[u8]) -> Result<usize, PortError> {
        self.1.lock().unwrap().push((Instant::now(), message.to_vec()));
        Ok(message.len())
    }
}

#[test]
fn each_port_has_its_own_map_its_own_reset_and_the_pause_after_it() {
    let heard = [Heard::default(), Heard::default(), Heard::default()];
    let ports = ["roland", "plain", "usual"].into_iter().zip(&heard);
    let mut outputs = Outputs::new(ports.map(|(name, heard)| Box::new(Keeps(name, Arc::clone(heard))) as _).collect());
    outputs.own_sounds.insert("roland".to_owned(), SoundMap::named("gs").unwrap());
    outputs.own_sounds.insert("plain".to_owned(), SoundMap::named("one").unwrap());
    let player = player(outputs);
    wait("notes are played", || heard.iter().all(|heard| heard.lock().unwrap().iter().any(|(_, m)| m[0] >> 4 == 9)));
    player.stop();
    let [roland, plain, usual] = heard.map(|heard| heard.lock().unwrap().clone());
    assert_eq!(roland[0].1, [0xF0, 0x41, 0x10, 0x42, 0x12, 0x40, 0x00, 0x7F, 0x00, 0x41, 0xF7]);
    assert_eq!(usual[0].1, [0xF0, 0x7E, 0x7F, 0x09, 0x01, 0xF7]);
    for reset in [&roland, &usual] {
        assert!(reset[1].0 - reset[0].0 >= Duration::from_millis(50), "it hears nothing while it resets");
    }
    assert!(plain.iter().all(|(_, message)| message[0] < 0xF0 || message[0] == 0xFE), "a plain keyboard is not reset");
    assert!(plain.iter().all(|(_, message)| message[0] & 0xF == 0 || message[0] == 0xFE), "one channel only");
    assert!(plain[0].0 < roland[1].0, "it does not wait for the others");
    let bank = roland.iter().any(|(_, message)| message[..] == [0xB1, 0, 16]);
    assert!(bank && !usual.iter().any(|(_, message)| message[0] == 0xB1 && message[1] == 0));
    for port in [&roland, &plain, &usual] {
        // After All Sound Off only bends go back to the middle.
        let last = port.iter().rev().find(|(_, message)| message[1..] != [0, 64]).unwrap();
        assert_eq!(last.1[1..], [120, 0], "silence is said on each in its own channels");
    }
}

#[test]
fn a_line_that_takes_nothing_does_not_hold_up_the_others() {
    let (stuck, _unread) = pair();
    let heard = Heard::default();
    let lost = Arc::new(AtomicUsize::new(0));
    let mut outputs = Outputs::new(vec![midi::open(&stuck).unwrap(), Box::new(Keeps("steady", Arc::clone(&heard)))]);
    // The cable's end is full before the music begins.
    while outputs.ports[0].send(&[0xF2, 0, 0]).is_ok() && !outputs.ports[0].has_backlog() {}
    let again = Arc::clone(&lost);
    outputs.opener = Box::new(move |name| {
        again.fetch_add(1, Ordering::Relaxed);
        midi::open(name)
    });
    let player = player(outputs);
    wait("the stuck line is lost", || player.gauges().ports[0].losses() > 0);
    wait("it is tried again", || lost.load(Ordering::Relaxed) > 0);
    wait("the music goes on", || heard.lock().unwrap().len() > 300);
    let (events, late, bare) = (player.lateness().count(), player.lateness().quantile_us(0.99), player.bare_lateness());
    // A write that waits would be late by its whole timeout; a busy machine is late by less in 99 of 100.
    assert!(late < 50_000 || bare.quantile_us(0.99) > 10_000, "{late} µs late in {events} events");
    player.stop();
}

#[test]
fn our_own_music_sent_back_at_full_density_changes_nothing() {
    // The synth at the end of the line sends back whatever it hears, as one with MIDI thru does.
    let (line, mut ours) = pair();
    let (stop, back) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (until, count) = (Arc::clone(&stop), Arc::clone(&back));
    let synth = std::thread::spawn(move || {
        let mut buffer = [0; 256];
        while !until.load(Ordering::Acquire) {
            match ours.read(&mut buffer) {
                Ok(n) if n > 0 => {
                    ours.write_all(&buffer[..n]).unwrap();
                    count.fetch_add(n, Ordering::Relaxed);
                }
                _ => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    });
    // Every key that is played, and the controllers that go with it, would mean something.
    let keys = Keys {
        channel: None,
        rasas: [49, 56, 61, 60, 68, 62, 63, 73, 64],
        automatic: Some(65),
        tap: Some(66),
        intensity: Some(11),
        panic: true,
    };
    let outputs = Outputs { clock: true, ..Outputs::new(vec![midi::open(&line).unwrap()]) };
    let sent = Arc::clone(&outputs.sent);
    let ears = vec![midi::open_in(&line).unwrap()];
    let player = player(outputs);
    let (hand, panic) = (Arc::clone(player.hand()), Arc::clone(player.panic()));
    let listening = Listening::start(ears, midi::open_in, keys.clone(), &sent, hand.clone(), panic.clone()).unwrap();
    wait("the music is dense", || back.load(Ordering::Relaxed) > 1_200);
    assert_eq!(player.hand().get(), Default::default());
    // Panic says All Notes Off on every channel, and hears it again.
    player.panic().store(true, Ordering::Release);
    let before = back.load(Ordering::Relaxed);
    wait("the music goes on", || back.load(Ordering::Relaxed) > before + 1_200);
    let panics = player.reports().try_iter().filter(|report| report.to_string().contains("panic")).count();
    assert_eq!(panics, 1, "a panic does not cause the next");
    assert_eq!(player.hand().get(), Default::default());
    drop(listening);
    // One who does not know what was sent takes the same for a hand.
    let ears = vec![midi::open_in(&line).unwrap()];
    let listening = Listening::start(ears, midi::open_in, keys, &Arc::default(), hand, panic).unwrap();
    wait("the hand is fooled", || player.hand().get() != Default::default());
    drop(listening);
    player.stop();
    stop.store(true, Ordering::Release);
    synth.join().unwrap();
}

#[test]
fn a_tapped_laya_is_followed_within_the_bounds_of_the_raga() {
    let library = Library::built_in().unwrap();
    let map = library.map("default").unwrap();
    let (slowest, fastest) = library.ragas[map.style(Rasa::Raudra).ragas[0]].laya_bpm;
    let mut engine = Engine::new(Arc::new(library), Arc::new(map), Settings::default());
    let (mut events, mut now_us) = (Vec::new(), 0);
    let mut laya_after_a_while = |tapped| {
        engine.tap_laya(tapped);
        for _ in 0..200 {
            now_us += 500_000;
            engine.advance(now_us, &FURY, &mut events);
        }
        f32::from(engine.status().laya_bpm)
    };
    let middle = ((slowest + fastest) / 2.0).round();
    assert_eq!(laya_after_a_while(Some(middle)), middle);
    assert_eq!(laya_after_a_while(Some(1000.0)), fastest.round());
    assert_eq!(laya_after_a_while(Some(1.0)), slowest.round());
    let free = laya_after_a_while(None);
    assert!(free > slowest + 1.0, "{free} as intense as she is");
}

#[test]
fn the_hand_plays_another_rasa_and_a_message_is_a_panic() {
    let (keyboard, mut key) = pair();
    let line = Terminal::new(Arc::default());
    let outputs = Outputs::new(vec![midi::open(&line.name).unwrap()]);
    let sent = Arc::clone(&outputs.sent);
    let player = player(outputs);
    let (hand, panic) = (Arc::clone(player.hand()), Arc::clone(player.panic()));
    let ears = vec![midi::open_in(&keyboard).unwrap()];
    let listening = Listening::start(ears, midi::open_in, Keys::default(), &sent, hand, panic).unwrap();
    wait("fury's raga is played", || player.status().raga.is_some());
    let fury = player.status().raga;
    // Karuna, with the wheel at 20.
    key.write_all(&[0x90, 52, 80, 0x80, 52, 0, 0xB0, 1, 20]).unwrap();
    wait("the hand is heard", || player.hand().get().rasa == Some(Rasa::Karuna));
    wait("the raga changes", || player.status().raga != fury);
    key.write_all(&[0xB5, 120, 0]).unwrap();
    wait("All Sound Off on each channel", || line.synth().all_sound_off == [0, 1, 2, 3, 4, 9].into());
    let notes = line.synth().notes;
    wait("the music goes on", || line.synth().notes > notes + 2);
    drop(listening);
    assert_eq!(player.hand().get(), Default::default(), "no one holds the keys any more");
    player.stop();
    wait("the end", || line.synth().sounding.is_empty());
}

#[test]
fn a_keyboard_pulled_and_plugged_in_again_is_heard_again() {
    let folder = tempfile::tempdir().unwrap();
    // Pseudo-terminals do not keep their names; a link does, as those below /dev/serial/by-id.
    let link = folder.path().join("keyboard");
    let plug = |port: &str| {
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(port.strip_prefix("serial:").unwrap(), &link).unwrap();
    };
    let (port, mut key) = pair();
    plug(&port);
    let ears = vec![midi::open_in(&format!("serial:{}", link.display())).unwrap()];
    let (hand, panic) = (Arc::new(Latest::default()), Arc::default());
    let listening =
        Listening::start(ears, midi::open_in, Keys::default(), &Arc::default(), Arc::clone(&hand), panic).unwrap();
    key.write_all(&[0x90, 48, 80]).unwrap();
    wait("a key is heard", || hand.get().rasa == Some(Rasa::Shringara));
    drop(key);
    wait("the loss is seen", || !listening.gauges()[0].is_open());
    assert_eq!(hand.get().rasa, Some(Rasa::Shringara), "what was chosen stands");
    let (port, mut key) = pair();
    plug(&port);
    wait("it is open again", || listening.gauges()[0].is_open());
    // Running status of before counts for nothing.
    key.write_all(&[50, 80, 0x90, 62, 80]).unwrap();
    wait("a key is heard again", || hand.get().rasa == Some(Rasa::Shanta));
    let told: Vec<String> = listening.reports().try_iter().map(|report| report.to_string()).collect();
    assert!(told[0].contains("is lost") && told[1].contains("heard again") && told.len() == 2, "{told:?}");
}
