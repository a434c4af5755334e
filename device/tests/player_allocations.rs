//! Between events the performer's thread allocates nothing: an allocator may wait for a lock, and the music with it.

use rasika_device::latest::Latest;
use rasika_device::performer::player::{Outputs, Player};
use rasika_device::performer::{Engine, Library, Settings, SoundMap};
use rasika_hardware::midi::{self, DIN_BYTE_US, MidiOut, PortError};
use rasika_models::{Mood, Rasa};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

thread_local! {
    /// Whether this thread's allocations count.
    static COUNTS: Cell<bool> = const { Cell::new(false) };
}
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static MESSAGES: AtomicUsize = AtomicUsize::new(0);

struct Counting;

fn count() {
    // A thread that is ending has no such value any more, and nothing to count.
    if COUNTS.try_with(Cell::get).unwrap_or(false) {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps alloc's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller keeps dealloc's contract, and the memory came from System.
        unsafe { System.dealloc(pointer, layout) };
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps realloc's contract, and the memory came from System.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A port of memory: the thread that plays on it is counted from the first message on.
struct Counted {
    byte_us: Option<u64>,
}

impl MidiOut for Counted {
    fn name(&self) -> &str {
        "counted"
    }

    fn send(&mut self, message: &[u8]) -> Result<usize, PortError> {
        COUNTS.set(true);
        MESSAGES.fetch_add(1, Ordering::Relaxed);
        Ok(message.len())
    }

    fn byte_us(&self) -> Option<u64> {
        self.byte_us
    }
}

#[test]
fn the_performer_allocates_nothing_once_it_plays() {
    // The counter counts: a test that cannot fail is none.
    COUNTS.set(true);
    drop(std::hint::black_box(Box::new(1)));
    COUNTS.set(false);
    assert_eq!(ALLOCATIONS.swap(0, Ordering::Relaxed), 2);

    let library = Library::built_in().unwrap();
    let map = library.map("default").unwrap();
    let engine = Engine::new(Arc::new(library), Arc::new(map), Settings::default());
    let moods = Arc::new(Latest::<Mood>::default());
    let folder = tempfile::tempdir().unwrap();
    let file = midi::open(&format!("file:{}", folder.path().join("music.mid").display())).unwrap();
    let cables = [None, Some(DIN_BYTE_US)].map(|byte_us| Box::new(Counted { byte_us }) as Box<dyn MidiOut>);
    let mut outputs = Outputs::new(cables.into_iter().chain([file]).collect());
    outputs.clock = true;
    outputs.sounds = SoundMap::named("xg").unwrap();
    let player = Player::start(engine, Arc::clone(&moods), outputs).unwrap();
    for rasa in [Rasa::Raudra, Rasa::Hasya, Rasa::Karuna, Rasa::Veera] {
        for intensity in [1.0, 0.4] {
            moods.set(Mood { rasa: Some(rasa), confidence: 1.0, intensity });
            std::thread::sleep(Duration::from_millis(1_500));
        }
    }
    // The end may allocate; the music may not.
    let (allocations, messages) = (ALLOCATIONS.load(Ordering::Relaxed), MESSAGES.load(Ordering::Relaxed));
    let (worst_us, bare_us) = (player.lateness().worst_us(), player.bare_lateness().worst_us());
    let bare = player.bare_lateness().count();
    player.stop();
    assert!(messages > 1_000, "only {messages} messages");
    assert_eq!(allocations, 0, "allocations in {messages} messages");
    assert!(bare > 100, "{bare} wake-ups of the bare loop");
    println!("worst {worst_us} µs, a bare loop {bare_us} µs");
}
