//! Recordings of the original project: `LABEL.npy`, a row of 1020 numbers for each frame of a mirrored camera.
//!
//! A row is 468 face points x, y less point 1, then the left hand's 21 points less its point 8, then the right's, all
//! in parts of the frame's width and height; a hand that was not seen is zeros. What such a row lacks is made up, and
//! the take says so: depth (from a neutral head that is turned as the face is), irises (in the middle of the eyes), where the
//! face and the hands were, and the time of frames.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rasika_models::blendshapes::Blendshapes;
use rasika_models::head_pose::HeadPose;
use rasika_models::observation::{FACE_POINTS, HAND_POINTS};
use rasika_models::{Face, Hand, Observation, Rasa, Side};

use super::head::{self, Fit, MIRROR, SURFACE};
use super::npy::{self, Array};
use super::{Dataset, Observations, Take};

/// Numbers of a row: face and two hands.
const COLUMNS: usize = 2 * (SURFACE + 2 * HAND_POINTS);
/// Milliseconds from frame to frame; nobody wrote it down, and holistic tracking does about 15 frames a second.
const FRAME_MS: f64 = 1000.0 / 15.0;
/// Height of the frame in pixels.
const HEIGHT: u32 = 480;
/// Where a hand is put, in eye distances from the middle of the eyes: outwards and down, clear of the face.
const HAND_PLACE: [f64; 2] = [1.8, 2.6];

/// Width over height of the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aspect {
    /// 4:3 or 16:9, whichever makes the faces look like a face.
    Guess,
    /// Width and height, in any unit.
    Known(u32, u32),
}

/// What one file holds.
#[derive(Debug)]
struct Recording {
    take: Take,
    path: PathBuf,
}

/// A folder of recordings.
pub struct Original {
    recordings: Vec<Recording>,
    aspect: Aspect,
    blendshapes: RefCell<Blendshapes>,
}

/// The rasa that a file is named by.
pub fn label_of(path: &Path) -> Option<Rasa> {
    let npy = path.extension().is_some_and(|ending| ending == "npy");
    path.file_stem().filter(|_| npy)?.to_str()?.parse().ok()
}

impl Original {
    /// Finds the files of a folder; `models` is where the blendshape network is.
    ///
    /// # Errors
    /// The folder cannot be read or holds none, or the network cannot be loaded.
    pub fn open(folder: &Path, models: &Path, aspect: Aspect) -> Result<Self> {
        let cannot = || format!("cannot read {}", folder.display());
        let entries =
            std::fs::read_dir(folder).with_context(cannot)?.collect::<Result<Vec<_>, _>>().with_context(cannot)?;
        let mut files: Vec<_> =
            entries.iter().filter_map(|entry| Some((label_of(&entry.path())?, entry.path()))).collect();
        files.sort();
        anyhow::ensure!(!files.is_empty(), "{} holds no LABEL.npy named by a rasa, as Karuna.npy is", folder.display());
        let take = |(label, path): (Rasa, PathBuf)| Recording {
            take: Take {
                id: format!("original-{label}"),
                box_id: "original".to_owned(),
                label,
                performer: "original".to_owned(),
                started_unix_ms: 0,
                width: HEIGHT * 4 / 3,
                height: HEIGHT,
                mirrored: true,
                reconstructed: ["depth", "irises", "places", "times"].map(str::to_owned).to_vec(),
            },
            path,
        };
        let recordings = files.into_iter().map(take).collect();
        Ok(Self { recordings, aspect, blendshapes: RefCell::new(Blendshapes::new(models)?) })
    }

    /// The same recordings, of somebody by name.
    #[must_use]
    pub fn by(mut self, performer: &str) -> Self {
        self.recordings.iter_mut().for_each(|recording| performer.clone_into(&mut recording.take.performer));
        self
    }

    /// Arrays of a folder whose names are no rasa's, so that nobody wonders where they are.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn left_out(folder: &Path) -> Result<Vec<String>> {
        let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
        let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        let arrays = paths.filter(|path| path.extension().is_some_and(|ending| ending == "npy"));
        let other = arrays.filter(|path| label_of(path).is_none());
        let mut names: Vec<_> =
            other.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
        names.sort();
        Ok(names)
    }

    fn observation(&self, number: usize, row: &[f64], aspect: f64) -> Result<Observation> {
        let mut observation = unflatten(number, row, aspect);
        if let Some(face) = &mut observation.face {
            let scores = self.blendshapes.borrow_mut().of(&face.landmarks, face.roll_deg)?;
            (face.blendshapes, face.upright_blendshapes) = (scores.as_seen, scores.upright);
        }
        Ok(observation)
    }
}

impl Dataset for Original {
    fn takes(&self) -> Result<Vec<Take>> {
        Ok(self.recordings.iter().map(|recording| recording.take.clone()).collect())
    }

