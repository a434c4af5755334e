//! How signs look: patterns from `panel/lights.toml`.

use super::sign::Sign;
use crate::performer::data_error::{DataError, Source};
use rasika_hardware::leds::{Counting, Pattern, Step};
use serde::Deserialize;
use std::path::Path;
use std::time::Duration;

const FILE: &str = "panel/lights.toml";
const TEXT: &str = include_str!("../../panel/lights.toml");

/// A pattern for every sign.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lights {
    starting: Pattern,
    heartbeat: Pattern,
    updating: Pattern,
    pairing: Pattern,
    done: Pattern,
    failed: Pattern,
    face_seen: Pattern,
    count_in: CountIn,
    recording: Pattern,
    saving: Pattern,
    saved: Pattern,
    refused: Pattern,
    discarded: Pattern,
    accepts: Pattern,
    activity: Pattern,
    let_go: Pattern,
    stopping: Pattern,
    counting: CountingMs,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct CountIn {
    on_ms: u16,
    level: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct CountingMs {
    on_ms: u16,
    off_ms: u16,
    pause_ms: u16,
    long_ms: u16,
    level: f32,
}

impl Lights {
    /// The box's own.
    ///
    /// # Panics
    /// Never: a test reads the same text.
    #[must_use]
    pub fn built_in() -> Self {
        Self::read(FILE, TEXT).expect("the built-in lights are read by a test")
    }

    /// Those of a file, or the box's own without one.
    ///
    /// # Errors
    /// When the file cannot be read, or makes no sense.
    pub fn of(file: Option<&Path>) -> Result<Self, DataError> {
        let Some(path) = file else { return Ok(Self::built_in()) };
        let file = path.display().to_string();
        let text = crate::named_file::read(path).map_err(|error| DataError {
            file: file.clone(),
            line: 1,
            what: format!("cannot be read: {error}; check `lights` in the settings"),
        })?;
        Self::read(&file, &text)
    }

    /// Reads a table of patterns.
    ///
    /// # Errors
    /// When it is no TOML, a sign is missing or unknown, or no LED can show it.
    pub fn read(file: &str, text: &str) -> Result<Self, DataError> {
        let source = Source { file, text };
        let lights: Self = source.parse()?;
        let counting = lights.counting;
        let times = [counting.on_ms, counting.off_ms, counting.pause_ms, counting.long_ms, lights.count_in.on_ms];
        if times.contains(&0) {
            return Err(source.error(&(0..0), "a time in counting or count_in is 0; no eye sees that"));
        }
        if [counting.level, lights.count_in.level].iter().any(|level| !(0.0..=1.0).contains(level)) {
            return Err(source.error(&(0..0), "a level in counting or count_in is not between 0 and 1"));
        }
        Ok(lights)
    }

    /// How a sign looks; a beat of the count-in lasts `beat`.
    #[must_use]
    pub fn pattern(&self, sign: Sign, beat: Duration) -> Pattern {
        let ms = |ms: u16| Duration::from_millis(ms.into());
        let CountingMs { on_ms, off_ms, pause_ms, long_ms, level } = self.counting;
        let counting = Counting { on: ms(on_ms), off: ms(off_ms), pause: ms(pause_ms), long: ms(long_ms), level };
        match sign {
            Sign::Dark => Pattern::OFF,
            Sign::Starting => self.starting.clone(),
            Sign::Heartbeat => self.heartbeat.clone(),
            Sign::Faults(faults) => counting.pattern(&faults.iter().map(super::Fault::blinks).collect::<Vec<_>>()),
            Sign::Updating => self.updating.clone(),
            Sign::Pairing => self.pairing.clone(),
            Sign::Digits(digits) => counting.pattern(&digits),
            Sign::Done => self.done.clone(),
            Sign::Failed => self.failed.clone(),
            Sign::FaceSeen => self.face_seen.clone(),
            Sign::Label(rasa) => counting.pattern(&[rasa.index() as u8 + 1]),
            Sign::CountIn => {
                let on = ms(self.count_in.on_ms).min(beat / 2);
                let light = Step { lasts: on, level: self.count_in.level };
                Pattern::Steps(vec![light, Step { lasts: beat - on, level: 0.0 }])
            }
            Sign::Recording => self.recording.clone(),
            Sign::Saving => self.saving.clone(),
            Sign::Saved => self.saved.clone(),
            Sign::Refused => self.refused.clone(),
            Sign::Discarded => self.discarded.clone(),
            Sign::Accepts => self.accepts.clone(),
            Sign::Activity => self.activity.clone(),
            Sign::LetGo => self.let_go.clone(),
            Sign::Stopping => self.stopping.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_lights_are_sound() {
        let read = Lights::read(FILE, TEXT).map_err(|error| error.to_string());
        assert_eq!(read, Ok(Lights::built_in()));
    }

    #[test]
    fn what_is_wrong_in_a_table_is_told_with_its_line() {
        let wrong = TEXT.replace("low = 0.05", "low = 7");
        let said = Lights::read("my.toml", &wrong).unwrap_err().to_string();
        let line = 1 + wrong.lines().position(|line| line.contains("low = 7")).unwrap();
        assert!(said.starts_with(&format!("my.toml:{line}: ")) && said.contains('7'), "{said}");
        let missing = TEXT.replace("saving ", "savinq ");
        let said = Lights::read("my.toml", &missing).unwrap_err().to_string();
        assert!(said.contains("savinq"), "{said}");
        let said = Lights::read("my.toml", &TEXT.replace("long_ms = 900", "long_ms = 0")).unwrap_err().to_string();
        assert!(said.contains("counting"), "{said}");
    }

    #[test]
    fn a_label_blinks_its_place_and_digits_are_three_numbers() {
        let lights = Lights::built_in();
        let beat = Duration::from_millis(400);
        let count = |pattern: Pattern| match pattern {
            Pattern::Steps(steps) => steps.iter().filter(|step| step.level > 0.0).count(),
            other => panic!("{other:?}"),
        };
        for rasa in rasika_models::Rasa::ALL {
            assert_eq!(count(lights.pattern(Sign::Label(rasa), beat)), rasa.index() + 1);
        }
        assert_eq!(count(lights.pattern(Sign::Digits([4, 0, 7]), beat)), 4 + 1 + 7);
    }
}
