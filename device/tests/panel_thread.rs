//! The panel at work, on simulated pins: from an edge to a command, from an event to a light, and what it does when
//! pins fail. Times are the machine's own, so bounds are wide.

use rasika_device::panel::terminal::SimulatedPanel;
use rasika_device::panel::{Command, Event, Fault, Panel, RecordBy, Report, Settings, State};
use rasika_hardware::pins::{Bcm, PinError, Pins, SimulatedPins};
use rasika_models::Rasa;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

fn start(pins: &SimulatedPins, settings: Settings) -> Panel {
    let pins = pins.clone();
    Panel::start_on(settings, Box::new(move || Ok(Box::new(pins.clone()) as Box<dyn Pins>))).unwrap()
}

/// Waits until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}: never");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn click(pins: &SimulatedPins, pin: Bcm) {
    assert!(pins.drive(pin, false));
    std::thread::sleep(Duration::from_millis(50));
    assert!(pins.drive(pin, true));
}

fn next(panel: &Panel) -> Command {
    panel.commands().recv_timeout(PATIENCE).expect("a command")
}

#[test]
fn a_click_becomes_a_command_and_an_event_a_light() {
    let (pins, settings) = (SimulatedPins::new(), Settings::default());
    let panel = start(&pins, settings.clone());
    until("every pin is taken", || pins.is_held(settings.midi_led) && pins.is_held(settings.record));
    panel.teller().tell(Event::Ready);
    panel.teller().tell(Event::FaceSeen(true));
    until("the FACE LED is lit", || pins.brightness(settings.face_led) > Some(0.1));
    click(&pins, settings.select);
    assert_eq!(next(&panel), Command::PlaySignature(Rasa::Shringara));
    until("the status tells it", || panel.status().label == Some(Rasa::Shringara));
    panel.teller().tell(Event::FaceSeen(false));
    until("the FACE LED is dark", || pins.brightness(settings.face_led) == Some(0.0));
    drop(panel);
    let all = settings.leds().into_iter().chain([settings.select, settings.record]);
    assert!(all.into_iter().all(|pin| !pins.is_held(pin)), "every pin is given back: {pins:?}");
}

#[test]
fn a_take_is_recorded_while_record_is_held() {
    let pins = SimulatedPins::new();
    let settings = Settings { count_in_beats: 1, count_in_beat_ms: 100, ..Settings::default() };
    let panel = start(&pins, settings.clone());
    panel.teller().tell(Event::Ready);
    until("it plays", || panel.status().state == State::Playing && pins.is_held(settings.record));
    pins.drive(settings.record, false);
    assert_eq!(next(&panel), Command::StartRecording(None));
    until("the REC LED is lit", || pins.brightness(settings.record_led) == Some(1.0));
    pins.drive(settings.record, true);
    assert_eq!(next(&panel), Command::StopRecording);
    panel.teller().tell(Event::TakeSaved);
    assert_eq!(next(&panel), Command::Confirm(None));
}

#[test]
fn a_breathing_light_moves_at_50_hz_and_one_that_is_only_switched_sleeps() {
    let frames = |pins: SimulatedPins| {
        let panel = start(&pins, Settings::default());
        panel.teller().tell(Event::Ready);
        until("it plays", || panel.status().state == State::Playing && pins.is_held(Settings::default().midi_led));
        let before = pins.writes();
        std::thread::sleep(Duration::from_secs(2));
        pins.writes() - before
    };
    // Some frames show the step before; a busy machine leaves some out.
    let dimmed = frames(SimulatedPins::new());
    assert!((30..=110).contains(&dimmed), "{dimmed} changes of a breath in 2 s");
    let switched = frames(SimulatedPins::switched());
    assert!(switched <= 4, "{switched} changes of an on/off heartbeat in 2 s");
}

