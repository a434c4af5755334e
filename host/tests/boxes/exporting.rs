//! Takes go out as files, and come back the same.

use crate::stage::{Laptop, Stage};

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

    let other = Laptop::new();
    other.ok(&["import", "takes", one.to_str().unwrap()]);
    other.ok(&["import", "takes", one.to_str().unwrap()]);
    assert_eq!(other.takes().len(), 2);
    other.ok(&["export", two.to_str().unwrap()]);
    // The first line names the take, and an imported take has another name: the observations must be the same.
    let bodies = |folder: &std::path::Path| {
        let files =
            std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        let mut bodies: Vec<_> = files.map(|text| text.split_once('\n').unwrap().1.to_owned()).collect();
        bodies.sort();
        bodies
    };
    assert_eq!(bodies(&one).len(), 2);
    assert!(bodies(&one) == bodies(&two), "observations changed on the way");
}

#[test]
fn arrays_have_the_shape_they_say() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    stage.record(1, 2);
    stage.pair(&laptop, &[]);
    laptop.ok(&["pull"]);
    let files = tempfile::tempdir().unwrap();
    laptop.ok(&["export", files.path().to_str().unwrap(), "--as", "npy"]);
    let id = laptop.takes()[0]["id"].as_str().unwrap().to_owned();
    let bytes = std::fs::read(files.path().join(format!("{id}.npy"))).unwrap();
    let head = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert!(bytes.starts_with(b"\x93NUMPY\x01\x00") && head.is_multiple_of(64) && bytes[head - 1] == b'\n');
    assert!(String::from_utf8_lossy(&bytes[..head]).contains("(10, 478, 3)"));
    assert_eq!(bytes.len() - head, 10 * 478 * 3 * 4);
    assert!(std::fs::read_to_string(files.path().join("takes.csv")).unwrap().contains(&id));
}
