//! A long performance in real time beside perception, on two cores: no allocation of ours on the performer's thread,
//! memory that stays as it is, no note left, and (in `make soak`) events as punctual as the machine allows.
//!
//! `SOAK_SECONDS` says how long, and that times are to be judged; without it a minute is played and times are only told.
#![cfg(feature = "perception")]

mod synth;

use rasika_device::control::Report;
use rasika_device::hand::Hand;
use rasika_device::latest::Latest;
use rasika_device::performer::player::{Outputs, Player};
use rasika_device::performer::{Engine, Library, Settings};
use rasika_device::source::Source;
use rasika_device::watcher::{Watcher, Way};
use rasika_hardware::midi::{self, MidiOut, PortError};
use rasika_models::{Mood, Rasa};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use synth::{Synth, Terminal, wait};

/// A hundredth of a gigabyte: what an allocator's own pages may differ by between two looks.
const GROWTH_AT_MOST_KB: u64 = 10_000;
/// Lateness that may be ours, beside that of a bare loop on the same machine.
const OURS_AT_MOST_US: u64 = 300;
/// A note of ours that sounds longer than this has been forgotten.
const LONGEST_NOTE: Duration = Duration::from_secs(60);

thread_local! {
    /// Whether this thread's allocations count.
    static COUNTS: Cell<bool> = const { Cell::new(false) };
}
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

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

/// When each key of each channel was struck, in milliseconds from the beginning; 0 where it does not sound.
struct Table(Vec<AtomicU64>);

impl Table {
    fn sounding(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().map(|struck| struck.load(Ordering::Relaxed)).filter(|struck| *struck > 0)
    }
}

/// A port of memory with a table of what sounds on it. The thread that plays on it counts from the first message on.
struct Memory {
    table: Arc<Table>,
    begun: Instant,
}

impl MidiOut for Memory {
    fn name(&self) -> &str {
        "memory"
    }

    fn send(&mut self, message: &[u8]) -> Result<usize, PortError> {
        COUNTS.set(true);
        if let [status @ 0x80..=0x9F, key, velocity] = *message {
            let struck = status >= 0x90 && velocity > 0;
            let at_ms = if struck { self.begun.elapsed().as_millis() as u64 + 1 } else { 0 };
            self.table.0[usize::from(status & 0xF) * 128 + usize::from(key)].store(at_ms, Ordering::Relaxed);
        }
        Ok(message.len())
    }
}

/// This program's resident memory.
fn resident_kb() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// All threads of this program on the first two cores it may use.
fn take_two_cores() {
    // SAFETY: both sets are valid for their size; 0 is this thread, and threads to come inherit it.
    unsafe {
        let (mut may, mut two) = (std::mem::zeroed::<libc::cpu_set_t>(), std::mem::zeroed::<libc::cpu_set_t>());
        let size = size_of::<libc::cpu_set_t>();
        assert_eq!(libc::sched_getaffinity(0, size, &raw mut may), 0);
        let cores = (0..libc::CPU_SETSIZE as usize).filter(|core| libc::CPU_ISSET(*core, &may));
        cores.take(2).for_each(|core| libc::CPU_SET(core, &mut two));
        assert_eq!(libc::sched_setaffinity(0, size, &raw const two), 0);
    }
}

