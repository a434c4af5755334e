//! Serial lines: pseudo-terminals, and lines that lose, change and double bytes.

use crate::stage::{LONG, Stage, name, noise, pull};
use rasika_device::link::fault::{self, Faults, Faulty};
use rasika_device::link::memory::MemoryLaptop;
use rasika_device::link::message::{FileKind, Hash};
use rasika_device::link::{LinkError, Pace, serial};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_serial::SerialStream;

/// Pull and push over a line, and compare.
async fn rehearse<A, B>(stage: &Stage, near: A, far: B)
where
    A: AsyncRead + AsyncWrite + Send + 'static,
    B: AsyncRead + AsyncWrite + Send + 'static,
{
    let server = stage.server.clone();
    let serving = tokio::spawn(async move { server.serve_line(far).await });
    let laptop = MemoryLaptop::default();
    let work = async {
        let client = stage.client_on(serial::connect(near).await.unwrap(), Pace::SERIAL).await.unwrap();
        pull(&client, &laptop).await.unwrap();
        let file = noise(30_000, 77);
        client.push(FileKind::Model, &name("m.zip"), &file, |_| {}).await.unwrap();
        client.activate(FileKind::Model, &name("m.zip"), Hash::of(&file)).await.unwrap();
        assert_eq!(stage.served.active(FileKind::Model), Some(file));
    };
    timeout(LONG * 2, work).await.expect("in time");
    assert_eq!(laptop.takes(), stage.served.takes());
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_over_a_pseudo_terminal() {
    let stage = Stage::new();
    stage.record(3, 20, 5000);
    let (near, far) = SerialStream::pair().unwrap();
    rehearse(&stage, near, far).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_byte_in_a_hundred_may_be_lost() {
    let stage = Stage::new();
    stage.record(2, 4, 5000);
    let (near, far) = fault::pair(Faults { lost: 0.01, seed: 1, ..Faults::default() });
    rehearse(&stage, near, far).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bits_may_flip_and_pieces_come_twice() {
    let stage = Stage::new();
    stage.record(2, 4, 5000);
    let (near, far) = fault::pair(Faults { flipped: 0.003, doubled: 0.05, lost: 0.002, seed: 2, ..Faults::default() });
    rehearse(&stage, near, far).await;
    let (near, far) = SerialStream::pair().unwrap();
    let faults = Faults { flipped: 0.002, doubled: 0.02, lost: 0.002, seed: 3, ..Faults::default() };
    rehearse(&stage, Faulty::new(near, faults), Faulty::new(far, faults)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_serves_one_session_after_the_other() {
    let stage = Stage::new();
    stage.record(4, 10, 5000);
    let (near, far) = SerialStream::pair().unwrap();
    let server = stage.server.clone();
    let _serving = tokio::spawn(async move { server.serve_line(far).await });
    // A cable that is pulled takes the laptop's end away in the middle; the box's stays as it is.
    let (outside, inside) = tokio::io::duplex(1 << 16);
    let (mut from_box, mut to_box) = tokio::io::split(near);
    let (mut from_laptop, mut to_laptop) = tokio::io::split(outside);
    let laptop = MemoryLaptop::default();
    let cut = async {
        let client = stage.client_on(serial::connect(inside).await.unwrap(), Pace::SERIAL).await.unwrap();
        pull(&client, &laptop).await
    };
    let carry = async {
        let mut piece = vec![0; 512];
        let mut carried = 0;
        while carried < 60_000 {
            tokio::select! {
                count = from_box.read(&mut piece) => {
                    carried += count.unwrap();
                }
                moved = tokio::io::copy(&mut from_laptop, &mut to_box) => panic!("{moved:?}"),
            }
            to_laptop.write_all(&piece).await.unwrap();
        }
    };
    tokio::select! {
        pulled = cut => { pulled.unwrap_err(); }
        () = carry => {}
    }
    // Noise from a plug that scrapes, half a frame, and on it goes.
    to_box.write_all(&noise(3000, 5)).await.unwrap();
    let near = from_box.unsplit(to_box);
    let again = async {
        let client = stage.client_on(serial::connect(near).await.unwrap(), Pace::SERIAL).await.unwrap();
        pull(&client, &laptop).await.unwrap();
    };
    timeout(LONG, again).await.unwrap();
    assert_eq!(laptop.takes(), stage.served.takes());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_urgent_overtakes_bulk_on_a_slow_line() {
    let stage = Stage::new();
    stage.record(1, 20, 20_000);
    let (near, far) = tokio::io::duplex(256);
    let (middle_near, middle_far) = tokio::io::duplex(256);
    // 115200 baud: 11 520 bytes a second, in both directions.
    tokio::spawn(slowly(far, middle_near));
    let server = stage.server.clone();
    tokio::spawn(async move { server.serve_line(middle_far).await });
    let client = stage.client_on(serial::connect(near).await.unwrap(), Pace::SERIAL).await.unwrap();
    let laptop = MemoryLaptop::default();
    let pulling = client.pull(laptop, 0, false, |_| {});
    let asking = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let mut waits = Vec::new();
        for _ in 0..3 {
            let asked = std::time::Instant::now();
            client.panic().await.unwrap();
            waits.push(asked.elapsed());
        }
        waits
    };
    let waits = tokio::select! {
        _ = pulling => panic!("400 kB took less than it can"),
        waits = asking => waits,
    };
    // The whole bulk takes 35 s; generous for a busy machine.
    assert!(waits.iter().all(|wait| *wait < Duration::from_secs(5)), "{waits:?}");
    println!("panic during a pull at 115200 baud: {waits:?}");
}

async fn slowly<A: AsyncRead + AsyncWrite, B: AsyncRead + AsyncWrite>(a: A, b: B) {
    let ((from_a, to_a), (from_b, to_b)) = (tokio::io::split(a), tokio::io::split(b));
    let _ = tokio::join!(drip(from_a, to_b), drip(from_b, to_a));
}

async fn drip(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> std::io::Result<()> {
    let mut piece = [0; 115];
    loop {
        let begun = tokio::time::Instant::now();
        match from.read(&mut piece).await? {
            0 => return Ok(()),
            count => to.write_all(&piece[..count]).await?,
        }
        tokio::time::sleep_until(begun + Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_with_nobody_at_its_end_is_told() {
    let (near, _far) = tokio::io::duplex(64);
    assert_eq!(serial::connect(near).await.err(), Some(LinkError::NobodyAnswers));
}
