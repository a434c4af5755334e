//! Pins through the kernel's GPIO character device: any board, and the virtual rig.
//!
//! A thread a button waits in `poll` for its edges, which the kernel has stamped. A line that is given back keeps no
//! promise of the kernel's about its direction, so it is put back by hand as it was found.

use super::switched::Switched;
use super::{Bcm, CONSUMER, Edge, Heard, Input, Light, PinError, Pins, Pull};
use embedded_hal::digital::{ErrorType, InputPin, OutputPin, StatefulOutputPin};
use gpiocdev::chip::Chip;
use gpiocdev::line::{Bias, Direction, EdgeDetection, EdgeKind, Info, Value};
use gpiocdev::request::{Config, Request};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Labels of the chips that are a Pi's header: Zero to 3, 4, 5.
const HEADERS: [&str; 3] = ["pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"];

struct CharDevice {
    name: String,
    path: PathBuf,
    lines: u32,
}

/// Opens a chip by its path, or the header of a Pi without one.
pub fn open(address: &str) -> Result<Box<dyn Pins>, PinError> {
    Ok(Box::new(if address.is_empty() { header()? } else { CharDevice::open(Path::new(address))? }))
}

/// Who holds a line of the Pi's header, as the kernel knows it; `None` if no one does or the kernel cannot be asked.
#[cfg(feature = "rppal")]
pub fn holder(pin: Bcm) -> Option<String> {
    let device = header().ok()?;
    let info = Chip::from_path(&device.path).ok()?.line_info(pin.0.into()).ok()?;
    info.used.then(|| holder_name(&info))
}

fn header() -> Result<CharDevice, PinError> {
    let chips = gpiocdev::chip::chips().map_err(|error| PinError::NoChip { cause: error.to_string() })?;
    let mut seen = Vec::new();
    for path in &chips {
        match CharDevice::open(path) {
            Ok(device) if HEADERS.iter().any(|label| device.name.contains(label)) => return Ok(device),
            Ok(device) => seen.push(device.name),
            Err(error @ PinError::Open { .. }) => return Err(error),
            Err(error) => seen.push(error.to_string()),
        }
    }
    let cause = match seen.as_slice() {
        [] => "this machine has no GPIO chip (/dev/gpiochip0)".to_owned(),
        seen => format!("no chip here is the header of a Raspberry Pi; there are {}", seen.join(", ")),
    };
    Err(PinError::NoChip { cause })
}

impl CharDevice {
    fn open(path: &Path) -> Result<Self, PinError> {
        let cannot = |error: gpiocdev::Error| PinError::Open {
            chip: path.display().to_string(),
            cause: error.to_string().trim_end_matches('.').to_owned(),
        };
        let info = Chip::from_path(path).and_then(|chip| chip.info()).map_err(cannot)?;
        let name = format!("{} ({})", path.display(), info.label);
        Ok(Self { name, path: path.to_owned(), lines: info.num_lines })
    }

    /// Takes a line without touching it, and what it was before.
    fn take(&self, pin: Bcm) -> Result<(Request, Before), PinError> {
        let refused = |error: gpiocdev::Error| PinError::Refused { pin, cause: error.to_string() };
        let offset = u32::from(pin.0);
        if offset >= self.lines {
            return Err(PinError::NoSuchPin { pin, chip: self.name.clone(), lines: self.lines });
        }
        let info = Chip::from_path(&self.path).and_then(|chip| chip.line_info(offset)).map_err(refused)?;
        if info.used {
            return Err(PinError::Busy { pin, holder: holder_name(&info) });
        }
        let request =
            Request::builder().on_chip(&self.path).with_consumer(CONSUMER).as_is().with_line(offset).request();
        let request = request.map_err(refused)?;
        let value = match info.direction {
            Direction::Input => None,
            Direction::Output => Some(request.value(offset).map_err(refused)?),
        };
        Ok((request, Before { value, bias: info.bias }))
    }
}

fn holder_name(info: &Info) -> String {
    if info.consumer.is_empty() { "the kernel".to_owned() } else { format!("'{}'", info.consumer) }
}

impl Pins for CharDevice {
    fn name(&self) -> &str {
        &self.name
    }

    fn input(&mut self, pin: Bcm, pull: Pull, heard: Heard) -> Result<Box<dyn Input>, PinError> {
        let (request, before) = self.take(pin)?;
        let mut line = Line { request: Arc::new(request), pin, before };
        let mut config = line.config();
        config.as_input().with_edge_detection(EdgeDetection::BothEdges).with_bias(match pull {
            Pull::Up => Bias::PullUp,
            Pull::Down => Bias::PullDown,
        });
        line.configure(&config)?;
        let refused = |error: std::io::Error| PinError::Refused { pin, cause: error.to_string() };
        let (stop, stopped) = UnixStream::pair().map_err(refused)?;
        let request = Arc::clone(&line.request);
        let listen = move || listen(&request, pin, &stopped, heard);
        let thread = std::thread::Builder::new().name(format!("pin {}", pin.0)).spawn(listen).map_err(refused)?;
        Ok(Box::new(ListenedInput { stop, thread: Some(thread), line }))
    }

