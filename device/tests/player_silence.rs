//! A synth at the end of a line, with a table of its own of what sounds: whatever ends the music, it ends empty.

mod synth;

use rasika_device::latest::Latest;
use rasika_device::performer::player::{Outputs, Player, sweep};
use rasika_device::performer::{Engine, Library, Settings};
use rasika_hardware::midi::{self, MidiOut, PortError};
use rasika_models::{Mood, Rasa};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use synth::{Synth, Terminal, wait};

fn player(outputs: Outputs) -> (Player, Arc<Latest<Mood>>) {
    let library = Library::built_in().unwrap();
    let map = library.map("default").unwrap();
    let engine = Engine::new(Arc::new(library), Arc::new(map), Settings::default());
    let moods = Arc::new(Latest::new(Mood { rasa: Some(Rasa::Raudra), confidence: 1.0, intensity: 1.0 }));
    (Player::start(engine, Arc::clone(&moods), outputs).unwrap(), moods)
}

#[test]
fn the_end_of_the_music_is_the_end_of_every_note() {
    let line = Terminal::new(Arc::default());
    let (player, _moods) = player(Outputs::new(vec![midi::open(&line.name).unwrap()]));
    wait("notes sound", || line.synth().notes > 20 && line.synth().sounding.len() > 2);
    player.stop();
    wait("All Sound Off on each channel", || line.synth().all_sound_off == [0, 1, 2, 3, 4, 9].into());
    assert!(line.synth().sounding.is_empty());
}

#[test]
fn a_panic_ends_every_note_and_the_music_goes_on() {
    let line = Terminal::new(Arc::default());
    let (player, _moods) = player(Outputs::new(vec![midi::open(&line.name).unwrap()]));
    wait("notes sound", || line.synth().notes > 20 && line.synth().sounding.len() > 2);
    let (before, programs) = (line.synth().notes, line.synth().programs);
    // A note that no one knows how it came to sound.
    player.panic().store(true, Ordering::Release);
    wait("All Sound Off", || line.synth().all_sound_off == [0, 1, 2, 3, 4, 9].into());
    // What sounds now was struck after it.
    wait("the set-up comes again", || line.synth().programs >= programs + 5);
    wait("the music goes on", || line.synth().notes > before + 10);
    player.stop();
    wait("the end", || line.synth().sounding.is_empty());
}

#[test]
fn a_cable_pulled_and_plugged_in_again_leaves_no_note_behind() {
    let synth = Arc::new(Mutex::new(Synth::default()));
    let mut line = Terminal::new(Arc::clone(&synth));
    let next = Arc::new(Mutex::new(None::<String>));
    let mut outputs = Outputs::new(vec![midi::open(&line.name).unwrap()]);
    let other = Arc::clone(&next);
    // The same synth comes back under another name: pseudo-terminals do not keep theirs.
    outputs.opener = Box::new(move |name| match other.lock().unwrap().as_deref() {
        Some(other) => midi::open(other),
        None => Err(PortError::Lost { name: name.into(), cause: ErrorKind::NotConnected.into() }),
    });
    let (player, moods) = player(outputs);
    wait("notes sound", || line.synth().notes > 20 && line.synth().sounding.len() > 2);
    line.pull();
    let Synth { sounding: left, programs, .. } = line.synth();
    assert!(!left.is_empty(), "the synth hangs without us");
    wait("the loss is noticed", || player.reports().try_iter().any(|report| report.to_string().contains("lost")));
    // Only the drone plays on, so that what the synth was left with must be ended by the return itself.
    moods.set(Mood::default());
    let line = Terminal::new(Arc::clone(&synth));
    *next.lock().unwrap() = Some(line.name.clone());
    wait("the set-up comes again", || line.synth().programs >= programs + 5);
    player.stop();
    wait("the end", || line.synth().all_sound_off == [0, 1, 2, 3, 4, 9].into());
    assert_eq!(line.synth().sounding, BTreeSet::new(), "it was left with {left:?}");
}

#[test]
fn after_a_death_without_words_a_sweep_ends_every_note() {
    let line = Terminal::new(Arc::default());
    let mut port = midi::open(&line.name).unwrap();
    for (channel, key) in [(0, 61), (5, 0), (9, 127), (15, 64)] {
        port.send(&[0x90 | channel, key, 90]).unwrap();
    }
    drop(port);
    wait("notes sound", || line.synth().sounding.len() == 4);
    sweep(&mut *midi::open(&line.name).unwrap()).unwrap();
    wait("the end", || line.synth().sounding.is_empty());
    assert_eq!(line.synth().all_sound_off.len(), 16);
}

#[test]
fn a_panic_of_the_program_still_ends_every_note() {
    /// A port that makes the performer's thread panic after some messages.
    struct Trap(usize);
    impl MidiOut for Trap {
        fn name(&self) -> &str {
            "trap"
        }
        fn send(&mut self, message: &[u8]) -> Result<usize, PortError> {
            self.0 += 1;
            assert_ne!(self.0, 250, "the trap of the test");
            Ok(message.len())
        }
    }
    let line = Terminal::new(Arc::default());
    let (player, _moods) = player(Outputs::new(vec![midi::open(&line.name).unwrap(), Box::new(Trap(0))]));
    wait("the thread ends", || !player.is_playing());
    wait("All Sound Off", || line.synth().all_sound_off == [0, 1, 2, 3, 4, 9].into());
    assert!(line.synth().notes > 5 && line.synth().sounding.is_empty());
}

#[test]
fn a_port_that_has_nothing_to_say_gives_a_sign_of_life() {
    let line = Terminal::new(Arc::default());
    let (player, moods) = player(Outputs::new(vec![midi::open(&line.name).unwrap()]));
    moods.set(Mood::default());
    std::thread::sleep(Duration::from_millis(2_500));
    let (signs, silence) = (line.synth().signs_of_life, line.synth().longest_silence);
    assert!((2..=12).contains(&signs), "{signs} signs of life beside a drone that plucks every second");
    assert!(silence < Duration::from_millis(330), "silent for {silence:?}: a synth would think the cable cut");
    player.stop();

    let line = Terminal::new(Arc::default());
    let mut outputs = Outputs::new(vec![midi::open(&line.name).unwrap()]);
    outputs.active_sensing = false;
    let (player, _moods) = self::player(outputs);
    std::thread::sleep(Duration::from_millis(600));
    player.stop();
    assert_eq!(line.synth().signs_of_life, 0);
}
