//! However the program is ended, the synth falls silent.
#![cfg(feature = "perception")]

mod synth;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use synth::{Terminal, wait};
use tempfile::TempDir;

fn rasikad() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rasikad"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A folder for the socket of one box: tests run side by side.
fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The program with its socket in a folder of its own.
fn at(home: &TempDir) -> Command {
    let mut command = rasikad();
    command.env("RASIKA_SOCKET", home.path().join("box.sock"));
    command
}

/// The program playing a film on lines, once notes sound on each.
fn playing_on(home: &TempDir, lines: &[&Terminal], more: &[&str]) -> Child {
    let film = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files/media/WolfgangLanger_Pexels.mp4");
    assert!(film.exists(), "{} is missing: run `make setup`", film.display());
    let mut command = at(home);
    command.arg("play").arg(film).args(more);
    for line in lines {
        command.args(["--midi", &line.name]);
    }
    let child = command.spawn().expect("rasikad runs");
    wait("notes sound", || {
        lines.iter().map(|line| line.synth()).all(|synth| synth.notes > 3 && !synth.sounding.is_empty())
    });
    child
}

fn playing(line: &Terminal) -> Child {
    playing_on(&home(), &[line], &[])
}

fn say(child: &Child, signal: libc::c_int) {
    // SAFETY: the child is ours and has not been waited for, so its number is no one else's.
    assert_eq!(unsafe { libc::kill(child.id() as libc::pid_t, signal) }, 0);
}

#[test]
fn put_to_sleep_it_is_silent_and_woken_it_plays_on() {
    let line = Terminal::new(Arc::default());
    let mut child = playing(&line);
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        stat.rsplit_once(") ").unwrap().1.chars().next()
    };
    say(&child, libc::SIGTSTP);
    wait("it sleeps", || state() == Some('T'));
    wait("silence", || line.synth().sounding.is_empty());
    let before = line.synth().notes;
    say(&child, libc::SIGCONT);
    wait("it plays on", || line.synth().notes > before + 3);
    say(&child, libc::SIGTERM);
    child.wait().unwrap();
    wait("silence", || line.synth().sounding.is_empty());
}

#[test]
fn asked_to_end_it_ends_every_note() {
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT] {
        let line = Terminal::new(Arc::default());
        let mut child = playing(&line);
        say(&child, signal);
        assert!(child.wait().unwrap().success());
        wait("All Sound Off on each channel", || line.synth().all_sound_off == [0, 1, 2, 3, 4, 9].into());
        assert!(line.synth().sounding.is_empty());
    }
}

#[test]
fn a_panic_signal_ends_every_note_and_the_music_goes_on() {
    let line = Terminal::new(Arc::default());
    let mut child = playing(&line);
    say(&child, libc::SIGUSR1);
    wait("All Sound Off on each channel", || line.synth().all_sound_off == [0, 1, 2, 3, 4, 9].into());
    let notes = line.synth().notes;
    wait("the music goes on", || line.synth().notes > notes + 2);
    say(&child, libc::SIGTERM);
    assert!(child.wait().unwrap().success());
    wait("the end", || line.synth().sounding.is_empty());
}

#[test]
fn killed_it_leaves_notes_that_a_supervisor_ends() {
    let (home, lines) = (home(), [Terminal::new(Arc::default()), Terminal::new(Arc::default())]);
    let mut child = playing_on(&home, &[&lines[0], &lines[1]], &["--clock"]);
    say(&child, libc::SIGKILL);
    child.wait().unwrap();
    for line in &lines {
        assert!(!line.synth().sounding.is_empty(), "nothing was left to end");
    }
    // As systemd's ExecStopPost would; a sound map after a port's name does no harm.
    let second = format!("{}=one", lines[1].name);
    let ended = rasikad().args(["panic", "--midi", &lines[0].name, "--midi", &second]).status().unwrap();
    assert!(ended.success());
    for line in &lines {
        wait("the end", || line.synth().sounding.is_empty());
    }
    // Its socket is stale: no box runs, and the next one takes the place.
    assert!(home.path().join("box.sock").exists());
    let said = told(&home, &["status"]).unwrap_err();
    assert!(said.contains("no box runs"), "{said}");
    let mut child = playing_on(&home, &[&lines[0]], &[]);
    assert!(told(&home, &["status"]).unwrap().contains("playing"));
    say(&child, libc::SIGTERM);
    assert!(child.wait().unwrap().success());
    assert!(!home.path().join("box.sock").exists());
}

/// What the program prints, or its sentence on failure.
fn told(home: &TempDir, arguments: &[&str]) -> Result<String, String> {
    let output = at(home).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    match output.status.code() {
        Some(0) => Ok(text(output.stdout)),
        code => {
            assert_eq!(code, Some(1));
            Err(text(output.stderr))
        }
    }
}

#[test]
fn a_box_that_runs_tells_how_it_is_and_panics_when_asked() {
    let (home, line, other) = (home(), Terminal::new(Arc::default()), Terminal::new(Arc::default()));
    for arguments in [&["status"][..], &["status", "--json"], &["panic"]] {
        let said = told(&home, arguments).unwrap_err();
        assert!(said.contains("no box runs here"), "{said}");
    }
    let mut child = playing_on(&home, &[&line], &["--midi-in", &other.name]);
    let status: serde_json::Value = serde_json::from_str(&told(&home, &["status", "--json"]).unwrap()).unwrap();
    assert_eq!(status["ports"][0]["name"], line.name);
    assert_eq!(status["ports"][0]["open"], true);
    assert_eq!(status["listening"][0]["name"], other.name);
    assert!(status["events"].as_u64().unwrap() > 3);
    assert!(status["lateness"]["last_din_byte"]["count"].as_u64().unwrap() > 0);
    let shown = told(&home, &["status"]).unwrap();
    for word in ["music", "mood", &line.name, "open", "events", "last DIN byte", "bare loop"] {
        assert!(shown.contains(word), "{word} is missing:\n{shown}");
    }
    let before = line.synth().all_sound_off.len();
    assert_eq!(before, 0);
    told(&home, &["panic"]).unwrap();
    wait("All Sound Off on each channel", || line.synth().all_sound_off == [0, 1, 2, 3, 4, 9].into());
    let notes = line.synth().notes;
    wait("the music goes on", || line.synth().notes > notes + 2);
    // A second box plays, and says that it is not the one that answers.
    let third = Terminal::new(Arc::default());
    let mut second = playing_on(&home, &[&third], &[]);
    say(&second, libc::SIGTERM);
    assert!(second.wait().unwrap().success());
    assert!(told(&home, &["status"]).is_ok(), "the first answers still");
    say(&child, libc::SIGTERM);
    assert!(child.wait().unwrap().success());
    wait("the end", || line.synth().sounding.is_empty());
    assert!(told(&home, &["status"]).is_err());
}
