//! Two models on the same frames, of which neither was trained on any.

use std::path::Path;

use anyhow::{Context as _, Result};
use rasika_models::package::{Compared, DEFAULT, Model, Scores};

use super::{Verdict, scores, with_default, with_model};
use crate::train::samples::Samples;

/// A model to compare with.
#[derive(Debug)]
pub struct Other {
    /// Name on its card.
    pub name: String,
    recordings: Vec<String>,
    /// `None` for the model that works before any training.
    model: Option<Model>,
}

/// How both did.
#[derive(Debug)]
pub struct Met {
    /// The model that was judged.
    pub mine: Scores,
    /// The other one, on the same frames.
    pub other: Scores,
    /// Takes that do not count, because the other was trained on them.
    pub known_takes: usize,
}

impl Other {
    /// The model that works before any training.
    pub fn default_model() -> Self {
        Self { name: DEFAULT.to_owned(), recordings: Vec::new(), model: None }
    }

    /// A package, as the one that is now on the box.
    ///
    /// # Errors
    /// It cannot be read, or is refused as the box would refuse it.
    pub fn read(path: &Path) -> Result<Self> {
        let package = crate::package::tried(path)?;
        let model = Model::load(&package).with_context(|| path.display().to_string())?;
        let recordings = package.card.trained_on.recordings.clone();
        Ok(Self { name: package.card.name.clone(), recordings, model: Some(model) })
    }

    /// Judges the frames of some verdicts as well, those left out that it learned from; `None` if none is left.
    ///
    /// # Errors
    /// LiteRT failed.
    pub fn meet(&mut self, samples: &Samples, verdicts: &[Verdict], split: &str) -> Result<Option<Met>> {
        let known = samples.known(&self.recordings);
        let fair = |verdict: &&Verdict| !known[samples.frames[verdict.frame].take];
        let mine: Vec<Verdict> = verdicts.iter().filter(fair).copied().collect();
        if mine.is_empty() {
            return Ok(None);
        }
        let frames: Vec<usize> = mine.iter().map(|verdict| verdict.frame).collect();
        let other = match &mut self.model {
            Some(model) => with_model(samples, &frames, model)?,
            None => with_default(samples, &frames),
        };
        let known_takes = known.into_iter().filter(|known| *known).count();
        Ok(Some(Met { mine: scores(samples, &mine, split), other: scores(samples, &other, split), known_takes }))
    }

    /// The comparison as it stands on a card.
    pub fn compared(&self, met: &Met) -> Compared {
        Compared {
            name: self.name.clone(),
            recordings: self.recordings.clone(),
            frames: met.mine.frames,
            balanced_accuracy: met.mine.balanced_accuracy,
            other_balanced_accuracy: met.other.balanced_accuracy,
        }
    }
}
