//! The recorder: takes on the disk, and a box that goes on playing whatever the disk does.

mod takes;

use rasika_device::recorder::{Recorder, Report, Settings};
use rasika_device::store::{Picture, State, Store, Take};
use rasika_models::Rasa;
use std::path::Path;
use std::time::{Duration, Instant};
use takes::{observation, plan, record};

fn settings(folder: &Path) -> Settings {
    Settings {
        folder: folder.to_owned(),
        box_name: "test".into(),
        quota_bytes: 1 << 40,
        margin_bytes: 0,
        prune_held: false,
        keep_images: false,
    }
}

/// The first report that is wanted.
fn wait<T>(recorder: &Recorder, what: &str, wanted: impl Fn(&Report) -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(30);
    let mut heard = Vec::new();
    while let Ok(report) = recorder.reports().recv_deadline(until) {
        if let Some(found) = wanted(&report) {
            return found;
        }
        heard.push(report.to_string());
    }
    panic!("no report of {what}; there were {heard:?}")
}

fn confirmed(recorder: &Recorder) -> Take {
    wait(recorder, "a confirmed take", |report| match report {
        Report::Confirmed { take, .. } => Some((**take).clone()),
        _ => None,
    })
}

fn take_of(recorder: &Recorder, label: Rasa, frames: u64) -> Take {
    recorder.begin(plan(label)).unwrap();
    for frame in 0..frames {
        recorder.offer(&observation(1, frame));
    }
    recorder.end().unwrap();
    confirmed(recorder)
}

fn refusal(recorder: &Recorder) -> String {
    recorder.begin(plan(Rasa::Veera)).unwrap();
    wait(recorder, "a refusal", |report| match report {
        Report::Refused(why) => Some(why.clone()),
        _ => None,
    })
}

/// A picture by what it begins with.
fn picture(frame: u64) -> Picture {
    Picture { frame, jpeg: vec![0xFF, 0xD8, frame as u8] }
}

#[test]
fn a_picture_a_second_is_a_part_of_the_take_where_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(Settings { keep_images: true, ..settings(folder.path()) }).unwrap();
    assert!(!recorder.wants_picture(0.0), "no take is on");
    recorder.begin(plan(Rasa::Karuna)).unwrap();
    for frame in 0..100 {
        let time_ms = frame as f64 * 40.0;
        recorder.offer(&observation(1, frame));
        if recorder.wants_picture(time_ms) {
            recorder.offer_picture(time_ms, picture(frame));
        }
    }
    recorder.end().unwrap();
    let take = confirmed(&recorder);
    // A take of which nothing was seen is not kept for its pictures.
    recorder.begin(plan(Rasa::Karuna)).unwrap();
    recorder.offer_picture(0.0, picture(0));
    recorder.end().unwrap();
    wait(&recorder, "an empty take", |report| matches!(report, Report::Empty(_)).then_some(()));
    drop(recorder);

    let store = Store::open(&settings(folder.path()).file()).unwrap();
    assert_eq!(store.pictures(take.id).unwrap(), [0, 25, 50, 75].map(picture));
    assert_eq!(store.observations(take.id).unwrap().len(), 100);
    assert_eq!((take.observations, Some(store.rehash(take.id).unwrap())), (100, take.hash));
    assert_eq!(store.takes().unwrap().len(), 1);
}

#[test]
fn no_picture_is_kept_that_nobody_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(settings(folder.path())).unwrap();
    recorder.begin(plan(Rasa::Karuna)).unwrap();
    assert!(!recorder.wants_picture(0.0));
    recorder.offer_picture(0.0, picture(0));
    recorder.offer(&observation(1, 0));
    recorder.end().unwrap();
    let take = confirmed(&recorder);
    drop(recorder);
    let store = Store::open(&settings(folder.path()).file()).unwrap();
    assert!(store.pictures(take.id).unwrap().is_empty());
}

#[test]
fn what_is_offered_while_a_take_is_on_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(settings(folder.path())).unwrap();
    recorder.offer(&observation(1, 99));
    let take = take_of(&recorder, Rasa::Hasya, 75);
    recorder.offer(&observation(1, 99));
    assert_eq!((take.state, take.observations, take.rasa()), (State::Confirmed, 75, Rasa::Hasya));
    let reader = Store::open(&folder.path().join("takes.db")).unwrap();
    let frames: Vec<u64> = reader.observations(take.id).unwrap().iter().map(|seen| seen.frame).collect();
    assert_eq!(frames, (0..75).collect::<Vec<_>>());
    assert!(take.bytes / take.observations <= 1024);

    recorder.discard_last().unwrap();
    wait(&recorder, "a discard", |report| (*report == Report::Discarded(take.id)).then_some(()));
    assert!(reader.take(take.id).unwrap().is_discarded());
    recorder.discard_last().unwrap();
    wait(&recorder, "nothing to discard", |report| (*report == Report::NothingToDiscard).then_some(()));
}

