//! Packages give the same numbers in Python's `ai_edge_litert`, where that is installed (`make check-package` does it).

use std::path::{Path, PathBuf};
use std::process::Command;

use rasika_models::package::Package;

use super::{nine, read, trained};
use crate::package::{default, make, save};
use crate::train::{self, Base};

/// The Python that `make check-package` made, or the one of the goldens.
fn python() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    [".venv-litert", ".venv"].map(|venv| root.join(venv).join("bin/python")).into_iter().find(|python| python.exists())
}

#[test]
fn packages_give_the_same_numbers_in_python() {
    let Some(python) = python() else {
        println!("not checked in Python: `make check-package` installs what that needs");
        return;
    };
    let samples = read(&nine(1, 40));
    let all: Vec<usize> =
        (0..samples.frames.len()).filter(|&frame| samples.label(frame).index().is_multiple_of(3)).collect();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let personal = train::train(&samples, &all, Base::Default, 1, &stop, &mut |_| {}).unwrap();
    let pack = |trained| make::package(&samples, trained, (None, Vec::new()), "test", 1).unwrap();
    let packages = [default::package().unwrap(), pack(&trained(&samples)), pack(&personal)];
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("checked.rasika");
    let run = |package: &Package| {
        save(package, &path).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/bench/check_package.py");
        Command::new(&python).arg(script).arg(&path).output().unwrap()
    };
    for package in &packages {
        let output = run(package);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        println!("{}", said.trim_end());
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    }
    // A check that cannot fail tells nothing.
    if !String::from_utf8_lossy(&run(&packages[0]).stdout).starts_with("not checked") {
        let mut wrong = packages[1].clone();
        wrong.self_test.outputs[2].reverse();
        assert!(!run(&wrong).status.success(), "a wrong output was not seen");
    }
}
