//! `rasikad run`: the settings of a box, and the parts that can be made before any of them works.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use rasika_device::config::{CameraSource, Config};
use rasika_device::hand::Keys;
use rasika_device::laptops;
use rasika_device::link::message::FileKind;
use rasika_device::panel::terminal::SimulatedPanel;
use rasika_device::panel::{self, Panel, RecordBy};
use rasika_device::performer::{Engine, RasaMap, Settings, SoundMap};
use rasika_device::recorder;
use rasika_device::shelf::{Entry, Shelf, label};
use rasika_device::source::{Source, Wish};
use rasika_device::steward::Front;
use rasika_device::terminal::warn;
use rasika_hardware::pins::{Bcm, Pull};

use super::named;

/// Where the settings say that takes are kept if nobody says otherwise.
const SYSTEM_FOLDER: &str = "/var/lib/rasika";
/// The map if the one that was named cannot be used.
const DEFAULT_MAP: &str = "default";

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
    #[arg(long, value_name = "DIR", env = "RASIKA_MODELS", value_parser = rasika_device::home::path)]
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
    /// Whether some settings were wrong and their defaults are used.
    pub unsound: bool,
    /// How voices are laid out where a port has no map of its own.
    pub sounds: SoundMap,
    /// How they are on ports that have.
    pub own_sounds: BTreeMap<String, SoundMap>,
    /// Which keys of a keyboard choose what.
    pub keys: Keys,
    /// Whether the way of laptops to the box was pushed, and is on trial.
    pub link_on_trial: bool,
    /// What laptops pushed; or why that cannot be read.
    pub shelf: Result<Arc<Shelf>, String>,
    /// What there is to tell.
    pub told: Vec<String>,
}

impl Run {
    /// Reads the settings and makes what can be made of them. A box with wrong settings plays on the defaults of those and
    /// says so; on a terminal it is told and goes no further.
    pub fn setup(self) -> Result<Setup> {
        let mut wrong = Wrong { is_fatal: self.simulate, met: false };
        let (layers, errors) = self.settings.layers_in_part(None)?;
        errors.into_iter().try_for_each(|error| wrong.told(error))?;
        let (mut config, errors) = Config::of_what_can_be(layers)?;
        errors.into_iter().try_for_each(|error| wrong.told(error.into()))?;
        if self.simulate && config.recording.folder == Path::new(SYSTEM_FOLDER) {
            // Whoever tries it has no right to the system's folder.
            config.recording.folder = own_folder();
        }
        // A folder that cannot be made is told by whoever needs it.
        let _ = rasika_device::private::folder(&config.recording.folder);
        rasika_device::private::mend(&config.recording.folder.join("link"));
        let (shelf, mut told) = match Shelf::open(&config.recording.folder.join("shelf")) {
            Ok((shelf, told)) => (Ok(Arc::new(shelf)), told),
            Err(error) => (Err(error.to_string()), Vec::new()),
        };
        let pushed = Pushed { shelf: shelf.as_ref().ok().map(|shelf| &**shelf), told: &mut told };
        let (mut config, engine, sounds) = self.with_pushed(config, &mut wrong, pushed)?;
        let link_on_trial = shelf.as_ref().is_ok_and(|shelf| self.link_on_trial(shelf, &config));
        let (own_sounds, errors) = named::own_sounds(&config.midi);
        errors.into_iter().try_for_each(|error| wrong.told(error))?;
        let keys = wrong.or(named::keys(&config.midi), || Ok(Keys::default()))?;
        if let Err(error) = named::lights(&config) {
            wrong.told(error)?;
            config.panel.iter_mut().for_each(|panel| panel.lights = None);
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
        let unsound = wrong.met;
        Ok(Setup {
            engine,
            config,
            source,
            front,
            models,
            unsound,
            sounds,
            own_sounds,
            keys,
            link_on_trial,
            shelf,
            told,
        })
    }
}

/// What is wrong with the settings: on a terminal the end, in a box told and met with a default.
struct Wrong {
    is_fatal: bool,
    met: bool,
}

impl Wrong {
    fn told(&mut self, error: anyhow::Error) -> Result<()> {
        if self.is_fatal {
            return Err(error);
        }
        warn(format_args!("{error:#}; the default is used until then"));
        self.met = true;
        Ok(())
    }

