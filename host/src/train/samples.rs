//! What is learned from: the features of every frame of a dataset, and of frames that were moved about a little.

use std::collections::HashMap;

use anyhow::Result;
use rasika_models::{FEATURES, FeatureVector, Rasa};

use super::augment::Augment;
use crate::dataset::{Dataset, Take};

/// A row of features.
pub type Row = [f32; FEATURES];

/// Most augmented rows of all takes together: the memory of a laptop is not spent on what adds little.
const MOST_AUGMENTED: usize = 24_000;

/// A frame of a take in which a face was seen.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Place of its take in [`Samples::takes`].
    pub take: usize,
    /// Number of the observation in the take, counted from 0 with those without a face.
    pub number: usize,
    /// Time in the take.
    pub time_ms: f64,
}

/// Features of a dataset.
#[derive(Debug, Default)]
pub struct Samples {
    /// The takes.
    pub takes: Vec<Take>,
    /// Observations of each take, with a face or without.
    pub observations: Vec<usize>,
    /// The takes that hold the same recording have the same group: the place of the first of them.
    pub groups: Vec<usize>,
    /// Frames in the order of takes and time.
    pub frames: Vec<Frame>,
    /// Their features.
    pub rows: Vec<Row>,
    /// Features of moved frames, each with the place of the frame it was made of.
    pub augmented: Vec<(usize, Row)>,
}

/// Which takes are read.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these rasas; all if empty.
    pub rasas: Vec<Rasa>,
    /// Only these performers; all if empty.
    pub people: Vec<String>,
    /// Only these boxes; all if empty.
    pub boxes: Vec<String>,
    /// Only takes that began then or later, milliseconds since 1970.
    pub since_unix_ms: Option<i64>,
    /// Only takes that began before.
    pub until_unix_ms: Option<i64>,
}

impl Selection {
    fn holds(&self, take: &Take) -> bool {
        (self.rasas.is_empty() || self.rasas.contains(&take.label))
            && (self.people.is_empty() || self.people.contains(&take.performer))
            && (self.boxes.is_empty() || self.boxes.contains(&take.box_id))
            && self.since_unix_ms.is_none_or(|since| take.started_unix_ms >= since)
            && self.until_unix_ms.is_none_or(|until| take.started_unix_ms < until)
    }
}

impl Samples {
    /// Reads takes one after the other. With a seed, moved copies of frames are made as well. `go_on` hears now and then how
    /// many takes of how many are read, and may end it.
    ///
    /// # Errors
    /// The dataset cannot be read, no take is left, or it was ended.
    pub fn read(
        dataset: &dyn Dataset,
        selection: &Selection,
        seed: Option<u64>,
        go_on: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Self> {
        let mut samples = Self::default();
        let mut augment = seed.map(Augment::new);
        let mut prints: HashMap<u64, usize> = HashMap::new();
        let mut takes = dataset.takes()?;
        takes.retain(|take| selection.holds(take));
        let (budget, all) = (MOST_AUGMENTED / takes.len().max(1), takes.len());
        for take in takes {
            let place = samples.takes.len();
            let mut shared: HashMap<usize, usize> = HashMap::new();
            let (first, augmented) = (samples.frames.len(), samples.augmented.len());
            let mut count = 0;
            for observation in dataset.observations(&take)? {
                let observation = observation?;
                if count % TOLD == 0 {
                    anyhow::ensure!(go_on(place, all), "stopped while takes were read; nothing was written");
                }
                let number = count;
                count += 1;
                let Some(features) = FeatureVector::of(&observation) else { continue };
                let other = *prints.entry(print(features.values())).or_insert(place);
                if other != place {
                    *shared.entry(other).or_default() += 1;
                }
                if let Some(augment) = &mut augment {
                    let made = samples.frames.len();
                    for _ in 0..augment.copies(samples.augmented.len() - augmented, budget) {
                        let moved = augment.moved(&observation);
                        samples.augmented.extend(moved.map(|features| (made, *features.values())));
                    }
                }
                samples.frames.push(Frame { take: place, number, time_ms: observation.time_ms });
                samples.rows.push(*features.values());
            }
            // A recording that was copied shares nearly all frames; two different ones share none.
            let frames = samples.frames.len() - first;
            let twin = shared.into_iter().filter(|(_, n)| 2 * n > frames).map(|(other, _)| other).min();
            samples.groups.push(twin.map_or(place, |other| samples.groups[other]));
            samples.observations.push(count);
            samples.takes.push(take);
        }
        anyhow::ensure!(
            !samples.frames.is_empty(),
            "no take with a face is left; record or import some, or choose less narrowly"
        );
        Ok(samples)
    }

    /// A hash of what each take holds: the same for a copy under another name.
    pub fn recordings(&self) -> Vec<String> {
        let mut hashes = vec![FNV_START; self.takes.len()];
        for (frame, row) in self.frames.iter().zip(&self.rows) {
            hashes[frame.take] = fnv(hashes[frame.take], print(row));
        }
        hashes.into_iter().map(|hash| format!("{hash:016x}")).collect()
    }

    /// Whether each take is among some recordings.
    pub fn known(&self, recordings: &[String]) -> Vec<bool> {
        self.recordings().iter().map(|own| recordings.contains(own)).collect()
    }

    /// The label of a frame.
    pub fn label(&self, frame: usize) -> Rasa {
        self.takes[self.frames[frame].take].label
    }

    /// Takes that hold the same recording as an earlier one: each with that one.
    pub fn duplicates(&self) -> impl Iterator<Item = (&Take, &Take)> {
        let pairs = self.groups.iter().enumerate().filter(|(place, first)| place != *first);
        pairs.map(|(place, &first)| (&self.takes[place], &self.takes[first]))
    }

    /// Different recordings of each rasa.
    pub fn takes_of(&self) -> [usize; Rasa::COUNT] {
        let mut count = [0; Rasa::COUNT];
        for (place, take) in self.takes.iter().enumerate().filter(|(place, _)| self.groups[*place] == *place) {
            count[take.label.index()] += usize::from(self.frames.iter().any(|frame| frame.take == place));
        }
        count
    }
}

/// How often who waits hears of it, in observations.
const TOLD: usize = 256;

/// A hash of what a frame shows, the same in a copy.
fn print(row: &Row) -> u64 {
    row.iter().fold(FNV_START, |hash, value| fnv(hash, (value * 1e4).round() as i64 as u64))
}

/// FNV-1a (Fowler, Noll & Vo), by words: cards keep these hashes, so every version of the program must find the same ones.
const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(hash: u64, word: u64) -> u64 {
    let mixed = (hash ^ word).wrapping_mul(0x0100_0000_01b3);
    mixed ^ mixed >> 32
}
