//! How fast it is: printed, not judged.

use crate::stage::{Stage, pull};
use rasika_device::link::memory::MemoryLaptop;
use std::time::Instant;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures: run it alone, with --nocapture, in release"]
async fn pulls_on_loopback() {
    let stage = Stage::new();
    // Nine takes of a thousand observations of 1 KiB, twenty to a chunk.
    stage.record(9, 50, 20 * 1024);
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let laptop = MemoryLaptop::default();
    let begun = Instant::now();
    let pulled = pull(&client, &laptop).await.unwrap();
    println!("pull of 9 × 1000 observations, {} bytes: {:.0?}", pulled.bytes, begun.elapsed());
    let mut waits: Vec<_> = Vec::new();
    for _ in 0..200 {
        let begun = Instant::now();
        let mut nothing = client.changes(9, 0, false).await.unwrap();
        assert!(nothing.next().await.unwrap().is_none());
        waits.push(begun.elapsed());
    }
    waits.sort();
    println!("nothing new: half within {:.0?}, the worst {:.0?}", waits[100], waits[199]);
    let begun = Instant::now();
    drop(stage.client(&stage.tcp().await).await.unwrap());
    println!("connection, handshake and hello: {:.0?}", begun.elapsed());
}
