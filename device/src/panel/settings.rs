//! What the panel's owner can set: pins, how RECORD records, brightness.

use super::machine::RecordBy;
use super::sign::{LEDS, Led};
use rasika_hardware::buttons::Button;
use rasika_hardware::pins::{self, Bcm, PinError, Pull};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// The `[panel]` of the settings. Every key may be left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The way to the pins: `auto`, `gpiochip`, `gpiochip:/dev/gpiochip0`, `rppal` (a Pi's registers), or `none` for
    /// a box without a panel.
    pub pins: String,
    /// BCM number of the SELECT button's pin.
    pub select: Bcm,
    /// BCM number of the RECORD button's pin.
    pub record: Bcm,
    /// `up` for buttons to ground, `down` for buttons to 3.3 V.
    pub pull: Pull,
    /// BCM number of the READY LED's pin.
    pub ready_led: Bcm,
    /// BCM number of the FACE LED's pin.
    pub face_led: Bcm,
    /// BCM number of the REC LED's pin.
    pub record_led: Bcm,
    /// BCM number of the MIDI LED's pin.
    pub midi_led: Bcm,
    /// Brightness of all LEDs, 0–1; those without hardware PWM are only on or off.
    pub brightness: f32,
    /// A file of one's own with the looks of the LEDs (`panel/lights.toml` is the one to copy).
    pub lights: Option<PathBuf>,
    /// `hold`: RECORD records while it is held; `click`: from one click to the next.
    pub record_by: RecordBy,
    /// Blinks before a take begins; 0 begins at once.
    pub count_in_beats: u8,
    /// Milliseconds of such a blink.
    pub count_in_beat_ms: u16,
}

/// GPIO12 and 13 can have hardware PWM on every Pi; 14 and 15 are kept for the UART, 2 and 3 for I²C.
impl Default for Settings {
    fn default() -> Self {
        Self {
            pins: "auto".to_owned(),
            select: Bcm(17),
            record: Bcm(27),
            pull: Pull::Up,
            ready_led: Bcm(12),
            face_led: Bcm(13),
            record_led: Bcm(22),
            midi_led: Bcm(23),
            brightness: 1.0,
            lights: None,
            record_by: RecordBy::Hold,
            count_in_beats: 3,
            count_in_beat_ms: 400,
        }
    }
}

/// Settings no panel can have.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// A pin is given to two things.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// A number is out of its range.
    #[error("{key} is {value}; it lies between {least} and {most}")]
    Range {
        /// The key.
        key: &'static str,
        /// What it is set to.
        value: f32,
        /// The least it can be.
        least: f32,
        /// The most it can be.
        most: f32,
    },
}

impl Settings {
    /// Checks what cannot be seen of a key alone.
    ///
    /// # Errors
    /// When a pin is used twice (naming it), or a number is out of its range.
    pub fn check(&self) -> Result<(), SettingsError> {
        let range = |key, value: f32, least, most| {
            if (least..=most).contains(&value) { Ok(()) } else { Err(SettingsError::Range { key, value, least, most }) }
        };
        range("brightness", self.brightness, 0.0, 1.0)?;
        range("count_in_beats", self.count_in_beats.into(), 0.0, 16.0)?;
        range("count_in_beat_ms", self.count_in_beat_ms.into(), 100.0, 3000.0)?;
        let [select, record] = Button::ALL.map(|button| self.button(button));
        let [ready, face, recording, midi] = self.leds();
        pins::all_different(&[
            ("SELECT", select),
            ("RECORD", record),
            ("the READY LED", ready),
            ("the FACE LED", face),
            ("the REC LED", recording),
            ("the MIDI LED", midi),
        ])?;
        Ok(())
    }

    /// The pin of a button.
    #[must_use]
    pub const fn button(&self, button: Button) -> Bcm {
        match button {
            Button::Select => self.select,
            Button::Record => self.record,
        }
    }

    /// The pins of the LEDs, in the order of [`Led::ALL`].
    #[must_use]
    pub fn leds(&self) -> [Bcm; LEDS] {
        Led::ALL.map(|led| match led {
            Led::Ready => self.ready_led,
            Led::Face => self.face_led,
            Led::Record => self.record_led,
            Led::Midi => self.midi_led,
        })
    }

    /// A beat of the count-in.
    #[must_use]
    pub fn beat(&self) -> Duration {
        Duration::from_millis(self.count_in_beat_ms.into())
    }

    /// The whole count-in.
    #[must_use]
    pub fn count_in(&self) -> Duration {
        self.beat() * self.count_in_beats.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_sound_and_come_back_from_toml() {
        let settings = Settings::default();
        assert_eq!(settings.check(), Ok(()));
        let written = toml::to_string(&settings).unwrap();
        assert_eq!(toml::from_str::<Settings>(&written).unwrap(), settings);
        assert_eq!(toml::from_str::<Settings>("").unwrap(), settings);
    }

    #[test]
    fn a_pin_used_twice_is_named_with_what_it_is_used_for() {
        let settings = Settings { midi_led: Bcm(27), ..Settings::default() };
        let said = settings.check().unwrap_err().to_string();
        assert!(said.contains("GPIO27") && said.contains("RECORD") && said.contains("MIDI"), "{said}");
    }

    #[test]
    fn a_number_out_of_range_is_named() {
        let said = Settings { brightness: f32::NAN, ..Settings::default() }.check().unwrap_err().to_string();
        assert!(said.contains("brightness"), "{said}");
        let said = Settings { count_in_beat_ms: 5, ..Settings::default() }.check().unwrap_err().to_string();
        assert!(said.contains("count_in_beat_ms is 5") && said.contains("100"), "{said}");
    }
}
