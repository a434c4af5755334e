//! The engine played in real time, on every port at once.
//!
//! One OS thread, `performer`, takes the newest mood, lets the engine play a few milliseconds ahead, and sends each
//! event at its absolute time. Between events it neither locks nor allocates nor touches files. A port that fails is
//! handed to a second thread, `ports`, which opens it again; the music goes on on the others meanwhile.
//!
//! A user without the right to real-time priority (`rtprio` in limits.conf, or CAP_SYS_NICE) gets an ordinary thread;
//! one without the right to lock memory (`memlock`, or CAP_IPC_LOCK) goes on without. Either is reported once.

mod absent;
mod gauges;
mod lateness;
mod ports;
mod pulse;
mod silence;
mod stage;
mod tape;
mod time;
mod wire;
mod yardstick;

pub use absent::Absent;
pub use gauges::{Gauges, PortGauge};
pub use lateness::{Histogram, Lateness, table};
pub use silence::sweep;
pub use tape::Tape;
pub use time::now_us;

use super::engine::Engine;
use super::event::{Cue, Event, EventKind};
use super::hands::Hands;
use super::sound_map::SoundMap;
use super::status::Status;
use crate::hand::echo::Remembered;
use crate::hand::{Hand, Sent};
use crate::latest::Latest;
use crate::supervision::Progress;
use crossbeam_channel::{Receiver, Sender, bounded};
use ports::Reopener;
use pulse::Pulse;
use rasika_hardware::midi::{MidiOut, PortError};
use rasika_models::{Mood, Rasa};
use stage::{Live, Stage};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

/// How far ahead the engine plays: the most a mood waits before the engine hears of it, in microseconds.
const WINDOW_US: u64 = 5_000;
/// Behind by more than this (a suspended laptop) the music goes on from now, and does not hurry after the time lost.
const HURRY_AT_MOST_US: u64 = 400_000;
/// Events of one window at most: three voices and their controllers come nowhere near.
const EVENTS: usize = 512;
/// Reports no one has read yet at most; further ones are dropped.
const REPORTS: usize = 64;

/// No rasa's class index: no signature is asked for.
const NO_SIGNATURE: u8 = u8::MAX;

/// Something to tell the user, once.
#[derive(Debug)]
pub enum Report {
    /// A port failed and was dropped; it is tried again now and then.
    Lost(PortError),
    /// A port is back and has its set-up again.
    Back(Arc<str>),
    /// Someone said panic: every note was ended on every port.
    Panic,
    /// The thread got no real-time priority; what the system said.
    Ordinary(String),
    /// Memory is not locked; what the system said.
    Unlocked(String),
    /// The music stood still for so many milliseconds (a suspended machine) and went on.
    Stood(u64),
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lost(error) => write!(f, "{error}; the music goes on on the other ports"),
            Self::Back(name) => write!(f, "{name} is back"),
            Self::Panic => write!(f, "panic: every note ended on every port; the music goes on"),
            Self::Ordinary(cause) => {
                write!(
                    f,
                    "no real-time priority for the performer ({cause}); timing may suffer; set rtprio in limits.conf"
                )
            }
            Self::Unlocked(cause) => {
                write!(
                    f,
                    "memory is not locked ({cause}); timing may suffer when it runs short; set memlock in limits.conf"
                )
            }
            Self::Stood(ms) => write!(f, "the machine stood still for {ms} ms; the music goes on from here"),
        }
    }
}

/// Opens a port again by its name.
pub type Opener = Box<dyn Fn(&str) -> Result<Box<dyn MidiOut>, PortError> + Send>;

