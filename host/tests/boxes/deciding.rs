//! What a laptop decides about takes stays decided; what a box decides travels.

use rasika_device::link::BoxSide as _;
use rasika_device::link::message::Label;
use rasika_models::Rasa;

use crate::laptop::Laptop;
use crate::stage::Stage;

fn take<'a>(takes: &'a [serde_json::Value], id: &str) -> &'a serde_json::Value {
    takes.iter().find(|take| take["id"] == id).unwrap()
}

#[test]
fn decisions_of_the_laptop_outlive_pulls_and_can_be_undone() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    let recorded = stage.record(2, 1);
    stage.pair(&laptop, &[]);
    laptop.ok(&["pull"]);
    let ids: Vec<_> = laptop.takes().iter().map(|take| take["id"].as_str().unwrap().to_owned()).collect();
    laptop.ok(&["takes", "relabel", "veera", &ids[0]]);
    laptop.ok(&["takes", "drop", &ids[1]]);
    // The box changes its mind about both, later.
    stage.served.relabel(recorded[0].id, Label(Some(Rasa::Shanta))).unwrap();
    stage.served.discard(recorded[1].id, true).unwrap();
    stage.served.discard(recorded[1].id, false).unwrap();
    laptop.ok(&["pull"]);
    let takes = laptop.takes();
    let (first, second) = (take(&takes, &ids[0]), take(&takes, &ids[1]));
    assert_eq!(
        (first["label"].as_str(), first["label_on_box"].as_str()),
        (Some(Rasa::Veera.name()), Some(Rasa::Shanta.name()))
    );
    assert_eq!(second["left_out"], true);

    laptop.ok(&["takes", "undo"]);
    assert_eq!(take(&laptop.takes(), &ids[1])["left_out"], false);
    laptop.ok(&["takes", "undo"]);
    assert_eq!(take(&laptop.takes(), &ids[0])["label"], Rasa::Shanta.name());
    assert!(laptop.refused(&["takes", "undo"]).contains("nothing"));
}

#[test]
fn what_is_decided_twice_is_undone_once() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    stage.record(1, 1);
    stage.pair(&laptop, &[]);
    laptop.ok(&["pull"]);
    let id = laptop.takes()[0]["id"].as_str().unwrap().to_owned();
    laptop.ok(&["takes", "drop", &id]);
    laptop.ok(&["takes", "drop", &id]);
    laptop.ok(&["takes", "undo"]);
    assert_eq!(laptop.takes()[0]["left_out"], false);
}

#[test]
fn a_discard_on_the_box_travels_and_the_laptop_can_overrule_it() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    let recorded = stage.record(1, 1);
    stage.pair(&laptop, &[]);
    laptop.ok(&["pull"]);
    stage.served.discard(recorded[0].id, true).unwrap();
    laptop.ok(&["pull"]);
    assert_eq!(laptop.takes()[0]["left_out"], true);
    let id = laptop.takes()[0]["id"].as_str().unwrap().to_owned();
    laptop.ok(&["takes", "restore", &id]);
    laptop.ok(&["pull"]);
    assert_eq!(laptop.takes()[0]["left_out"], false);
}

#[test]
fn a_take_that_is_not_there_changes_nothing() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    stage.record(1, 1);
    stage.pair(&laptop, &[]);
    laptop.ok(&["pull"]);
    let id = laptop.takes()[0]["id"].as_str().unwrap().to_owned();
    assert!(laptop.refused(&["takes", "drop", &id, "nothing-9"]).contains("nothing-9"));
    assert_eq!(laptop.takes()[0]["left_out"], false);
    laptop.ok(&["takes", "show", &id]);
    let picture = laptop.path().join("take.png");
    laptop.ok(&["takes", "show", &id, "-o", picture.to_str().unwrap()]);
    assert!(std::fs::read(picture).unwrap().starts_with(b"\x89PNG"));
}
