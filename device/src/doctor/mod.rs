//! The box examined: one check for each thing that can keep it from playing, each a file of its own.
//!
//! A check reads the machine's files below a root folder and changes nothing, so a test can give it a tree of its own
//! making. It finds something, says what that means and, if it is not well, what to do.

mod camera;
mod clock;
mod disk;
mod limits;
mod models;
mod pins;
mod ports;
mod power;
mod rights;
mod takes;
mod user;

pub use user::{Access, User};

use serde::Serialize;
use std::path::{Path, PathBuf};

/// How well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be, or not needed here.
    Ok,
    /// The box plays, but not as well as it could.
    Warn,
    /// Something that was asked for does not work.
    Fail,
}

impl Verdict {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, in one word.
    pub about: &'static str,
    /// How well it is.
    pub verdict: Verdict,
    /// What was found and what it means.
    pub found: String,
    /// What to do about it; `None` if nothing needs to be done.
    pub todo: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn ok(about: &'static str, found: impl Into<String>) -> Self {
        Self { about, verdict: Verdict::Ok, found: found.into(), todo: None }
    }

    /// It could be better.
    pub fn warn(about: &'static str, found: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { about, verdict: Verdict::Warn, found: found.into(), todo: Some(todo.into()) }
    }

    /// It does not work.
    pub fn fail(about: &'static str, found: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { about, verdict: Verdict::Fail, found: found.into(), todo: Some(todo.into()) }
    }
}

/// What is examined, and for whom.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Where its files are: `/`, or a tree made for a test.
    pub root: PathBuf,
    /// Who is to play.
    pub user: User,
    /// Folder of the networks.
    pub models: PathBuf,
    /// Folder where takes are kept, as the running box names it.
    pub state: PathBuf,
    /// Camera device that is asked for; `None` for any.
    pub camera: Option<String>,
    /// How pins are reached, as the settings say: `auto`, `simulated`, `gpiochip:/dev/gpiochip4`; `None` for no panel.
    pub pins: Option<String>,
    /// MIDI ports that are asked for, by their words.
    pub ports: Vec<String>,
    /// What the kernel says of its clock; `None` if it was not asked.
    pub clock_is_synchronised: Option<bool>,
    /// What `vcgencmd get_throttled` printed, where there is one.
    pub throttled: Option<String>,
}

impl Machine {
    /// Where a file of the machine is to be read: `/dev/video0` below the root.
    #[must_use]
    pub fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// The first line of a file, trimmed of line ends and the zeros of device trees; `None` if it cannot be read.
    #[must_use]
    pub fn line(&self, path: impl AsRef<Path>) -> Option<String> {
        let text = std::fs::read(self.at(path)).ok()?;
        let text = String::from_utf8_lossy(&text);
        Some(text.lines().next().unwrap_or_default().trim_matches(['\0', ' ', '\t']).to_owned())
    }

    /// Names in a folder that begin with `prefix`, in order of their numbers; none if there is no such folder.
    #[must_use]
    pub fn names(&self, folder: impl AsRef<Path>, prefix: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.at(folder)).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| name.starts_with(prefix)).collect();
        names.sort_by_key(|name| (name.len(), name.clone()));
        names
    }

    /// What kind of board it is, where the kernel knows.
    #[must_use]
    pub fn board(&self) -> Option<String> {
        self.line("/proc/device-tree/model").filter(|model| !model.is_empty())
    }

    fn is_raspberry(&self) -> bool {
        self.board().is_some_and(|board| board.starts_with("Raspberry Pi"))
    }
}

/// Every check that only reads files, in the order in which to mend what they find.
#[must_use]
pub fn examine(machine: &Machine) -> Vec<Finding> {
    let checks: [fn(&Machine) -> Vec<Finding>; 10] = [
        power::check,
        rights::check,
        models::check,
        camera::check,
        ports::check,
        pins::check,
        limits::check,
        disk::check,
        takes::check,
        clock::check,
    ];
    checks.iter().flat_map(|check| check(machine)).collect()
}

/// The worst of what was found.
#[must_use]
pub fn worst(findings: &[Finding]) -> Verdict {
    findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok)
}

#[cfg(test)]
mod tree;
