//! The journal's lines on the disk: two files, the newer one written to, the older one dropped when that is full. A thread
//! of its own writes, so that nobody who says something waits for the disk.

use crossbeam_channel::{Receiver, Sender, bounded};
use rasika_models::plain;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

/// The newer file, in the state folder.
const FILE: &str = "journal.log";
/// The older one.
const OLDER: &str = "journal.1.log";
/// Each is no longer.
const MOST_BYTES: u64 = 128 << 10;
/// Lines that wait for the disk; more are not written down.
const WAITING: usize = 256;

/// The thread that writes. Dropped, it has written what it was given.
#[derive(Debug)]
pub struct Writer {
    lines: Option<Sender<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Writes into a folder from now on. A disk that takes nothing is no reason to stop: it is tried with each line.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(folder: &Path) -> io::Result<Self> {
        let (lines, said) = bounded(WAITING);
        let folder = folder.to_owned();
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(move || write(&folder, &said))?;
        Ok(Self { lines: Some(lines), thread: Some(thread) })
    }

    /// Has a line written down; it does not wait.
    pub fn write(&self, line: &str) {
        if let Some(lines) = &self.lines {
            let _ = lines.try_send(line.to_owned());
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The last lines that were written down, oldest first.
pub fn read(folder: &Path, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for name in [OLDER, FILE] {
        let Ok(file) = File::open(folder.join(name)) else { continue };
        let mut bytes = BufReader::new(file.take(2 * MOST_BYTES));
        let mut line = Vec::new();
        while bytes.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&line);
            let text = plain::line(text.trim_end_matches('\n')).into_owned();
            if !text.is_empty() {
                lines.push(text);
            }
            line.clear();
        }
    }
    lines.split_off(lines.len().saturating_sub(most))
}

fn write(folder: &Path, said: &Receiver<String>) {
    let path = folder.join(FILE);
    let mut open: Option<(File, u64)> = None;
    for line in said {
        let next = open.take().or_else(|| begin(&path));
        let Some((mut file, length)) = next else { continue };
        let length = length + line.len() as u64 + 1;
        if writeln!(file, "{line}").is_err() {
            continue;
        }
        if length < MOST_BYTES {
            open = Some((file, length));
        } else {
            let _ = std::fs::rename(&path, folder.join(OLDER));
        }
    }
}

/// Opens the file to write behind what is there: for its owner's eyes, as it names performers.
fn begin(path: &PathBuf) -> Option<(File, u64)> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path).ok()?;
    let length = file.metadata().ok()?.len();
    Some((file, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_outlive_the_program_and_the_files_stay_small() {
        let folder = tempfile::tempdir().unwrap();
        for life in 0..4 {
            let writer = Writer::start(folder.path()).unwrap();
            for number in 0..1000 {
                writer.write(&format!("life {life} line {number} {}", "x".repeat(200)));
                // The disk may be slower than this loop; what waits too long is not written.
                while writer.lines.as_ref().is_some_and(|lines| lines.len() > WAITING / 2) {
                    std::thread::yield_now();
                }
            }
        }
        let lines = read(folder.path(), 5);
        assert_eq!(lines.len(), 5);
        assert!(lines[4].starts_with("life 3 line 999 "), "{lines:?}");
        let bytes: u64 =
            [FILE, OLDER].iter().filter_map(|name| Some(folder.path().join(name).metadata().ok()?.len())).sum();
        assert!(bytes <= 2 * MOST_BYTES + 1024, "{bytes}");
        // A file that somebody filled is not read without end, and a cut line is a line.
        std::fs::write(folder.path().join(FILE), [b'\xff'; 10]).unwrap();
        assert!(read(folder.path(), 1)[0].contains('\u{fffd}'));
    }
}