    fn observations(&self, take: &Take) -> Result<Observations<'_>> {
        let found = self.recordings.iter().find(|recording| recording.take.id == take.id);
        let path = &found.with_context(|| format!("there is no take '{}'", take.id))?.path;
        let table = npy::read(path)?;
        anyhow::ensure!(
            table.columns() == COLUMNS,
            "{} has {} columns where the original project writes {COLUMNS}; it is another kind of recording",
            path.display(),
            table.columns()
        );
        let aspects = aspects(&table, self.aspect);
        Ok(Box::new(aspects.into_iter().enumerate().map(move |(number, aspect)| {
            let row = &table.values[number * COLUMNS..(number + 1) * COLUMNS];
            self.observation(number, row, aspect)
        })))
    }
}

const NARROW: f64 = 4.0 / 3.0;
const WIDE: f64 = 16.0 / 9.0;
/// A face's width over its height, against a neutral head's, below which 4:3 was the wrong guess: halfway between
/// 1.04 (the middle of 500 strangers and of the original's performer) and three quarters of it.
const TOO_NARROW: f64 = 0.90;
/// A frame is taken to be unlike the rest of its take only if it is beyond the bound by this much.
const SURELY: f64 = 1.06;

/// Width over height of each frame.
fn aspects(table: &Array, aspect: Aspect) -> Vec<f64> {
    let rows = table.values.chunks_exact(COLUMNS);
    if let Aspect::Known(width, height) = aspect {
        return vec![f64::from(width) / f64::from(height.max(1)); rows.len()];
    }
    let stretches: Vec<f64> = rows
        .map(|row| {
            let points: Vec<[f64; 2]> = pairs(&row[..2 * SURFACE]).map(|[x, y]| [x * NARROW, y]).collect();
            Fit::of(&points).stretch()
        })
        .collect();
    let mut sorted: Vec<f64> = stretches.iter().copied().filter(|stretch| stretch.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let wide = sorted.get(sorted.len() / 2).is_some_and(|&middle| middle < TOO_NARROW);
    let bound = if wide { TOO_NARROW * SURELY } else { TOO_NARROW / SURELY };
    stretches.into_iter().map(|stretch| if stretch < bound { WIDE } else { NARROW }).collect()
}

fn pairs(values: &[f64]) -> impl Iterator<Item = [f64; 2]> {
    values.chunks_exact(2).map(|pair| [pair[0], pair[1]])
}

/// A row as an observation of the frame turned back, its blendshapes still missing.
fn unflatten(number: usize, row: &[f64], aspect: f64) -> Observation {
    let height = f64::from(HEIGHT);
    let width = (height * aspect).round();
    let (face, hands) = row.split_at(2 * SURFACE);
    // Turned back from the mirror: the other way round in x, and every point by its other side's name.
    let flat: Vec<[f64; 2]> = pairs(face).map(|[x, y]| [width / 2.0 - x * width, height / 2.0 + y * height]).collect();
    let turned: Vec<[f64; 2]> = (0..SURFACE).map(|index| flat[MIRROR[index]]).collect();
    let sound = row.iter().all(|value| value.is_finite());
    let face = (sound && face.iter().any(|value| *value != 0.0)).then(|| {
        let fit = Fit::of(&turned);
        let mut landmarks: Vec<_> =
            turned.iter().zip(fit.depths()).map(|(p, z)| [p[0] as f32, p[1] as f32, z as f32]).collect();
        landmarks.resize(FACE_POINTS, [0.0; 3]);
        head::centre_irises(&mut landmarks);
        let pose = HeadPose::of(&landmarks);
        Face {
            landmarks,
            blendshapes: Vec::new(),
            upright_blendshapes: Vec::new(),
            yaw_deg: pose.yaw_deg,
            pitch_deg: pose.pitch_deg,
            roll_deg: pose.roll_deg,
            score: 1.0,
        }
    });
    let (left, right) = hands.split_at(2 * HAND_POINTS);
    let seen = [(left, Side::Right), (right, Side::Left)];
    let hand = |(points, side): (&[f64], Side)| {
        if !sound || face.is_none() || points.iter().all(|value| *value == 0.0) {
            return None;
        }
        let eyes = [0, 1].map(|axis| f64::midpoint(turned[33][axis], turned[263][axis]));
        let distance = (turned[263][0] - turned[33][0]).hypot(turned[263][1] - turned[33][1]);
        let outwards = if side == Side::Left { 1.0 } else { -1.0 };
        let place = [eyes[0] + outwards * HAND_PLACE[0] * distance, eyes[1] + HAND_PLACE[1] * distance];
        let points: Vec<_> = pairs(points).map(|[x, y]| [-x * width, y * height]).collect();
        let mean = [0, 1].map(|axis| points.iter().map(|p| p[axis]).sum::<f64>() / points.len() as f64);
        let landmarks =
            points.iter().map(|p| [(place[0] + p[0] - mean[0]) as f32, (place[1] + p[1] - mean[1]) as f32, 0.0]);
        Some(Hand { side, score: 1.0, landmarks: landmarks.collect(), world: Vec::new() })
    };
    let hands = seen.into_iter().filter_map(hand).collect();
    let (width, height) = (width as u32, HEIGHT);
    Observation { frame: number as u64, time_ms: number as f64 * FRAME_MS, width, height, face, hands }
}
