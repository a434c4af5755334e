//! Settings that are each sound and cannot be together: two users of one port, a folder that is a file.

use std::path::{Path, PathBuf};

use super::{Config, midi_port};

/// What cannot be together; a sentence for each, with what to do.
#[must_use]
pub fn clashes(config: &Config) -> Vec<String> {
    let mut said = twice("midi.ports", config.midi.ports.iter().map(|word| midi_port(word).0));
    said.extend(twice("midi.midi_in", config.midi.midi_in.iter().map(String::as_str)));
    let links: Vec<String> = config.link.serial.iter().map(|(device, _)| format!("serial:{device}")).collect();
    said.extend(twice("link.serial", links.iter().map(String::as_str)));
    let midi = [("midi.ports", &config.midi.ports), ("midi.midi_in", &config.midi.midi_in)];
    for (setting, words) in midi {
        let lines = words.iter().filter_map(|word| line(word));
        let shared = lines.filter(|device| links.iter().any(|link| line(link).as_ref() == Some(device)));
        said.extend(shared.map(|device| {
            format!(
                "{setting} and link.serial both have {}; one line carries MIDI or laptops, so take it out of one of them",
                device.display()
            )
        }));
    }
    for (at, address) in config.link.listen.iter().enumerate() {
        if config.link.listen[..at].contains(address) {
            said.push(format!("link.listen has {address} twice; leave one of them out"));
        }
    }
    said.extend(
        no_folder(&config.recording.folder)
            .map(|file| format!("recording.folder: {} is a file, not a folder; name another folder", file.display())),
    );
    said
}

/// The first on the way to a folder that is there and is none.
#[must_use]
pub fn no_folder(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|path| path.symlink_metadata().is_ok()).filter(|path| !path.is_dir()).map(Path::to_owned)
}

/// A sentence for each port that a list has more than once.
fn twice<'a>(setting: &str, words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let words: Vec<&str> = words.collect();
    let same = |one: &str, other: &str| match (line(one), line(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    };
    let again = |&at: &usize| words[..at].iter().any(|before| same(before, words[at]));
    let sentence = |at: usize| format!("{setting} has {} twice; leave one of them out", words[at]);
    (0..words.len()).filter(again).map(sentence).collect()
}

/// The device of a serial line's word, `serial:/dev/serial0@38400`: what its name points to, where it is there.
fn line(word: &str) -> Option<PathBuf> {
    let device = midi_port(word).0.strip_prefix("serial:")?.split(['@', '+']).next()?;
    let device = Path::new(device);
    Some(device.canonicalize().unwrap_or_else(|_| device.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        clashes(&Config::parse("x.toml", text).unwrap())
    }

    #[test]
    fn a_port_has_one_user() {
        for (text, words) in [
            ("[midi]\nports = [\"serial:/dev/ttyAMA0\", \"serial:/dev/ttyAMA0\"]", ["midi.ports", "twice"]),
            ("[midi]\nports = [\"serial:/dev/ttyAMA0=gs\", \"serial:/dev/ttyAMA0@38400+whole\"]", ["ttyAMA0", "twice"]),
            ("[midi]\nports = [\"alsa:Synth\", \"alsa:Synth=gs\"]", ["alsa:Synth", "twice"]),
            ("[midi]\nmidi_in = [\"usb\", \"usb\"]", ["midi.midi_in", "twice"]),
            (
                "[midi]\nports = [\"serial:/dev/ttyAMA0\"]\n[link]\nserial = [\"/dev/ttyAMA0\"]",
                ["link.serial", "MIDI or laptops"],
            ),
            (
                "[midi]\nmidi_in = [\"serial:/dev/ttyAMA0@9600\"]\n[link]\nserial = [\"/dev/ttyAMA0@115200\"]",
                ["midi.midi_in", "ttyAMA0"],
            ),
            ("[link]\nserial = [\"/dev/ttyACM0\", \"/dev/ttyACM0@9600\"]", ["link.serial", "twice"]),
            ("[link]\nlisten = [\"0.0.0.0:1\", \"0.0.0.0:1\"]", ["0.0.0.0:1", "twice"]),
        ] {
            let said = said(text);
            assert!(said.len() == 1 && words.iter().all(|word| said[0].contains(word)), "{text}: {said:?}");
        }
        // A line carries MIDI both ways, and several synths are several ports.
        assert!(
            said(
                "[midi]\nports = [\"serial:/dev/ttyAMA0\", \"alsa:A\", \"alsa:B\"]\nmidi_in = [\"serial:/dev/ttyAMA0\"]"
            )
            .is_empty()
        );
    }

    #[test]
    fn a_folder_is_no_file() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        std::fs::write(&file, "").unwrap();
        for folder in [file.clone(), file.join("below")] {
            let text = format!("[recording]\nfolder = \"{}\"", folder.display());
            let said = said(&text);
            assert!(said.len() == 1 && said[0].contains("is a file"), "{said:?}");
        }
        assert_eq!(no_folder(&place.path().join("not/yet")), None);
    }
}
