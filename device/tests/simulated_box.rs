//! The whole box as `rasikad --simulate` runs it: a film for a camera, keys for buttons, a synth at the end of a line.

mod rasika;
mod synth;

use rasika::{Rasika, film};
use rasika_device::store::Store;
use std::cell::RefCell;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use synth::{Terminal, wait};

#[test]
fn a_take_is_chosen_recorded_kept_and_discarded_while_the_music_plays() {
    let folder = tempfile::tempdir().unwrap();
    let line = Terminal::new(Arc::default());
    let mut rasika = Rasika::start(folder.path(), &[&film("WolfgangLanger_Pexels.mp4"), "--midi", &line.name]);
    rasika.hears("ready to record");
    rasika.hears("playing, automatic");
    wait("the drone sounds", || line.synth().notes > 2);

    // Without a label nothing is recorded.
    rasika.press("R");
    rasika.hears("no label is chosen");
    rasika.press("R");

    rasika.press("s");
    rasika.hears("label shringara");
    std::thread::sleep(Duration::from_millis(1_200));
    rasika.press("s");
    rasika.hears("label hasya");
    let before = line.synth().notes;
    wait("its signature sounds", || line.synth().notes > before + 3);
    rasika.press("R");
    rasika.hears("recording take");
    std::thread::sleep(Duration::from_millis(1_500));
    rasika.press("R");
    rasika.hears("of hasya is kept");

    rasika.press("b");
    rasika.hears("panic: every note ended");
    let before = line.synth().notes;
    wait("the music goes on", || line.synth().notes > before + 2);

    rasika.press("d");
    rasika.hears("is discarded; the laptop can restore it");
    rasika.ends();
    // What was sent last may still be on its way through the terminal.
    wait("silence", || line.synth().sounding.is_empty());

    let store = Store::open(&folder.path().join("takes/takes.db")).unwrap();
    let takes = store.takes().unwrap();
    assert_eq!(takes.len(), 1, "{takes:?}");
    assert!(takes[0].observations > 3 && takes[0].is_discarded());
}

#[test]
fn a_box_in_a_terminal_ends_and_switches_nothing_off_and_says_what_became_of_its_take() {
    let folder = tempfile::tempdir().unwrap();
    // Found before the system's, should it be asked.
    let (programs, mark) = (folder.path().join("bin"), folder.path().join("asked"));
    std::fs::create_dir(&programs).unwrap();
    let systemctl = programs.join("systemctl");
    std::fs::write(&systemctl, format!("#!/bin/sh\ntouch {}\n", mark.display())).unwrap();
    std::fs::set_permissions(&systemctl, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let arguments = [&*film("WolfgangLanger_Pexels.mp4"), "--set", "midi.ports=[]"];
    let mut rasika = Rasika::start_with(folder.path(), &arguments, &[("PATH", &path)]);
    rasika.hears("ready to record");
    // An arrow, which ends in a letter of ours.
    rasika.press("\x1b[B");
    rasika.press("s");
    rasika.hears("label shringara");
    rasika.press("R");
    rasika.hears("recording take");
    std::thread::sleep(Duration::from_millis(1_500));
    let end = rasika.ends();
    assert!(end.contains("of shringara is kept"), "{end}");

    let mut rasika = Rasika::start_with(folder.path(), &arguments, &[("PATH", &path)]);
    rasika.hears("ready to record");
    rasika.press("d");
    rasika.hears("is discarded");
    rasika.press("B");
    rasika.hears("switch itself off");
    rasika.has_ended();
    assert!(!mark.exists(), "the system was asked to switch off");
}

#[test]
fn without_camera_port_and_models_the_box_says_so_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let line = Terminal::new(Arc::default());
    let nothing = folder.path().join("no-models").display().to_string();
    let rasika = Rasika::start(
        folder.path(),
        &[
            "--set",
            "camera.source=/dev/video99",
            "--midi",
            "serial:/dev/ttyNONE9",
            "--midi",
            &line.name,
            "--models",
            &nothing,
        ],
    );
    rasika.hears("serial:/dev/ttyNONE9");
    rasika.hears("the drone plays on");
    rasika.hears("/dev/video99");
    wait("the drone sounds", || line.synth().notes > 2);
    rasika.ends();
    wait("silence", || line.synth().sounding.is_empty());
}

#[test]
fn a_keyboard_that_is_plugged_in_later_is_listened_to() {
    let folder = tempfile::tempdir().unwrap();
    let (line, keyboard) = synth::pair();
    let keyboard = RefCell::new(keyboard);
    let place = folder.path().join("keyboard");
    let midi_in = format!("midi.midi_in=[\"serial:{}\"]", place.display());
    let rasika = Rasika::start(folder.path(), &[&film("no_face.mp4"), "--set", "midi.ports=[]", "--set", &midi_in]);
    rasika.hears("cannot be opened");
    rasika.hears("ready to record");
    std::os::unix::fs::symlink(line.trim_start_matches("serial:"), place).unwrap();
    rasika.hears("is heard again");
    wait("the key is heard", || {
        // F below middle C: Raudra.
        keyboard.borrow_mut().write_all(&[0x90, 53, 100, 0x80, 53, 64]).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        let status: serde_json::Value = serde_json::from_str(&rasika.ask(&["status", "--json"])).unwrap();
        status["by_hand"] == true && status["mood"]["rasa"] == "raudra"
    });
    rasika.ends();
}
