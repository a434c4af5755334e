//! The ports that are played on, and what sounds on each.

use super::gauges::PortGauge;
use super::lateness::Lateness;
use super::ports::Reopener;
use super::pulse::RealTime;
use super::silence::silence;
use super::wire::{Waiting, Wire};
use super::{Report, time};
use crate::performer::event::{Event, EventKind, MESSAGE_BYTES};
use crate::performer::sound_map::{Mapping, SoundMap};
use crate::performer::sounding::Sounding;
use crossbeam_channel::Sender;
use midly::MidiMessage;
use rasika_hardware::midi::{MidiOut, PortError};
use std::sync::Arc;

/// Ports played on at once at most; more are left out.
pub const MOST_PORTS: usize = 16;
/// A synth that knows Active Sensing falls silent when it hears nothing for 300 ms; it hears something sooner.
const SENSE_AFTER_US: u64 = 240_000;
/// Roland's and Yamaha's modules hear nothing for this long after their reset.
const RESET_PAUSE_US: u64 = 50_000;
/// How soon a port that did not take everything is asked again.
const FLUSH_AFTER_US: u64 = 2_000;
/// The byte that says nothing but that the cable is whole.
const ACTIVE_SENSING: u8 = 0xFE;
/// The message of a song position, in sixteenths.
const SONG_POSITION: u8 = 0xF2;

/// A port that is played on.
pub struct Live {
    port: Box<dyn MidiOut>,
    sounds: Arc<SoundMap>,
    gauge: Arc<PortGauge>,
    mapping: Mapping,
    /// The channels that are used.
    channels: Vec<u8>,
    wire: Wire,
    sounding: Sounding,
    /// When something was sent last.
    spoke_us: u64,
    /// Whether it came back and has not been told where the music is.
    joins: bool,
}

/// A port that is lost and closed, and what the synth behind it was left with.
pub struct Closed {
    sounds: Arc<SoundMap>,
    gauge: Arc<PortGauge>,
    sounding: Sounding,
}

impl Closed {
    /// The word it is opened by.
    pub fn name(&self) -> &str {
        self.gauge.name()
    }

    /// The same, open again.
    pub fn open(&self, port: Box<dyn MidiOut>) -> Live {
        let live = Live::new(port, Arc::clone(&self.sounds), Arc::clone(&self.gauge));
        Live { sounding: self.sounding.clone(), joins: true, ..live }
    }
}

impl Live {
    /// An open port with a layout of its own.
    pub fn new(port: Box<dyn MidiOut>, sounds: Arc<SoundMap>, gauge: Arc<PortGauge>) -> Self {
        let wire = Wire::new(port.byte_us());
        Self {
            port,
            mapping: Mapping::new(Arc::clone(&sounds)),
            channels: sounds.channels(),
            sounds,
            gauge,
            wire,
            sounding: Sounding::default(),
            spoke_us: time::now_us(),
            joins: false,
        }
    }

    /// Closes it.
    pub fn close(self) -> Closed {
        Closed { sounds: self.sounds, gauge: self.gauge, sounding: self.sounding }
    }

    /// How it is seen from outside.
    pub fn gauge(&self) -> &Arc<PortGauge> {
        &self.gauge
    }

    /// Takes in what an event of the engine's is on this port.
    fn offer(&mut self, event: &Event, due_us: u64) {
        self.mapping.apply(event, |event| self.wire.offer(&event, due_us));
    }

    /// Hands the port what the cable has room for now.
    fn pump(&mut self, late: &Lateness) -> Result<(), PortError> {
        self.port.flush()?;
        // The clock is read once for what goes at once, and again only after it.
        let mut now_us = time::now_us();
        while let Some(Waiting { due_us, event }) = self.wire.next(now_us) {
            let mut buffer = [0; MESSAGE_BYTES];
            let Some(bytes) = event.bytes(&mut buffer) else { continue };
            let sent = self.port.send(bytes)?;
            self.sounding.hear(&event);
            let out_us = self.wire.sent(now_us, sent);
            if self.wire.is_limited() && is_note(&event) {
                late.record(out_us.saturating_sub(due_us));
            }
            self.spoke_us = now_us;
            now_us = time::now_us();
        }
        Ok(())
    }

    /// A byte that may stand inside any message: it does not wait for its turn.
    fn real_time(&mut self, byte: u8) -> Result<(), PortError> {
        let now_us = time::now_us();
        let sent = self.port.send(&[byte])?;
        self.wire.sent(now_us, sent);
        self.spoke_us = now_us;
        Ok(())
    }

    /// Puts the synth into the state its map is made for; what comes next waits until it listens again.
    fn reset(&mut self) -> Result<(), PortError> {
        let Some(reset) = self.sounds.reset() else { return Ok(()) };
        let sent = self.port.send(reset.bytes())?;
        let now_us = time::now_us();
        self.wire.sent(now_us, sent);
        self.wire.rest(now_us, RESET_PAUSE_US);
        Ok(())
    }

