//! What a service manager hears of a box.
#![cfg(feature = "perception")]

mod synth;

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use synth::Terminal;

/// The next message, waited for generously.
fn hears(manager: &UnixDatagram) -> String {
    let mut bytes = [0; 256];
    loop {
        let count = manager.recv(&mut bytes).expect("a message within a minute");
        let message = String::from_utf8(bytes[..count].to_vec()).unwrap();
        // How the camera is comes when it will.
        if !message.starts_with("STATUS=") {
            return message;
        }
    }
}

#[test]
fn ready_when_it_plays_then_signs_of_life_then_that_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let address = folder.path().join("notify");
    let manager = UnixDatagram::bind(&address).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let film = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files/media/WolfgangLanger_Pexels.mp4");
    assert!(film.exists(), "{} is missing: run `make setup`", film.display());

    let line = Terminal::new(Arc::default());
    let mut command = Command::new(env!("CARGO_BIN_EXE_rasikad"));
    command.arg("--simulate").arg(film).args(["--midi", &line.name]);
    command.args(["--set", &format!("recording.folder={}", folder.path().display())]);
    command.env("RASIKA_SOCKET", folder.path().join("socket"));
    command.env("NOTIFY_SOCKET", &address).env("WATCHDOG_USEC", "400000").env_remove("WATCHDOG_PID");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("rasikad runs");

    assert_eq!(hears(&manager), "READY=1\nSTATUS=playing");
    for _ in 0..5 {
        assert_eq!(hears(&manager), "WATCHDOG=1");
    }
    // SAFETY: the child is ours and has not been waited for, so its number is no one else's.
    assert_eq!(unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGTERM) }, 0);
    let until = Instant::now() + Duration::from_secs(60);
    while hears(&manager) != "STOPPING=1\nSTATUS=ending" {
        assert!(Instant::now() < until, "it says that it ends");
    }
    assert!(child.wait().unwrap().success());
}
