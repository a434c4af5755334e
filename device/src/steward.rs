//! The steward: takes what one part of the box says to the parts it concerns, until someone says stop.
//!
//! It owns nothing that plays or records; it only carries. What it says to the panel are events, what the panel says to
//! it are commands.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, never};
use rasika_models::package::Package;
use rasika_models::{FEATURES_VERSION, Mood, Observation, Rasa};

use crate::camera::{Camera, News};
use crate::clock::MinuteTeller;
use crate::hand::Listening;
use crate::journal::Journal;
use crate::laptops::{Adopt, Laptops, Shown};
use crate::latest::Latest;
use crate::link::PairingEvent;
use crate::link::message::{Label, MoodNow};
use crate::panel::terminal::SimulatedPanel;
use crate::panel::{Command, Event, Fault, Panel, Teller};
use crate::performer::player::{self, Player};
use crate::performer::{Hands, Library, Status};
use crate::picture;
use crate::recorder::{self, Recorder};
use crate::screen::{Screen, View};
use crate::source::Shot;
use crate::store::{Picture, Plan};
use crate::supervision::{Progress, Supervision};
use crate::terminal::warn;
use crate::watcher::{Sight, Watcher, Way};

/// How long it waits for a frame before it looks at everything else.
const GLANCE: Duration = Duration::from_millis(40);
/// A camera that gave no frame for so long is frozen or absent.
const FROZEN: Duration = Duration::from_secs(3);
/// Time between two tries to load models that did not load.
const MODELS_AGAIN: Duration = Duration::from_secs(10);
/// Before the box starts anew, so that whoever asked for it hears that it will.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Time between two signs of MIDI activity.
const ACTIVITY: Duration = Duration::from_millis(80);

/// A model that is to be in force from now on.
pub struct Adoption {
    /// Its name and its package; `None` for the built-in knowledge.
    pub model: Option<(String, Box<Package>)>,
    /// Hears whether it is.
    pub answer: Sender<Result<(), String>>,
}

/// What comes from the link, and what it is shown.
pub struct Link {
    /// Laptops; `None` if they cannot be served.
    pub laptops: Option<Laptops>,
    /// Laptops that ask to be paired.
    pub pairing: Receiver<PairingEvent>,
    /// Models to adopt.
    pub adoptions: Receiver<Adoption>,
    /// Puts in force what the shelf says.
    pub adopt: Option<Adopt>,
    /// What is wrong from the start on: a model stays so until another is put in force, keys until the next start.
    pub faults: Vec<Fault>,
    /// The model that is in force at the start.
    pub model: Option<(String, Box<Package>)>,
    /// What laptops are shown.
    pub shown: Arc<Shown>,
    /// What is said.
    pub journal: Journal,
    /// Set when what was pushed is read at a start: the box starts anew.
    pub restart: Arc<AtomicBool>,
}

impl Link {
    /// No laptop, and nothing pushed.
    #[must_use]
    pub fn none(journal: Journal) -> Self {
        Self {
            laptops: None,
            pairing: never(),
            adoptions: never(),
            adopt: None,
            faults: Vec::new(),
            model: None,
            shown: Arc::default(),
            journal,
            restart: Arc::default(),
        }
    }

    /// Says something before the steward is at work.
    pub fn tell(&self, line: &str) {
        warn(line);
        self.journal.say(line);
    }
}

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
    /// Tells the music what time of day it is.
    pub minute: MinuteTeller,
    /// Laptops.
    pub link: Link,
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
    /// Something that is read at a start was pushed: the box is to start anew.
    Restart,
    /// The performer's thread has died.
    Died,
}

