//! A laptop that does not have a take's bytes proves nothing, whatever it has heard of them.

use crate::adversary::{FakeLaptop, Key};
use crate::stage::{Stage, pull};
use rasika_device::link::memory::MemoryLaptop;
use rasika_device::link::message::{Hello, Proof, Pruned, Refusal, Request, TakeInfo};
use rasika_device::link::{Client, Identity, LaptopSide as _};

/// An answer of who has only heard of a take.
type Guess<'a> = &'a dyn Fn(&TakeInfo) -> [u8; 32];

/// Everything that is known of a take without its bytes.
async fn listed(client: &Client) -> Vec<TakeInfo> {
    let mut changes = client.changes(0, 0, false).await.unwrap();
    let mut takes = Vec::new();
    while let Some(take) = changes.next().await.unwrap() {
        takes.push(take);
    }
    takes
}

#[tokio::test(flavor = "multi_thread")]
async fn the_box_does_not_believe_what_it_has_just_listed_itself() {
    let stage = Stage::new();
    stage.record(3, 2, 500);
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let takes = listed(&client).await;
    let key = client.proof_key().await.unwrap();
    let keyed = |take: &TakeInfo| *blake3::keyed_hash(&key, &take.hash).as_bytes();
    let guesses: [Guess<'_>; 4] = [&|take| take.hash, &|take| *blake3::hash(&take.hash).as_bytes(), &keyed, &|_| key];
    for guess in guesses {
        let echoes: Vec<Proof> = takes.iter().map(|take| Proof { id: take.id, answer: guess(take) }).collect();
        assert_eq!(client.held(&echoes).await.unwrap(), 0);
        assert!(client.prune(&echoes).await.unwrap().iter().all(|pruned| pruned.kept.is_some()));
    }
    assert!(stage.served.takes().iter().all(|(_, chunks)| chunks.len() == 2), "a take is gone that nobody has");
    assert_eq!(stage.served.held_by(stage.laptop_key.public()), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laptop_by_hand_that_echoes_hashes_prunes_nothing() {
    let (stage, key) = (Stage::new(), Key::draw());
    let takes = stage.record(2, 2, 500);
    stage.ring.add("rogue", key.public).unwrap();
    let mut rogue = FakeLaptop::enter(&stage.tcp().await, &key, &Hello::new("rogue")).await.unwrap();
    let proofs: Vec<Proof> = takes.iter().map(|take| Proof { id: take.id, answer: take.hash }).collect();
    let stream = rogue.request(&Request::Held { proofs: proofs.clone() }).await;
    let held: Result<u32, Refusal> = rogue.answer(stream).await.unwrap();
    assert_eq!(held, Ok(0));
    let stream = rogue.request(&Request::Prune { proofs }).await;
    let pruned: Result<Vec<Pruned>, Refusal> = rogue.answer(stream).await.unwrap();
    assert!(pruned.unwrap().iter().all(|pruned| pruned.kept.is_some()));
    assert!(stage.served.takes().iter().all(|(_, chunks)| chunks.len() == 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_of_one_session_and_one_laptop() {
    let stage = Stage::new();
    let takes = stage.record(1, 2, 500);
    let address = stage.tcp().await;
    let (one, two) = (stage.client(&address).await.unwrap(), stage.client(&address).await.unwrap());
    let mut laptop = MemoryLaptop::default();
    pull(&one, &laptop).await.unwrap();
    let key = one.proof_key().await.unwrap();
    assert_eq!(one.proof_key().await.unwrap(), key, "a session has one challenge");
    let proofs = laptop.proofs(&[takes[0].id], &key).unwrap();
    assert_eq!(two.held(&proofs).await.unwrap(), 0, "what was overheard is played again");
    let other = Identity::draw().unwrap();
    stage.ring.add("other", other.public()).unwrap();
    let other = Client::connect_tcp(&address, &other, "other", &stage.expect()).await.unwrap();
    assert_eq!(other.held(&proofs).await.unwrap(), 0, "another laptop's proof counts");
    assert_eq!(one.held(&proofs).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_proved_once_is_not_read_again() {
    let stage = Stage::new();
    stage.record(300, 1, 20);
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let mut laptop = MemoryLaptop::default();
    pull(&client, &laptop).await.unwrap();
    let of = stage.served.takes()[0].0.id.box_id;
    assert!(!laptop.unproved(of).unwrap().is_empty());
    laptop = client.prove(laptop).await.unwrap();
    assert_eq!(laptop.unproved(of), Ok(vec![]));
    assert_eq!(stage.served.held_by(stage.laptop_key.public()).len(), 300);
}
