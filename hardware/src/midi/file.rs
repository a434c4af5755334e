//! A standard MIDI file (format 0) that grows while the music plays, for whoever wants to hear it again or write it down.
//!
//! The file opens at any moment: every second what was played is appended, its end and its length are written, and it is
//! fsynced. It never replaces another: `evening.mid` is followed by `evening-2.mid`, and a file that has grown to
//! [`FULL_BYTES`] by the next. Sending only hands the message to a thread that writes.

use super::{MidiIn, MidiOut, PortError};
use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Ticks of a quarter note.
const TICKS: u16 = 960;
/// Length of a quarter note: 120 a minute, so that a tick is about half a millisecond.
const QUARTER_US: u32 = 500_000;
/// A file that has grown so big is followed by another; more than a day of music.
const FULL_BYTES: u64 = 8 << 20;
/// Nothing is written when the disk has less room than this: takes come first, for which a box keeps 256 MB free.
const ROOM_BYTES: u64 = 512 << 20;
/// Files of one name at most.
const FILES: u32 = 9999;
/// Messages under way to the thread at most: a minute of dense music.
const UNDER_WAY: usize = 4096;
/// Bytes of a message at most; the resets of GM, GS and XG are shorter.
const MESSAGE_BYTES: usize = 16;
/// How often the file is brought to the disk.
const SETTLE: Duration = Duration::from_secs(1);
/// Where the track's length stands.
const LENGTH_AT: u64 = 18;
/// Where the track begins.
const TRACK_AT: u64 = 22;
const END_OF_TRACK: [u8; 4] = [0, 0xFF, 0x2F, 0];
/// The longest time between two events; longer ones are filled with empty texts.
const LONGEST: u64 = 0x0FFF_FFFF;
const EXAMPLE: &str = "file:/var/lib/rasika/evening.mid";

/// The mode of files that are begun; 0 for whatever the umask leaves.
static MODE: AtomicU32 = AtomicU32::new(0);

/// Music is for whomever its user lets read it, also in a program that makes all else private: the mode of files to come.
pub fn share_files(mode: u32) {
    MODE.store(mode, Ordering::Release);
}

/// A message and when it was played.
struct Played {
    at: Instant,
    bytes: [u8; MESSAGE_BYTES],
    len: usize,
}

/// A file open to be played on.
struct FileOut {
    name: Arc<str>,
    /// `None` only while it is dropped.
    played: Option<SyncSender<Played>>,
    /// What went wrong in the thread, as the system numbers it; 0 while nothing has.
    trouble: Arc<AtomicI32>,
    thread: Option<JoinHandle<()>>,
}

impl FileOut {
    fn lost(&self, cause: io::Error) -> PortError {
        PortError::Lost { name: Arc::clone(&self.name), cause }
    }
}

impl MidiOut for FileOut {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&mut self, message: &[u8]) -> Result<usize, PortError> {
        match self.trouble.load(Ordering::Acquire) {
            0 => {}
            number => return Err(self.lost(io::Error::from_raw_os_error(number))),
        }
        let mut bytes = [0; MESSAGE_BYTES];
        // Clock and active sensing have no place in a file; a SysEx longer than any of ours neither.
        if message.first().is_none_or(|status| *status > 0xF0) || message.len() > bytes.len() {
            return Ok(message.len());
        }
        bytes[..message.len()].copy_from_slice(message);
        let played = Played { at: Instant::now(), bytes, len: message.len() };
        match self.played.as_ref().map(|sender| sender.try_send(played)) {
            Some(Err(TrySendError::Full(_))) => Err(self.lost(ErrorKind::TimedOut.into())),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(self.lost(ErrorKind::BrokenPipe.into())),
            Some(Ok(())) => Ok(message.len()),
        }
    }
}

