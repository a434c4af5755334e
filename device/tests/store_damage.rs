//! Damage to a file of takes, of every kind, on the box and on the laptop: what is bad is named, everything else comes.

mod takes;

use rasika_device::store::{Change, Fetch, Store, StoreError, Take, TakeId, rescue};
use rasika_models::Rasa;
use rusqlite::{Connection, types::Value};
use std::path::{Path, PathBuf};
use takes::record;
use tempfile::TempDir;

const TAKES: usize = 5;

/// A box's file with some takes in it.
fn on_box() -> (TempDir, PathBuf, Vec<Take>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("takes.db");
    let (mut store, _) = Store::open_box(&file, "box").unwrap();
    let takes = (0..TAKES).map(|_| record(&mut store, Rasa::Veera, 2)).collect();
    (folder, file, takes)
}

/// Opens a box's file as the box does: one whose pages are damaged is put aside, and what can be read is saved.
fn open_box(file: &Path) -> Store {
    match Store::open_box(file, "box") {
        Err(StoreError::Corrupt(_)) => {
            rescue(file).unwrap();
            Store::open_box(file, "box").unwrap().0
        }
        opened => opened.unwrap().0,
    }
}

/// Records as the box does.
fn record_anew(mut store: Store, file: &Path) -> (Store, TakeId) {
    for _ in 0..2 {
        let recorded = store.begin(&takes::plan(Rasa::Shanta)).and_then(|mut recording| {
            store.append(&mut recording, &takes::chunk(9, 0, 5))?;
            store.confirm(recording, None)
        });
        match recorded {
            Ok(take) => return (store, take.id),
            Err(StoreError::Corrupt(_)) => {
                drop(store);
                rescue(file).unwrap();
                store = open_box(file);
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("nothing can be recorded");
}

/// Everything that comes, and what is named as damaged.
fn pull(from: &Store, laptop: &mut Store) -> (Vec<TakeId>, Vec<TakeId>) {
    let own = from.own_box().unwrap().unwrap();
    let (mut came, mut damaged) = (Vec::new(), Vec::new());
    for change in from.changes(own, laptop.cursor(own).unwrap(), 1000).unwrap() {
        let take = match change {
            Change::Take(take) => take,
            Change::Damaged { id, changed } => {
                if !laptop.damaged_there("box", id, changed).unwrap() {
                    damaged.push(id);
                }
                continue;
            }
        };
        match laptop.fetch("box", &take) {
            Ok(Fetch::Chunks { from: part }) => {
                let Ok(chunks) = from.chunks(take.id, part, 1000) else {
                    damaged.push(take.id);
                    continue;
                };
                let put = (part..).zip(&chunks).try_for_each(|(part, chunk)| laptop.put_chunk(take.id, part, chunk));
                match put.and_then(|()| laptop.fetched(&take)) {
                    Ok(()) => came.push(take.id),
                    Err(_) => damaged.push(take.id),
                }
            }
            Ok(_) => came.push(take.id),
            // Not whole by what it says of itself.
            Err(_) => damaged.push(take.id),
        }
    }
    (came, damaged)
}

/// Changes a file as no program would: neither types nor checks are asked.
fn spoil(file: &Path, change: impl FnOnce(&Connection) -> rusqlite::Result<usize>) -> bool {
    let lax = |from: &str, to: &str| {
        let db = Connection::open(file).unwrap();
        db.pragma_update(None, "writable_schema", true).unwrap();
        let sql = "UPDATE sqlite_schema SET sql = replace(sql, ?1, ?2)";
        db.execute(sql, [from, to]).unwrap();
    };
    lax(") STRICT", ") /*STRICT*/");
    let db = Connection::open(file).unwrap();
    db.pragma_update(None, "ignore_check_constraints", true).unwrap();
    db.pragma_update(None, "foreign_keys", false).unwrap();
    let changed = change(&db).is_ok_and(|rows| rows > 0);
    db.close().unwrap();
    lax(") /*STRICT*/", ") STRICT");
    changed
}

fn columns(file: &Path, table: &str) -> Vec<String> {
    let db = Connection::open(file).unwrap();
    let mut statement = db.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// What flipped bits make of a value: another kind, another size, another text.
fn values() -> [Value; 4] {
    [Value::Blob(vec![0xFF, 0x00, 0xC3]), Value::Integer(-1), Value::Integer(1 << 60), Value::Text("Vxera".into())]
}

#[test]
fn a_row_of_the_box_that_is_damaged_in_any_column_keeps_no_other_from_coming() {
    for column in columns(&on_box().1, "take") {
        for value in values() {
            let (folder, file, takes) = on_box();
            let sql = format!("UPDATE take SET {column} = ?1 WHERE number = 2");
            if !spoil(&file, |db| db.execute(&sql, [&value])) {
                continue;
            }
            let what = format!("{column} = {value:?}");
            let (store, new) = record_anew(open_box(&file), &file);
            let mut laptop = Store::open(&folder.path().join("laptop.db")).unwrap();
            let (came, damaged) = pull(&store, &mut laptop);
            for take in takes.iter().filter(|take| take.id.number != 2) {
                assert!(came.contains(&take.id), "{what}: take {} did not come", take.id.number);
            }
            assert!(came.contains(&new), "{what}: what was recorded since did not come");
            // What can be told from what was recorded comes, or is named.
            let second = takes[1].id;
            let examined = store.examine().unwrap();
            let came_whole = laptop.is_sound(second).unwrap_or(false) && came.contains(&second);
            let named = !damaged.is_empty() || !examined.damaged.is_empty() || came.len() > takes.len() + 1;
            assert!(came_whole || named || store.take(second).is_ok(), "{what}: {examined:?}");
            // Once heard, nothing comes again but what did not come whole.
            let (again, _) = pull(&store, &mut laptop);
            assert!(again.len() < TAKES, "{what}: {again:?}");
        }
    }
}

#[test]
fn chunks_that_are_damaged_are_of_one_take() {
    let ways: [&str; 6] = [
        "UPDATE chunk SET bytes = substr(bytes, 1, length(bytes) / 2) WHERE take = 2 AND part = 1",
        "UPDATE chunk SET bytes = x'' WHERE take = 2 AND part = 0",
        "UPDATE chunk SET bytes = 'text' WHERE take = 2 AND part = 0",
        "UPDATE chunk SET part = 7 WHERE take = 2 AND part = 0",
        "UPDATE chunk SET bytes = x'01ff' || substr(bytes, 3) WHERE take = 2 AND part = 1",
        "DELETE FROM chunk WHERE take = 2 AND part = 1",
    ];
    for way in ways {
        let (folder, file, takes) = on_box();
        assert!(spoil(&file, |db| db.execute(way, [])), "{way}");
        let (store, new) = record_anew(open_box(&file), &file);
        let examined = store.examine().unwrap();
        assert_eq!(examined.damaged.iter().map(|damage| damage.id).collect::<Vec<_>>(), [Some(takes[1].id)], "{way}");
        let mut laptop = Store::open(&folder.path().join("laptop.db")).unwrap();
        let (came, damaged) = pull(&store, &mut laptop);
        assert_eq!((came.len(), damaged), (TAKES, vec![takes[1].id]), "{way}");
        assert!(came.contains(&new));
    }
}

#[test]
fn numbers_of_the_box_that_are_damaged_end_no_recording_and_hide_no_take() {
    for column in ["sequence", "next_take", "name"] {
        for value in values() {
            let (folder, file, takes) = on_box();
            let sql = format!("UPDATE box SET {column} = ?1");
            if !spoil(&file, |db| db.execute(&sql, [&value])) {
                continue;
            }
            let (store, new) = record_anew(open_box(&file), &file);
            let mut laptop = Store::open(&folder.path().join("laptop.db")).unwrap();
            let (came, _) = pull(&store, &mut laptop);
            assert!(came.contains(&new) && came.len() == takes.len() + 1, "{column} = {value:?}: {came:?}");
        }
    }
}

/// Fills one page of a file with rubbish.
fn spoil_page(file: &Path, page: usize) -> bool {
    // What is in the log belongs to the file.
    drop(Connection::open(file).unwrap().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    let mut bytes = std::fs::read(file).unwrap();
    let Some(bytes_of_page) = bytes.chunks_mut(4096).nth(page) else { return false };
    bytes_of_page.fill(0x5A);
    std::fs::write(file, bytes).unwrap();
    true
}

#[test]
fn a_damaged_page_of_the_box_costs_what_is_on_it() {
    let (mut pages, mut kept) = (0, 0);
    for page in 1.. {
        let (folder, file, takes) = on_box();
        if !spoil_page(&file, page) {
            break;
        }
        let (store, new) = record_anew(open_box(&file), &file);
        let mut laptop = Store::open(&folder.path().join("laptop.db")).unwrap();
        let (came, _) = pull(&store, &mut laptop);
        assert!(came.contains(&new), "page {page}: what was recorded since did not come");
        pages += 1;
        kept += takes.iter().filter(|take| came.contains(&take.id)).count();
    }
    // Pages of tables that every take needs cost them all; most pages are not such.
    assert!(pages > 10 && kept > pages * TAKES / 2, "{kept} takes came, over {pages} pages");
}

/// A laptop that has pulled everything.
fn pulled(file: &Path, folder: &Path) -> (Store, Store) {
    let store = open_box(file);
    let mut laptop = Store::open(&folder.join("laptop.db")).unwrap();
    assert_eq!(pull(&store, &mut laptop).0.len(), TAKES);
    (store, laptop)
}

#[test]
fn a_take_that_is_damaged_on_the_laptop_is_named_put_aside_and_comes_again() {
    for column in columns(&on_box().1, "take") {
        for value in values() {
            let (folder, file, takes) = on_box();
            let (store, laptop) = pulled(&file, folder.path());
            drop(laptop);
            let here = folder.path().join("laptop.db");
            let sql = format!("UPDATE take SET {column} = ?1 WHERE number = 2");
            if !spoil(&here, |db| db.execute(&sql, [&value])) {
                continue;
            }
            let what = format!("{column} = {value:?}");
            let mut laptop = Store::open(&here).unwrap();
            for damage in laptop.look_through().unwrap() {
                laptop.put_aside(&damage).unwrap_or_else(|error| panic!("{what}: {error}"));
            }
            pull(&store, &mut laptop);
            let sound = |take: &Take| laptop.is_sound(take.id).unwrap_or(false);
            let unsound: Vec<u64> = takes.iter().filter(|take| !sound(take)).map(|take| take.id.number).collect();
            assert!(unsound.is_empty(), "{what}: {unsound:?} {:?}", laptop.examine().unwrap());
            assert!(laptop.examine().unwrap().damaged.is_empty(), "{what}");
        }
    }
}

#[test]
fn chunks_that_are_damaged_on_the_laptop_come_again() {
    let (folder, file, takes) = on_box();
    let (store, laptop) = pulled(&file, folder.path());
    drop(laptop);
    let here = folder.path().join("laptop.db");
    let sql = "UPDATE chunk SET bytes = x'01ff' || substr(bytes, 3) WHERE take IN (2, 4) AND part = 1";
    assert!(spoil(&here, |db| db.execute(sql, [])));
    let mut laptop = Store::open(&here).unwrap();
    let damaged = laptop.look_through().unwrap();
    assert_eq!(damaged.iter().filter_map(|damage| damage.id).collect::<Vec<_>>(), [takes[1].id, takes[3].id]);
    damaged.iter().for_each(|damage| laptop.put_aside(damage).unwrap());
    assert_eq!(pull(&store, &mut laptop).0.len(), 4, "what follows the first of them is compared");
    assert!(takes.iter().all(|take| laptop.is_sound(take.id).unwrap()));
    assert!(laptop.look_through().unwrap().is_empty());
    assert_eq!(pull(&store, &mut laptop).0, []);
}

#[test]
fn a_damaged_page_of_the_laptop_is_mended_and_the_rest_comes_again() {
    for page in 1.. {
        let (folder, file, takes) = on_box();
        let (store, laptop) = pulled(&file, folder.path());
        drop(laptop);
        let here = folder.path().join("laptop.db");
        if !spoil_page(&here, page) {
            break;
        }
        let rescued = rescue(&here).unwrap();
        let mut laptop = Store::open(&here).unwrap();
        let came = pull(&store, &mut laptop);
        let sound = |take: &Take| laptop.is_sound(take.id).unwrap_or(false);
        assert!(takes.iter().all(sound), "page {page}: {rescued:?}, {came:?}");
    }
}

#[test]
fn a_rescue_keeps_what_was_decided_and_who_holds_what() {
    let (folder, file, takes) = on_box();
    let (mut store, mut laptop) = pulled(&file, folder.path());
    let proof = laptop.proof(takes[2].id, &[1; 32]).unwrap();
    store.held(b"laptop", &[1; 32], &[(takes[2].id, proof)]).unwrap();
    laptop.relabel(takes[0].id, Rasa::Karuna).unwrap();
    let (own, cursor) = (store.own_box().unwrap(), store.cursor(takes[0].id.box_id).unwrap());
    drop((store, laptop));
    let saved = rescue(&file).unwrap();
    assert_eq!((saved.kept, saved.lost.len()), (TAKES as u64, 0));
    let (mut store, _) = Store::open_box(&file, "box").unwrap();
    // The one change more tells laptops that the file was put aside.
    assert_eq!((store.own_box().unwrap(), store.cursor(takes[0].id.box_id).unwrap()), (own, cursor + 1));
    assert_eq!(store.takes().unwrap(), takes);
    store.prune(takes[2].id).unwrap();
    assert_eq!(record(&mut store, Rasa::Hasya, 1).id.number, TAKES as u64 + 1);
    rescue(&folder.path().join("laptop.db")).unwrap();
    let mut laptop = Store::open(&folder.path().join("laptop.db")).unwrap();
    assert_eq!(laptop.take(takes[0].id).unwrap().rasa(), Rasa::Karuna);
    assert!(laptop.undo().unwrap().is_some());
}
