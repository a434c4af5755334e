//! The shelf: whatever happens, what is in force is whole, and what the program died of is not in force again.

use rasika_device::link::message::{FileKind, FileName, Hash};
use rasika_device::performer::Library;
use rasika_device::shelf::{Shelf, check_text};
use std::path::Path;

const KIND: FileKind = FileKind::Model;

fn name(name: &str) -> FileName {
    FileName::new(name).unwrap()
}

fn open(folder: &Path) -> Shelf {
    Shelf::open(folder).unwrap().0
}

fn put(shelf: &Shelf, file: &str) {
    shelf.keep(KIND, &name(file), file.as_bytes(), "").unwrap();
    drop(shelf.activate(KIND, &name(file), Hash::of(file.as_bytes())).unwrap());
}

fn in_force(shelf: &Shelf) -> Vec<String> {
    shelf.in_force(KIND).into_iter().map(|entry| entry.name.to_string()).collect()
}

#[test]
fn a_crash_goes_back_to_what_worked_and_not_to_what_was_on_trial_too() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = open(folder.path());
    put(&shelf, "works");
    shelf.proven(KIND).unwrap();
    put(&shelf, "untried");
    put(&shelf, "untried-too");
    drop(shelf);
    let (shelf, told) = Shelf::open(folder.path()).unwrap();
    assert_eq!(in_force(&shelf), ["works"]);
    assert!(told[0].contains("died within 30 s of a new model"), "{told:?}");
    assert_eq!(in_force(&open(folder.path())), ["works"]);
}

#[test]
fn a_person_goes_back_one_step_and_what_is_there_has_to_prove_itself_yet() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = open(folder.path());
    put(&shelf, "works");
    shelf.proven(KIND).unwrap();
    put(&shelf, "untried");
    put(&shelf, "untried-too");
    shelf.roll_back(KIND).unwrap();
    assert_eq!((in_force(&shelf), shelf.on_trial()), (vec!["untried".to_owned()], vec![KIND]));
    drop(shelf);
    let shelf = open(folder.path());
    assert_eq!((in_force(&shelf), shelf.on_trial()), (vec!["works".to_owned()], vec![]));
    // Back to what has proved itself there is nothing to prove.
    put(&shelf, "untried");
    put(&shelf, "works");
    assert_eq!(shelf.on_trial(), []);
    assert_eq!(in_force(&open(folder.path())), ["works"]);
}

#[test]
fn a_program_that_is_told_to_end_has_proved_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = open(folder.path());
    put(&shelf, "new");
    shelf.settle(None);
    let shelf = open(folder.path());
    assert_eq!((in_force(&shelf), shelf.on_trial()), (vec!["new".to_owned()], vec![KIND]), "it was no crash");
    drop(shelf);
    assert!(in_force(&open(folder.path())).is_empty(), "this was");
}

#[test]
fn what_cannot_be_put_in_force_leaves_the_way_back() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = open(folder.path());
    for file in ["first", "second"] {
        put(&shelf, file);
        shelf.proven(KIND).unwrap();
    }
    shelf.keep(KIND, &name("third"), b"third", "").unwrap();
    let before = shelf.activate(KIND, &name("third"), Hash::of(b"third")).unwrap();
    shelf.put_back(KIND, before).unwrap();
    assert_eq!((in_force(&shelf), shelf.on_trial()), (vec!["second".to_owned()], vec![]));
    shelf.roll_back(KIND).unwrap();
    assert_eq!(in_force(&shelf), ["first"]);
}

#[test]
fn a_disk_that_lost_the_one_and_the_one_before_leaves_what_is_built_in() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = open(folder.path());
    for file in ["first", "second"] {
        put(&shelf, file);
        shelf.proven(KIND).unwrap();
        let path = folder.path().join("files").join(Hash::of(file.as_bytes()).to_string());
        std::fs::write(path, b"zeros").unwrap();
    }
    let (shelf, told) = Shelf::open(folder.path()).unwrap();
    assert!(in_force(&shelf).is_empty() && told.len() == 2, "{told:?}");
}

#[test]
fn one_changes_what_is_in_force_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = open(folder.path());
    let turn = shelf.turn();
    assert!(turn.is_some() && shelf.turn().is_none());
    drop(turn);
    assert!(shelf.turn().is_some());
}

#[test]
fn two_that_keep_files_do_not_sweep_each_others_away() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = open(folder.path());
    for round in 0..20 {
        let files: Vec<String> = (0..4).map(|file| format!("{round} {file}")).collect();
        std::thread::scope(|scope| {
            for file in &files {
                scope.spawn(|| shelf.keep(KIND, &name("some"), file.as_bytes(), "").unwrap());
            }
        });
        for file in &files {
            assert_eq!(shelf.read(Hash::of(file.as_bytes())).unwrap(), file.as_bytes());
        }
    }
}

#[test]
fn settings_that_shut_every_laptop_out_are_refused() {
    let library = Library::built_in().unwrap();
    let check = |text: &str| check_text(FileKind::Config, "box.toml", text.as_bytes(), &library, None);
    let refused = check("[link]\nlisten = []\nserial = []\n").unwrap_err();
    assert!(refused.contains("box.toml") && refused.contains("link.listen"), "{refused}");
    check("[link]\nlisten = []\n").unwrap();
    check("[link]\nserial = []\n").unwrap();
}

#[test]
fn a_line_about_a_file_cannot_make_the_ledger_unreadable() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = open(folder.path());
    put(&shelf, "works");
    shelf.proven(KIND).unwrap();
    shelf.keep(FileKind::Raga, &name("long"), b"long", &"ä".repeat(5_000_000)).unwrap();
    assert!(shelf.list(FileKind::Raga)[0].about.len() <= 160);
    drop(shelf);
    let ledger = folder.path().join("ledger.json");
    // As a former release left it.
    let text = std::fs::read_to_string(&ledger).unwrap();
    let about = "\"about\": \"";
    std::fs::write(&ledger, text.replace(about, &format!("{about}{}", "x".repeat(3_000_000)))).unwrap();
    let (shelf, told) = Shelf::open(folder.path()).unwrap();
    assert_eq!((in_force(&shelf), told), (vec!["works".to_owned()], vec![]));
    assert!(shelf.list(FileKind::Raga)[0].about.len() <= 160);
}

#[test]
fn settings_that_take_a_line_from_laptops_or_have_no_rate_are_not_pushed() {
    let library = Library::built_in().unwrap();
    let check = |text: &str| check_text(FileKind::Config, "box.toml", text.as_bytes(), &library, None);
    let line = "serial:/dev/ttyAMA0";
    for (text, says) in [
        (format!("[midi]\nports = [\"{line}\"]\n[link]\nserial = [\"/dev/ttyAMA0\"]\n"), "give each its own line"),
        (format!("[midi]\nmidi_in = [\"{line}\"]\n[link]\nserial = [\"/dev/ttyAMA0@9600\"]\n"), "its own line"),
        (format!("[midi]\nports = [\"{line}@0\"]\n"), "no baud rate"),
        (format!("[midi]\nports = [\"{line}\", \"{line}\"]\n"), "twice"),
    ] {
        assert!(check(&text).is_err_and(|error| error.contains(says)), "{text} said {:?}", check(&text));
    }
    assert!(check("[midi]\nports = [\"alsa\", \"serial:/dev/ttyAMA1@38400\"]\nmidi_in = [\"alsa\"]\n").is_ok());
}
