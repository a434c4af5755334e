//! A box that listens on its socket and answers, one line each way.

use rasika_device::control::{ControlError, REQUEST_BYTES, Report, Verbs, ask, serve_at};
use rasika_device::performer::player::{Outputs, Player};
use rasika_device::performer::{Engine, Library, Settings};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn verbs() -> Verbs {
    Verbs::default()
        .on("double", |request| {
            let number = request.get("number").and_then(Value::as_i64).ok_or("give a number")?;
            Ok(json!(2 * number))
        })
        .on("boast", |_| Ok(json!("x".repeat(2 * rasika_device::control::REPLY_BYTES))))
}

fn place(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("box.sock")
}

/// Lines said to a socket as they are, and the replies.
fn say(place: &Path, text: &[u8], replies: usize) -> Vec<Value> {
    let mut stream = UnixStream::connect(place).unwrap();
    // A box that has had enough may hang up before it has read it all.
    let _ = stream.write_all(text);
    let lines = BufReader::new(stream).lines().map_while(Result::ok).take(replies);
    lines.map(|line| serde_json::from_str(&line).unwrap()).collect()
}

#[test]
fn several_ask_and_each_is_answered_or_told_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder);
    let control = serve_at(&place, verbs()).unwrap();
    assert_eq!(place.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let quiet = UnixStream::connect(&place).unwrap();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let places = [folder.path().join("no.sock"), place.clone()];
            scope.spawn(move || {
                let answer = ask(&places, &json!({ "verb": "double", "number": number })).unwrap();
                assert_eq!(answer, json!(2 * number));
            });
        }
    });
    let refused = |request: Value| ask(std::slice::from_ref(&place), &request).unwrap_err().to_string();
    assert_eq!(refused(json!({ "verb": "double" })), "give a number");
    let said = refused(json!({ "verb": "dance" }));
    assert!(said.contains("'dance'") && said.contains("boast, double"), "{said}");
    assert!(refused(json!([1])).contains("it knows"));
    assert!(refused(json!({ "verb": "boast" })).contains("too long"));
    // Two lines on one connection; then what is no JSON at all.
    let replies = say(&place, b"{\"verb\":\"double\",\"number\":4}\n\xff\xfe\n", 2);
    assert_eq!(replies[0], json!({ "ok": 8 }));
    assert!(replies[1]["error"].as_str().unwrap().contains("no JSON"));
    let long = vec![b' '; REQUEST_BYTES + 10];
    assert!(say(&place, &long, 1)[0]["error"].as_str().unwrap().contains("bytes at most"));
    drop(quiet);
    drop(control);
    assert!(!place.exists());
    let error = ask(&[place], &json!({ "verb": "double" })).unwrap_err();
    assert!(matches!(error, ControlError::NoBox(_)), "{error}");
}

#[test]
fn too_many_at_once_are_told_so_and_served_later() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder);
    let _control = serve_at(&place, verbs()).unwrap();
    let mut crowd: Vec<UnixStream> = (0..8).map(|_| UnixStream::connect(&place).unwrap()).collect();
    let mut stream = UnixStream::connect(&place).unwrap();
    let mut line = String::new();
    BufReader::new(&mut stream).read_line(&mut line).unwrap();
    assert!(line.contains("too many"), "{line}");
    crowd.clear();
    let answered = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        ask(std::slice::from_ref(&place), &json!({ "verb": "double", "number": 1 })).is_ok()
    });
    assert!(answered);
}

#[test]
fn a_stale_socket_is_replaced_and_a_live_one_respected() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder);
    // Left by a box that was killed.
    drop(UnixListener::bind(&place).unwrap());
    assert!(place.exists());
    let control = serve_at(&place, verbs()).unwrap();
    let error = serve_at(&place, verbs()).unwrap_err();
    assert!(error.to_string().contains("another rasikad"), "{error}");
    assert!(ask(std::slice::from_ref(&place), &json!({ "verb": "double", "number": 1 })).is_ok(), "it is still there");
    drop(control);
    // Someone else's, without our lock.
    let other = UnixListener::bind(&place).unwrap();
    assert!(matches!(serve_at(&place, verbs()), Err(ControlError::Taken(_))));
    drop(other);
    std::fs::remove_file(&place).unwrap();
    std::fs::write(&place, "precious").unwrap();
    assert!(matches!(serve_at(&place, verbs()), Err(ControlError::NoSocket(_))));
    assert_eq!(std::fs::read_to_string(&place).unwrap(), "precious");
}

#[test]
fn a_report_goes_through_json_and_is_shown() {
    let library = Library::built_in().unwrap();
    let map = library.map("default").unwrap();
    let engine = Engine::new(Arc::new(library), Arc::new(map), Settings::default());
    let library = Arc::clone(engine.library());
    let player = Player::start(engine, Arc::default(), Outputs::new(Vec::new())).unwrap();
    let begun = std::time::Instant::now();
    while player.lateness().count() == 0 || player.bare_lateness().count() == 0 {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "nothing is played");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let report = Report::of(player.gauges(), &library, &[]);
    let back: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(back, report);
    assert_eq!(report.section, "drone");
    assert!(report.events > 0 && report.lateness.bare_loop.count > 0);
    let text = report.to_string();
    for word in ["playing", "drone", "mood       none", "priority", "late by up to"] {
        assert!(text.contains(word), "{word} is missing:\n{text}");
    }
}
