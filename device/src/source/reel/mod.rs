//! FFmpeg's libraries, by the few calls of `reel.c`: the demuxer, the decoder of the picture, the scaler.

use std::ffi::{CString, c_char, c_int, c_void};
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What bytes are read from.
pub(super) trait Bytes: Send {
    /// As `Read` does. An interrupted read is made again unless somebody asked to stop.
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize>;
    /// As `Seek` does; `None` where there is no going back.
    fn seek(&mut self, to: SeekFrom) -> Option<u64>;
}

impl Bytes for std::fs::File {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        Read::read(self, into)
    }

    fn seek(&mut self, to: SeekFrom) -> Option<u64> {
        Seek::seek(self, to).ok()
    }
}

/// Where a reel is.
pub(super) enum From {
    /// In bytes that can be read at any place.
    Anywhere(Box<dyn Bytes>),
    /// In bytes that come one after the other.
    Onwards(Box<dyn Bytes>),
    /// At an address.
    Address,
}

/// FFmpeg's number for what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReelError(c_int);

impl ReelError {
    /// Whether it was read and makes no sense, or holds no picture.
    pub(super) fn is_of_content(self) -> bool {
        // SAFETY: gives a truth.
        unsafe { reel_is_of_content(self.0) != 0 }
    }
}

impl std::fmt::Display for ReelError {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let mut words = [0_u8; 128];
        // SAFETY: FFmpeg writes at most as many bytes as it is told, and ends them with a null.
        unsafe { reel_words(self.0, words.as_mut_ptr().cast(), words.len()) };
        let end = words.iter().position(|byte| *byte == 0).unwrap_or(words.len());
        f.write_str(&String::from_utf8_lossy(&words[..end]))
    }
}

impl std::error::Error for ReelError {}

/// How a step went that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// There is no more.
    End,
    /// The decoder wants another packet first.
    More,
    /// This piece cannot be used; the next may be.
    Damaged,
    /// It cannot go on.
    Failed,
}

/// What a film says of itself. Times in milliseconds; NaN where it says nothing.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReelOutline {
    pub start_ms: f64,
    pub length_ms: f64,
    /// The rate that all timestamps keep to, and their average.
    pub rate_hz: f64,
    pub average_hz: f64,
    pub frames: i64,
    /// FFmpeg's display matrix; zeros if there is none.
    pub matrix: [i32; 9],
}

/// A piece of picture or sound that was read.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReelPacket {
    pub at_ms: f64,
    pub lasts_ms: f64,
    is_picture: i32,
    is_sound: i32,
    is_damaged: i32,
}

impl ReelPacket {
    pub fn is_picture(&self) -> bool {
        self.is_picture != 0
    }

    pub fn is_sound(&self) -> bool {
        self.is_sound != 0
    }

    /// Not all of it is there.
    pub fn is_damaged(&self) -> bool {
        self.is_damaged != 0
    }
}

/// A picture that was decoded.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReelFrame {
    pub at_ms: f64,
    /// Width of a pixel over its height.
    pub pixel_aspect: f64,
    pub width: i32,
    pub height: i32,
    has_matrix: i32,
    matrix: [i32; 9],
}

impl ReelFrame {
    /// The display matrix of this frame.
    pub fn matrix(&self) -> Option<&[i32; 9]> {
        (self.has_matrix != 0).then_some(&self.matrix)
    }
}

#[repr(C)]
struct ReelSource {
    from: *mut c_void,
    read: Option<unsafe extern "C" fn(*mut c_void, *mut u8, c_int) -> c_int>,
    seek: Option<unsafe extern "C" fn(*mut c_void, i64, c_int) -> i64>,
    asked: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
}

