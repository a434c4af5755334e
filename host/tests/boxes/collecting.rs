//! Takes come to the laptop, all of them, whatever breaks.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::cable::Cable;
use crate::laptop::Laptop;
use crate::stage::{Fragile, Stage, hashes};

fn pulled(said: &str) -> serde_json::Value {
    serde_json::from_str(said.trim()).unwrap()
}

#[test]
fn a_pull_brings_what_is_new_and_no_more() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    let mut recorded = stage.record(9, 3);
    stage.pair(&laptop, &[]);
    let first = pulled(&laptop.ok(&["pull", "--json"]));
    assert_eq!((&first["takes"], &first["changes"]), (&9.into(), &9.into()));
    assert_eq!(laptop.hashes(), hashes(&recorded));
    let nothing = pulled(&laptop.ok(&["pull", "--json"]));
    assert_eq!((&nothing["takes"], &nothing["changes"], &nothing["bytes"]), (&0.into(), &0.into(), &0.into()));
    recorded.extend(stage.record(2, 1));
    let more = pulled(&laptop.ok(&["pull", "--json"]));
    assert_eq!(more["takes"], 2);
    assert_eq!(laptop.hashes(), hashes(&recorded));
    let observations: u64 = laptop.takes().iter().map(|take| take["observations"].as_u64().unwrap()).sum();
    assert_eq!(observations, 9 * 15 + 2 * 5);
}

#[test]
fn two_laptops_each_get_everything() {
    let stage = Stage::new("box");
    let recorded = stage.record(3, 2);
    for laptop in [Laptop::new(), Laptop::new()] {
        stage.pair(&laptop, &[]);
        laptop.ok(&["pull"]);
        assert_eq!(laptop.hashes(), hashes(&recorded));
    }
}

#[test]
fn boxes_of_one_name_stay_two_boxes() {
    let laptop = Laptop::new();
    let stages = [Stage::new("rasika"), Stage::new("rasika")];
    let mut recorded = Vec::new();
    for stage in &stages {
        stage.pair(&laptop, &[]);
        recorded.extend(stage.record(2, 1));
        laptop.ok(&["pull"]);
    }
    assert_eq!(laptop.hashes(), hashes(&recorded));
    let names: BTreeSet<String> = laptop.takes().iter().map(|take| take["box"].to_string()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn twenty_boxes_go_into_one_dataset_and_one_that_is_away_holds_up_nobody() {
    let laptop = Laptop::new();
    let stages: Vec<_> = (0..20).map(|number| Stage::new(&format!("box-{number}"))).collect();
    let mut recorded = Vec::new();
    for stage in &stages {
        stage.pair(&laptop, &[]);
        recorded.extend(stage.record(2, 1));
    }
    let mut stages = stages;
    // Its takes are lost to this pull; those of the nineteen others are not.
    let away = stages.remove(7);
    recorded.retain(|take| !away.served.takes().iter().any(|(other, _)| other.id == take.id));
    drop(away);
    let said = laptop.refused(&["pull"]);
    assert!(said.contains("box-7") && said.contains("1 of 20"), "{said}");
    assert_eq!(laptop.hashes(), hashes(&recorded));
}

#[test]
fn a_pull_that_breaks_anywhere_goes_on_there() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    let recorded = stage.record(4, 6);
    let network = Fragile::to(&stage.address);
    stage.pair_at(&network.address, &laptop, &[]);
    // Handshake, hello, and then further each time.
    for bytes in [50, 300, 700, 1500, 3000, 5000, 8000, 12_000, 17_000] {
        network.budget.store(bytes, Ordering::Release);
        let output = laptop.run(&["pull"]);
        let here = laptop.hashes();
        assert!(here.iter().all(|hash| hashes(&recorded).contains(hash)), "cut at {bytes}");
        assert!(output.status.success() == (here.len() == recorded.len()), "cut at {bytes}");
    }
    network.budget.store(usize::MAX, Ordering::Release);
    laptop.ok(&["pull"]);
    assert_eq!(laptop.hashes(), hashes(&recorded));
}

#[test]
fn a_laptop_that_is_killed_pulls_the_rest_later() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    let recorded = stage.record(40, 4);
    stage.pair(&laptop, &[]);
    for wait_ms in [5, 10, 20, 30, 40, 60, 80, 100] {
        let mut child = laptop.command(&["pull"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        let doctor = laptop.run(&["takes", "list", "--all"]);
        assert!(doctor.status.success(), "killed after {wait_ms} ms");
    }
    laptop.ok(&["pull"]);
    assert_eq!(laptop.hashes(), hashes(&recorded));
}

#[test]
fn prune_deletes_only_what_is_here() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    let recorded = stage.record(3, 2);
    stage.pair(&laptop, &[]);
    laptop.ok(&["pull"]);
    let late = stage.record(1, 2);
    // Nobody is at this terminal to agree.
    assert!(laptop.refused(&["prune"]).contains("--yes"));
    laptop.ok(&["prune", "--yes"]);
    let left: Vec<_> = stage.served.takes().into_iter().filter(|(_, chunks)| !chunks.is_empty()).collect();
    assert_eq!(left.iter().map(|(take, _)| take.id).collect::<Vec<_>>(), [late[0].id]);
    laptop.ok(&["pull"]);
    assert_eq!(laptop.hashes(), hashes(&[recorded, late].concat()));
}

#[test]
fn a_serial_cable_carries_it_all() {
    let (stage, laptop, cable) = (Stage::new("box"), Laptop::new(), Cable::new(115_200));
    let recorded = stage.record(3, 2);
    stage.serve_line(&cable.ends[0], 115_200);
    let line = format!("{}@115200", cable.ends[1]);
    stage.pair_at(&line, &laptop, &[]);
    let said = pulled(&laptop.ok(&["pull", "--json"]));
    assert_eq!(said["takes"], 3, "{said}");
    assert_eq!(laptop.hashes(), hashes(&recorded));
    let said = pulled(&laptop.ok(&["pull", "--json"]));
    assert_eq!(said["takes"], 0, "{said}");
    let end = cable.ends[1].clone();
    drop(cable);
    let said = laptop.refused(&["pull"]);
    assert!(said.contains(&end) && said.contains("check"), "{said}");
}
