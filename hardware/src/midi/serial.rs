//! A serial line that speaks MIDI: a DIN socket on a UART, or a USB adapter.
//!
//! 31250 baud is 320 µs a byte. `serialport` sets any rate by termios2; rppal's UART refuses this one.

use super::{MidiOut, PortError};
use serialport::TTYPort;
use std::io::Write;
use std::time::Duration;

/// Rate of a MIDI cable.
pub const DIN_BAUD: u32 = 31_250;
/// Microseconds of a byte on it: a start bit, eight bits, a stop bit.
pub const DIN_BYTE_US: u64 = 320;
/// Rates up to this are a MIDI cable in the end: a Pi's midi-uart overlays turn 38400 into 31250.
const CABLE_BAUD_AT_MOST: u32 = 38_400;
/// How long a line may take no bytes before it counts as lost.
pub const WRITE_TIMEOUT: Duration = Duration::from_millis(100);
/// With running status, messages after which the status byte is sent all the same, for a synth plugged in late.
const STATUS_AGAIN_AFTER: u8 = 16;
const EXAMPLE: &str = "serial:/dev/ttyAMA0";

/// A serial line open for MIDI.
#[derive(Debug)]
pub struct SerialOut {
    name: String,
    line: TTYPort,
    running: Option<RunningStatus>,
    byte_us: u64,
}

/// The status byte the receiver has in mind and for how many messages.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunningStatus {
    status: u8,
    said_for: u8,
}

impl RunningStatus {
    /// The part of a message that must be sent.
    pub fn shorten<'m>(&mut self, message: &'m [u8]) -> &'m [u8] {
        let Some(&status) = message.first() else { return message };
        // Only channel messages run; system common ends it, real time leaves it alone.
        if status >= 0xF8 {
            return message;
        }
        if (0x80..0xF0).contains(&status) && status == self.status && self.said_for < STATUS_AGAIN_AFTER {
            self.said_for += 1;
            return &message[1..];
        }
        *self = Self { status: if status < 0xF0 { status } else { 0 }, said_for: 0 };
        message
    }
}

impl SerialOut {
    /// MIDI on a line that is open already, at the rate of a MIDI cable.
    #[must_use]
    pub fn on(name: &str, mut line: TTYPort, running_status: bool) -> Self {
        // Setting a timeout only keeps a number; it does not fail.
        let _ = serialport::SerialPort::set_timeout(&mut line, WRITE_TIMEOUT);
        Self { name: name.to_owned(), line, running: running_status.then(RunningStatus::default), byte_us: DIN_BYTE_US }
    }
}

impl MidiOut for SerialOut {
    fn name(&self) -> &str {
        &self.name
    }

    fn byte_us(&self) -> Option<u64> {
        Some(self.byte_us)
    }

    fn say_status_again(&mut self) {
        self.running = self.running.map(|_| RunningStatus::default());
    }

    fn send(&mut self, message: &[u8]) -> Result<usize, PortError> {
        let bytes = match &mut self.running {
            Some(running) => running.shorten(message),
            None => message,
        };
        let lost = |cause: std::io::Error| PortError::Lost { name: self.name.clone(), cause: cause.to_string() };
        self.line.write_all(bytes).map(|()| bytes.len()).map_err(lost)
    }
}

/// Opens `DEVICE`, `DEVICE@BAUD`, and either with `+whole` after it for synths that do not know running status.
pub fn open(name: &str, address: &str) -> Result<Box<dyn MidiOut>, PortError> {
    let bad = |reason: String| PortError::BadName { name: name.to_owned(), reason, example: EXAMPLE };
    let (address, running) = match address.strip_suffix("+whole") {
        Some(address) => (address, false),
        None => (address.strip_suffix("+running").unwrap_or(address), true),
    };
    let (device, baud) = match address.rsplit_once('@') {
        Some((device, baud)) => (device, baud.parse().map_err(|_| bad(format!("'{baud}' is no baud rate")))?),
        None => (address, DIN_BAUD),
    };
    if device.is_empty() {
        return Err(bad("the device is missing".to_owned()));
    }
    let line = serialport::new(device, baud).timeout(WRITE_TIMEOUT).open_native();
    let line = line.map_err(|error| PortError::Open { name: name.to_owned(), cause: error.to_string() })?;
    let mut out = SerialOut::on(name, line, running);
    if baud > CABLE_BAUD_AT_MOST {
        out.byte_us = 10_000_000_u64.div_ceil(u64::from(baud));
    }
    Ok(Box::new(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serialport::SerialPort;
    use std::io::Read;
    use std::time::Instant;

    fn pair(running: bool) -> (SerialOut, TTYPort) {
        let (mut synth, line) = TTYPort::pair().unwrap();
        synth.set_timeout(Duration::from_secs(2)).unwrap();
        (SerialOut::on("serial:test", line, running), synth)
    }

    #[test]
    fn a_pseudo_terminal_opens_by_name_at_31250_baud_and_gets_the_bytes() {
        let (mut synth, line) = TTYPort::pair().unwrap();
        synth.set_timeout(Duration::from_secs(2)).unwrap();
        let device = line.name().unwrap();
        drop(line);
        // Other programs may not share the line, so ours is opened after the pair's own end is closed.
        let mut out = super::super::open(&format!("serial:{device}")).unwrap();
        out.send(&[0x90, 61, 90]).unwrap();
        let mut heard = [0; 3];
        synth.read_exact(&mut heard).unwrap();
        assert_eq!(heard, [0x90, 61, 90]);
    }

    #[test]
    fn running_status_leaves_out_what_the_synth_knows() {
        let (mut out, mut synth) = pair(true);
        for message in [&[0x90, 61, 90][..], &[0x90, 63, 90], &[0xF8], &[0x90, 65, 90], &[0xB0, 11, 80], &[0x90, 61, 1]]
        {
            out.send(message).unwrap();
        }
        let mut heard = [0; 3 + 2 + 1 + 2 + 3 + 3];
        synth.read_exact(&mut heard).unwrap();
        assert_eq!(heard, [0x90, 61, 90, 63, 90, 0xF8, 65, 90, 0xB0, 11, 80, 0x90, 61, 1]);
    }

    #[test]
    fn a_synth_that_may_have_missed_the_status_is_told_it_again() {
        let (mut out, mut synth) = pair(true);
        assert_eq!(out.send(&[0xB9, 64, 0]).unwrap(), 3);
        assert_eq!(out.send(&[0xB9, 123, 0]).unwrap(), 2);
        out.say_status_again();
        assert_eq!(out.send(&[0xB9, 120, 0]).unwrap(), 3);
        let mut heard = [0; 8];
        synth.read_exact(&mut heard).unwrap();
        assert_eq!(heard, [0xB9, 64, 0, 123, 0, 0xB9, 120, 0]);
    }

    #[test]
    fn a_line_pulled_out_is_an_error_that_names_it() {
        let (mut out, synth) = pair(false);
        out.send(&[0x90, 61, 90]).unwrap();
        drop(synth);
        let error = out.send(&[0x80, 61, 64]).unwrap_err();
        assert!(error.to_string().contains("serial:test is lost"), "{error}");
    }

    #[test]
    fn a_line_that_takes_nothing_is_given_up_in_bounded_time() {
        let (mut out, _synth) = pair(false);
        let begun = Instant::now();
        // No one reads: the line's buffer fills up.
        let lost = (0..100_000).any(|_| out.send(&[0x90, 61, 90]).is_err());
        assert!(lost, "a full line is noticed");
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}
