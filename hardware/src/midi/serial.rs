//! A serial line that speaks MIDI: a DIN socket on a UART, or a USB adapter.
//!
//! 31250 baud is 320 µs a byte. `serialport` sets any rate by termios2; rppal's UART refuses this one.

use super::line::{self, Line};
use super::{Message, MidiIn, MidiOut, PortError, Stream};
use serialport::TTYPort;
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rate of a MIDI cable.
pub const DIN_BAUD: u32 = 31_250;
/// Microseconds of a byte on it: a start bit, eight bits, a stop bit.
pub const DIN_BYTE_US: u64 = 320;
/// Rates up to this are a MIDI cable in the end: a Pi's midi-uart overlays turn 38400 into 31250.
const CABLE_BAUD_AT_MOST: u32 = 38_400;
/// How long a line may take no bytes before it counts as lost.
pub const WRITE_TIMEOUT: Duration = Duration::from_millis(100);
/// Bytes that may wait for a line at most: more than the longest burst at the beginning, little enough to be heard in
/// a quarter of a second.
const BACKLOG_BYTES: usize = 1024;
/// With running status, messages after which the status byte is sent all the same, for a synth plugged in late.
const STATUS_AGAIN_AFTER: u8 = 16;
const EXAMPLE: &str = "serial:/dev/ttyAMA0";

/// A serial line open for MIDI out. Sending never waits: what the line does not take at once stands in a short queue,
/// and a line that has taken nothing of it for [`WRITE_TIMEOUT`] is lost.
#[derive(Debug)]
pub struct SerialOut {
    name: Arc<str>,
    line: Arc<Line>,
    running: Option<RunningStatus>,
    byte_us: u64,
    backlog: VecDeque<u8>,
    /// When the line took something last, or the backlog began.
    moved: Instant,
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
    pub fn on(name: &str, line: TTYPort, running_status: bool) -> Self {
        Self::of(name, Arc::new(Line::of(line)), running_status, DIN_BYTE_US)
    }

    fn of(name: &str, line: Arc<Line>, running_status: bool, byte_us: u64) -> Self {
        Self {
            name: name.into(),
            line,
            running: running_status.then(RunningStatus::default),
            byte_us,
            backlog: VecDeque::with_capacity(BACKLOG_BYTES),
            moved: Instant::now(),
        }
    }

    fn lost(&self, cause: io::Error) -> PortError {
        PortError::Lost { name: Arc::clone(&self.name), cause }
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
        self.flush()?;
        let bytes = match &mut self.running {
            Some(running) => running.shorten(message),
            None => message,
        };
        let taken = if self.backlog.is_empty() {
            self.moved = Instant::now();
            self.line.write(bytes).map_err(|cause| PortError::Lost { name: Arc::clone(&self.name), cause })?
        } else {
            0
        };
        let (rest, sent) = (&bytes[taken..], bytes.len());
        if self.backlog.len() + rest.len() > BACKLOG_BYTES {
            return Err(self.lost(ErrorKind::TimedOut.into()));
        }
        self.backlog.extend(rest);
        Ok(sent)
    }

    fn flush(&mut self) -> Result<(), PortError> {
        while !self.backlog.is_empty() {
            let taken = self.line.write(self.backlog.as_slices().0).map_err(|cause| self.lost(cause))?;
            if taken == 0 {
                let stalled = self.moved.elapsed() > WRITE_TIMEOUT;
                return if stalled { Err(self.lost(ErrorKind::TimedOut.into())) } else { Ok(()) };
            }
            self.backlog.drain(..taken);
            self.moved = Instant::now();
        }
        Ok(())
    }

    fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }
}