/// The steward at work.
pub struct Steward<'a> {
    parts: Parts<'a>,
    screen: Screen,
    watcher: Option<Watcher>,
    restart_at: Option<Instant>,
    restart_waits: bool,
    /// A take was ordered, and the recorder has not said what became of that.
    take_ordered: bool,
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
            screen: Screen::with_journal(parts.link.journal.clone()),
            watcher: None,
            restart_at: None,
            restart_waits: false,
            take_ordered: false,
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
            parts,
        }
    }

    /// Goes round until it is told to stop. Laptops are served on while what is left to do is done.
    pub fn run(mut self, stop: &AtomicBool) -> (End, Option<Laptops>) {
        self.name_model();
        self.parts.link.faults.iter().for_each(|fault| self.tell(Event::Fault(*fault)));
        self.load_models();
        self.tell(Event::Ready);
        self.parts.supervision.status("playing");
        let end = self.go_round(stop);
        let laptops = self.parts.link.laptops.take().filter(|_| end == End::Restart);
        laptops.iter().for_each(Laptops::start_anew);
        self.end_recording();
        (end, laptops)
    }

    fn go_round(&mut self, stop: &AtomicBool) -> End {
        loop {
            self.parts.rounds.fetch_add(1, Ordering::AcqRel);
            self.parts.minute.tell_in_time();
            let wants_to_quit = matches!(&self.parts.front, Front::Terminal(panel) if panel.wants_to_quit());
            if stop.load(Ordering::Acquire) || wants_to_quit {
                return End::Asked;
            }
            if !self.parts.player.is_playing() {
                return End::Died;
            }
            if self.is_to_restart() {
                return End::Restart;
            }
            self.hear_laptops();
            self.hear_player();
            self.hear_recorder();
            if self.hear_panel() {
                if let Front::Board(_) = self.parts.front {
                    return End::ShutDown;
                }
                self.screen.say("a box would switch itself off now");
                return End::Asked;
            }
            self.look();
            self.show();
        }
    }

    /// Whether it is time to start anew: after a moment for the last words, and after a take that is being recorded.
    fn is_to_restart(&mut self) -> bool {
        if !self.parts.link.restart.load(Ordering::Acquire) {
            return false;
        }
        if self.take_ordered || self.parts.link.shown.is_recording() {
            if !std::mem::replace(&mut self.restart_waits, true) {
                self.screen.say("the box starts anew with what was pushed when the take has ended");
            }
            self.restart_at = None;
            return false;
        }
        self.restart_at.get_or_insert_with(Instant::now).elapsed() >= LAST_WORDS
    }

    /// A take that is being recorded is kept; what became of it is the last there is to say.
    fn end_recording(mut self) {
        let reports = self.parts.recorder.reports().clone();
        drop(self.parts.recorder);
        reports.try_iter().for_each(|report| self.screen.say(&report.to_string()));
    }

    fn tell(&self, event: Event) {
        match event {
            Event::Fault(fault) => self.parts.link.shown.fault(fault, true),
            Event::FaultGone(fault) => self.parts.link.shown.fault(fault, false),
            _ => {}
        }
        self.parts.front.panel().teller().tell(event);
    }

    /// Models that do not load are a fault, and are tried again; the drone plays on.
    fn load_models(&mut self) {
        if self.watcher.is_some() || Instant::now() < self.models_at {
            return;
        }
        match Watcher::new(self.parts.way.clone()) {
            Ok(mut watcher) => {
                let package = self.parts.link.model.as_ref().map(|(_, package)| &**package);
                let adopted = watcher.adopt(package);
                self.watcher = Some(watcher);
                match adopted {
                    Ok(()) if self.parts.link.faults.contains(&Fault::Model) => {}
                    Ok(()) => self.tell(Event::FaultGone(Fault::Model)),
                    Err(error) => {
                        self.screen.say(&format!("{error}; the built-in knowledge is asked instead"));
                        self.parts.link.model = None;
                        self.name_model();
                        self.tell(Event::Fault(Fault::Model));
                    }
                }
            }
            Err(error) => {
                self.models_at = Instant::now() + MODELS_AGAIN;
                self.screen.say(&format!("{error}; the drone plays on"));
                self.tell(Event::Fault(Fault::Model));
            }
        }
    }

    fn model_name(&self) -> String {
        let built_in = || format!("knowledge, features {FEATURES_VERSION}");
        self.parts.link.model.as_ref().map_or_else(built_in, |(name, _)| name.clone())
    }

    fn name_model(&self) {
        self.parts.link.shown.model(&self.model_name());
    }

    fn hear_laptops(&mut self) {
        let Link { laptops, pairing, adoptions, .. } = &self.parts.link;
        let lines: Vec<String> = laptops.iter().flat_map(|laptops| laptops.reports().try_iter()).collect();
        let (pairing, adoptions): (Vec<_>, Vec<_>) = (pairing.try_iter().collect(), adoptions.try_iter().collect());
        lines.iter().for_each(|line| self.screen.say(line));
        for event in pairing {
            match event {
                PairingEvent::Asked(digits) => {
                    let [a, b, c] = digits;
                    self.tell(Event::PairingAsked(digits));
                    self.screen.say(&format!("a laptop asks to be paired: RECORD if it shows {a} {b} {c}"));
                }
                PairingEvent::Left => {
                    self.screen.say("that laptop asks no longer; pairing is still open");
                    self.tell(Event::PairingLeft);
                }
                PairingEvent::Done(let_in) => {
                    self.screen.say(if let_in { "the laptop is paired" } else { "no laptop was paired" });
                    self.tell(Event::PairingDone(let_in));
                }
            }
        }
        adoptions.into_iter().for_each(|adoption| self.adopt(adoption));
    }

    /// Swaps the model between two frames; the music goes on.
    fn adopt(&mut self, Adoption { model, answer }: Adoption) {
        self.tell(Event::UpdateStarted);
        let package = model.as_ref().map(|(_, package)| &**package);
        let adopted = self.watcher.as_mut().map_or(Ok(()), |watcher| watcher.adopt(package));
        self.tell(Event::UpdateDone(adopted.is_ok()));
        if adopted.is_ok() {
            self.parts.link.model = model;
            self.name_model();
            self.parts.link.faults.retain(|fault| *fault != Fault::Model);
            self.tell(Event::FaultGone(Fault::Model));
            self.screen.say(&format!("the rasas are told by {} from now on", self.model_name()));
        }
        let _ = answer.try_send(adopted.map_err(|error| error.to_string()));
    }

    fn takes_changed(&self, anew: bool) {
        if let Some(laptops) = &self.parts.link.laptops {
            laptops.takes_changed(anew);
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
            if matches!(report, recorder::Report::Begun(_) | recorder::Report::Refused(_) | recorder::Report::Fault(_))
            {
                self.take_ordered = false;
            }
            match &report {
                recorder::Report::Begun(_) => self.parts.link.shown.recording(true),
                recorder::Report::Confirmed { .. } | recorder::Report::Empty(_) | recorder::Report::Fault(_) => {
                    self.parts.link.shown.recording(false);
                }
                _ => {}
            }
            self.takes_changed(matches!(report, recorder::Report::SetAside(_) | recorder::Report::Fault(_)));
            match report {
                recorder::Report::Ready { .. } | recorder::Report::Begun(_) => {
                    self.tell(Event::FaultGone(Fault::Disk));
                }
                recorder::Report::Confirmed { cut_short: None, .. } => {
                    self.tell(Event::TakeSaved);
                    self.tell(Event::FaultGone(Fault::Disk));
                }
                recorder::Report::Confirmed { cut_short: Some(_), .. } => {
                    self.tell(Event::TakeCut);
                    self.tell(Event::Fault(Fault::Disk));
                }
                recorder::Report::Empty(_) => self.tell(Event::TakeRefused),
                recorder::Report::Refused(_) | recorder::Report::Fault(_) => {
                    self.tell(Event::TakeRefused);
                    self.tell(Event::Fault(Fault::Disk));
                }
                recorder::Report::NothingToDiscard => self.tell(Event::NothingDiscarded),
                recorder::Report::Discarded(_) | recorder::Report::Pruned(_) | recorder::Report::SetAside(_) => {}
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
                Command::Automatic | Command::Confirm(None) => {}
                Command::StartRecording(label) => self.record(label),
                Command::StopRecording => drop(self.order(Recorder::end)),
                Command::DiscardLast => drop(self.order(Recorder::discard_last)),
                Command::Panic => self.parts.player.panic().store(true, Ordering::Release),
                Command::OpenPairing
                | Command::ClosePairing
                | Command::AcceptPairing(_)
                | Command::RefusePairing(_) => {
                    self.pair(command);
                }
                Command::ShutDown => return true,
            }
        }
        false
    }

    fn pair(&mut self, command: Command) {
        match (&self.parts.link.laptops, command) {
            (Some(laptops), Command::OpenPairing) => laptops.open_pairing(),
            (Some(laptops), Command::ClosePairing) => laptops.close_pairing(),
            (Some(laptops), Command::RefusePairing(digits)) => laptops.refuse(digits),
            // A laptop that has left meanwhile has ended the pairing by itself.
            (Some(laptops), Command::AcceptPairing(digits)) => {
                let _ = laptops.accept(digits);
            }
            (None, Command::OpenPairing) => {
                self.screen.say("laptops cannot be served, so none can be paired");
                self.tell(Event::PairingDone(false));
            }
            _ => {}
        }
    }

    fn record(&mut self, label: Option<Rasa>) {
        let Some(label) = label else {
            self.screen.say("not recording: no label is chosen; press SELECT until the rasa sounds, then RECORD");
            self.tell(Event::TakeRefused);
            return;
        };
        if self.parts.link.restart.load(Ordering::Acquire) {
            self.screen.say("not recording: the box starts anew with what was pushed; press RECORD when it is back");
            self.tell(Event::TakeRefused);
            return;
        }
        let TakeNotes { performer, config, mirrored } = self.parts.take.clone();
        let model = self.model_name();
        let plan = Plan { label, performer, config, model, mirrored, frame_px: self.frame_px };
        self.take_ordered = self.order(|recorder| recorder.begin(plan));
    }

    /// Gives an order; whether the recorder has it.
    fn order(&mut self, give: impl FnOnce(&Recorder) -> Result<(), recorder::Busy>) -> bool {
        let given = give(&self.parts.recorder);
        if let Err(busy) = &given {
            self.screen.say(&busy.to_string());
            self.tell(Event::TakeRefused);
        }
        given.is_ok()
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
                        keep_picture(&self.parts.recorder, &shot);
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
        self.parts.link.shown.mood(mood_now(self.sight.as_ref(), status, self.parts.library));
        self.screen.show(&view(self.parts.camera.time_ms(), None, self.sight.as_ref(), status, self.parts.library));
    }
}

