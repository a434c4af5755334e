//! Tables come back from Python's own programs as they went out, where those are installed (`make test` does it).

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use rasika_models::{Observation, Rasa};

use super::tests::{Several, seen, take};
use super::{Format, Tables, write};
use crate::dataset::Dataset as _;

/// The Python that `models/setup/tables.sh` made.
fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv-tables/bin/python");
    python.exists().then_some(python)
}

/// Every observation in a folder of tables.
fn read(folder: &Path) -> Result<Vec<Vec<Observation>>> {
    let tables = Tables::open(folder)?;
    tables.takes()?.iter().map(|take| tables.observations(take)?.collect()).collect()
}

#[test]
fn tables_that_python_wrote_anew_come_back_equal() {
    let Some(python) = python() else {
        println!("not tried with pandas: models/setup/tables.sh installs what that needs");
        return;
    };
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let nobody = vec![seen(0), Observation { frame: 7, time_ms: 12.5, ..seen(0) }];
    let given = Several(vec![
        (take("a-1", Rasa::Karuna), (0..3).map(seen).collect()),
        // No hands at all: columns of nulls only.
        (take("b-2", Rasa::Veera), nobody),
    ]);
    for format in Format::ALL {
        write(&from.path().join(format.ending()), format, &given, |_| {}).unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables/rewrite.py");
    let output = Command::new(python).arg(script).args([from.path(), to.path()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let cases = String::from_utf8(output.stdout).unwrap();
    assert!(cases.lines().count() > 40, "{cases}");
    let mut wrong = Vec::new();
    for (name, words) in cases.lines().map(|line| line.split_once('\t').unwrap()) {
        let back = read(&to.path().join(name));
        match back {
            Ok(back) if words.is_empty() => {
                let takes: Vec<_> = Tables::open(&to.path().join(name)).unwrap().takes().unwrap();
                let right = takes == given.takes().unwrap() && back.iter().eq(given.0.iter().map(|(_, seen)| seen));
                wrong.extend((!right).then(|| format!("{name}: changed on the way")));
            }
            Ok(_) => wrong.push(format!("{name}: read, and '{words}' was to be said")),
            Err(error) => {
                let said = format!("{error:#}");
                let right = !words.is_empty() && words.split('|').all(|word| said.contains(word));
                wrong.extend((!right).then(|| format!("{name}: {said}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
