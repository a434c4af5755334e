//! Every request, over loopback.

use crate::stage::{LONG, Stage, name, noise, pull};
use rasika_device::link::memory::{MemoryLaptop, SLOW};
use rasika_device::link::message::{FileKind, Hash, Label, MoodNow, Reason, TakeState};
use rasika_device::link::{LaptopSide as _, LinkError, Pulled};
use rasika_models::Rasa;
use std::sync::Arc;
use tokio::time::timeout;

fn reason(error: LinkError) -> Reason {
    match error {
        LinkError::Refused(refusal) => refusal.reason,
        other => panic!("not refused but {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_comes_once_and_changes_travel() {
    let stage = Stage::new();
    let takes = stage.record(5, 4, 3000);
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let laptop = MemoryLaptop::default();
    let pulled = pull(&client, &laptop).await.unwrap();
    assert_eq!((pulled.changes, pulled.takes, pulled.bytes), (5, 5, 60_000));
    client.prove(laptop.clone()).await.unwrap();
    assert_eq!(stage.served.held_by(stage.laptop_key.public()).len(), 5);
    assert_eq!(laptop.takes(), stage.served.takes());
    assert_eq!(pull(&client, &laptop).await.unwrap(), Pulled::default());

    client.relabel(takes[1].id, Label(Some(Rasa::Karuna))).await.unwrap();
    client.discard(takes[2].id, true).await.unwrap();
    let key = client.proof_key().await.unwrap();
    let mut proofs = laptop.clone().proofs(&[takes[0].id, takes[4].id], &key).unwrap();
    proofs[1].answer[31] ^= 1;
    let pruned = client.prune(&proofs).await.unwrap();
    assert_eq!(pruned.iter().map(|pruned| pruned.kept.is_none()).collect::<Vec<_>>(), [true, false]);
    // Only what is known of the takes has changed: no chunk travels, and the pruned one stays here.
    assert_eq!(pull(&client, &laptop).await.unwrap(), Pulled { changes: 3, ..Pulled::default() });
    let here = laptop.takes();
    assert_eq!((here[1].0.label, here[2].0.discarded), (Label(Some(Rasa::Karuna)), true));
    assert_eq!((here[0].0.state, here[0].1.len()), (TakeState::Gone, 4));
    // A laptop that comes later hears of the tombstone, and asks for nothing.
    let late = MemoryLaptop::default();
    assert_eq!(pull(&client, &late).await.unwrap().takes, 4);
    let gone = client.relabel(rasika_device::link::message::TakeId { number: 99, ..takes[0].id }, Label(None)).await;
    assert_eq!(reason(gone.unwrap_err()), Reason::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_take_keeps_no_other_from_coming() {
    let stage = Stage::new();
    let takes = stage.record(4, 2, 300);
    stage.served.rot(takes[1].id.number);
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let laptop = MemoryLaptop::default();
    for _ in 0..2 {
        let pulled = pull(&client, &laptop).await.unwrap();
        assert_eq!(pulled.missing.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [takes[1].id]);
        assert_eq!(laptop.takes().len(), 3);
    }
    stage.served.rot(takes[1].id.number);
    let pulled = pull(&client, &laptop).await.unwrap();
    assert!(pulled.missing.is_empty() && pulled.takes == 1, "{pulled:?}");
    assert_eq!(laptop.takes(), stage.served.takes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_of_which_nothing_can_be_read_is_named_and_the_rest_comes() {
    let stage = Stage::new();
    let takes = stage.record(4, 2, 300);
    stage.served.lose(takes[1].id.number);
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let laptop = MemoryLaptop::default();
    let pulled = pull(&client, &laptop).await.unwrap();
    assert_eq!(pulled.missing.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [takes[1].id]);
    assert_eq!((pulled.takes, laptop.takes().len()), (3, 3));
    // Who holds it misses nothing.
    stage.served.lose(takes[2].id.number);
    assert_eq!(pull(&client, &laptop).await.unwrap().missing, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_that_was_set_back_gives_what_it_recorded_since() {
    let stage = Stage::new();
    let takes = stage.record(6, 1, 300);
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let laptop = MemoryLaptop::default();
    pull(&client, &laptop).await.unwrap();

    // An older copy, of two takes; two more are recorded there.
    stage.served.set_back(2);
    let new: Vec<_> = (0..2).map(|n| stage.served.record(Label(Some(Rasa::Veera)), vec![noise(200, 90 + n)])).collect();
    let pulled = pull(&client, &laptop).await.unwrap();
    assert!(pulled.set_back && pulled.takes == 0, "{pulled:?}");
    assert_eq!(pulled.others, [new[0].id, new[1].id], "numbers that are other takes' here");
    assert_eq!(laptop.takes().len(), takes.len(), "nothing is lost");
    assert_eq!(pull(&client, &laptop).await.unwrap(), Pulled::default());

    // It comes past the numbers that are known here before anybody asks.
    let laptop = MemoryLaptop::default();
    pull(&client, &laptop).await.unwrap();
    stage.served.set_back(1);
    let new: Vec<_> = (0..5).map(|n| stage.served.record(Label(Some(Rasa::Hasya)), vec![noise(200, 80 + n)])).collect();
    let pulled = pull(&client, &laptop).await.unwrap();
    // Those of numbers that are taken here stay on the box; the others come.
    assert_eq!(pulled.takes, 2, "{pulled:?}");
    assert!(laptop.takes().iter().any(|(take, _)| take.hash == new[4].hash));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_of_takes_is_pulled_from_its_beginning() {
    let stage = Stage::new();
    stage.record(3, 1, 100);
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let laptop = MemoryLaptop::default();
    let follow = client.pull(laptop.clone(), 0, true, |_| {});
    let anew = async {
        while laptop.takes().len() < 3 {
            tokio::task::yield_now().await;
        }
        stage.served.begin_anew();
        stage.record(4, 1, 100);
    };
    let (followed, ()) = timeout(LONG, async { tokio::join!(follow, anew) }).await.unwrap();
    assert!(matches!(followed.map(drop), Err(LinkError::Broken(_))), "takes of one file counted as the other's");
    let client = stage.client(&stage.tcp().await).await.unwrap();
    pull(&client, &laptop).await.unwrap();
    assert_eq!(laptop.takes().len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_follows_brings_what_is_recorded_meanwhile() {
    let stage = Stage::new();
    stage.record(1, 1, 10);
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let laptop = MemoryLaptop::default();
    let follow = client.pull(laptop.clone(), 0, true, |_| {});
    let watch = async {
        for number in 2..6 {
            stage.record(1, 2, 100);
            while laptop.takes().len() < number {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::select! {
        ended = follow => panic!("it ended: {:?}", ended.err()),
        done = timeout(LONG, watch) => done.unwrap(),
    }
    assert_eq!(laptop.takes(), stage.served.takes());
    client.status().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_pushed_put_in_force_and_rolled_back() {
    let stage = Stage::new();
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let (first, second) = (noise(300_000, 1), noise(200_001, 2));
    let mut shown = Vec::new();
    for (file, called) in [(&first, "one.zip"), (&second, "two.zip")] {
        client.push(FileKind::Model, &name(called), file, |progress| shown.push(progress.done_bytes)).await.unwrap();
        client.activate(FileKind::Model, &name(called), Hash::of(file)).await.unwrap();
        assert_eq!(stage.served.active(FileKind::Model).as_ref(), Some(file));
    }
    assert_eq!((shown.first(), shown.last()), (Some(&0), Some(&200_001)));
    let listed = client.list(FileKind::Model).await.unwrap();
    assert_eq!(
        listed.iter().map(|file| (file.active, file.previous)).collect::<Vec<_>>(),
        [(false, true), (true, false)]
    );
    assert_eq!(client.roll_back(FileKind::Model).await.unwrap().hash, Hash::of(&first));
    assert_eq!(stage.served.active(FileKind::Model), Some(first.clone()));
    assert_eq!(reason(client.roll_back(FileKind::Model).await.unwrap_err()), Reason::NotFound);

    let mut back = first[..100_000].to_vec();
    client.fetch(FileKind::Model, &name("one.zip"), &mut back, |_| {}).await.unwrap();
    assert_eq!(back, first);
    // What was wrong from the start is found, thrown away and fetched anew.
    let mut wrong = noise(1000, 9);
    let error = client.fetch(FileKind::Model, &name("one.zip"), &mut wrong, |_| {}).await.unwrap_err();
    assert!(matches!(error, LinkError::WrongHash(_)) && wrong.is_empty());

    let bad = client.push(FileKind::Config, &name("box.toml"), b"bad config", |_| {}).await;
    assert_eq!(reason(bad.unwrap_err()), Reason::Invalid);
    let long = client.push(FileKind::Config, &name("box.toml"), &noise(300_000, 3), |_| {}).await;
    assert_eq!(reason(long.unwrap_err()), Reason::Invalid);
    assert_eq!(client.list(FileKind::Config).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_laptops_are_served_and_one_pushes() {
    let stage = Stage::new();
    stage.record(3, 10, 5000);
    let address = stage.tcp().await;
    let (one, two) = (stage.client(&address).await.unwrap(), stage.client(&address).await.unwrap());
    let file = noise(2_000_000, 1);
    let model = name("m.zip");
    let (started, start) = tokio::sync::oneshot::channel();
    let mut started = Some(started);
    let pushing = one.push(FileKind::Model, &model, &file, |_| {
        if let Some(started) = started.take() {
            started.send(()).unwrap();
            // Long enough for the other to try.
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
    });
    let trying = async {
        start.await.unwrap();
        assert_eq!(reason(two.push(FileKind::Model, &model, &file, |_| {}).await.unwrap_err()), Reason::Busy);
        let laptop = MemoryLaptop::default();
        pull(&two, &laptop).await.unwrap();
        assert_eq!(laptop.takes(), stage.served.takes());
    };
    let (pushed, ()) = tokio::join!(pushing, trying);
    pushed.unwrap();
    two.push(FileKind::Model, &model, &file, |_| {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_touches_a_file_while_the_box_checks_it_though_its_push_is_called_off() {
    let stage = Stage::new();
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let file = [&b"slow"[..], &noise(1000, 1)].concat();
    let (model, other) = (name("m.zip"), noise(1000, 2));
    // Long enough to be across, too short for it to be checked.
    timeout(SLOW / 4, client.push(FileKind::Model, &model, &file, |_| {})).await.unwrap_err();
    let again = client.push(FileKind::Model, &model, &other, |_| {}).await;
    assert_eq!(reason(again.unwrap_err()), Reason::Busy);
    let done = async { while client.push(FileKind::Model, &model, &other, |_| {}).await.is_err() {} };
    timeout(LONG, done).await.expect("the box is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn moods_and_logs_come_as_they_happen() {
    let stage = Stage::new();
    stage.served.log("started");
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let mut moods = client.watch(60).await.unwrap();
    assert_eq!(moods.next().await.unwrap(), Some(MoodNow::default()));
    let joy = MoodNow {
        rasa: Label(Some(Rasa::Hasya)),
        confidence: 0.75,
        raga: "Hamsadhwani".to_owned(),
        ..MoodNow::default()
    };
    stage.served.show(joy.clone());
    assert_eq!(moods.next().await.unwrap(), Some(joy));
    let mut logs = client.logs(10, true).await.unwrap();
    assert_eq!(logs.next().await.unwrap().as_deref(), Some("started"));
    stage.served.log("a line");
    assert_eq!(logs.next().await.unwrap().as_deref(), Some("a line"));
    // What is called off frees its stream: more than there can be at once, one after the other.
    drop((moods, logs));
    for _ in 0..100 {
        let mut moods = timeout(LONG, client.watch(60)).await.unwrap().unwrap();
        moods.next().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_does_not_read_holds_up_nobody() {
    let stage = Stage::new();
    stage.record(1, 100, 50_000);
    let client = stage.client(&stage.tcp().await).await.unwrap();
    let take = &stage.served.takes()[0].0;
    // Opened, and nothing read of it: the box stops when the credit is used up.
    let idle = Arc::new(client.changes(0, 0, true).await.unwrap());
    let laptop = MemoryLaptop::default();
    let mut steps = 0;
    let pulling = client.pull(laptop.clone(), 0, false, |_| steps += 1);
    let asking = async {
        for _ in 0..50 {
            client.status().await.unwrap();
            client.panic().await.unwrap();
        }
    };
    let (pulled, ()) = timeout(LONG, async { tokio::join!(pulling, asking) }).await.unwrap();
    pulled.unwrap();
    assert!(steps >= 100);
    assert_eq!(stage.served.panics(), 50);
    assert_eq!(laptop.clone().cursor(take.id.box_id), Ok(take.change));
    drop(idle);
}
