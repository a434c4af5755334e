//! What `rasikad` can be asked to do: one file for each verb.

pub mod bench;
pub mod demo;
pub mod doctor;
pub mod raga;
pub mod see;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use rasika_device::performer::engine::DEFAULT_SA;
use rasika_device::performer::{Engine, Library, Settings};
use rasika_device::source::{Source, SourceError};

/// Where frames come from, and what looks at them.
#[derive(Debug, Args)]
pub struct Input {
    /// A video file, a picture, a folder of pictures, or a camera device
    #[arg(value_name = "SOURCE", required_unless_present_any = ["camera", "pipeline"])]
    source: Option<PathBuf>,

    /// A camera: /dev/video0, or its number
    #[arg(long, value_name = "DEVICE", conflicts_with_all = ["source", "pipeline"])]
    camera: Option<String>,

    /// A GStreamer pipeline that ends in an appsink, such as "libcamerasrc ! videoconvert ! appsink"
    #[arg(long, value_name = "PIPELINE", conflicts_with = "source")]
    pipeline: Option<String>,

    /// The source shows a mirror image: frames are turned back first, so that left and right are the performer's own
    #[arg(long)]
    pub mirrored: bool,

    /// Folder of the five .tflite networks
    #[arg(long, value_name = "DIR", env = "RASIKA_MODELS")]
    models: Option<PathBuf>,
}

impl Input {
    /// The source that was named.
    pub fn source(&self) -> Result<Source, SourceError> {
        match (&self.camera, &self.pipeline, &self.source) {
            (Some(device), _, _) => Ok(Source::Camera(device.clone())),
            (_, Some(pipeline), _) => Ok(Source::Pipeline(pipeline.clone())),
            (_, _, Some(path)) => Source::of_path(path),
            // clap asks for one of the three.
            _ => Err(SourceError::Missing("no source".into())),
        }
    }

    /// The folder of models: as named, or packaged beside the program, or in the source tree.
    pub fn models(&self) -> PathBuf {
        self.models.clone().unwrap_or_else(usual_models)
    }
}

/// The folder of models if none is named: packaged beside the program, or in the source tree.
pub fn usual_models() -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.parent()?.join("share/rasika/models")));
    let in_tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files/models");
    beside.filter(|folder| folder.is_dir()).unwrap_or(in_tree)
}

/// How the music is made.
#[derive(Debug, Args)]
pub struct Music {
    /// The same seed plays the same music for the same moods
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// MIDI note of the middle Sa, 40 to 80 (61 is C sharp)
    #[arg(long, value_name = "NOTE", default_value_t = DEFAULT_SA)]
    pub sa: u8,

    /// Map from rasa to raga: default, original, or a .toml file
    #[arg(long, default_value = "default")]
    map: String,

    /// A folder with ragas/, talas/ and maps/ of one's own
    #[arg(long, value_name = "DIR")]
    library: Option<PathBuf>,

    /// For synths that do not bend their notes: no shrutis, no glides
    #[arg(long)]
    no_bends: bool,
}

impl Music {
    /// The engine, ready to play.
    pub fn engine(&self) -> Result<Engine> {
        let library = match &self.library {
            Some(folder) => Library::with_folder(folder)?,
            None => Library::built_in().context("the built-in ragas")?,
        };
        let map = library.map(&self.map)?;
        let settings = Settings { seed: self.seed, sa: self.sa, bends: !self.no_bends };
        Ok(Engine::new(Arc::new(library), Arc::new(map), settings)?)
    }
}
