//! Laptops that run the real `rasika`.
// Each test program uses a part of it.
#![allow(dead_code)]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A laptop: a data folder.
pub struct Laptop(pub TempDir);

impl Laptop {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rasika"));
        command.args(args).env("RASIKA_DATA", self.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// What a verb says that succeeds.
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a verb says that fails: one sentence, by `rasika`, in one line.
    pub fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.starts_with("rasika: ") && !said.contains("panicked"), "{said}");
        said
    }

    /// Every take here, as the list has it.
    pub fn takes(&self) -> Vec<serde_json::Value> {
        serde_json::from_str(&self.ok(&["takes", "list", "--all", "--json"])).unwrap()
    }

    /// Hashes of the takes that are whole here, sorted.
    pub fn hashes(&self) -> Vec<String> {
        let takes = self.takes();
        let whole = takes.iter().filter(|take| take["state"] == "confirmed");
        let mut hashes: Vec<_> = whole.map(|take| take["hash"].as_str().unwrap().to_owned()).collect();
        hashes.sort();
        hashes
    }
}
