//! Every input in every state, on purpose: what comes of it stands in `panel/transitions.txt`, line by line, and was
//! decided there. Then the promises that no walk through the states may break.

use proptest::prelude::*;
use rasika_device::panel::{Command, Event, Fault, Led, Machine, RecordBy, Sign, State};
use rasika_hardware::buttons::Button::{Record, Select};
use rasika_hardware::buttons::Gesture::{
    ChordClick, ChordLong, ChordLongLetGo, ChordLongest, Click, DoubleClick, HoldBegan, HoldEnded, Stuck,
};
use rasika_hardware::buttons::{Gesture, Recogniser, Times};
use rasika_models::Rasa;
use std::fmt::Write;
use std::time::Duration;

const COUNT_IN: Duration = Duration::from_millis(1200);

#[derive(Debug, Clone, Copy)]
enum Happens {
    Gesture(Gesture),
    Event(Event),
    /// The state's time runs out (or a long time passes).
    Time,
}

use Happens::{Event as E, Gesture as G, Time};

const GESTURES: [Gesture; 13] = [
    Click(Select),
    HoldBegan(Select),
    HoldEnded(Select),
    Click(Record),
    DoubleClick(Record),
    HoldBegan(Record),
    HoldEnded(Record),
    ChordClick,
    ChordLong,
    ChordLongLetGo,
    ChordLongest,
    Stuck(Select),
    Stuck(Record),
];

const EVENTS: [Event; 17] = [
    Event::Ready,
    Event::FaceSeen(true),
    Event::FaceSeen(false),
    Event::MidiActivity,
    Event::TakeSaved,
    Event::TakeCut,
    Event::TakeRefused,
    Event::NothingDiscarded,
    Event::PairingAsked([4, 0, 7]),
    Event::PairingLeft,
    Event::PairingDone(true),
    Event::PairingDone(false),
    Event::UpdateStarted,
    Event::UpdateDone(true),
    Event::UpdateDone(false),
    Event::Fault(Fault::Camera),
    Event::FaultGone(Fault::Camera),
];

/// A machine with a clock.
struct Box {
    machine: Machine,
    now: Duration,
    said: Vec<Command>,
}

impl Box {
    fn new(record_by: RecordBy) -> Self {
        Self { machine: Machine::new(record_by, COUNT_IN, Duration::ZERO), now: Duration::ZERO, said: Vec::new() }
    }

    /// Lets something happen a little later; what the machine says to it.
    fn after(&mut self, happens: Happens) -> Vec<Command> {
        self.now += Duration::from_millis(1);
        let mut said = Vec::new();
        match happens {
            G(gesture) => self.machine.gesture(self.now, gesture, &mut said),
            E(event) => self.machine.event(self.now, event, &mut said),
            Time => {
                self.now += Duration::from_secs(61);
                self.machine.tick(self.now, &mut said);
            }
        }
        self.said.extend(&said);
        said
    }

    /// In a state, by the way a person gets there.
    fn at(state: State, record_by: RecordBy) -> Self {
        let way: &[Happens] = match state {
            State::Starting => &[],
            State::Playing => &[E(Event::Ready)],
            State::Choosing => &[E(Event::Ready), G(Click(Select))],
            State::CountIn => &[E(Event::Ready), G(HoldBegan(Record))],
            State::Recording => &[E(Event::Ready), G(HoldBegan(Record)), Time],
            State::Saving => &[E(Event::Ready), G(HoldBegan(Record)), Time, G(HoldEnded(Record))],
            State::LetGo => &[E(Event::Ready), G(ChordLong)],
            State::Pairing => &[E(Event::Ready), G(ChordLong), G(ChordLongLetGo)],
            State::Asked => &[E(Event::Ready), G(ChordLong), G(ChordLongLetGo), E(Event::PairingAsked([1, 2, 3]))],
            State::Updating => &[E(Event::Ready), E(Event::UpdateStarted)],
            State::Fault => &[E(Event::Ready), E(Event::Fault(Fault::Disk))],
            State::Stopping => &[E(Event::Ready), G(ChordLong), G(ChordLongest)],
        };
        let mut there = Self::new(record_by);
        for happens in way {
            there.after(*happens);
        }
        if state == State::Saving && record_by == RecordBy::Click {
            there.after(G(HoldBegan(Record)));
        }
        // Long enough to have read the digits.
        there.now += Duration::from_secs(if state == State::Asked { 2 } else { 0 });
        assert_eq!(there.machine.state(), state);
        there
    }
}

