//! Peers that fill what they can, answer nothing, or end in the middle: each is told in seconds, at a bounded cost.

use crate::adversary::{FakeBox, FakeLaptop, Key, yes};
use crate::stage::{LONG, Stage, name, noise, pull};
use rasika_device::link::memory::MemoryLaptop;
use rasika_device::link::message::{
    BoxId, BulkHead, FileKind, Hash, Hello, Known, Label, Proof, PublicKey, Reason, Recorded, Refusal, Request, TakeId,
    TakeInfo, TakeState,
};
use rasika_device::link::mux::{Frame, Kind, MAX_STREAMS};
use rasika_device::link::secure::handshake::{self, Handshaken};
use rasika_device::link::{Client, Expect, Identity, Limits, LinkError, NotLetIn, Pace};
use rasika_models::Rasa;
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::time::timeout;

/// A box that the laptop has paired, by hand: what it says is for the test to say.
pub struct HandBox(Handshaken<DuplexStream>);

impl HandBox {
    /// It and a laptop's session with it.
    pub async fn meet(stage: &Stage) -> (Self, Client) {
        let (near, far) = tokio::io::duplex(1 << 16);
        let serving = async {
            let mut peer = handshake::answer(far, &stage.box_key, "test box").await.unwrap();
            peer.writer.write(&[0]).await.unwrap();
            peer.reader.read().await.unwrap();
            peer.writer.write(&Hello::new("test box").write().unwrap()).await.unwrap();
            Self(peer)
        };
        let (served, client) = tokio::join!(serving, stage.client_on(near, Pace::NETWORK));
        (served, client.unwrap())
    }

    pub async fn say(&mut self, stream: u32, kind: Kind) -> Result<(), LinkError> {
        self.0.writer.write(&Frame { stream, kind }.write()).await?;
        self.0.writer.flush().await
    }

    pub async fn message<T: serde::Serialize>(&mut self, stream: u32, message: &T) -> Result<(), LinkError> {
        let bytes = rasika_device::link::message::write(message)?;
        for (place, part) in bytes.chunks(16_000).enumerate() {
            let whole = (place + 1) * 16_000 >= bytes.len();
            self.say(stream, Kind::Message { whole, bytes: part.to_vec() }).await?;
        }
        Ok(())
    }

    /// The next frame that is no sign of life.
    pub async fn hear(&mut self) -> Frame {
        loop {
            let frame = Frame::read(&self.0.reader.read().await.unwrap()).unwrap();
            if frame.kind != Kind::Alive {
                return frame;
            }
        }
    }