#[test]
fn an_empty_take_that_is_discarded_leaves_the_one_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(settings(folder.path())).unwrap();
    let good = take_of(&recorder, Rasa::Hasya, 30);
    recorder.begin(plan(Rasa::Hasya)).unwrap();
    recorder.end().unwrap();
    recorder.discard_last().unwrap();
    wait(&recorder, "nothing to discard", |report| (*report == Report::NothingToDiscard).then_some(()));
    let reader = Store::open(&folder.path().join("takes.db")).unwrap();
    assert!(!reader.take(good.id).unwrap().is_discarded());
    recorder.discard_last().unwrap();
    wait(&recorder, "a discard", |report| (*report == Report::Discarded(good.id)).then_some(()));
}

#[test]
fn a_laptop_that_writes_for_long_ends_no_take() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(settings(folder.path())).unwrap();
    recorder.begin(plan(Rasa::Hasya)).unwrap();
    wait(&recorder, "a beginning", |report| matches!(report, Report::Begun(_)).then_some(()));
    (0..20).for_each(|frame| recorder.offer(&observation(1, frame)));
    let other = rusqlite::Connection::open(folder.path().join("takes.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    recorder.end().unwrap();
    std::thread::sleep(Duration::from_secs(6));
    other.execute_batch("ROLLBACK").unwrap();
    let take = confirmed(&recorder);
    assert_eq!(take.observations, 20);
}

#[test]
fn a_box_that_is_told_to_stop_keeps_the_take_it_records() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(settings(folder.path())).unwrap();
    recorder.begin(plan(Rasa::Hasya)).unwrap();
    recorder.offer(&observation(1, 0));
    drop(recorder);
    let (store, interrupted) = Store::open_box(&folder.path().join("takes.db"), "test").unwrap();
    assert!(interrupted.is_empty());
    assert_eq!(store.takes().unwrap()[0].state, State::Confirmed);
}

#[test]
fn a_press_in_which_nothing_was_seen_is_no_take() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(settings(folder.path())).unwrap();
    recorder.begin(plan(Rasa::Hasya)).unwrap();
    let mut nothing = observation(1, 0);
    nothing.time_ms = f64::NAN;
    recorder.offer(&nothing);
    recorder.end().unwrap();
    wait(&recorder, "an empty take", |report| matches!(report, Report::Empty(_)).then_some(()));
    assert!(Store::open(&folder.path().join("takes.db")).unwrap().takes().unwrap().is_empty());
}

#[test]
fn more_than_the_disk_takes_is_counted_and_nobody_waits() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(settings(folder.path())).unwrap();
    wait(&recorder, "readiness", |report| matches!(report, Report::Ready { .. }).then_some(()));
    // Another process writes, so that the recorder's disk stands still.
    let other = rusqlite::Connection::open(folder.path().join("takes.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    recorder.begin(plan(Rasa::Hasya)).unwrap();
    let seen = observation(1, 0);
    let begun = Instant::now();
    for _ in 0..500 {
        recorder.offer(&seen);
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "offering waited for the disk");
    recorder.end().unwrap();
    other.execute_batch("COMMIT").unwrap();
    let (kept, missed) = wait(&recorder, "a confirmed take", |report| match report {
        Report::Confirmed { take, missed, .. } => Some((take.observations, *missed)),
        _ => None,
    });
    assert_eq!(kept + missed, 500);
    assert!(missed > 300, "{missed}");
}

#[test]
fn a_full_disk_refuses_a_take_before_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(Settings { margin_bytes: 1 << 60, ..settings(folder.path()) }).unwrap();
    let why = refusal(&recorder);
    assert!(why.contains("disk") && why.contains("pull"), "{why}");
}

#[test]
fn at_the_quota_only_what_a_laptop_holds_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("takes.db");
    let (mut store, _) = Store::open_box(&file, "test").unwrap();
    let first = record(&mut store, Rasa::Veera, 40);
    let second = record(&mut store, Rasa::Hasya, 40);
    let proof = store.proof(second.id, &[7; 32]).unwrap();
    assert_eq!(store.held(b"laptop", &[7; 32], &[(second.id, proof)]).unwrap(), 1);
    let full = Settings { quota_bytes: store.used_bytes().unwrap() - 4096, ..settings(folder.path()) };
    drop(store);

    let recorder = Recorder::start(full.clone()).unwrap();
    let why = refusal(&recorder);
    assert!(why.contains("recording.quota_mb"), "{why}");
    drop(recorder);

    let recorder = Recorder::start(Settings { prune_held: true, ..full }).unwrap();
    take_of(&recorder, Rasa::Shanta, 10);
    let store = Store::open(&file).unwrap();
    assert_eq!(store.take(first.id).unwrap().state, State::Confirmed);
    assert_eq!(store.take(second.id).unwrap().state, State::Gone);
}

