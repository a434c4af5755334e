//! The steward: takes what one part of the box says to the parts it concerns, until someone says stop.
//!
//! It owns nothing that plays or records; it only carries. What it says to the panel are events, what the panel says to
//! it are commands.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rasika_models::{FEATURES_VERSION, Mood, Observation, Rasa};

use crate::camera::{Camera, News};
use crate::hand::Listening;
use crate::latest::Latest;
use crate::panel::terminal::SimulatedPanel;
use crate::panel::{Command, Event, Fault, Panel, Teller};
use crate::performer::player::{self, Player};
use crate::performer::{Hands, Library, Status};
use crate::recorder::{self, Recorder};
use crate::screen::{Screen, View};
use crate::store::Plan;
use crate::supervision::{Progress, Supervision};
use crate::watcher::{Sight, Watcher, Way};

/// How long it waits for a frame before it looks at everything else.
const GLANCE: Duration = Duration::from_millis(40);
/// A camera that gave no frame for so long is frozen or absent.
const FROZEN: Duration = Duration::from_secs(3);
/// Time between two tries to load models that did not load.
const MODELS_AGAIN: Duration = Duration::from_secs(10);
/// Time between two signs of MIDI activity.
const ACTIVITY: Duration = Duration::from_millis(80);

/// The panel: on a board, or in the terminal.
pub enum Front {
    /// Pins of a board, or none at all.
    Board(Panel),
    /// Keys and drawn LEDs.
    Terminal(SimulatedPanel),
}

impl Front {
    /// Tells the panel what happens.
    #[must_use]
    pub fn teller(&self) -> &Teller {
        self.panel().teller()
    }

    fn panel(&self) -> &Panel {
        match self {
            Self::Board(panel) => panel,
            Self::Terminal(simulated) => simulated.panel(),
        }
    }
}

/// The parts of the box that the steward goes between.
pub struct Parts<'a> {
    /// The camera.
    pub camera: Camera,
    /// How its frames are looked at.
    pub way: Way,
    /// The music.
    pub player: &'a Player,
    /// The slot the player takes the mood from.
    pub moods: Arc<Latest<Mood>>,
    /// MIDI in.
    pub listening: &'a Listening,
    /// Takes.
    pub recorder: Recorder,
    /// Buttons and LEDs.
    pub front: Front,
    /// The service manager.
    pub supervision: &'a Supervision,
    /// Moves with every round.
    pub rounds: Progress,
    /// Names of ragas and talas.
    pub library: &'a Library,
    /// Who performs, and what else is written into a take.
    pub take: TakeNotes,
}

/// What is written into every take.
#[derive(Debug, Clone, Default)]
pub struct TakeNotes {
    /// Who performs; may be empty.
    pub performer: String,
    /// The settings in force, as TOML.
    pub config: String,
    /// Whether frames are turned back from a mirror image.
    pub mirrored: bool,
}

/// Why the steward stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A signal, or the key for it.
    Asked,
    /// The panel said that the box is to be switched off.
    ShutDown,
    /// The performer's thread has died.
    Died,
}

/// The steward at work.
pub struct Steward<'a> {
    parts: Parts<'a>,
    screen: Screen,
    watcher: Option<Watcher>,
    models_at: Instant,
    sight: Option<Sight>,
    frame_px: (u32, u32),
    frames_every: u32,
    seen_at: Instant,
    is_frozen: bool,
    face_seen: bool,
    lost_ports: usize,
    events: u64,
    activity_at: Instant,
}

impl<'a> Steward<'a> {
    /// A steward between parts that have started.
    #[must_use]
    pub fn new(parts: Parts<'a>) -> Self {
        let now = Instant::now();
        Self {
            parts,
            screen: Screen::default(),
            watcher: None,
            models_at: now,
            sight: None,
            frame_px: (0, 0),
            frames_every: 1,
            seen_at: now,
            is_frozen: false,
            face_seen: false,
            lost_ports: 0,
            events: 0,
            activity_at: now,
        }
    }

    /// Goes round until it is told to stop.
    pub fn run(mut self, stop: &AtomicBool) -> End {
        self.load_models();
        self.tell(Event::Ready);
        self.parts.supervision.status("playing");
        loop {
            self.parts.rounds.fetch_add(1, Ordering::AcqRel);
            let wants_to_quit = matches!(&self.parts.front, Front::Terminal(panel) if panel.wants_to_quit());
            if stop.load(Ordering::Acquire) || wants_to_quit {
                return End::Asked;
            }
            if !self.parts.player.is_playing() {
                return End::Died;
            }
            self.hear_player();
            self.hear_recorder();
            if self.hear_panel() {
                return End::ShutDown;
            }
            self.look();
            self.show();
        }
    }