/// What the player plays on.
pub struct Outputs {
    /// The ports, open.
    pub ports: Vec<Box<dyn MidiOut>>,
    /// How a lost port is opened again; [`rasika_hardware::midi::open`] but for tests.
    pub opener: Opener,
    /// Takes every event, for a .mid file of what was played (see [`Tape`]).
    pub tape: Option<Sender<Event>>,
    /// Whether ports that have nothing to say give a sign of life, so that a synth falls silent if the box dies.
    pub active_sensing: bool,
    /// Whether MIDI clock is sent: 24 pulses to the matra, start with a gat, stop at its end.
    pub clock: bool,
    /// How the voices are laid out on the synths.
    pub sounds: SoundMap,
    /// The same for single ports, by the word they are opened by.
    pub own_sounds: BTreeMap<String, SoundMap>,
    /// What is sent on the ports, for those who listen and must not take it for someone else's.
    pub sent: Arc<Sent>,
}

impl Outputs {
    /// Ports that were opened with [`rasika_hardware::midi::open`].
    #[must_use]
    pub fn new(ports: Vec<Box<dyn MidiOut>>) -> Self {
        Self {
            ports,
            opener: Box::new(rasika_hardware::midi::open),
            tape: None,
            active_sensing: true,
            clock: false,
            sounds: SoundMap::default(),
            own_sounds: BTreeMap::new(),
            sent: Arc::default(),
        }
    }
}

/// A performance in real time. Dropping it ends the music with the whole silence procedure.
#[derive(Debug)]
pub struct Player {
    stop: Arc<AtomicBool>,
    conclude: Arc<AtomicBool>,
    signature: Arc<AtomicU8>,
    hands: Arc<Latest<Option<Hands>>>,
    gauges: Gauges,
    windows: Progress,
    reports: Receiver<Report>,
    thread: Option<JoinHandle<()>>,
}

impl Player {
    /// Begins to play. Whoever watches the performer sets `moods`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(engine: Engine, moods: Arc<Latest<Mood>>, outputs: Outputs) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let conclude = Arc::new(AtomicBool::new(false));
        let signature = Arc::new(AtomicU8::new(NO_SIGNATURE));
        let hands = Arc::new(Latest::default());
        let windows = Progress::default();
        let (report, reports) = bounded(REPORTS);
        let Outputs { ports, opener, tape, active_sensing, clock, sounds, mut own_sounds, sent } = outputs;
        let sounds = Arc::new(sounds);
        let live = ports.into_iter().take(stage::MOST_PORTS).map(|port| {
            let own = own_sounds.remove(port.name()).map(Arc::new);
            let gauge = Arc::new(PortGauge::new(port.name()));
            Live::new(Remembered::on(port, &sent), own.unwrap_or_else(|| Arc::clone(&sounds)), gauge)
        });
        let live: Vec<Live> = live.collect();
        let gauges = Gauges {
            status: Arc::new(Latest::new(engine.status())),
            moods,
            hand: Arc::default(),
            panic: Arc::default(),
            lateness: Arc::default(),
            cable_lateness: Arc::default(),
            bare_lateness: Arc::default(),
            real_time: Arc::default(),
            ports: live.iter().map(|live| Arc::clone(live.gauge())).collect(),
            begun: Instant::now(),
        };
        let opener: Opener = Box::new(move |name| opener(name).map(|port| Remembered::on(port, &sent)));
        let reopener = Reopener::start(opener, Arc::clone(&stop))?;
        yardstick::start(Arc::clone(&stop), Arc::clone(&gauges.bare_lateness))?;
        let late = Arc::clone(&gauges.cable_lateness);
        let performer = Performer {
            engine,
            stage: Stage::new(live, active_sensing, reopener, report.clone(), late),
            clock: clock.then(|| Pulse::new(0)),
            zero_us: 0,
            stop: Arc::clone(&stop),
            conclude: Arc::clone(&conclude),
            signature: Arc::clone(&signature),
            hands: Arc::clone(&hands),
            gauges: gauges.clone(),
            windows: Arc::clone(&windows),
            report,
            tape,
        };
        let thread = std::thread::Builder::new().name("performer".to_owned()).spawn(move || performer.run())?;
        Ok(Self { stop, conclude, signature, hands, gauges, windows, reports, thread: Some(thread) })
    }

    /// Everything that may be read while it plays, for other threads to keep.
    #[must_use]
    pub fn gauges(&self) -> &Gauges {
        &self.gauges
    }

    /// What the hand has chosen, to be set by whoever listens to it.
    #[must_use]
    pub fn hand(&self) -> &Arc<Latest<Hand>> {
        &self.gauges.hand
    }

    /// The performer's hands as they are seen, to be set by whoever watches them.
    #[must_use]
    pub fn hands(&self) -> &Latest<Option<Hands>> {
        &self.hands
    }

    /// What is sounding now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.gauges.status.get()
    }

    /// How late events have been handed to the ports.
    #[must_use]
    pub fn lateness(&self) -> &Lateness {
        &self.gauges.lateness
    }

    /// How late the last bytes of notes have left the cables that have a limit (DIN): their own length on the cable
    /// and the wait for what went before them included.
    #[must_use]
    pub fn cable_lateness(&self) -> &Lateness {
        &self.gauges.cable_lateness
    }

    /// How late a bare loop beside the performer has been: what the machine can do at all.
    #[must_use]
    pub fn bare_lateness(&self) -> &Lateness {
        &self.gauges.bare_lateness
    }

    /// Counts the windows that have been played, for whoever watches that the music goes on.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.windows
    }

    /// Set, it makes the player end every note in every way it knows, give the ports their set-up again and play on.
    /// A signal handler may set it.
    #[must_use]
    pub fn panic(&self) -> &Arc<AtomicBool> {
        &self.gauges.panic
    }

    /// Plays a rasa's signature now; the music goes on after it.
    pub fn sign(&self, rasa: Rasa) {
        self.signature.store(rasa.index() as u8, Ordering::Release);
    }

    /// The piece comes to its end: with no rasa wanted any more, the melody finishes (in a gat with a tihai on sam) and
    /// only the drone is left.
    pub fn conclude(&self) {
        self.conclude.store(true, Ordering::Release);
    }

    /// What there is to tell the user, to be read and logged by another thread.
    #[must_use]
    pub fn reports(&self) -> &Receiver<Report> {
        &self.reports
    }

    /// Whether the performer still plays; false after a panic in its thread.
    #[must_use]
    pub fn is_playing(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Ends the music: every note off, and silence said in every way synths understand, on every port.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed, and the stage fell silent as it was dropped.
            let _ = thread.join();
        }
    }
}

