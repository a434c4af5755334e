//! Peers that mean no good: refused, at a bounded cost.

use crate::adversary::{FakeLaptop, Key};
use crate::stage::{LONG, Stage, noise};
use rasika_device::link::message::Hello;
use rasika_device::link::mux::{MAX_STREAMS, WINDOW};
use rasika_device::link::{Identity, Limits, LinkError, NotLetIn, Pace};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Reads until the box hangs up; how much it said.
pub async fn until_hung_up(stream: &mut TcpStream) -> usize {
    let mut said = Vec::new();
    let _ = timeout(LONG, stream.read_to_end(&mut said)).await.expect("the box does not hang up");
    said.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_hung_up_on() {
    let stage = Stage::new();
    let address = stage.tcp().await;
    for seed in 0..40 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        // With impossible lengths, and with possible ones of nonsense.
        let mut garbage = noise(5000, seed);
        if seed % 2 == 0 {
            garbage[..2].copy_from_slice(&[0, 34]);
        }
        let _ = stream.write_all(&garbage).await;
        assert!(until_hung_up(&mut stream).await < 300);
    }
    stage.client(&address).await.unwrap().status().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_slow_loses_the_place_and_keeps_nobody_out() {
    let limits = Limits { handshake_time: Duration::from_secs(3), ..Limits::default() };
    let stage = Stage::strangers(limits);
    stage.ring.add("laptop", stage.laptop_key.public()).unwrap();
    let address = stage.tcp().await;
    let mut slow = Vec::new();
    for _ in 0..limits.handshakes * 5 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(&[0, 34, 1]).await.unwrap();
        slow.push(stream);
    }
    stage.client(&address).await.unwrap().status().await.unwrap();
    for stream in &mut slow {
        until_hung_up(stream).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_from_one_address_keeps_no_other_out() {
    let stage = Stage::new();
    let address = stage.tcp().await;
    let flooding = address.clone();
    let flood = tokio::spawn(async move {
        let mut open = VecDeque::new();
        loop {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
            let Ok(mut stream) = socket.connect(flooding.parse().unwrap()).await else { continue };
            let _ = stream.write_all(&[0, 34, 1]).await;
            open.push_back(stream);
            if open.len() > 100 {
                open.pop_front();
            }
        }
    });
    for _ in 0..50 {
        stage.client(&address).await.unwrap().status().await.unwrap();
    }
    flood.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known_hears_why_and_no_more() {
    let stage = Stage::strangers(Limits::default());
    stage.ring.add("another", Identity::draw().unwrap().public()).unwrap();
    let refused = stage.client(&stage.tcp().await).await.err();
    assert_eq!(refused, Some(LinkError::NotLetIn(NotLetIn::Unknown)));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_sessions_than_there_are_places_are_told_so() {
    let stage = Stage::strangers(Limits { sessions: 2, ..Limits::default() });
    stage.ring.add("laptop", stage.laptop_key.public()).unwrap();
    let address = stage.tcp().await;
    let one = stage.client(&address).await.unwrap();
    let _two = stage.client(&address).await.unwrap();
    assert_eq!(stage.client(&address).await.err(), Some(LinkError::NotLetIn(NotLetIn::Full)));
    drop(one);
    timeout(LONG, async { while stage.client(&address).await.is_err() {} }).await.expect("the place is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_is_played_again_opens_nothing() {
    let stage = Stage::new();
    let address = stage.tcp().await;
    // A tap between laptop and box keeps what the laptop says.
    let tap = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tapped = tap.local_addr().unwrap().to_string();
    let target = address.clone();
    let listening = tokio::spawn(async move {
        let (laptop, _) = tap.accept().await.unwrap();
        let served = TcpStream::connect(target).await.unwrap();
        let ((mut from_laptop, mut to_laptop), (mut from_box, mut to_box)) = (laptop.into_split(), served.into_split());
        tokio::spawn(async move { tokio::io::copy(&mut from_box, &mut to_laptop).await });
        let mut heard = Vec::new();
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = from_laptop.read(&mut piece).await {
            heard.extend_from_slice(&piece[..count]);
            to_box.write_all(&piece[..count]).await.unwrap();
        }
        heard
    });
    let client = stage.client(&tapped).await.unwrap();
    client.panic().await.unwrap();
    drop(client);
    let heard = timeout(LONG, listening).await.unwrap().unwrap();
    let mut again = TcpStream::connect(&address).await.unwrap();
    again.write_all(&heard).await.unwrap();
    // The second message of a handshake is all it gets.
    assert!(until_hung_up(&mut again).await < 200);
    assert_eq!(stage.served.panics(), 1, "the panic that was overheard is not played");
}

fn known_rogue() -> (Stage, Key) {
    let (stage, key) = (Stage::strangers(Limits::default()), Key::draw());
    stage.ring.add("rogue", key.public).unwrap();
    (stage, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_laptop_that_breaks_the_rules_is_hung_up_on() {
    let (stage, key) = known_rogue();
    let address = stage.tcp().await;
    let hello = Hello::new("rogue");
    let piece = vec![0; 16_000];
    for case in 0..7 {
        let mut rogue = FakeLaptop::enter(&address, &key, &hello).await.unwrap();
        match case {
            // A message without end, beyond its size and its credit.
            0 => while rogue.frame(1, 1, &piece).await {},
            // Messages without end on a stream nobody reads: the request is a follow that runs on.
            1 => {
                rogue.frame(1, 0, &[12, 0, 1]).await;
                while rogue.frame(1, 0, &[]).await {}
            }
            // More streams than may be.
            2 => {
                for stream in 1..=MAX_STREAMS as u32 + 1 {
                    rogue.frame(stream, 1, b"").await;
                }
            }
            // Credit that was never used.
            3 => {
                rogue.frame(1, 1, b"").await;
                rogue.frame(1, 4, &(3 * WINDOW).to_le_bytes()).await;
            }
            // A frame of no kind.
            4 => {
                rogue.frame(1, 99, b"").await;
            }
            // The end of a stream that nobody reads, without end.
            5 => {
                rogue.frame(1, 0, &[1, 1]).await;
                while rogue.frame(1, 2, b"").await {}
            }
            // A record that was changed on its way.
            _ => {
                rogue.wire.stream.write_all(&[0, 40]).await.unwrap();
                rogue.wire.stream.write_all(&[7; 40]).await.unwrap();
            }
        }
        until_hung_up(&mut rogue.wire.stream).await;
    }
    // A request that is none ends its stream and not the session.
    let mut rogue = FakeLaptop::enter(&address, &key, &hello).await.unwrap();
    rogue.frame(1, 0, &[200, 1, 2, 3]).await;
    assert_eq!(rogue.hear_frame().await.unwrap(), (1, 3, vec![]));
    rogue.frame(2, 0, &[0]).await;
    let (stream, kind, status) = rogue.hear_frame().await.unwrap();
    assert!((stream, kind) == (2, 0) && status.starts_with(&[0]), "a status comes");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_release_is_told_and_never_misread() {
    let (stage, key) = known_rogue();
    let address = stage.tcp().await;
    for change in [|hello: &mut Hello| hello.protocol += 1, |hello: &mut Hello| hello.schema[0] ^= 1] {
        let mut hello = Hello::new("rogue");
        change(&mut hello);
        let mut rogue = FakeLaptop::enter(&address, &key, &hello).await.unwrap();
        // A panic in another release's words.
        rogue.frame(1, 0, &[13]).await;
        until_hung_up(&mut rogue.wire.stream).await;
    }
    assert_eq!(stage.served.panics(), 0);

    let ours = Hello { program: "1.2.0".to_owned(), ..Hello::new("x") };
    let older = Hello { protocol: ours.protocol - 1, program: "1.1.0".to_owned(), ..ours.clone() };
    let built = Hello { schema: [0; 8], ..ours.clone() };
    let sentence = |laptop: &Hello, served: &Hello| Hello::fits(laptop, served).unwrap_err().to_string();
    assert!(sentence(&ours, &older).ends_with("update the box to 1.2.0"), "{}", sentence(&ours, &older));
    assert!(sentence(&older, &ours).ends_with("update the laptop to 1.2.0"));
    assert!(sentence(&ours, &built).contains("different builds"));
    assert_eq!(Hello::fits(&ours, &ours), Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_of_garbage_is_refused_by_the_laptop() {
    let stage = Stage::new();
    for seed in 0..20 {
        let (near, mut far) = tokio::io::duplex(1 << 16);
        let mut garbage = noise(4000, seed);
        if seed % 2 == 0 {
            garbage[..2].copy_from_slice(&[0, 120]);
        }
        far.write_all(&garbage).await.unwrap();
        let refused = timeout(LONG, stage.client_on(near, Pace::NETWORK)).await.unwrap();
        assert!(matches!(refused.err(), Some(LinkError::Garbage(_) | LinkError::Broken(_))), "seed {seed}");
    }
}
