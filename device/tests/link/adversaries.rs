//! A fake laptop, a fake box and somebody between: what they try, and how they lose.

use crate::adversary::{FakeBox, FakeLaptop, Key, Middle, PAIR, no, yes};
use crate::hostile::until_hung_up;
use crate::stage::{LONG, Stage, pull};
use rasika_device::link::memory::MemoryLaptop;
use rasika_device::link::message::{BoxId, Hello, Refusal, Request, Status};
use rasika_device::link::{Client, Expect, Identity, LaptopSide as _, Limits, LinkError, NotLetIn, Pace, PairingEvent};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread")]
async fn a_known_laptop_by_hand_is_served_as_any() {
    let (stage, key) = (Stage::strangers(Limits::default()), Key::draw());
    let address = stage.tcp().await;
    assert!(FakeLaptop::enter(&address, &key, &Hello::new("rogue")).await.is_err(), "not known yet");
    stage.ring.add("rogue", key.public).unwrap();
    let mut laptop = FakeLaptop::enter(&address, &key, &Hello::new("rogue")).await.unwrap();
    let stream = laptop.request(&Request::Status).await;
    let status: Result<Status, Refusal> = laptop.answer(stream).await.unwrap();
    assert_eq!(status.unwrap().name, "test box");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_by_hand_is_pulled_from_as_any() {
    let fake = FakeBox::bind(Key::draw(), "fake").await;
    let expect = Expect { name: "fake".to_owned(), key: fake.key.public };
    let (address, id) = (fake.address.clone(), BoxId([7; 16]));
    tokio::spawn(fake.serve(Some(id), move |request| match request {
        Request::Status => vec![yes(&Status { box_id: id, ..Status::default() })],
        Request::Changes { .. } => vec![],
        _ => vec![no("not here")],
    }));
    let me = Identity::draw().unwrap();
    let client = Client::connect_tcp(&address, &me, "laptop", &expect).await.unwrap();
    let pulled = timeout(LONG, pull(&client, &MemoryLaptop::default())).await.unwrap().unwrap();
    assert_eq!(pulled.changes, 0);
    let refused = timeout(LONG, client.panic()).await.unwrap();
    assert!(matches!(refused, Err(LinkError::Refused(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_between_a_laptop_and_its_box_is_neither() {
    let stage = Stage::new();
    let middle = Middle::before(&stage.tcp().await, "test box").await;
    let address = middle.address().to_owned();
    let between = tokio::spawn(async move { middle.join().await.err() });
    let refused = stage.client(&address).await.err().unwrap();
    assert!(matches!(refused, LinkError::KeyChanged { .. }), "{refused:?}");
    // The laptop has told neither its name nor its key.
    assert!(timeout(LONG, between).await.unwrap().unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fake_box_is_not_paired_without_the_laptops_owner() {
    // One that says yes at once, at every place where a box may say something.
    for early in 0..3 {
        let fake = FakeBox::bind(Key::draw(), "stage").await;
        let address = fake.address.clone();
        let served = tokio::spawn(async move {
            let mut guest = fake.accept().await.unwrap();
            match early {
                0 => {
                    let _ = guest.greet(Some(BoxId([7; 16]))).await;
                }
                1 => {
                    guest.say(&[9]).await;
                    let _ = guest.greet(None).await;
                }
                _ => {
                    guest.exchange().await.unwrap();
                    let _ = guest.greet(None).await;
                }
            }
        });
        let stream = TcpStream::connect(&address).await.unwrap();
        let me = Identity::draw().unwrap();
        // The owner is still looking at the digits.
        let paired =
            timeout(LONG, Client::pair(stream, Pace::NETWORK, &me, "laptop", |_| std::future::pending())).await;
        assert!(matches!(paired.unwrap().err(), Some(LinkError::Violation(_))), "{early}");
        served.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fake_laptop_is_not_paired_without_both_persons() {
    let stage = Stage::strangers(Limits::default());
    let address = stage.tcp().await;
    let asked = async || {
        let asked = async {
            loop {
                if let Some(PairingEvent::Asked(digits)) = stage.told.lock().unwrap().last().copied() {
                    return digits;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LONG, asked).await.unwrap()
    };
    // Yes before anybody was asked, a session instead, another number than was promised: no one is in.
    for case in 0..4 {
        stage.window.open(LONG);
        stage.told.lock().unwrap().clear();
        let mut rogue = FakeLaptop::knock(&address, &Key::draw(), PAIR).await.unwrap();
        match case {
            0 => {
                rogue.exchange().await.unwrap();
                rogue.say(&[1]).await;
                asked().await;
                rogue.say(&Hello::new("rogue").write().unwrap()).await;
            }
            1 => {
                rogue.hear().await.unwrap();
                rogue.say(&[1]).await;
            }
            2 => {
                rogue.hear().await.unwrap();
                rogue.say(&[5; 32]).await;
                rogue.hear().await.unwrap();
                rogue.say(&[6; 32]).await;
            }
            _ => {
                // The person says yes, the laptop says something else.
                let digits = rogue.exchange().await.unwrap();
                assert_eq!(asked().await, digits);
                assert!(stage.window.accept(digits));
                rogue.say(&[0]).await;
            }
        }
        until_hung_up(&mut rogue.wire.stream).await;
        assert!(stage.ring.list().is_empty(), "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_between_has_one_try_and_two_persons_who_compare() {
    let stage = Stage::strangers(Limits::default());
    let middle = Middle::before(&stage.tcp().await, "test box").await;
    let address = middle.address().to_owned();
    stage.window.open(LONG);
    let between = tokio::spawn(async move {
        let (mut guest, mut laptop) = middle.join().await.unwrap();
        let towards_laptop = guest.exchange().await.unwrap();
        let towards_box = laptop.exchange().await.unwrap();
        // Says yes to the box, and to the laptop that it is let in.
        laptop.say(&[1]).await;
        let says = guest.hears_yes().await.unwrap();
        (towards_laptop, towards_box, says, laptop.hear().await.ok())
    });
    let told = Arc::clone(&stage.told);
    let window = stage.window.clone();
    // Both persons do as they are told: they say yes where the digits are the same.
    let compares = move |ours: [u8; 3]| {
        let (told, window) = (Arc::clone(&told), window.clone());
        async move {
            loop {
                if let Some(PairingEvent::Asked(digits)) = told.lock().unwrap().last().copied() {
                    if digits != ours {
                        window.refuse(digits);
                    }
                    return digits == ours;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    };
    let stream = TcpStream::connect(&address).await.unwrap();
    let me = Identity::draw().unwrap();
    let paired = timeout(LONG, Client::pair(stream, Pace::NETWORK, &me, "laptop", compares)).await.unwrap();
    let (towards_laptop, towards_box, says, verdict) = timeout(LONG, between).await.unwrap().unwrap();
    if towards_laptop == towards_box {
        // Once in a thousand runs the digits are the same by chance.
        return;
    }
    assert_eq!(paired.err(), Some(LinkError::NotAgreed));
    assert!(!says && verdict == Some(vec![NotLetIn::Declined as u8]), "{verdict:?}");
    assert!(stage.ring.list().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_says_takes_of_its_own_and_of_no_other() {
    let real = Stage::new();
    let theirs = real.record(1, 1, 100).remove(0);
    for says in [Some(BoxId([7; 16])), None] {
        let (fake, take) = (FakeBox::bind(Key::draw(), "fake").await, theirs.clone());
        let expect = Expect { name: "fake".to_owned(), key: fake.key.public };
        let address = fake.address.clone();
        tokio::spawn(fake.serve(says, move |request| match request {
            Request::Changes { .. } => vec![yes(&take)],
            _ => vec![no("not here")],
        }));
        let me = Identity::draw().unwrap();
        let client = Client::connect_tcp(&address, &me, "laptop", &expect).await.unwrap();
        let laptop = MemoryLaptop::default();
        let pulled = timeout(LONG, client.pull(laptop.clone(), 0, false, |_| {})).await.unwrap();
        assert!(pulled.is_err());
        let cursor = laptop.clone().cursor(theirs.id.box_id).unwrap();
        assert!(laptop.takes().is_empty() && cursor == 0, "{cursor}");
    }
}
