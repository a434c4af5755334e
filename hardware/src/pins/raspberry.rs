//! Pins through the registers of a Raspberry Pi, with hardware PWM where an overlay has turned a pin to it.
//!
//! rppal puts a pin's mode and resistors back when it is dropped. It writes to registers without asking the kernel, so
//! a line that another program holds is found out through the character device first.

use super::switched::Switched;
use super::{Bcm, Edge, Heard, Input, Light, PinError, Pins, Pull, chardev};
use embedded_hal::digital::{ErrorType, InputPin, OutputPin, StatefulOutputPin};
use embedded_hal::pwm::{self, SetDutyCycle};
use rppal::gpio::{Error, Gpio, Mode, Pin, Trigger};
use rppal::pwm::{Channel, Polarity, Pwm};

/// Above what an eye or a camera sees flicker.
const PWM_HZ: f64 = 1000.0;
const PWM_STEPS: u16 = 1000;

/// Pins with hardware PWM: pin, mode it is in when an overlay has turned it to PWM on a Zero to 4 and on a 5, channel.
const PWM_PINS: [(u8, Mode, Mode, [Channel; 2]); 4] = [
    (12, Mode::Alt0, Mode::Alt0, [Channel::Pwm0, Channel::Pwm0]),
    (13, Mode::Alt0, Mode::Alt0, [Channel::Pwm1, Channel::Pwm1]),
    (18, Mode::Alt5, Mode::Alt3, [Channel::Pwm0, Channel::Pwm2]),
    (19, Mode::Alt5, Mode::Alt3, [Channel::Pwm1, Channel::Pwm3]),
];

struct Raspberry {
    gpio: Gpio,
    name: String,
    is_rp1: bool,
}

/// Opens the registers of the Pi this runs on.
pub fn open(_address: &str) -> Result<Box<dyn Pins>, PinError> {
    let device = rppal::system::DeviceInfo::new()
        .map_err(|_| PinError::NoChip { cause: "this machine is no Raspberry Pi that rppal knows".to_owned() })?;
    let gpio = Gpio::new().map_err(|error| PinError::Open {
        chip: format!("the registers of this {}", device.model()),
        cause: error.to_string(),
    })?;
    let is_rp1 = device.soc() == rppal::system::SoC::Bcm2712;
    Ok(Box::new(Raspberry { gpio, name: device.model().to_string(), is_rp1 }))
}

impl Raspberry {
    fn take(&self, pin: Bcm) -> Result<Pin, PinError> {
        if let Some(holder) = chardev::holder(pin) {
            return Err(PinError::Busy { pin, holder });
        }
        self.gpio.get(pin.0).map_err(|error| match error {
            Error::PinUsed(_) => PinError::Busy { pin, holder: super::CONSUMER.to_owned() },
            Error::PinNotAvailable(_) => {
                PinError::NoSuchPin { pin, chip: self.name.clone(), lines: if self.is_rp1 { 28 } else { 54 } }
            }
            error => PinError::Refused { pin, cause: error.to_string() },
        })
    }

    fn pwm_channel(&self, pin: &Pin) -> Option<Channel> {
        let (_, older, rp1, channels) = PWM_PINS.into_iter().find(|(number, ..)| *number == pin.pin())?;
        let turned = if self.is_rp1 { rp1 } else { older };
        (pin.mode() == turned).then(|| channels[usize::from(self.is_rp1)])
    }
}

impl Pins for Raspberry {
    fn name(&self) -> &str {
        &self.name
    }

    fn input(&mut self, pin: Bcm, pull: Pull, mut heard: Heard) -> Result<Box<dyn Input>, PinError> {
        let free = self.take(pin)?;
        let mut input = match pull {
            Pull::Up => free.into_input_pullup(),
            Pull::Down => free.into_input_pulldown(),
        };
        let told = move |event: rppal::gpio::Event| {
            let high = event.trigger == Trigger::RisingEdge;
            heard(Ok(Edge { pin, high, time: event.timestamp }));
        };
        let refused = |error: Error| PinError::Refused { pin, cause: error.to_string() };
        input.set_async_interrupt(Trigger::Both, None, told).map_err(refused)?;
        Ok(Box::new(RegisterInput(input)))
    }

    fn light(&mut self, pin: Bcm) -> Result<Box<dyn Light>, PinError> {
        let free = self.take(pin)?;
        if let Some(channel) = self.pwm_channel(&free) {
            // PWM that the overlay promises and the system does not give is an on/off light.
            if let Ok(pwm) = Pwm::with_frequency(channel, PWM_HZ, 0.0, Polarity::Normal, true) {
                return Ok(Box::new(PwmLight { pwm, pin, _held: free }));
            }
        }
        let (was_high, was_output) = (free.read() == rppal::gpio::Level::High, free.mode() == Mode::Output);
        Ok(Box::new(Switched(RegisterOutput { output: free.into_output_low(), put_back: was_output && was_high })))
    }
}

struct RegisterInput(rppal::gpio::InputPin);

impl ErrorType for RegisterInput {
    type Error = PinError;
}

impl InputPin for RegisterInput {
    fn is_high(&mut self) -> Result<bool, PinError> {
        Ok(self.0.read() == rppal::gpio::Level::High)
    }

    fn is_low(&mut self) -> Result<bool, PinError> {
        Ok(self.0.read() == rppal::gpio::Level::Low)
    }
}

struct RegisterOutput {
    output: rppal::gpio::OutputPin,
    /// It was an output before, and high.
    put_back: bool,
}

impl ErrorType for RegisterOutput {
    type Error = PinError;
}

impl OutputPin for RegisterOutput {
    fn set_low(&mut self) -> Result<(), PinError> {
        self.output.set_low();
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), PinError> {
        self.output.set_high();
        Ok(())
    }
}

impl StatefulOutputPin for RegisterOutput {
    fn is_set_high(&mut self) -> Result<bool, PinError> {
        Ok(self.output.is_set_high())
    }

    fn is_set_low(&mut self) -> Result<bool, PinError> {
        Ok(self.output.is_set_low())
    }
}

impl Drop for RegisterOutput {
    fn drop(&mut self) {
        if self.put_back {
            self.output.set_high();
        } else {
            self.output.set_low();
        }
    }
}

/// Dropping it turns the channel off (rppal's own drop) and frees the pin.
struct PwmLight {
    pwm: Pwm,
    pin: Bcm,
    _held: Pin,
}

impl pwm::ErrorType for PwmLight {
    type Error = PinError;
}

impl SetDutyCycle for PwmLight {
    fn max_duty_cycle(&self) -> u16 {
        PWM_STEPS
    }

    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), PinError> {
        let part = f64::from(duty.min(PWM_STEPS)) / f64::from(PWM_STEPS);
        let lost = |error: rppal::pwm::Error| PinError::Lost { pin: self.pin, cause: error.to_string() };
        self.pwm.set_duty_cycle(part).map_err(lost)
    }
}
