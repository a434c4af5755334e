//! `rasikad run`: the settings of a box, and the parts that can be made before any of them works.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use rasika_device::config::{CameraSource, Config, Layers};
use rasika_device::panel::terminal::SimulatedPanel;
use rasika_device::panel::{self, Panel, RecordBy};
use rasika_device::performer::{Engine, Library, Settings};
use rasika_device::recorder;
use rasika_device::source::{Source, Wish};
use rasika_device::steward::Front;
use rasika_hardware::pins::{Bcm, Pull};

/// Where the settings say that takes are kept if nobody says otherwise.
const SYSTEM_FOLDER: &str = "/var/lib/rasika";

/// Arguments of `rasikad run`.
#[derive(Debug, Args)]
pub struct Run {
    /// A camera, or a film that stands for one; else as the settings say
    #[arg(value_name = "SOURCE")]
    source: Option<PathBuf>,

    /// The panel in the terminal: keys as buttons, LEDs drawn
    #[arg(long)]
    simulate: bool,

    /// A MIDI port to play on, as often as there are ports; else as the settings say
    #[arg(long = "midi", value_name = "PORT")]
    ports: Vec<String>,

    /// Folder of the five .tflite networks
    #[arg(long, value_name = "DIR", env = "RASIKA_MODELS")]
    models: Option<PathBuf>,

    #[command(flatten)]
    settings: super::config::Settings,
}

/// A box that is about to start.
pub struct Setup {
    /// Its settings.
    pub config: Config,
    /// Its music.
    pub engine: Engine,
    /// Where frames come from.
    pub source: Source,
    /// Its panel.
    pub front: Front,
    /// Folder of the networks.
    pub models: PathBuf,
    /// Whether the settings were wrong and the defaults are used.
    pub unsound: bool,
}

impl Run {
    /// Reads the settings and makes what can be made of them. A box with wrong settings plays on its defaults and says
    /// so; on a terminal it is told and goes no further.
    pub fn setup(self) -> Result<Setup> {
        let read = self.settings.layers().and_then(|layers| Ok(Config::of(&layers)?));
        let (mut config, unsound) = match read {
            Ok(config) => (config, false),
            Err(error) if self.simulate => return Err(error),
            Err(error) => {
                eprintln!("rasikad: {error:#}; the defaults are used until then");
                (Config::of(&Layers::defaults()?)?, true)
            }
        };
        if self.simulate && config.recording.folder == Path::new(SYSTEM_FOLDER) {
            // Whoever tries it has no right to the system's folder.
            config.recording.folder = own_folder();
        }
        if !self.ports.is_empty() {
            config.midi.ports = self.ports;
        }
        let source = match (&self.source, &config.camera.source) {
            (Some(path), _) => Source::of_path(path)?,
            (None, CameraSource::Device(device)) => Source::Camera(device.clone()),
            (None, CameraSource::Pipeline(pipeline)) => Source::Pipeline(pipeline.clone()),
        };
        let panel = panel_settings(&config);
        let front = if self.simulate {
            Front::Terminal(SimulatedPanel::start(panel)?)
        } else {
            Front::Board(Panel::start(panel)?)
        };
        let models = self.models.unwrap_or_else(super::usual_models);
        Ok(Setup { engine: engine(&config)?, config, source, front, models, unsound })
    }
}

/// Where takes are kept that are nobody's but the user's.
fn own_folder() -> PathBuf {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/share"));
    let data = std::env::var_os("XDG_DATA_HOME").filter(|data| !data.is_empty()).map(PathBuf::from).or_else(home);
    data.unwrap_or_else(std::env::temp_dir).join("rasika/box")
}

fn engine(config: &Config) -> Result<Engine> {
    let music = &config.music;
    let library = match &music.library {
        Some(folder) => Library::with_folder(folder)?,
        None => Library::built_in().context("the built-in ragas")?,
    };
    let map = library.map(&music.map)?;
    let settings =
        Settings { seed: music.seed, sa: music.sa, bends: music.bends, drone_s: music.drone_s, ..Settings::default() };
    Ok(Engine::new(Arc::new(library), Arc::new(map), settings))
}

fn panel_settings(config: &Config) -> panel::Settings {
    let Some(panel) = &config.panel else {
        return panel::Settings { pins: "none".to_owned(), ..panel::Settings::default() };
    };
    panel::Settings {
        pins: panel.pins.clone(),
        select: Bcm(panel.select),
        record: Bcm(panel.record),
        pull: if panel.pull_down { Pull::Down } else { Pull::Up },
        ready_led: Bcm(panel.ready_led),
        face_led: Bcm(panel.face_led),
        record_led: Bcm(panel.record_led),
        midi_led: Bcm(panel.midi_led),
        brightness: panel.brightness,
        lights: panel.lights.clone(),
        record_by: if panel.record_by_click { RecordBy::Click } else { RecordBy::Hold },
        count_in_beats: panel.count_in_beats,
        count_in_beat_ms: panel.count_in_beat_ms,
    }
}

/// What the recorder keeps to.
pub fn recorder(config: &Config) -> recorder::Settings {
    let recording = &config.recording;
    recorder::Settings {
        folder: recording.folder.clone(),
        box_name: config.box_name.clone(),
        quota_bytes: recording.quota_bytes,
        margin_bytes: recording.margin_bytes,
        prune_held: recording.prune_held,
    }
}

/// What the camera is asked for.
pub fn wish(config: &Config) -> Wish {
    let camera = &config.camera;
    Wish {
        width: camera.width,
        height: camera.height,
        rate_hz: camera.rate_hz,
        exposure_100_us: camera.exposure_100_us,
    }
}
