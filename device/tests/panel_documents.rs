//! What `docs/performer.md` says of the panel is what the panel does: the tables are the code's own, and each row of
//! the gestures is pressed here.

use rasika_device::panel::{Command, Event, Machine, RecordBy, State, fault, gestures};
use rasika_hardware::buttons::Button::{self, Record, Select};
use rasika_hardware::buttons::{Recogniser, Times};
use rasika_models::Rasa;
use std::time::Duration;

const PAGE: &str = include_str!("../../docs/performer.md");
const COUNT_IN: Duration = Duration::from_millis(1200);

#[test]
fn the_tables_of_the_page_are_those_of_the_code() {
    let overlaps = gestures::overlaps_markdown();
    for (what, table) in [("gestures", gestures::markdown()), ("overlaps", overlaps), ("faults", fault::markdown())] {
        assert!(
            PAGE.contains(&table),
            "docs/performer.md shows other {what} than the code has; they are now:\n{table}"
        );
    }
}

/// What comes of presses (in milliseconds) and events, from a box that plays.
fn commands(record_by: RecordBy, presses: &[(u64, Button, bool)], events: &[(u64, Event)]) -> (Vec<Command>, State) {
    let mut machine = Machine::new(record_by, COUNT_IN, Duration::ZERO);
    let mut recogniser = Recogniser::new(Times::default(), [false; 2]);
    let (mut made, mut said) = (Vec::new(), Vec::new());
    machine.event(Duration::ZERO, Event::Ready, &mut said);
    for time in 0..130_000 {
        let now = Duration::from_millis(time);
        for (_, button, down) in presses.iter().filter(|(at, ..)| *at == time) {
            recogniser.level(now, *button, *down, &mut made);
        }
        recogniser.tick(now, &mut made);
        for (_, gesture) in made.drain(..) {
            machine.gesture(now, gesture, &mut said);
        }
        for (_, event) in events.iter().filter(|(at, _)| *at == time) {
            machine.event(now, *event, &mut said);
        }
        machine.tick(now, &mut said);
    }
    (said, machine.state())
}

#[test]
fn every_row_does_what_it_says() {
    use Command::{
        AcceptPairing, Automatic, ClosePairing, DiscardLast, OpenPairing, Panic, PlaySignature, RefusePairing,
        ShutDown, StartRecording, StopRecording,
    };
    let both = |until| [(100, Select, true), (240, Record, true), (until, Record, false), (until + 50, Select, false)];
    let hold = |presses: &[(u64, Button, bool)]| commands(RecordBy::Hold, presses, &[]).0;
    let rows = gestures::rows(&Times::default());
    let mut tried = 0;
    let mut row = |press: &str, how: &str, said: Vec<Command>, wanted: &[Command]| {
        let row = &rows[tried];
        assert!(row.press == press && row.how.contains(how), "{row:?} is not {press} {how}");
        assert_eq!(said, wanted, "{row:?}");
        tried += 1;
    };

    let click = [(100, Select, true), (1050, Select, false)];
    row("SELECT", "under 1 s", hold(&click), &[PlaySignature(Rasa::Shringara)]);
    row("SELECT", "held 1 s", hold(&[(100, Select, true), (1150, Select, false)]), &[Automatic]);
    let held = [(100, Record, true), (5000, Record, false)];
    row("RECORD", "held 0.3 s", hold(&held), &[StartRecording(None), StopRecording]);
    let clicks = [(100, Record, true), (200, Record, false), (5000, Record, true), (5100, Record, false)];
    let by_click = commands(RecordBy::Click, &clicks, &[]).0;
    row("RECORD", "click, if", by_click, &[StartRecording(None), StopRecording]);
    let twice = [(100, Record, true), (390, Record, false), (680, Record, true), (970, Record, false)];
    row("RECORD", "both under 0.3 s, at most 0.3 s", hold(&twice), &[DiscardLast]);
    row("both", "within 0.15 s, let go before 3 s", hold(&both(3200)), &[Panic]);
    row("both", "held 3 s, let go", hold(&both(3300)), &[OpenPairing, ClosePairing]);
    row("both", "held on to 10 s", hold(&both(10_300)), &[ShutDown]);
    let answered = |button| {
        let presses = [&both(3300)[..], &[(9000, button, true), (9100, button, false)]].concat();
        commands(RecordBy::Hold, &presses, &[(6000, Event::PairingAsked([4, 0, 7]))]).0
    };
    row("RECORD", "digits", answered(Record), &[OpenPairing, AcceptPairing([4, 0, 7])]);
    row("SELECT", "digits", answered(Select), &[OpenPairing, RefusePairing([4, 0, 7]), ClosePairing]);
    let alone = [&both(3300)[..], &[(9000, Select, true), (9100, Select, false)]].concat();
    row("SELECT", "no digits", hold(&alone), &[OpenPairing, ClosePairing]);
    assert_eq!(tried, rows.len(), "every row is tried");
}

#[test]
fn pairing_stays_open_for_as_long_as_the_page_says() {
    let open = [(100, Select, true), (200, Record, true), (4000, Select, false), (4100, Record, false)];
    let row = &gestures::rows(&Times::default())[6];
    assert!(row.does.contains("60 s"), "{row:?}");
    let asked_late = |at| commands(RecordBy::Hold, &open, &[(at, Event::PairingAsked([1, 2, 3]))]).0[1];
    assert_eq!(asked_late(63_900), Command::RefusePairing([1, 2, 3]), "asked in time, and left without an answer");
    assert_eq!(asked_late(64_100), Command::ClosePairing);
}
