//! However the program is ended, the synth falls silent.
#![cfg(feature = "perception")]

mod synth;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use synth::{Terminal, wait};

fn rasikad() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rasikad"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The program playing a film on a line, once notes sound.
fn playing(line: &Terminal) -> Child {
    let film = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files/media/WolfgangLanger_Pexels.mp4");
    assert!(film.exists(), "{} is missing: run `make setup`", film.display());
    let child = rasikad().arg("play").arg(film).args(["--midi", &line.name]).spawn().expect("rasikad runs");
    wait("notes sound", || line.synth().notes > 3 && !line.synth().sounding.is_empty());
    child
}

fn say(child: &Child, signal: libc::c_int) {
    // SAFETY: the child is ours and has not been waited for, so its number is no one else's.
    assert_eq!(unsafe { libc::kill(child.id() as libc::pid_t, signal) }, 0);
}

#[test]
fn asked_to_end_it_ends_every_note() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let line = Terminal::new(Arc::default());
        let mut child = playing(&line);
        say(&child, signal);
        assert!(child.wait().unwrap().success());
        wait("All Sound Off on each channel", || line.synth().all_sound_off == [0, 1, 2, 9].into());
        assert!(line.synth().sounding.is_empty());
    }
}

#[test]
fn a_panic_signal_ends_every_note_and_the_music_goes_on() {
    let line = Terminal::new(Arc::default());
    let mut child = playing(&line);
    say(&child, libc::SIGUSR1);
    wait("All Sound Off on each channel", || line.synth().all_sound_off == [0, 1, 2, 9].into());
    let notes = line.synth().notes;
    wait("the music goes on", || line.synth().notes > notes + 2);
    say(&child, libc::SIGTERM);
    assert!(child.wait().unwrap().success());
    wait("the end", || line.synth().sounding.is_empty());
}

#[test]
fn killed_it_leaves_notes_that_a_supervisor_ends() {
    let line = Terminal::new(Arc::default());
    let mut child = playing(&line);
    say(&child, libc::SIGKILL);
    child.wait().unwrap();
    assert!(!line.synth().sounding.is_empty(), "nothing was left to end");
    assert!(rasikad().args(["panic", "--midi", &line.name]).status().unwrap().success());
    wait("the end", || line.synth().sounding.is_empty());
}
