//! A serial cable: two pseudo-terminals, to be opened by their names, and threads that carry what is written into one to
//! the other, at the pace of a baud rate.
// Each test program uses a part of it.
#![allow(dead_code)]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::FromRawFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Bytes are waited for, and carried, so often.
const STEP: Duration = Duration::from_millis(1);

/// It is pulled out when it is dropped.
pub struct Cable {
    /// Paths of both ends.
    pub ends: [String; 2],
    plugged: Arc<AtomicBool>,
}

impl Cable {
    /// Carries a byte in the time that ten bits take, in each direction.
    pub fn new(baud: u32) -> Self {
        let plugged = Arc::new(AtomicBool::new(true));
        let (one, other) = (End::new(), End::new());
        let ends = [one.name.clone(), other.name.clone()];
        let (one, other) = (Arc::new(one), Arc::new(other));
        for (from, to) in [(Arc::clone(&one), Arc::clone(&other)), (other, one)] {
            let plugged = Arc::clone(&plugged);
            std::thread::spawn(move || carry(&from, &to, baud, &plugged));
        }
        Self { ends, plugged }
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.plugged.store(false, Ordering::Release);
    }
}

/// Our side of a pseudo-terminal, and the other, which is held so that the line is there while nobody has opened it.
struct End {
    ours: File,
    _theirs: File,
    name: String,
}

impl End {
    fn new() -> Self {
        let (mut ours, mut theirs, mut name) = (0, 0, [0 as libc::c_char; 128]);
        // SAFETY: the three are valid to write to, the name has room for a terminal's path, the attributes are filled in
        // before they are set, and each descriptor is owned by one File. Programs that a test starts get none of them.
        unsafe {
            let given = libc::openpty(
                &raw mut ours,
                &raw mut theirs,
                name.as_mut_ptr(),
                std::ptr::null_mut(),
                std::ptr::null(),
            );
            assert_eq!(given, 0);
            for descriptor in [ours, theirs] {
                libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC);
            }
            libc::fcntl(ours, libc::F_SETFL, libc::O_NONBLOCK);
            // Raw from the beginning: a terminal that echoes would answer before it is opened as a port.
            let mut raw = std::mem::zeroed();
            assert_eq!(libc::tcgetattr(theirs, &raw mut raw), 0);
            libc::cfmakeraw(&raw mut raw);
            assert_eq!(libc::tcsetattr(theirs, libc::TCSANOW, &raw const raw), 0);
            let name = std::ffi::CStr::from_ptr(name.as_ptr()).to_str().unwrap().to_owned();
            Self { ours: File::from_raw_fd(ours), _theirs: File::from_raw_fd(theirs), name }
        }
    }
}

fn carry(from: &End, to: &End, baud: u32, plugged: &AtomicBool) {
    let begun = Instant::now();
    let (mut waiting, mut carried, mut buffer) = (Vec::new(), 0.0_f64, [0; 4096]);
    while plugged.load(Ordering::Acquire) {
        // A line that was idle does not make up for it; one that the machine held up does.
        let due = begun.elapsed().as_secs_f64() * f64::from(baud) / 10.0;
        if waiting.is_empty() {
            carried = due;
            if let Ok(count) = (&from.ours).read(&mut buffer) {
                waiting.extend_from_slice(&buffer[..count]);
            }
        }
        let may = waiting.len().min((due - carried) as usize);
        if may > 0
            && let Ok(count) = (&to.ours).write(&waiting[..may])
        {
            waiting.drain(..count);
            carried += count as f64;
        }
        if waiting.is_empty() || may == 0 {
            sleep(STEP);
        }
    }
}
