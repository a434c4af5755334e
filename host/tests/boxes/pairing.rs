//! Boxes and laptops come to know each other.

use crate::laptop::Laptop;
use crate::stage::Stage;

#[test]
fn a_box_is_paired_named_and_forgotten() {
    let (stage, laptop) = (Stage::new("Studio Ä"), Laptop::new());
    assert!(laptop.refused(&["status"]).contains("pair"));
    let said = stage.pair(&laptop, &["--name", "stage left"]);
    assert!(said.contains("stage left"), "{said}");
    let status: serde_json::Value = serde_json::from_str(&laptop.ok(&["status", "--json"])).unwrap();
    assert_eq!(status["name"], "Studio Ä");
    laptop.ok(&["status", "stage left"]);
    laptop.ok(&["status", &stage.address]);
    assert!(laptop.refused(&["status", "nobody"]).contains("stage left"));
    laptop.ok(&["boxes", "forget", "stage left"]);
    assert!(laptop.refused(&["pull"]).contains("pair"));
}

#[test]
fn a_box_that_is_not_pairing_says_what_to_do() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    let said = laptop.refused(&["pair", &stage.address, "--yes", "-"]);
    assert!(said.contains("hold both") && said.lines().count() == 1, "{said}");
    assert!(laptop.refused(&["status"]).contains("no box is known"));
}

#[test]
fn another_key_at_a_known_address_is_refused_and_told() {
    let laptop = Laptop::new();
    let stage = Stage::new("box");
    stage.pair(&laptop, &[]);
    let address = stage.address.clone();
    drop(stage);
    // A box that was set up anew has another key, and the laptop cannot tell it from somebody else.
    let anew = Stage::at("box", &address);
    anew.record(1, 1);
    let said = laptop.refused(&["pull", "box"]);
    assert!(said.contains("not the box that was paired") && said.contains("rasika boxes forget box"), "{said}");
    assert!(laptop.takes().is_empty());
    laptop.ok(&["boxes", "forget", "box"]);
    anew.pair(&laptop, &[]);
    laptop.ok(&["pull"]);
    assert_eq!(laptop.takes().len(), 1);
}

#[test]
fn a_box_that_is_away_is_told_in_a_sentence() {
    let laptop = Laptop::new();
    let stage = Stage::new("box");
    stage.pair(&laptop, &[]);
    drop(stage);
    let said = laptop.refused(&["status"]);
    assert!(said.contains("check that the box is on") && said.lines().count() == 1, "{said}");
}

#[test]
fn something_else_at_the_address_is_no_box() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let said = Laptop::new().refused(&["pair", &address, "--yes", "-"]);
    assert_eq!(said.lines().count(), 1, "{said}");
}
