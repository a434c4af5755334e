//! Box and laptop, the real programs, are killed at random instants while takes are recorded and pulled and ragas are
//! pushed. After it the dataset is the box's takes exactly, each that was confirmed among them, and what is in force is
//! whole. 4 times, or as often as `RASIKA_ENDURE` says (`make endure`).

use std::collections::BTreeMap;
use std::time::Duration;

use rasika_device::link::message::{FileKind, Hash};
use rasika_device::shelf::Shelf;
use rasika_device::store::Store;

use crate::laptop::Laptop;
use crate::person::{choose, number, pair, record};
use crate::rasika::{Rasika, film};

const RAGA: &str = include_str!("../../../device/ragas/yaman.toml");

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

#[test]
fn whoever_is_killed_the_laptop_has_what_the_box_has() {
    let lives = std::env::var("RASIKA_ENDURE").map_or(4, |lives| lives.parse().expect("RASIKA_ENDURE is a number"));
    let folder = tempfile::tempdir().unwrap();
    let laptop = Laptop::new();
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
        rasika.hears("ready to record");
        choose(&mut rasika, 1, "shringara");
        confirmed.push(record(&mut rasika, Duration::from_millis(600)));
        let raga = folder.path().join(format!("raga_{}.toml", life % 3));
        let text = format!("{}\n# {life}\n", RAGA.replacen("name = \"Yaman\"", "name = \"Yaman Kalyan\"", 1));
        std::fs::write(&raga, &text).unwrap();
        pushed.push(Hash::of(text.as_bytes()));
        let raga = raga.display().to_string();
        let verb: &[&str] = if life % 2 == 0 { &["pull"] } else { &["push", &raga] };
        let mut at_work = laptop.command(verb).spawn().unwrap();
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
    let whole =
        |take: &serde_json::Value| (number(take["id"].as_str().unwrap()), take["hash"].as_str().map(str::to_owned));
    assert_eq!(laptop.takes().iter().map(whole).collect::<BTreeMap<_, _>>(), here);
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
