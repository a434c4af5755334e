//! A machine made of files, for tests.

use super::{Finding, Machine, User, Verdict};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub struct Tree(tempfile::TempDir);

impl Tree {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn root(&self) -> &Path {
        self.0.path()
    }

    pub fn file(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.place(path);
        std::fs::write(path, text).unwrap();
    }

    /// A file that stands for a device.
    pub fn device(&self, path: &str, mode: u32) {
        let path = self.place(path);
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn link(&self, path: &str, to: &str) {
        std::os::unix::fs::symlink(to, self.place(path)).unwrap();
    }

    fn place(&self, path: &str) -> PathBuf {
        let path = self.root().join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// The machine, seen by a user who owns nothing of it and is in no group.
    pub fn machine(&self) -> Machine {
        Machine {
            root: self.root().to_owned(),
            user: User { name: "rasika".into(), uid: 4_000_000, gids: vec![] },
            models: self.root().join("models"),
            state: "/var/lib/rasika".into(),
            camera: None,
            pins: Some("auto".into()),
            ports: Vec::new(),
            clock_is_synchronised: None,
            throttled: None,
        }
    }
}

/// Asserts that one of the findings has this verdict and holds these words in what was found or what is to be done.
#[track_caller]
pub fn says(findings: &[Finding], verdict: Verdict, words: &[&str]) {
    let holds = |f: &Finding| {
        let text = format!("{} {}", f.found, f.todo.as_deref().unwrap_or_default());
        f.verdict == verdict && words.iter().all(|word| text.contains(word))
    };
    assert!(findings.iter().any(holds), "none is {} with {words:?}: {findings:#?}", verdict.name());
}