/// Perception on the demo video, over and over, at the video's own pace: gives the frames it has seen.
fn watch(moods: Arc<Latest<Mood>>, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<usize> {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files");
    let film = files.join("media/WolfgangLanger_Pexels.mp4");
    assert!(film.exists(), "{} is missing: run `make setup`", film.display());
    let mut watcher = Watcher::new(Way { models: files.join("models"), every_frame: false, live: true }).unwrap();
    let run = move || {
        let (mut frames, mut time_ms) = (0, 0.0);
        while !stop.load(Ordering::Acquire) {
            let reader = Source::of_path(&film).and_then(|source| source.open(false)).unwrap();
            let (frame, begun, before_ms) = (Duration::from_secs_f64(1.0 / reader.rate_hz()), Instant::now(), time_ms);
            for shot in reader {
                let Ok(mut shot) = shot else { break };
                let due = Duration::from_secs_f64(shot.time_ms / 1000.0);
                shot.time_ms += before_ms;
                time_ms = shot.time_ms;
                if stop.load(Ordering::Acquire) {
                    break;
                }
                if begun.elapsed() > due + frame {
                    continue;
                }
                std::thread::sleep(due.saturating_sub(begun.elapsed()));
                moods.set(watcher.look(&shot).unwrap().mood);
                frames += 1;
                watcher.govern(frame, None);
            }
            time_ms += 40.0;
        }
        frames
    };
    std::thread::spawn(run)
}

#[test]
fn a_long_performance_beside_perception() {
    let judged = std::env::var("SOAK_SECONDS").ok();
    let seconds: u64 = judged.as_deref().map_or(60, |text| text.parse().expect("SOAK_SECONDS is a number"));
    let (length, begun) = (Duration::from_secs(seconds.max(20)), Instant::now());
    take_two_cores();
    // The counter counts: a test that cannot fail is none.
    COUNTS.set(true);
    drop(std::hint::black_box(Box::new(1)));
    COUNTS.set(false);
    assert_eq!(ALLOCATIONS.swap(0, Ordering::Relaxed), 2);
    let library = Library::built_in().unwrap();
    let map = library.map("default").unwrap();
    let engine = Engine::new(Arc::new(library), Arc::new(map), Settings::default());
    let library = Arc::clone(engine.library());
    let moods = Arc::new(Latest::<Mood>::default());

    // A synth on a cable at DIN pace, which is pulled and plugged in again now and then.
    let synth = Arc::new(Mutex::new(Synth::default()));
    let mut line = Some(Terminal::new(Arc::clone(&synth)));
    let cable = line.as_ref().unwrap().name.clone();
    let plug = Arc::new(Mutex::new(None::<String>));
    let table = Arc::new(Table((0..16 * 128).map(|_| AtomicU64::new(0)).collect()));
    let memory = Memory { table: Arc::clone(&table), begun };
    let mut outputs = Outputs::new(vec![midi::open(&cable).unwrap(), Box::new(memory)]);
    outputs.clock = true;
    let other = Arc::clone(&plug);
    outputs.opener = Box::new(move |name| match other.lock().unwrap().as_deref() {
        // Pseudo-terminals do not keep their names.
        Some(other) => midi::open(other),
        None => Err(PortError::Lost { name: name.into(), cause: ErrorKind::NotConnected.into() }),
    });

    let stop = Arc::new(AtomicBool::new(false));
    let watching = watch(Arc::clone(&moods), Arc::clone(&stop));
    let player = Player::start(engine, moods, outputs).unwrap();

    // Memory is looked at once everything has run, the port's return included: then, in the middle, and at the end.
    let mut memory_kb = Vec::new();
    let (mut looks, mut rounds, mut losses) =
        ([0.35, 0.65, 0.98].map(|part| length.mul_f64(part)).into_iter(), 0_u32, 0);
    let mut look = looks.next();
    let round = (length / 12).min(Duration::from_secs(20));
    while begun.elapsed() < length {
        if look.is_some_and(|look| begun.elapsed() >= look) {
            memory_kb.push(resident_kb());
            look = looks.next();
        }
        if begun.elapsed() >= round * rounds {
            rounds += 1;
            // The hand goes through the rasas; every fifth round is the face's.
            let rasa = Rasa::from_index(rounds as usize % 9).filter(|_| rounds % 5 != 0);
            let intensity = Some((rounds * 37 % 128) as u8);
            player.hand().set(Hand { rasa, intensity, laya_bpm: rounds.is_multiple_of(3).then_some(90.0) });
            match rounds % 4 {
                2 => {
                    line.take().unwrap().pull();
                    *plug.lock().unwrap() = None;
                    losses += 1;
                }
                3 => {
                    let again = Terminal::new(Arc::clone(&synth));
                    *plug.lock().unwrap() = Some(again.name.clone());
                    line = Some(again);
                }
                0 if rounds % 8 == 0 => player.panic().store(true, Ordering::Release),
                _ => {}
            }
        }
        let now_ms = begun.elapsed().as_millis() as u64;
        let oldest = table.sounding().map(|struck| now_ms.saturating_sub(struck)).max().unwrap_or(0);
        assert!(u128::from(oldest) < LONGEST_NOTE.as_millis(), "a note has sounded for {oldest} ms");
        assert!(player.is_playing(), "the performer has died");
        std::thread::sleep(Duration::from_millis(50));
    }
    if line.is_none() {
        let again = Terminal::new(Arc::clone(&synth));
        *plug.lock().unwrap() = Some(again.name.clone());
        line = Some(again);
    }
    wait("the cable is back", || player.gauges().ports.iter().all(|port| port.is_open()));

    // The end may allocate; the music may not.
    let allocations = ALLOCATIONS.load(Ordering::Relaxed);
    let report = Report::of(player.gauges(), &library, &[]);
    stop.store(true, Ordering::Release);
    let frames = watching.join().unwrap();
    player.stop();
    println!("{report}\nmemory     {memory_kb:?} kB\nframes     {frames}\nallocations {allocations}");

    wait("the synth is silent", || line.as_ref().unwrap().synth().sounding.is_empty());
    assert_eq!(table.sounding().count(), 0, "notes that were not ended");
    assert_eq!(allocations, 0, "allocations on the performer's thread");
    assert!(report.events > seconds * 10, "only {} events", report.events);
    assert!(report.ports[0].losses >= losses && losses > 0, "{:?}", report.ports);
    assert_eq!(report.ports[1].losses, 0);
    assert!(report.lateness.last_din_byte.count > seconds, "notes on the cable");
    assert!(frames as u64 > seconds, "only {frames} frames were looked at");
    let [start, middle, end] = memory_kb[..] else { panic!("memory was looked at {} times", memory_kb.len()) };
    assert!(end <= start.max(middle) + GROWTH_AT_MOST_KB, "memory grew: {start}, {middle}, {end} kB");
    if judged.is_some() {
        let (ours, bare) = (report.lateness.events.p99_us, report.lateness.bare_loop.p99_us);
        assert!(ours <= bare + OURS_AT_MOST_US, "99 % within {ours} µs, a bare loop {bare} µs");
    }
}