    fn or<T>(&mut self, read: Result<T>, default: impl FnOnce() -> Result<T>) -> Result<T> {
        read.or_else(|error| self.told(error).and_then(|()| default()))
    }
}

/// What laptops pushed that is read at a start. What is wrong with it is told, and the box goes on without it.
struct Pushed<'a> {
    shelf: Option<&'a Shelf>,
    told: &'a mut Vec<String>,
}

impl Pushed<'_> {
    /// Reads each text of a kind that is in force.
    fn read(&mut self, kind: FileKind, mut read: impl FnMut(&Entry, &str) -> Result<()>) {
        let Some(shelf) = self.shelf else { return };
        for entry in shelf.in_force(kind) {
            let text = shelf.read(entry.hash).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            if let Err(error) = text.map_err(Into::into).and_then(|text| read(&entry, &text)) {
                self.told.push(format!("{error:#}; the box goes on without this {}", label(kind)));
            }
        }
    }
}

impl Run {
    /// Whether settings that are on trial change the way of laptops to the box from what last proved itself.
    fn link_on_trial(&self, shelf: &Shelf, config: &Config) -> bool {
        if !shelf.on_trial().contains(&FileKind::Config) {
            return false;
        }
        let text = |entry: Entry| {
            let bytes = shelf.read(entry.hash).ok()?;
            Some((entry.name.to_string(), String::from_utf8_lossy(&bytes).into_owned()))
        };
        let proven = shelf.last_proven(FileKind::Config).into_iter().find_map(text);
        let proven = proven.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
        let layers = self.settings.layers_in_part(proven).ok();
        let before = layers.and_then(|(layers, _)| Config::of_what_can_be(layers).ok());
        before.is_none_or(|(before, _)| before.link != config.link)
    }

    /// Settings and music with what laptops pushed over them.
    fn with_pushed(
        &self,
        config: Config,
        wrong: &mut Wrong,
        mut pushed: Pushed<'_>,
    ) -> Result<(Config, Engine, SoundMap)> {
        let mut config = config;
        let folder = config.recording.folder.clone();
        pushed.read(FileKind::Config, |entry, text| {
            // What is wrong with the box's own settings has been told.
            let (layers, _) = self.settings.layers_in_part(Some((entry.name.as_str(), text)))?;
            (config, _) = Config::of_what_can_be(layers)?;
            config.recording.folder.clone_from(&folder);
            Ok(())
        });
        let music = &config.music;
        let mut library = wrong.or(named::library(music), named::built_in)?;
        pushed.read(FileKind::Raga, |entry, text| Ok(library.add_raga(entry.name.as_str(), text).map(drop)?));
        let usual = || Ok(library.map(DEFAULT_MAP)?);
        let mut map = wrong.or(named::map(music, &library), usual)?;
        pushed.read(FileKind::Map, |entry, text| {
            map = RasaMap::parse(entry.name.as_str(), text, &library)?;
            Ok(())
        });
        let mut sounds = wrong.or(named::sounds(music), || Ok(SoundMap::default()))?;
        pushed.read(FileKind::Sounds, |entry, text| {
            sounds = SoundMap::parse(entry.name.as_str(), text)?;
            Ok(())
        });
        let settings = Settings {
            seed: music.seed,
            sa: music.sa,
            bends: music.bends,
            drone_s: music.drone_s,
            choosing: music.ragas,
            ..Settings::default()
        };
        Ok((config, Engine::new(Arc::new(library), Arc::new(map), settings), sounds))
    }
}

/// Where takes are kept that are nobody's but the user's.
fn own_folder() -> PathBuf {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/share"));
    let data = std::env::var_os("XDG_DATA_HOME").filter(|data| !data.is_empty()).map(PathBuf::from).or_else(home);
    data.unwrap_or_else(std::env::temp_dir).join("rasika/box")
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
        keep_images: recording.keep_images,
    }
}

/// How laptops reach the box.
pub fn link(config: &Config, on_trial: bool) -> laptops::Settings {
    laptops::Settings {
        listen: config.link.listen.clone(),
        serial: config.link.serial.clone(),
        mdns: config.link.mdns,
        keys: config.recording.folder.join("link"),
        on_trial: on_trial.then(|| Duration::from_secs(config.link.proving_s.into())),
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
