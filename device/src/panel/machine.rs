//! The panel's mind: gestures, events and time go in, commands come out. It touches nothing and knows no clock.

use super::fault::{Fault, Faults};
use super::sign::{LEDS, Led, Sign};
use super::table::{Action, Input, State, action};
use rasika_hardware::buttons::{Button, Gesture};
use rasika_models::Rasa;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long pairing stays open, and how long a laptop that has asked waits for its answer.
pub const PAIRING_OPEN: Duration = Duration::from_secs(60);
/// Digits must have been there to be read for so long: a RECORD that was meant for a take lets nobody in.
const READING: Duration = Duration::from_secs(1);
/// For the digits of the next laptop to come.
const NEXT: Duration = Duration::from_secs(1);
/// How long a label is shown after it was chosen.
const CHOOSING: Duration = Duration::from_secs(4);
/// A take that is not on the disk by then will not be.
const SAVING_AT_MOST: Duration = Duration::from_secs(15);
/// Letting go or holding on comes before this, unless a pin is lost.
const LET_GO_AT_MOST: Duration = Duration::from_secs(12);
/// How long news is shown.
const NEWS: Duration = Duration::from_millis(1600);
/// How long MIDI activity lights its LED.
const ACTIVITY: Duration = Duration::from_millis(60);

/// What happens in the rest of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The box is up and plays.
    Ready,
    /// A face has come into view or left it.
    FaceSeen(bool),
    /// MIDI went out (or in) just now; some tens of times a second are enough.
    MidiActivity,
    /// The take that was stopped is on the disk, fsynced.
    TakeSaved,
    /// The take was ended by the recorder and is on the disk, fsynced.
    TakeCut,
    /// The take is not begun, or not kept.
    TakeRefused,
    /// There was no take to discard.
    NothingDiscarded,
    /// A laptop asks to be paired; these digits (0–9 each) are of its handshake. Those of the one before count no longer.
    PairingAsked([u8; 3]),
    /// The laptop that asked does so no longer; another may.
    PairingLeft,
    /// Pairing is over; true if a laptop was let in.
    PairingDone(bool),
    /// Something new is being installed.
    UpdateStarted,
    /// It is installed, or not.
    UpdateDone(bool),
    /// Something is wrong.
    Fault(Fault),
    /// It is wrong no longer.
    FaultGone(Fault),
}

/// What the rest of the box shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Command {
    /// A label was chosen: play the signature phrase of this rasa.
    PlaySignature(Rasa),
    /// No label any more: the face chooses.
    Automatic,
    /// Begin a take; without a label it is to be labelled on the laptop. Answered by `TakeRefused` if it cannot be.
    StartRecording(Option<Rasa>),
    /// End the take and save it. Answered by `TakeSaved` or `TakeRefused`.
    StopRecording,
    /// A take is on the disk: say so with a phrase.
    Confirm(Option<Rasa>),
    /// Discard the last take, so that it can be brought back.
    DiscardLast,
    /// End every note on every port now.
    Panic,
    /// Let one new laptop ask to be paired.
    OpenPairing,
    /// None any more.
    ClosePairing,
    /// Let the laptop in that asked with these digits.
    AcceptPairing([u8; 3]),
    /// Do not let it in.
    RefusePairing([u8; 3]),
    /// End everything safely and switch off.
    ShutDown,
}

/// How RECORD records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordBy {
    /// While it is held.
    #[default]
    Hold,
    /// From one click (or hold) to the next.
    Click,
}

/// What is told of a thing that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Saved,
    Refused,
    Discarded,
    Done,
    Failed,
}

/// The state machine.
#[derive(Debug, Clone)]
pub struct Machine {
    record_by: RecordBy,
    count_in: Duration,
    state: State,
    /// When the state's time runs out.
    due: Option<Duration>,
    label: Option<Rasa>,
    /// Label of the take that was begun last.
    taken: Option<Rasa>,
    /// Takes that were stopped and not answered yet.
    unsaved: u32,
    /// They were discarded meanwhile: their answers are no news.
    hushed: bool,
    digits: [u8; 3],
    asked_at: Duration,
    /// Until when laptops may ask.
    open_until: Duration,
    is_ready: bool,
    updating: bool,
    faults: Faults,
    face: bool,
    active_until: Duration,
    news: Option<(News, Duration)>,
    shown: [(Sign, Duration); LEDS],
}

