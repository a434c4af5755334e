//! What `rasikad` can be asked to do: one file for each verb.

pub mod bench;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod keys;
pub mod laptops;
pub mod learn;
pub mod named;
pub mod piece;
pub mod play;
pub mod push;
pub mod raga;
mod raga_shown;
pub mod run;
pub mod see;
pub mod stage;
pub mod status;
pub mod table;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use rasika_device::config::midi_port;
use rasika_device::output;
use rasika_device::performer::choice::{Choosing, Minute};
use rasika_device::performer::{Engine, Library, NoteLists, RasaMap, Sa, Settings, SoundMap};
use rasika_device::source::{Source, SourceError};
use rasika_device::stills::Listing;

/// Where frames come from, and what looks at them.
#[derive(Debug, Args)]
pub struct Input {
    /// A video file, a picture, a folder of pictures, a camera device, `-` for a video on standard input, a pipe, or the
    /// http(s) address of a video
    #[arg(value_name = "SOURCE")]
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
    #[arg(long, value_name = "DIR", env = "RASIKA_MODELS", value_parser = rasika_device::home::path)]
    models: Option<PathBuf>,
}

impl Input {
    /// The source that was named.
    pub fn source(&self) -> Result<Source, SourceError> {
        match (&self.camera, &self.pipeline, &self.source) {
            (Some(device), _, _) => Ok(Source::Camera(device.clone())),
            (_, Some(pipeline), _) => Ok(Source::Pipeline(pipeline.clone())),
            (_, _, Some(path)) => {
                let source = Source::of_path(path)?;
                if source.is_stills() && path.is_dir() {
                    say_left_out(path);
                }
                Ok(source)
            }
            _ => Err(SourceError::None),
        }
    }

    /// Whether the source is a folder of pictures, however few.
    pub fn is_folder(&self) -> bool {
        self.source.as_deref().is_some_and(Path::is_dir)
    }

    /// The folder of models: as named, or packaged beside the program, or in the source tree.
    pub fn models(&self) -> PathBuf {
        self.models.clone().unwrap_or_else(usual_models)
    }
}

/// Says what of a folder of pictures is not looked at, so that nobody wonders where it is.
fn say_left_out(folder: &Path) {
    // That the folder can be read was found a moment ago; what it holds is said as it is now.
    if let Some(words) = Listing::of(folder).ok().and_then(|listing| listing.left_out_in_words()) {
        rasika_device::terminal::warn(format_args!("{}: {words}", folder.display()));
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

    /// The middle Sa: a MIDI note from 40 to 80 (61 is C sharp) or a frequency, as in 277.2Hz
    #[arg(long, value_name = "NOTE", default_value = "61")]
    sa: String,

    /// Map from rasa to raga: default, original, or a .toml file
    #[arg(long, default_value = "default")]
    map: String,

    /// A folder with ragas/, talas/ and maps/ of one's own
    #[arg(long, value_name = "DIR")]
    library: Option<PathBuf>,

    /// For synths that do not bend their notes: no shrutis, no glides
    #[arg(long)]
    no_bends: bool,

    /// The time of day whose ragas are chosen, as in 21:30; else each rasa's first raga, whatever the hour
    #[arg(long, value_name = "HH:MM")]
    at: Option<Minute>,

    /// Ragas, or the note lists of the project before this one, for comparison
    #[arg(long, value_enum, default_value_t = Style::Raga)]
    style: Style,
}

/// What is played of a rasa.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Style {
    /// Its raga.
    Raga,
    /// Its list of notes.
    Original,
}

impl Music {
    /// The ragas and talas there are.
    pub fn library(&self) -> Result<Library> {
        match &self.library {
            Some(folder) => Ok(Library::with_folder(folder)?),
            None => Library::built_in().context("the built-in ragas"),
        }
    }

    /// The engine, ready to play.
    pub fn engine(&self) -> Result<Engine> {
        let library = self.library()?;
        let map = self.map(&library)?;
        self.engine_of(library, map)
    }

    /// The middle Sa.
    pub fn sa(&self) -> Result<Sa> {
        Ok(self.sa.parse()?)
    }

    /// The map from rasa to raga.
    pub fn map(&self, library: &Library) -> Result<RasaMap> {
        Ok(library.map(&self.map)?)
    }

    /// The engine for a library and a map.
    pub fn engine_of(&self, library: Library, map: RasaMap) -> Result<Engine> {
        let lists = (self.style == Style::Original).then(NoteLists::built_in).transpose()?;
        let settings = Settings {
            seed: self.seed,
            sa: self.sa()?,
            bends: !self.no_bends,
            original: lists.map(Arc::new),
            choosing: if self.at.is_some() { Choosing::Hours } else { Choosing::First },
            ..Settings::default()
        };
        settings.minute.tell(self.at);
        Ok(Engine::new(Arc::new(library), Arc::new(map), settings))
    }
}

/// Says something beside the program's output.
pub fn tell(line: &str) {
    rasika_device::terminal::warn(line);
}

/// A .mid file that cannot be written is known before the music, not after it.
pub fn writable(path: &Path) -> Result<()> {
    if output::is_standard(path) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.display();
    if let Ok(there) = path.metadata() {
        anyhow::ensure!(there.is_file(), "cannot write {name}: it is no file; give another name");
        let mut begin = Vec::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(4).read_to_end(&mut begin));
        let is_ours = read.is_ok() && (begin.is_empty() || begin == *b"MThd");
        anyhow::ensure!(is_ours, "{name} is there and is no MIDI file, so it is not overwritten; give another name");
    }
    anyhow::ensure!(
        folder.is_dir(),
        "cannot write {name}: the folder {} does not exist; make it first",
        folder.display()
    );
    let probe = folder.join(format!(".rasikad.{}.part", std::process::id()));
    std::fs::File::create(&probe).with_context(|| format!("cannot write {name}"))?;
    let _ = std::fs::remove_file(probe);
    Ok(())
}

/// How a port carries its own map, for `rasikad ports`.
pub const PORT_MAPS: &str =
    "to play on, any of them with its own sound map after a last `=`: `alsa:Synth=gs`, `serial:/dev/ttyAMA0=one`";

/// The sound maps that ports carry, by the word each port is opened by.
pub fn own_sounds(ports: &[String]) -> Result<BTreeMap<String, SoundMap>> {
    let mut sounds = BTreeMap::new();
    for (port, map) in ports.iter().map(|word| midi_port(word)) {
        if let Some(map) = map {
            sounds.insert(port.to_owned(), SoundMap::named(map)?);
        }
    }
    Ok(sounds)
}

/// Time for the melody to end, unless a second signal says otherwise.
pub fn rest(stop: &AtomicBool) {
    let was = stop.swap(false, Ordering::AcqRel);
    let wait = if was { Duration::from_millis(300) } else { Duration::from_secs(4) };
    let until = Instant::now() + wait;
    while Instant::now() < until && !stop.load(Ordering::Acquire) {
        std::thread::sleep(Duration::from_millis(20));
    }
}
