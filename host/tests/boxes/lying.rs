//! Boxes that mean no good, against the real `rasika`: nothing of another box is touched, nobody is paired unasked.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rasika_device::link::message::{BoxId, Label, Request, TakeInfo};
use rasika_models::Rasa;
use tokio::runtime::Runtime;

use crate::adversary::{FakeBox, Key, no, yes};
use crate::cable::Cable;
use crate::laptop::Laptop;
use crate::stage::{Stage, hashes};

/// A fake box that serves until it is dropped.
struct Fake {
    address: String,
    _runtime: Runtime,
}

impl Fake {
    /// Speaks for that file of takes, and tells these changes of it.
    fn new(key: Key, says: Option<BoxId>, changes: Vec<TakeInfo>) -> Self {
        Self::at("127.0.0.1:0", key, says, changes)
    }

    fn at(address: &str, key: Key, says: Option<BoxId>, changes: Vec<TakeInfo>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let fake = runtime.block_on(FakeBox::bind_at(address, key, "fake"));
        let address = fake.address.clone();
        runtime.spawn(fake.serve(says, move |request| match request {
            Request::Changes { .. } => changes.iter().map(yes).collect(),
            _ => vec![no("not here")],
        }));
        Self { address, _runtime: runtime }
    }

    /// Its owner, who is the laptop's too, types what the laptop shows.
    fn pair(&self, laptop: &Laptop) -> String {
        let mut asking = laptop.command(&["pair", &self.address, "--yes", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(asking.stdout.take().unwrap());
        let mut shown = String::new();
        said.read_line(&mut shown).unwrap();
        asking.stdin.take().unwrap().write_all(shown.as_bytes()).unwrap();
        said.read_to_string(&mut shown).unwrap();
        let mut complaint = String::new();
        asking.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        assert!(asking.wait().unwrap().success(), "{shown}{complaint}");
        shown + &complaint
    }
}

/// Waits for a program, and no longer.
fn ends(mut child: Child) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if let Some(status) = child.try_wait().unwrap() {
            return status.success();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    panic!("it does not end");
}

/// What a laptop keeps of boxes.
fn book(laptop: &Laptop) -> String {
    std::fs::read_to_string(laptop.path().join("boxes.toml")).unwrap_or_default()
}

#[test]
fn no_fake_box_is_paired_without_a_person_here() {
    let (fake, laptop) = (Fake::new(Key::draw(), None, vec![]), Laptop::new());
    // Nobody is at this terminal.
    let said = laptop.refused(&["pair", &fake.address]);
    assert!(said.contains("nobody is at this terminal") && said.contains("--yes"), "{said}");
    // `--yes` goes only with the digits of the box.
    assert!(!laptop.run(&["pair", &fake.address, "--yes"]).status.success());
    assert!(laptop.refused(&["pair", &fake.address, "--yes", "yes"]).contains("three digits"));
    let chance: Vec<bool> = ["000", "4 0 7"]
        .iter()
        .map(|given| laptop.run(&["pair", &fake.address, "--yes", given]).status.success())
        .collect();
    assert!(chance != [true, true], "once in a million");
    if chance == [false, false] {
        // The standard input is at its end, or says other digits, or a bare yes.
        for typed in ["", "x\n", "y\n", "yes\n", "\n", "0000\n"] {
            let mut asking = laptop.command(&["pair", &fake.address, "--yes", "-"]);
            let mut asking = asking.stdin(Stdio::piped()).spawn().unwrap();
            let _ = asking.stdin.take().unwrap().write_all(typed.as_bytes());
            assert!(!ends(asking), "{typed:?}");
        }
        assert_eq!(book(&laptop), "");
    }
}

#[test]
fn a_person_at_a_terminal_types_the_digits_or_says_no() {
    let laptop = Laptop::new();
    for (answer, paired) in [("", false), ("n", false), ("the digits", true), ("y", true)] {
        let stage = Stage::new("stage");
        stage.open_pairing();
        let terminal = Cable::new(1_000_000);
        let [here, keys] =
            terminal.ends.each_ref().map(|end| OpenOptions::new().read(true).write(true).open(end).unwrap());
        let mut asking = laptop.command(&["pair", &stage.address]);
        let mut asking = asking.stdin(here).spawn().unwrap();
        let mut said = BufReader::new(asking.stdout.take().unwrap());
        let mut shown = String::new();
        said.read_line(&mut shown).unwrap();
        let blinked = stage.asked();
        assert_eq!(shown.trim(), blinked);
        assert!(stage.accepts(&blinked), "the person at the box says yes");
        assert!(!book(&laptop).contains(&stage.address), "and the laptop's owner has not");
        writeln!(&keys, "{}", if answer == "the digits" { &blinked } else { answer }).unwrap();
        assert_eq!(ends(asking), paired, "{answer:?}");
        assert_eq!((book(&laptop).contains(&stage.address), stage.knows_somebody()), (paired, paired));
    }
}

#[test]
fn a_paired_box_does_not_speak_for_another() {
    let (stage, laptop) = (Stage::new("stage"), Laptop::new());
    let mut recorded = stage.record(2, 1);
    stage.pair(&laptop, &[]);
    laptop.ok(&["pull"]);
    // One that was paired honestly, says later that it is the other: with a change far ahead, and a take rewritten.
    let theirs = recorded[0].id.box_id;
    let ahead = TakeInfo { change: 1000, label: Label(Some(Rasa::Bibhatsa)), discarded: true, ..recorded[0].clone() };
    let key = Key::draw();
    let honest = Fake::new(key.clone(), Some(BoxId([7; 16])), vec![]);
    let address = honest.address.clone();
    honest.pair(&laptop);
    laptop.ok(&["pull", "fake"]);
    drop(honest);
    let before = laptop.takes();
    let lying = Fake::at(&address, key, Some(theirs), vec![ahead]);
    let said = laptop.refused(&["pull", "fake"]);
    assert!(said.contains("speaks for takes of stage") && said.contains("rasika boxes forget stage"), "{said}");
    assert!(laptop.refused(&["prune", "fake", "--yes"]).contains("speaks for takes of stage"));
    assert_eq!(laptop.takes(), before);
    // The real one's cursor is where it was: what it records comes.
    recorded.extend(stage.record(1, 1));
    laptop.ok(&["pull", "stage"]);
    assert_eq!(laptop.hashes(), hashes(&recorded));
    assert!(laptop.takes().iter().all(|take| take["discarded"] != true && take["label"] != "bibhatsa"));
    drop(lying);
}

#[test]
fn a_fake_box_that_is_paired_anew_does_not_speak_for_another_either() {
    let (stage, laptop) = (Stage::new("stage"), Laptop::new());
    let recorded = stage.record(1, 1);
    // Bound when it is paired: before anything was pulled.
    stage.pair(&laptop, &[]);
    let fake = Fake::new(Key::draw(), Some(recorded[0].id.box_id), recorded.clone());
    assert!(fake.pair(&laptop).contains("speaks for takes of stage"));
    assert!(laptop.refused(&["pull", "fake"]).contains("speaks for takes of stage"));
    assert!(laptop.takes().is_empty());
    laptop.ok(&["pull", "stage"]);
    assert_eq!(laptop.hashes(), hashes(&recorded));
}

#[test]
fn a_box_that_was_set_up_anew_goes_on_with_its_takes() {
    let laptop = Laptop::new();
    let stage = Stage::new("stage");
    let mut recorded = stage.record(2, 1);
    stage.pair(&laptop, &[]);
    laptop.ok(&["pull"]);
    // Another key, the same card with the takes.
    let anew = stage.with_another_key();
    anew.pair(&laptop, &[]);
    recorded.extend(anew.record(1, 1));
    let said = laptop.refused(&["pull", "stage 2"]);
    assert!(said.contains("rasika boxes forget stage"), "{said}");
    laptop.ok(&["boxes", "forget", "stage"]);
    laptop.ok(&["pull"]);
    assert_eq!(laptop.hashes(), hashes(&recorded));
}

#[test]
fn a_book_of_the_release_before_is_bound_at_the_next_pull() {
    let (stage, laptop) = (Stage::new("stage"), Laptop::new());
    let mut recorded = stage.record(1, 1);
    stage.pair(&laptop, &[]);
    laptop.ok(&["pull"]);
    let old: String = book(&laptop)
        .lines()
        .filter(|line| !line.starts_with("files"))
        .fold(String::new(), |text, line| text + line + "\n");
    assert_ne!(old, book(&laptop));
    std::fs::write(laptop.path().join("boxes.toml"), old).unwrap();
    recorded.extend(stage.record(1, 1));
    laptop.ok(&["pull"]);
    assert_eq!(laptop.hashes(), hashes(&recorded));
    let fake = Fake::new(Key::draw(), Some(recorded[0].id.box_id), vec![]);
    assert!(fake.pair(&laptop).contains("speaks for takes of stage"));
}
