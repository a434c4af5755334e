//! Peers that mean no good, at the door of the whole box: the music keeps its time, memory and sockets stay bounded, and
//! the laptop that is paired gets in.

mod rasika;
mod synth;

use rasika::{Rasika, film};
use rasika_device::control::Report;
use rasika_device::link::{Client, Expect, Identity, KeyRing, Pace};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use synth::Terminal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long a box is looked at.
const LOOKED_AT: Duration = Duration::from_secs(12);
const LONG: Duration = Duration::from_secs(60);
/// Memory a box may take beside what it takes undisturbed: 8 sessions of 3 MiB, and as much again for the allocator.
const MORE_KB: u64 = 48 * 1024;

/// A box's figures after it was looked at.
#[derive(Debug)]
struct Figures {
    late_us: u64,
    events: u64,
    memory_kb: u64,
    threads: u64,
    files: usize,
}

fn figures(rasika: &Rasika) -> Figures {
    let told = rasika.ask(&["status", "--json"]);
    let report: Report = serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"));
    Figures {
        late_us: report.lateness.events.p99_us,
        events: report.events,
        memory_kb: rasika.figure("VmRSS"),
        threads: rasika.figure("Threads"),
        files: rasika.open_files(),
    }
}

fn start(folder: &Path, me: &Identity, synth: &Terminal) -> (Rasika, String) {
    let ring = KeyRing::open(&folder.join("takes/link/laptops.toml")).unwrap();
    ring.add("laptop", me.public()).unwrap();
    let film = film("WolfgangLanger_Pexels.mp4");
    let rasika = Rasika::start(folder, &[&film, "--midi", &synth.name]);
    let port = rasika.hears_line("laptops reach the box at port ");
    (rasika, format!("127.0.0.1:{port}"))
}

/// Bytes of no meaning, over and over.
async fn garbage(address: String, seed: u8) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(&address).await {
            let mut bytes = vec![0; 3000];
            blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
            // Every other one begins with a length that could be.
            if seed.is_multiple_of(2) {
                bytes[..2].copy_from_slice(&[0, 34]);
            }
            let _ = stream.write_all(&bytes).await;
            let _ = timeout(Duration::from_secs(1), stream.read_to_end(&mut Vec::new())).await;
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Begins a handshake and says no more.
async fn slow(address: String) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(&address).await {
            for byte in [0, 34, 1] {
                let _ = stream.write_all(&[byte]).await;
                sleep(Duration::from_millis(300)).await;
            }
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// A key that the box does not know.
async fn stranger(address: String) {
    let me = Identity::draw().unwrap();
    loop {
        if let Ok(stream) = TcpStream::connect(&address).await {
            let _ = Client::pair(stream, Pace::NETWORK, &me, "stranger", |_| async { true }).await;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Connects as often as it can and says nothing.
async fn crowd(address: String) {
    let mut held = std::collections::VecDeque::new();
    loop {
        held.extend(TcpStream::connect(&address).await);
        if held.len() > 100 {
            held.pop_front();
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// A paired laptop that asks for all it can get and reads none of it.
async fn greedy(client: Client) {
    let mut unread = Vec::new();
    for _ in 0..7 {
        unread.push(client.logs(1000, true).await);
    }
    let mut moods = Vec::new();
    for _ in 0..7 {
        moods.push(client.watch(60).await);
    }
    client.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_at_the_door_do_not_disturb_the_music() {
    let me = Identity::draw().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let synth = Terminal::new(Arc::default());
    let (rasika, _) = start(folder.path(), &me, &synth);
    sleep(LOOKED_AT).await;
    let calm = figures(&rasika);
    rasika.ends();

    let folder = tempfile::tempdir().unwrap();
    let synth = Terminal::new(Arc::default());
    let (rasika, address) = start(folder.path(), &me, &synth);
    let key = Identity::open(&folder.path().join("takes/link/key")).unwrap().public();
    let expect = Expect { name: "box".to_owned(), key };
    let begun = Instant::now();
    let mut peers = JoinSet::new();
    peers.spawn(greedy(Client::connect_tcp(&address, &me, "laptop", &expect).await.unwrap()));
    for seed in 0..4 {
        peers.spawn(garbage(address.clone(), seed));
        peers.spawn(stranger(address.clone()));
    }
    for _ in 0..20 {
        peers.spawn(slow(address.clone()));
    }
    peers.spawn(crowd(address.clone()));
    sleep(LOOKED_AT / 2).await;
    // Places for handshakes are few, and taken again and again; who is honest needs one for a moment only.
    let entering = async {
        loop {
            if let Ok(client) = Client::connect_tcp(&address, &me, "laptop", &expect).await {
                return client;
            }
        }
    };
    let honest = timeout(LONG, entering).await.expect("the laptop that is paired gets in");
    honest.status().await.unwrap();
    sleep(LOOKED_AT.saturating_sub(begun.elapsed())).await;
    let attacked = figures(&rasika);
    peers.shutdown().await;
    println!("undisturbed {calm:?}\nattacked    {attacked:?}");

    assert!(attacked.events > 20, "it has played");
    // The peers are on the same processors: a bound that a stall would break, not a measurement.
    assert!(
        attacked.late_us <= calm.late_us * 10 + 20_000,
        "{} µs late, {} undisturbed",
        attacked.late_us,
        calm.late_us
    );
    assert!(
        attacked.memory_kb <= calm.memory_kb + MORE_KB,
        "{} kB, {} undisturbed",
        attacked.memory_kb,
        calm.memory_kb
    );
    // The link's own threads that wait for the disk are at most eight.
    assert!(attacked.threads <= calm.threads + 8, "{} threads, {} undisturbed", attacked.threads, calm.threads);
    assert!(attacked.files <= calm.files + 64, "{} files open, {} undisturbed", attacked.files, calm.files);
    honest.status().await.unwrap();
    rasika.ends();
}