    fn light(&mut self, pin: Bcm) -> Result<Box<dyn Light>, PinError> {
        let (request, before) = self.take(pin)?;
        let mut line = Line { request: Arc::new(request), pin, before };
        let mut config = line.config();
        config.as_output(Value::Inactive);
        line.configure(&config)?;
        Ok(Box::new(Switched(line)))
    }
}

/// What a line was before we had it.
#[derive(Debug, Clone, Copy)]
struct Before {
    /// Its level if it was an output.
    value: Option<Value>,
    bias: Option<Bias>,
}

/// A line of ours. Dropped, it is put back as it was.
struct Line {
    request: Arc<Request>,
    pin: Bcm,
    before: Before,
}

impl Line {
    fn config(&self) -> Config {
        let mut config = Config::default();
        config.with_line(self.pin.0.into());
        config
    }

    fn configure(&mut self, config: &Config) -> Result<(), PinError> {
        let refused = |error: gpiocdev::Error| PinError::Refused { pin: self.pin, cause: error.to_string() };
        self.request.reconfigure(config).map_err(refused)
    }

    fn value(&self) -> Result<Value, PinError> {
        let lost = |error: gpiocdev::Error| PinError::Lost { pin: self.pin, cause: error.to_string() };
        self.request.value(self.pin.0.into()).map_err(lost)
    }

    fn set(&mut self, value: Value) -> Result<(), PinError> {
        let lost = |error: gpiocdev::Error| PinError::Lost { pin: self.pin, cause: error.to_string() };
        self.request.set_value(self.pin.0.into(), value).map_err(lost)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let mut config = self.config();
        match self.before.value {
            Some(value) => config.as_output(value),
            None => config.as_input().with_bias(self.before.bias),
        };
        // A chip that is gone needs nothing any more.
        let _ = self.request.reconfigure(&config);
    }
}

impl ErrorType for Line {
    type Error = PinError;
}

impl OutputPin for Line {
    fn set_low(&mut self) -> Result<(), PinError> {
        self.set(Value::Inactive)
    }

    fn set_high(&mut self) -> Result<(), PinError> {
        self.set(Value::Active)
    }
}

impl StatefulOutputPin for Line {
    fn is_set_high(&mut self) -> Result<bool, PinError> {
        Ok(self.value()? == Value::Active)
    }

    fn is_set_low(&mut self) -> Result<bool, PinError> {
        Ok(self.value()? == Value::Inactive)
    }
}

struct ListenedInput {
    stop: UnixStream,
    thread: Option<JoinHandle<()>>,
    line: Line,
}

impl ErrorType for ListenedInput {
    type Error = PinError;
}

impl InputPin for ListenedInput {
    fn is_high(&mut self) -> Result<bool, PinError> {
        Ok(self.line.value()? == Value::Active)
    }

    fn is_low(&mut self) -> Result<bool, PinError> {
        Ok(self.line.value()? == Value::Inactive)
    }
}

impl Drop for ListenedInput {
    fn drop(&mut self) {
        // Fails only if the thread has ended of itself.
        let _ = self.stop.write_all(&[0]);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Waits for edges until told to stop.
fn listen(request: &Request, pin: Bcm, stopped: &UnixStream, mut heard: Heard) {
    loop {
        let edge = match wait(request, stopped) {
            Ok(true) => request.read_edge_event().map_err(|error| error.to_string()),
            Ok(false) => return,
            Err(error) => Err(error.to_string()),
        };
        match edge {
            Ok(edge) => {
                let time = Duration::from_nanos(edge.timestamp_ns);
                heard(Ok(Edge { pin, high: edge.kind == EdgeKind::Rising, time }));
            }
            Err(cause) => {
                heard(Err(PinError::Lost { pin, cause }));
                return;
            }
        }
    }
}

/// Sleeps until there is an edge (true) or the input is given back (false).
fn wait(request: &Request, stopped: &UnixStream) -> std::io::Result<bool> {
    let wanted = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let mut fds = [wanted(stopped.as_raw_fd()), wanted(request.as_raw_fd())];
    loop {
        // SAFETY: `fds` is an array of two valid pollfd, and both descriptors outlive the call.
        let ready = unsafe { libc::poll(fds.as_mut_ptr(), 2, -1) };
        if ready >= 0 {
            return Ok(fds[0].revents == 0);
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}