#[test]
fn every_input_in_every_state_does_what_was_decided() {
    let mut text = String::new();
    let all: Vec<Happens> = GESTURES.map(G).into_iter().chain([Time]).chain(EVENTS.map(E)).collect();
    for state in State::ALL {
        writeln!(text, "{state}").unwrap();
        for happens in &all {
            let mut box_ = Box::at(state, RecordBy::Hold);
            let said = box_.after(*happens);
            let what = match happens {
                G(gesture) => format!("{gesture:?}"),
                E(event) => format!("{event:?}"),
                Time => "time runs out".to_owned(),
            };
            let then = box_.machine.state();
            let then = if then == state { String::new() } else { format!("→ {then}") };
            let said: Vec<String> = said.iter().map(|command| format!("{command:?}")).collect();
            let line = format!("    {what:<24}{then:<20}{}", said.join(", "));
            writeln!(text, "{}", line.trim_end()).unwrap();
        }
    }
    let decided = include_str!("panel/transitions.txt");
    for (number, (is, shall)) in text.lines().zip(decided.lines()).enumerate() {
        assert_eq!(is, shall, "line {} of panel/transitions.txt; all of it is now:\n{text}", number + 1);
    }
    assert_eq!(text.lines().count(), decided.lines().count(), "all of it is now:\n{text}");
}

#[test]
fn panic_is_possible_everywhere_and_changes_nothing_else() {
    for state in State::ALL {
        let mut box_ = Box::at(state, RecordBy::Hold);
        for fault in Fault::ALL {
            box_.after(E(Event::Fault(fault)));
        }
        let before = box_.machine.state();
        assert_eq!(box_.after(G(ChordClick)), [Command::Panic], "{state}");
        assert_eq!(box_.machine.state(), before);
    }
}

#[test]
fn shutting_down_is_possible_from_everywhere_and_never_opens_pairing() {
    for state in State::ALL {
        for record_by in [RecordBy::Hold, RecordBy::Click] {
            let mut box_ = Box::at(state, record_by);
            box_.said.clear();
            if state != State::LetGo {
                box_.after(G(ChordLong));
            }
            box_.after(G(ChordLongest));
            assert_eq!(box_.machine.state(), State::Stopping, "{state}");
            let shut = box_.said.iter().filter(|command| **command == Command::ShutDown).count();
            assert_eq!(shut, usize::from(state != State::Stopping));
            assert!(!box_.said.contains(&Command::OpenPairing));
            // A take that was being recorded is not lost, and a pairing does not stay open.
            let stopped = box_.said.contains(&Command::StopRecording);
            assert_eq!(stopped, state == State::Recording);
            let closed = box_.said.contains(&Command::ClosePairing);
            assert_eq!(closed, matches!(state, State::Pairing | State::Asked));
        }
    }
}

#[test]
fn recording_begins_from_wherever_the_box_plays_with_any_fault() {
    for state in [State::Playing, State::Choosing, State::Saving, State::Pairing, State::Updating, State::Fault] {
        for fault in Fault::ALL {
            let mut box_ = Box::at(state, RecordBy::Hold);
            box_.after(E(Event::Fault(fault)));
            box_.after(G(HoldBegan(Record)));
            assert_eq!(box_.machine.state(), State::CountIn, "{state} with {fault:?}");
            let said = box_.after(Time);
            assert!(matches!(said[..], [Command::StartRecording(_)]), "{said:?}");
        }
    }
}

