//! What the box keeps is closed to others, homes are found, and files can go to standard output.
#![cfg(feature = "perception")]

mod rasika;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use opencv::core::{CV_8UC3, Mat, Scalar, Size};
use opencv::prelude::*;
use opencv::videoio::VideoWriter;

fn under(umask: &str, arguments: &[&str], home: &Path) -> Output {
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(format!("umask {umask}; exec \"$0\" \"$@\""))
        .arg(env!("CARGO_BIN_EXE_rasikad"))
        .args(arguments);
    shell.env("HOME", home).current_dir(home).stdin(Stdio::null()).output().unwrap()
}

/// A minute of nothing, in place of a camera.
fn film(folder: &Path) -> PathBuf {
    let path = folder.join("dark.avi");
    let (size, codec) = (Size::new(64, 48), VideoWriter::fourcc('M', 'J', 'P', 'G').unwrap());
    let mut film = VideoWriter::new(path.to_str().unwrap(), codec, 10.0, size, true).unwrap();
    let frame = Mat::new_size_with_default(size, CV_8UC3, Scalar::all(40.0)).unwrap();
    (0..600).for_each(|_| film.write(&frame).unwrap());
    film.release().unwrap();
    path
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn all(folder: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = vec![(folder.to_owned(), mode(folder))];
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.is_dir() { found.extend(all(&file)) } else { found.push((file.clone(), mode(&file))) }
    }
    found
}

#[test]
fn what_a_box_keeps_is_closed_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let film = film(folder.path());
    let takes = folder.path().join("takes");
    for old in ["takes/shelf/files", "takes/link"] {
        std::fs::create_dir_all(folder.path().join(old)).unwrap();
    }
    std::fs::write(takes.join("takes.damaged-2026.db"), "faces").unwrap();
    for (path, _) in all(&takes) {
        let open = if path.is_dir() { 0o755 } else { 0o644 };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(open)).unwrap();
    }
    let rasika = rasika::Rasika::start(folder.path(), &[film.to_str().unwrap()]);
    rasika.hears("ready to record");
    rasika.ends();
    let open: Vec<_> = all(&takes).into_iter().filter(|(_, mode)| mode & 0o077 != 0).collect();
    assert!(open.is_empty() && takes.join("takes.db").exists(), "open to others: {open:?}");
}

#[test]
fn music_is_for_whomever_the_umask_lets_read_it() {
    let home = tempfile::tempdir().unwrap();
    for (umask, wanted) in [("022", 0o644), ("077", 0o600)] {
        let play = ["play", "--rasa", "hasya", "--minutes", "0.1", "-o", "x.mid"];
        assert!(under(umask, &play, home.path()).status.success());
        assert_eq!(mode(&home.path().join("x.mid")), wanted);
    }
}

#[test]
fn music_goes_to_standard_output_and_words_beside_it() {
    let home = tempfile::tempdir().unwrap();
    let output = under("022", &["play", "--rasa", "hasya", "--minutes", "0.1", "-o", "-"], home.path());
    assert!(output.status.success() && output.stdout.starts_with(b"MThd"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("notes"));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_tilde_in_settings_is_a_home() {
    let home = tempfile::tempdir().unwrap();
    let film = film(home.path());
    let rasika = rasika::Rasika::start_with(
        home.path(),
        &["--set", "recording.folder=~/own takes", film.to_str().unwrap()],
        &[("HOME", home.path().to_str().unwrap())],
    );
    rasika.hears("ready to record");
    rasika.ends();
    assert!(home.path().join("own takes/takes.db").exists());
    let settings = home.path().join("x.toml");
    std::fs::write(&settings, "[recording]\nfolder = \"~nobody-of-this-name/x\"\n").unwrap();
    let output = under("022", &["config", "check", settings.to_str().unwrap()], home.path());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("x.toml:2") && said.contains("whole path"), "{said}");
}

#[test]
fn lengths_below_nothing_are_answered_with_those_there_are() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [&["play", "--rasa", "hasya", "--minutes", "-1", "-o", "x.mid"][..], &["table", "--minutes", "-1"]]
    {
        let said = under("022", arguments, home.path());
        assert!(String::from_utf8_lossy(&said.stderr).contains("minutes from 0.1 to 600"), "{said:?}");
    }
}
