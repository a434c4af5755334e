//! The plug is pulled while laptops push: a process that keeps, activates and rolls back files is killed at random
//! instants, and every time what is in force is a whole file that was once put in force, or what is built in.
//!
//! This test is its own program: started with a folder in `RASIKA_SHELF_FOLDER` it pushes until it is killed. 25 times, or
//! as often as `RASIKA_ENDURE` says (`make endure`).

use rasika_device::link::message::{FileKind, FileName, Hash};
use rasika_device::shelf::Shelf;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const FOLDER: &str = "RASIKA_SHELF_FOLDER";
const KILLS: &str = "RASIKA_ENDURE";
/// How large a file is at least, in bytes: a model's half.
const BYTES: usize = 300_000;

fn main() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        push_until_killed(Path::new(&folder));
    }
    // `cargo test NAME` starts every test program with the name of what is wanted.
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    if wanted.is_some_and(|name| !"shelf_killed".contains(&name)) {
        return;
    }
    let kills = std::env::var(KILLS).ok().map_or(25, |count| count.parse().expect("RASIKA_ENDURE is a number"));
    let folder = tempfile::tempdir().unwrap();
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    let (mut chance, mut pushed, mut taken_back) = (u64::from(seed) | 1, 0, 0);
    for kill in 1..=kills {
        // xorshift64
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(FOLDER, folder.path())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(5 + chance % 200));
        child.kill().unwrap();
        child.wait().unwrap();
        let (shelf, told) = Shelf::open(folder.path()).unwrap();
        assert!(told.iter().all(|line| line.contains("died within 30 s")), "kill {kill}: {told:?}");
        taken_back += told.len();
        for kind in [FileKind::Model, FileKind::Raga] {
            for entry in shelf.in_force(kind) {
                let bytes = shelf.read(entry.hash).unwrap();
                assert_eq!(Hash::of(&bytes), entry.hash, "kill {kill}: {} is not whole", entry.name);
                assert_eq!(bytes.len() as u64, entry.bytes);
                pushed += 1;
            }
        }
    }
    assert!(pushed > 0, "nothing was ever in force: {kills} kills show nothing");
    println!("shelf: {kills} kills, {pushed} files in force seen and all whole, {taken_back} taken back");
    // Files that nothing names do not pile up.
    let files = std::fs::read_dir(folder.path().join("files")).unwrap().count();
    assert!(files < 64, "{files} files are left");
}

fn push_until_killed(folder: &Path) -> ! {
    let (shelf, _) = Shelf::open(folder).unwrap();
    let mut number = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    loop {
        number += 1;
        let kind = if number.is_multiple_of(3) { FileKind::Raga } else { FileKind::Model };
        let name = FileName::new(if number.is_multiple_of(2) { "even" } else { "odd" }).unwrap();
        let bytes: Vec<u8> =
            number.to_le_bytes().iter().copied().cycle().take(BYTES + number as usize % 1000).collect();
        shelf.keep(kind, &name, &bytes, "a file").unwrap();
        shelf.activate(kind, &name, Hash::of(&bytes)).unwrap();
        if number.is_multiple_of(5) {
            // There may be nothing to go back to.
            let _ = shelf.roll_back(kind);
        }
        if number.is_multiple_of(4) {
            shelf.proven(kind).unwrap();
        }
    }
}