#[test]
fn a_click_records_until_the_next_where_the_settings_say_so() {
    let mut box_ = Box::at(State::Playing, RecordBy::Click);
    assert_eq!(box_.after(G(Click(Record))), []);
    assert_eq!(box_.machine.state(), State::CountIn);
    assert_eq!(box_.after(Time), [Command::StartRecording(None)]);
    assert_eq!(box_.after(G(HoldEnded(Record))), [], "a long click is a click");
    assert_eq!(box_.after(G(Click(Record))), [Command::StopRecording]);
    let mut called_off = Box::at(State::CountIn, RecordBy::Click);
    assert_eq!(called_off.after(G(Click(Record))), []);
    assert_eq!(called_off.machine.state(), State::Playing);
    let mut asked = Box::at(State::Asked, RecordBy::Click);
    assert_eq!(asked.after(G(Click(Record))), [Command::AcceptPairing([1, 2, 3])]);
    let mut discarded = Box::at(State::Recording, RecordBy::Click);
    assert_eq!(discarded.after(G(DoubleClick(Record))), [Command::StopRecording, Command::DiscardLast]);
    assert_eq!(discarded.after(E(Event::TakeSaved)), [], "a discarded take is not confirmed");
}

#[test]
fn nobody_is_let_in_before_the_digits_can_be_read() {
    for gesture in [Click(Record), DoubleClick(Record), HoldBegan(Record)] {
        let mut box_ = Box::at(State::Pairing, RecordBy::Hold);
        box_.after(E(Event::PairingAsked([9, 9, 9])));
        assert_eq!(box_.after(G(gesture)), []);
        assert_eq!(box_.machine.state(), State::Asked);
        box_.now += Duration::from_secs(1);
        assert_eq!(box_.after(G(gesture)), [Command::AcceptPairing([9, 9, 9])]);
    }
}

#[test]
fn the_person_goes_from_one_laptop_to_the_next() {
    let mut box_ = Box::at(State::Pairing, RecordBy::Hold);
    box_.after(E(Event::PairingAsked([1, 1, 1])));
    assert_eq!(box_.after(G(Click(Select))), [Command::RefusePairing([1, 1, 1])]);
    assert_eq!((box_.machine.state(), box_.sign(Led::Ready)), (State::Pairing, Sign::Pairing));
    // Digits that take the place of others count only after a second, too.
    box_.after(E(Event::PairingAsked([2, 2, 2])));
    box_.now += Duration::from_secs(3);
    box_.after(E(Event::PairingAsked([3, 3, 3])));
    assert_eq!(box_.sign(Led::Ready), Sign::Digits([3, 3, 3]));
    assert_eq!(box_.after(G(Click(Record))), []);
    box_.after(E(Event::PairingLeft));
    assert_eq!((box_.machine.state(), box_.after(G(Click(Record)))), (State::Pairing, vec![]));
    box_.after(E(Event::PairingAsked([4, 0, 7])));
    box_.now += Duration::from_secs(1);
    assert_eq!(box_.after(G(Click(Record))), [Command::AcceptPairing([4, 0, 7])]);
}

#[test]
fn labels_go_round_and_back_to_automatic() {
    let mut box_ = Box::at(State::Playing, RecordBy::Hold);
    for rasa in Rasa::ALL.into_iter().chain([Rasa::Shringara]) {
        assert_eq!(box_.after(G(Click(Select))), [Command::PlaySignature(rasa)]);
        assert_eq!(box_.machine.label(), Some(rasa));
    }
    box_.after(G(HoldBegan(Record)));
    assert_eq!(box_.after(Time), [Command::StartRecording(Some(Rasa::Shringara))]);
    assert_eq!(box_.after(G(HoldEnded(Record))), [Command::StopRecording]);
    assert_eq!(box_.after(E(Event::TakeSaved)), [Command::Confirm(Some(Rasa::Shringara))]);
    assert_eq!(box_.after(G(HoldBegan(Select))), [Command::Automatic]);
    assert_eq!(box_.machine.label(), None);
}

