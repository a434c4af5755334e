//! The file of takes: every page, every row, the bytes of every take against its hash.

use super::{Finding, Machine};
use crate::store::Store;

const ABOUT: &str = "takes";
/// Files that were put aside are named so (see [`crate::store::set_aside`]).
const ASIDE: &str = "takes.damaged-";
/// Damaged takes that are named one by one.
const NAMED: usize = 10;

/// Whether every take can be read, and what was put aside.
pub fn check(machine: &Machine) -> Vec<Finding> {
    let folder = machine.at(&machine.state);
    let file = folder.join("takes.db");
    let mut findings = Vec::new();
    if file.exists() {
        findings.extend(examined(&file));
    }
    let aside: Vec<String> =
        machine.names(&machine.state, ASIDE).into_iter().filter(|name| name.ends_with(".db")).collect();
    if !aside.is_empty() {
        findings.push(Finding::warn(
            ABOUT,
            format!("damaged files were put aside in {}: {}", machine.state.display(), aside.join(", ")),
            "what could be read of them was saved when they were; copy them elsewhere, then delete them. Cards that lose \
             data do so again: replace it",
        ));
    }
    findings
}

fn examined(file: &std::path::Path) -> Vec<Finding> {
    let again = "pull, so that a laptop has what can be read; a laptop that holds the damaged takes keeps its copies. If the \
                 card is old, replace it";
    let examined = match Store::open_to_read(file).and_then(|store| store.examine()) {
        Ok(examined) => examined,
        Err(error) => return vec![Finding::fail(ABOUT, format!("{}: {error}", file.display()), again)],
    };
    let mut findings = Vec::new();
    if let Some(pages) = examined.pages {
        findings.push(Finding::fail(ABOUT, format!("the file of takes is damaged: {pages}"), again));
    }
    for damage in examined.damaged.iter().take(NAMED) {
        findings.push(Finding::fail(ABOUT, format!("damaged: {damage}"), again));
    }
    if examined.damaged.len() > NAMED {
        let more = examined.damaged.len() - NAMED;
        findings.push(Finding::fail(ABOUT, format!("{more} more takes are damaged"), again));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(ABOUT, format!("{} takes, each of them whole", examined.sound)));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::doctor::tree::{Tree, says};
    use crate::store::codec::ChunkWriter;
    use crate::store::{Plan, Store};
    use rasika_models::{Observation, Rasa};

    #[test]
    fn a_damaged_take_is_named_and_a_sound_file_is_well() {
        let tree = Tree::new();
        let file = tree.root().join("var/lib/rasika/takes.db");
        let (mut store, _) = Store::open_box(&file, "box").unwrap();
        let plan = Plan {
            label: Rasa::Veera,
            performer: "Asha".into(),
            config: String::new(),
            model: String::new(),
            mirrored: false,
            frame_px: (640, 480),
        };
        for _ in 0..3 {
            let mut chunk = ChunkWriter::default();
            let seen = Observation { frame: 0, time_ms: 0.0, width: 640, height: 480, face: None, hands: vec![] };
            chunk.push(&seen).unwrap();
            let recording = store.begin(&plan).unwrap();
            store.confirm(recording, Some(&chunk.finish())).unwrap();
        }
        drop(store);
        says(&check(&tree.machine()), Verdict::Ok, &["3 takes"]);
        let db = rusqlite::Connection::open(&file).unwrap();
        db.execute("UPDATE take SET label = 'Vxera' WHERE number = 2", []).unwrap();
        db.execute("UPDATE take SET recorded_performer = 'Bsha' WHERE number = 3", []).unwrap();
        drop(db);
        let found = check(&tree.machine());
        says(&found, Verdict::Fail, &["-2:", "cannot be read"]);
        says(&found, Verdict::Fail, &["-3:", "not those that were recorded"]);
        tree.file("/var/lib/rasika/takes.damaged-2026-11-27T10-00-00.db", "x");
        says(&check(&tree.machine()), Verdict::Warn, &["put aside", "2026-11-27"]);
        tree.file("/var/lib/rasika/takes.db", "no database at all, but long enough to be read as one");
        says(&check(&tree.machine()), Verdict::Fail, &["takes.db"]);
    }
}