/// What the performer thread owns.
struct Performer {
    engine: Engine,
    stage: Stage,
    clock: Option<Pulse>,
    /// The moment, on the system's clock, of the engine's time 0.
    zero_us: u64,
    stop: Arc<AtomicBool>,
    conclude: Arc<AtomicBool>,
    signature: Arc<AtomicU8>,
    hands: Arc<Latest<Option<Hands>>>,
    gauges: Gauges,
    windows: Progress,
    report: Sender<Report>,
    tape: Option<Sender<Event>>,
}

impl Performer {
    fn run(mut self) {
        match time::ask_for_real_time() {
            Ok(()) => self.gauges.real_time.store(true, Ordering::Release),
            Err(cause) => drop(self.report.try_send(Report::Ordinary(cause.to_string()))),
        }
        if let Err(cause) = time::lock_memory() {
            let _ = self.report.try_send(Report::Unlocked(cause.to_string()));
        }
        let mut events = Vec::with_capacity(EVENTS);
        let begun_us = self.engine.now_us();
        self.zero_us = time::now_us().saturating_sub(begun_us);
        if let Some(clock) = &mut self.clock {
            clock.skip_to(begun_us);
        }
        self.stage.reset();
        self.engine.setup(&mut events);
        self.send_now(&mut events);
        let mut until_us = begun_us;
        while !self.stop.load(Ordering::Acquire) {
            self.welcome_back(&mut events);
            if self.gauges.panic.swap(false, Ordering::AcqRel) {
                self.fall_silent(&mut events);
            }
            if self.conclude.load(Ordering::Acquire) {
                self.engine.conclude();
            }
            if let Some(rasa) = Rasa::from_index(usize::from(self.signature.swap(NO_SIGNATURE, Ordering::AcqRel))) {
                self.engine.sign(rasa);
            }
            self.engine.follow(self.hands.get());
            until_us += WINDOW_US;
            let hand = self.gauges.hand.get();
            self.engine.tap_laya(hand.laya_bpm);
            self.engine.advance(until_us, &hand.over(self.gauges.moods.get()), &mut events);
            if let Some(clock) = &mut self.clock {
                clock.follow(until_us - WINDOW_US, self.engine.status(), matra_us(&events));
            }
            self.send_all(&mut events);
            self.gauges.status.set(self.engine.status());
            self.wait_until(self.zero_us + until_us);
            self.windows.fetch_add(1, Ordering::AcqRel);
            let behind_us = time::now_us().saturating_sub(self.zero_us + until_us);
            if behind_us > HURRY_AT_MOST_US {
                self.zero_us += behind_us;
                let _ = self.report.try_send(Report::Stood(behind_us / 1000));
            }
        }
        if self.clock.take().is_some() {
            self.stage.real_time(pulse::RealTime::Stop as u8);
        }
        self.engine.silence(&mut events);
        self.send_now(&mut events);
        self.gauges.status.set(Status::default());
    }

