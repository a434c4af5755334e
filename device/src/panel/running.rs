//! The panel's thread: waits for edges, events and the next moment that matters, and sleeps in between.

use super::fault::Fault;
use super::front::{Front, Heed};
use super::lights::Lights;
use super::machine::{Command, Event, Machine};
use super::settings::{Settings, SettingsError};
use super::status::PanelStatus;
use crate::latest::Latest;
use crate::performer::data_error::DataError;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, select, unbounded};
use rasika_hardware::buttons::{Gesture, Recogniser, Times};
use rasika_hardware::pins::{self, PinError, Pins, now};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Events that may wait for the panel.
const EVENTS: usize = 256;
/// Reports that may wait for someone to read them.
const REPORTS: usize = 64;
/// With nothing to do the thread looks up this often.
const IDLE: Duration = Duration::from_secs(3600);

/// Opens the way to the pins, at the start and whenever one was lost.
pub type Opener = Box<dyn FnMut() -> Result<Box<dyn Pins>, PinError> + Send>;

/// What there is to tell the user in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// A button or an LED cannot be had, or was lost; it is tried again.
    Missing(PinError),
    /// Everything is there (again).
    Whole,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(error) => write!(f, "the panel lacks a pin: {error}; trying again"),
            Self::Whole => f.write_str("the panel has all its pins again"),
        }
    }
}

/// Tells the panel what happens in the box. Any thread may have one.
#[derive(Debug, Clone)]
pub struct Teller(Sender<Event>);

impl Teller {
    /// Tells an event; never waits for long. Activity and faces are left out when the panel is behind, as newer ones
    /// follow.
    pub fn tell(&self, event: Event) {
        match self.0.try_send(event) {
            Err(TrySendError::Full(Event::MidiActivity | Event::FaceSeen(_))) => {}
            // The panel takes events faster than anyone makes them; once it has ended no one needs to know.
            Err(TrySendError::Full(event)) => drop(self.0.send_timeout(event, Duration::from_secs(1))),
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
        }
    }
}

/// A panel at work. Dropping it gives every pin back.
#[derive(Debug)]
pub struct Panel {
    teller: Teller,
    commands: Receiver<Command>,
    reports: Receiver<Report>,
    status: Arc<Latest<PanelStatus>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A panel that cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its settings make no sense.
    #[error("[panel] {0}")]
    Settings(#[from] SettingsError),
    /// The looks of its LEDs cannot be read or make no sense.
    #[error(transparent)]
    Lights(#[from] DataError),
    /// The system gives no thread.
    #[error("the panel cannot start: {0}; free some memory")]
    Thread(#[from] std::io::Error),
}

impl Panel {
    /// Begins, on the pins that the settings name. Pins that cannot be had are no error here: they are reported, shown
    /// as a fault and tried again.
    ///
    /// # Errors
    /// When the settings make no sense, or the system gives no thread.
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        if settings.pins == "none" {
            return Self::begin(settings, None);
        }
        let name = settings.pins.clone();
        Self::start_on(settings, Box::new(move || pins::open(&name)))
    }

    /// Begins on pins of the caller's own.
    ///
    /// # Errors
    /// When the settings make no sense, or the system gives no thread.
    pub fn start_on(settings: Settings, opener: Opener) -> Result<Self, StartError> {
        Self::begin(settings, Some(opener))
    }

    fn begin(settings: Settings, opener: Option<Opener>) -> Result<Self, StartError> {
        settings.check()?;
        let lights = Lights::of(settings.lights.as_deref())?;
        let (event, events) = bounded(EVENTS);
        let (command, commands) = unbounded();
        let (report, reports) = bounded(REPORTS);
        let (stop, stopped) = bounded(0);
        let (heed, heeds) = unbounded();
        let status = Arc::new(Latest::new(PanelStatus::default()));
        let begun = now();
        let machine = Machine::new(settings.record_by, settings.count_in(), begun);
        let front = opener.map(|opener| Front::new(settings, lights, opener, heed, begun));
        let running = Running {
            machine,
            front,
            recogniser: Recogniser::new(Times::default(), [false; 2]),
            stuck: [false; 2],
            faulty: false,
            command,
            report,
            status: Arc::clone(&status),
        };
        let run = move || running.run(&heeds, &events, &stopped);
        let thread = std::thread::Builder::new().name("panel".to_owned()).spawn(run)?;
        Ok(Self { teller: Teller(event), commands, reports, status, stop: Some(stop), thread: Some(thread) })
    }

    /// Tells the panel what happens.
    #[must_use]
    pub const fn teller(&self) -> &Teller {
        &self.teller
    }

    /// What the panel wants done.
    #[must_use]
    pub const fn commands(&self) -> &Receiver<Command> {
        &self.commands
    }

    /// What there is to tell the user, to be read and logged by another thread.
    #[must_use]
    pub const fn reports(&self) -> &Receiver<Report> {
        &self.reports
    }

    /// What it is doing.
    #[must_use]
    pub fn status(&self) -> PanelStatus {
        self.status.get()
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed, and its pins were given back as it ended.
            let _ = thread.join();
        }
    }
}

/// What the thread owns.
struct Running {
    machine: Machine,
    front: Option<Front>,
    recogniser: Recogniser,
    stuck: [bool; 2],
    /// Whether the pins' fault is shown.
    faulty: bool,
    command: Sender<Command>,
    report: Sender<Report>,
    status: Arc<Latest<PanelStatus>>,
}

impl Running {
    fn run(mut self, heeds: &Receiver<Heed>, events: &Receiver<Event>, stopped: &Receiver<()>) {
        let mut told: Vec<Event> = Vec::new();
        let mut heard: Vec<Heed> = Vec::new();
        // Without a front its channel is closed from the start and must not wake the loop.
        let no_heeds = crossbeam_channel::never();
        let heeds = if self.front.is_some() { heeds } else { &no_heeds };
        loop {
            let wait = self.due().map_or(IDLE, |due| due.saturating_sub(now()));
            select! {
                recv(heeds) -> heed => heard.extend(heed),
                recv(events) -> event => told.extend(event),
                recv(stopped) -> _ => return,
                default(wait) => {}
            }
            // Edges carry their own times: all that have come are heard before the clock is read.
            heard.extend(heeds.try_iter());
            told.extend(events.try_iter());
            self.turn(&mut heard, &mut told);
        }
    }

