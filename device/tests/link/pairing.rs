//! Who gets in, and who stays in.

use crate::stage::{LONG, Stage};
use rasika_device::link::{Client, Identity, Limits, LinkError, NotLetIn, Owner, Pace, PairingEvent};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

/// The digits of a laptop, once it shows them.
type Shown = Arc<Mutex<Option<[u8; 3]>>>;

/// A laptop whose owner says what the test says.
async fn pair(address: &str, key: &Identity, owner: impl Owner) -> Result<Client, LinkError> {
    let stream = TcpStream::connect(address).await.unwrap();
    timeout(LONG, Client::pair(stream, Pace::NETWORK, key, "the laptop", owner)).await.unwrap()
}

/// An owner who keeps the digits and says that.
fn owner(shown: &Shown, says: bool) -> impl Owner + use<> {
    let shown = Arc::clone(shown);
    move |digits| {
        *shown.lock().unwrap() = Some(digits);
        async move { says }
    }
}

async fn yes(_: [u8; 3]) -> bool {
    true
}

/// Waits until the panel was told something.
async fn told(stage: &Stage, is_it: impl Fn(&PairingEvent) -> bool) -> PairingEvent {
    let told = async {
        loop {
            let last = stage.told.lock().unwrap().last().copied();
            match last {
                Some(event) if is_it(&event) => return event,
                _ => sleep(Duration::from_millis(5)).await,
            }
        }
    };
    timeout(LONG, told).await.unwrap()
}