#[test]
fn a_take_that_is_saved_late_does_not_end_the_next() {
    let mut box_ = Box::at(State::Saving, RecordBy::Hold);
    box_.after(G(HoldBegan(Record)));
    box_.after(Time);
    assert_eq!(box_.after(E(Event::TakeSaved)), []);
    assert_eq!(box_.machine.state(), State::Recording);
    assert_eq!(box_.after(G(HoldEnded(Record))), [Command::StopRecording]);
    assert_eq!(box_.after(E(Event::TakeSaved)), [Command::Confirm(None)]);
    let mut full = Box::at(State::Recording, RecordBy::Hold);
    assert_eq!(full.after(E(Event::TakeRefused)), [Command::StopRecording]);
    assert_eq!((full.machine.state(), full.sign(Led::Record)), (State::Playing, Sign::Refused));
    assert_eq!(full.after(G(HoldEnded(Record))), []);
    let mut cut = Box::at(State::Recording, RecordBy::Hold);
    assert_eq!(cut.after(E(Event::TakeCut)), [Command::StopRecording]);
    assert_eq!((cut.machine.state(), cut.sign(Led::Record)), (State::Playing, Sign::Saved));
}

#[test]
fn a_take_that_was_given_up_and_is_saved_at_last_does_not_end_the_next() {
    let mut box_ = Box::at(State::Saving, RecordBy::Hold);
    box_.after(Time);
    assert_eq!(box_.machine.state(), State::Playing);
    box_.after(G(HoldBegan(Record)));
    box_.after(Time);
    assert_eq!(box_.after(E(Event::TakeSaved)), []);
    assert_eq!(box_.machine.state(), State::Recording);
    assert_eq!(box_.after(G(HoldEnded(Record))), [Command::StopRecording]);
    assert_eq!(box_.after(E(Event::TakeSaved)), [Command::Confirm(None)]);
}

impl Box {
    fn sign(&self, led: Led) -> Sign {
        self.machine.signs()[led.index()].0
    }
}

#[test]
fn the_leds_say_what_is_going_on() {
    let ready = |state| Box::at(state, RecordBy::Hold).sign(Led::Ready);
    let record = |state| Box::at(state, RecordBy::Hold).sign(Led::Record);
    assert_eq!((ready(State::Starting), ready(State::Playing)), (Sign::Starting, Sign::Heartbeat));
    assert_eq!((ready(State::Updating), ready(State::Pairing)), (Sign::Updating, Sign::Pairing));
    assert_eq!((ready(State::Asked), record(State::Asked)), (Sign::Digits([1, 2, 3]), Sign::Accepts));
    assert_eq!((record(State::CountIn), record(State::Recording)), (Sign::CountIn, Sign::Recording));
    assert_eq!((record(State::Saving), record(State::Choosing)), (Sign::Saving, Sign::Label(Rasa::Shringara)));
    for led in Led::ALL {
        assert_eq!(Box::at(State::LetGo, RecordBy::Hold).sign(led), Sign::LetGo);
        assert_eq!(Box::at(State::Stopping, RecordBy::Hold).sign(led), Sign::Stopping);
    }

    let mut box_ = Box::at(State::Playing, RecordBy::Hold);
    box_.after(E(Event::FaceSeen(true)));
    box_.after(E(Event::MidiActivity));
    assert_eq!((box_.sign(Led::Face), box_.sign(Led::Midi)), (Sign::FaceSeen, Sign::Activity));
    let due = box_.machine.due().expect("activity ends");
    box_.machine.tick(due, &mut Vec::new());
    assert_eq!((box_.sign(Led::Face), box_.sign(Led::Midi), box_.machine.due()), (Sign::FaceSeen, Sign::Dark, None));
    box_.after(E(Event::Fault(Fault::Disk)));
    box_.after(E(Event::Fault(Fault::Camera)));
    let Sign::Faults(faults) = box_.sign(Led::Ready) else { panic!("{:?}", box_.sign(Led::Ready)) };
    assert_eq!(faults.iter().collect::<Vec<_>>(), [Fault::Camera, Fault::Disk]);
    let since = box_.machine.signs()[Led::Ready.index()].1;
    box_.after(E(Event::MidiActivity));
    assert_eq!(box_.machine.signs()[Led::Ready.index()].1, since, "a count goes on while other things happen");
}

