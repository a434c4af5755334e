//! The file of takes: what is confirmed stays, what changes travels, and nothing is deleted that nobody else holds.

mod takes;

use rasika_device::store::{BoxId, Change, Fetch, State, Store, StoreError, Take, set_aside};
use rasika_models::Rasa;
use takes::{chunk, observation, plan, record};
use tempfile::TempDir;

struct Pair {
    folder: TempDir,
    on_box: Store,
    laptop: Store,
}

fn pair() -> Pair {
    let folder = tempfile::tempdir().unwrap();
    let (on_box, interrupted) = Store::open_box(&folder.path().join("box/takes.db"), "stage left").unwrap();
    assert!(interrupted.is_empty());
    let laptop = Store::open(&folder.path().join("laptop/takes.db")).unwrap();
    Pair { folder, on_box, laptop }
}

fn changed(on_box: &Store, of: BoxId, after: u64) -> Vec<Take> {
    let changes = on_box.changes(of, after, 1000).unwrap().into_iter();
    let take = |change| match change {
        Change::Take(take) => *take,
        Change::Damaged { id, .. } => panic!("take {id} is damaged"),
    };
    changes.map(take).collect()
}

/// Fetches everything that is new, as the link does; how many changes there were.
fn pull(on_box: &Store, laptop: &mut Store) -> usize {
    let from = on_box.own_box().unwrap().unwrap();
    let changes = changed(on_box, from, laptop.cursor(from).unwrap());
    for take in &changes {
        if let Fetch::Chunks { from } = laptop.fetch("stage left", take).unwrap() {
            for (part, bytes) in (from..).zip(on_box.chunks(take.id, from, 1000).unwrap()) {
                laptop.put_chunk(take.id, part, &bytes).unwrap();
            }
            laptop.fetched(take).unwrap();
        }
    }
    changes.len()
}

fn labels(store: &Store) -> Vec<(u64, Rasa, bool, State)> {
    store.takes().unwrap().iter().map(|take| (take.id.number, take.rasa(), take.is_discarded(), take.state)).collect()
}

#[test]
fn a_confirmed_take_is_there_after_opening_again() {
    let Pair { folder, mut on_box, .. } = pair();
    let take = record(&mut on_box, Rasa::Veera, 3);
    assert_eq!((take.state, take.observations, take.changed), (State::Confirmed, 15, Some(1)));
    drop(on_box);
    let (on_box, _) = Store::open_box(&folder.path().join("box/takes.db"), "another name").unwrap();
    assert_eq!(on_box.takes().unwrap(), std::slice::from_ref(&take));
    assert_eq!(on_box.rehash(take.id).unwrap(), take.hash.unwrap());
    let seen = on_box.observations(take.id).unwrap();
    assert_eq!((seen.len(), seen[14].frame), (15, 14));
    assert!(
        (seen[7].face.as_ref().unwrap().landmarks[3][0] - observation(1, 7).face.unwrap().landmarks[3][0]).abs() < 0.1
    );
    assert_eq!(on_box.boxes().unwrap()[0].1, "another name");
    on_box.check().unwrap();
}

#[test]
fn a_take_that_was_cut_off_keeps_its_whole_chunks_and_its_number_is_not_used_again() {
    let Pair { folder, mut on_box, .. } = pair();
    let mut cut = on_box.begin(&plan(Rasa::Karuna)).unwrap();
    on_box.append(&mut cut, &chunk(1, 0, 5)).unwrap();
    let nothing_seen = on_box.begin(&plan(Rasa::Hasya)).unwrap();
    drop(on_box);
    let (mut on_box, interrupted) = Store::open_box(&folder.path().join("box/takes.db"), "b").unwrap();
    assert_eq!(interrupted.len(), 1);
    assert_eq!(
        (interrupted[0].id, interrupted[0].state, interrupted[0].observations),
        (cut.id(), State::Interrupted, 5)
    );
    assert_eq!(on_box.rehash(cut.id()).unwrap(), interrupted[0].hash.unwrap());
    assert!(matches!(on_box.take(nothing_seen.id()), Err(StoreError::NoTake(_))));
    assert_eq!(record(&mut on_box, Rasa::Hasya, 1).id.number, nothing_seen.id().number + 1);
}