unsafe extern "C" {
    fn reel_open(source: *const ReelSource, name: *const c_char, threads: c_int, error: *mut c_int) -> *mut c_void;
    fn reel_close(reel: *mut c_void);
    fn reel_outline(reel: *const c_void, outline: *mut ReelOutline);
    fn reel_packet(reel: *mut c_void, packet: *mut ReelPacket, error: *mut c_int) -> c_int;
    fn reel_send(reel: *mut c_void, is_end: c_int) -> c_int;
    fn reel_frame(reel: *mut c_void, frame: *mut ReelFrame) -> c_int;
    fn reel_pixels(reel: *mut c_void, width: c_int, height: c_int, bgr: *mut u8, error: *mut c_int) -> c_int;
    fn reel_words(error: c_int, words: *mut c_char, bytes: usize);
    fn reel_is_of_content(error: c_int) -> c_int;
    fn reel_stopped() -> c_int;
    fn reel_ended() -> c_int;
    fn reel_size_asked() -> i64;
}

/// What FFmpeg's callbacks are given.
struct Shared {
    bytes: Option<Box<dyn Bytes>>,
    /// FFmpeg's own memory may hold nothing yet, which a `Read` must not see.
    scratch: Vec<u8>,
    quit: Arc<AtomicBool>,
}

/// An open film. Dropped, it is closed.
pub(super) struct Reel {
    reel: *mut c_void,
    /// Freed after the reel, whose callbacks read it.
    shared: *mut Shared,
}

// SAFETY: FFmpeg's contexts are memory that belongs to no thread; they are used through `&mut` alone, and what the
// callbacks read is `Send`.
unsafe impl Send for Reel {}

impl Reel {
    /// Opens a film; `name` helps to tell its format, or is its address. It lets go when `quit` is set.
    pub(super) fn open(from: From, name: &str, quit: &Arc<AtomicBool>) -> Result<Self, ReelError> {
        let (bytes, can_seek) = match from {
            From::Anywhere(bytes) => (Some(bytes), true),
            From::Onwards(bytes) => (Some(bytes), false),
            From::Address => (None, false),
        };
        let has_bytes = bytes.is_some();
        let shared = Box::into_raw(Box::new(Shared { bytes, scratch: Vec::new(), quit: Arc::clone(quit) }));
        let source = ReelSource {
            from: shared.cast(),
            read: has_bytes.then_some(read),
            seek: can_seek.then_some(seek),
            asked: Some(asked),
        };
        // A name with a null in it is no file's.
        let name = CString::new(name).unwrap_or_default();
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(16) as c_int);
        let mut error = 0;
        // SAFETY: source, name and error live through the call; `shared` lives until the reel is closed.
        let reel = unsafe { reel_open(&raw const source, name.as_ptr(), threads, &raw mut error) };
        let opened = Self { reel, shared };
        // Dropped, a reel of null closes nothing and frees what it was to read from.
        if reel.is_null() { Err(ReelError(error)) } else { Ok(opened) }
    }

    pub(super) fn outline(&self) -> ReelOutline {
        let mut outline = ReelOutline::default();
        // SAFETY: the reel is open, and the structure is as the header says.
        unsafe { reel_outline(self.reel, &raw mut outline) };
        outline
    }

    /// Reads the next piece of the film.
    pub(super) fn packet(&mut self) -> Result<ReelPacket, (Step, ReelError)> {
        let (mut packet, mut error) = (ReelPacket::default(), 0);
        // SAFETY: the reel is open, and the structures are as the header says.
        let done = unsafe { reel_packet(self.reel, &raw mut packet, &raw mut error) };
        step(done).map_or(Ok(packet), |step| Err((step, ReelError(error))))
    }

    /// Gives the decoder what was read last.
    pub(super) fn send(&mut self) -> Result<(), Step> {
        // SAFETY: the reel is open.
        step(unsafe { reel_send(self.reel, 0) }).map_or(Ok(()), Err)
    }

    /// Tells the decoder that there is no more, so that it gives what it has kept back.
    pub(super) fn send_end(&mut self) {
        // SAFETY: the reel is open. It is refused only if it was said before.
        unsafe { reel_send(self.reel, 1) };
    }

    /// Takes the next picture from the decoder.
    pub(super) fn frame(&mut self) -> Result<ReelFrame, Step> {
        let mut frame = ReelFrame::default();
        // SAFETY: the reel is open, and the structure is as the header says.
        step(unsafe { reel_frame(self.reel, &raw mut frame) }).map_or(Ok(frame), Err)
    }

    /// The picture that was decoded last, scaled: rows of 8-bit blue, green, red without a gap. `bgr` holds
    /// `3 * width * height` bytes.
    pub(super) fn pixels(&mut self, width: u32, height: u32, bgr: &mut [u8]) -> Result<(), ReelError> {
        assert!(bgr.len() as u64 >= 3 * u64::from(width) * u64::from(height), "the picture has room");
        let mut error = 0;
        // SAFETY: the reel is open and holds a frame or none; the room was looked at above.
        let done = unsafe { reel_pixels(self.reel, width as c_int, height as c_int, bgr.as_mut_ptr(), &raw mut error) };
        step(done).map_or(Ok(()), |_| Err(ReelError(error)))
    }
}

