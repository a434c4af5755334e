//! The settings of a box: `rasika.toml`, with every default written out in `device/config/rasika.toml`.
//!
//! [`Layers`] holds what is set and by whom; [`Config::of`] makes of it, once, a type that cannot be half valid.
//! Nothing here reads files or the environment by itself: the laptop uses it for a box's settings as the box does.

mod clashes;
mod layers;
mod pushed;
mod value;

pub use clashes::{clashes, no_folder};
pub use layers::{ConfigError, DEFAULTS, Layers, Origin, Setting};
pub use pushed::conflict;

use crate::link::message::bounds::SETTINGS;
use crate::link::serial::BAUD;
use crate::performer::Sa;
use crate::performer::choice::Choosing;
use rasika_hardware::midi;
use std::net::SocketAddr;
use std::path::PathBuf;
use value::Values;

/// Where a box's file lies if nothing else is said.
pub const FILE: &str = "/etc/rasika/rasika.toml";
/// Where any PC can put settings for a card that has just been written: on the boot partition.
pub const BOOT_FILE: &str = "/boot/firmware/rasika.toml";
/// Pins of a Raspberry Pi's header end here.
const LAST_PIN: i64 = 27;
/// Ways to the pins.
const PINS: [&str; 5] = ["auto", "rppal", "gpiochip", "simulated", "none"];
/// Sound maps that are built in.
const SOUNDS: [&str; 5] = ["gm", "gs", "xg", "one", "tabla"];

/// All settings, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// How the box calls itself.
    pub box_name: String,
    /// `[camera]`
    pub camera: CameraConfig,
    /// `[music]`
    pub music: MusicConfig,
    /// `[midi]`
    pub midi: MidiConfig,
    /// `[panel]`; `None` for a box without one.
    pub panel: Option<PanelConfig>,
    /// `[recording]`
    pub recording: RecordingConfig,
    /// `[link]`
    pub link: LinkConfig,
    /// All of it as a file, as it is kept with a take.
    pub text: String,
}

/// Where frames come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraSource {
    /// A V4L2 device.
    Device(String),
    /// A GStreamer pipeline.
    Pipeline(String),
}

/// `[camera]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraConfig {
    /// Where frames come from.
    pub source: CameraSource,
    /// Whether they are mirror images.
    pub mirror: bool,
    /// `None`: the camera's own; else in units of 100 µs, 1–10000.
    pub exposure_100_us: Option<u16>,
    /// Width asked for, in pixels.
    pub width: u32,
    /// Height asked for, in pixels.
    pub height: u32,
    /// Frames a second asked for.
    pub rate_hz: u32,
}

/// `[music]`
#[derive(Debug, Clone, PartialEq)]
pub struct MusicConfig {
    /// A rasa map's name or path.
    pub map: String,
    /// Repeats the music.
    pub seed: u64,
    /// The middle Sa.
    pub sa: Sa,
    /// How a raga is chosen among those of a rasa.
    pub ragas: Choosing,
    /// A folder of one's own ragas, talas and maps.
    pub library: Option<PathBuf>,
    /// A sound map's name or path.
    pub sounds: String,
    /// Whether notes are bent.
    pub bends: bool,
    /// Seconds the drone goes on alone before there is silence.
    pub drone_s: u32,
}

/// `[midi]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MidiConfig {
    /// Ports to play on, each of a known kind.
    pub ports: Vec<String>,
    /// Ports to listen to.
    pub midi_in: Vec<String>,
    /// Which keys choose what, if not the usual ones.
    pub keys: Option<PathBuf>,
    /// Whether clock is sent.
    pub clock: bool,
    /// Whether Active Sensing is sent.
    pub active_sensing: bool,
}

