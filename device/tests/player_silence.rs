//! A synth at the end of a line, with a table of its own of what sounds: whatever ends the music, it ends empty.

use rasika_device::latest::Latest;
use rasika_device::performer::player::{Outputs, Player, sweep};
use rasika_device::performer::{Engine, Library, Settings};
use rasika_hardware::midi::{self, MidiOut, PortError};
use rasika_models::{Mood, Rasa};
use std::collections::BTreeSet;
use std::io::Read as _;
use std::os::fd::FromRawFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A synth that reads a MIDI stream, running status and real-time bytes included. It knows note-offs only: a synth
/// that ignores All Notes Off and All Sound Off must fall silent too.
#[derive(Clone, Default)]
struct Synth {
    status: u8,
    data: Vec<u8>,
    sounding: BTreeSet<(u8, u8)>,
    notes: usize,
    programs: usize,
    all_sound_off: BTreeSet<u8>,
    signs_of_life: usize,
    last: Option<Instant>,
    longest_silence: Duration,
}

impl Synth {
    fn hear(&mut self, bytes: &[u8]) {
        if let Some(last) = self.last.replace(Instant::now()) {
            self.longest_silence = self.longest_silence.max(last.elapsed());
        }
        for &byte in bytes {
            match byte {
                0xFE => self.signs_of_life += 1,
                0xF8.. => {}
                0x80.. => {
                    self.status = byte;
                    self.data.clear();
                }
                _ => self.data.push(byte),
            }
            let wanted = if (0xC0..0xE0).contains(&self.status) { 1 } else { 2 };
            if byte < 0x80 && self.data.len() == wanted {
                self.message();
                self.data.clear();
            }
        }
    }

    fn message(&mut self) {
        let (kind, channel) = (self.status >> 4, self.status & 0xF);
        match (kind, self.data.as_slice()) {
            (0x9, &[key, velocity]) if velocity > 0 => {
                self.sounding.insert((channel, key));
                self.notes += 1;
            }
            (0x8 | 0x9, &[key, _]) => {
                self.sounding.remove(&(channel, key));
            }
            (0xB, [120, _]) => {
                self.all_sound_off.insert(channel);
            }
            (0xC, _) => self.programs += 1,
            _ => {}
        }
    }
}

/// Our end of a pseudo-terminal that a synth listens to, and the name of the other.
struct Terminal {
    name: String,
    synth: Arc<Mutex<Synth>>,
    plugged: Arc<AtomicBool>,
    listener: Option<std::thread::JoinHandle<()>>,
}

impl Terminal {
    fn new(synth: Arc<Mutex<Synth>>) -> Self {
        let (mut ours, mut theirs, mut name) = (0, 0, [0 as libc::c_char; 128]);
        // SAFETY: the three are valid to write to, the name has room for a terminal's path, and each descriptor is
        // owned by one File.
        let (mut ours, theirs, name) = unsafe {
            let given = libc::openpty(
                &raw mut ours,
                &raw mut theirs,
                name.as_mut_ptr(),
                std::ptr::null_mut(),
                std::ptr::null(),
            );
            assert_eq!(given, 0);
            libc::fcntl(ours, libc::F_SETFL, libc::O_NONBLOCK);
            let name = std::ffi::CStr::from_ptr(name.as_ptr()).to_str().unwrap().to_owned();
            (std::fs::File::from_raw_fd(ours), std::fs::File::from_raw_fd(theirs), name)
        };
        let plugged = Arc::new(AtomicBool::new(true));
        let (heard, on) = (Arc::clone(&synth), Arc::clone(&plugged));
        let listener = std::thread::spawn(move || {
            let (_theirs, mut buffer) = (theirs, [0; 512]);
            while on.load(Ordering::Acquire) {
                match ours.read(&mut buffer) {
                    Ok(n) if n > 0 => heard.lock().unwrap().hear(&buffer[..n]),
                    _ => std::thread::sleep(Duration::from_millis(1)),
                }
            }
        });
        Self { name: format!("serial:{name}"), synth, plugged, listener: Some(listener) }
    }

    /// The synth as it is now: a copy, so that no one holds it while it listens.
    fn synth(&self) -> Synth {
        self.synth.lock().unwrap().clone()
    }

    fn pull(&mut self) {
        self.plugged.store(false, Ordering::Release);
        self.listener.take().unwrap().join().unwrap();
    }
}

/// Waits until something is so, ten seconds at most.
fn wait(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn player(outputs: Outputs) -> (Player, Arc<Latest<Mood>>) {
    let library = Library::built_in().unwrap();
    let map = library.map("default").unwrap();
    let engine = Engine::new(Arc::new(library), Arc::new(map), Settings::default()).unwrap();
    let moods = Arc::new(Latest::new(Mood { rasa: Some(Rasa::Raudra), confidence: 1.0, intensity: 1.0 }));
    (Player::start(engine, Arc::clone(&moods), outputs).unwrap(), moods)
}

#[test]
fn the_end_of_the_music_is_the_end_of_every_note() {
    let line = Terminal::new(Arc::default());
    let (player, _moods) = player(Outputs::new(vec![midi::open(&line.name).unwrap()]));
    wait("notes sound", || line.synth().notes > 20 && line.synth().sounding.len() > 2);
    player.stop();
    wait("All Sound Off on each channel", || line.synth().all_sound_off == [0, 1, 9].into());
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
    wait("All Sound Off", || line.synth().all_sound_off == [0, 1, 9].into());
    // What sounds now was struck after it.
    wait("the set-up comes again", || line.synth().programs >= programs + 3);
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
        None => Err(PortError::Lost { name: name.to_owned(), cause: "not plugged in".to_owned() }),
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
    wait("the set-up comes again", || line.synth().programs >= programs + 3);
    player.stop();
    wait("the end", || line.synth().all_sound_off == [0, 1, 9].into());
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
    wait("All Sound Off", || line.synth().all_sound_off == [0, 1, 9].into());
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
