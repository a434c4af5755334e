//! Who gets in, and who stays in.

use crate::stage::{LONG, Stage};
use rasika_device::link::{Client, Expect, Identity, Limits, LinkError, NotLetIn, Pace, PairingEvent};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

async fn pair(address: &str, key: &Identity, shown: Arc<Mutex<Option<[u8; 3]>>>) -> Result<Client, LinkError> {
    let stream = TcpStream::connect(address).await.unwrap();
    let show = move |digits| *shown.lock().unwrap() = Some(digits);
    timeout(LONG, Client::begin(stream, Pace::NETWORK, key, "the laptop", &Expect::Any, show)).await.unwrap()
}

/// What the person at the box sees, once they see it.
async fn asked(stage: &Stage) -> [u8; 3] {
    loop {
        let told = stage.told.lock().unwrap().clone();
        match told.last() {
            Some(PairingEvent::Asked(digits)) => return *digits,
            _ => sleep(Duration::from_millis(5)).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_lets_a_laptop_in_and_takes_it_off_again() {
    let stage = Stage::strangers(Limits::default());
    let address = stage.tcp().await;
    let unknown = stage.client(&address).await.err();
    assert_eq!(unknown, Some(LinkError::NotLetIn(NotLetIn::Unknown)));
    let shown = Arc::default();
    let closed = pair(&address, &stage.laptop_key, Arc::clone(&shown)).await.err();
    assert_eq!(closed, Some(LinkError::NotLetIn(NotLetIn::Closed)));
    assert!(stage.ring.list().is_empty() && shown.lock().unwrap().is_none());

    stage.window.open(LONG);
    let person = async {
        let digits = asked(&stage).await;
        assert_eq!(shown.lock().unwrap().unwrap(), digits, "laptop and box show the same");
        assert!(stage.ring.list().is_empty(), "nobody is in before the person says so");
        assert!(stage.window.accept(digits));
    };
    let (client, ()) = tokio::join!(pair(&address, &stage.laptop_key, Arc::clone(&shown)), person);
    let client = client.unwrap();
    assert_eq!(client.key(), stage.box_key.public());
    assert_eq!(client.hello().name, "test box");
    client.status().await.unwrap();
    let keys = client.keys().await.unwrap();
    assert_eq!((&*keys[0].name, keys[0].key), ("the laptop", stage.laptop_key.public()));
    assert_eq!(stage.told.lock().unwrap().last(), Some(&PairingEvent::Done(true)));
    // One key for each opening.
    let next = pair(&address, &Identity::draw().unwrap(), Arc::default()).await.err();
    assert_eq!(next, Some(LinkError::NotLetIn(NotLetIn::Closed)));

    let again = stage.client(&address).await.unwrap();
    assert!(stage.ring.revoke(&stage.laptop_key.public()).unwrap());
    timeout(LONG, again.over()).await.expect("a session of a revoked key ends");
    timeout(LONG, client.over()).await.expect("every session of it");
    assert_eq!(stage.client(&address).await.err(), Some(LinkError::NotLetIn(NotLetIn::Unknown)));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_ask_are_both_refused() {
    let stage = Stage::strangers(Limits::default());
    let address = stage.tcp().await;
    stage.window.open(LONG);
    let (one, two) = (Identity::draw().unwrap(), Identity::draw().unwrap());
    let second = async {
        asked(&stage).await;
        pair(&address, &two, Arc::default()).await.err()
    };
    let (first, second) = tokio::join!(pair(&address, &one, Arc::default()), second);
    let both = Some(LinkError::NotLetIn(NotLetIn::Two));
    assert_eq!((first.err(), second), (both.clone(), both));
    assert!(stage.ring.list().is_empty());
    assert_eq!(stage.told.lock().unwrap().last(), Some(&PairingEvent::Done(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laptop_that_leaves_or_is_refused_is_not_in() {
    let stage = Stage::strangers(Limits::default());
    let address = stage.tcp().await;
    stage.window.open(LONG);
    tokio::select! {
        _ = pair(&address, &stage.laptop_key, Arc::default()) => panic!("nobody let it in"),
        _ = asked(&stage) => {}
    }
    timeout(LONG, async {
        while stage.told.lock().unwrap().last() != Some(&PairingEvent::Done(false)) {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    stage.window.open(LONG);
    let person = async {
        let digits = asked(&stage).await;
        stage.window.refuse(digits);
    };
    let (refused, ()) = tokio::join!(pair(&address, &stage.laptop_key, Arc::default()), person);
    assert_eq!(refused.err(), Some(LinkError::NotLetIn(NotLetIn::Declined)));
    assert!(stage.ring.list().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_box_in_the_place_of_the_paired_one_is_refused() {
    let (paired, other) = (Stage::new(), Stage::new());
    let stream = TcpStream::connect(other.tcp().await).await.unwrap();
    let changed = paired.client_on(stream, Pace::NETWORK).await.err().unwrap();
    let sentence = changed.to_string();
    assert!(matches!(changed, LinkError::KeyChanged { .. }));
    assert!(sentence.contains("test box") && sentence.contains(&other.box_key.public().fingerprint()), "{sentence}");
}
