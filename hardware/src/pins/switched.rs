//! A light that is only on or off, in the words of one that can be dimmed.

use embedded_hal::digital::OutputPin;
use embedded_hal::pwm::{ErrorType, SetDutyCycle};

use super::PinError;

/// An output as a duty cycle of one step: 0 is off, 1 is on.
pub struct Switched<P>(pub P);

impl<P> ErrorType for Switched<P> {
    type Error = PinError;
}

impl<P: OutputPin<Error = PinError>> SetDutyCycle for Switched<P> {
    fn max_duty_cycle(&self) -> u16 {
        1
    }

    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), PinError> {
        if duty == 0 { self.0.set_low() } else { self.0.set_high() }
    }
}
