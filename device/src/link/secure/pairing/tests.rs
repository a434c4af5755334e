use super::*;
use std::net::Ipv4Addr;

type Told = Arc<Mutex<Vec<PairingEvent>>>;

fn window() -> (PairingWindow, Told) {
    let told = Told::default();
    let telling = Arc::clone(&told);
    (PairingWindow::new(move |event| telling.lock().unwrap().push(event)), told)
}

fn at(host: u8) -> Option<IpAddr> {
    Some(Ipv4Addr::new(10, 0, 0, host).into())
}

/// A key that nobody had before.
fn key() -> PublicKey {
    PublicKey(*blake3::hash(&Instant::now().elapsed().as_nanos().to_le_bytes()).as_bytes())
}

fn ask(window: &PairingWindow, host: u8) -> Candidate {
    window.ask(at(host), key()).unwrap()
}

#[tokio::test]
async fn a_window_lets_one_in_and_is_closed() {
    let (window, told) = window();
    assert_eq!(window.ask(at(1), key()).err(), Some(NotLetIn::Closed));
    window.open(OPEN);
    let mut candidate = ask(&window, 1);
    assert!(candidate.begins().unwrap());
    assert!(!window.accept([1, 2, 3]), "nobody has shown digits yet");
    let person = window.clone();
    let (asked, ()) = tokio::join!(candidate.decision([1, 2, 3]), async move {
        assert!(!person.accept([3, 2, 1]));
        assert!(person.accept([1, 2, 3]));
        assert!(!person.accept([1, 2, 3]));
    });
    asked.unwrap();
    candidate.let_in();
    assert_eq!(window.ask(at(1), key()).err(), Some(NotLetIn::Closed));
    assert_eq!(*told.lock().unwrap(), [PairingEvent::Asked([1, 2, 3]), PairingEvent::Done(true)]);
}

#[tokio::test(start_paused = true)]
async fn the_person_says_no_to_one_and_yes_to_the_next() {
    let (window, told) = window();
    window.open(OPEN);
    let (mut stranger, mut honest, mut third) = (ask(&window, 1), ask(&window, 2), ask(&window, 3));
    assert!(stranger.begins().unwrap() && !honest.begins().unwrap());
    let person = window.clone();
    let strange = async {
        assert_eq!(stranger.decision([0; 3]).await, Err(NotLetIn::Declined));
        drop(stranger);
    };
    let known = async {
        honest.turn().await.unwrap();
        honest.decision([4, 0, 7]).await.unwrap();
        honest.let_in();
    };
    let choice = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        person.refuse([0; 3]);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(person.accept([4, 0, 7]));
    };
    let (_, _, _, late) = tokio::join!(strange, known, choice, third.turn());
    assert_eq!(late, Err(NotLetIn::Closed), "one was chosen");
    let (no, yes) = (PairingEvent::Asked([0; 3]), PairingEvent::Asked([4, 0, 7]));
    assert_eq!(*told.lock().unwrap(), [no, PairingEvent::Left, yes, PairingEvent::Done(true)]);
}

#[tokio::test(start_paused = true)]
async fn a_no_to_the_only_one_closes_and_so_does_time() {
    let (window, told) = window();
    window.open(OPEN);
    tokio::time::advance(OPEN).await;
    assert_eq!(window.ask(at(1), key()).err(), Some(NotLetIn::Closed));
    window.open(OPEN);
    let mut slow = ask(&window, 1);
    assert!(slow.begins().unwrap());
    assert_eq!(slow.decision([1; 3]).await, Err(NotLetIn::TimeOut));
    drop(slow);
    assert_eq!(told.lock().unwrap().last(), Some(&PairingEvent::Done(false)));
    window.open(OPEN);
    let mut refused = ask(&window, 1);
    assert!(refused.begins().unwrap());
    let person = window.clone();
    let (asked, ()) = tokio::join!(refused.decision([2; 3]), async move { person.refuse([2; 3]) });
    assert_eq!(asked, Err(NotLetIn::Declined));
    assert_eq!(window.ask(at(2), key()).err(), Some(NotLetIn::Closed));
    // The person opens it again before the first has gone: nothing of the first is told any more.
    window.open(OPEN);
    told.lock().unwrap().clear();
    drop(refused);
    assert!(told.lock().unwrap().is_empty());
    assert!(ask(&window, 1).begins().unwrap());
}