impl Machine {
    /// A box that is starting. The take begins after `count_in`.
    #[must_use]
    pub fn new(record_by: RecordBy, count_in: Duration, now: Duration) -> Self {
        let mut machine = Self {
            record_by,
            count_in,
            state: State::Starting,
            due: None,
            label: None,
            taken: None,
            unsaved: 0,
            hushed: false,
            digits: [0; 3],
            asked_at: Duration::ZERO,
            open_until: Duration::ZERO,
            is_ready: false,
            updating: false,
            faults: Faults::NONE,
            face: false,
            active_until: Duration::ZERO,
            news: None,
            shown: [(Sign::Dark, now); LEDS],
        };
        machine.show(now);
        machine
    }

    /// What the panel is doing.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// The label that was chosen; `None` while the face chooses.
    #[must_use]
    pub const fn label(&self) -> Option<Rasa> {
        self.label
    }

    /// What is wrong.
    #[must_use]
    pub const fn faults(&self) -> Faults {
        self.faults
    }

    /// What each LED says, in the order of [`Led::ALL`], and since when.
    #[must_use]
    pub const fn signs(&self) -> &[(Sign, Duration); LEDS] {
        &self.shown
    }

    /// A gesture; commands are added to the list.
    pub fn gesture(&mut self, now: Duration, gesture: Gesture, out: &mut Vec<Command>) {
        use Button::{Record, Select};
        let by_hold = self.record_by == RecordBy::Hold;
        let input = match gesture {
            Gesture::Click(Select) => Input::SelectClick,
            Gesture::HoldBegan(Select) => Input::SelectHold,
            Gesture::DoubleClick(Record) => Input::RecordDouble,
            Gesture::Click(Record) if by_hold => Input::RecordClick,
            Gesture::HoldBegan(Record) if by_hold => Input::RecordBegin,
            Gesture::HoldEnded(Record) if by_hold => Input::RecordEnd,
            Gesture::Click(Record) | Gesture::HoldBegan(Record) => match self.state {
                State::CountIn | State::Recording => Input::RecordEnd,
                _ => Input::RecordBegin,
            },
            Gesture::ChordClick => Input::BothClick,
            Gesture::ChordLong => Input::BothLong,
            Gesture::ChordLongLetGo => Input::BothLetGo,
            Gesture::ChordLongest => Input::BothLongest,
            Gesture::HoldEnded(_) | Gesture::DoubleClick(Select) | Gesture::Stuck(_) => return,
        };
        if action(input, self.state) == Action::Accept && now < self.asked_at + READING {
            return;
        }
        self.step(now, input, out);
    }

    /// Something has happened in the box; commands are added to the list.
    pub fn event(&mut self, now: Duration, event: Event, out: &mut Vec<Command>) {
        let input = match event {
            Event::Ready => {
                self.is_ready = true;
                Input::Ready
            }
            Event::FaceSeen(seen) => {
                self.face = seen;
                Input::Noted
            }
            Event::MidiActivity => {
                self.active_until = now + ACTIVITY;
                Input::Noted
            }
            Event::TakeSaved => Input::TakeSaved,
            Event::TakeCut => Input::TakeCut,
            Event::TakeRefused => Input::TakeRefused,
            Event::NothingDiscarded => {
                self.tell(now, News::Refused);
                Input::Noted
            }
            Event::PairingAsked(digits) => {
                if action(Input::PairingAsked, self.state) == Action::Deny {
                    out.push(Command::RefusePairing(digits));
                    return;
                }
                (self.digits, self.asked_at) = (digits, now);
                Input::PairingAsked
            }
            Event::PairingLeft => Input::PairingLeft,
            Event::PairingDone(done) => {
                self.tell(now, if done { News::Done } else { News::Failed });
                Input::PairingDone
            }
            Event::UpdateStarted => {
                self.updating = true;
                Input::Noted
            }
            Event::UpdateDone(done) => {
                self.updating = false;
                self.tell(now, if done { News::Done } else { News::Failed });
                Input::Noted
            }
            Event::Fault(fault) => {
                self.faults.set(fault, true);
                Input::Noted
            }
            Event::FaultGone(fault) => {
                self.faults.set(fault, false);
                Input::Noted
            }
        };
        self.step(now, input, out);
    }

