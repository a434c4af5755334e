//! A fake laptop, a fake box and somebody between: what they try, and how they lose.

use crate::adversary::{FakeBox, FakeLaptop, Key, Middle, no, yes};
use crate::stage::{LONG, Stage, pull};
use rasika_device::link::memory::MemoryLaptop;
use rasika_device::link::message::{BoxId, Hello, Refusal, Request, Status};
use rasika_device::link::{Client, Expect, Identity, Limits, LinkError};
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
    let expect = Expect::Box { name: "fake".to_owned(), key: fake.key.public };
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
    let between = tokio::spawn(async move {
        let (_guest, mut laptop) = middle.join().await.unwrap();
        laptop.hear().await.unwrap()
    });
    let refused = stage.client(&address).await.err().unwrap();
    assert!(matches!(refused, LinkError::KeyChanged { .. }), "{refused:?}");
    // The box does not know the key of whoever stands there.
    assert_eq!(timeout(LONG, between).await.unwrap().unwrap(), [1]);
}
