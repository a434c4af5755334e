//! The networks, by the sizes and checksums of the manifest that the program was built with.

use super::{Finding, Machine};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

const ABOUT: &str = "models";
const MANIFEST: &str = include_str!("../../../models/manifest.toml");

#[derive(Deserialize)]
struct Manifest {
    file: Vec<Entry>,
}

/// A file of the manifest; only what is compared here.
#[derive(Deserialize)]
struct Entry {
    group: String,
    name: String,
    sha256: String,
}

/// The networks the box sees with: the bundles they came in are not needed.
fn networks() -> Result<Vec<Entry>, toml::de::Error> {
    let all = toml::from_str::<Manifest>(MANIFEST)?.file;
    Ok(all.into_iter().filter(|file| file.group == "models" && file.name.ends_with(".tflite")).collect())
}

/// Whether every network is there and whole.
pub fn check(machine: &Machine) -> Vec<Finding> {
    let networks = match networks() {
        Ok(networks) => networks,
        Err(error) => return vec![Finding::fail(ABOUT, format!("the manifest: {error}"), "build the program anew")],
    };
    let again = "reinstall the package (`sudo apt install --reinstall rasika`), or in the source tree `make setup`";
    let wrong: Vec<Finding> = networks
        .iter()
        .filter_map(|network| {
            let path = machine.models.join(&network.name);
            match std::fs::read(&path) {
                Err(error) => Some(Finding::fail(ABOUT, format!("{}: {error}", path.display()), again)),
                Ok(bytes) if hex(&bytes) != network.sha256 => {
                    let found = format!("{} is damaged or another one: its checksum differs", path.display());
                    Some(Finding::fail(ABOUT, found, again))
                }
                Ok(_) => None,
            }
        })
        .collect();
    if wrong.is_empty() {
        let found = format!("{} networks in {}, whole", networks.len(), machine.models.display());
        vec![Finding::ok(ABOUT, found)]
    } else {
        wrong
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::doctor::tree::{Tree, says};

    #[test]
    fn the_manifest_names_the_five_networks() {
        assert_eq!(networks().unwrap().len(), 5);
    }

    #[test]
    fn a_missing_network_and_a_damaged_one_are_named() {
        let tree = Tree::new();
        tree.file("/models/face_detector.tflite", "cut off");
        let found = check(&tree.machine());
        assert_eq!(found.len(), 5);
        says(&found, Verdict::Fail, &["face_detector.tflite", "checksum", "reinstall"]);
        says(&found, Verdict::Fail, &["hand_detector.tflite", "No such file"]);
    }

    #[test]
    fn the_checksum_is_sha256() {
        assert_eq!(hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