/// A laptop at that address asks, has its turn, and leaves as soon as it knows its digits, over and over; how often.
async fn strange(window: PairingWindow, host: u8) -> usize {
    let mut turns = 0;
    while let Ok(mut candidate) = window.ask(at(host), key()) {
        if candidate.turn().await.is_err() {
            break;
        }
        turns += 1;
        let _ = tokio::time::timeout(Duration::from_millis(1), candidate.decision([0; 3])).await;
    }
    turns
}

#[tokio::test(start_paused = true)]
async fn who_asks_all_the_time_has_few_tries_and_keeps_nobody_out() {
    for honest_from in [at(2), at(1), None] {
        let (window, _) = window();
        window.open(OPEN);
        let stranger = tokio::spawn(strange(window.clone(), 1));
        tokio::time::sleep(Duration::from_secs(5)).await;
        let mut honest = window.ask(honest_from, key()).unwrap();
        honest.turn().await.unwrap();
        let person = window.clone();
        let accepts = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            assert!(person.accept([4, 0, 7]));
        };
        let (decided, ()) = tokio::join!(honest.decision([4, 0, 7]), accepts);
        decided.unwrap();
        honest.let_in();
        assert!(stranger.await.unwrap() < TURNS);
    }
}

#[tokio::test(start_paused = true)]
async fn however_many_ask_there_are_so_many_tries_in_a_window() {
    let (window, _) = window();
    window.open(OPEN);
    let strangers: Vec<_> = (1..8).map(|host| tokio::spawn(strange(window.clone(), host))).collect();
    let mut tries = 0;
    for stranger in strangers {
        tries += stranger.await.unwrap();
    }
    assert_eq!(tries, TURNS);
    // Who stands there with a cable is let in all the same.
    let mut cable = window.ask(None, key()).unwrap();
    assert!(cable.begins().unwrap());
}

#[tokio::test(start_paused = true)]
async fn who_stays_silent_loses_the_turn_to_whoever_waits_and_at_once_to_a_cable() {
    for (from, patience) in [(at(2), TURN), (None, Duration::ZERO)] {
        let (window, _) = window();
        window.open(OPEN);
        let mut silent = ask(&window, 1);
        assert!(silent.begins().unwrap());
        let mut honest = window.ask(from, key()).unwrap();
        let begun = Instant::now();
        let silent = async {
            assert_eq!(silent.decision([0; 3]).await, Err(NotLetIn::TimeOut));
            drop(silent);
        };
        let (turn, ()) = tokio::join!(honest.turn(), silent);
        turn.unwrap();
        assert!(begun.elapsed() < patience + Duration::from_millis(50), "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_crowd_from_one_address_leaves_a_place_for_another() {
    let (window, _) = window();
    window.open(OPEN);
    let crowd: Vec<_> = (0..WAITING).map(|_| ask(&window, 1)).collect();
    assert_eq!(window.ask(at(1), key()).err(), Some(NotLetIn::Crowded));
    let honest = window.ask(at(2), key()).unwrap();
    let cable = window.ask(None, key()).unwrap();
    drop((crowd, honest, cable));
    let half = |address: &str| network(address.parse().unwrap());
    assert_eq!(half("2001:db8::1"), half("2001:db8::ffff:2"));
    assert_ne!(half("2001:db8::1"), half("2001:db8:0:1::1"));
    assert_eq!(half("::ffff:10.0.0.1"), half("10.0.0.1"));
}
