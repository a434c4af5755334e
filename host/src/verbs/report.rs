//! `rasika report`: the story of a stream.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use rasika_models::Rasa;
use serde::Serialize;

use crate::say_lines;
use crate::sightings::{self, Sighting};

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Report {
    /// Lines of `rasikad see --json`, or the timeline of a demo; "-" for standard input
    file: PathBuf,

    /// As JSON
    #[arg(long)]
    json: bool,
}

/// A rasa's share of a stream.
#[derive(Debug, PartialEq, Serialize)]
struct Share {
    /// `None` where no rasa stood.
    rasa: Option<Rasa>,
    seconds: f64,
    share: f64,
    /// How often it began.
    times: usize,
}

#[derive(Debug, PartialEq, Serialize)]
struct Story {
    frames: usize,
    seconds: f64,
    faces: usize,
    shares: Vec<Share>,
    /// Median time for which a rasa stood; `None` if none ever did.
    median_dwell_s: Option<f64>,
    /// Changes of mood a minute.
    changes_per_minute: f64,
}

impl Report {
    /// Reads and tells.
    pub fn run(self) -> Result<()> {
        let sightings = sightings::read(&self.file)?;
        anyhow::ensure!(!sightings.is_empty(), "{} holds no frames", self.file.display());
        let story = story(&sightings);
        if self.json {
            return Ok(say_lines(&serde_json::to_string_pretty(&story)?)?);
        }
        let mut lines =
            vec![format!("{} frames, {:.1} s, a face in {} of them", story.frames, story.seconds, story.faces)];
        for share in &story.shares {
            let name = share.rasa.map_or("no rasa", Rasa::name);
            let (seconds, percent) = (share.seconds, share.share * 100.0);
            lines.push(format!("  {name:<10} {seconds:6.1} s  {percent:3.0} %  {} times", share.times));
        }
        if let Some(dwell) = story.median_dwell_s {
            let changes = story.changes_per_minute;
            lines.push(format!("a rasa stands for {dwell:.1} s (median); {changes:.1} changes a minute"));
        }
        Ok(say_lines(&lines.join("\n"))?)
    }
}

/// One mood after the other, with how long each stood in seconds.
fn runs(sightings: &[Sighting]) -> Vec<(Option<Rasa>, f64)> {
    let mut runs: Vec<(Option<Rasa>, f64)> = Vec::new();
    for (i, sighting) in sightings.iter().enumerate() {
        // The last frame lasts as long as the one before.
        let (now, next) = match sightings.get(i + 1) {
            Some(next) => (sighting.time_ms, next.time_ms),
            None => (sightings[i.saturating_sub(1)].time_ms, sighting.time_ms),
        };
        let seconds = ((next - now) / 1000.0).max(0.0);
        match runs.last_mut() {
            Some((rasa, total)) if *rasa == sighting.mood.rasa => *total += seconds,
            _ => runs.push((sighting.mood.rasa, seconds)),
        }
    }
    runs
}

fn story(sightings: &[Sighting]) -> Story {
    let runs = runs(sightings);
    let seconds: f64 = runs.iter().map(|(_, s)| s).sum();
    let share = |rasa: Option<Rasa>| {
        let of_it = || runs.iter().filter(move |(r, _)| *r == rasa);
        let total: f64 = of_it().map(|(_, s)| s).sum();
        Share { rasa, seconds: total, share: if seconds > 0.0 { total / seconds } else { 0.0 }, times: of_it().count() }
    };
    let all = Rasa::ALL.into_iter().map(Some).chain([None]);
    let mut dwells: Vec<f64> = runs.iter().filter(|(rasa, _)| rasa.is_some()).map(|(_, s)| *s).collect();
    dwells.sort_by(f64::total_cmp);
    let changes = runs.len().saturating_sub(1) as f64;
    Story {
        frames: sightings.len(),
        seconds,
        faces: sightings.iter().filter(|s| s.probabilities.is_some()).count(),
        shares: all.map(share).filter(|share| share.times > 0).collect(),
        median_dwell_s: dwells.get(dwells.len() / 2).copied(),
        changes_per_minute: if seconds > 0.0 { changes * 60.0 / seconds } else { 0.0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasika_models::Mood;

    fn sighting(time_ms: f64, rasa: Option<Rasa>) -> Sighting {
        Sighting { time_ms, probabilities: None, mood: Mood { rasa, confidence: 0.5, intensity: 0.5 } }
    }

    #[test]
    fn a_story_of_two_moods() {
        let rasas = [None, Some(Rasa::Hasya), Some(Rasa::Hasya), Some(Rasa::Hasya), Some(Rasa::Karuna)];
        let stream: Vec<_> = rasas.into_iter().enumerate().map(|(i, r)| sighting(i as f64 * 500.0, r)).collect();
        let story = story(&stream);
        assert_eq!(story.seconds, 2.5);
        assert_eq!(story.shares[0], Share { rasa: Some(Rasa::Hasya), seconds: 1.5, share: 0.6, times: 1 });
        assert_eq!(story.median_dwell_s, Some(1.5));
        assert_eq!(story.changes_per_minute, 48.0);
    }

    #[test]
    fn a_timeline_of_a_demo_is_a_stream_too() {
        let line = r#"{"time_ms":500.0,"rasa":"hasya","confidence":0.5,"intensity":0.5,"probabilities":{"hasya":0.9},"section":"gat","raga":"Desh","tala":"","matra":null,"laya_bpm":0,"melody":null}"#;
        let read: Sighting = serde_json::from_str(line).unwrap();
        assert_eq!((read.time_ms, read.mood.rasa), (500.0, Some(Rasa::Hasya)));
        assert!(read.probabilities.is_some());
    }

    #[test]
    fn an_empty_stream_has_no_story() {
        let story = story(&[]);
        assert_eq!((story.frames, story.median_dwell_s, story.shares.len()), (0, None, 0));
    }
}
