//! What stands in files, settings and answers reaches the terminal as something to read, and nothing that it obeys.
#![cfg(feature = "perception")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Clears the screen, names the window, turns letters around, hides, goes back over the line.
const HOSTILE: &str = "e\x1b[2J\x1b]0;w\x07\u{9b}31m\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}\r\x08x";

fn rasikad(arguments: &[&str], socket: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rasikad"));
    command.args(arguments).env("RASIKA_SOCKET", socket).stdin(Stdio::null());
    command.output().expect("rasikad runs")
}

/// Nothing that a terminal obeys, and something of what was written.
#[track_caller]
fn is_harmless(output: &Output, words: &str) {
    let said = String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap();
    let is_bad =
        |letter: &char| letter.is_control() && *letter != '\n' || HOSTILE.contains(*letter) && !letter.is_ascii();
    assert_eq!(said.chars().find(is_bad), None, "{said:?}");
    assert!(said.contains(words), "{said:?}");
}

#[test]
fn words_in_files_are_shown_and_not_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = folder.path().join(HOSTILE);
    std::fs::create_dir(&hostile).unwrap();
    let socket = folder.path().join("none");
    let file = hostile.join("two\nlines.toml");
    let name = file.to_str().unwrap();
    let raga = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ragas/desh.toml")).unwrap();
    let named =
        raga.lines().map(|line| if line.starts_with("name") { "name = \"D\\u001b[2J\\u202e\\nx\"" } else { line });
    std::fs::write(&file, named.collect::<Vec<_>>().join("\n")).unwrap();
    is_harmless(&rasikad(&["raga", "check", name], &socket), "two\\nlines.toml");
    std::fs::write(
        &file,
        "[bo\u{202e}x]\n\"na\\u001b[2J\" = 1\n[midi]\nports = [\"file:/\\u001b[2J/x\", \"x\\u202e\"]\n",
    )
    .unwrap();
    is_harmless(&rasikad(&["config", "check", name], &socket), "two\\nlines.toml");
    is_harmless(&rasikad(&["raga", "check", name], &socket), "two\\nlines.toml");
    is_harmless(&rasikad(&["doctor", "--config", name], &socket), "\\u202e");
    is_harmless(&rasikad(&["doctor", "--config", name, "--json"], &socket), "\\u202e");
    is_harmless(&rasikad(&["see", hostile.to_str().unwrap()], &socket), "\\u001b[2J");
    is_harmless(&rasikad(&["check-model", name], &socket), "package");
    is_harmless(&rasikad(&["play", "--rasa", HOSTILE], &socket), "\\u202e");
    is_harmless(&rasikad(&["play", "--rasa", "hasya", "--midi", HOSTILE], &socket), "\\u001b[2J");
    is_harmless(&rasikad(&[HOSTILE], &socket), "\\u202e");
}

#[test]
fn an_answer_is_shown_and_not_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        let known = serde_json::json!([{ "name": HOSTILE, "fingerprint": HOSTILE }]);
        let answers = [
            serde_json::json!({ "error": HOSTILE }),
            serde_json::json!({ "ok": known }),
            serde_json::json!({ "ok": known }),
        ];
        for (stream, answer) in listener.incoming().zip(answers) {
            let mut stream = stream.unwrap();
            BufReader::new(&stream).read_line(&mut String::new()).unwrap();
            writeln!(stream, "{answer}").unwrap();
        }
    });
    is_harmless(&rasikad(&["status"], &socket), "\\u001b[2J");
    is_harmless(&rasikad(&["keys"], &socket), "\\u001b[2J");
    let json = rasikad(&["keys", "--json"], &socket);
    is_harmless(&json, "\\u202e");
    let value: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(value[0]["name"], HOSTILE);
}
