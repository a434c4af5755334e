//! How long pulls take: printed, not judged.

use std::time::Instant;

use rasika_device::link::message::Label;
use rasika_models::Rasa;

use crate::cable::Cable;
use crate::laptop::Laptop;
use crate::stage::Stage;
use crate::takes::chunk;

const BAUD: u32 = 921_600;

/// Seconds of the pull itself, as `rasika pull --json` tells them, and of the whole process.
fn pull(laptop: &Laptop) -> (f64, f64) {
    let begun = Instant::now();
    let said = laptop.ok(&["pull", "--json"]);
    let said: serde_json::Value = serde_json::from_str(said.trim()).unwrap();
    (said["seconds"].as_f64().unwrap(), begun.elapsed().as_secs_f64())
}

#[test]
#[ignore = "prints figures: run it alone, with --nocapture, in release"]
fn pulls_on_loopback() {
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    stage.pair(&laptop, &[]);
    for number in 0..9 {
        let chunks = (0..20).map(|part| chunk(number, part * 50, 50)).collect();
        stage.served.record(Label(Rasa::from_index(number as usize)), chunks);
    }
    let (all, process) = pull(&laptop);
    println!("9 × 1000 observations: {all:.2} s, process {process:.2} s");

    let most = std::env::var("RASIKA_SPEED_TAKES").map_or(10_000, |most| most.parse().unwrap());
    let (stage, laptop) = (Stage::new("box"), Laptop::new());
    stage.pair(&laptop, &[]);
    let (small, mut stored) = (chunk(1, 0, 1), 0);
    for takes in [1000, 10_000, 100_000].into_iter().filter(|takes| *takes <= most) {
        for number in stored..takes {
            stage.served.record(Label(Rasa::from_index(number % 9)), vec![small.clone()]);
        }
        let (fill, _) = pull(&laptop);
        let mut nothing: Vec<_> = (0..9).map(|_| pull(&laptop)).collect();
        nothing.sort_by(|a, b| a.0.total_cmp(&b.0));
        stage.served.record(Label(Rasa::from_index(0)), vec![small.clone()]);
        let (one, _) = pull(&laptop);
        println!(
            "{takes} stored: {} new in {fill:.2} s; nothing new {:.1} ms (process {:.1} ms); one new {:.1} ms",
            takes - stored,
            nothing[4].0 * 1e3,
            nothing[4].1 * 1e3,
            one * 1e3
        );
        stored = takes + 1;
    }
}

#[test]
#[ignore = "prints figures: run it alone, with --nocapture, in release"]
fn a_pull_over_a_cable() {
    let (stage, laptop, cable) = (Stage::new("box"), Laptop::new(), Cable::new(BAUD));
    stage.serve_line(&cable.ends[0], BAUD);
    stage.pair_at(&format!("{}@{BAUD}", cable.ends[1]), &laptop, &[]);
    for number in 0..9 {
        let chunks = (0..20).map(|part| chunk(number, part * 50, 50)).collect();
        stage.served.record(Label(Rasa::from_index(number as usize)), chunks);
    }
    let (all, process) = pull(&laptop);
    println!("9 × 1000 observations at {BAUD} baud: {all:.1} s, process {process:.1} s");
    let (nothing, process) = pull(&laptop);
    println!("nothing new: {:.1} ms, process {:.1} ms", nothing * 1e3, process * 1e3);
}
