//! Renders moods to a .mid file, to listen to and to look at.
//!
//! `cargo run --no-default-features --example render -- out.mid [SEED] [MAP] [SCRIPT]`, a script being
//! `rasa:seconds:intensity` with commas between, as in `karuna:20:0.5,none:5:0,hasya:20:0.8`; left out, every rasa
//! plays for half a minute.

use rasika_device::performer::{Engine, Library, Performance, Settings, midi_file};
use rasika_models::{Mood, Rasa};
use std::path::Path;
use std::sync::Arc;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "out.mid".into());
    let seed = arguments.next().map_or(Ok(7), |seed| seed.parse())?;
    let map = arguments.next().unwrap_or_else(|| "default".into());
    let script = arguments
        .next()
        .unwrap_or_else(|| Rasa::ALL.map(|rasa| format!("{rasa}:12:0.35,{rasa}:18:0.75")).join(",") + ",none:6:0");
    let library = Arc::new(Library::built_in()?);
    let map = Arc::new(library.map(&map)?);
    let engine = Engine::new(Arc::clone(&library), map, Settings { seed, ..Settings::default() });
    let mut performance = Performance::new(engine);
    let mut time_us = 1_000_000;
    for part in script.split(',') {
        let words: Vec<&str> = part.split(':').collect();
        let [rasa, seconds, intensity] = words[..] else { anyhow::bail!("'{part}' is not rasa:seconds:intensity") };
        let rasa = if rasa == "none" { None } else { Some(rasa.parse::<Rasa>()?) };
        performance.mood(time_us, Mood { rasa, confidence: 0.8, intensity: intensity.parse()? });
        time_us += (seconds.parse::<f64>()? * 1e6) as u64;
    }
    midi_file::write(Path::new(&path), &performance.end(time_us), &library)?;
    Ok(())
}
