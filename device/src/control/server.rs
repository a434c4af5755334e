//! The box's side: it listens, answers, and goes away with its socket.

use super::lock::Lock;
use super::{ControlError, REPLY_BYTES, REQUEST_BYTES, place};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Clients at once at most; a further one is told so.
const CLIENTS: usize = 8;
/// How long a client may say or take nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers a request; an error is a sentence for whoever asked.
type Answer = Box<dyn Fn(&Value) -> Result<Value, String> + Send + Sync>;

/// What a box can be asked.
#[derive(Default)]
pub struct Verbs(BTreeMap<&'static str, Answer>);

impl Verbs {
    /// One verb more. The answer gets the whole request; it runs in a thread of its own, never the performer's.
    #[must_use]
    pub fn on(
        mut self,
        verb: &'static str,
        answer: impl Fn(&Value) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        self.0.insert(verb, Box::new(answer));
        self
    }

    /// The reply to a line.
    fn reply(&self, line: &[u8]) -> Value {
        let answered = serde_json::from_slice::<Value>(line)
            .map_err(|error| format!("the request is no JSON ({error}); send one object a line"))
            .and_then(|request| {
                let verb = request.get("verb").and_then(Value::as_str).unwrap_or_default();
                let known = || self.0.keys().copied().collect::<Vec<_>>().join(", ");
                let unknown = || format!("'{}' is nothing this box can be asked; it knows {}", cut(verb), known());
                self.0.get(verb).ok_or_else(unknown)?(&request)
            });
        match answered {
            Ok(answer) => json!({ "ok": answer }),
            Err(sentence) => json!({ "error": sentence }),
        }
    }
}

fn cut(word: &str) -> String {
    word.chars().take(40).collect()
}

/// A box that listens. Dropped, it does no more, and its socket is gone.
#[derive(Debug)]
pub struct Control {
    place: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _lock: Lock,
}

/// Listens at the usual place (see [`super::places`]).
///
/// # Errors
/// When another box listens there, or the system does not let us.
pub fn serve(verbs: Verbs) -> Result<Control, ControlError> {
    serve_at(&place::own()?, verbs)
}

/// Listens at a place.
///
/// # Errors
/// When another box listens there, or the system does not let us.
pub fn serve_at(place: &Path, verbs: Verbs) -> Result<Control, ControlError> {
    let shown = || place.display().to_string();
    let cannot = |cause: io::Error| ControlError::Listen { place: shown(), cause };
    let lock = Lock::take(place).map_err(cannot)?.ok_or_else(|| ControlError::Taken(shown()))?;
    match place.symlink_metadata() {
        Ok(there) if !there.file_type().is_socket() => return Err(ControlError::NoSocket(shown())),
        Ok(_) if UnixStream::connect(place).is_ok() => return Err(ControlError::Taken(shown())),
        // Whoever made it is dead.
        Ok(_) => std::fs::remove_file(place).map_err(cannot)?,
        Err(_) => {}
    }
    let listener = UnixListener::bind(place).map_err(cannot)?;
    std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o600)).map_err(cannot)?;
    let stop = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&stop);
    let run = move || listen(&listener, &Arc::new(verbs), &until);
    let thread = std::thread::Builder::new().name("control".to_owned()).spawn(run).map_err(cannot)?;
    Ok(Control { place: place.to_owned(), stop, thread: Some(thread), _lock: lock })
}

impl Control {
    /// Where it listens.
    #[must_use]
    pub fn place(&self) -> &Path {
        &self.place
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // A caller wakes the listener up; if the socket was removed under us, the thread is left to the end of the program.
        if UnixStream::connect(&self.place).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
        let _ = std::fs::remove_file(&self.place);
    }
}

fn listen(listener: &UnixListener, verbs: &Arc<Verbs>, stop: &AtomicBool) {
    let clients = Arc::new(AtomicUsize::new(0));
    for client in listener.incoming() {
        if stop.load(Ordering::Acquire) {
            return;
        }
        let Ok(client) = client else {
            // Out of descriptors, perhaps: not at full speed.
            std::thread::sleep(Duration::from_millis(100));
            continue;
        };
        if !is_one_of_us(&client) {
            continue;
        }
        if clients.fetch_add(1, Ordering::AcqRel) >= CLIENTS {
            clients.fetch_sub(1, Ordering::AcqRel);
            let _ = say(&client, &json!({ "error": "too many ask at once; ask again in a moment" }));
            continue;
        }
        let (verbs, here) = (Arc::clone(verbs), Arc::clone(&clients));
        let serve = move || {
            let _leaves = Leaves(here);
            // A client that has gone, or says nothing, is no concern of the music's.
            let _ = converse(&client, &verbs);
        };
        let spawned = std::thread::Builder::new().name("control-client".to_owned()).spawn(serve);
        if spawned.is_err() {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Counts a client out, whatever ends it.
struct Leaves(Arc<AtomicUsize>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Whether a client is our own user, or root: the socket is closed to others, but for the moment in which it is made.
fn is_one_of_us(client: &UnixStream) -> bool {
    let mut who = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut size = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: `who` is a valid ucred of that size to write to, the descriptor is open; geteuid only returns a number.
    let (got, own) = unsafe {
        let who = (&raw mut who).cast();
        let got = libc::getsockopt(client.as_raw_fd(), libc::SOL_SOCKET, libc::SO_PEERCRED, who, &raw mut size);
        (got, libc::geteuid())
    };
    got == 0 && (who.uid == own || who.uid == 0)
}

fn converse(client: &UnixStream, verbs: &Verbs) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(client);
    loop {
        let mut line = Vec::new();
        (&mut lines).take(REQUEST_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(());
        }
        if line.len() > REQUEST_BYTES {
            return say(client, &json!({ "error": format!("a request has {REQUEST_BYTES} bytes at most") }));
        }
        say(client, &verbs.reply(&line))?;
    }
}

fn say(mut client: &UnixStream, reply: &Value) -> io::Result<()> {
    let mut line = reply.to_string();
    if line.len() >= REPLY_BYTES {
        line = json!({ "error": "the answer is too long" }).to_string();
    }
    line.push('\n');
    client.set_write_timeout(Some(PATIENCE))?;
    client.write_all(line.as_bytes()).map_err(|error| match error.kind() {
        ErrorKind::WouldBlock => ErrorKind::TimedOut.into(),
        _ => error,
    })
}
