//! A disk without any room, and one that is read-only: takes are pulled and, where anything can be written, deleted.
//!
//! The disk is a small one in memory, in a mount namespace of its own; where this machine's users may have none, the test
//! says so and is passed over.

mod takes;

use rasika_device::shelf::Shelf;
use rasika_device::store::{Reserve, Store, StoreError};
use rasika_models::Rasa;
use std::path::{Path, PathBuf};
use std::process::Command;
use takes::record;

/// Set in the process that has the disk: where it is mounted.
const DISK: &str = "RASIKA_TEST_DISK";

/// Runs a test of this program again with a disk of its own; false if this is that run already.
fn with_disk(test: &str) -> Option<PathBuf> {
    if let Some(disk) = std::env::var_os(DISK) {
        return Some(disk.into());
    }
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let run = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-Urm", "--", "sh", "-c", script]).env(DISK, folder.path());
        command.arg(program.as_os_str()).arg(test).output()
    };
    let mount = format!("mount -t tmpfs -o size=24m tmpfs \"${DISK}\"");
    match run(&mount) {
        Ok(done) if done.status.success() => {}
        other => {
            println!("passed over: this machine gives its users no disks of their own ({other:?})");
            return None;
        }
    }
    let done = run(&format!("{mount} && exec \"$0\" --exact \"$1\" --nocapture --test-threads=1")).unwrap();
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    assert!(done.status.success(), "{said}");
    None
}

/// Fills the disk to the last byte.
fn fill(disk: &Path) {
    let mut file = std::fs::File::create(disk.join("filler")).unwrap();
    for size in [1 << 20, 4096, 1] {
        while std::io::Write::write_all(&mut file, &vec![1; size]).is_ok() {}
    }
    assert_eq!(rasika_device::store::free_bytes(disk).unwrap(), 0);
}

fn all(store: &Store) -> usize {
    let own = store.own_box().unwrap().unwrap();
    let takes = store.changes(own, 0, 1000).unwrap().len();
    assert!(
        store.takes().unwrap().iter().all(|take| store.is_sound(take.id).unwrap_or(false) || !take.state.is_whole())
    );
    takes
}

#[test]
fn without_a_byte_of_room_takes_are_read_and_deleted() {
    let Some(disk) = with_disk("without_a_byte_of_room_takes_are_read_and_deleted") else { return };
    let file = disk.join("box/takes.db");
    let (mut store, _) = Store::open_box(&file, "box").unwrap();
    let takes: Vec<_> = (0..40).map(|_| record(&mut store, Rasa::Veera, 6)).collect();
    Reserve::beside(&file).keep(0);
    drop(store);
    fill(&disk);
    // Whatever cannot be opened to be written can be read.
    match Store::open(&file) {
        Ok(store) => assert_eq!(all(&store), 40),
        Err(error) => assert!(matches!(error, StoreError::Full), "{error}"),
    }
    assert_eq!(all(&Store::open_to_read(&file).unwrap()), 40);
    let (shelf, told) = Shelf::open(&disk.join("box/shelf")).unwrap();
    assert!(told.is_empty() && shelf.damaged().is_empty(), "{told:?}");
    // What was kept for that is given up, and everything can be deleted.
    assert!(Reserve::beside(&file).give_up());
    let mut store = Store::open(&file).unwrap();
    for take in &takes {
        let proof = store.proof(take.id, &[3; 32]).unwrap();
        assert_eq!(store.held(b"laptop", &[3; 32], &[(take.id, proof)]).unwrap(), 1);
        store.prune(take.id).unwrap();
    }
    assert_eq!(store.kept(takes[0].id.box_id).unwrap(), 0);
}

#[test]
fn on_a_read_only_card_takes_are_read_and_the_shelf_opens() {
    let Some(disk) = with_disk("on_a_read_only_card_takes_are_read_and_the_shelf_opens") else { return };
    let file = disk.join("box/takes.db");
    let (mut store, _) = Store::open_box(&file, "box").unwrap();
    let take = record(&mut store, Rasa::Veera, 6);
    drop(store);
    let kept = rasika_device::link::message::FileName::new("m.zip").unwrap();
    let kind = rasika_device::link::message::FileKind::Model;
    Shelf::open(&disk.join("box/shelf")).unwrap().0.keep(kind, &kept, b"model", "").unwrap();
    let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(&disk).status().unwrap();
    assert!(remounted.success());
    assert!(matches!(Store::open(&file), Err(StoreError::Unwritable(_))));
    let mut store = Store::open_to_read(&file).unwrap();
    assert_eq!(all(&store), 1);
    let said = store.discard(take.id).unwrap_err().of_the_box();
    assert!(said.contains("the box's disk cannot be written"), "{said}");
    let (shelf, told) = Shelf::open(&disk.join("box/shelf")).unwrap();
    assert!(told.is_empty(), "{told:?}");
    let (_, hash) = shelf.open_file(kind, &kept).unwrap();
    assert_eq!(shelf.read(hash).unwrap(), b"model");
}
