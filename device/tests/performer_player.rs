//! The player on ports that can be heard, broken and mended.

use rasika_device::latest::Latest;
use rasika_device::performer::player::{Outputs, Player, Report, Tape};
use rasika_device::performer::{Engine, Library, Settings};
use rasika_hardware::midi::{MidiOut, PortError};
use rasika_models::{Mood, Rasa};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A synth that keeps its own table of sounding notes, and a cable that can be pulled.
#[derive(Clone, Default)]
struct Synth {
    messages: Arc<Mutex<Vec<Vec<u8>>>>,
    unplugged: Arc<AtomicBool>,
}

struct Cable {
    name: String,
    synth: Synth,
}

impl MidiOut for Cable {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&mut self, message: &[u8]) -> Result<usize, PortError> {
        if self.synth.unplugged.load(Ordering::Acquire) {
            return Err(PortError::Lost { name: self.name.as_str().into(), cause: ErrorKind::NotConnected.into() });
        }
        self.synth.messages.lock().unwrap().push(message.to_vec());
        Ok(message.len())
    }
}

impl Synth {
    fn cable(&self, name: &str) -> Box<dyn MidiOut> {
        Box::new(Cable { name: name.to_owned(), synth: self.clone() })
    }

    fn heard(&self) -> Vec<Vec<u8>> {
        self.messages.lock().unwrap().clone()
    }

    fn sounding(&self) -> BTreeSet<(u8, u8)> {
        let mut sounding = BTreeSet::new();
        for message in self.heard() {
            match message[..] {
                [status, key, velocity] if status & 0xF0 == 0x90 && velocity > 0 => {
                    sounding.insert((status & 0xF, key));
                }
                [status, key, _] if status & 0xE0 == 0x80 => {
                    sounding.remove(&(status & 0xF, key));
                }
                _ => {}
            }
        }
        sounding
    }
}

fn engine() -> Engine {
    let library = Arc::new(Library::built_in().unwrap());
    let map = Arc::new(library.map("default").unwrap());
    Engine::new(library, map, Settings::default())
}

fn fury() -> Arc<Latest<Mood>> {
    Arc::new(Latest::new(Mood { rasa: Some(Rasa::Raudra), confidence: 0.9, intensity: 0.9 }))
}

fn wait_for(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn every_port_hears_the_same_and_a_stop_leaves_nothing_sounding() {
    let synths = [Synth::default(), Synth::default()];
    let (sender, tape) = Tape::start().unwrap();
    let mut outputs = Outputs::new(vec![synths[0].cable("one"), synths[1].cable("two")]);
    outputs.tape = Some(sender);
    let player = Player::start(engine(), fury(), outputs).unwrap();
    wait_for("a melody note sounds", || synths[0].sounding().iter().any(|(channel, _)| [0, 3, 4].contains(channel)));
    assert!(player.is_playing());
    wait_for("the melody is shown", || player.status().melody.is_some());
    assert!(player.lateness().count() > 20);
    player.stop();
    for synth in &synths {
        assert_eq!(synth.sounding(), BTreeSet::new());
        let heard = synth.heard();
        for channel in [0xB0, 0xB1, 0xB9] {
            for controller in [64, 123, 120] {
                assert!(heard.contains(&vec![channel, controller, 0]), "{channel:x} {controller}");
            }
        }
    }
    assert_eq!(synths[0].heard(), synths[1].heard());
    let taped = tape.finish();
    assert!(taped.len() > 20);
    assert!(taped.is_sorted_by_key(|event| event.time_us));
}

#[test]
fn a_port_that_fails_is_left_out_and_comes_back_with_its_set_up() {
    let (steady, loose) = (Synth::default(), Synth::default());
    let again = loose.clone();
    let outputs = Outputs {
        ports: vec![loose.cable("loose"), steady.cable("steady")],
        opener: Box::new(move |name| {
            if again.unplugged.load(Ordering::Acquire) {
                return Err(PortError::Open { name: name.to_owned(), cause: "not there".into() });
            }
            Ok(again.cable(name))
        }),
        ..Outputs::new(Vec::new())
    };
    let player = Player::start(engine(), fury(), outputs).unwrap();
    wait_for("the music begins", || loose.heard().len() > 40);
    loose.unplugged.store(true, Ordering::Release);
    let mut reports = Vec::new();
    wait_for("the loss is told", || {
        reports.extend(player.reports().try_iter());
        reports.iter().any(|report| matches!(report, Report::Lost(_)))
    });
    let before = steady.heard().len();
    wait_for("the music goes on", || steady.heard().len() > before + 40);
    let told = reports.iter().filter(|report| matches!(report, Report::Lost(_))).count();
    assert_eq!(told, 1, "one line for one loss");

    loose.messages.lock().unwrap().clear();
    loose.unplugged.store(false, Ordering::Release);
    wait_for("the port is back", || loose.heard().iter().filter(|message| message[0] & 0xF0 == 0x90).count() > 5);
    let heard = loose.heard();
    let first_note = heard.iter().position(|message| message[0] & 0xF0 == 0x90).unwrap();
    let program = heard.iter().position(|message| message[0] == 0xC0).unwrap();
    let bend_range = heard.iter().position(|message| message[..] == [0xB0, 6, 12]).unwrap();
    assert!(program < first_note && bend_range < first_note, "set-up comes first");
    player.stop();
    assert_eq!(loose.sounding(), BTreeSet::new());
    assert_eq!(steady.sounding(), BTreeSet::new());
}

#[test]
fn a_panic_in_the_performer_silences_what_sounds() {
    struct Fragile(Box<dyn MidiOut>, u32);
    impl MidiOut for Fragile {
        fn name(&self) -> &str {
            self.0.name()
        }
        fn send(&mut self, message: &[u8]) -> Result<usize, PortError> {
            self.1 += 1;
            assert_ne!(self.1, 40, "a port that panics once, on purpose");
            self.0.send(message)
        }
    }
    let (synth, other) = (Synth::default(), Synth::default());
    let ports: Vec<Box<dyn MidiOut>> = vec![Box::new(Fragile(synth.cable("fragile"), 0)), other.cable("other")];
    let player = Player::start(engine(), fury(), Outputs::new(ports)).unwrap();
    wait_for("the performer dies", || !player.is_playing());
    assert!(!other.heard().is_empty());
    assert_eq!(synth.sounding(), BTreeSet::new());
    assert_eq!(other.sounding(), BTreeSet::new());
    assert!(other.heard().contains(&vec![0xB0, 123, 0]));
}