#[test]
fn a_pin_that_is_taken_is_named_and_panic_works_without_it() {
    let (pins, settings) = (SimulatedPins::new(), Settings::default());
    pins.take(settings.ready_led, Some("a fan"));
    let panel = start(&pins, settings.clone());
    panel.teller().tell(Event::Ready);
    let said = panel.reports().recv_timeout(PATIENCE).expect("a report");
    let busy = PinError::Busy { pin: settings.ready_led, holder: "a fan".to_owned() };
    assert_eq!(said, Report::Missing(busy));
    assert!(said.to_string().contains("GPIO12") && said.to_string().contains("a fan"), "{said}");
    until("the fault is told", || panel.status().faults.iter().eq([Fault::Pins]));
    until("it plays all the same", || panel.status().state == State::Fault);
    pins.drive(settings.select, false);
    pins.drive(settings.record, false);
    std::thread::sleep(Duration::from_millis(50));
    pins.drive(settings.select, true);
    assert_eq!(next(&panel), Command::Panic);
    pins.drive(settings.record, true);
    pins.take(settings.ready_led, None);
    until("it is found by itself", || panel.status().state == State::Playing);
    assert_eq!(panel.reports().recv_timeout(PATIENCE), Ok(Report::Whole), "what was said once is not said again");
    until("it is lit", || pins.brightness(settings.ready_led) > Some(0.0));
}

#[test]
fn a_button_that_is_lost_while_it_records_ends_the_take_and_comes_back() {
    let pins = SimulatedPins::new();
    let settings = Settings { count_in_beats: 0, ..Settings::default() };
    let panel = start(&pins, settings.clone());
    panel.teller().tell(Event::Ready);
    until("it plays", || panel.status().state == State::Playing && pins.is_held(settings.record));
    pins.drive(settings.record, false);
    assert_eq!(next(&panel), Command::StartRecording(None));
    pins.break_pin(settings.record, Some("the wire is off"));
    assert_eq!(next(&panel), Command::StopRecording);
    panel.teller().tell(Event::TakeSaved);
    assert_eq!(next(&panel), Command::Confirm(None));
    until("the fault is told", || panel.status().state == State::Fault);
    pins.drive(settings.record, true);
    pins.break_pin(settings.record, None);
    until("it is found again", || panel.status().state == State::Playing);
    pins.drive(settings.record, false);
    assert_eq!(next(&panel), Command::StartRecording(None));
}

#[test]
fn a_light_that_fails_takes_nothing_else_with_it_and_comes_back() {
    let (pins, settings) = (SimulatedPins::new(), Settings::default());
    let panel = start(&pins, settings.clone());
    panel.teller().tell(Event::Ready);
    until("it plays", || panel.status().state == State::Playing && pins.is_held(settings.ready_led));
    pins.break_pin(settings.ready_led, Some("burnt out"));
    until("the fault is told", || panel.status().faults.iter().eq([Fault::Pins]));
    panel.teller().tell(Event::FaceSeen(true));
    until("the FACE LED is lit", || pins.brightness(settings.face_led) > Some(0.1));
    click(&pins, settings.select);
    assert_eq!(next(&panel), Command::PlaySignature(Rasa::Shringara));
    pins.break_pin(settings.ready_led, None);
    until("it is found again", || panel.status().faults.is_empty());
    until("it is lit", || pins.brightness(settings.ready_led) > Some(0.0));
}

#[test]
fn a_button_down_at_power_on_records_nothing_and_is_a_fault_until_it_is_let_go() {
    let pins = SimulatedPins::new();
    let settings = Settings { count_in_beats: 0, ..Settings::default() };
    pins.drive(settings.record, false);
    let panel = start(&pins, settings.clone());
    panel.teller().tell(Event::Ready);
    until("the fault is told", || panel.status().state == State::Fault);
    std::thread::sleep(Duration::from_millis(500));
    click(&pins, settings.select);
    assert_eq!(next(&panel), Command::PlaySignature(Rasa::Shringara), "and not a take");
    pins.drive(settings.record, true);
    until("it is well again", || panel.status().faults.is_empty());
    // Longer than contacts bounce.
    std::thread::sleep(Duration::from_millis(50));
    pins.drive(settings.record, false);
    assert_eq!(next(&panel), Command::StartRecording(Some(Rasa::Shringara)));
}

