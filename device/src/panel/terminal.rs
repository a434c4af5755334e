//! A panel in the terminal: keys are its buttons, its LEDs are drawn. The same thread, recogniser and state machine as
//! on a board; only the pins are simulated.

use super::keys::{Keys, LEGEND};
use super::running::{Panel, StartError};
use super::settings::Settings;
use super::sign::Led;
use crate::terminal::KeyMode;
use rasika_hardware::buttons::Button;
use rasika_hardware::pins::{Pins, Pull, SimulatedPins, now};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Columns that every terminal has.
const WIDTH: usize = 78;

/// Where keys come from: a terminal, or a pipe with a script.
pub trait Typed: Read + AsRawFd + Send + 'static {}
impl<T: Read + AsRawFd + Send + 'static> Typed for T {}

/// A panel without a board.
#[derive(Debug)]
pub struct SimulatedPanel {
    panel: Panel,
    pins: SimulatedPins,
    settings: Settings,
    quit: Arc<AtomicBool>,
    stop: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl SimulatedPanel {
    /// Which of [`Self::lines`] says what the panel is doing.
    pub const DOING: usize = 1;

    /// Begins, with keys from standard input. A terminal tells single keys from now on, until this is dropped.
    ///
    /// # Errors
    /// When the settings make no sense, or the system gives no thread.
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        // A file of its own: what standard input's buffer swallows, waiting for the descriptor would not see.
        let typed = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Self::start_typed(settings, typed)
    }

    /// Begins, with keys from elsewhere.
    ///
    /// # Errors
    /// When the settings make no sense, or the system gives no thread.
    pub fn start_typed(settings: Settings, typed: impl Typed) -> Result<Self, StartError> {
        let pins = SimulatedPins::new();
        let again = pins.clone();
        let panel = Panel::start_on(settings.clone(), Box::new(move || Ok(Box::new(again.clone()) as Box<dyn Pins>)))?;
        let quit = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = UnixStream::pair()?;
        let fingers = Fingers { pins: pins.clone(), settings: settings.clone(), quit: Arc::clone(&quit) };
        let press = move || fingers.press(typed, &stopped);
        let thread = std::thread::Builder::new().name("keys".to_owned()).spawn(press)?;
        Ok(Self { panel, pins, settings, quit, stop, thread: Some(thread) })
    }

    /// The panel itself: commands, events, status.
    #[must_use]
    pub const fn panel(&self) -> &Panel {
        &self.panel
    }

    /// The simulated pins, to be broken and taken.
    #[must_use]
    pub const fn pins(&self) -> &SimulatedPins {
        &self.pins
    }

    /// Whether the key for it was pressed.
    #[must_use]
    pub fn wants_to_quit(&self) -> bool {
        self.quit.load(Ordering::Acquire)
    }

    /// The panel as it looks now, in lines that fit a terminal: LEDs and buttons, what it is doing, the keys.
    #[must_use]
    pub fn lines(&self, colours: bool) -> [String; 4] {
        let mut lamps = String::new();
        for (led, pin) in Led::ALL.into_iter().zip(self.settings.leds()) {
            let level = self.pins.brightness(pin).map_or(0.0, f32::sqrt);
            lamps += &format!("  {} {}", led.name(), if colours { painted(led, level) } else { plain(level) });
        }
        for button in Button::ALL {
            let is_down = self.pins.is_high(self.settings.button(button)) == Some(self.settings.pull == Pull::Down);
            lamps += &format!("  [{button}{}]", if is_down { " ▼" } else { "  " });
        }
        let status = self.panel.status();
        let mut doing = format!("  {}", status.state);
        match status.label {
            Some(rasa) => doing += &format!(", label {rasa}"),
            None => doing += ", automatic",
        }
        for fault in status.faults.iter() {
            doing += &format!(" · {}", fault.words().0);
        }
        if let Some((cut, _)) = doing.char_indices().nth(WIDTH - 1) {
            doing.truncate(cut);
            doing.push('…');
        }
        let [clicks, holds] = LEGEND.map(|line| format!("  {line}"));
        [lamps, doing, clicks, holds]
    }
}

impl Drop for SimulatedPanel {
    fn drop(&mut self) {
        // Fails only if the thread has ended of itself.
        let _ = self.stop.write_all(&[0]);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn plain(level: f32) -> String {
    const LIT: [char; 5] = ['○', '◔', '◑', '◕', '●'];
    LIT[((level * 4.0).round() as usize).min(4)].to_string()
}

/// In the LED's own colour, of the 6×6×6 cube that terminals of 256 colours have.
fn painted(led: Led, level: f32) -> String {
    let full = ((level * 5.0).round() as u8).min(5);
    let (red, green, blue) = match led {
        Led::Ready => (0, full, 0),
        Led::Face => (0, full / 2, full),
        Led::Record => (full, 0, 0),
        Led::Midi => (full, full / 2, 0),
    };
    let colour = if full == 0 { 238 } else { 16 + 36 * red + 6 * green + blue };
    format!("\x1b[38;5;{colour}m●\x1b[0m")
}

/// What the keys' thread owns.
struct Fingers {
    pins: SimulatedPins,
    settings: Settings,
    quit: Arc<AtomicBool>,
}

impl Fingers {
    fn press(&self, mut typed: impl Typed, stopped: &UnixStream) {
        let _single_keys = KeyMode::single(typed.as_raw_fd());
        let mut keys = Keys::default();
        let mut listening = true;
        loop {
            let wait = keys.due().map(|due| due.saturating_sub(now()));
            match ready(stopped.as_raw_fd(), listening.then(|| typed.as_raw_fd()), wait) {
                Ok([true, _]) | Err(_) => return,
                Ok([false, true]) => {
                    let mut bytes = [0; 64];
                    match typed.read(&mut bytes) {
                        Ok(count) if count > 0 => {
                            keys.read(now(), &bytes[..count]);
                        }
                        // The script is over or the terminal is gone; what it asked for is still done.
                        _ => listening = false,
                    }
                }
                Ok([false, false]) => {}
            }
            while let Some((at, button, down)) = keys.next(now()) {
                let high = down == (self.settings.pull == Pull::Down);
                self.pins.drive_at(self.settings.button(button), high, at);
            }
            if keys.wants_to_quit() {
                self.quit.store(true, Ordering::Release);
            }
        }
    }
}

/// Sleeps until one of two descriptors has something to read, or the time is over.
fn ready(stopped: RawFd, typed: Option<RawFd>, wait: Option<Duration>) -> io::Result<[bool; 2]> {
    let wanted = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // poll leaves out descriptors below zero.
    let mut fds = [wanted(stopped), wanted(typed.unwrap_or(-1))];
    let wait_ms = wait.map_or(-1, |wait| wait.as_micros().div_ceil(1000).min(60_000) as libc::c_int);
    // SAFETY: `fds` is an array of two valid pollfd, and both descriptors outlive the call.
    if unsafe { libc::poll(fds.as_mut_ptr(), 2, wait_ms) } < 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::Interrupted { Ok([false; 2]) } else { Err(error) };
    }
    Ok(fds.map(|fd| fd.revents != 0))
}
