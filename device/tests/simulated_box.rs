//! The whole box as `rasikad --simulate` runs it: a film for a camera, keys for buttons, a synth at the end of a line.
#![cfg(feature = "perception")]

mod synth;

use rasika_device::store::Store;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use synth::{Terminal, wait};

/// A box that runs, and what it has said.
struct Rasika {
    child: Child,
    keys: ChildStdin,
    said: Arc<Mutex<String>>,
}

impl Rasika {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rasikad"))
            .arg("--simulate")
            .args(arguments)
            .arg("--set")
            .arg(format!("recording.folder={}", folder.join("takes").display()))
            .args(["--set", "recording.margin_mb=16", "--set", "panel.count_in_beats=1"])
            .env("RASIKA_SOCKET", folder.join("socket"))
            .env_remove("NOTIFY_SOCKET")
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
            });
        };
        listen(Box::new(BufReader::new(out)));
        listen(Box::new(BufReader::new(err)));
        Self { child, keys, said }
    }

    fn press(&mut self, key: &str) {
        self.keys.write_all(key.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until it has said something, since the last time it was asked; a busy machine is given its time.
    fn hears(&self, words: &str) {
        let begun = Instant::now();
        loop {
            let mut said = self.said.lock().unwrap();
            if let Some(at) = said.find(words) {
                let end = at + words.len();
                said.drain(..end);
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "no word of '{words}' in:\n{said}");
            drop(said);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn ends(mut self) {
        self.press("q");
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Rasika {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn film(name: &str) -> String {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/files/media")).join(name);
    assert!(path.exists(), "{} is missing: run `make setup`", path.display());
    path.display().to_string()
}

#[test]
fn a_take_is_chosen_recorded_kept_and_discarded_while_the_music_plays() {
    let folder = tempfile::tempdir().unwrap();
    let line = Terminal::new(Arc::default());
    let mut rasika = Rasika::start(folder.path(), &[&film("WolfgangLanger_Pexels.mp4"), "--midi", &line.name]);
    rasika.hears("ready to record");
    rasika.hears("playing, automatic");
    wait("the drone sounds", || line.synth().notes > 2);

    // Without a label nothing is recorded.
    rasika.press("R");
    rasika.hears("no label is chosen");
    rasika.press("R");

    rasika.press("s");
    rasika.hears("label shringara");
    std::thread::sleep(Duration::from_millis(1_200));
    rasika.press("s");
    rasika.hears("label hasya");
    let before = line.synth().notes;
    wait("its signature sounds", || line.synth().notes > before + 3);
    rasika.press("R");
    rasika.hears("recording take");
    std::thread::sleep(Duration::from_millis(1_500));
    rasika.press("R");
    rasika.hears("of hasya is kept");

    rasika.press("b");
    rasika.hears("panic: every note ended");
    let before = line.synth().notes;
    wait("the music goes on", || line.synth().notes > before + 2);

    rasika.press("d");
    rasika.hears("is discarded; the laptop can restore it");
    rasika.ends();
    assert!(line.synth().sounding.is_empty(), "{:?}", line.synth().sounding);

    let store = Store::open(&folder.path().join("takes/takes.db")).unwrap();
    let takes = store.takes().unwrap();
    assert_eq!(takes.len(), 1, "{takes:?}");
    assert!(takes[0].observations > 3 && takes[0].is_discarded());
}

#[test]
fn without_camera_port_and_models_the_box_says_so_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let line = Terminal::new(Arc::default());
    let nothing = folder.path().join("no-models").display().to_string();
    let rasika = Rasika::start(
        folder.path(),
        &[
            "--set",
            "camera.source=/dev/video99",
            "--midi",
            "serial:/dev/ttyNONE9",
            "--midi",
            &line.name,
            "--models",
            &nothing,
        ],
    );
    rasika.hears("serial:/dev/ttyNONE9");
    rasika.hears("the drone plays on");
    rasika.hears("/dev/video99");
    wait("the drone sounds", || line.synth().notes > 2);
    rasika.ends();
    assert!(line.synth().sounding.is_empty());
}