    fn due(&self) -> Option<Duration> {
        let front = self.front.as_ref().and_then(|front| front.due(now()));
        front.into_iter().chain(self.recogniser.due()).chain(self.machine.due()).min()
    }

    fn turn(&mut self, heard: &mut Vec<Heed>, told: &mut Vec<Event>) {
        let (mut made, mut commands, mut reports) = (Vec::new(), Vec::new(), Vec::new());
        for (button, heed) in heard.drain(..) {
            let Some(front) = &mut self.front else { continue };
            match heed {
                Ok(edge) => {
                    let down = front.is_down(&edge);
                    self.stuck[button.index()] &= down;
                    self.recogniser.level(edge.time, button, down, &mut made);
                }
                Err(error) => {
                    front.lose(button, error, now(), &mut reports);
                    self.recogniser.renew(now(), button, false, &mut made);
                }
            }
        }
        let now = now();
        if let Some(front) = &mut self.front {
            for (button, down) in front.mend(now, &mut reports) {
                self.recogniser.renew(now, button, down, &mut made);
                self.stuck[button.index()] = down;
            }
        }
        self.recogniser.tick(now, &mut made);
        for (_, gesture) in made {
            if let Gesture::Stuck(button) = gesture {
                self.stuck[button.index()] = true;
            }
            self.machine.gesture(now, gesture, &mut commands);
        }
        for event in told.drain(..) {
            self.machine.event(now, event, &mut commands);
        }
        self.machine.tick(now, &mut commands);
        if let Some(front) = &mut self.front {
            front.show(self.machine.signs(), now, &mut reports);
            let faulty = !front.is_whole() || self.stuck.contains(&true);
            if faulty != std::mem::replace(&mut self.faulty, faulty) {
                let event = if faulty { Event::Fault(Fault::Pins) } else { Event::FaultGone(Fault::Pins) };
                self.machine.event(now, event, &mut commands);
                front.show(self.machine.signs(), now, &mut reports);
            }
        }
        // Whoever obeys a command finds lights and status as they are after it.
        self.status.set(PanelStatus {
            state: self.machine.state(),
            label: self.machine.label(),
            faults: self.machine.faults(),
        });
        for command in commands {
            // No one obeys any more when the box ends.
            let _ = self.command.send(command);
        }
        for report in reports {
            // A full channel means no one reads; the LEDs tell the fault all the same.
            let _ = self.report.try_send(report);
        }
    }
}