#[test]
fn only_one_process_records_and_others_may_read_meanwhile() {
    let Pair { folder, mut on_box, .. } = pair();
    let file = folder.path().join("box/takes.db");
    assert!(matches!(Store::open_box(&file, "b"), Err(StoreError::InUse)));
    let mut recording = on_box.begin(&plan(Rasa::Karuna)).unwrap();
    on_box.append(&mut recording, &chunk(1, 0, 5)).unwrap();
    let reader = Store::open(&file).unwrap();
    assert_eq!(labels(&reader)[0].3, State::Recording, "a reader made something else of it");
    assert!(reader.changes(reader.own_box().unwrap().unwrap(), 0, 9).unwrap().is_empty());
    on_box.confirm(recording, None).unwrap();
    assert_eq!(labels(&reader)[0].3, State::Confirmed);
}

#[test]
fn changes_travel_once_and_the_laptop_has_the_last_word() {
    let Pair { mut on_box, mut laptop, folder: _folder } = pair();
    let takes: Vec<Take> = [Rasa::Veera, Rasa::Hasya, Rasa::Shanta].map(|label| record(&mut on_box, label, 2)).into();
    assert_eq!(pull(&on_box, &mut laptop), 3);
    assert_eq!(pull(&on_box, &mut laptop), 0);
    assert_eq!(labels(&laptop), labels(&on_box));
    assert_eq!(laptop.observations(takes[1].id).unwrap(), on_box.observations(takes[1].id).unwrap());

    on_box.discard(takes[0].id).unwrap();
    on_box.discard(takes[0].id).unwrap();
    on_box.relabel(takes[1].id, Rasa::Adbhuta).unwrap();
    assert_eq!(pull(&on_box, &mut laptop), 2, "what changed nothing travelled");
    assert_eq!(labels(&laptop), labels(&on_box));

    laptop.restore(takes[0].id).unwrap();
    laptop.relabel(takes[1].id, Rasa::Raudra).unwrap();
    on_box.relabel(takes[1].id, Rasa::Bhayanaka).unwrap();
    on_box.restore(takes[0].id).unwrap();
    on_box.discard(takes[0].id).unwrap();
    pull(&on_box, &mut laptop);
    let mine = laptop.take(takes[1].id).unwrap();
    assert_eq!((mine.rasa(), mine.label, mine.recorded.label), (Rasa::Raudra, Rasa::Bhayanaka, Rasa::Hasya));
    assert!(!laptop.take(takes[0].id).unwrap().is_discarded());
}

#[test]
fn a_broken_fetch_goes_on_where_it_broke_and_a_wrong_one_begins_anew() {
    let Pair { folder, mut on_box, mut laptop } = pair();
    let take = record(&mut on_box, Rasa::Veera, 4);
    let chunks = on_box.chunks(take.id, 0, 9).unwrap();
    assert_eq!(laptop.fetch("b", &take).unwrap(), Fetch::Chunks { from: 0 });
    laptop.put_chunk(take.id, 0, &chunks[0]).unwrap();
    assert!(matches!(laptop.put_chunk(take.id, 2, &chunks[2]), Err(StoreError::NotNow(..))));
    drop(laptop);
    let mut laptop = Store::open(&folder.path().join("laptop/takes.db")).unwrap();
    assert_eq!(laptop.cursor(take.id.box_id).unwrap(), 0, "a half take counted as taken in");
    assert_eq!(laptop.fetch("b", &take).unwrap(), Fetch::Chunks { from: 1 });
    laptop.put_chunk(take.id, 1, &chunks[2]).unwrap();
    assert!(matches!(laptop.fetched(&take), Err(StoreError::WrongHash(_))));
    assert_eq!(pull(&on_box, &mut laptop), 1);
    assert_eq!(laptop.take(take.id).unwrap().state, State::Confirmed);
    assert_eq!(laptop.rehash(take.id).unwrap(), take.hash.unwrap());
}

