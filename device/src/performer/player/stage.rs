//! The ports that are played on, and what sounds on each.

use super::Report;
use super::ports::Reopener;
use crate::performer::event::{Event, MESSAGE_BYTES, Voice};
use crate::performer::sounding::Sounding;
use crossbeam_channel::Sender;
use rasika_hardware::midi::MidiOut;

/// Ports played on at once at most; more are left out.
pub const MOST_PORTS: usize = 16;

struct Live {
    port: Box<dyn MidiOut>,
    sounding: Sounding,
}

/// The ports. Dropped, even by a panic, it silences them all.
pub struct Stage {
    live: Vec<Live>,
    reopener: Reopener,
    report: Sender<Report>,
}

impl Stage {
    /// A stage of open ports.
    pub fn new(ports: Vec<Box<dyn MidiOut>>, reopener: Reopener, report: Sender<Report>) -> Self {
        let mut live = Vec::with_capacity(MOST_PORTS);
        live.extend(ports.into_iter().take(MOST_PORTS).map(|port| Live { port, sounding: Sounding::default() }));
        Self { live, reopener, report }
    }

    /// Sends an event to every port. One that fails leaves the stage.
    pub fn send(&mut self, event: &Event) {
        let mut buffer = [0; MESSAGE_BYTES];
        let Some(bytes) = event.bytes(&mut buffer) else { return };
        let mut at = 0;
        while let Some(live) = self.live.get_mut(at) {
            match live.port.send(bytes) {
                Ok(()) => {
                    live.sounding.hear(event);
                    at += 1;
                }
                Err(error) => {
                    let lost = self.live.swap_remove(at);
                    let _ = self.report.try_send(Report::Lost(error));
                    self.reopener.give(lost.port);
                }
            }
        }
    }

    /// A port that has been opened again, if there is one.
    pub fn returned(&self) -> Option<Box<dyn MidiOut>> {
        self.reopener.take()
    }

    /// Takes a port in, its set-up first; if it fails at once it goes back to be opened again.
    pub fn add(&mut self, mut port: Box<dyn MidiOut>, setup: &[Event]) {
        let mut buffer = [0; MESSAGE_BYTES];
        for event in setup {
            if let Some(bytes) = event.bytes(&mut buffer)
                && port.send(bytes).is_err()
            {
                self.reopener.give(port);
                return;
            }
        }
        if self.live.len() < MOST_PORTS {
            self.live.push(Live { port, sounding: Sounding::default() });
        }
    }

    /// A note-off for each sounding note of each port, then hold pedal up, all notes off, all sound off.
    fn silence(&mut self) {
        let mut buffer = [0; MESSAGE_BYTES];
        for live in &mut self.live {
            let offs = live
                .sounding
                .notes()
                .filter_map(|(channel, key)| Voice::of_channel(channel).map(|voice| Event::note_off(0, voice, key)));
            let panics =
                Voice::ALL.into_iter().flat_map(|voice| [64, 123, 120].map(|cc| Event::control(0, voice, cc, 0)));
            for event in offs.chain(panics) {
                if let Some(bytes) = event.bytes(&mut buffer)
                    && live.port.send(bytes).is_err()
                {
                    break;
                }
            }
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.silence();
    }
}