#[test]
fn looks_of_ones_own_are_read_and_told_where_they_are_wrong() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let own = include_str!("../panel/lights.toml").replace("on_ms = 500", "on_ms = 5");
    std::fs::write(file.path(), own).unwrap();
    let begun = |path: &std::path::Path| {
        Panel::start(Settings { pins: "none".to_owned(), lights: Some(path.to_owned()), ..Settings::default() })
    };
    let said = begun(file.path()).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(said.contains(&file.path().display().to_string()) && said.contains("on_ms is 5"), "{said}");
    let said = begun("/no/such/lights.toml".as_ref()).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(said.contains("/no/such/lights.toml"), "{said}");
    std::fs::write(file.path(), include_str!("../panel/lights.toml")).unwrap();
    assert!(begun(file.path()).is_ok());
}

#[test]
fn settings_that_make_no_sense_are_told_before_anything_is_touched() {
    let pins = SimulatedPins::new();
    let settings = Settings { face_led: Bcm(17), ..Settings::default() };
    let again = pins.clone();
    let begun = Panel::start_on(settings, Box::new(move || Ok(Box::new(again.clone()) as Box<dyn Pins>)));
    let said = begun.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(said.contains("[panel]") && said.contains("GPIO17") && said.contains("SELECT"), "{said}");
    assert!(!pins.is_held(Bcm(27)));
}

#[test]
fn a_box_without_a_panel_and_one_on_a_board_without_pins_go_on() {
    let none = Panel::start(Settings { pins: "none".to_owned(), ..Settings::default() }).unwrap();
    none.teller().tell(Event::Ready);
    until("it plays", || none.status().state == State::Playing);
    let missing = Settings { pins: "gpiochip:/dev/no-such-chip".to_owned(), ..Settings::default() };
    let lost = Panel::start(missing).unwrap();
    lost.teller().tell(Event::Ready);
    until("the fault is told", || lost.status().state == State::Fault);
    let said = lost.reports().recv_timeout(PATIENCE).expect("a report").to_string();
    assert!(said.contains("/dev/no-such-chip"), "{said}");
}

#[test]
fn keys_in_the_terminal_are_buttons_and_leds_are_drawn() {
    let (mut keyboard, typed) = UnixStream::pair().unwrap();
    let settings = Settings { record_by: RecordBy::Click, count_in_beats: 0, ..Settings::default() };
    let simulated = SimulatedPanel::start_typed(settings.clone(), typed).unwrap();
    let panel = simulated.panel();
    panel.teller().tell(Event::Ready);
    until("it plays", || panel.status().state == State::Playing && simulated.pins().is_held(settings.record));
    let mut key = |key: char| keyboard.write_all(&[key as u8]).unwrap();
    key('s');
    assert_eq!(next(panel), Command::PlaySignature(Rasa::Shringara));
    key('r');
    assert_eq!(next(panel), Command::StartRecording(Some(Rasa::Shringara)));
    until("the REC LED is drawn", || simulated.lines(false)[0].contains("REC ●"));
    assert_eq!(panel.status().state, State::Recording);
    assert!(simulated.lines(true)[0].contains("\x1b[38;5;196m●"), "{:?}", simulated.lines(true));
    let seen = simulated.lines(false);
    assert!(!seen.concat().contains('\x1b') && seen[1].contains("recording, label shringara"), "{seen:?}");
    key('d');
    assert_eq!([next(panel), next(panel)], [Command::StopRecording, Command::DiscardLast]);
    key('b');
    assert_eq!(next(panel), Command::Panic);
    let is_up = |pin| simulated.pins().is_high(pin) == Some(true);
    until("both are let go", || is_up(settings.select) && is_up(settings.record));
    // Longer than contacts bounce.
    std::thread::sleep(Duration::from_millis(100));
    key('B');
    until("the LEDs say let go", || panel.status().state == State::LetGo);
    assert!(simulated.lines(false)[0].contains("[SELECT ▼]"));
    key('B');
    assert_eq!(next(panel), Command::OpenPairing);
    key('q');
    until("someone wants to leave", || simulated.wants_to_quit());
    drop(keyboard);
    let pins = simulated.pins().clone();
    drop(simulated);
    assert!(!pins.is_held(settings.ready_led));
}
