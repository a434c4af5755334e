//! Which frames are learned from and which are scored: never two of one recording, unless time keeps them apart.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::rng::Rng;
use super::samples::Samples;

/// How frames are kept apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Split {
    /// Whole takes are left out, a share of each rasa's in turn.
    Takes,
    /// Whole people.
    People,
    /// Whole boxes.
    Boxes,
    /// The first part of each take is learned from, a gap is left, the rest is scored: shares of the take.
    Time {
        /// Share that is learned from.
        learned: f64,
        /// Share that is left out.
        gap: f64,
    },
}

/// Frames to learn from and frames to score, as places in [`Samples::frames`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fold {
    pub learned: Vec<usize>,
    pub scored: Vec<usize>,
}

/// Most rounds of leaving takes out.
const ROUNDS: usize = 5;

impl Split {
    /// The folds of some frames. Takes of one group always stay together.
    ///
    /// With [`Self::Takes`], a take that is the only one of its rasa is learned from in every round and scored in none.
    pub fn folds(self, samples: &Samples, frames: &[usize], seed: u64) -> Vec<Fold> {
        match self {
            Self::Time { learned, gap } => vec![by_time(samples, frames, learned, gap)],
            Self::Takes => by_takes(samples, frames, seed),
            Self::People => by_name(samples, frames, |take| &samples.takes[take].performer),
            Self::Boxes => by_name(samples, frames, |take| &samples.takes[take].box_id),
        }
    }
}

fn by_time(samples: &Samples, frames: &[usize], learned: f64, gap: f64) -> Fold {
    let mut fold = Fold::default();
    // A copy of a take would bring what is scored among what is learned.
    let own = |frame: &&usize| samples.groups[samples.frames[**frame].take] == samples.frames[**frame].take;
    let own: Vec<usize> = frames.iter().filter(own).copied().collect();
    for run in own.chunk_by(|a, b| samples.frames[*a].take == samples.frames[*b].take) {
        let end = (run.len() as f64 * learned).round() as usize;
        let begin = (run.len() as f64 * (learned + gap)).round() as usize;
        fold.learned.extend(&run[..end.min(run.len())]);
        fold.scored.extend(&run[begin.min(run.len())..]);
    }
    fold
}

fn by_takes(samples: &Samples, frames: &[usize], seed: u64) -> Vec<Fold> {
    let group = |frame: usize| samples.groups[samples.frames[frame].take];
    let mut groups: Vec<usize> = frames.iter().map(|&frame| group(frame)).collect();
    groups.dedup();
    groups.sort_unstable();
    groups.dedup();
    let mut rng = Rng::new(seed);
    let mut round_of = vec![None; samples.takes.len()];
    let mut rounds = 0;
    for rasa in rasika_models::Rasa::ALL {
        let mut of_it: Vec<usize> = groups.iter().copied().filter(|&take| samples.takes[take].label == rasa).collect();
        if of_it.len() < 2 {
            continue;
        }
        for i in (1..of_it.len()).rev() {
            of_it.swap(i, (rng.bits() % (i as u64 + 1)) as usize);
        }
        let parts = of_it.len().min(ROUNDS);
        rounds = rounds.max(parts);
        for (i, take) in of_it.into_iter().enumerate() {
            round_of[take] = Some(i % parts);
        }
    }
    let fold = |round: usize| {
        let (mut scored, learned): (Vec<usize>, Vec<usize>) =
            frames.iter().partition(|&&frame| round_of[group(frame)] == Some(round));
        // A copy counts once.
        scored.retain(|&frame| samples.frames[frame].take == group(frame));
        Fold { learned, scored }
    };
    (0..rounds).map(fold).collect()
}

fn by_name<'a>(samples: &Samples, frames: &[usize], name: impl Fn(usize) -> &'a String) -> Vec<Fold> {
    let mut names: Vec<&String> = frames.iter().map(|&frame| name(samples.frames[frame].take)).collect();
    names.sort();
    names.dedup();
    if names.len() < 2 {
        return Vec::new();
    }
    let fold = |left_out: &String| {
        let (mut scored, mut learned): (Vec<usize>, Vec<usize>) =
            frames.iter().partition(|&&frame| name(samples.frames[frame].take) == left_out);
        // A copy under another name stays with whom it is a copy of.
        let held: BTreeSet<usize> = scored.iter().map(|&frame| samples.groups[samples.frames[frame].take]).collect();
        learned.retain(|&frame| !held.contains(&samples.groups[samples.frames[frame].take]));
        scored.retain(|&frame| samples.groups[samples.frames[frame].take] == samples.frames[frame].take);
        Fold { learned, scored }
    };
    names.into_iter().map(fold).collect()
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Takes => write!(f, "takes"),
            Self::People => write!(f, "people"),
            Self::Boxes => write!(f, "boxes"),
            Self::Time { learned, gap } => write!(f, "time:{learned}:{gap}"),
        }
    }
}

impl FromStr for Split {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = || {
            let (learned, gap) = text.strip_prefix("time:")?.split_once(':')?;
            let (learned, gap) = (learned.parse::<f64>().ok()?, gap.parse::<f64>().ok()?);
            let sound = learned > 0.0 && gap >= 0.0 && learned + gap < 1.0;
            sound.then_some(Self::Time { learned, gap })
        };
        match text {
            "takes" => Ok(Self::Takes),
            "people" => Ok(Self::People),
            "boxes" => Ok(Self::Boxes),
            _ => time().ok_or_else(|| {
                "write takes, people, boxes, or time:0.6:0.1 (learn the first 60 %, skip 10 %, score the rest)"
                    .to_owned()
            }),
        }
    }
}