/// `[panel]`; pins are BCM numbers 0–27, all different.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelConfig {
    /// The way to the pins.
    pub pins: String,
    /// The SELECT button's pin.
    pub select: u8,
    /// The RECORD button's pin.
    pub record: u8,
    /// The READY LED's pin.
    pub ready_led: u8,
    /// The FACE LED's pin.
    pub face_led: u8,
    /// The REC LED's pin.
    pub record_led: u8,
    /// The MIDI LED's pin.
    pub midi_led: u8,
    /// Whether buttons pull to 3.3 V rather than to ground.
    pub pull_down: bool,
    /// 0–1.
    pub brightness: f32,
    /// A file of looks of one's own.
    pub lights: Option<PathBuf>,
    /// Whether RECORD goes from click to click rather than while it is held.
    pub record_by_click: bool,
    /// Blinks before a take.
    pub count_in_beats: u8,
    /// Milliseconds of each.
    pub count_in_beat_ms: u16,
}

/// `[recording]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingConfig {
    /// Where takes are kept.
    pub folder: PathBuf,
    /// Takes fill no more than this.
    pub quota_bytes: u64,
    /// So much of the disk is left free.
    pub margin_bytes: u64,
    /// Whether takes that a laptop holds may be deleted at the quota.
    pub prune_held: bool,
    /// Whether a small picture is kept each second of a take.
    pub keep_images: bool,
    /// Who performs; may be empty.
    pub performer: String,
}

/// `[link]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkConfig {
    /// Where laptops reach the box.
    pub listen: Vec<SocketAddr>,
    /// Serial ports, each with its baud rate.
    pub serial: Vec<(String, u32)>,
    /// Whether it is announced.
    pub mdns: bool,
    /// Seconds in which a laptop has to come through new settings of this section that a laptop pushed.
    pub proving_s: u32,
}

impl Config {
    /// Checks all that is set.
    ///
    /// # Errors
    /// The first value that cannot be, with where it was set and what it may be.
    pub fn of(layers: &Layers) -> Result<Self, ConfigError> {
        Self::of_values(layers, &Values::of(layers))
    }

    /// The settings with the default of each that cannot be, and what is wrong with those.
    ///
    /// # Errors
    /// The reference itself is wrong.
    pub fn of_what_can_be(mut layers: Layers) -> Result<(Self, Vec<ConfigError>), ConfigError> {
        let mut errors = Vec::new();
        loop {
            let values = Values::of(&layers);
            match Self::of_values(&layers, &values) {
                Ok(config) => return Ok((config, errors)),
                Err(error) => {
                    let path = values.last_wrong();
                    if !path.is_some_and(|path| layers.put_back(&path).unwrap_or(false)) {
                        return Err(error);
                    }
                    errors.push(error);
                }
            }
        }
    }

    fn of_values(layers: &Layers, values: &Values<'_>) -> Result<Self, ConfigError> {
        let config = Self::of_each(layers, values)?;
        if config.text.len() > SETTINGS {
            // They go with each take.
            let longest = layers.settings().iter().max_by_key(|setting| setting.value.to_string().len());
            let path = longest.map(|setting| format!("{}.{}", setting.section, setting.key)).unwrap_or_default();
            let what =
                format!("all settings together are longer than {SETTINGS} bytes, {path} the longest; shorten it");
            return Err(values.wrong(&path, what));
        }
        Ok(config)
    }

    fn of_each(layers: &Layers, values: &Values<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            box_name: values.named("box.name")?,
            camera: camera(values)?,
            music: music(values)?,
            midi: MidiConfig {
                ports: midi_ports(values, "midi.ports", midi_port)?,
                midi_in: midi_ports(values, "midi.midi_in", |word| (word, None))?,
                keys: values.path("midi.keys")?,
                clock: values.yes("midi.clock")?,
                active_sensing: values.yes("midi.active_sensing")?,
            },
            panel: panel(values)?,
            recording: recording(values)?,
            link: LinkConfig {
                listen: addresses(values)?,
                serial: lines(values)?,
                mdns: values.yes("link.mdns")?,
                proving_s: values.whole("link.proving_s", 5..=3600)? as u32,
            },
            text: layers.snapshot(),
        })
    }

    /// The settings of a file's text, over the defaults.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let mut layers = Layers::defaults()?;
        layers.file(file, text)?;
        Self::of(&layers)
    }
}