impl Drop for Reel {
    fn drop(&mut self) {
        // SAFETY: both were made in `open` and are nobody else's; the reel is closed first, since it reads the other.
        unsafe {
            reel_close(self.reel);
            drop(Box::from_raw(self.shared));
        }
    }
}

fn step(done: c_int) -> Option<Step> {
    match done {
        0 => None,
        1 => Some(Step::End),
        2 => Some(Step::More),
        3 => Some(Step::Damaged),
        _ => Some(Step::Failed),
    }
}

unsafe extern "C" fn asked(from: *mut c_void) -> c_int {
    // SAFETY: FFmpeg gives back the pointer that it was given, which lives as long as it asks.
    let shared = unsafe { &*from.cast::<Shared>() };
    c_int::from(shared.quit.load(Ordering::Acquire))
}

unsafe extern "C" fn read(from: *mut c_void, into: *mut u8, most: c_int) -> c_int {
    /// Linux's number for an error of input.
    const EIO: c_int = 5;
    // SAFETY: as above; FFmpeg reads by one thread at a time.
    let shared = unsafe { &mut *from.cast::<Shared>() };
    let Ok(most) = usize::try_from(most) else { return -EIO };
    if shared.scratch.len() < most {
        shared.scratch.resize(most, 0);
    }
    let scratch = &mut shared.scratch[..most];
    loop {
        if shared.quit.load(Ordering::Acquire) {
            // SAFETY: gives a constant.
            return unsafe { reel_stopped() };
        }
        match shared.bytes.as_mut().map(|bytes| bytes.read(scratch)) {
            // SAFETY: gives a constant.
            Some(Ok(0)) | None => return unsafe { reel_ended() },
            Some(Ok(n)) => {
                let n = n.min(most);
                // SAFETY: FFmpeg's buffer has room for `most` bytes and is another than ours.
                unsafe { std::ptr::copy_nonoverlapping(scratch.as_ptr(), into, n) };
                return n as c_int;
            }
            Some(Err(error)) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Some(Err(error)) => return -error.raw_os_error().unwrap_or(EIO),
        }
    }
}

unsafe extern "C" fn seek(from: *mut c_void, offset: i64, whence: c_int) -> i64 {
    const FORCE: c_int = 0x20000;
    // SAFETY: as above.
    let shared = unsafe { &mut *from.cast::<Shared>() };
    let Some(bytes) = &mut shared.bytes else { return -1 };
    // SAFETY: gives a constant.
    if i64::from(whence) == unsafe { reel_size_asked() } {
        let (Some(here), Some(size)) = (bytes.seek(SeekFrom::Current(0)), bytes.seek(SeekFrom::End(0))) else {
            return -1;
        };
        return bytes.seek(SeekFrom::Start(here)).map_or(-1, |_| size as i64);
    }
    let to = match whence & !FORCE {
        libc::SEEK_SET => SeekFrom::Start(offset.max(0) as u64),
        libc::SEEK_CUR => SeekFrom::Current(offset),
        libc::SEEK_END => SeekFrom::End(offset),
        _ => return -1,
    };
    bytes.seek(to).map_or(-1, |place| place as i64)
}
