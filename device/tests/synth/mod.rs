//! A synth at the end of a line, with a table of its own of what sounds.
// Each test program uses a part of it.
#![allow(dead_code)]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::FromRawFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A synth that reads a MIDI stream, running status and real-time bytes included. It knows note-offs only: a synth
/// that ignores All Notes Off and All Sound Off must fall silent too.
#[derive(Clone, Default)]
pub struct Synth {
    status: u8,
    data: Vec<u8>,
    pub sounding: BTreeSet<(u8, u8)>,
    pub notes: usize,
    pub programs: usize,
    pub all_sound_off: BTreeSet<u8>,
    pub signs_of_life: usize,
    last: Option<Instant>,
    pub longest_silence: Duration,
}

impl Synth {
    fn hear(&mut self, bytes: &[u8]) {
        if let Some(last) = self.last.replace(Instant::now()) {
            self.longest_silence = self.longest_silence.max(last.elapsed());
        }
        for &byte in bytes {
            match byte {
                0xFE => self.signs_of_life += 1,
                0xF8.. => {}
                0x80.. => {
                    self.status = byte;
                    self.data.clear();
                }
                _ => self.data.push(byte),
            }
            let wanted = if (0xC0..0xE0).contains(&self.status) { 1 } else { 2 };
            if byte < 0x80 && self.data.len() == wanted {
                self.message();
                self.data.clear();
            }
        }
    }

    fn message(&mut self) {
        let (kind, channel) = (self.status >> 4, self.status & 0xF);
        match (kind, self.data.as_slice()) {
            (0x9, &[key, velocity]) if velocity > 0 => {
                self.sounding.insert((channel, key));
                self.notes += 1;
            }
            (0x8 | 0x9, &[key, _]) => {
                self.sounding.remove(&(channel, key));
            }
            (0xB, [120, _]) => {
                self.all_sound_off.insert(channel);
            }
            (0xC, _) => self.programs += 1,
            _ => {}
        }
    }
}

/// A pseudo-terminal: our end, which does not wait, the other, and the name it is opened by as a port.
fn terminal() -> (File, File, String) {
    let (mut ours, mut theirs, mut name) = (0, 0, [0 as libc::c_char; 128]);
    // SAFETY: the three are valid to write to, the name has room for a terminal's path, the attributes are filled in
    // before they are set, and each descriptor is owned by one File.
    unsafe {
        let given =
            libc::openpty(&raw mut ours, &raw mut theirs, name.as_mut_ptr(), std::ptr::null_mut(), std::ptr::null());
        assert_eq!(given, 0);
        libc::fcntl(ours, libc::F_SETFL, libc::O_NONBLOCK);
        // Raw from the beginning: a terminal that echoes would answer before it is opened as a port.
        let mut raw = std::mem::zeroed();
        assert_eq!(libc::tcgetattr(theirs, &raw mut raw), 0);
        libc::cfmakeraw(&raw mut raw);
        assert_eq!(libc::tcsetattr(theirs, libc::TCSANOW, &raw const raw), 0);
        let name = std::ffi::CStr::from_ptr(name.as_ptr()).to_str().unwrap();
        (File::from_raw_fd(ours), File::from_raw_fd(theirs), format!("serial:{name}"))
    }
}

/// A line to be opened by name, and the end of whoever is behind it. The line stays when its port is closed.
pub fn pair() -> (String, OtherEnd) {
    let (ours, theirs, name) = terminal();
    (name, OtherEnd { ours, _theirs: theirs })
}

/// Our end of a line.
pub struct OtherEnd {
    ours: File,
    _theirs: File,
}

impl Read for OtherEnd {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.ours.read(buffer)
    }
}

impl Write for OtherEnd {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.ours.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Our end of a pseudo-terminal that a synth listens to, and the name of the other.
pub struct Terminal {
    pub name: String,
    synth: Arc<Mutex<Synth>>,
    plugged: Arc<AtomicBool>,
    listener: Option<std::thread::JoinHandle<()>>,
}

impl Terminal {
    pub fn new(synth: Arc<Mutex<Synth>>) -> Self {
        let (mut ours, theirs, name) = terminal();
        let plugged = Arc::new(AtomicBool::new(true));
        let (heard, on) = (Arc::clone(&synth), Arc::clone(&plugged));
        let listener = std::thread::spawn(move || {
            let (_theirs, mut buffer) = (theirs, [0; 512]);
            while on.load(Ordering::Acquire) {
                match ours.read(&mut buffer) {
                    Ok(n) if n > 0 => heard.lock().unwrap().hear(&buffer[..n]),
                    _ => std::thread::sleep(Duration::from_millis(1)),
                }
            }
        });
        Self { name, synth, plugged, listener: Some(listener) }
    }

    /// The synth as it is now: a copy, so that no one holds it while it listens.
    pub fn synth(&self) -> Synth {
        self.synth.lock().unwrap().clone()
    }

    pub fn pull(&mut self) {
        self.plugged.store(false, Ordering::Release);
        self.listener.take().unwrap().join().unwrap();
    }
}

/// Waits until something is so, ten seconds at most.
pub fn wait(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
