//! `rasika import images`: folders of labelled pictures become takes. `rasikad see` looks at the pictures, as the box would.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use clap::Args;
use rasika_device::stills::Listing;
use rasika_models::blendshapes::Blendshapes;
use rasika_models::observation::{FACE_POINTS, Landmark};
use rasika_models::{Face, Hand, Observation, Rasa, Side};
use serde::Deserialize;

use crate::dataset::{Take, folder, import};
use crate::place::Place;
use crate::say;

/// As many files without a label are named.
const NAMED: usize = 20;

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
    #[arg(long, value_name = "DIR", env = "RASIKA_MODELS", value_parser = rasika_device::home::path, default_value_os_t = super::import::models())]
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
    /// Why a picture could not be read.
    error: Option<String>,
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

/// What became of the pictures of a folder.
#[derive(Debug, Default)]
struct Counts {
    faces: usize,
    without_face: usize,
    damaged: usize,
    left_out: usize,
}

impl Counts {
    /// All but the faces, in words; nothing where there is nothing to say.
    fn others(&self) -> String {
        let parts = [(self.without_face, "without a face"), (self.damaged, "damaged"), (self.left_out, "left out")];
        let told = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
        told.collect()
    }
}

impl Images {
    /// Looks at everything, and only then writes: what cannot be looked at leaves nothing behind.
    pub fn run(self) -> Result<()> {
        let labelled = self.folders()?;
        let mut blendshapes = Blendshapes::new(&self.models)?;
        let spool = match &self.to {
            // Beside its place, so that a rename brings it there.
            Some(to) => {
                std::fs::create_dir_all(to).and_then(|()| tempfile::Builder::new().prefix(".import").tempdir_in(to))
            }
            None => tempfile::tempdir(),
        };
        let spool = spool.context("there is no place for what is seen")?;
        let mut takes: Vec<(String, PathBuf)> = Vec::new();
        for (label, path) in labelled {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
            let (observations, counts) = self.look(&path, &mut blendshapes)?;
            if observations.is_empty() {
                crate::warn(format_args!("{name}: no picture with a face, so no take of {label}{}", counts.others()));
                continue;
            }
            let id = unlike(&name, &takes);
            let size = observations.first().map_or((1, 1), |first| (first.width, first.height));
            let take = Take {
                id: id.clone(),
                box_id: "images".to_owned(),
                label,
                performer: String::new(),
                started_unix_ms: 0,
                width: size.0,
                height: size.1,
                mirrored: false,
                reconstructed: ["times", "hands"].map(str::to_owned).to_vec(),
            };
            takes.push((id, folder::write(spool.path(), &take, observations.into_iter().map(Ok))?));
            say(&format!("{name:<12} {:6} faces as {label}{}", counts.faces, counts.others()))?;
        }
        anyhow::ensure!(!takes.is_empty(), "no face was seen in {}, and nothing is imported", self.dir.display());
        match &self.to {
            Some(to) => {
                for (_, file) in &takes {
                    let place = to.join(file.file_name().unwrap_or_default());
                    std::fs::rename(file, &place).with_context(|| format!("cannot write {}", place.display()))?;
                }
            }
            None => drop(import::import(&mut self.place.takes()?, &folder::Folder::open(spool.path())?, |_, _| {})?),
        }
        Ok(say("each folder is one take, so that only --split time:0.6:0.1 can score a model of these alone")?)
    }

    /// The folders and what they are labelled; all names are checked before an hour of looking.
    fn folders(&self) -> Result<Vec<(Rasa, PathBuf)>> {
        let cannot = || format!("cannot read {}", self.dir.display());
        let beside = Listing::of(&self.dir).with_context(cannot)?;
        let is_folder = |name: &String| self.dir.join(name).is_dir();
        let files = beside.pictures.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
        let others = beside.left_out.iter().map(|out| out.name.clone()).filter(|name| !is_folder(name));
        let (files, others): (Vec<_>, Vec<_>) = (files.collect(), others.collect());
        if files.len() + others.len() > 0 {
            let named: Vec<&str> = files.iter().chain(&others).take(NAMED).map(String::as_str).collect();
            let more = if files.len() + others.len() > NAMED { ", …" } else { "" };
            crate::warn(format_args!(
                "{} left out, beside the folders and so without a label: {}{more}",
                files.len() + others.len(),
                named.join(", ")
            ));
        }
        let folders = beside.left_out.iter().map(|out| self.dir.join(&out.name)).filter(|path| path.is_dir());
        let labelled: Vec<_> = folders.map(|path| Ok((super::score::label(&path)?, path))).collect::<Result<_>>()?;
        anyhow::ensure!(
            !labelled.is_empty(),
            "{} holds no folders; make one for each rasa or basic emotion and put the pictures there",
            self.dir.display()
        );
        Ok(labelled)
    }

    /// What is seen in the pictures of a folder, and what became of the rest.
    fn look(&self, path: &Path, blendshapes: &mut Blendshapes) -> Result<(Vec<Observation>, Counts)> {
        let listing = Listing::of(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut counts = Counts { left_out: listing.left_out.len(), ..Counts::default() };
        if listing.pictures.is_empty() {
            if let Some(words) = listing.left_out_in_words() {
                crate::warn(format_args!("{}: {words}", path.display()));
            }
            return Ok((Vec::new(), counts));
        }
        let mut observations = Vec::new();
        for seen in self.see(path)? {
            let is_damaged = seen.error.is_some();
            match observation(seen, blendshapes)? {
                Some(observation) => observations.push(observation),
                None if is_damaged => counts.damaged += 1,
                None => counts.without_face += 1,
            }
        }
        counts.faces = observations.len();
        Ok((observations, counts))
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
            .arg("--json")
            .arg("--")
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(missing)?;
        let out = child.stdout.take().context("its output is not connected")?;
        let lines = BufReader::new(out).lines().map(|line| -> Result<Seen> {
            serde_json::from_str(&line?).with_context(|| format!("{} wrote what is not a sighting", program.display()))
        });
        let seen = lines.collect::<Result<Vec<_>>>();
        let status = child.wait()?;
        let seen = seen?;
        // Where no picture can be read that is an error to `see`; here the other folders go on.
        let all_damaged = !seen.is_empty() && seen.iter().all(|seen| seen.error.is_some());
        anyhow::ensure!(
            status.success() || all_damaged,
            "{} could not look at {}, and nothing is imported; see above",
            program.display(),
            folder.display()
        );
        Ok(seen)
    }
}

/// A name for the take of a folder, unlike those of before: folders may differ in capital letters alone.
fn unlike(name: &str, takes: &[(String, PathBuf)]) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let name: String = name.chars().map(plain).collect();
    let names = (1..).map(|number| match number {
        1 => format!("images-{name}"),
        number => format!("images-{name}-{number}"),
    });
    let free = |id: &String| takes.iter().all(|(taken, _)| taken != id);
    names.into_iter().find(free).unwrap_or_default()
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
