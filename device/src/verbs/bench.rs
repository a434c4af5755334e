//! `rasikad bench`: how long perception takes on a file, frame by frame.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use rasika_device::terminal::say;
use rasika_models::perception::{HandsPace, Perceiver, Settings, Tracking};
use serde::Serialize;

use super::Input;

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Bench {
    #[command(flatten)]
    input: Input,

    /// Everything as JSON
    #[arg(long)]
    json: bool,
}

/// One frame, from decoded picture to finished observation.
#[derive(Serialize)]
struct FrameCost {
    /// Wall time.
    ms: f64,
    /// The longest chain of bare network runs: what the frame has to wait for.
    wait_model_ms: f64,
    /// All bare network runs, side by side or not.
    sum_model_ms: f64,
    hands: usize,
    face: bool,
}

#[derive(Serialize)]
struct Report {
    frames: Vec<FrameCost>,
    /// User and system time of the whole process while it looked (decoding included), in seconds.
    cpu_s: f64,
    peak_mib: f64,
}

impl Bench {
    /// Measures.
    pub fn run(self) -> Result<()> {
        let source = self.input.source()?;
        let reader = source.open(self.input.mirrored)?;
        let tracking = if source.is_stills() { Tracking::EveryFrame } else { Tracking::Follow };
        let mut perceiver = Perceiver::new(Settings {
            models: self.input.models(),
            tracking,
            pace: HandsPace::InStep,
            hands_every: 1,
        })?;
        let before = cpu_time();
        let mut frames = Vec::new();
        for shot in reader {
            let shot = shot?;
            let seen = perceiver.observe(&shot.frame, shot.number, shot.time_ms)?;
            let timing = perceiver.timing();
            frames.push(FrameCost {
                ms: ms(timing.wall),
                wait_model_ms: ms(timing.face_networks.max(timing.hand_networks)),
                sum_model_ms: ms(timing.face_networks + timing.hand_networks),
                hands: seen.hands.len(),
                face: seen.face.is_some(),
            });
        }
        let report = Report { frames, cpu_s: (cpu_time() - before).as_secs_f64(), peak_mib: peak_mib()? };
        if self.json {
            return Ok(say(serde_json::to_string(&report)?)?);
        }
        let mut times: Vec<f64> = report.frames.iter().map(|f| f.ms).collect();
        times.sort_by(f64::total_cmp);
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or(0.0);
        say(format_args!(
            "{} frames: median {:.2} ms, p95 {:.2} ms; {:.2} s of CPU; peak memory {:.0} MiB",
            times.len(),
            at(50),
            at(95),
            report.cpu_s,
            report.peak_mib
        ))?;
        Ok(())
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// User and system time of this process.
fn cpu_time() -> Duration {
    // SAFETY: `rusage` is plain old data, for which zeros are valid, and `getrusage` only writes to it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    let of = |t: libc::timeval| Duration::from_micros(t.tv_sec.unsigned_abs() * 1_000_000 + t.tv_usec.unsigned_abs());
    of(usage.ru_utime) + of(usage.ru_stime)
}

/// Highest resident memory of this process in MiB.
fn peak_mib() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM in /proc/self/status")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().context("VmHWM")?;
    Ok(kib / 1024.0)
}
