//! What others wrote reaches the terminal as something to read, and nothing that a terminal obeys.

use std::process::Output;

use rasika_device::link::message::MoodNow;
use rasika_device::store::Store;
use rasika_models::Rasa;

use crate::laptop::Laptop;
use crate::stage::Stage;
use crate::takes;

/// Clears the screen, names the window, turns letters around, hides, begins a line of its own.
const HOSTILE: &str = "e\x1b[2J\x1b]0;w\x07\u{9b}31m\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}\r\x08x";

/// Nothing that a terminal obeys, and something of what was written.
#[track_caller]
fn is_harmless(output: &Output, words: &str) {
    let said = String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap();
    let bad = said
        .chars()
        .find(|letter| letter.is_control() && *letter != '\n' || HOSTILE.contains(*letter) && !letter.is_ascii());
    assert_eq!(bad, None, "{said:?}");
    assert!(said.contains(words), "{said:?}");
}

#[test]
fn words_of_a_box_are_shown_and_not_obeyed() {
    let stage = Stage::new(HOSTILE);
    let laptop = Laptop::new();
    stage.pair(&laptop, &[]);
    stage.served.log(&format!("one\n{HOSTILE}"));
    stage.served.show(MoodNow { raga: HOSTILE.to_owned(), section: "gat\nfake".to_owned(), ..MoodNow::default() });
    is_harmless(&laptop.run(&["logs"]), "one\\ne\\u001b[2J");
    is_harmless(&laptop.run(&["status"]), "\\u202e");
    is_harmless(&laptop.run(&["boxes", "--seconds", "0.1"]), "\\u202e");
    is_harmless(&laptop.run(&["watch", "--count", "1"]), "gat\\nfake");
    is_harmless(&laptop.run(&["doctor"]), "\\u202e");
    is_harmless(&laptop.run(&["prune", "--yes"]), "\\u202e");
    let raga = concat!(env!("CARGO_MANIFEST_DIR"), "/../device/ragas/desh.toml");
    is_harmless(&laptop.run(&["push", "--kind", "raga", raga, HOSTILE]), "\\u001b[2J");
    is_harmless(&laptop.run(&["models", HOSTILE]), "\\u001b[2J");
    // For programs every letter is what it was.
    let json: serde_json::Value = serde_json::from_str(&laptop.ok(&["watch", "--count", "1", "--json"])).unwrap();
    assert_eq!(json["raga"], HOSTILE);
    is_harmless(&laptop.run(&["status", "--json"]), "\\u202e");
}

#[test]
fn words_in_files_are_shown_and_not_obeyed() {
    let laptop = Laptop::new();
    let (mut store, _) = Store::open_box(&laptop.path().join("takes.db"), HOSTILE).unwrap();
    let mut recording =
        store.begin(&rasika_device::store::Plan { performer: HOSTILE.to_owned(), ..takes::plan(Rasa::Hasya) }).unwrap();
    store.append(&mut recording, &takes::chunk(1, 0, 5)).unwrap();
    let id = store.confirm(recording, None).unwrap().id.to_string();
    drop(store);
    is_harmless(&laptop.run(&["takes", "list"]), "\\u001b[2J");
    is_harmless(&laptop.run(&["takes", "show", &id]), "performed by e\\u001b[2J");
    is_harmless(&laptop.run(&["takes", "list", "--json"]), "\\u001b[2J");
    assert_eq!(laptop.takes()[0]["performer"], HOSTILE);

    let folder = laptop.path().join(HOSTILE);
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("two\nlines.toml");
    std::fs::write(&file, "[bo\u{202e}x]\n\"na\\u001b[2J\" = 1\n").unwrap();
    let name = file.to_str().unwrap();
    is_harmless(&laptop.run(&["config", "check", name]), "two\\nlines.toml");
    is_harmless(&laptop.run(&["push", name]), "two\\nlines.toml");
    is_harmless(&laptop.run(&["report", name]), "two\\nlines.toml");
    is_harmless(&laptop.run(&["package", "show", name]), "model package");
    is_harmless(&laptop.run(&["import", "takes", folder.to_str().unwrap()]), "\\u001b[2J");
    is_harmless(&laptop.run(&["takes", "show", HOSTILE]), "\\u001b[2J");
    is_harmless(&laptop.run(&["takes", "relabel", HOSTILE, "x"]), "\\u202e");
    is_harmless(&laptop.run(&[HOSTILE]), "\\u202e");
}