impl Drop for FileOut {
    /// What was played is on the disk before the port is closed.
    fn drop(&mut self) {
        drop(self.played.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether an address can be that of a MIDI file.
///
/// # Errors
/// Its name is no MIDI file's.
pub fn is_well_formed(name: &str, address: &str) -> Result<(), PortError> {
    let path = Path::new(address);
    let mid = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("mid"));
    if !mid || path.file_stem().is_none() {
        return Err(PortError::BadName {
            name: name.to_owned(),
            reason: "a MIDI file's name ends in .mid".to_owned(),
            example: EXAMPLE,
        });
    }
    Ok(())
}

pub fn open(name: &str, address: &str) -> Result<Box<dyn MidiOut>, PortError> {
    is_well_formed(name, address)?;
    let path = PathBuf::from(address);
    let trouble = Arc::new(AtomicI32::new(0));
    let failed = |cause: io::Error| PortError::File { name: name.to_owned(), cause };
    let mut growing = Growing::begin(&path).map_err(failed)?;
    let (sender, played) = sync_channel(UNDER_WAY);
    let told = Arc::clone(&trouble);
    let run = move || {
        if let Err(error) = growing.follow(&path, &played) {
            told.store(error.raw_os_error().unwrap_or(libc::EIO), Ordering::Release);
        }
    };
    let thread = std::thread::Builder::new().name("midi file".to_owned()).spawn(run).map_err(failed)?;
    Ok(Box::new(FileOut { name: name.into(), played: Some(sender), trouble, thread: Some(thread) }))
}

pub fn open_in(name: &str, _address: &str) -> Result<Box<dyn MidiIn>, PortError> {
    let reason = "a file is written, not listened to".to_owned();
    Err(PortError::BadName { name: name.to_owned(), reason, example: "alsa:NAME" })
}

/// A file that is written, and what of it is not on the disk yet.
struct Growing {
    file: File,
    /// Bytes of the track before its end.
    track: u64,
    /// Events that are not in the file yet.
    ahead: Vec<u8>,
    begun: Option<Instant>,
    ticks: u64,
}

impl Growing {
    /// A file of that name, or of the first after it that is free.
    fn begin(path: &Path) -> io::Result<Self> {
        enough_room(path)?;
        let mut file = (1..=FILES).map(|number| File::create_new(numbered(path, number)));
        let taken = |file: &io::Result<File>| matches!(file, Err(error) if error.kind() == ErrorKind::AlreadyExists);
        let file = file.find(|file| !taken(file)).unwrap_or_else(|| Err(ErrorKind::AlreadyExists.into()))?;
        let mode = MODE.load(Ordering::Acquire);
        if mode != 0 {
            // One that stays private is music all the same.
            let _ = file.set_permissions(std::fs::Permissions::from_mode(mode));
        }
        let mut growing = Self { file, track: 0, ahead: Vec::new(), begun: None, ticks: 0 };
        growing.file.write_all(b"MThd\0\0\0\x06\0\0\0\x01")?;
        growing.file.write_all(&TICKS.to_be_bytes())?;
        growing.file.write_all(b"MTrk\0\0\0\0")?;
        growing.ahead.extend(b"\0\xFF\x03\x06Rasika\0\xFF\x51\x03");
        growing.ahead.extend(&QUARTER_US.to_be_bytes()[1..]);
        growing.settle()?;
        // Its name too is there after a power cut.
        File::open(folder(path))?.sync_all()?;
        Ok(growing)
    }

    /// Writes what is played until nobody plays.
    fn follow(&mut self, path: &Path, played: &Receiver<Played>) -> io::Result<()> {
        let mut next = Instant::now() + SETTLE;
        loop {
            match played.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(played) => self.hear(&played),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.settle(),
            }
            if Instant::now() >= next {
                next = Instant::now() + SETTLE;
                self.settle()?;
                if self.track > FULL_BYTES {
                    *self = Self::begin(path)?;
                }
            }
        }
    }

    fn hear(&mut self, played: &Played) {
        let begun = *self.begun.get_or_insert(played.at);
        let us = played.at.saturating_duration_since(begun).as_micros() as u64;
        let ticks = us * u64::from(TICKS) / u64::from(QUARTER_US);
        let mut delta = ticks.saturating_sub(self.ticks);
        self.ticks = self.ticks.max(ticks);
        while delta > LONGEST {
            quantity(LONGEST, &mut self.ahead);
            self.ahead.extend([0xFF, 0x01, 0]);
            delta -= LONGEST;
        }
        quantity(delta, &mut self.ahead);
        match &played.bytes[..played.len] {
            [0xF0, rest @ ..] => {
                self.ahead.push(0xF0);
                quantity(rest.len() as u64, &mut self.ahead);
                self.ahead.extend(rest);
            }
            message => self.ahead.extend(message),
        }
    }

    /// Brings what is ahead into the file, and the file to the disk.
    fn settle(&mut self) -> io::Result<()> {
        if self.ahead.is_empty() {
            return Ok(());
        }
        let more = self.ahead.len() as u64;
        self.ahead.extend(END_OF_TRACK);
        self.file.seek(SeekFrom::Start(TRACK_AT + self.track))?;
        self.file.write_all(&self.ahead)?;
        self.ahead.clear();
        self.track += more;
        let length = (self.track + END_OF_TRACK.len() as u64) as u32;
        self.file.write_all_at(&length.to_be_bytes(), LENGTH_AT)?;
        self.file.sync_data()?;
        has_room(&self.file)
    }
}

/// `evening.mid`, `evening-2.mid`, …
fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}.mid"));
    path.with_file_name(name)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn enough_room(path: &Path) -> io::Result<()> {
    has_room(&File::open(folder(path))?)
}