fn camera(values: &Values<'_>) -> Result<CameraConfig, ConfigError> {
    let source = values.named("camera.source")?;
    Ok(CameraConfig {
        source: if is_pipeline(&source) { CameraSource::Pipeline(source) } else { CameraSource::Device(source) },
        mirror: values.yes("camera.mirror")?,
        exposure_100_us: values.auto_or_whole("camera.exposure", 1..=10_000)?.map(|value| value as u16),
        width: values.whole("camera.width", 64..=8192)? as u32,
        height: values.whole("camera.height", 64..=8192)? as u32,
        rate_hz: values.whole("camera.rate_hz", 1..=240)? as u32,
    })
}

fn music(values: &Values<'_>) -> Result<MusicConfig, ConfigError> {
    let sounds = values.named("music.sounds")?;
    let sounds = values.at_home("music.sounds", &sounds)?.display().to_string();
    if !SOUNDS.contains(&sounds.as_str()) && !is_toml(&sounds) {
        return Err(values.unknown("music.sounds", &sounds, &SOUNDS, ", or the path of a .toml file"));
    }
    Ok(MusicConfig {
        map: values.named("music.map")?,
        seed: values.whole("music.seed", 0..=i64::MAX)?.unsigned_abs(),
        sa: values.sa("music.sa")?,
        drone_s: values.whole("music.drone_s", 1..=86_400)? as u32,
        ragas: ragas(values)?,
        library: values.path("music.library")?,
        sounds,
        bends: values.yes("music.bends")?,
    })
}

fn ragas(values: &Values<'_>) -> Result<Choosing, ConfigError> {
    let word = values.word("music.ragas", &Choosing::NAMES.map(|(name, _)| name))?;
    let chosen = Choosing::NAMES.into_iter().find(|(name, _)| *name == word);
    Ok(chosen.map_or(Choosing::Hours, |(_, choosing)| choosing))
}

/// Whether a camera's source is a GStreamer pipeline.
fn is_pipeline(source: &str) -> bool {
    source.contains('!')
}

fn is_toml(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension == "toml")
}

fn midi_ports(
    values: &Values<'_>,
    path: &str,
    split: impl Fn(&str) -> (&str, Option<&str>),
) -> Result<Vec<String>, ConfigError> {
    let ports = values.texts(path)?;
    let kinds: Vec<&str> = midi::KINDS.iter().map(|kind| kind.word).collect();
    for port in &ports {
        let (name, map) = split(port);
        let (kind, address) = name.split_once(':').unwrap_or((name, ""));
        if !kinds.contains(&kind) {
            return Err(values.unknown(path, port, &kinds, ", each may be followed by : and a name"));
        }
        if let Some(map) = map.filter(|map| !SOUNDS.contains(map) && !is_toml(map)) {
            let also = format!(" after the = of '{port}', or the path of a .toml file");
            return Err(values.unknown(path, map, &SOUNDS, &also));
        }
        if address.is_empty()
            && let Some((_, example)) = ADDRESSED.iter().find(|(word, _)| *word == kind)
        {
            return Err(values.wrong(path, format!("{path} has '{port}'; say which, as {example}")));
        }
        midi::is_well_formed(name).map_err(|error| values.wrong(path, format!("{path} has {error}")))?;
    }
    Ok(ports)
}

/// Kinds of port that need an address, with an example.
const ADDRESSED: [(&str, &str); 2] = [("serial", "serial:/dev/ttyAMA0"), ("file", "file:evening.mid")];

