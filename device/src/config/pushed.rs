//! What settings from a laptop may not say, though each alone is sound.

use super::{Config, is_pipeline, midi_port};
use std::path::{Component, Path};
use toml::Value;

/// Beginnings of the names of serial lines.
const LINES: [&str; 4] = ["/dev/tty", "/dev/serial", "/dev/rfcomm", "/dev/pts/"];
/// Beginnings of the names of cameras.
const CAMERAS: [&str; 2] = ["/dev/video", "/dev/v4l/"];

/// Whether only the box's own files say this: where it keeps its takes and its laptops' keys; how long laptops have to
/// come back; that pictures are kept; a camera pipeline, which can send pictures anywhere; and devices that are none of
/// their kind. `folder` is the box's own, if it is known: MIDI files go nowhere else.
pub(super) fn is_owners(section: &str, key: &str, value: &Value, folder: Option<&Path>) -> bool {
    match (section, key) {
        ("recording", "folder") | ("link", "proving_s") => true,
        ("recording", "keep_images") => value.as_bool() != Some(false),
        ("camera", "source") => value.as_str().is_none_or(|source| is_pipeline(source) || !is_camera(source)),
        ("panel", "pins") => value.as_str().is_none_or(|pins| {
            pins.split_once(':').is_some_and(|(_, chip)| !chip.starts_with("/dev/gpiochip") || climbs(chip))
        }),
        ("midi", "ports" | "midi_in") => words(value).any(|port| reaches_out(port, folder)),
        ("link", "serial") => words(value).any(|line| !is_line(line)),
        _ => false,
    }
}

fn words(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn is_camera(source: &str) -> bool {
    source.chars().all(|c| c.is_ascii_digit()) || CAMERAS.iter().any(|dev| source.starts_with(dev)) && !climbs(source)
}

fn is_line(line: &str) -> bool {
    LINES.iter().any(|dev| line.starts_with(dev)) && !climbs(line)
}

fn climbs(path: &str) -> bool {
    Path::new(path).components().any(|part| part == Component::ParentDir)
}

/// Whether a MIDI port writes a file outside the box's folder, or to a device that is no serial line.
fn reaches_out(word: &str, folder: Option<&Path>) -> bool {
    match midi_port(word).0.split_once(':') {
        Some(("serial", line)) => !is_line(line),
        Some(("file", file)) => {
            let inside = |folder: &Path| Path::new(file).parent() == Some(folder);
            climbs(file) || folder.is_some_and(|folder| !inside(folder))
        }
        _ => false,
    }
}

/// Why these settings cannot be together: a serial line that is wanted twice, or at no rate.
pub fn conflict(config: &Config) -> Option<String> {
    let device = |line: &str| std::fs::canonicalize(line).unwrap_or_else(|_| line.into());
    let links: Vec<_> = config.link.serial.iter().map(|(line, _)| device(line)).collect();
    let mut played = Vec::new();
    for word in &config.midi.ports {
        let (port, _) = midi_port(word);
        if played.contains(&port) {
            return Some(format!("midi.ports has '{port}' twice; name it once"));
        }
        played.push(port);
    }
    for word in config.midi.ports.iter().chain(&config.midi.midi_in) {
        let Some(("serial", address)) = midi_port(word).0.split_once(':') else { continue };
        let (line, baud) = address.split_once('@').map_or((address, None), |(line, baud)| (line, Some(baud)));
        let line = line.trim_end_matches("+whole");
        let rate = baud.map(|baud| baud.trim_end_matches("+whole").parse::<u32>());
        if rate.is_some_and(|rate| !rate.is_ok_and(|rate| (300..=4_000_000).contains(&rate))) {
            return Some(format!("'{word}' has no baud rate that a line could have; leave it out for MIDI's 31250"));
        }
        if links.contains(&device(line)) {
            return Some(format!("{line} is named for MIDI and for laptops; give each its own line"));
        }
    }
    None
}
