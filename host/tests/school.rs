//! The whole story with the real programs: a box is paired, records, is pulled from; a model is learned, pushed, plays,
//! and is taken back.

use std::path::Path;
use std::process::Command;

#[test]
fn a_box_records_and_plays_with_what_was_learned_from_it() {
    let rasika = Path::new(env!("CARGO_BIN_EXE_rasika"));
    let rasikad = rasika.with_file_name("rasikad");
    assert!(rasikad.exists(), "{} is missing: build the whole workspace (`cargo build`)", rasikad.display());
    let film = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files/media/WolfgangLanger_Pexels.mp4");
    assert!(film.exists(), "{} is missing: run `make setup`", film.display());
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(rasika).arg("school").arg(film).arg("--out").arg(folder.path()).output().unwrap();
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{told}");
    for words in [
        "paired with school",
        "school: 4 takes",
        "kept apart by takes",
        "in force  model.rasika",
        "rasas are told by model.rasika",
        "model of before is in force: built-in",
    ] {
        assert!(told.contains(words), "'{words}' is missing in:\n{told}");
    }
    let card = Command::new(rasika).args(["package", "show"]).arg(folder.path().join("model.rasika")).output().unwrap();
    let card: serde_json::Value = serde_json::from_slice(&card.stdout).unwrap();
    let recall = |rasa: usize| card["scores"]["per_rasa"][rasa]["recall"].as_f64().unwrap();
    // Hasya and Karuna, of takes that were left out: sorrow and laughter are told apart by anything that learns.
    assert!(recall(1) > 0.7 && recall(2) > 0.7, "{card}");
    assert!(folder.path().join("confusion.png").metadata().unwrap().len() > 1000);
}
