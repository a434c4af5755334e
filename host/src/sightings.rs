//! Reading the lines of `rasikad see --json`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use rasika_models::{Mood, Rasa};
use serde::Deserialize;

/// What the host needs of a line; other fields are left aside.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Line")]
pub struct Sighting {
    /// Time in the source, in milliseconds.
    pub time_ms: f64,
    /// Probabilities by rasa; `None` without a face.
    pub probabilities: Option<HashMap<Rasa, f64>>,
    /// The mood that stood.
    pub mood: Mood,
}

/// A line of `rasikad see --json`, or of the `timeline.jsonl` that a demo leaves, which tells the mood among the rest.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Line {
    Seen { time_ms: f64, probabilities: Option<HashMap<Rasa, f64>>, mood: Mood },
    Moment { time_ms: f64, probabilities: HashMap<Rasa, f64>, rasa: Option<Rasa>, confidence: f32, intensity: f32 },
}

impl From<Line> for Sighting {
    fn from(line: Line) -> Self {
        match line {
            Line::Seen { time_ms, probabilities, mood } => Self { time_ms, probabilities, mood },
            Line::Moment { time_ms, probabilities, rasa, confidence, intensity } => Self {
                time_ms,
                // Where nobody was seen for a while nothing is likely.
                probabilities: Some(probabilities).filter(|all| all.values().any(|p| *p > 0.0)),
                mood: Mood { rasa, confidence, intensity },
            },
        }
    }
}

impl Sighting {
    /// The likeliest rasa, if a face was seen; of equals the first in class order.
    pub fn likeliest(&self) -> Option<Rasa> {
        let p = self.probabilities.as_ref()?;
        let of = |rasa: Rasa| p.get(&rasa).copied().unwrap_or(0.0);
        Rasa::ALL.into_iter().reduce(|best, rasa| if of(rasa) > of(best) { rasa } else { best })
    }
}

/// Reads a file of lines, or standard input for "-".
///
/// # Errors
/// The file cannot be read, or a line is none of `rasikad see --json`: file and line are named.
pub fn read(path: &Path) -> Result<Vec<Sighting>> {
    let name = path.display();
    let reader: Box<dyn BufRead> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path).with_context(|| format!("cannot read {name}"))?))
    };
    let mut sightings = Vec::new();
    for (i, line) in reader.lines().enumerate() {
        let line = line.with_context(|| format!("cannot read {name}"))?;
        if line.trim().is_empty() {
            continue;
        }
        let parsed = serde_json::from_str(&line);
        sightings.push(parsed.with_context(|| {
            format!("{name}:{}: neither a line of `rasikad see --json` nor of a demo's timeline", i + 1)
        })?);
    }
    Ok(sightings)
}
