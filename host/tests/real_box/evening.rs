//! An evening of a dancer and a teacher: a box is paired, records, is pulled from, plays with what was learned from it,
//! and goes back.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::cable::Cable;
use crate::laptop::Laptop;
use crate::person::{choose, pair, record};
use crate::rasika::{Rasika, film};
use crate::synth::{Terminal, wait};

#[test]
fn over_the_network() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    evening(&format!("link.listen=[\"{address}\"]"), &address);
}

#[test]
fn over_a_serial_cable() {
    let cable = Cable::new(921_600);
    let [far, near] = &cable.ends;
    evening(&format!("link.serial=[\"{far}@921600\"]"), &format!("{near}@921600"));
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn evening(served: &str, address: &str) {
    let folder = tempfile::tempdir().unwrap();
    let laptop = Laptop::new();
    let heard = Arc::default();
    let synth = Terminal::new(Arc::clone(&heard));
    let film = film("WolfgangLanger_Pexels.mp4");
    let mut rasika =
        Rasika::start(folder.path(), &[&film, "--midi", &synth.name, "--set", served, "--set", "box.name=stage"]);
    let status = || json(&laptop.ok(&["status", "--json"]));
    let in_force = || {
        let models = json(&laptop.ok(&["models", "--json"]));
        let active = models.as_array().unwrap().iter().find(|model| model["active"] == true).unwrap();
        active["name"].as_str().unwrap().to_owned()
    };
    let notes = || synth.synth().notes;

    pair(&mut rasika, &laptop, address);
    assert_eq!(status()["name"], "stage");
    let moods = laptop.ok(&["watch", "--json", "--count", "3"]);
    assert!(moods.lines().map(json).count() == 3, "{moods}");
    assert!(laptop.ok(&["config", "get"]).contains("name = \"stage\""));

    // Two takes, brought once.
    choose(&mut rasika, 2, "hasya");
    record(&mut rasika, Duration::from_secs(3));
    choose(&mut rasika, 1, "karuna");
    record(&mut rasika, Duration::from_secs(3));
    laptop.ok(&["pull"]);
    let takes = laptop.takes();
    let labels: Vec<_> = takes.iter().map(|take| take["label"].as_str().unwrap()).collect();
    assert!(labels.len() == 2 && labels.contains(&"hasya") && labels.contains(&"karuna"), "{takes:?}");
    let again = laptop.ok(&["pull", "--json"]);
    assert_eq!((json(&again)["takes"].as_u64(), laptop.takes()), (Some(0), takes), "{again}");

    // What was learned plays at once, and the music goes on.
    let model = laptop.path().join("evening.rasika").display().to_string();
    laptop.ok(&["train", "--split", "time:0.6:0.1", "--name", "evening", "-o", &model]);
    let before = notes();
    laptop.ok(&["push", &model]);
    assert_eq!((in_force().as_str(), status()["model"].as_str().unwrap()), ("evening.rasika", "evening.rasika"));
    wait("it plays on", || notes() > before + 4);
    let brought = laptop.path().join("on-the-box.rasika").display().to_string();
    laptop.ok(&["models", "--out", &brought]);
    assert_eq!(std::fs::read(&brought).unwrap(), std::fs::read(&model).unwrap());
    let compared = json(&laptop.ok(&["eval", "--json", "--split", "time:0.6:0.1", "--against", &brought]));
    assert_eq!(compared["against"]["model"], "evening", "{compared}");

    // One that nobody has scored is pushed only by force; back is one word.
    let unscored = laptop.path().join("unscored.rasika").display().to_string();
    laptop.ok(&["package", "default", "--out", &unscored]);
    let refused = laptop.refused(&["push", &unscored]);
    assert!(refused.contains("nobody has scored") && refused.contains("--force"), "{refused}");
    assert_eq!(in_force(), "evening.rasika");
    laptop.ok(&["push", "--force", &unscored]);
    assert_eq!(in_force(), "unscored.rasika");
    laptop.ok(&["rollback"]);
    assert_eq!(in_force(), "evening.rasika");

    // Settings: the box starts anew with them, and goes back.
    let settings = laptop.path().join("settings.toml");
    std::fs::write(&settings, "[music]\nlaya_bmp = 70\n").unwrap();
    let refused = laptop.refused(&["config", "push", settings.to_str().unwrap()]);
    assert!(refused.contains("laya_bmp"), "{refused}");
    std::fs::write(&settings, "[panel]\ncount_in_beats = 3\n").unwrap();
    laptop.ok(&["config", "push", settings.to_str().unwrap()]);
    rasika.hears("ready to record");
    assert_eq!(in_force(), "evening.rasika");
    laptop.ok(&["config", "rollback"]);
    rasika.hears("ready to record");

    // What it said since; silence on every channel; and nothing sounds when it has ended.
    let logs = laptop.ok(&["logs", "--lines", "1000"]);
    assert!(logs.contains("ready to record"), "{logs}");
    heard.lock().unwrap().all_sound_off.clear();
    laptop.ok(&["panic"]);
    wait("All Sound Off on each channel", || synth.synth().all_sound_off == [0, 1, 2, 3, 4, 9].into());
    rasika.ends();
    assert!(synth.synth().sounding.is_empty());
}

/// Pictures under a folder, of which each is a JPEG in the folder of its rasa.
fn pictures(folder: &Path, rasa: &str) -> usize {
    let entries =
        std::fs::read_dir(folder.join(rasa)).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    entries.inspect(|bytes| assert!(bytes.starts_with(&[0xFF, 0xD8]) && bytes.ends_with(&[0xFF, 0xD9]))).count()
}

#[test]
fn pictures_come_only_where_the_owner_of_the_box_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let laptop = Laptop::new();
    let film = film("WolfgangLanger_Pexels.mp4");
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let listen = format!("link.listen=[\"{address}\"]");
    let start = |keeps: &str| {
        let arguments = [&film, "--set", &listen, "--set", "midi.ports=[]", "--set", keeps];
        Rasika::start(folder.path(), &arguments)
    };
    let wrong = laptop.path().join("settings.toml");
    std::fs::write(&wrong, "[recording]\nkeep_images = true\n").unwrap();
    let (some, drawing) = (laptop.path().join("some"), laptop.path().join("one.png"));
    let export = ["export", "--as", "pictures", some.to_str().unwrap()];

    let mut rasika = start("recording.performer=nobody");
    pair(&mut rasika, &laptop, &address);
    choose(&mut rasika, 2, "hasya");
    record(&mut rasika, Duration::from_secs(2));
    laptop.ok(&["pull"]);
    let none = laptop.refused(&export);
    assert!(none.contains("recording.keep_images"), "{none}");
    let said = laptop.ok(&["config", "push", wrong.to_str().unwrap()]);
    assert!(said.contains("not changed: recording.keep_images"), "{said}");
    rasika.hears("ready to record");
    assert!(laptop.ok(&["config", "get"]).contains("keep_images = false"));
    rasika.ends();

    let mut rasika = start("recording.keep_images=true");
    rasika.hears("ready to record");
    choose(&mut rasika, 3, "karuna");
    record(&mut rasika, Duration::from_secs(4));
    laptop.ok(&["pull"]);
    laptop.ok(&export);
    let kept = pictures(&some, "karuna");
    assert!((3..=6).contains(&kept) && !some.join("hasya").exists(), "{kept}");
    let takes = laptop.takes();
    let id = takes.iter().find(|take| take["label"] == "karuna").unwrap()["id"].as_str().unwrap();
    let told = laptop.ok(&["takes", "show", id, "--out", drawing.to_str().unwrap()]);
    assert!(told.contains(&format!("{kept} pictures")) && drawing.with_extension("jpg").exists(), "{told}");
    rasika.ends();
}
