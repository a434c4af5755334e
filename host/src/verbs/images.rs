//! `rasika import images`: folders of labelled pictures become takes. `rasikad see` looks at the pictures, as the box would.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use clap::Args;
use rasika_models::blendshapes::Blendshapes;
use rasika_models::observation::{FACE_POINTS, Landmark};
use rasika_models::{Face, Hand, Observation, Side};
use serde::Deserialize;

use crate::dataset::{Dataset, Observations, Take, folder, import};
use crate::place::Place;
use crate::say;

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Images {
    /// A folder with a folder of pictures for each label: karuna, or a basic emotion, as happiness
    dir: PathBuf,

    /// Put the takes into a folder of files instead of the data folder
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,

    #[command(flatten)]
    place: Place,

    /// The program that looks at pictures; without it the rasikad beside this program, or in the PATH
    #[arg(long, value_name = "FILE")]
    rasikad: Option<PathBuf>,

    /// Folder of the networks
    #[arg(long, value_name = "DIR", env = "RASIKA_MODELS", default_value_os_t = super::import::models())]
    models: PathBuf,
}

/// What is needed of a line of `rasikad see --json`.
#[derive(Debug, Deserialize)]
struct Seen {
    frame: u64,
    time_ms: f64,
    width: u32,
    height: u32,
    face: Option<SeenFace>,
    #[serde(default)]
    hands: Vec<SeenHand>,
}

#[derive(Debug, Deserialize)]
struct SeenFace {
    landmarks: Vec<Landmark>,
    yaw_deg: f32,
    pitch_deg: f32,
    roll_deg: f32,
    score: f32,
}

#[derive(Debug, Deserialize)]
struct SeenHand {
    side: Side,
    score: f32,
    landmarks: Vec<Landmark>,
}

impl Images {
    /// Looks and writes.
    pub fn run(self) -> Result<()> {
        let cannot = || format!("cannot read {}", self.dir.display());
        let mut folders: Vec<PathBuf> = std::fs::read_dir(&self.dir)
            .with_context(cannot)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()
            .with_context(cannot)?;
        folders.retain(|path| path.is_dir());
        folders.sort();
        // All names are checked before an hour of looking.
        let labelled = folders.into_iter().map(|path| Ok((super::score::label(&path)?, path)));
        let labelled: Vec<_> = labelled.collect::<Result<_>>()?;
        anyhow::ensure!(
            !labelled.is_empty(),
            "{} holds no folders; make one for each rasa or basic emotion and put the pictures there",
            self.dir.display()
        );
        let mut blendshapes = Blendshapes::new(&self.models)?;
        for (label, path) in labelled {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
            let seen = self.see(&path)?;
            let observations = seen.into_iter().filter_map(|seen| observation(seen, &mut blendshapes).transpose());
            let observations = observations.collect::<Result<Vec<_>>>()?;
            let size = observations.first().map_or((1, 1), |first| (first.width, first.height));
            let take = Take {
                id: format!("images-{name}"),
                box_id: "images".to_owned(),
                label,
                performer: String::new(),
                started_unix_ms: 0,
                width: size.0,
                height: size.1,
                mirrored: false,
                reconstructed: ["times", "hands"].map(str::to_owned).to_vec(),
            };
            let count = observations.len();
            match &self.to {
                Some(to) => drop(folder::write(to, &take, observations.into_iter().map(Ok))?),
                None => drop(import::import(&mut self.place.takes()?, &Looked(take, observations), |_, _| {})?),
            }
            say(&format!("{name:<12} {count:6} faces as {label}"))?;
        }
        Ok(say("each folder is one take, so that only --split time:0.6:0.1 can score a model of these alone")?)
    }

    fn see(&self, folder: &Path) -> Result<Vec<Seen>> {
        let program = self.rasikad.clone().unwrap_or_else(|| {
            let beside = std::env::current_exe().ok().map(|own| own.with_file_name("rasikad"));
            beside.filter(|beside| beside.exists()).unwrap_or_else(|| "rasikad".into())
        });
        let missing = || {
            format!(
                "{} cannot be run, and it is what looks at pictures; build it with `make build`, or name it with --rasikad",
                program.display()
            )
        };
        let mut child = Command::new(&program)
            .arg("see")
            .arg(folder)
            .arg("--json")
            .stdout(Stdio::piped())
            .spawn()
            .with_context(missing)?;
        let out = child.stdout.take().context("its output is not connected")?;
        let lines = BufReader::new(out).lines().map(|line| -> Result<Seen> {
            serde_json::from_str(&line?).with_context(|| format!("{} wrote what is not a sighting", program.display()))
        });
        let seen = lines.collect::<Result<Vec<_>>>();
        let status = child.wait()?;
        anyhow::ensure!(status.success(), "{} could not look at {}; see above", program.display(), folder.display());
        seen
    }
}

/// The pictures of one folder.
struct Looked(Take, Vec<Observation>);

impl Dataset for Looked {
    fn takes(&self) -> Result<Vec<Take>> {
        Ok(vec![self.0.clone()])
    }

    fn observations(&self, _: &Take) -> Result<Observations<'_>> {
        Ok(Box::new(self.1.iter().cloned().map(Ok)))
    }
}

/// A picture with a face as an observation. Its blendshapes are computed anew: sightings lack those of the upright face.
fn observation(seen: Seen, blendshapes: &mut Blendshapes) -> Result<Option<Observation>> {
    let Some(face) = seen.face.filter(|face| face.landmarks.len() == FACE_POINTS) else { return Ok(None) };
    let scores = blendshapes.of(&face.landmarks, face.roll_deg)?;
    let face = Face {
        landmarks: face.landmarks,
        blendshapes: scores.as_seen,
        upright_blendshapes: scores.upright,
        yaw_deg: face.yaw_deg,
        pitch_deg: face.pitch_deg,
        roll_deg: face.roll_deg,
        score: face.score,
    };
    let hand =
        |hand: SeenHand| Hand { side: hand.side, score: hand.score, landmarks: hand.landmarks, world: Vec::new() };
    Ok(Some(Observation {
        frame: seen.frame,
        time_ms: seen.time_ms,
        width: seen.width,
        height: seen.height,
        face: Some(face),
        hands: seen.hands.into_iter().map(hand).collect(),
    }))
}
