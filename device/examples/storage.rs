//! What storing costs, measured on the lines of `rasikad see --json`:
//!
//! ```text
//! rasikad see film.mp4 --json | cargo run --release -p rasika-device --no-default-features --example storage
//! ```
//!
//! The lines lack the upright blendshapes and the world landmarks of hands; the others stand in for the upright
//! ones, moved by a small noise, and the world landmarks are made from the picture's.

use rasika_device::store::codec::{ChunkWriter, read_chunk};
use rasika_models::observation::{BLENDSHAPE_NAMES, Landmark};
use rasika_models::{Face, Hand, Observation};
use serde::Deserialize;
use std::collections::HashMap;
use std::io::BufRead as _;
use std::time::Instant;

/// Observations of a chunk.
const CHUNK: usize = 30;

#[derive(Deserialize)]
struct Line {
    frame: u64,
    time_ms: f64,
    width: u32,
    height: u32,
    face: Option<FaceLine>,
    hands: Vec<HandLine>,
}

#[derive(Deserialize)]
struct FaceLine {
    score: f32,
    yaw_deg: f32,
    pitch_deg: f32,
    roll_deg: f32,
    blendshapes: HashMap<String, f32>,
    landmarks: Vec<Landmark>,
}

#[derive(Deserialize)]
struct HandLine {
    side: rasika_models::Side,
    score: f32,
    landmarks: Vec<Landmark>,
}

fn observation(line: Line) -> Observation {
    let face = line.face.map(|face| {
        let blendshapes: Vec<f32> = BLENDSHAPE_NAMES.iter().map(|name| face.blendshapes[*name]).collect();
        let noise = |(i, score): (usize, &f32)| {
            let digit = (u64::from(score.to_bits()) + i as u64 + line.frame).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56;
            score + (digit as f32 / 128.0 - 1.0) * 0.003
        };
        Face {
            landmarks: face.landmarks,
            upright_blendshapes: blendshapes.iter().enumerate().map(noise).collect(),
            blendshapes,
            yaw_deg: face.yaw_deg,
            pitch_deg: face.pitch_deg,
            roll_deg: face.roll_deg,
            score: face.score,
        }
    });
    let hands = line.hands.into_iter().map(|hand| Hand {
        side: hand.side,
        score: hand.score,
        world: hand.landmarks.iter().map(|point| point.map(|value| value * 0.001)).collect(),
        landmarks: hand.landmarks,
    });
    let hands = hands.collect();
    Observation { frame: line.frame, time_ms: line.time_ms, width: line.width, height: line.height, face, hands }
}

fn main() -> anyhow::Result<()> {
    let mut seen = Vec::new();
    for line in std::io::stdin().lock().lines() {
        seen.push(observation(serde_json::from_str(&line?)?));
    }
    anyhow::ensure!(!seen.is_empty(), "no lines on standard input");
    let begun = Instant::now();
    let mut chunks = Vec::new();
    for part in seen.chunks(CHUNK) {
        let mut writer = ChunkWriter::default();
        for one in part {
            writer.push(one)?;
        }
        chunks.push(writer.finish());
    }
    let written = begun.elapsed();
    let begun = Instant::now();
    let mut back = Vec::new();
    for chunk in &chunks {
        back.extend(read_chunk(chunk)?);
    }
    let read = begun.elapsed();

    let mut worst = [0_f32; 3];
    for (was, is) in seen.iter().zip(&back) {
        let points = |one: &Observation| {
            let hands = one.hands.iter().flat_map(|hand| hand.landmarks.clone());
            one.face.iter().flat_map(|face| face.landmarks.clone()).chain(hands).collect::<Vec<_>>()
        };
        for (was, is) in points(was).iter().zip(&points(is)) {
            for axis in 0..3 {
                worst[axis] = worst[axis].max((was[axis] - is[axis]).abs());
            }
        }
    }
    let count = seen.len() as f64;
    let bytes: usize = chunks.iter().map(Vec::len).sum();
    println!(
        "{} observations, {} faces, {} hands",
        seen.len(),
        seen.iter().filter(|one| one.face.is_some()).count(),
        seen.iter().map(|one| one.hands.len()).sum::<usize>()
    );
    println!("{:.0} bytes an observation", bytes as f64 / count);
    println!("largest error {:.4} px in x, {:.4} in y, {:.4} in z", worst[0], worst[1], worst[2]);
    println!(
        "{:.0} µs to write one, {:.0} µs to read one",
        written.as_secs_f64() * 1e6 / count,
        read.as_secs_f64() * 1e6 / count
    );
    Ok(())
}
