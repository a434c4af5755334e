//! Films as people really have them, made by ffmpeg from a film of a face, and the program that looks at them.
// Each test program uses a part of it.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder of films that are made for one test.
pub struct Reels(TempDir);

impl Reels {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn at(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// The first seconds of the face, made over as ffmpeg is told.
    pub fn make(&self, name: &str, seconds: &str, way: &[&str]) -> String {
        let made = self.at(name);
        let out = Command::new("ffmpeg")
            .args(["-nostdin", "-loglevel", "error", "-y", "-t", seconds, "-i", &face()])
            .args(way)
            .arg(&made)
            .output()
            .expect("ffmpeg is missing: run `models/setup/packages.sh build`");
        assert!(out.status.success(), "{name}: {}", String::from_utf8_lossy(&out.stderr));
        made
    }

    /// A film of which only a share of the bytes is left.
    pub fn cut(&self, film: &str, name: &str, share: f64) -> String {
        let bytes = std::fs::read(film).unwrap();
        let kept = (bytes.len() as f64 * share) as usize;
        std::fs::write(self.at(name), &bytes[..kept]).unwrap();
        self.at(name)
    }
}

pub fn face() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files/media/single_face.mp4");
    assert!(path.exists(), "{} is missing: run `make setup`", path.display());
    path.display().to_string()
}

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rasikad"));
    command.stdin(Stdio::null());
    command
}

pub fn rasikad(arguments: &[&str]) -> Output {
    program().args(arguments).output().expect("rasikad runs")
}

pub fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

pub fn lines(out: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&out.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// What is seen in each frame of a film that is whole.
pub fn seen(film: &str) -> Vec<Value> {
    let out = rasikad(&["see", film, "--json"]);
    assert!(out.status.success() && said(&out).is_empty(), "{film}: {}", said(&out));
    lines(&out)
}

pub fn times(lines: &[Value]) -> Vec<f64> {
    lines.iter().map(|line| line["time_ms"].as_f64().unwrap()).collect()
}

/// A figure that ffprobe tells of each packet of a stream, or of the whole.
pub fn probed(film: &Path, entries: &str, stream: &str) -> Vec<f64> {
    let mut probe = Command::new("ffprobe");
    probe.args(["-v", "error", "-of", "csv=p=0", "-show_entries", entries]);
    if !stream.is_empty() {
        probe.args(["-select_streams", stream]);
    }
    let out = probe.arg(film).output().expect("ffprobe comes with ffmpeg");
    let text = String::from_utf8(out.stdout).unwrap();
    text.lines().filter_map(|line| line.trim_end_matches(',').parse().ok()).collect()
}

/// How long picture or sound of a film lasts, in seconds, by its last packet.
pub fn length_s(film: &Path, stream: &str) -> Option<f64> {
    let (at, lasts) = (probed(film, "packet=pts_time", stream), probed(film, "packet=duration_time", stream));
    Some(at.iter().zip(&lasts).map(|(at, lasts)| at + lasts).fold(f64::NAN, f64::max)).filter(|s| !s.is_nan())
}

pub fn path(name: &str) -> PathBuf {
    PathBuf::from(name)
}