#[test]
fn a_take_that_did_not_come_whole_is_asked_for_again_and_keeps_no_other_from_coming() {
    let Pair { mut on_box, mut laptop, folder: _folder } = pair();
    let takes: Vec<Take> = [Rasa::Veera, Rasa::Hasya, Rasa::Shanta].map(|label| record(&mut on_box, label, 2)).into();
    let bring = |on_box: &Store, laptop: &mut Store, take: &Take, rotten: bool| {
        assert_eq!(laptop.fetch("b", take).unwrap(), Fetch::Chunks { from: 0 });
        let chunks = on_box.chunks(take.id, 0, 9).unwrap();
        let last = if rotten { &chunks[0] } else { &chunks[1] };
        laptop.put_chunk(take.id, 0, &chunks[0]).unwrap();
        laptop.put_chunk(take.id, 1, last).unwrap();
        laptop.fetched(take)
    };
    bring(&on_box, &mut laptop, &takes[0], false).unwrap();
    assert!(matches!(bring(&on_box, &mut laptop, &takes[1], true), Err(StoreError::WrongHash(_))));
    bring(&on_box, &mut laptop, &takes[2], false).unwrap();
    assert_eq!(laptop.cursor(takes[1].id.box_id).unwrap(), 1, "what is missing would never be asked for");
    assert!(laptop.discard(takes[1].id).is_err());
    assert_eq!(pull(&on_box, &mut laptop), 2);
    assert_eq!(labels(&laptop), labels(&on_box));
    assert_eq!(pull(&on_box, &mut laptop), 0);
}

#[test]
fn a_box_that_was_set_back_loses_nothing_here_and_its_opinions_count_again() {
    let Pair { folder, mut on_box, mut laptop } = pair();
    let own = on_box.own_box().unwrap().unwrap();
    let one = record(&mut on_box, Rasa::Veera, 1);
    drop(on_box);
    let (file, copy) = (folder.path().join("box/takes.db"), folder.path().join("copy.db"));
    std::fs::copy(&file, &copy).unwrap();
    let (mut on_box, _) = Store::open_box(&file, "b").unwrap();
    let two = record(&mut on_box, Rasa::Hasya, 2);
    record(&mut on_box, Rasa::Hasya, 2);
    on_box.relabel(one.id, Rasa::Shanta).unwrap();
    pull(&on_box, &mut laptop);
    // A take that only half came, of which there is another on the older copy.
    let half = record(&mut on_box, Rasa::Karuna, 2);
    laptop.fetch("b", &half).unwrap();
    laptop.put_chunk(half.id, 0, &on_box.chunks(half.id, 0, 1).unwrap()[0]).unwrap();
    drop(on_box);
    std::fs::copy(&copy, &file).unwrap();
    let (mut on_box, _) = Store::open_box(&file, "b").unwrap();
    let others = [Rasa::Adbhuta, Rasa::Raudra, Rasa::Veera].map(|label| record(&mut on_box, label, 3));
    assert_eq!((others[0].id, others[2].id), (two.id, half.id));
    assert!(on_box.cursor(own).unwrap() <= laptop.cursor(own).unwrap());

    laptop.set_back(own).unwrap();
    assert_eq!(laptop.cursor(own).unwrap(), 0);
    assert_eq!(laptop.fetch("b", &on_box.take(one.id).unwrap()).unwrap(), Fetch::Done);
    assert_eq!(laptop.take(one.id).unwrap().rasa(), Rasa::Veera, "the box says what it said then");
    assert_eq!(laptop.fetch("b", &others[0]).unwrap(), Fetch::Another);
    assert_eq!(laptop.fetch("b", &others[1]).unwrap(), Fetch::Another);
    assert_eq!(laptop.take(two.id).unwrap().hash, two.hash);
    assert_eq!(laptop.fetch("b", &others[2]).unwrap(), Fetch::Chunks { from: 0 });
    for (part, chunk) in (0..).zip(on_box.chunks(half.id, 0, 9).unwrap()) {
        laptop.put_chunk(half.id, part, &chunk).unwrap();
    }
    laptop.fetched(&others[2]).unwrap();
    assert_eq!(laptop.take(half.id).unwrap().hash, others[2].hash);
    assert_eq!(laptop.cursor(own).unwrap(), on_box.cursor(own).unwrap());
    // The number of a change that another take has here.
    on_box.relabel(one.id, Rasa::Bibhatsa).unwrap();
    pull(&on_box, &mut laptop);
    assert_eq!(laptop.take(one.id).unwrap().rasa(), Rasa::Bibhatsa);
}