fn anything() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => prop::sample::select(GESTURES.to_vec()).prop_map(G),
        3 => prop::sample::select(EVENTS.to_vec()).prop_map(E),
        1 => Just(Time),
    ]
}

/// What must hold of all that was ever said.
fn keeps_its_promises(said: &[Command]) -> Result<(), TestCaseError> {
    let (mut recording, mut pairing, mut stopping) = (false, false, false);
    for command in said {
        prop_assert!(!stopping || matches!(command, Command::Panic | Command::RefusePairing(_)), "{:?}", said);
        match command {
            Command::StartRecording(_) => prop_assert!(!std::mem::replace(&mut recording, true), "{:?}", said),
            Command::StopRecording => prop_assert!(std::mem::take(&mut recording), "{:?}", said),
            Command::OpenPairing => prop_assert!(!std::mem::replace(&mut pairing, true), "{:?}", said),
            Command::ClosePairing | Command::AcceptPairing(_) => {
                prop_assert!(std::mem::take(&mut pairing), "{:?}", said);
            }
            Command::ShutDown => stopping = true,
            _ => {}
        }
    }
    // Nothing is left open when the box goes down.
    prop_assert!(!(stopping && (recording || pairing)), "{:?}", said);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_walk_breaks_a_promise(walk in prop::collection::vec(anything(), 0..80), by_click in any::<bool>()) {
        let mut box_ = Box::new(if by_click { RecordBy::Click } else { RecordBy::Hold });
        for happens in &walk {
            let before = box_.machine.state();
            let said = box_.after(*happens);
            prop_assert_eq!(said.contains(&Command::Panic), matches!(happens, G(ChordClick)));
            if before == State::Recording && box_.machine.state() != State::Recording {
                prop_assert!(said.contains(&Command::StopRecording), "what is not shown is not recorded");
            }
            prop_assert!(box_.machine.due().is_none_or(|due| due > box_.now), "nothing is left undone");
        }
        keeps_its_promises(&box_.said)?;
        // Left alone it comes home.
        box_.after(Time);
        box_.after(Time);
        let home = [State::Starting, State::Playing, State::Recording, State::Updating, State::Fault, State::Stopping];
        prop_assert!(home.contains(&box_.machine.state()), "{}", box_.machine.state());
    }

    /// The whole way from contacts: whatever two fingers do, pairing opens only where the LEDs asked for it.
    #[test]
    fn fingers_open_pairing_only_when_asked_to_let_go(
        edges in prop::collection::vec((1..4000_u64, any::<bool>()), 0..60), by_click in any::<bool>(),
    ) {
        let mut box_ = Box::new(if by_click { RecordBy::Click } else { RecordBy::Hold });
        box_.after(E(Event::Ready));
        let mut recogniser = Recogniser::new(Times::default(), [false; 2]);
        let (mut down, mut time, mut made) = ([false; 2], Duration::from_secs(1), Vec::new());
        let (mut asked, mut opened) = (0, 0);
        for (wait, record) in edges {
            // Squeezed, so that chords come up.
            time += Duration::from_millis(if wait % 3 == 0 { wait % 140 } else { wait });
            let button = if record { Record } else { Select };
            down[button.index()] ^= true;
            recogniser.level(time, button, down[button.index()], &mut made);
            for (at, gesture) in made.drain(..) {
                let mut said = Vec::new();
                box_.machine.tick(at, &mut said);
                let was = box_.machine.state();
                box_.machine.gesture(at, gesture, &mut said);
                asked += usize::from(was != State::LetGo && box_.machine.state() == State::LetGo);
                opened += said.iter().filter(|command| **command == Command::OpenPairing).count();
                prop_assert!(opened <= asked);
                if said.contains(&Command::OpenPairing) {
                    prop_assert_eq!((was, gesture), (State::LetGo, ChordLongLetGo));
                }
                box_.said.extend(said);
            }
        }
        keeps_its_promises(&box_.said)?;
    }
}
