//! Pins without a board: tests, the demo and the terminal drive the inputs and read the lights.

use super::{Bcm, Edge, Heard, Input, Light, PinError, Pins, Pull, now};
use embedded_hal::digital::{ErrorType, InputPin};
use embedded_hal::pwm::{self, SetDutyCycle};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Lines of the simulated chip, as many as a Pi 4's.
const LINES: u8 = 58;
/// Steps of a simulated light.
const FULL: u16 = 255;

/// A simulated chip. Clones are handles to the same one.
#[derive(Clone, Default)]
pub struct SimulatedPins {
    board: Arc<Mutex<Board>>,
}

#[derive(Default)]
struct Board {
    inputs: BTreeMap<Bcm, Line>,
    /// Levels that pins are driven to from outside; the others follow their pull.
    driven: BTreeMap<Bcm, bool>,
    lights: BTreeMap<Bcm, u16>,
    /// Pins that something else holds, and what.
    taken: BTreeMap<Bcm, String>,
    /// Pins that fail from now on, and of what.
    broken: BTreeMap<Bcm, String>,
    only_switched: bool,
    writes: u64,
}

struct Line {
    high: bool,
    heard: Heard,
}

impl std::fmt::Debug for SimulatedPins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let board = self.board();
        f.debug_struct("SimulatedPins").field("lights", &board.lights).field("taken", &board.taken).finish()
    }
}

impl SimulatedPins {
    /// A chip with every pin free and every light dimmable.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A chip without PWM: its lights are on or off.
    #[must_use]
    pub fn switched() -> Self {
        let pins = Self::default();
        pins.board().only_switched = true;
        pins
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        // A panic elsewhere leaves plain values behind, all of them valid.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drives an input from outside; false if no one listens to it (yet).
    pub fn drive(&self, pin: Bcm, high: bool) -> bool {
        self.drive_at(pin, high, now())
    }

    /// Drives an input from outside, with a time of the caller's own.
    pub fn drive_at(&self, pin: Bcm, high: bool, time: Duration) -> bool {
        let mut board = self.board();
        board.driven.insert(pin, high);
        let Some(line) = board.inputs.get_mut(&pin) else { return false };
        if line.high != high {
            line.high = high;
            (line.heard)(Ok(Edge { pin, high, time }));
        }
        true
    }

    /// The level of an input; `None` if no one listens to it.
    #[must_use]
    pub fn is_high(&self, pin: Bcm) -> Option<bool> {
        self.board().inputs.get(&pin).map(|line| line.high)
    }

    /// How brightly a light shines, 0–1; `None` if no one holds it.
    #[must_use]
    pub fn brightness(&self, pin: Bcm) -> Option<f32> {
        let board = self.board();
        let full = if board.only_switched { 1 } else { FULL };
        board.lights.get(&pin).map(|duty| f32::from(*duty) / f32::from(full))
    }

    /// How often a light was written to.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.board().writes
    }

    /// Whether anything of ours holds the pin.
    #[must_use]
    pub fn is_held(&self, pin: Bcm) -> bool {
        let board = self.board();
        board.inputs.contains_key(&pin) || board.lights.contains_key(&pin)
    }

    /// Something else takes a pin (`None` gives it back), as another program would.
    pub fn take(&self, pin: Bcm, holder: Option<&str>) {
        let mut board = self.board();
        match holder {
            Some(holder) => board.taken.insert(pin, holder.to_owned()),
            None => board.taken.remove(&pin),
        };
    }

    /// Breaks a pin (`None` mends it): whoever holds it is told, and it cannot be taken again until it is mended.
    pub fn break_pin(&self, pin: Bcm, cause: Option<&str>) {
        let mut board = self.board();
        let Some(cause) = cause else {
            board.broken.remove(&pin);
            return;
        };
        board.broken.insert(pin, cause.to_owned());
        if let Some(line) = board.inputs.get_mut(&pin) {
            (line.heard)(Err(PinError::Lost { pin, cause: cause.to_owned() }));
        }
    }

    fn free(&self, pin: Bcm) -> Result<MutexGuard<'_, Board>, PinError> {
        let board = self.board();
        if pin.0 >= LINES {
            return Err(PinError::NoSuchPin { pin, chip: self.name().to_owned(), lines: LINES.into() });
        }
        if let Some(cause) = board.broken.get(&pin) {
            return Err(PinError::Refused { pin, cause: cause.clone() });
        }
        let ours = (board.inputs.contains_key(&pin) || board.lights.contains_key(&pin)).then(|| super::CONSUMER.into());
        match board.taken.get(&pin).cloned().or(ours) {
            Some(holder) => Err(PinError::Busy { pin, holder }),
            None => Ok(board),
        }
    }
}

