//! Files go to a box, are in force there, and are taken back.

use std::path::Path;

use rasika_device::link::message::FileKind;

use crate::laptop::Laptop;
use crate::stage::Stage;

#[test]
fn a_raga_is_pushed_listed_and_taken_back() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    stage.pair(&laptop, &[]);
    let ragas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../device/ragas");
    let (one, two) = (ragas.join("bhairav.toml"), ragas.join("desh.toml"));
    let active = || stage.served.active(FileKind::Raga);
    laptop.ok(&["push", one.to_str().unwrap()]);
    laptop.ok(&["push", two.to_str().unwrap()]);
    assert_eq!(active(), Some(std::fs::read(&two).unwrap()));
    let listed: serde_json::Value = serde_json::from_str(&laptop.ok(&["models", "--kind", "raga", "--json"])).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let brought = laptop.path().join("raga.toml");
    let out = brought.to_str().unwrap();
    laptop.ok(&["models", "--kind", "raga", "--out", out]);
    assert_eq!(std::fs::read(&brought).unwrap(), std::fs::read(&two).unwrap());
    laptop.ok(&["models", "--kind", "raga", "--get", "bhairav.toml", "--out", out]);
    assert_eq!(std::fs::read(&brought).unwrap(), std::fs::read(&one).unwrap());
    assert!(laptop.refused(&["models", "--kind", "raga", "--get", "x.toml", "--out", out]).contains("bhairav.toml"));
    assert!(laptop.refused(&["models", "--out", out]).contains("package default"));
    laptop.ok(&["rollback", "--kind", "raga"]);
    assert_eq!(active(), Some(std::fs::read(&one).unwrap()));
    assert!(laptop.refused(&["rollback", "--kind", "raga"]).contains("nothing to go back to"));
}

#[test]
fn what_is_wrong_never_travels() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    stage.pair(&laptop, &[]);
    let file = laptop.path().join("broken.toml");
    std::fs::write(&file, "aroha = [1, 2]\navaroha = 3\n").unwrap();
    laptop.refused(&["push", file.to_str().unwrap()]);
    std::fs::write(&file, "PK no package").unwrap();
    laptop.refused(&["push", file.to_str().unwrap()]);
    laptop.refused(&["push", "no-such-file"]);
    assert!([FileKind::Raga, FileKind::Model].into_iter().all(|kind| stage.served.active(kind).is_none()));
}

#[test]
fn silence_and_logs_are_there_at_once() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    stage.pair(&laptop, &[]);
    laptop.ok(&["panic"]);
    assert_eq!(stage.served.panics(), 1);
    stage.served.log("the camera is back");
    assert!(laptop.ok(&["logs"]).contains("the camera is back"));
}