#[test]
fn a_take_that_reaches_the_quota_ends_and_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open_box(&folder.path().join("takes.db"), "test").unwrap();
    let quota_bytes = store.used_bytes().unwrap() + 20_000;
    drop(store);
    let recorder = Recorder::start(Settings { quota_bytes, ..settings(folder.path()) }).unwrap();
    recorder.begin(plan(Rasa::Veera)).unwrap();
    for frame in 0..90 {
        recorder.offer(&observation(1, frame));
    }
    let (take, why) = wait(&recorder, "a take cut short", |report| match report {
        Report::Confirmed { take, cut_short, .. } => Some((take.clone(), cut_short.clone())),
        _ => None,
    });
    assert!(take.observations >= 30 && why.is_some_and(|why| why.contains("quota")));
}

#[test]
fn a_damaged_file_is_put_aside_and_a_new_one_begun() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("takes.db");
    let rubbish = vec![0x5A; 10_000];
    std::fs::write(&file, &rubbish).unwrap();
    let recorder = Recorder::start(settings(folder.path())).unwrap();
    let aside = wait(&recorder, "a file put aside", |report| match report {
        Report::SetAside(rescued) => Some(rescued.aside.clone()),
        _ => None,
    });
    assert_eq!(std::fs::read(aside).unwrap(), rubbish);
    assert_eq!(take_of(&recorder, Rasa::Veera, 10).observations, 10);
}

#[test]
fn a_file_that_is_damaged_inside_is_put_aside_when_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("takes.db");
    let (mut store, _) = Store::open_box(&file, "test").unwrap();
    record(&mut store, Rasa::Veera, 40);
    drop(store);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[4096..].fill(0x5A);
    std::fs::write(&file, &bytes).unwrap();
    let recorder = Recorder::start(settings(folder.path())).unwrap();
    // The damage may show when the file is opened or when the first take is begun; then the next press works.
    recorder.begin(plan(Rasa::Veera)).unwrap();
    wait(&recorder, "a file put aside", |report| matches!(report, Report::SetAside(_)).then_some(()));
    recorder.end().unwrap();
    assert_eq!(take_of(&recorder, Rasa::Hasya, 10).observations, 10);
}

#[test]
fn a_folder_that_cannot_be_written_is_a_sentence_and_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("card");
    std::fs::write(&place, "no folder").unwrap();
    let recorder = Recorder::start(settings(&place.join("takes"))).unwrap();
    let why = wait(&recorder, "a fault", |report| match report {
        Report::Fault(why) => Some(why.clone()),
        _ => None,
    });
    assert!(why.contains("writable"), "{why}");
    assert!(refusal(&recorder).contains("writable"));
    std::fs::remove_file(&place).unwrap();
    wait(&recorder, "readiness", |report| matches!(report, Report::Ready { .. }).then_some(()));
    assert_eq!(take_of(&recorder, Rasa::Veera, 10).observations, 10);
}

#[test]
fn a_take_is_not_confirmed_into_a_file_that_was_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("takes");
    let recorder = Recorder::start(settings(&place)).unwrap();
    take_of(&recorder, Rasa::Hasya, 20);
    type Deletes = fn(&Path);
    let ways: [Deletes; 2] = [
        |place| std::fs::remove_file(place.join("takes.db")).unwrap(),
        |place| std::fs::remove_dir_all(place).unwrap(),
    ];
    for delete in ways {
        recorder.begin(plan(Rasa::Veera)).unwrap();
        wait(&recorder, "a beginning", |report| matches!(report, Report::Begun(_)).then_some(()));
        (0..20).for_each(|frame| recorder.offer(&observation(1, frame)));
        delete(&place);
        recorder.end().unwrap();
        let why = wait(&recorder, "a fault", |report| match report {
            Report::Fault(why) => Some(why.clone()),
            Report::Confirmed { .. } => panic!("it is confirmed and on no disk"),
            _ => None,
        });
        assert!(why.contains("was deleted"), "{why}");
        wait(&recorder, "the store", |report| matches!(report, Report::Ready { .. }).then_some(()));
        let kept = take_of(&recorder, Rasa::Karuna, 20);
        let takes = Store::open(&place.join("takes.db")).unwrap().takes().unwrap();
        assert!(takes.iter().any(|take| take.id == kept.id && take.state == State::Confirmed));
    }
}