impl Drop for SerialOut {
    /// Last words are worth a short wait.
    fn drop(&mut self) {
        while self.has_backlog() && self.flush().is_ok() {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A serial line open for MIDI in.
#[derive(Debug)]
struct SerialIn {
    name: Arc<str>,
    line: Arc<Line>,
    stream: Stream,
    buffer: [u8; 64],
    /// The part of the buffer that has not been looked at.
    rest: Range<usize>,
}

impl MidiIn for SerialIn {
    fn name(&self) -> &str {
        &self.name
    }

    fn receive(&mut self, wait: Duration) -> Result<Option<Message>, PortError> {
        let until = Instant::now() + wait;
        loop {
            for at in self.rest.by_ref() {
                if let Some(message) = self.stream.hear(self.buffer[at]) {
                    return Ok(Some(message));
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            let lost = |cause| PortError::Lost { name: Arc::clone(&self.name), cause };
            let read = self.line.read(&mut self.buffer, left).map_err(lost)?;
            self.rest = 0..read;
            if read == 0 && left.is_zero() {
                return Ok(None);
            }
        }
    }
}

/// An address taken apart: device, rate, running status.
struct Address<'a> {
    device: &'a str,
    baud: u32,
    running: bool,
}

/// Rates that a line can have: from the slowest teletype to the fastest USB adapter.
const BAUDS: RangeInclusive<u32> = 50..=12_000_000;

/// Whether an address can be opened, once its line is there.
///
/// # Errors
/// It is no address of a line.
pub fn is_well_formed(name: &str, at: &str) -> Result<(), PortError> {
    address(name, at).map(drop)
}

/// Takes `DEVICE`, `DEVICE@BAUD`, and either with `+whole` after it, apart.
fn address<'a>(name: &str, address: &'a str) -> Result<Address<'a>, PortError> {
    let bad = |reason: String| PortError::BadName { name: name.to_owned(), reason, example: EXAMPLE };
    let (address, running) = match address.strip_suffix("+whole") {
        Some(address) => (address, false),
        None => (address.strip_suffix("+running").unwrap_or(address), true),
    };
    let (device, baud) = match address.rsplit_once('@') {
        Some((device, text)) => {
            let baud = text.parse().ok().filter(|baud| BAUDS.contains(baud));
            (device, baud.ok_or_else(|| bad(format!("'{text}' is no baud rate")))?)
        }
        None => (address, DIN_BAUD),
    };
    if device.is_empty() {
        return Err(bad("the device is missing".to_owned()));
    }
    Ok(Address { device, baud, running })
}

/// Opens `DEVICE`, `DEVICE@BAUD`, and either with `+whole` after it for synths that do not know running status.
pub fn open(name: &str, at: &str) -> Result<Box<dyn MidiOut>, PortError> {
    let Address { device, baud, running } = address(name, at)?;
    let byte_us = if baud > CABLE_BAUD_AT_MOST { 10_000_000_u64.div_ceil(u64::from(baud)) } else { DIN_BYTE_US };
    Ok(Box::new(SerialOut::of(name, line::open(name, device, baud)?, running, byte_us)))
}

/// Opens the same for MIDI in; `+whole` and `+running` say nothing here, as both are understood.
pub fn open_in(name: &str, at: &str) -> Result<Box<dyn MidiIn>, PortError> {
    let Address { device, baud, .. } = address(name, at)?;
    let line = line::open(name, device, baud)?;
    Ok(Box::new(SerialIn { name: name.into(), line, stream: Stream::default(), buffer: [0; 64], rest: 0..0 }))
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

    #[test]
    fn sending_on_a_stalled_line_does_not_wait_and_goes_on_where_it_stopped() {
        let (mut out, mut synth) = pair(false);
        let mut sent = 0_u32;
        while !out.has_backlog() {
            out.send(&[0x90, (sent % 128) as u8, 90]).unwrap();
            sent += 1;
        }
        let begun = Instant::now();
        for _ in 0..20 {
            out.send(&[0x90, (sent % 128) as u8, 90]).unwrap();
            sent += 1;
        }
        assert!(begun.elapsed() < WRITE_TIMEOUT, "twenty messages took {:?}", begun.elapsed());
        let (mut heard, mut key) = ([0; 3], 0);
        for _ in 0..sent {
            // What the line has room for follows as the synth reads.
            out.flush().unwrap();
            synth.read_exact(&mut heard).unwrap();
            assert_eq!(heard, [0x90, key, 90]);
            key = (key + 1) % 128;
        }
        assert!(!out.has_backlog());
    }

    #[test]
    fn a_line_is_heard_by_name_beside_the_same_line_played_on() {
        let (mut synth, line) = TTYPort::pair().unwrap();
        let name = format!("serial:{}", line.name().unwrap());
        drop(line);
        let mut out = super::super::open(&name).unwrap();
        let mut ear = super::super::open_in(&name).unwrap();
        synth.set_timeout(Duration::from_secs(2)).unwrap();
        std::io::Write::write_all(&mut synth, &[0x90, 60, 0xF8, 90, 62, 0]).unwrap();
        let mut heard = || ear.receive(Duration::from_secs(2)).unwrap().map(|message| message.bytes().to_vec());
        assert_eq!([heard(), heard(), heard()], [Some(vec![0xF8]), Some(vec![0x90, 60, 90]), Some(vec![0x90, 62, 0])]);
        out.send(&[0xC0, 5]).unwrap();
        let mut played = [0; 2];
        synth.read_exact(&mut played).unwrap();
        assert_eq!(played, [0xC0, 5]);
        assert!(ear.receive(Duration::from_millis(5)).unwrap().is_none());
        drop(synth);
        let error = (0..100).find_map(|_| ear.receive(Duration::from_millis(20)).err()).unwrap();
        assert!(error.to_string().contains("is lost"), "{error}");
    }
}
