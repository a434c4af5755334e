//! Sources that give nothing, or come by a pipe or an address: they are told, and nobody has to wait for them.

mod reels;
mod synth;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reels::{Reels, lines, program, rasikad, said, seen, times};
use synth::Terminal;

const MATROSKA: [&str; 3] = ["-an", "-c:v", "libx264"];

/// A program that runs, and what it says meanwhile.
struct Running {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        Self::of(program().args(arguments))
    }

    fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it runs");
        let (said, mut words) = (Arc::new(Mutex::new(String::new())), child.stderr.take().unwrap());
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            let mut bytes = [0; 1024];
            while let Ok(n @ 1..) = words.read(&mut bytes) {
                heard.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..n]));
            }
        });
        Self { child, said }
    }

    fn hears(&self, words: &str) {
        let begun = Instant::now();
        while !self.said.lock().unwrap().contains(words) {
            assert!(begun.elapsed() < Duration::from_secs(60), "no word of '{words}': {}", self.said.lock().unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Says stop once, and waits for the end.
    fn ends_when_told(mut self, signal: libc::c_int, what: &str) {
        // SAFETY: the child is ours and has not been waited for, so its number is no one else's.
        assert_eq!(unsafe { libc::kill(self.child.id() as libc::pid_t, signal) }, 0);
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(30), "{what} does not end: {}", self.said.lock().unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn make_pipe(path: &str) {
    let name = std::ffi::CString::new(path).unwrap();
    // SAFETY: the name ends in a null.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
}

#[test]
fn a_pipe_that_gives_nothing_is_told_and_left_at_the_first_signal() {
    let reels = Reels::new();
    let pipe = reels.at("pipe");
    make_pipe(&pipe);
    let (mid, out) = (reels.at("a.mid"), reels.at("out"));
    let all: Vec<(Running, libc::c_int)> = [
        (&["see", &pipe, "--json"][..], libc::SIGINT),
        (&["bench", &pipe], libc::SIGTERM),
        (&["demo", &pipe, "--out", &out], libc::SIGINT),
        (&["play", &pipe, "--mid", &mid], libc::SIGTERM),
    ]
    .map(|(arguments, signal)| (Running::start(arguments), signal))
    .into();
    for (running, signal) in all {
        running.hears("nothing has come from");
        assert!(running.said.lock().unwrap().contains(&pipe));
        running.ends_when_told(signal, "it");
    }
}

#[test]
fn the_drone_plays_while_a_source_gives_nothing() {
    let reels = Reels::new();
    let pipe = reels.at("pipe");
    make_pipe(&pipe);
    // A pipeline that opens and then gives nothing, and a pipe that nobody writes into.
    let silent = "videotestsrc is-live=true ! valve drop=true ! videoconvert ! appsink";
    for source in [&[pipe.as_str()][..], &["--pipeline", silent]] {
        let line = Terminal::new(Arc::default());
        let socket = reels.at("socket");
        let running =
            Running::of(program().arg("play").args(source).args(["--midi", &line.name]).env("RASIKA_SOCKET", socket));
        running.hears("nothing has come from");
        synth::wait("the drone sounds", || line.synth().notes > 3);
        running.ends_when_told(libc::SIGTERM, "play");
        synth::wait("silence", || line.synth().sounding.is_empty());
    }
}

#[test]
fn a_pipeline_that_gives_nothing_is_left_at_the_first_signal() {
    for silent in [
        "videotestsrc is-live=true ! valve drop=true ! videoconvert ! appsink",
        // Gives a second of pictures, then none.
        "videotestsrc num-buffers=1000000 ! video/x-raw,framerate=30/1 ! identity sleep-time=100000000 ! appsink",
    ] {
        for verb in ["see", "bench"] {
            let running = Running::start(&[verb, "--pipeline", silent]);
            running.hears("nothing has come from the pipeline");
            running.ends_when_told(libc::SIGINT, silent);
        }
    }
}

#[test]
fn a_film_comes_through_a_pipe_as_it_does_from_a_file() {
    let reels = Reels::new();
    let film = reels.make("a.mkv", "0.5", &MATROSKA);
    let whole = times(&seen(&film));
    let bytes = std::fs::read(&film).unwrap();
    let through = |command: &mut Command, what: &str| {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        if let Some(mut input) = child.stdin.take() {
            input.write_all(&bytes).unwrap();
        }
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{what}: {}", said(&out));
        assert_eq!(times(&lines(&out)), whole, "{what}");
    };
    through(program().args(["see", "-", "--json"]).stdin(Stdio::piped()), "a pipe on standard input");
    let file = std::fs::File::open(&film).unwrap();
    through(program().args(["see", "-", "--json"]).stdin(file), "a file on standard input");
    let substituted = format!("exec {} see <(cat {film}) --json", env!("CARGO_BIN_EXE_rasikad"));
    through(Command::new("bash").args(["-c", &substituted]).stdin(Stdio::null()), "process substitution");

    // One whose index stands at the end needs going back; the way that works is told.
    let film = reels.make("late_index.mp4", "1", &[&MATROSKA[..], &["-crf", "0"]].concat());
    let out = program().args(["see", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut out = out.unwrap();
    // It may leave before it has read all.
    let _ = out.stdin.take().unwrap().write_all(&std::fs::read(&film).unwrap());
    let out = out.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(1), "{}", said(&out));
    assert!(said(&out).contains("save it to a file"), "{}", said(&out));
}

#[test]
fn a_film_at_an_address_is_read_and_one_that_stalls_is_left() {
    let reels = Reels::new();
    let film = reels.make("a.mkv", "0.5", &MATROSKA);
    let whole = times(&seen(&film));
    let bytes = std::fs::read(&film).unwrap();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let body = bytes.clone();
    std::thread::spawn(move || {
        let mut stalled = Vec::new();
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 4096];
            let n = stream.read(&mut asked).unwrap();
            let is_whole = String::from_utf8_lossy(&asked[..n]).contains("/whole");
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let part = if is_whole { &body[..] } else { &body[..body.len() / 2] };
            // Whoever asked may have left.
            let _ = stream.write_all(&[head.as_bytes(), part].concat());
            if !is_whole {
                stalled.push(stream);
            }
        }
    });
    let out = rasikad(&["see", &format!("http://{address}/whole.mkv"), "--json"]);
    assert!(out.status.success(), "{}", said(&out));
    assert_eq!(times(&lines(&out)), whole);
    let running = Running::start(&["see", &format!("http://{address}/stalls.mkv"), "--json"]);
    running.hears("nothing has come from http://");
    running.ends_when_told(libc::SIGTERM, "see");
}

#[test]
fn addresses_of_live_streams_are_refused_with_the_way_that_works() {
    for (address, words) in [
        ("rtsp://127.0.0.1/live", &["--pipeline", "rtspsrc location=rtsp://127.0.0.1/live", "appsink"][..]),
        ("srt://127.0.0.1:9000", &["--pipeline", "srtsrc"]),
        ("gopher://old", &["gopher://old", "http"]),
    ] {
        let out = rasikad(&["see", address]);
        assert_eq!(out.status.code(), Some(1));
        assert!(words.iter().all(|word| said(&out).contains(word)), "{}", said(&out));
    }
}
