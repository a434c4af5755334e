//! `rasikad doctor` on trees of files: what it prints and how it exits.
#![cfg(feature = "perception")]

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn doctor(root: &Path, more: &[&str]) -> Output {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files/models");
    assert!(models.is_dir(), "{} is missing: run `make setup`", models.display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_rasikad"));
    command.arg("doctor").arg("--root").arg(root).arg("--models").arg(models).args(more);
    command.output().expect("rasikad runs")
}

fn file(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A box on which all is well.
fn well() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for device in ["dev/video0", "dev/snd/seq", "dev/gpiochip0", "dev/rtc0"] {
        file(root.path(), device, "");
    }
    file(root.path(), "sys/class/video4linux/video0/name", "Webcam\n");
    file(root.path(), "proc/self/limits", "Max locked memory unlimited unlimited bytes\nMax realtime priority 40 40\n");
    root
}

fn findings(out: &Output) -> Vec<Value> {
    serde_json::from_slice(&out.stdout).expect("JSON")
}

#[test]
fn a_box_on_which_all_is_well_exits_with_0() {
    let root = well();
    let out = doctor(root.path(), &["--json"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    let findings = findings(&out);
    assert!(findings.iter().all(|finding| finding["verdict"] != "fail"));
    for about in ["power", "groups", "models", "litert", "camera", "alsa", "gadget", "pins", "limits", "disk", "clock"]
    {
        assert!(findings.iter().any(|finding| finding["about"] == about), "{about} is looked at");
    }
}

#[test]
fn what_fails_is_named_with_what_to_do_and_exits_with_1() {
    let root = well();
    std::fs::remove_file(root.path().join("dev/video0")).unwrap();
    let out = doctor(root.path(), &[]);
    assert_eq!(out.status.code(), Some(1));
    let said = String::from_utf8_lossy(&out.stdout);
    let at = said.lines().position(|line| line.starts_with("fail  camera")).unwrap_or_else(|| panic!("{said}"));
    assert!(said.lines().nth(at + 1).unwrap().contains("→ plug in"), "{said}");
    assert_eq!(String::from_utf8_lossy(&out.stderr).lines().count(), 1, "one sentence for whoever called");
}

#[test]
fn damaged_networks_fail_twice_by_their_checksum_and_by_litert() {
    let root = well();
    let models = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rasikad"));
    command.arg("doctor").arg("--json").arg("--root").arg(root.path()).arg("--models").arg(models.path());
    let out = command.output().expect("rasikad runs");
    assert_eq!(out.status.code(), Some(1));
    let failed = |about| findings(&out).iter().any(|f| f["about"] == about && f["verdict"] == "fail");
    assert!(failed("models") && failed("litert"));
}

#[test]
fn settings_that_cannot_be_together_are_told_by_doctor_and_by_the_check() {
    let root = well();
    let settings = root.path().join("x.toml");
    let taken = root.path().join("taken");
    std::fs::write(&taken, "a file").unwrap();
    let folder = format!("[recording]\nfolder = \"{}\"", taken.display());
    for (text, words) in [
        ("[midi]\nports = [\"serial:/dev/ttyAMA0@0\"]", "is no baud rate"),
        ("[midi]\nports = [\"serial:/dev/ttyAMA0\", \"serial:/dev/ttyAMA0\"]", "twice"),
        ("[midi]\nports = [\"serial:/dev/ttyAMA0\"]\n[link]\nserial = [\"/dev/ttyAMA0\"]", "MIDI or laptops"),
        ("[midi]\nports = [\"din:/dev/ttyAMA0\"]", "din:/dev/ttyAMA0"),
        ("[midi]\nports = [\"gadget\"]", "gadget"),
        (&folder, "is a file"),
    ] {
        std::fs::write(&settings, text).unwrap();
        let out = doctor(root.path(), &["--config", settings.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&out.stdout);
        let fails = |line: &str| line.starts_with("fail  settings") && line.contains(words);
        assert!(!out.status.success() && said.lines().any(fails), "{text}: {said}");
        let mut check = Command::new(env!("CARGO_BIN_EXE_rasikad"));
        let out = check.args(["config", "check"]).arg(&settings).output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(!out.status.success() && said.contains(words), "{text}: {said}");
    }
}

#[test]
fn pins_and_the_services_user_are_as_run_has_them() {
    let root = well();
    file(root.path(), "etc/passwd", "rasika:x:4000001:4000001::/var/lib/rasika:/usr/sbin/nologin\n");
    let out = doctor(root.path(), &["--json", "--set", "panel.pins=simulated"]);
    let pins = findings(&out).into_iter().find(|finding| finding["about"] == "pins").unwrap();
    assert!(pins["found"].as_str().unwrap().contains("simulated"), "{pins}");
    // Files of this test belong to somebody else than the service.
    assert!(
        findings(&out)
            .iter()
            .any(|f| f["about"] == "alsa" && f["found"].as_str().unwrap().contains("rasika may not open"))
    );
}