fn has_room(on: &File) -> io::Result<()> {
    // SAFETY: the descriptor is open, and the figures, for which all zeroes are valid, are ours to write.
    let (given, figures) = unsafe {
        let mut figures: libc::statvfs = std::mem::zeroed();
        (libc::fstatvfs(on.as_raw_fd(), &raw mut figures), figures)
    };
    if given != 0 {
        return Err(io::Error::last_os_error());
    }
    // Their types differ from machine to machine.
    #[allow(clippy::useless_conversion)]
    let free = u64::from(figures.f_bavail).saturating_mul(u64::from(figures.f_frsize));
    if free < ROOM_BYTES { Err(io::Error::from_raw_os_error(libc::ENOSPC)) } else { Ok(()) }
}

/// A number of at most 28 bits as MIDI files write it, seven bits a byte.
fn quantity(number: u64, into: &mut Vec<u8>) {
    let first = (0..3).rev().find(|group| number >> (7 * (group + 1)) > 0).map_or(0, |group| group + 1);
    for group in (0..=first).rev() {
        let bits = (number >> (7 * group)) as u8 & 0x7F;
        into.push(if group == 0 { bits } else { bits | 0x80 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_as_the_standard_has_them() {
        // The table of the standard MIDI file specification.
        let cases: [(u64, &[u8]); 8] = [
            (0, &[0]),
            (0x40, &[0x40]),
            (0x7F, &[0x7F]),
            (0x80, &[0x81, 0]),
            (0x3FFF, &[0xFF, 0x7F]),
            (0x4000, &[0x81, 0x80, 0]),
            (0x20_0000, &[0x81, 0x80, 0x80, 0]),
            (LONGEST, &[0xFF, 0xFF, 0xFF, 0x7F]),
        ];
        for (number, wanted) in cases {
            let mut written = Vec::new();
            quantity(number, &mut written);
            assert_eq!(written, wanted, "{number:x}");
        }
    }

    #[test]
    fn a_name_that_is_taken_is_counted_on() {
        let path = Path::new("music/an evening.mid");
        assert_eq!(numbered(path, 1), path);
        assert_eq!(numbered(path, 12), Path::new("music/an evening-12.mid"));
        assert_eq!((folder(path), folder(Path::new("a.mid"))), (Path::new("music"), Path::new(".")));
    }

    #[test]
    fn what_is_no_midi_file_is_told() {
        for word in ["file:", "file:/tmp", "file:music.wav", "file:.mid"] {
            let said = open(word, &word[5..]).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(said.contains(".mid"), "{said}");
        }
        let said = open("file:/no/such.mid", "/no/such.mid").err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains("/no/such.mid") && said.contains("folder"), "{said}");
    }
}
