//! Eight sessions of paired laptops that ask for all there is on every stream, fill what they can, and read nothing: the
//! box stays small. `-- --nocapture` prints the figures.

#[path = "adversary/mod.rs"]
mod adversary;
mod rasika;
mod synth;

use adversary::{FakeLaptop, Key};
use rasika::{Rasika, film};
use rasika_device::link::KeyRing;
use rasika_device::link::message::{FileKind, FileName, Hello, Request};
use rasika_device::link::mux::{MAX_STREAMS, WINDOW};
use rasika_device::shelf::Shelf;
use std::sync::Arc;
use std::time::Duration;
use synth::Terminal;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// The promise, in kB over the box at rest.
const MOST_KB: u64 = 64 * 1024;
const SESSIONS: usize = 8;
/// How long they last, and how long the box is looked at without them.
const TIME: Duration = Duration::from_secs(12);

/// All streams at once; `session` says which kind of greed.
async fn overfill(address: String, key: Key, session: usize, model: FileName) {
    let Ok(mut rogue) = FakeLaptop::enter(&address, &key, &Hello::new("rogue")).await else { return };
    for number in 0..MAX_STREAMS {
        let request = match (session + number) % 4 {
            0 | 1 => Request::Fetch { kind: FileKind::Model, name: model.clone(), offset: 0 },
            2 => Request::Logs { lines: 10_000, follow: true },
            _ => Request::Changes { after: 0, limit: 0, follow: true },
        };
        let stream = rogue.request(&request).await;
        // All that may be given: the box would send on for long.
        rogue.credit(stream, WINDOW).await;
    }
    // As much as may be left unread, in one message that does not end.
    for stream in 1..=4 {
        rogue.frame(stream, 1, &[0; 16_000]).await;
    }
    // Nothing is read; a sign of life keeps the session.
    while rogue.frame(0, 5, &[]).await {
        sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_sessions_that_overfill_the_box_leave_it_small() {
    let folder = tempfile::tempdir().unwrap();
    let synth = Terminal::new(Arc::default());
    let keys: Vec<Key> = (0..SESSIONS).map(|_| Key::draw()).collect();
    let ring = KeyRing::open(&folder.path().join("takes/link/laptops.toml")).unwrap();
    keys.iter().enumerate().for_each(|(number, key)| ring.add(&format!("rogue {number}"), key.public).unwrap());
    // As large as a model may be.
    let model = FileName::new("large.rasika").unwrap();
    let (shelf, _) = Shelf::open(&folder.path().join("takes/shelf")).unwrap();
    shelf.keep(FileKind::Model, &model, &vec![7; 32 << 20], "").unwrap();
    drop(shelf);
    let film = film("WolfgangLanger_Pexels.mp4");
    let rasika = Rasika::start(folder.path(), &[&film, "--midi", &synth.name]);
    let address = format!("127.0.0.1:{}", rasika.hears_line("laptops reach the box at port "));
    rasika.hears("ready to record");
    sleep(TIME).await;
    rasika.forget_peak();
    let rest = rasika.figure("VmRSS");
    let mut rogues = JoinSet::new();
    for (session, key) in keys.into_iter().enumerate() {
        rogues.spawn(overfill(address.clone(), key, session, model.clone()));
    }
    let _ = timeout(TIME, async { while rogues.join_next().await.is_some() {} }).await;
    let peak = rasika.figure("VmHWM");
    println!(
        "peak memory: {rest} kB at rest, {} kB more under {SESSIONS} overfilling sessions",
        peak.saturating_sub(rest)
    );
    assert!(peak <= rest + MOST_KB, "{peak} kB, {rest} at rest");
    rogues.shutdown().await;
    rasika.ends();
}
