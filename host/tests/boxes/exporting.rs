//! Takes go out as files, and come back the same.

use std::path::Path;

use crate::laptop::Laptop;
use crate::stage::Stage;

/// The observations in a folder of takes. The first line names the take, and an imported take has another name.
fn bodies(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let mut bodies: Vec<_> = files.map(|text| text.split_once('\n').unwrap().1.to_owned()).collect();
    bodies.sort();
    bodies
}

#[test]
fn exported_takes_come_back_equal_and_only_once() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    stage.record(3, 2);
    stage.pair(&laptop, &[]);
    laptop.ok(&["pull"]);
    let dropped = laptop.takes()[2]["id"].as_str().unwrap().to_owned();
    laptop.ok(&["takes", "drop", &dropped]);
    let files = tempfile::tempdir().unwrap();
    let (one, two) = (files.path().join("one"), files.path().join("two"));
    laptop.ok(&["export", one.to_str().unwrap()]);
    // What is here already does not come a second time.
    laptop.ok(&["import", "takes", one.to_str().unwrap()]);
    assert_eq!(laptop.takes().len(), 3);

    let other = Laptop::new();
    other.ok(&["import", "takes", one.to_str().unwrap()]);
    other.ok(&["import", "takes", one.to_str().unwrap()]);
    assert_eq!(other.takes().len(), 2);
    other.ok(&["export", two.to_str().unwrap()]);
    assert_eq!(bodies(&one).len(), 2);
    assert!(bodies(&one) == bodies(&two), "observations changed on the way");
}

#[test]
fn tables_come_back_equal() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    stage.record(2, 2);
    stage.pair(&laptop, &[]);
    laptop.ok(&["pull"]);
    let files = tempfile::tempdir().unwrap();
    for format in ["npy", "npz", "csv", "parquet"] {
        let folder = files.path().join(format);
        laptop.ok(&["export", folder.to_str().unwrap(), "--as", format]);
        laptop.ok(&["import", "takes", folder.to_str().unwrap()]);
        assert_eq!(laptop.takes().len(), 2, "{format}");
        let other = Laptop::new();
        other.ok(&["import", "takes", folder.to_str().unwrap()]);
        other.ok(&["import", "takes", folder.to_str().unwrap()]);
        let lines = |laptop: &Laptop, name: &str| {
            let folder = files.path().join(format!("{format}-{name}"));
            laptop.ok(&["export", folder.to_str().unwrap()]);
            bodies(&folder)
        };
        assert!(lines(&laptop, "one") == lines(&other, "two"), "{format}: observations changed on the way");
        let labels = |laptop: &Laptop| {
            let mut labels: Vec<_> = laptop.takes().iter().map(|take| take["label"].to_string()).collect();
            labels.sort();
            labels
        };
        assert_eq!(labels(&laptop), labels(&other), "{format}");
    }
    let missing = files.path().join("npz");
    for file in std::fs::read_dir(&missing).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|ending| ending == "npz") {
            std::fs::remove_file(file).unwrap();
        }
    }
    let said = Laptop::new().refused(&["import", "takes", missing.to_str().unwrap()]);
    assert!(said.contains("there is no file"), "{said}");
}