    fn silence(&mut self) -> Result<(), PortError> {
        self.wire.clear();
        let sent = silence(&mut *self.port, &self.sounding, &self.channels)?;
        self.wire.sent(time::now_us(), sent);
        self.sounding = Sounding::default();
        Ok(())
    }
}

/// The ports. Dropped, even by a panic, it silences them all.
pub struct Stage {
    live: Vec<Live>,
    reopener: Reopener,
    report: Sender<Report>,
    /// Lateness of notes' last bytes on cables with a limit.
    late: Arc<Lateness>,
    active_sensing: bool,
}

impl Stage {
    /// A stage of open ports.
    pub fn new(
        ports: Vec<Live>,
        active_sensing: bool,
        reopener: Reopener,
        report: Sender<Report>,
        late: Arc<Lateness>,
    ) -> Self {
        let mut live = Vec::with_capacity(MOST_PORTS);
        live.extend(ports.into_iter().take(MOST_PORTS));
        Self { live, reopener, report, late, active_sensing }
    }

    /// Resets the synths whose maps ask for it.
    pub fn reset(&mut self) {
        self.each(Live::reset);
    }

    /// Sends an event that was due at a time to every port, or lets it wait for its turn on the cable.
    pub fn send(&mut self, event: &Event, due_us: u64) {
        let late = Arc::clone(&self.late);
        self.each(|live| {
            live.offer(event, due_us);
            live.pump(&late)
        });
    }

    /// When something waits for its turn no longer, on the system's clock; `None` while nothing does.
    pub fn due_us(&self) -> Option<u64> {
        let sense = |live: &Live| self.active_sensing.then_some(live.spoke_us + SENSE_AFTER_US);
        let flush = |live: &Live| live.port.has_backlog().then(|| time::now_us() + FLUSH_AFTER_US);
        self.live.iter().flat_map(|live| [live.wire.due_us(), sense(live), flush(live)]).flatten().min()
    }

    /// Sends what has waited for its turn, and a sign of life where nothing else was said.
    pub fn pump(&mut self) {
        let (late, active_sensing) = (Arc::clone(&self.late), self.active_sensing);
        self.each(|live| {
            live.pump(&late)?;
            if active_sensing && time::now_us() >= live.spoke_us + SENSE_AFTER_US {
                live.real_time(ACTIVE_SENSING)?;
            }
            Ok(())
        });
    }

    /// Sends a real-time byte to every port, before whatever waits.
    pub fn real_time(&mut self, byte: u8) {
        self.each(|live| {
            // Whoever hears the start needs no position.
            live.joins &= byte != RealTime::Start as u8;
            live.real_time(byte)
        });
    }

    /// The next clock begins a sixteenth of the music: ports that came back go on from there.
    pub fn join(&mut self, sixteenth: u16) {
        let [low, high] = [(sixteenth & 0x7F) as u8, (sixteenth >> 7 & 0x7F) as u8];
        self.each(|live| {
            if !std::mem::take(&mut live.joins) {
                return Ok(());
            }
            let sent = live.port.send(&[SONG_POSITION, low, high])?;
            live.wire.sent(time::now_us(), sent);
            live.real_time(RealTime::Continue as u8)
        });
    }

    /// Ends every note on every port, and says so in every way synths understand. What waits is forgotten.
    pub fn silence(&mut self) {
        self.each(Live::silence);
    }

    /// A port that has been opened again, if there is one.
    pub fn returned(&self) -> Option<Live> {
        self.reopener.take()
    }

    /// Takes a port in: what sounded on it when it was lost ends, then come its reset and its set-up. If it fails at
    /// once it goes back to be opened again; false then.
    pub fn add(&mut self, mut live: Live, setup: &[Event]) -> bool {
        let due_us = time::now_us();
        let begun = live.silence().and_then(|()| live.reset()).and_then(|()| {
            setup.iter().for_each(|event| live.offer(event, due_us));
            live.pump(&self.late)
        });
        match begun {
            // No more ports than there is room for were ever on the stage.
            Ok(()) => {
                live.gauge.back();
                self.live.push(live);
                true
            }
            Err(_) => {
                self.reopener.give(live);
                false
            }
        }
    }

    /// Does something with every port. One that fails leaves the stage.
    fn each(&mut self, mut act: impl FnMut(&mut Live) -> Result<(), PortError>) {
        let mut at = 0;
        while let Some(live) = self.live.get_mut(at) {
            match act(live) {
                Ok(()) => at += 1,
                Err(error) => {
                    let lost = self.live.swap_remove(at);
                    lost.gauge.lost();
                    let _ = self.report.try_send(Report::Lost(error));
                    self.reopener.give(lost);
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

fn is_note(event: &Event) -> bool {
    let EventKind::Midi { message, .. } = event.kind else { return false };
    matches!(message, MidiMessage::NoteOn { .. } | MidiMessage::NoteOff { .. })
}