/// A port's word and the sound map after its last `=`, if it has one: `alsa:Synth=gs`. A name that holds a `=` itself
/// is followed by another, with its map.
#[must_use]
pub fn midi_port(word: &str) -> (&str, Option<&str>) {
    word.rsplit_once('=').map_or((word, None), |(port, map)| (port, Some(map)))
}

fn panel(values: &Values<'_>) -> Result<Option<PanelConfig>, ConfigError> {
    const KEYS: [&str; 6] =
        ["panel.select", "panel.record", "panel.ready_led", "panel.face_led", "panel.record_led", "panel.midi_led"];
    let pins = values.named("panel.pins")?;
    if !PINS.contains(&pins.split(':').next().unwrap_or_default()) {
        return Err(values.unknown("panel.pins", &pins, &PINS, ""));
    }
    let mut numbers = [0; KEYS.len()];
    for (place, key) in KEYS.iter().enumerate() {
        numbers[place] = values.whole(key, 0..=LAST_PIN)? as u8;
        if let Some(other) = numbers[..place].iter().position(|number| *number == numbers[place]) {
            // Of the two, whichever was set by hand is where the mistake is.
            let set = if values.is_default(key)? { KEYS[other] } else { key };
            let what = format!("{} and {key} are both GPIO{}; give each its own pin", KEYS[other], numbers[place]);
            return Err(values.wrong(set, what));
        }
    }
    let [select, record, ready_led, face_led, record_led, midi_led] = numbers;
    let panel = PanelConfig {
        select,
        record,
        ready_led,
        face_led,
        record_led,
        midi_led,
        pull_down: values.word("panel.pull", &["up", "down"])? == "down",
        brightness: values.number("panel.brightness", 0.0..=1.0)? as f32,
        lights: values.path("panel.lights")?,
        record_by_click: values.word("panel.record_by", &["hold", "click"])? == "click",
        count_in_beats: values.whole("panel.count_in_beats", 0..=16)? as u8,
        count_in_beat_ms: values.whole("panel.count_in_beat_ms", 100..=3000)? as u16,
        pins,
    };
    Ok(Some(panel).filter(|panel| panel.pins != "none"))
}

fn recording(values: &Values<'_>) -> Result<RecordingConfig, ConfigError> {
    let megabytes = |key, least| Ok::<_, ConfigError>(values.whole(key, least..=1 << 30)?.unsigned_abs() << 20);
    Ok(RecordingConfig {
        folder: values.at_home("recording.folder", &values.named("recording.folder")?)?,
        quota_bytes: megabytes("recording.quota_mb", 1)?,
        margin_bytes: megabytes("recording.margin_mb", 16)?,
        prune_held: values.yes("recording.prune_held")?,
        keep_images: values.yes("recording.keep_images")?,
        performer: values.text("recording.performer")?,
    })
}

fn lines(values: &Values<'_>) -> Result<Vec<(String, u32)>, ConfigError> {
    let read = |text: &String| {
        let (path, baud) = text.split_once('@').unwrap_or((text, ""));
        let baud = if text.contains('@') { baud.parse().ok() } else { Some(BAUD) };
        let baud = baud.filter(|baud| (1200..=4_000_000).contains(baud) && path.starts_with("/dev/"));
        let what =
            || format!("link.serial has '{text}'; write a device and perhaps a baud rate, as /dev/ttyUSB0@921600");
        baud.map(|baud| (path.to_owned(), baud)).ok_or_else(|| values.wrong("link.serial", what()))
    };
    values.texts("link.serial")?.iter().map(read).collect()
}

fn addresses(values: &Values<'_>) -> Result<Vec<SocketAddr>, ConfigError> {
    let read = |text: &String| {
        let what = || format!("link.listen has '{text}'; write an address and a port, as 0.0.0.0:7337 or [::]:7337");
        text.parse().map_err(|_| values.wrong("link.listen", what()))
    };
    values.texts("link.listen")?.iter().map(read).collect()
}
