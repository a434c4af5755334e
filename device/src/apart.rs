//! A network runs for the first time in a process of its own: one that brings the runtime down, takes too long or wants
//! more memory than there is brings nothing else down.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A network that takes longer to load and to test is not for a box.
const LONGEST: Duration = Duration::from_secs(20);
/// Such a process may have so much more memory than it begins with; a classifier of nine rasas needs a fraction.
const MOST_BYTES: u64 = 512 << 20;
/// And so many seconds of the processor, if nobody ends it.
const MOST_CPU_S: u64 = 30;

/// Runs this very program with other arguments, and gives what it prints.
///
/// # Errors
/// Its own last sentence; or that the model brought it down, or took too long.
pub fn run(arguments: &[&OsStr]) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("the model cannot be checked ({error}); try again");
    // Not by its path: an update may have put another program there, or none, while this one runs.
    let of_this_process = PathBuf::from("/proc/self/exe");
    let program = if of_this_process.exists() { of_this_process } else { std::env::current_exe().map_err(cannot)? };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(cannot)?;
    let begun = Instant::now();
    // What it says fits any pipe, so it never waits for us.
    while child.try_wait().map_err(cannot)?.is_none() {
        if begun.elapsed() > LONGEST {
            let _ = child.kill();
            let _ = child.wait();
            return Err("the model takes too long to load and to test; train a smaller one".to_owned());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().map_err(cannot)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let said = text(&output.stderr);
    let sentence = |line: &str| line.trim_start_matches("rasikad: ").trim_start_matches("rasika: ").to_owned();
    Err(match said.lines().last() {
        Some(line) if output.status.code() == Some(1) => sentence(line),
        _ => "the model brings the runtime down: its network is damaged, or no network; make it anew".to_owned(),
    })
}

/// Bounds this process, which only tries a model: its memory, its time, and no image of it on the disk when it dies.
pub fn bound_this_process() {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages: Option<u64> = pages.and_then(|text| text.split(' ').next()?.parse().ok());
    let set = |resource, most: u64| {
        let most = most as libc::rlim_t;
        let bound = libc::rlimit { rlim_cur: most, rlim_max: most };
        // SAFETY: the structure lives as long as the call, which only reads it.
        unsafe { libc::setrlimit(resource, &raw const bound) };
    };
    if let Some(pages) = pages {
        set(libc::RLIMIT_AS, pages * 4096 + MOST_BYTES);
    }
    set(libc::RLIMIT_CPU, MOST_CPU_S);
    set(libc::RLIMIT_CORE, 0);
}
