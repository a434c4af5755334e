//! A source that is read on a thread of its own: whoever looks is never held up by one that gives nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::{Ending, Outline, Reader, Shot, Source, SourceError};

/// Frames that are read ahead.
const AHEAD: usize = 2;
/// How often whoever waits looks whether to stop.
const GLANCE: Duration = Duration::from_millis(50);
/// A source that has given nothing for so long is told to do so.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);
/// How long the end of its thread is waited for.
const GOODBYE: Duration = Duration::from_secs(2);

/// What comes of a source.
pub enum Came {
    /// It is open.
    Opened(Outline),
    /// The next frame, or why there is none.
    Shot(Result<Shot, SourceError>),
    /// Nothing in the time that was waited.
    Nothing,
    /// There is no more.
    End,
}

enum Sent {
    Opened(Outline),
    Shot(Result<Shot, SourceError>, Ending),
    End(Ending),
}

/// A source that is being read. Dropped, it is let go of; a driver that hangs is left behind.
pub struct Feed {
    name: String,
    sent: Receiver<Sent>,
    quit: Arc<AtomicBool>,
    ending: Ending,
    outline: Option<Outline>,
    has_ended: bool,
    /// Since when nothing has come, and whether that was said.
    waiting: Option<(Instant, bool)>,
    thread: Option<JoinHandle<()>>,
}

impl Feed {
    /// Begins to open and read.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(source: &Source, mirrored: bool) -> Result<Self, SourceError> {
        let (sender, sent) = bounded(AHEAD);
        let quit = Arc::new(AtomicBool::new(false));
        let reading = (source.clone(), Arc::clone(&quit));
        let read = move || {
            let (source, quit) = reading;
            // Whoever no longer listens has gone.
            let _ = pass_on(&source, mirrored, &quit, &sender);
        };
        let thread = std::thread::Builder::new().name("source".into()).spawn(read);
        let thread = thread.map_err(|e| SourceError::Io("the source's thread".into(), e))?;
        Ok(Self {
            name: source.name(),
            sent,
            quit,
            ending: Ending::default(),
            outline: None,
            has_ended: false,
            waiting: None,
            thread: Some(thread),
        })
    }

    /// Begins, and waits until the source is open; `say` hears when that takes long.
    ///
    /// # Errors
    /// It is not there, cannot be read, or somebody said stop.
    pub fn open(
        source: &Source,
        mirrored: bool,
        stop: &AtomicBool,
        mut say: impl FnMut(&str),
    ) -> Result<Self, SourceError> {
        let mut feed = Self::start(source, mirrored)?;
        loop {
            if stop.load(Ordering::Acquire) {
                return Err(SourceError::Stopped(feed.name.clone()));
            }
            match feed.news(GLANCE) {
                Came::Opened(_) => return Ok(feed),
                Came::Shot(Err(error)) => return Err(error),
                Came::Shot(Ok(_)) | Came::End => return Err(SourceError::NoVideo(feed.name.clone())),
                Came::Nothing => feed.complain(&mut say),
            }
        }
    }

    /// What comes next, within a time.
    pub fn news(&mut self, timeout: Duration) -> Came {
        if self.has_ended {
            return Came::End;
        }
        let came = match self.sent.recv_timeout(timeout) {
            Ok(Sent::Opened(outline)) => {
                self.outline = Some(outline);
                Came::Opened(outline)
            }
            Ok(Sent::Shot(shot, ending)) => {
                self.ending = ending;
                Came::Shot(shot)
            }
            Ok(Sent::End(ending)) => {
                (self.ending, self.has_ended) = (ending, true);
                Came::End
            }
            Err(RecvTimeoutError::Timeout) => {
                self.waiting.get_or_insert((Instant::now(), false));
                return Came::Nothing;
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.has_ended = true;
                Came::End
            }
        };
        self.waiting = None;
        came
    }

    /// The next frame, however long it takes; `None` at the end, or when somebody says stop. `say` hears when it takes
    /// long.
    pub fn next(&mut self, stop: &AtomicBool, mut say: impl FnMut(&str)) -> Option<Result<Shot, SourceError>> {
        while !stop.load(Ordering::Acquire) {
            match self.news(GLANCE) {
                Came::Opened(_) => {}
                Came::Shot(shot) => return Some(shot),
                Came::Nothing => self.complain(&mut say),
                Came::End => return None,
            }
        }
        None
    }

    /// Says once that nothing has come, if that has lasted long.
    pub fn complain(&mut self, mut say: impl FnMut(&str)) {
        if let Some((since, was_said)) = &mut self.waiting
            && since.elapsed() >= PATIENCE
            && !std::mem::replace(was_said, true)
        {
            say(&format!("nothing has come from {} for {} s; waiting for it", self.name, PATIENCE.as_secs()));
        }
    }

    /// How long nothing has come.
    #[must_use]
    pub fn silent_for(&self) -> Duration {
        self.waiting.map_or(Duration::ZERO, |(since, _)| since.elapsed())
    }

    /// What is known of it, once it is open.
    #[must_use]
    pub fn outline(&self) -> Option<Outline> {
        self.outline
    }

    /// What became of it so far.
    #[must_use]
    pub fn ending(&self) -> Ending {
        self.ending
    }

    /// What there is to say of frames that were left out.
    #[must_use]
    pub fn skipped_words(&self) -> Option<String> {
        self.ending.skipped_words(&self.name)
    }
}

/// Reads until the end, or until nobody listens.
fn pass_on(
    source: &Source,
    mirrored: bool,
    quit: &Arc<AtomicBool>,
    sender: &Sender<Sent>,
) -> Result<(), crossbeam_channel::SendError<Sent>> {
    let mut reader: Reader = match source.open_until(mirrored, quit) {
        Ok(reader) => reader,
        Err(error) => return sender.send(Sent::Shot(Err(error), Ending::default())),
    };
    sender.send(Sent::Opened(reader.outline()))?;
    while let Some(shot) = reader.next() {
        let ending = reader.ending();
        sender.send(Sent::Shot(shot, ending))?;
    }
    sender.send(Sent::End(reader.ending()))
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.quit.store(true, Ordering::Release);
        // The thread may wait for room.
        self.sent = crossbeam_channel::never();
        let Some(thread) = self.thread.take() else { return };
        let until = Instant::now() + GOODBYE;
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}