#[test]
fn nothing_is_pruned_that_nobody_has_proved_to_hold() {
    let Pair { mut on_box, mut laptop, folder } = pair();
    let (one, two) = (record(&mut on_box, Rasa::Veera, 2), record(&mut on_box, Rasa::Hasya, 2));
    assert!(matches!(on_box.prune(one.id), Err(StoreError::NotNow(..))));
    let key = [9; 32];
    pull(&on_box, &mut laptop);
    assert_eq!(laptop.unproved(one.id.box_id).unwrap(), [one.id, two.id]);
    let [first, second] = [one.id, two.id].map(|id| laptop.proof(id, &key).unwrap());
    let other_key = laptop.proof(one.id, &[8; 32]).unwrap();
    // What the box itself lists, the proof of another take, one for another challenge.
    for wrong in [one.hash.unwrap(), second, other_key] {
        assert_eq!(on_box.held(b"laptop", &key, &[(one.id, wrong)]).unwrap(), 0, "a wrong proof was believed");
        assert!(on_box.prune(one.id).is_err());
    }
    assert_eq!(on_box.held(b"laptop", &key, &[(one.id, first)]).unwrap(), 1);
    laptop.proved(&[one.id]).unwrap();
    assert_eq!(laptop.unproved(one.id.box_id).unwrap(), [two.id]);
    assert_eq!(on_box.oldest_held().unwrap(), Some(one.id));
    let used = on_box.used_bytes().unwrap();
    on_box.prune(one.id).unwrap();
    assert!(on_box.used_bytes().unwrap() <= used && on_box.chunks(one.id, 0, 9).unwrap().is_empty());
    assert!(on_box.prune(two.id).is_err());
    // The one laptop keeps its copy; one that comes later hears that there was a take.
    pull(&on_box, &mut laptop);
    assert_eq!(laptop.rehash(one.id).unwrap(), one.hash.unwrap());
    let mut late = Store::open(&folder.path().join("late.db")).unwrap();
    pull(&on_box, &mut late);
    assert_eq!(late.take(one.id).unwrap().state, State::Gone);
    assert_eq!(late.take(two.id).unwrap().state, State::Confirmed);
    assert_eq!(pull(&on_box, &mut late), 0);
}

#[test]
fn takes_of_many_boxes_keep_apart() {
    let Pair { mut on_box, mut laptop, folder } = pair();
    let (mut other, _) = Store::open_box(&folder.path().join("other.db"), "stage right").unwrap();
    let (one, two) = (record(&mut on_box, Rasa::Veera, 1), record(&mut other, Rasa::Hasya, 1));
    assert_eq!(one.id.number, two.id.number);
    pull(&on_box, &mut laptop);
    pull(&other, &mut laptop);
    assert_eq!((laptop.take(one.id).unwrap().rasa(), laptop.take(two.id).unwrap().rasa()), (Rasa::Veera, Rasa::Hasya));
}

#[test]
fn a_file_of_a_newer_program_is_refused_and_not_touched() {
    let Pair { folder, mut on_box, .. } = pair();
    record(&mut on_box, Rasa::Veera, 1);
    drop(on_box);
    let file = folder.path().join("box/takes.db");
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 7).unwrap();
    let before = std::fs::read(&file).unwrap();
    let error = Store::open_box(&file, "b").unwrap_err();
    assert!(matches!(error, StoreError::Newer { version: 7, .. }), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_file_put_aside_keeps_every_byte_even_twice_in_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("takes.db");
    let mut names = Vec::new();
    for text in ["one", "two"] {
        std::fs::write(&file, text).unwrap();
        std::fs::write(folder.path().join("takes.db-wal"), "log").unwrap();
        let aside = set_aside(&file).unwrap();
        assert!(!file.exists());
        assert_eq!(std::fs::read_to_string(&aside).unwrap(), text);
        assert_eq!(std::fs::read_to_string(format!("{}-wal", aside.display())).unwrap(), "log");
        names.push(aside);
    }
    assert_ne!(names[0], names[1]);
}
