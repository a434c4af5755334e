//! A box that a laptop has paired answers each of its requests with any frames at all: the laptop neither dies, nor waits
//! for ever, nor keeps more than a session may.
//!
//! The session is a whole one, handshake included; time runs by itself when nobody has anything to do. The input: which
//! request, then frames, each a kind, a length, and bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rasika_device::link::memory::MemoryLaptop;
use rasika_device::link::message::{BoxId, FileKind, FileName, Hello, Label, Proof, PublicKey, TakeId};
use rasika_device::link::mux::{Frame, Kind};
use rasika_device::link::secure::handshake::{self, Handshaken};
use rasika_device::link::{Client, Expect, Identity, LinkError, Pace};
use std::sync::LazyLock;
use tokio::io::DuplexStream;

static KEYS: LazyLock<(Identity, Identity)> =
    LazyLock::new(|| (Identity::draw().expect("random numbers"), Identity::draw().expect("random numbers")));

fuzz_target!(|input: &[u8]| {
    let [asked, answers @ ..] = input else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let (near, far) = tokio::io::duplex(1 << 17);
        let (laptop, boxed) = &*KEYS;
        let expect = Expect { name: "box".to_owned(), key: boxed.public() };
        let client = Client::begin(near, Pace::NETWORK, laptop, "laptop", &expect);
        let (served, client) = tokio::join!(greet(far, boxed), client);
        let client = client.expect("a box that does as it should so far");
        let answering = tokio::spawn(answer(served, frames(answers)));
        // Whatever comes of it: an error is an answer too.
        let _ = ask(&client, *asked).await;
        answering.abort();
    });
});

async fn greet(far: DuplexStream, me: &Identity) -> Handshaken<DuplexStream> {
    let mut peer = handshake::answer(far, me, "box").await.expect("a handshake");
    peer.writer.write(&[0]).await.expect("a verdict");
    let hello = Hello { box_id: Some(BoxId([0; 16])), ..Hello::new("box") };
    peer.writer.write(&hello.write().expect("a hello")).await.expect("a hello");
    peer.writer.flush().await.expect("a hello");
    peer.reader.read().await.expect("the laptop's hello");
    peer
}

/// Says the frames, hears whatever the laptop says, and lives on.
async fn answer(peer: Handshaken<DuplexStream>, frames: Vec<Vec<u8>>) {
    let Handshaken { mut reader, mut writer, .. } = peer;
    let hearing = async { while reader.read().await.is_ok() {} };
    let saying = async {
        for frame in frames {
            if writer.write(&frame).await.is_err() || writer.flush().await.is_err() {
                return;
            }
        }
        let alive = Frame { stream: 0, kind: Kind::Alive }.write();
        // Long enough for every limit of the laptop's; then it is gone.
        for _ in 0..100 {
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            if writer.write(&alive).await.is_err() || writer.flush().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = hearing => {}
        () = saying => {}
    }
}

/// Frames of the first streams, as the input has them; a kind beyond those there are is a whole message that says yes.
fn frames(mut input: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let [kind, length, rest @ ..] = input {
        let stream = 1 + u32::from(kind >> 5) % 4;
        let length = (usize::from(*length) * if kind & 16 == 0 { 1 } else { 64 }).min(rest.len());
        let (body, after) = rest.split_at(length);
        input = after;
        let (kind, yes) = if kind & 15 > 7 { (0, &[0][..]) } else { (kind & 15, &[][..]) };
        frames.push([&stream.to_le_bytes()[..], &[kind], yes, body].concat());
    }
    frames
}

async fn ask(client: &Client, asked: u8) -> Result<(), LinkError> {
    let name = FileName::new("file.toml").expect("a name");
    let id = TakeId { box_id: BoxId([0; 16]), number: 1 };
    let kind = [FileKind::Model, FileKind::Config][usize::from(asked >> 7)];
    match asked % 16 {
        0 => client.status().await.map(drop),
        1 => client.panic().await,
        2 => {
            let mut moods = client.watch(60).await?;
            while moods.next().await?.is_some() {}
            Ok(())
        }
        3 => {
            let mut lines = client.logs(100, false).await?;
            while lines.next().await?.is_some() {}
            Ok(())
        }
        4 => client.list(kind).await.map(drop),
        5 => client.keys().await.map(drop),
        6 => client.revoke(PublicKey([1; 32])).await.map(drop),
        7 => client.relabel(id, Label(None)).await.map(drop),
        8 => client.discard(id, true).await.map(drop),
        9 => client.roll_back(kind).await.map(drop),
        10 => client.push(kind, &name, &[7; 150_000], |_| {}).await.map(drop),
        11 => client.fetch(kind, &name, &mut Vec::new(), |_| {}).await,
        12 => client.proof_key().await.map(drop),
        13 | 14 => client.pull(MemoryLaptop::default(), 0, asked % 2 == 0, |_| {}).await.map(drop),
        _ => {
            let proof = Proof { id, answer: [1; 32] };
            client.held(&[proof, proof]).await?;
            client.prune(&[proof]).await.map(drop)
        }
    }
}
