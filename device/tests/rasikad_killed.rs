//! Its plug is pulled at random instants while a laptop pushes files and puts them in force: after every start what is in
//! force is whole and of the laptop's, and the box plays. 5 times, or as often as `RASIKA_ENDURE` says (`make endure`).

mod rasika;
mod synth;

use rasika::{Rasika, film};
use rasika_device::link::message::{FileKind, FileName, Hash};
use rasika_device::link::{Client, Expect, Identity, KeyRing, LinkError};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use synth::{Terminal, wait};
use tokio::time::{sleep, timeout};

const KINDS: [FileKind; 3] = [FileKind::Raga, FileKind::Map, FileKind::Sounds];
const LONG: Duration = Duration::from_secs(60);

/// A file of each kind, another one each time.
fn file(number: usize) -> (FileKind, FileName, Vec<u8>) {
    let (kind, name, text) = match number % 3 {
        0 => (FileKind::Raga, "yaman_kalyan.toml", include_str!("../ragas/yaman.toml")),
        1 => (FileKind::Map, "map.toml", include_str!("../maps/default.toml")),
        _ => (FileKind::Sounds, "sounds.toml", include_str!("../sounds/gm.toml")),
    };
    let text = match kind {
        FileKind::Raga => text.replacen("name = \"Yaman\"", "name = \"Yaman Kalyan\"", 1),
        _ => text.to_owned(),
    };
    // A comment as long as the file gives the plug more instants to be pulled at.
    let comment = "#".repeat(1000 + number * 7919 % 30_000);
    (kind, FileName::new(name).unwrap(), format!("{text}\n{comment} {number}\n").into_bytes())
}

struct Laptop {
    me: Identity,
    address: String,
    keys: std::path::PathBuf,
}

impl Laptop {
    async fn client(&self) -> Result<Client, LinkError> {
        let key = Identity::open(&self.keys.join("key"))?.public();
        let expect = Expect { name: "box".to_owned(), key };
        Client::connect_tcp(&self.address, &self.me, "laptop", &expect).await
    }

    /// A session, as soon as the box is there.
    async fn reach(&self) -> Client {
        let trying = async {
            loop {
                match self.client().await {
                    Ok(client) => return client,
                    Err(_) => sleep(Duration::from_millis(20)).await,
                }
            }
        };
        timeout(LONG, trying).await.expect("the box lets its laptop in")
    }

    /// Pushes and activates until it is dropped; `sent` knows of a file before the box does.
    async fn push(&self, number: &mut usize, sent: &mut HashSet<Hash>) {
        loop {
            let client = self.reach().await;
            loop {
                let (kind, name, bytes) = file(*number);
                *number += 1;
                let hash = Hash::of(&bytes);
                sent.insert(hash);
                let pushed = client.push(kind, &name, &bytes, |_| {}).await;
                // The box starts anew with what is put in force; until it does, it takes more.
                if pushed.is_err() || client.activate(kind, &name, hash).await.is_err() {
                    break;
                }
            }
        }
    }
}

/// What is in force is whole, of the laptop's or built in, and nothing was found damaged.
async fn check(laptop: &Laptop, sent: &HashSet<Hash>, folder: &Path) {
    let client = laptop.reach().await;
    for kind in KINDS {
        let files = client.list(kind).await.unwrap();
        assert!(files.iter().any(|file| file.active), "{files:?}");
        for file in files.iter().filter(|file| file.name.as_str() != "built-in") {
            let path = folder.join("takes/shelf/files").join(file.hash.to_string());
            let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{file:?}: {error}"));
            assert!(Hash::of(&bytes) == file.hash && sent.contains(&file.hash), "{file:?} is not what was sent");
        }
    }
    let mut logs = client.logs(1000, false).await.unwrap();
    while let Some(line) = logs.next().await.unwrap() {
        let complains =
            ["damaged", "cannot be read", "goes on without", "is built in"].iter().any(|word| line.contains(word));
        assert!(!complains, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_instant_the_plug_is_pulled_at_what_is_in_force_is_whole() {
    let lives = std::env::var("RASIKA_ENDURE").map_or(5, |lives| lives.parse().expect("RASIKA_ENDURE is a number"));
    let folder = tempfile::tempdir().unwrap();
    let synth = Terminal::new(Arc::default());
    let keys = folder.path().join("takes/link");
    let me = Identity::draw().unwrap();
    KeyRing::open(&keys.join("laptops.toml")).unwrap().add("laptop", me.public()).unwrap();
    // The same port after each start, so that the laptop finds the box again.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let listen = format!("link.listen=[\"{address}\"]");
    let film = film("WolfgangLanger_Pexels.mp4");
    let laptop = Laptop { me, address, keys };
    let (mut sent, mut number, mut chance) = (HashSet::new(), 0, std::process::id() as u64 | 1);
    let mut acknowledged = 0;
    for life in 0..=lives {
        let mut rasika = Rasika::start(folder.path(), &[&film, "--midi", &synth.name, "--set", &listen]);
        check(&laptop, &sent, folder.path()).await;
        let before = synth.synth().notes;
        wait("the box plays", || synth.synth().notes > before);
        if life == lives {
            rasika.ends();
            break;
        }
        // xorshift64
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let life = Duration::from_millis(5 + chance % 1500);
        let from = number;
        let pushed = timeout(life, laptop.push(&mut number, &mut sent)).await;
        assert!(pushed.is_err(), "pushing ends with the box only");
        rasika.kill();
        acknowledged += number - from;
    }
    println!("{lives} plugs pulled while {acknowledged} files came");
    assert!(acknowledged >= lives, "{acknowledged} files in {lives} lives are too few to show anything");
}
