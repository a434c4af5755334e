//! Files and presets that settings name: the box reads them at its start, `config check` and `doctor` before it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use rasika_device::config::{Config, MidiConfig, MusicConfig, clashes, midi_port};
use rasika_device::hand::Keys;
use rasika_device::panel::Lights;
use rasika_device::performer::{Library, RasaMap, SoundMap};

/// Ragas, talas and maps: the built-in ones, and those of a folder over them.
pub fn library(music: &MusicConfig) -> Result<Library> {
    match &music.library {
        Some(folder) => Library::with_folder(folder).context("music.library"),
        None => built_in(),
    }
}

/// Those without which there is no music.
pub fn built_in() -> Result<Library> {
    Library::built_in().context("the built-in ragas")
}

/// The map from rasa to raga.
pub fn map(music: &MusicConfig, library: &Library) -> Result<RasaMap> {
    library.map(&music.map).context("music.map")
}

/// How voices are laid out where a port has no map of its own.
pub fn sounds(music: &MusicConfig) -> Result<SoundMap> {
    SoundMap::named(&music.sounds).context("music.sounds")
}

/// The sound maps that ports carry, by the word each port is opened by; and what is wrong with others.
pub fn own_sounds(midi: &MidiConfig) -> (BTreeMap<String, SoundMap>, Vec<anyhow::Error>) {
    let (mut sounds, mut errors) = (BTreeMap::new(), Vec::new());
    for (port, map) in midi.ports.iter().map(|word| midi_port(word)) {
        match map.map(SoundMap::named).transpose().with_context(|| format!("midi.ports, {port}")) {
            Ok(map) => sounds.extend(map.map(|map| (port.to_owned(), map))),
            Err(error) => errors.push(error),
        }
    }
    (sounds, errors)
}

/// Which keys choose what.
pub fn keys(midi: &MidiConfig) -> Result<Keys> {
    Ok(midi.keys.as_deref().map(Keys::read).transpose().context("midi.keys")?.unwrap_or_default())
}

/// The looks of the panel's LEDs.
pub fn lights(config: &Config) -> Result<Lights> {
    let file = config.panel.as_ref().and_then(|panel| panel.lights.as_deref());
    Lights::of(file).context("panel.lights")
}

/// What is wrong with what settings name.
pub fn check(config: &Config) -> Vec<anyhow::Error> {
    let mut errors = own_sounds(&config.midi).1;
    errors.extend(sounds(&config.music).err());
    errors.extend(keys(&config.midi).err());
    errors.extend(lights(config).err());
    errors.extend(clashes(config).into_iter().map(anyhow::Error::msg));
    match library(&config.music) {
        Ok(library) => errors.extend(map(&config.music, &library).err()),
        Err(error) => errors.push(error),
    }
    errors
}