/// What the person at the box sees, once they see it.
async fn asked(stage: &Stage) -> [u8; 3] {
    match told(stage, |event| matches!(event, PairingEvent::Asked(_))).await {
        PairingEvent::Asked(digits) => digits,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_lets_a_laptop_in_and_takes_it_off_again() {
    let stage = Stage::strangers(Limits::default());
    let address = stage.tcp().await;
    let unknown = stage.client(&address).await.err();
    assert_eq!(unknown, Some(LinkError::NotLetIn(NotLetIn::Unknown)));
    let shown = Arc::default();
    let closed = pair(&address, &stage.laptop_key, owner(&shown, true)).await.err();
    assert_eq!(closed, Some(LinkError::NotLetIn(NotLetIn::Closed)));
    assert!(stage.ring.list().is_empty() && shown.lock().unwrap().is_none());

    stage.window.open(LONG);
    let person = async {
        let digits = asked(&stage).await;
        assert_eq!(shown.lock().unwrap().unwrap(), digits, "laptop and box show the same");
        assert!(stage.ring.list().is_empty(), "nobody is in before the person says so");
        assert!(stage.window.accept(digits));
    };
    let (client, ()) = tokio::join!(pair(&address, &stage.laptop_key, owner(&shown, true)), person);
    let client = client.unwrap();
    assert_eq!(client.key(), stage.box_key.public());
    assert_eq!(client.hello().name, "test box");
    client.status().await.unwrap();
    let keys = client.keys().await.unwrap();
    assert_eq!((&*keys[0].name, keys[0].key), ("the laptop", stage.laptop_key.public()));
    assert_eq!(stage.told.lock().unwrap().last(), Some(&PairingEvent::Done(true)));
    // One key for each opening.
    let next = pair(&address, &Identity::draw().unwrap(), yes).await.err();
    assert_eq!(next, Some(LinkError::NotLetIn(NotLetIn::Closed)));

    let again = stage.client(&address).await.unwrap();
    assert!(stage.ring.revoke(&stage.laptop_key.public()).unwrap());
    timeout(LONG, again.over()).await.expect("a session of a revoked key ends");
    timeout(LONG, client.over()).await.expect("every session of it");
    assert_eq!(stage.client(&address).await.err(), Some(LinkError::NotLetIn(NotLetIn::Unknown)));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_before_both_have_said_yes() {
    let stage = Stage::strangers(Limits::default());
    let address = stage.tcp().await;
    // The person at the box says yes first, and the laptop's owner no.
    stage.window.open(LONG);
    let (decide, decision) = tokio::sync::watch::channel(None);
    let slow = |_| {
        let mut decision = decision.clone();
        async move { *decision.wait_for(Option::is_some).await.unwrap() == Some(true) }
    };
    let person = async {
        let digits = asked(&stage).await;
        assert!(stage.window.accept(digits));
        sleep(Duration::from_millis(200)).await;
        assert!(stage.ring.list().is_empty(), "the laptop's owner has not said yes");
        decide.send(Some(false)).unwrap();
    };
    let (refused, ()) = tokio::join!(pair(&address, &stage.laptop_key, slow), person);
    assert_eq!(refused.err(), Some(LinkError::NotAgreed));
    told(&stage, |event| *event == PairingEvent::Done(false)).await;
    assert!(stage.ring.list().is_empty());
    // As before, and yes.
    decide.send_replace(None);
    stage.told.lock().unwrap().clear();
    stage.window.open(LONG);
    let person = async {
        let digits = asked(&stage).await;
        assert!(stage.window.accept(digits));
        decide.send(Some(true)).unwrap();
    };
    let (paired, ()) = tokio::join!(pair(&address, &stage.laptop_key, slow), person);
    paired.unwrap().status().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_chooses_between_two_that_ask() {
    let stage = Stage::strangers(Limits::default());
    let address = stage.tcp().await;
    stage.window.open(LONG);
    let (stranger, shown): (_, Shown) = (Identity::draw().unwrap(), Arc::default());
    let strange = pair(&address, &stranger, yes);
    let honest = async {
        let first = asked(&stage).await;
        let person = async {
            // Whoever asks second shows nothing yet: what the box shows is another's.
            sleep(Duration::from_millis(300)).await;
            assert_eq!(*shown.lock().unwrap(), None);
            stage.window.refuse(first);
            let asks = |event: &PairingEvent| matches!(event, PairingEvent::Asked(digits) if *digits != first);
            let PairingEvent::Asked(second) = told(&stage, asks).await else { panic!() };
            assert_eq!(*shown.lock().unwrap(), Some(second));
            assert!(stage.window.accept(second));
        };
        tokio::join!(pair(&address, &stage.laptop_key, owner(&shown, true)), person).0
    };
    let (refused, paired) = tokio::join!(strange, honest);
    assert_eq!(refused.err(), Some(LinkError::NotLetIn(NotLetIn::Declined)));
    paired.unwrap().status().await.unwrap();
    let inside: Vec<_> = stage.ring.list().iter().map(|known| known.key).collect();
    assert_eq!(inside, [stage.laptop_key.public()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_asks_all_the_time_keeps_nobody_out() {
    let stage = Stage::strangers(Limits::default());
    let address = stage.tcp().await;
    let strange = {
        let address = address.clone();
        async move {
            loop {
                let socket = TcpSocket::new_v4().unwrap();
                socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
                let Ok(stream) = socket.connect(address.parse().unwrap()).await else { continue };
                // Leaves as soon as it knows its digits: a try that the person hardly sees.
                let me = Identity::draw().unwrap();
                let asking = Client::pair(stream, Pace::NETWORK, &me, "stranger", |_| async { false });
                let _ = timeout(Duration::from_secs(1), asking).await;
            }
        }
    };
    let stranger = tokio::spawn(strange);
    stage.window.open(LONG);
    told(&stage, |_| true).await;
    let shown = Shown::default();
    let person = async {
        let is_ours = |event: &PairingEvent| match (event, *shown.lock().unwrap()) {
            (PairingEvent::Asked(digits), Some(ours)) => *digits == ours,
            _ => false,
        };
        let PairingEvent::Asked(digits) = told(&stage, is_ours).await else { panic!() };
        assert!(stage.window.accept(digits));
    };
    let (paired, ()) = tokio::join!(pair(&address, &stage.laptop_key, owner(&shown, true)), person);
    paired.unwrap().status().await.unwrap();
    stranger.abort();
    assert_eq!(stage.ring.list().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laptop_that_leaves_or_is_refused_is_not_in() {
    let stage = Stage::strangers(Limits::default());
    let address = stage.tcp().await;
    stage.window.open(LONG);
    tokio::select! {
        _ = pair(&address, &stage.laptop_key, |_| std::future::pending()) => panic!("nobody let it in"),
        _ = asked(&stage) => {}
    }
    told(&stage, |event| *event == PairingEvent::Left).await;
    stage.window.open(LONG);
    let person = async {
        let digits = asked(&stage).await;
        stage.window.refuse(digits);
    };
    let (refused, ()) = tokio::join!(pair(&address, &stage.laptop_key, |_| std::future::pending()), person);
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
