//! Checks texts as the box reads them at its start: what passes here can be put in force.

use crate::config::{Config, Layers, conflict};
use crate::link::message::FileKind;
use crate::performer::{Library, RasaMap, SoundMap};
use std::path::Path;

/// A kind of file in a word, for sentences.
#[must_use]
pub const fn label(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Model => "model",
        FileKind::Config => "config",
        FileKind::Raga => "raga",
        FileKind::Map => "rasa map",
        FileKind::Sounds => "sound map",
    }
}

/// Checks a text of any kind but a model's, and says what it is in a line. A map may name ragas of `library`; `folder` is
/// the box's own, where it is known.
///
/// # Errors
/// The first thing that is wrong, with file and line.
pub fn check_text(
    kind: FileKind,
    file: &str,
    bytes: &[u8],
    library: &Library,
    folder: Option<&Path>,
) -> Result<String, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| format!("{file} is no text; push a .toml file"))?;
    match kind {
        FileKind::Model => Err(format!("{file} is to be checked as a model package")),
        FileKind::Config => {
            let config = Config::parse(file, text).map_err(|error| error.to_string())?;
            if config.link.listen.is_empty() && config.link.serial.is_empty() {
                return Err(format!(
                    "{file} leaves laptops no way to the box, and you could not take it back; name one in link.listen or \
                     link.serial"
                ));
            }
            if let Some(why) = conflict(&config) {
                return Err(format!("{file}: {why}"));
            }
            let stays = Layers::stays(file, text, folder).map_err(|error| error.to_string())?;
            let stays = match &stays[..] {
                [] => String::new(),
                keys => format!("; set on the box itself only, and not changed: {}", keys.join(", ")),
            };
            Ok(format!("settings of {}{stays}", config.box_name))
        }
        FileKind::Raga => {
            let mut library = library.clone();
            let index = library.add_raga(file, text).map_err(|error| error.to_string())?;
            Ok(format!("raga {}", library.ragas[index].name))
        }
        FileKind::Map => {
            let map = RasaMap::parse(file, text, library).map_err(|error| error.to_string())?;
            let ragas = rasika_models::Rasa::ALL.map(|rasa| library.ragas[map.style(rasa).ragas[0]].name.clone());
            Ok(format!("rasas to {}", ragas.join(", ")))
        }
        FileKind::Sounds => {
            SoundMap::parse(file, text).map_err(|error| error.to_string())?;
            Ok("a sound map".to_owned())
        }
    }
}
