//! Box and laptop, the real programs, are killed at random instants while takes are recorded and pulled and ragas are
//! pushed. After it the dataset is the box's takes exactly, each that was confirmed among them, and what is in force is
//! whole. 4 times, or as often as `RASIKA_ENDURE` says (`make endure`).

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rasika_device::link::message::{FileKind, Hash};
use rasika_device::shelf::Shelf;
use rasika_device::store::Store;

#[path = "../../device/tests/rasika/mod.rs"]
mod rasika;

use rasika::{Rasika, film};

const RAGA: &str = include_str!("../../device/ragas/yaman.toml");

/// Chance, from the number of the process.
struct Chance(u64);

impl Chance {
    /// Up to so many milliseconds.
    fn wait(&mut self, most_ms: u64) {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        std::thread::sleep(Duration::from_millis(self.0 % most_ms));
    }
}

/// A take's number on its box, of the id that people see.
fn number(id: &str) -> u64 {
    id.rsplit_once('-').unwrap().1.parse().unwrap()
}

struct Laptop<'a>(&'a Path);

impl Laptop<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rasika"));
        command.args(arguments).env("RASIKA_DATA", self.0).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn begins(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Number on the box and hash of each take.
    fn takes(&self) -> BTreeMap<u64, Option<String>> {
        let takes: Vec<serde_json::Value> =
            serde_json::from_str(&self.ok(&["takes", "list", "--all", "--json"])).unwrap();
        takes
            .iter()
            .map(|take| (number(take["id"].as_str().unwrap()), take["hash"].as_str().map(str::to_owned)))
            .collect()
    }
}

fn pair(rasika: &mut Rasika, laptop: &Laptop, address: &str) {
    rasika.hears("ready to record");
    rasika.press("B");
    rasika.hears("let go to pair");
    rasika.press("B");
    rasika.hears("pairing");
    let mut asking = laptop.begins(&["pair", address]);
    let mut digits = String::new();
    let mut said = BufReader::new(asking.stdout.take().unwrap());
    said.read_line(&mut digits).unwrap();
    let blinked = rasika.hears_line("RECORD if it shows ");
    assert_eq!(digits.trim(), blinked);
    rasika.hears("pairing asked");
    std::thread::sleep(Duration::from_millis(1500));
    rasika.press("r");
    said.read_to_string(&mut digits).unwrap();
    assert!(asking.wait().unwrap().success(), "{digits}");
}

/// Records until it is told that the take is kept.
fn record(rasika: &mut Rasika) -> u64 {
    rasika.hears("ready to record");
    rasika.press("s");
    rasika.hears("label shringara");
    std::thread::sleep(Duration::from_millis(700));
    rasika.press("R");
    rasika.hears("recording take");
    std::thread::sleep(Duration::from_millis(600));
    rasika.press("R");
    let said = rasika.hears_line("rasikad: take ");
    assert!(said.contains("is kept"), "{said}");
    number(said.split_once(' ').unwrap().0)
}

#[test]
fn whoever_is_killed_the_laptop_has_what_the_box_has() {
    let lives = std::env::var("RASIKA_ENDURE").map_or(4, |lives| lives.parse().expect("RASIKA_ENDURE is a number"));
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("laptop");
    let laptop = Laptop(&data);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let listen = format!("link.listen=[\"{address}\"]");
    let film = film("WolfgangLanger_Pexels.mp4");
    let start = || Rasika::start(folder.path(), &[&film, "--set", &listen, "--set", "midi.ports=[]"]);
    let mut chance = Chance(u64::from(std::process::id()) | 1);
    let mut rasika = start();
    pair(&mut rasika, &laptop, &address);
    rasika.ends();

    let (mut confirmed, mut pushed) = (Vec::new(), Vec::new());
    for life in 0..lives {
        let mut rasika = start();
        confirmed.push(record(&mut rasika));
        let raga = folder.path().join(format!("raga_{}.toml", life % 3));
        let text = format!("{}\n# {life}\n", RAGA.replacen("name = \"Yaman\"", "name = \"Yaman Kalyan\"", 1));
        std::fs::write(&raga, &text).unwrap();
        pushed.push(Hash::of(text.as_bytes()));
        let raga = raga.display().to_string();
        let verb: &[&str] = if life % 2 == 0 { &["pull"] } else { &["push", &raga] };
        let mut at_work = laptop.begins(verb);
        chance.wait(120);
        if life % 3 == 0 {
            at_work.kill().unwrap();
            chance.wait(1000);
        }
        rasika.kill();
        let _ = at_work.kill();
        at_work.wait().unwrap();
    }

    let rasika = start();
    rasika.hears("laptops reach the box");
    laptop.ok(&["pull"]);
    let models = laptop.ok(&["models", "--json"]);
    laptop.ok(&["status"]);
    rasika.ends();

    let store = Store::open(&folder.path().join("takes/takes.db")).unwrap();
    store.check().unwrap();
    let takes = store.takes().unwrap();
    let here: BTreeMap<u64, Option<String>> =
        takes.iter().map(|take| (take.id.number, take.hash.map(|hash| hash.to_string()))).collect();
    assert_eq!(laptop.takes(), here);
    for number in &confirmed {
        assert!(here.get(number).is_some_and(Option::is_some), "take {number} was confirmed: {here:?}");
    }
    let (shelf, told) = Shelf::open(&folder.path().join("takes/shelf")).unwrap();
    assert!(told.iter().all(|line| line.contains("died within")), "{told:?}");
    for file in shelf.in_force(FileKind::Raga) {
        assert!(pushed.contains(&file.hash) && Hash::of(&shelf.read(file.hash).unwrap()) == file.hash, "{file:?}");
    }
    assert!(models.contains("built-in"), "{models}");
    println!("{lives} kills: {} takes on both sides", here.len());
}
