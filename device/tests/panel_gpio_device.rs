//! The whole panel on the kernel's GPIO device, inside the rig: `RASIKA_RIG_GPIO` names the folder that drives the far
//! ends of the lines (see `hardware/tests/gpio_device.rs`); without it the test says that it was skipped.

use rasika_device::panel::{Command, Event, Fault, Panel, Settings, State};
use rasika_models::Rasa;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}: never");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn buttons_in_and_leds_out_through_the_kernel() {
    let Some(folder) = std::env::var_os("RASIKA_RIG_GPIO").map(PathBuf::from) else {
        println!("skipped: no GPIO chip to try here; the rig sets RASIKA_RIG_GPIO");
        return;
    };
    let line = |pin: u8, file: &str| folder.join(format!("sim_gpio{pin}/{file}"));
    let pull = |pin: u8, up: bool| std::fs::write(line(pin, "pull"), if up { "pull-up" } else { "pull-down" }).unwrap();
    let lit = |pin: u8| std::fs::read_to_string(line(pin, "value")).unwrap().trim() == "1";
    let settings = Settings { pins: "gpiochip".to_owned(), count_in_beats: 1, ..Settings::default() };
    let (select, record) = (settings.select.0, settings.record.0);
    pull(select, true);
    pull(record, true);
    let panel = Panel::start(settings.clone()).unwrap();
    panel.teller().tell(Event::FaceSeen(true));
    until("the FACE LED is lit", || lit(settings.face_led.0));
    panel.teller().tell(Event::Ready);
    let next = || panel.commands().recv_timeout(PATIENCE).expect("a command");

    pull(select, false);
    std::thread::sleep(Duration::from_millis(60));
    pull(select, true);
    assert_eq!(next(), Command::PlaySignature(Rasa::Shringara));
    pull(record, false);
    assert_eq!(next(), Command::StartRecording(Some(Rasa::Shringara)));
    until("the REC LED is lit", || lit(settings.record_led.0));
    pull(record, true);
    assert_eq!(next(), Command::StopRecording);
    panel.teller().tell(Event::TakeSaved);
    assert_eq!(next(), Command::Confirm(Some(Rasa::Shringara)));
    pull(select, false);
    pull(record, false);
    std::thread::sleep(Duration::from_millis(60));
    pull(select, true);
    pull(record, true);
    assert_eq!(next(), Command::Panic);

    // A second box on the same pins is told who has them.
    let second = Panel::start(settings.clone()).unwrap();
    second.teller().tell(Event::Ready);
    let said = second.reports().recv_timeout(PATIENCE).expect("a report").to_string();
    assert!(said.contains("GPIO17 is taken by 'rasikad'"), "{said}");
    until("the fault is told", || second.status().state == State::Fault);
    assert!(second.status().faults.iter().eq([Fault::Pins]));
    drop(panel);
    assert!(!lit(settings.face_led.0), "dark when the panel has ended");
    until("the second gets them by itself", || second.status().state == State::Playing);
}
