//! `rasika score`: how well the model does on pictures whose rasa is known.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use rasika_models::Rasa;
use serde::Serialize;

use crate::sightings::{self, Sighting};
use crate::{say, say_lines};

/// Names under which collections of faces file the basic emotions, and the rasa that each is.
const EMOTIONS: [(&str, Rasa); 20] = [
    ("love", Rasa::Shringara),
    ("happiness", Rasa::Hasya),
    ("happy", Rasa::Hasya),
    ("joy", Rasa::Hasya),
    ("sadness", Rasa::Karuna),
    ("sad", Rasa::Karuna),
    ("anger", Rasa::Raudra),
    ("angry", Rasa::Raudra),
    ("pride", Rasa::Veera),
    ("valour", Rasa::Veera),
    ("fear", Rasa::Bhayanaka),
    ("fearful", Rasa::Bhayanaka),
    ("afraid", Rasa::Bhayanaka),
    ("disgust", Rasa::Bibhatsa),
    ("disgusted", Rasa::Bibhatsa),
    ("surprise", Rasa::Adbhuta),
    ("surprised", Rasa::Adbhuta),
    ("neutral", Rasa::Shanta),
    ("calm", Rasa::Shanta),
    ("peace", Rasa::Shanta),
];

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Score {
    /// Lines of `rasikad see --json`, a file for each label and named by it: karuna.jsonl, or happiness.jsonl
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What was named where what was right: rows are labels, columns the likeliest rasa, in class order.
#[derive(Debug, Serialize)]
struct Scores {
    pictures: usize,
    /// Pictures in which no face was found; they count nowhere else.
    no_face: usize,
    accuracy: f64,
    /// Mean of the labels' recalls.
    balanced_accuracy: f64,
    confusion: [[usize; Rasa::COUNT]; Rasa::COUNT],
}

impl Score {
    /// Reads and scores.
    pub fn run(self) -> Result<()> {
        let mut labelled = Vec::new();
        for path in &self.files {
            let label = label(path)?;
            labelled.extend(sightings::read(path)?.into_iter().map(|sighting| (label, sighting)));
        }
        anyhow::ensure!(!labelled.is_empty(), "the files hold no pictures");
        let scores = scores(&labelled);
        if self.json {
            return Ok(say(&serde_json::to_string(&scores)?)?);
        }
        let mut lines = vec![format!(
            "{} pictures, {} without a face; accuracy {:.3}, balanced accuracy {:.3}",
            scores.pictures, scores.no_face, scores.accuracy, scores.balanced_accuracy
        )];
        lines.push(format!("{:<11}{}", "", Rasa::ALL.map(|rasa| format!("{:>11}", rasa.name())).concat()));
        for (rasa, row) in Rasa::ALL.into_iter().zip(scores.confusion).filter(|(_, row)| row.iter().sum::<usize>() > 0)
        {
            lines.push(format!("{:<11}{}", rasa.name(), row.map(|n| format!("{n:>11}")).concat()));
        }
        Ok(say_lines(&lines.join("\n"))?)
    }
}

/// The label that the name of a file or folder gives.
pub fn label(path: &Path) -> Result<Rasa> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let emotion = EMOTIONS.iter().find(|(name, _)| *name == stem).map(|(_, rasa)| *rasa);
    stem.parse().ok().or(emotion).with_context(|| {
        format!(
            "{}: '{stem}' is neither a rasa nor a basic emotion; name it by one, as in happiness.jsonl",
            path.display()
        )
    })
}

fn scores(labelled: &[(Rasa, Sighting)]) -> Scores {
    let mut confusion = [[0; Rasa::COUNT]; Rasa::COUNT];
    let mut no_face = 0;
    for (label, sighting) in labelled {
        match sighting.likeliest() {
            Some(rasa) => confusion[label.index()][rasa.index()] += 1,
            None => no_face += 1,
        }
    }
    let ratio = |part: usize, whole: usize| if whole > 0 { part as f64 / whole as f64 } else { 0.0 };
    let right: usize = (0..Rasa::COUNT).map(|i| confusion[i][i]).sum();
    let rows = || confusion.iter().enumerate().map(|(i, row)| (row[i], row.iter().sum::<usize>()));
    let recalls: Vec<f64> = rows().filter(|(_, all)| *all > 0).map(|(part, all)| ratio(part, all)).collect();
    Scores {
        pictures: labelled.len(),
        no_face,
        accuracy: ratio(right, labelled.len() - no_face),
        balanced_accuracy: recalls.iter().fold(0.0, |sum, recall| sum + recall) / recalls.len().max(1) as f64,
        confusion,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(rasa: Option<Rasa>) -> Sighting {
        let text = rasa.map_or("null".to_owned(), |rasa| format!("{{\"{rasa}\":0.9,\"hasya\":0.2}}"));
        let line = format!(
            "{{\"time_ms\":0,\"probabilities\":{text},\"mood\":{{\"rasa\":null,\"confidence\":0,\"intensity\":0}},\"more\":1}}"
        );
        serde_json::from_str(&line).unwrap()
    }

    #[test]
    fn recall_is_averaged_over_labels_and_faceless_pictures_are_told_apart() {
        let (karuna, hasya) = (Rasa::Karuna, Rasa::Hasya);
        let labelled = [
            (karuna, seen(Some(karuna))),
            (hasya, seen(Some(karuna))),
            (hasya, seen(Some(karuna))),
            (hasya, seen(Some(Rasa::Shanta))),
            (hasya, seen(None)),
        ];
        let scores = scores(&labelled);
        assert_eq!((scores.no_face, scores.accuracy, scores.balanced_accuracy), (1, 0.25, 0.5));
        assert_eq!(scores.confusion[hasya.index()][karuna.index()], 2);
    }

    #[test]
    fn labels_come_from_file_names() {
        assert_eq!(label(Path::new("a/Happiness.jsonl")).unwrap(), Rasa::Hasya);
        assert_eq!(label(Path::new("veera.jsonl")).unwrap(), Rasa::Veera);
        assert!(label(Path::new("faces.jsonl")).unwrap_err().to_string().contains("faces"));
    }
}
