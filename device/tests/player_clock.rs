//! The clock a sequencer hears: start with the gat, its place in the music after a pulled cable, stop at the end.

use rasika_device::latest::Latest;
use rasika_device::performer::player::{Outputs, Player};
use rasika_device::performer::{Engine, Library, Settings};
use rasika_hardware::midi::{MidiOut, PortError};
use rasika_models::{Mood, Rasa};
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A port that keeps what is not for a channel, and can be pulled.
struct Sequencer {
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    pulled: Arc<AtomicBool>,
}

impl MidiOut for Sequencer {
    fn name(&self) -> &str {
        "sequencer"
    }

    fn send(&mut self, message: &[u8]) -> Result<usize, PortError> {
        if self.pulled.load(Ordering::Acquire) {
            return Err(PortError::Lost { name: "sequencer".into(), cause: ErrorKind::NotConnected.into() });
        }
        if message[0] >= 0xF0 && message[0] != 0xFE {
            self.heard.lock().unwrap().push(message.to_vec());
        }
        Ok(message.len())
    }
}

#[test]
fn a_sequencer_starts_with_the_gat_goes_on_after_a_pulled_cable_and_stops_at_the_end() {
    let (heard, pulled) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let sequencer = Sequencer { heard: Arc::clone(&heard), pulled: Arc::clone(&pulled) };
    let again = (Arc::clone(&heard), Arc::clone(&pulled));
    let mut outputs = Outputs::new(vec![Box::new(sequencer)]);
    outputs.clock = true;
    outputs.opener = Box::new(move |_| {
        again.1.store(false, Ordering::Release);
        Ok(Box::new(Sequencer { heard: Arc::clone(&again.0), pulled: Arc::clone(&again.1) }))
    });
    let library = Library::built_in().unwrap();
    let map = library.map("default").unwrap();
    let engine = Engine::new(Arc::new(library), Arc::new(map), Settings::default());
    let moods = Arc::new(Latest::new(Mood { rasa: Some(Rasa::Raudra), confidence: 1.0, intensity: 1.0 }));
    let player = Player::start(engine, moods, outputs).unwrap();
    let count = |status: u8| heard.lock().unwrap().iter().filter(|message| message[0] == status).count();
    let wait = |what: &str, so: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !so() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    wait("the gat begins", &|| count(0xFA) == 1);
    wait("clocks", &|| count(0xF8) > 60);
    assert_eq!((count(0xF2), count(0xFB)), (0, 0), "who heard the start needs no position");
    pulled.store(true, Ordering::Release);
    wait("the music goes on from its place", &|| count(0xFB) == 1);
    player.stop();
    let heard = heard.lock().unwrap();
    let at = heard.iter().position(|message| message[0] == 0xF2).expect("a song position");
    assert!(heard[at][1] > 4, "some matras have gone by: {:?}", heard[at]);
    assert_eq!(heard[at + 1..at + 3], [vec![0xFB], vec![0xF8]], "it goes on with the next clock");
    assert_eq!(heard.last(), Some(&vec![0xFC]));
}