    fn tell(&self, event: Event) {
        self.parts.front.panel().teller().tell(event);
    }

    /// Models that do not load are a fault, and are tried again; the drone plays on.
    fn load_models(&mut self) {
        if self.watcher.is_some() || Instant::now() < self.models_at {
            return;
        }
        match Watcher::new(self.parts.way.clone()) {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                self.tell(Event::FaultGone(Fault::Model));
            }
            Err(error) => {
                self.models_at = Instant::now() + MODELS_AGAIN;
                self.screen.say(&format!("{error}; the drone plays on"));
                self.tell(Event::Fault(Fault::Model));
            }
        }
    }

    fn hear_player(&mut self) {
        for report in self.parts.player.reports().try_iter() {
            self.screen.say(&report.to_string());
            match report {
                player::Report::Lost(_) => self.lost_ports += 1,
                player::Report::Back(_) => self.lost_ports = self.lost_ports.saturating_sub(1),
                _ => continue,
            }
            self.tell(if self.lost_ports > 0 { Event::Fault(Fault::Port) } else { Event::FaultGone(Fault::Port) });
        }
        for report in self.parts.listening.reports().try_iter() {
            self.screen.say(&report.to_string());
        }
        let events = self.parts.player.lateness().count();
        if events != self.events && self.activity_at.elapsed() >= ACTIVITY {
            (self.events, self.activity_at) = (events, Instant::now());
            self.tell(Event::MidiActivity);
        }
    }

    fn hear_recorder(&mut self) {
        for report in self.parts.recorder.reports().try_iter() {
            self.screen.say(&report.to_string());
            match report {
                recorder::Report::Ready { .. } => self.tell(Event::FaultGone(Fault::Disk)),
                recorder::Report::Confirmed { .. } => {
                    self.tell(Event::TakeSaved);
                    self.tell(Event::FaultGone(Fault::Disk));
                }
                recorder::Report::Refused(_) | recorder::Report::Empty(_) => self.tell(Event::TakeRefused),
                recorder::Report::Fault(_) => {
                    self.tell(Event::TakeRefused);
                    self.tell(Event::Fault(Fault::Disk));
                }
                recorder::Report::Begun(_)
                | recorder::Report::Discarded(_)
                | recorder::Report::NothingToDiscard
                | recorder::Report::Pruned(_)
                | recorder::Report::SetAside(_) => {}
            }
        }
    }

    /// Does what the panel says; true if the box is to be switched off.
    fn hear_panel(&mut self) -> bool {
        for report in self.parts.front.panel().reports().try_iter() {
            self.screen.say(&report.to_string());
        }
        let commands: Vec<Command> = self.parts.front.panel().commands().try_iter().collect();
        for command in commands {
            match command {
                Command::PlaySignature(rasa) | Command::Confirm(Some(rasa)) => self.parts.player.sign(rasa),
                Command::Automatic | Command::Confirm(None) | Command::ClosePairing => {}
                Command::StartRecording(label) => self.record(label),
                Command::StopRecording => self.order(Recorder::end),
                Command::DiscardLast => self.order(Recorder::discard_last),
                Command::Panic => self.parts.player.panic().store(true, Ordering::Release),
                Command::OpenPairing | Command::AcceptPairing(_) | Command::RefusePairing(_) => {
                    self.screen.say("this version has no link to a laptop yet: pairing is closed again");
                    self.tell(Event::PairingDone(false));
                }
                Command::ShutDown => return true,
            }
        }
        false
    }

    fn record(&mut self, label: Option<Rasa>) {
        let Some(label) = label else {
            self.screen.say("not recording: no label is chosen; press SELECT until the rasa sounds, then RECORD");
            self.tell(Event::TakeRefused);
            return;
        };
        let TakeNotes { performer, config, mirrored } = self.parts.take.clone();
        let model = format!("knowledge, features {FEATURES_VERSION}");
        let plan = Plan { label, performer, config, model, mirrored, frame_px: self.frame_px };
        self.order(|recorder| recorder.begin(plan));
    }

    fn order(&mut self, give: impl FnOnce(&Recorder) -> Result<(), recorder::Busy>) {
        if let Err(busy) = give(&self.parts.recorder) {
            self.screen.say(&busy.to_string());
            self.tell(Event::TakeRefused);
        }
    }

    /// Waits a moment for a frame and looks at it.
    fn look(&mut self) {
        self.load_models();
        match self.parts.camera.news(GLANCE) {
            News::Shot(shot) => {
                self.seen_at = Instant::now();
                if std::mem::take(&mut self.is_frozen) {
                    self.camera_is_back();
                }
                if shot.number % u64::from(self.frames_every) != 0 {
                    return;
                }
                let Some(watcher) = &mut self.watcher else { return };
                match watcher.look(&shot) {
                    Ok(sight) => {
                        let budget = f64::from(self.frames_every) / self.parts.camera.rate_hz().max(1.0);
                        self.frames_every =
                            watcher.govern(Duration::from_secs_f64(budget), temperature_c()).frames_every;
                        self.take_in(sight);
                    }
                    // One frame that cannot be looked at does not end the music.
                    Err(error) => {
                        self.screen.say(&error.to_string());
                        self.see_nothing();
                    }
                }
            }
            News::Lost(error) => {
                self.screen.say(&format!("{error}; trying again"));
                self.camera_is_lost();
            }
            News::Back => {
                self.is_frozen = false;
                self.camera_is_back();
            }
            News::Nothing => {
                if self.seen_at.elapsed() >= FROZEN && !std::mem::replace(&mut self.is_frozen, true) {
                    self.screen.say("no frame has come for three seconds; waiting for the camera");
                    self.camera_is_lost();
                }
                self.see_nothing();
            }
        }
    }

    fn take_in(&mut self, sight: Sight) {
        let Observation { width, height, .. } = sight.observation;
        self.frame_px = (width, height);
        self.parts.moods.set(sight.mood);
        self.parts.player.hands().set(Hands::of(&sight.observation));
        self.parts.recorder.offer(&sight.observation);
        self.see_face(sight.observation.face.is_some());
        // What is played is shown: the hand's choice goes before the face's.
        let mood = self.parts.player.hand().get().over(sight.mood);
        self.sight = Some(Sight { mood, ..sight });
    }

    fn see_nothing(&mut self) {
        if let Some(watcher) = &mut self.watcher {
            self.parts.moods.set(watcher.nothing(self.parts.camera.time_ms()));
        }
        if self.seen_at.elapsed() >= FROZEN {
            self.parts.player.hands().set(None);
            self.see_face(false);
            self.sight = None;
        }
    }

    fn see_face(&mut self, seen: bool) {
        if std::mem::replace(&mut self.face_seen, seen) != seen {
            self.tell(Event::FaceSeen(seen));
        }
    }

    fn camera_is_lost(&mut self) {
        self.parts.supervision.status("playing the drone; the camera is lost and tried again");
        self.tell(Event::Fault(Fault::Camera));
    }

    fn camera_is_back(&mut self) {
        self.screen.say("the camera is there");
        self.parts.supervision.status("playing");
        self.tell(Event::FaultGone(Fault::Camera));
    }

    fn show(&mut self) {
        if let Front::Terminal(panel) = &self.parts.front {
            let lines = panel.lines(self.screen.has_colors());
            self.screen.below(lines.to_vec(), SimulatedPanel::DOING);
        }
        let status = self.parts.player.status();
        self.screen.show(&view(self.parts.camera.time_ms(), None, self.sight.as_ref(), status, self.parts.library));
    }
}

/// What there is to show of a sight, or of none.
#[must_use]
pub fn view<'a>(
    time_ms: f64,
    done: Option<f64>,
    sight: Option<&Sight>,
    status: Status,
    library: &'a Library,
) -> View<'a> {
    View {
        time_ms,
        done,
        face: sight.is_some_and(|sight| sight.observation.face.is_some()),
        hands: sight.map_or(0, |sight| sight.observation.hands.len()),
        probabilities: sight.map_or([0.0; Rasa::COUNT], |sight| sight.smoothed),
        mood: sight.map_or_else(Mood::default, |sight| sight.mood),
        status,
        library,
    }
}

/// Temperature of the board, where the kernel tells it.
#[must_use]
pub fn temperature_c() -> Option<f32> {
    let text = std::fs::read_to_string("/sys/class/thermal/thermal_zone0/temp").ok()?;
    text.trim().parse::<f32>().ok().map(|milli| milli / 1000.0)
}
