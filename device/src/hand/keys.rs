//! Which keys and controllers mean what: nine keys for the nine rasas, one for automatic, one to tap, one controller.

use crate::performer::data_error::{DataError, Source};
use rasika_models::Rasa;
use serde::Deserialize;
use std::fmt::Write as _;
use std::path::Path;
use toml::Spanned;

/// The first of the nine white keys if nothing else is said: the C an octave below middle C.
const BASE: u8 = 48;
/// Semitones of white keys above a C: nine rasas, automatic, tap.
const WHITE: [u8; 11] = [0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17];
/// The modulation wheel.
const INTENSITY: u8 = 1;

/// A file of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file is wrong.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The file cannot be read or written.
    #[error("{file}: {cause}; `rasikad learn --midi-in PORT -o FILE` writes one")]
    File {
        /// The file.
        file: String,
        /// The system's words.
        cause: std::io::Error,
    },
}

/// What a keyboard's keys and controllers mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Channel that is listened to, from 0; `None` is every one.
    pub channel: Option<u8>,
    /// The key of each rasa, in class order.
    pub rasas: [u8; Rasa::COUNT],
    /// The key that leaves everything to the face again.
    pub automatic: Option<u8>,
    /// The key that is tapped for the laya.
    pub tap: Option<u8>,
    /// The controller that drives intensity.
    pub intensity: Option<u8>,
    /// Whether All Notes Off, All Sound Off and System Reset are a panic. Some keyboards say All Notes Off whenever
    /// the last key is let go.
    pub panic: bool,
}

impl Default for Keys {
    /// White keys from the C below middle C: nine for the rasas, the E above them automatic, the F to tap; the
    /// modulation wheel.
    fn default() -> Self {
        let white = WHITE.map(|semitones| BASE + semitones);
        let rasas = std::array::from_fn(|rasa| white[rasa]);
        Self {
            channel: None,
            rasas,
            automatic: Some(white[9]),
            tap: Some(white[10]),
            intensity: Some(INTENSITY),
            panic: true,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysFile {
    channel: Option<Spanned<i64>>,
    rasas: Spanned<Vec<Spanned<i64>>>,
    automatic: Option<Spanned<i64>>,
    tap: Option<Spanned<i64>>,
    intensity: Option<Spanned<i64>>,
    panic: Option<bool>,
}

impl Keys {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or is wrong.
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        let file = path.display().to_string();
        let text = crate::named_file::read(path).map_err(|cause| KeysError::File { file: file.clone(), cause })?;
        Ok(Self::parse(&file, &text)?)
    }

    /// Reads and checks a file's text.
    ///
    /// # Errors
    /// Names the line of the first thing that is wrong.
    pub fn parse(file: &str, text: &str) -> Result<Self, DataError> {
        let source = Source { file, text };
        let raw: KeysFile = source.parse()?;
        let within = |value: &Spanned<i64>, what: &str, low: i64, high: i64| {
            let number = *value.get_ref();
            let wrong = || source.error(&value.span(), format!("{what} cannot be {number}; give {low} to {high}"));
            if (low..=high).contains(&number) { Ok(number as u8) } else { Err(wrong()) }
        };
        let seven = |value: &Spanned<i64>, what: &str| within(value, what, 0, 127);
        let maybe = |value: &Option<Spanned<i64>>, what: &str| value.as_ref().map(|v| seven(v, what)).transpose();
        let given: Vec<u8> = raw.rasas.get_ref().iter().map(|key| seven(key, "a key")).collect::<Result<_, _>>()?;
        let rasas = <[u8; Rasa::COUNT]>::try_from(given.as_slice())
            .map_err(|_| source.error(&raw.rasas.span(), format!("{} keys for nine rasas; give nine", given.len())))?;
        let mut taken = Vec::new();
        for key in raw.rasas.get_ref().iter().chain(&raw.automatic).chain(&raw.tap) {
            if taken.contains(key.get_ref()) {
                return Err(
                    source.error(&key.span(), format!("key {} means two things; give each its own", key.get_ref()))
                );
            }
            taken.push(*key.get_ref());
        }
        let intensity = maybe(&raw.intensity, "a controller")?;
        if let (Some(controller), Some(value)) = (intensity.filter(|controller| *controller >= 120), &raw.intensity) {
            let what = format!("controller {controller} is a channel mode message; give 0 to 119");
            return Err(source.error(&value.span(), what));
        }
        let channel = raw.channel.as_ref().map(|value| within(value, "channel", 1, 16)).transpose()?;
        Ok(Self {
            channel: channel.map(|channel| channel - 1),
            rasas,
            automatic: maybe(&raw.automatic, "a key")?,
            tap: maybe(&raw.tap, "a key")?,
            intensity,
            panic: raw.panic.unwrap_or(true),
        })
    }

    /// The file's text.
    #[must_use]
    pub fn text(&self) -> String {
        let names = Rasa::ALL.map(Rasa::name).join(", ");
        let mut text =
            String::from("# What the keys of a MIDI keyboard mean: `rasikad play ... --midi-in PORT --keys FILE`.\n");
        // Writing to a String does not fail.
        if let Some(channel) = self.channel {
            let _ = writeln!(text, "channel = {}", channel + 1);
        }
        let _ = writeln!(text, "# {names}\nrasas = {:?}", self.rasas);
        for (name, value, what) in [
            ("automatic", self.automatic, "the key that leaves all to the face again"),
            ("tap", self.tap, "the key that is tapped for the laya"),
            ("intensity", self.intensity, "the controller that drives intensity"),
        ] {
            if let Some(value) = value {
                let _ = writeln!(text, "{name} = {value}  # {what}");
            }
        }
        if !self.panic {
            text += "panic = false  # All Notes Off and the like are not a panic\n";
        }
        text
    }

    /// The rasa of a key.
    #[must_use]
    pub fn rasa(&self, key: u8) -> Option<Rasa> {
        self.rasas.iter().position(|its| *its == key).and_then(Rasa::from_index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_eleven_white_keys_and_the_wheel() {
        let keys = Keys::default();
        assert_eq!(keys.rasas, [48, 50, 52, 53, 55, 57, 59, 60, 62]);
        assert_eq!((keys.automatic, keys.tap, keys.intensity), (Some(64), Some(65), Some(1)));
        assert_eq!((keys.rasa(48), keys.rasa(62), keys.rasa(61)), (Some(Rasa::Shringara), Some(Rasa::Shanta), None));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for keys in [
            Keys::default(),
            Keys { channel: Some(15), automatic: None, tap: None, intensity: None, panic: false, ..Keys::default() },
        ] {
            assert_eq!(Keys::parse("keys.toml", &keys.text()).unwrap(), keys);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_file_and_line() {
        let nine = "rasas = [1, 2, 3, 4, 5, 6, 7, 8, 9]\n";
        for (text, line, words) in [
            ("rasas = [1, 2]\n".to_owned(), 1, "2 keys for nine rasas"),
            (format!("{nine}tap = 128\n"), 2, "a key cannot be 128"),
            (format!("{nine}tap = 9\n"), 2, "key 9 means two things"),
            (format!("channel = 0\n{nine}"), 1, "channel cannot be 0"),
            (format!("{nine}intensity = 123\n"), 2, "channel mode"),
            (format!("{nine}tapp = 10\n"), 2, "tapp"),
        ] {
            let said = Keys::parse("k.toml", &text).unwrap_err().to_string();
            assert!(said.contains(&format!("k.toml:{line}")) && said.contains(words), "{said}");
        }
        assert!(Keys::read(Path::new("/no/such.toml")).unwrap_err().to_string().contains("rasikad learn"));
    }
}
