//! The engine allocates nothing once it plays: on the box, a pause for memory is a late note.

use rasika_device::performer::{Engine, Library, Settings};
use rasika_models::{Mood, Rasa};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

thread_local!(static ALLOCATIONS: Cell<u64> = const { Cell::new(0) });

struct Counting;

// SAFETY: every call goes to the system's allocator as it came; counting touches no memory it hands out.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises about `layout` are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises about `block` and `layout` are passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn ten_minutes_of_music_allocate_nothing() {
    let library = Arc::new(Library::built_in().unwrap());
    let map = Arc::new(library.map("default").unwrap());
    let mut engine = Engine::new(library, map, Settings::default());
    let mut events = Vec::with_capacity(512);
    let (before, mut played) = (ALLOCATIONS.get(), 0);
    assert!(before > 0, "the counter counts");
    for tick in 0_u64..120_000 {
        // Every half minute another rasa, every ninth none, with a face that moves.
        let turn = (tick / 6_000) as usize % 10;
        let intensity = 0.5 + 0.5 * (tick as f32 / 900.0).sin();
        let rasa = Rasa::from_index(turn);
        engine.advance((tick + 1) * 5_000, &Mood { rasa, confidence: 0.9, intensity }, &mut events);
        played += events.len();
        events.clear();
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert!(played > 5_000, "{played} events in ten minutes");
}