/// Gives the recorder a picture of the frame, if it keeps any.
fn keep_picture(recorder: &Recorder, shot: &Shot) {
    if recorder.wants_picture(shot.time_ms)
        && let Ok(Some(jpeg)) = picture::small(&shot.frame)
    {
        recorder.offer_picture(shot.time_ms, Picture { frame: shot.number, jpeg });
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

/// What laptops are shown of a sight, or of none.
fn mood_now(sight: Option<&Sight>, status: Status, library: &Library) -> MoodNow {
    let mood = sight.map_or_else(Mood::default, |sight| sight.mood);
    let raga = status.raga.and_then(|index| library.ragas.get(usize::from(index)));
    MoodNow {
        rasa: Label(mood.rasa),
        confidence: mood.confidence,
        intensity: mood.intensity,
        probabilities: sight.map_or([0.0; Rasa::COUNT], |sight| sight.smoothed),
        face: sight.is_some_and(|sight| sight.observation.face.is_some()),
        hands: sight.map_or(0, |sight| sight.observation.hands.len() as u8),
        raga: raga.map(|raga| raga.name.clone()).unwrap_or_default(),
        section: status.section.name().to_owned(),
    }
}

/// Temperature of the board, where the kernel tells it.
#[must_use]
pub fn temperature_c() -> Option<f32> {
    let text = std::fs::read_to_string("/sys/class/thermal/thermal_zone0/temp").ok()?;
    text.trim().parse::<f32>().ok().map(|milli| milli / 1000.0)
}
