//! The whole box as `rasikad --simulate` runs it, with keys for buttons.
// Each test program uses a part of it.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Where laptops reach it; a test with a file of settings says it there.
const LINK: [&str; 6] =
    ["--set", "link.listen=[\"127.0.0.1:0\"]", "--set", "link.mdns=false", "--set", "link.serial=[]"];

/// A box that runs, and what it has said.
pub struct Rasika {
    child: Child,
    keys: ChildStdin,
    said: Arc<Mutex<String>>,
    listeners: Vec<JoinHandle<()>>,
    socket: PathBuf,
}

impl Rasika {
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_with(folder, arguments, &[])
    }

    /// With variables in its environment.
    pub fn start_with(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(program())
            .arg("--simulate")
            .arg("--set")
            .arg(format!("recording.folder={}", folder.join("takes").display()))
            .args(["--set", "recording.margin_mb=16", "--set", "panel.count_in_beats=1"])
            .args(if arguments.contains(&"--config") { &[][..] } else { &LINK })
            // The last counts: a test may want it otherwise.
            .args(arguments)
            .env("RASIKA_SOCKET", folder.join("socket"))
            .env_remove("NOTIFY_SOCKET")
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let keys = child.stdin.take().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let listen = |lines: Box<dyn BufRead + Send>| {
            let said = Arc::clone(&said);
            std::thread::spawn(move || {
                for line in lines.lines().map_while(Result::ok) {
                    said.lock().unwrap().push_str(&(line + "\n"));
                }
            })
        };
        let listeners = vec![listen(Box::new(BufReader::new(out))), listen(Box::new(BufReader::new(err)))];
        Self { child, keys, said, listeners, socket: folder.join("socket") }
    }

    pub fn press(&mut self, key: &str) {
        self.keys.write_all(key.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until it has said something, since the last time it was asked; a busy machine is given its time.
    pub fn hears(&self, words: &str) {
        self.hears_line(words);
    }

    /// The same; gives the rest of the line.
    pub fn hears_line(&self, words: &str) -> String {
        let begun = Instant::now();
        loop {
            let mut said = self.said.lock().unwrap();
            if let Some(at) = said.find(words) {
                let rest = said[at + words.len()..].lines().next().unwrap_or_default().to_owned();
                said.drain(..at + words.len());
                return rest;
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "no word of '{words}' in:\n{said}");
            drop(said);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// A figure of its process, as `/proc/PID/status` names it: `VmRSS` in kB, `Threads`.
    pub fn figure(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Its peak of memory (`VmHWM`) is counted from now on.
    pub fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
    }

    /// How many files and sockets it has open.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Asks it by another `rasikad`; what that says.
    pub fn ask(&self, arguments: &[&str]) -> String {
        let mut asking = Command::new(program());
        let output = asking.args(arguments).env("RASIKA_SOCKET", &self.socket).output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    /// Pulls its plug.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Leaves it; what it said at last.
    pub fn ends(mut self) -> String {
        self.press("q");
        self.has_ended()
    }

    /// Waits for its end; what it said at last.
    pub fn has_ended(mut self) -> String {
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(self.child.wait().unwrap().success());
        self.listeners.drain(..).for_each(|listener| listener.join().unwrap());
        std::mem::take(&mut *self.said.lock().unwrap())
    }
}

impl Drop for Rasika {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `rasikad`: of this crate, or beside the laptop's program.
fn program() -> PathBuf {
    let beside = || Some(Path::new(option_env!("CARGO_BIN_EXE_rasika")?).with_file_name("rasikad"));
    let program = option_env!("CARGO_BIN_EXE_rasikad").map(PathBuf::from).or_else(beside).expect("cargo names one");
    assert!(program.exists(), "{} is missing: build the whole workspace (`cargo build`)", program.display());
    program
}

pub fn film(name: &str) -> String {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/files/media")).join(name);
    assert!(path.exists(), "{} is missing: run `make setup`", path.display());
    path.display().to_string()
}
