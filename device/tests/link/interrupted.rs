//! Connections cut at any byte: what goes on afterwards ends equal.

use crate::stage::{LONG, Stage, name, noise, pull};
use rasika_device::link::Pace;
use rasika_device::link::fault::{Faults, Faulty};
use rasika_device::link::memory::MemoryLaptop;
use rasika_device::link::message::{FileKind, Hash};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How many cuts in each direction; 300 for endurance.
fn cuts() -> u64 {
    std::env::var("RASIKA_LINK_CUTS").ok().and_then(|cuts| cuts.parse().ok()).unwrap_or(30)
}

/// Places to cut at, early ones and late ones.
fn places(whole: u64) -> impl Iterator<Item = Faults> {
    (0..cuts()).flat_map(move |number| {
        let draw = noise(8, number as u32);
        let place = u64::from_le_bytes(draw.try_into().unwrap()) % whole;
        // A third of them in handshake and first requests.
        let place = Some(if number % 3 == 0 { place % 700 } else { place });
        [
            Faults { cut_reading_after: place, ..Faults::default() },
            Faults { cut_writing_after: place, ..Faults::default() },
        ]
    })
}

async fn faulty(address: &str, faults: Faults) -> Faulty<TcpStream> {
    Faulty::new(TcpStream::connect(address).await.unwrap(), faults)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_cut_anywhere_goes_on_and_ends_equal() {
    let stage = Stage::new();
    let address = stage.tcp().await;
    let mut broken = 0;
    // One laptop goes through all cuts, while the box records on; another begins anew at each.
    let through = MemoryLaptop::default();
    for faults in places(120_000) {
        stage.record(1, 3, 7000);
        let anew = MemoryLaptop::default();
        for laptop in [&through, &anew] {
            if let Ok(client) =
                timeout(LONG, stage.client_on(faulty(&address, faults).await, Pace::NETWORK)).await.unwrap()
            {
                broken += u32::from(timeout(LONG, pull(&client, laptop)).await.unwrap().is_err());
            } else {
                broken += 1;
            }
        }
        let client = stage.client(&address).await.unwrap();
        let rest = timeout(LONG, pull(&client, &anew)).await.unwrap().unwrap();
        assert_eq!(anew.takes(), stage.served.takes(), "after {faults:?} and {rest:?}");
    }
    let client = stage.client(&address).await.unwrap();
    pull(&client, &through).await.unwrap();
    assert_eq!(through.takes(), stage.served.takes());
    assert!(broken > cuts() as u32, "only {broken} were broken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_cut_anywhere_goes_on_and_ends_equal() {
    let stage = Stage::new();
    let address = stage.tcp().await;
    let mut gone_on = 0;
    for (number, faults) in places(150_000).enumerate() {
        let file = noise(140_000, number as u32);
        let called = name("model.zip");
        if let Ok(client) = timeout(LONG, stage.client_on(faulty(&address, faults).await, Pace::NETWORK)).await.unwrap()
        {
            let _ = timeout(LONG, client.push(FileKind::Model, &called, &file, |_| {})).await.unwrap();
        }
        assert!(stage.served.active(FileKind::Model) != Some(file.clone()), "in force before it was said");
        let client = stage.client(&address).await.unwrap();
        let mut first = None;
        // The box may not have noticed the cut yet: it says busy, and means it.
        let pushed = timeout(LONG, async {
            loop {
                let push = client.push(FileKind::Model, &called, &file, |progress| {
                    first.get_or_insert(progress.done_bytes);
                });
                if let Ok(pushed) = push.await {
                    return pushed;
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        });
        pushed.await.unwrap();
        gone_on += u32::from(first > Some(0));
        client.activate(FileKind::Model, &called, Hash::of(&file)).await.unwrap();
        assert_eq!(stage.served.active(FileKind::Model), Some(file));
    }
    assert!(gone_on > 0, "no push went on where it was");
}