    /// Lives, and answers nothing.
    async fn live(mut self) {
        let mut beat = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                _ = beat.tick() => {
                    if self.say(0, Kind::Alive).await.is_err() {
                        return;
                    }
                }
                _ = self.hear() => {}
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_that_refuses_in_the_middle_of_a_long_file_is_heard() {
    let stage = Stage::new();
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let file = noise(1_000_000, 1);
    // A disk that is full: the part is there, and takes no byte.
    let inbox = stage.folder.path().join("inbox");
    std::fs::create_dir_all(&inbox).unwrap();
    std::os::unix::fs::symlink("/dev/full", inbox.join(format!("{}.part", Hash::of(&file)))).unwrap();
    let pushed = timeout(LONG, client.push(FileKind::Model, &name("m.zip"), &file, |_| {})).await.unwrap();
    let Err(LinkError::Refused(refusal)) = pushed else { panic!("{pushed:?}") };
    assert_eq!(refusal.reason, Reason::Full);
    client.status().await.expect("the session goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn however_a_box_ends_a_push_in_the_middle_the_laptop_is_told() {
    let stage = Stage::new();
    let no = || Err::<(), _>(Refusal::new(Reason::Full, "the disk is full"));
    for case in 0..4 {
        let (mut served, client) = HandBox::meet(&stage).await;
        let file = noise(1_000_000, 1);
        let (model, dark) = (name("m.zip"), |_| {});
        let ending = async {
            served.hear().await;
            served.message(1, &Ok::<u64, Refusal>(0)).await.unwrap();
            match case {
                // It says no and leaves it at that; says no and ends; ends without a word; calls it off.
                0 => served.message(1, &no()).await.unwrap(),
                1 => {
                    served.message(1, &no()).await.unwrap();
                    served.say(1, Kind::End).await.unwrap();
                }
                2 => served.say(1, Kind::End).await.unwrap(),
                _ => served.say(1, Kind::Cancel).await.unwrap(),
            }
            served.live().await;
        };
        let pushed = tokio::select! {
            pushed = timeout(Duration::from_secs(9), client.push(FileKind::Model, &model, &file, dark)) => pushed,
            () = ending => panic!("the laptop has left"),
        };
        let pushed = pushed.expect("the laptop waits").unwrap_err();
        assert_eq!(matches!(pushed, LinkError::Refused(_)), case < 2, "case {case}: {pushed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_box_that_lives_and_never_answers_is_told_in_seconds() {
    let stage = Stage::new();
    let take = TakeId { box_id: Default::default(), number: 1 };
    let mut asking = tokio::task::JoinSet::new();
    for case in 0..11 {
        let (served, client) = HandBox::meet(&stage).await;
        tokio::spawn(served.live());
        asking.spawn(async move {
            let model = name("m.zip");
            let asked = async {
                match case {
                    0 => client.status().await.map(drop),
                    1 => client.panic().await,
                    2 => client.list(FileKind::Raga).await.map(drop),
                    3 => client.keys().await.map(drop),
                    4 => client.push(FileKind::Model, &model, b"file", |_| {}).await.map(drop),
                    5 => client.fetch(FileKind::Model, &model, &mut Vec::new(), |_| {}).await,
                    6 => client.discard(take, true).await.map(drop),
                    7 => client.changes(0, 0, false).await.unwrap().next().await.map(drop),
                    8 => client.logs(10, false).await.unwrap().next().await.map(drop),
                    9 => client.roll_back(FileKind::Config).await.map(drop),
                    // More than may be asked at once, all called off: a box that ends none of them.
                    _ => {
                        for _ in 0..16 {
                            drop(client.logs(1, true).await);
                        }
                        client.status().await.map(drop)
                    }
                }
            };
            (case, timeout(Duration::from_secs(45), asked).await)
        });
    }
    while let Some(told) = asking.join_next().await {
        let (case, told) = told.unwrap();
        assert!(matches!(told, Ok(Err(LinkError::NoAnswer(_)))), "request {case}: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn laptops_are_told_that_the_box_starts_anew() {
    let stage = Stage::new();
    let address = stage.tcp().await;
    let client = stage.client(&address).await.unwrap();
    let mut moods = client.watch(60).await.unwrap();
    moods.next().await.unwrap();
    stage.server.start_anew();
    let ended = timeout(LONG, async { while moods.next().await.is_ok() {} });
    ended.await.expect("the session ends");
    assert_eq!(client.over().await, LinkError::StartsAnew);
    let late = timeout(LONG, stage.client(&address)).await.unwrap().map(drop);
    assert_eq!(late, Err(LinkError::NotLetIn(NotLetIn::StartsAnew)));
}

/// A take as no box would tell it.
fn huge_take(change: u64) -> TakeInfo {
    TakeInfo {
        id: TakeId { box_id: BoxId([7; 16]), number: u64::MAX },
        change,
        state: TakeState::Confirmed,
        label: Label(Some(Rasa::Veera)),
        performer: String::new(),
        discarded: false,
        recorded: Recorded { label: Label(Some(Rasa::Veera)), ..Recorded::default() },
        observations: u64::MAX,
        bytes: u64::MAX,
        hash: [1; 32],
    }
}

/// A box that answers with what `answers` says, and a laptop's session with it.
async fn answering(answers: impl FnMut(&Request) -> Vec<Vec<u8>> + Send + 'static) -> Client {
    let fake = FakeBox::bind(Key::draw(), "fake").await;
    let expect = Expect { name: "fake".to_owned(), key: fake.key.public };
    let address = fake.address.clone();
    tokio::spawn(fake.serve(Some(BoxId([7; 16])), answers));
    Client::connect_tcp(&address, &Identity::draw().unwrap(), "laptop", &expect).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_box_makes_too_long_or_too_large_is_refused_by_the_laptop() {
    let client = answering(|request| match request {
        Request::Changes { .. } => vec![yes(&huge_take(1)), yes(&huge_take(1))],
        // More than the take has, were it not so large; the second brings nothing.
        Request::Take { .. } => vec![yes(&vec![0_u8; 100]), yes(&Vec::<u8>::new())],
        Request::Held { .. } => vec![yes(&u32::MAX)],
        Request::Keys => vec![yes(&vec![Known { name: String::new(), key: PublicKey([0; 32]), since_unix_ms: 0 }; 65])],
        Request::Fetch { .. } => vec![yes(&BulkHead { bytes: 10, hash: Hash([0; 32]) }), yes(&Vec::<u8>::new())],
        // A text of 60 000 bytes where a mood has names.
        Request::Status => vec![[&[0, 200, 168, 3][..], &[b'x'; 60_000]].concat()],
        _ => vec![],
    })
    .await;
    let refused = |error: LinkError| assert!(matches!(error, LinkError::Violation(_)), "{error:?}");
    refused(client.pull(MemoryLaptop::default(), 0, false, |_| {}).await.map(drop).unwrap_err());
    let proof = Proof { id: huge_take(1).id, answer: [1; 32] };
    refused(client.held(&[proof, proof]).await.unwrap_err());
    refused(client.keys().await.unwrap_err());
    refused(client.status().await.unwrap_err());
    refused(client.fetch(FileKind::Raga, &name("r.toml"), &mut Vec::new(), |_| {}).await.unwrap_err());

    // Changes that never go on would be a pull without end.
    let client = answering(|request| match request {
        Request::Changes { .. } => {
            let gone = TakeInfo { state: TakeState::Gone, ..huge_take(5) };
            vec![yes(&gone), yes(&gone)]
        }
        _ => vec![],
    })
    .await;
    refused(client.pull(MemoryLaptop::default(), 0, false, |_| {}).await.map(drop).unwrap_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_with_endless_settings_keeps_no_other_from_coming() {
    let stage = Stage::new();
    stage.record(1, 1, 300);
    stage.served.record_with(Label(Some(Rasa::Veera)), vec![noise(100, 1)], "x".repeat(200_000));
    stage.record(1, 1, 300);
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let pulled = timeout(LONG, pull(&client, &MemoryLaptop::default())).await.unwrap().unwrap();
    assert_eq!((pulled.takes, pulled.missing.len()), (2, 1), "{pulled:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laptop_that_fills_all_its_streams_is_hung_up_on() {
    let stage = Stage::strangers(Limits::default());
    let key = Key::draw();
    stage.ring.add("rogue", key.public).unwrap();
    let mut rogue = FakeLaptop::enter(&stage.tcp().await, &key, &Hello::new("rogue")).await.unwrap();
    // A window's worth of unfinished message on each stream, as no laptop needs.
    let part = vec![0; 16_000];
    let filled = async {
        for stream in 1..=MAX_STREAMS as u32 {
            for _ in 0..3 {
                if !rogue.frame(stream, 1, &part).await {
                    return;
                }
            }
        }
        while rogue.hear().await.is_ok() {}
    };
    timeout(Duration::from_secs(15), filled).await.expect("it is hung up on");
}
