//! `rasikad bench`: how long perception takes on a file, frame by frame.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use rasika_device::source::Feed;
use rasika_device::terminal::{say, stop_signal};
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
    /// Frames that could not be decoded, and pictures that could not be read.
    skipped: u64,
    /// User and system time of the whole process while it looked (decoding included), in seconds.
    cpu_s: f64,
    peak_mib: f64,
}

impl Bench {
    /// Measures.
    pub fn run(self) -> Result<()> {
        let source = self.input.source()?;
        let stop = stop_signal()?;
        let mut feed = Feed::open(&source, self.input.mirrored, &stop, super::tell)?;
        let tracking = if source.is_stills() { Tracking::EveryFrame } else { Tracking::Follow };
        let mut perceiver = Perceiver::new(Settings {
            models: self.input.models(),
            tracking,
            pace: HandsPace::InStep,
            hands_every: 1,
        })?;
        let before = cpu_time();
        let several = feed.outline().and_then(|outline| outline.frames) != Some(1);
        let (mut frames, mut unreadable, mut damage) = (Vec::new(), 0, None);
        while let Some(shot) = feed.next(&stop, super::tell) {
            let shot = match shot {
                Ok(shot) => shot,
                Err(error) if error.is_of_one_picture() && several => {
                    super::tell(&error.to_string());
                    unreadable += 1;
                    continue;
                }
                // What was measured up to here is told.
                Err(error) => {
                    damage = Some(error);
                    break;
                }
            };
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
        feed.skipped_words().iter().for_each(|words| super::tell(words));
        let is_stopped = stop.load(Ordering::Acquire);
        let report = Report {
            skipped: feed.ending().skipped + unreadable,
            frames,
            cpu_s: (cpu_time() - before).as_secs_f64(),
            peak_mib: peak_mib()?,
        };
        if !report.frames.is_empty() {
            report.show(self.json)?;
        }
        anyhow::ensure!(!is_stopped, "stopped after {} frames", report.frames.len());
        damage.map_or(Ok(()), |error| Err(error.into()))
    }
}

impl Report {
    fn show(&self, as_json: bool) -> Result<()> {
        if as_json {
            return Ok(say(serde_json::to_string(self)?)?);
        }
        let mut times: Vec<f64> = self.frames.iter().map(|f| f.ms).collect();
        times.sort_by(f64::total_cmp);
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or(0.0);
        say(format_args!(
            "{} frames: median {:.2} ms, p95 {:.2} ms; {:.2} s of CPU; peak memory {:.0} MiB",
            times.len(),
            at(50),
            at(95),
            self.cpu_s,
            self.peak_mib
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