impl Pins for SimulatedPins {
    fn name(&self) -> &'static str {
        "the simulated pins"
    }

    fn input(&mut self, pin: Bcm, pull: Pull, heard: Heard) -> Result<Box<dyn Input>, PinError> {
        let mut board = self.free(pin)?;
        let high = board.driven.get(&pin).copied().unwrap_or(pull == Pull::Up);
        board.inputs.insert(pin, Line { high, heard });
        Ok(Box::new(SimulatedInput { pins: self.clone(), pin }))
    }

    fn light(&mut self, pin: Bcm) -> Result<Box<dyn Light>, PinError> {
        let mut board = self.free(pin)?;
        board.lights.insert(pin, 0);
        let full = if board.only_switched { 1 } else { FULL };
        Ok(Box::new(SimulatedLight { pins: self.clone(), pin, full }))
    }
}

struct SimulatedInput {
    pins: SimulatedPins,
    pin: Bcm,
}

impl ErrorType for SimulatedInput {
    type Error = PinError;
}

impl InputPin for SimulatedInput {
    fn is_high(&mut self) -> Result<bool, PinError> {
        let lost = || PinError::Lost { pin: self.pin, cause: "it was given back".to_owned() };
        self.pins.board().inputs.get(&self.pin).map(|line| line.high).ok_or_else(lost)
    }

    fn is_low(&mut self) -> Result<bool, PinError> {
        self.is_high().map(|high| !high)
    }
}

impl Drop for SimulatedInput {
    fn drop(&mut self) {
        self.pins.board().inputs.remove(&self.pin);
    }
}

struct SimulatedLight {
    pins: SimulatedPins,
    pin: Bcm,
    full: u16,
}

impl pwm::ErrorType for SimulatedLight {
    type Error = PinError;
}

impl SetDutyCycle for SimulatedLight {
    fn max_duty_cycle(&self) -> u16 {
        self.full
    }

    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), PinError> {
        let mut board = self.pins.board();
        if let Some(cause) = board.broken.get(&self.pin) {
            return Err(PinError::Lost { pin: self.pin, cause: cause.clone() });
        }
        board.lights.insert(self.pin, duty.min(self.full));
        board.writes += 1;
        Ok(())
    }
}

impl Drop for SimulatedLight {
    fn drop(&mut self) {
        self.pins.board().lights.remove(&self.pin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn an_input_tells_its_edges_and_its_end() {
        let pins = SimulatedPins::new();
        let (sender, edges) = mpsc::channel();
        let heard = Box::new(move |edge| sender.send(edge).unwrap());
        let mut input = pins.clone().input(Bcm(17), Pull::Up, heard).unwrap();
        assert!(input.is_high().unwrap());
        let time = Duration::from_millis(5);
        pins.drive_at(Bcm(17), false, time);
        pins.drive_at(Bcm(17), false, time);
        assert!(input.is_low().unwrap());
        pins.break_pin(Bcm(17), Some("pulled out"));
        let heard: Vec<_> = edges.try_iter().collect();
        let lost = PinError::Lost { pin: Bcm(17), cause: "pulled out".to_owned() };
        assert_eq!(heard, [Ok(Edge { pin: Bcm(17), high: false, time }), Err(lost)]);
        drop(input);
        assert!(!pins.is_held(Bcm(17)) && !pins.drive(Bcm(17), true));
    }

    #[test]
    fn a_pin_that_is_taken_or_missing_is_named() {
        let mut pins = SimulatedPins::new();
        pins.take(Bcm(12), Some("backlight"));
        let said = pins.light(Bcm(12)).err().unwrap().to_string();
        assert!(said.contains("GPIO12") && said.contains("backlight"), "{said}");
        let said = pins.light(Bcm(99)).err().unwrap().to_string();
        assert!(said.contains("GPIO99") && said.contains("58"), "{said}");
        pins.take(Bcm(12), None);
        let light = pins.light(Bcm(12)).unwrap();
        let said = pins.light(Bcm(12)).err().unwrap().to_string();
        assert!(said.contains("rasikad"), "{said}");
        drop(light);
        assert!(pins.light(Bcm(12)).is_ok());
    }

    #[test]
    fn a_light_without_pwm_has_one_step() {
        let pins = SimulatedPins::switched();
        let mut light = pins.clone().light(Bcm(22)).unwrap();
        assert_eq!(light.max_duty_cycle(), 1);
        light.set_duty_cycle_fully_on().unwrap();
        assert_eq!(pins.brightness(Bcm(22)), Some(1.0));
    }
}