    /// The time has come to `now`; commands are added to the list.
    pub fn tick(&mut self, now: Duration, out: &mut Vec<Command>) {
        while let Some(due) = self.due.filter(|due| *due <= now) {
            self.due = None;
            self.step(due, Input::Due, out);
        }
        self.show(now);
    }

    /// When time alone will change something.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        let news = self.news.map(|(_, until)| until);
        let lit = self.shown[Led::Midi.index()].0 == Sign::Activity;
        self.due.into_iter().chain(news).chain(lit.then_some(self.active_until)).min()
    }

    fn step(&mut self, now: Duration, input: Input, out: &mut Vec<Command>) {
        match action(input, self.state) {
            Action::No | Action::Deny => {}
            Action::Panic => out.push(Command::Panic),
            Action::Label => {
                let next = self.label.map_or(0, |rasa| (rasa.index() + 1) % Rasa::COUNT);
                let rasa = Rasa::ALL[next];
                self.label = Some(rasa);
                out.push(Command::PlaySignature(rasa));
                self.enter(State::Choosing, Some(now + CHOOSING));
            }
            Action::Automatic => {
                self.label = None;
                out.push(Command::Automatic);
                self.go_home();
            }
            Action::Count => {
                self.end_pairing(out);
                self.news = None;
                self.enter(State::CountIn, Some(now + self.count_in));
            }
            Action::CallOff | Action::Home | Action::Fell => self.go_home(),
            Action::Start => {
                self.taken = self.label;
                out.push(Command::StartRecording(self.label));
                self.enter(State::Recording, None);
            }
            Action::Stop => {
                self.stop_recording(out);
                self.enter(State::Saving, Some(now + SAVING_AT_MOST));
            }
            Action::Discard => {
                self.stop_recording(out);
                out.push(Command::DiscardLast);
                self.hushed = self.unsaved > 0;
                self.tell(now, News::Discarded);
                self.go_home();
            }
            Action::Saved => {
                let hushed = self.hushed;
                let was_saving = self.state == State::Saving;
                self.answered(input != Input::TakeSaved, out);
                if !hushed {
                    self.tell(now, News::Saved);
                    if was_saving {
                        out.push(Command::Confirm(self.taken));
                    }
                }
            }
            Action::Refused => {
                if input == Input::Due {
                    self.unsaved = 0;
                }
                self.answered(true, out);
                self.tell(now, News::Refused);
            }
            Action::LetGo => {
                self.stop_recording(out);
                self.end_pairing(out);
                self.enter(State::LetGo, Some(now + LET_GO_AT_MOST));
            }
            Action::Open => {
                out.push(Command::OpenPairing);
                self.open_until = now + PAIRING_OPEN;
                self.enter(State::Pairing, Some(self.open_until));
            }
            Action::Close | Action::Refuse => {
                self.end_pairing(out);
                self.go_home();
            }
            Action::Next => {
                out.push(Command::RefusePairing(self.digits));
                self.enter(State::Pairing, Some(self.open_until.max(now + NEXT)));
            }
            Action::Wait => self.enter(State::Pairing, Some(self.open_until.max(now + NEXT))),
            Action::Ask => self.enter(State::Asked, Some(now + PAIRING_OPEN)),
            Action::Accept => {
                out.push(Command::AcceptPairing(self.digits));
                self.go_home();
            }
            Action::Paired => {
                if matches!(self.state, State::Pairing | State::Asked) {
                    out.push(Command::ClosePairing);
                    self.go_home();
                }
            }
            Action::ShutDown => {
                out.push(Command::ShutDown);
                self.enter(State::Stopping, None);
            }
            Action::Note => {
                if matches!(self.state, State::Starting | State::Playing | State::Updating | State::Fault) {
                    self.go_home();
                }
            }
        }
        self.show(now);
    }

    fn enter(&mut self, state: State, due: Option<Duration>) {
        self.state = state;
        self.due = due;
    }

    fn go_home(&mut self) {
        let home = if !self.is_ready {
            State::Starting
        } else if self.updating {
            State::Updating
        } else if self.faults.is_empty() {
            State::Playing
        } else {
            State::Fault
        };
        self.enter(home, None);
    }

    /// Ends a take if one is being recorded.
    fn stop_recording(&mut self, out: &mut Vec<Command>) {
        if self.state == State::Recording {
            out.push(Command::StopRecording);
            self.unsaved += 1;
            self.hushed = false;
        }
    }

    /// The recorder has answered: to the take before if that still waits. Else it has ended the one being recorded, or
    /// it has saved one at last that nobody waits for any more.
    fn answered(&mut self, has_ended: bool, out: &mut Vec<Command>) {
        let was_waiting = self.unsaved > 0;
        self.unsaved = self.unsaved.saturating_sub(1);
        self.hushed &= self.unsaved > 0;
        match self.state {
            State::Saving if self.unsaved == 0 => self.go_home(),
            State::Recording if has_ended && !was_waiting => {
                // What the LED does not show is not recorded.
                out.push(Command::StopRecording);
                self.go_home();
            }
            _ => {}
        }
    }

    fn end_pairing(&mut self, out: &mut Vec<Command>) {
        if self.state == State::Asked {
            out.push(Command::RefusePairing(self.digits));
        }
        if matches!(self.state, State::Asked | State::Pairing) {
            out.push(Command::ClosePairing);
        }
    }

    fn tell(&mut self, now: Duration, news: News) {
        self.news = Some((news, now + NEWS));
    }

    /// Sets what the LEDs say; a sign that stays goes on from where it began.
    fn show(&mut self, now: Duration) {
        self.news = self.news.filter(|(_, until)| now < *until);
        for led in Led::ALL {
            let sign = self.sign(led, now);
            let shown = &mut self.shown[led.index()];
            if shown.0 != sign {
                *shown = (sign, now);
            }
        }
    }

    fn sign(&self, led: Led, now: Duration) -> Sign {
        match (self.state, led) {
            (State::Stopping, _) => return Sign::Stopping,
            (State::LetGo, _) => return Sign::LetGo,
            _ => {}
        }
        let news = self.news.map(|(news, _)| news);
        match led {
            Led::Ready => match (self.state, news) {
                (State::Asked, _) => Sign::Digits(self.digits),
                (State::Pairing, _) => Sign::Pairing,
                (_, Some(News::Done)) => Sign::Done,
                (_, Some(News::Failed)) => Sign::Failed,
                _ if !self.faults.is_empty() => Sign::Faults(self.faults),
                (State::Starting, _) => Sign::Starting,
                _ if self.updating => Sign::Updating,
                _ => Sign::Heartbeat,
            },
            Led::Face if self.face => Sign::FaceSeen,
            Led::Midi if now < self.active_until => Sign::Activity,
            Led::Face | Led::Midi => Sign::Dark,
            Led::Record => match (self.state, news) {
                (State::CountIn, _) => Sign::CountIn,
                (State::Recording, _) => Sign::Recording,
                (State::Asked, _) => Sign::Accepts,
                (_, Some(News::Saved)) => Sign::Saved,
                (_, Some(News::Refused)) => Sign::Refused,
                (_, Some(News::Discarded)) => Sign::Discarded,
                (State::Saving, _) => Sign::Saving,
                (State::Choosing, _) => self.label.map_or(Sign::Dark, Sign::Label),
                _ => Sign::Dark,
            },
        }
    }
}
