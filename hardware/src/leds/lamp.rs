//! A lamp: a light of any kind that is told a pattern's moment and written to only when that changes something.

use super::Pattern;
use embedded_hal::pwm::SetDutyCycle;
use std::time::Duration;

/// One LED. It is dark until it is shown something.
#[derive(Debug)]
pub struct Lamp<L> {
    light: L,
    duty: Option<u16>,
}

impl<L: SetDutyCycle> Lamp<L> {
    /// A lamp on a light; a light of one step is only switched.
    pub const fn new(light: L) -> Self {
        Self { light, duty: None }
    }

    /// Whether it can be dimmed.
    pub fn is_dimmed(&self) -> bool {
        self.light.max_duty_cycle() > 1
    }

    /// Shows a pattern as it is so long after it began, times the brightness of the whole panel (0–1).
    ///
    /// # Errors
    /// The light's own.
    pub fn show(&mut self, pattern: &Pattern, since: Duration, brightness: f32) -> Result<(), L::Error> {
        let full = self.light.max_duty_cycle();
        let duty = if full > 1 {
            let level = (pattern.level(since) * brightness).clamp(0.0, 1.0);
            // The eye judges brightness about as the square root of light.
            (level * level * f32::from(full)).round() as u16
        } else {
            u16::from(pattern.is_on(since))
        };
        if self.duty != Some(duty) {
            self.light.set_duty_cycle(duty)?;
            self.duty = Some(duty);
        }
        Ok(())
    }
}