    /// Sends events, each at its time, and empties the list.
    fn send_all(&mut self, events: &mut Vec<Event>) {
        for event in events.drain(..) {
            let due_us = self.zero_us + event.time_us;
            self.wait_until(due_us);
            self.stage.send(&event, due_us);
            self.gauges.lateness.record(time::now_us().saturating_sub(due_us));
            self.keep(event);
        }
    }

    /// Sends set-up or silence, and empties the list. It has no time of its own to be late for; how late it makes the
    /// music after it is seen there.
    fn send_now(&mut self, events: &mut Vec<Event>) {
        for event in events.drain(..) {
            self.stage.send(&event, time::now_us());
            self.keep(event);
        }
    }

    fn keep(&self, event: Event) {
        if let Some(tape) = &self.tape {
            // A full tape loses events; the music does not wait for it.
            let _ = tape.try_send(event);
        }
    }

    /// Sleeps until a time of the system's clock; what waits for its turn on a cable goes out meanwhile.
    fn wait_until(&mut self, until_us: u64) {
        loop {
            let waiting_us = self.stage.due_us().unwrap_or(u64::MAX);
            let pulse_us = self.clock.as_ref().map_or(u64::MAX, |clock| self.zero_us + clock.due_us());
            // A pulse at the time of an event goes before it, so that the event is counted from it.
            if pulse_us <= until_us && pulse_us <= waiting_us {
                time::sleep_until_us(pulse_us);
                if let Some(clock) = &mut self.clock {
                    if let Some(sixteenth) = clock.sixteenth() {
                        self.stage.join(sixteenth);
                    }
                    self.stage.real_time(clock.take() as u8);
                }
            } else if waiting_us < until_us {
                time::sleep_until_us(waiting_us);
                self.stage.pump();
            } else {
                break;
            }
        }
        time::sleep_until_us(until_us);
    }

    /// Panic: nothing sounds on any port any more, each has its set-up again, and the music goes on.
    fn fall_silent(&mut self, events: &mut Vec<Event>) {
        self.engine.silence(events);
        self.send_now(events);
        self.stage.silence();
        self.engine.setup(events);
        self.send_now(events);
        let _ = self.report.try_send(Report::Panic);
    }

    /// Ports that are back get their set-up before anything else.
    fn welcome_back(&mut self, events: &mut Vec<Event>) {
        while let Some(live) = self.stage.returned() {
            self.engine.setup(events);
            let name = Arc::clone(live.gauge().name());
            if self.stage.add(live, events) {
                let _ = self.report.try_send(Report::Back(name));
            }
            events.clear();
        }
    }
}

/// When the tala's first matra in a list of events began.
fn matra_us(events: &[Event]) -> Option<u64> {
    events.iter().find(|event| event.kind == EventKind::Cue(Cue::Matra)).map(|event| event.time_us)
}
