//! Ports of the ALSA sequencer, through midir.
//!
//! A synth that is unplugged is silently unsubscribed by ALSA: sending to it then succeeds and is heard by no one.
//! A keyboard that is unplugged says nothing more; it is missed when the list of ports is looked through.

use super::{Message, MidiIn, MidiOut, PortError};
use midir::os::unix::{VirtualInput, VirtualOutput};
use midir::{Ignore, MidiIO, MidiInput, MidiInputConnection, MidiOutput, MidiOutputConnection};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// Name of our client and port, as `aconnect -l` shows it.
const CLIENT: &str = "Rasika";
const SEQUENCER: &str = "/dev/snd/seq";
/// Messages that wait to be listened to at most; further ones are lost.
const WAITING: usize = 1024;
/// Time between two looks whether a keyboard is still there.
const GLANCE: Duration = Duration::from_secs(2);

struct AlsaOut {
    name: Arc<str>,
    connection: MidiOutputConnection,
}

impl MidiOut for AlsaOut {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&mut self, message: &[u8]) -> Result<usize, PortError> {
        let lost = |_| PortError::Lost { name: Arc::clone(&self.name), cause: ErrorKind::BrokenPipe.into() };
        self.connection.send(message).map(|()| message.len()).map_err(lost)
    }
}

struct AlsaIn {
    name: Arc<str>,
    heard: Receiver<Message>,
    /// Looks through the list of ports for the one we are connected to; `None` with a port of our own.
    watch: Option<(MidiInput, String)>,
    looked: Instant,
    /// Kept for its end only: dropped, it closes the port.
    _connection: MidiInputConnection<()>,
}

impl MidiIn for AlsaIn {
    fn name(&self) -> &str {
        &self.name
    }

    fn receive(&mut self, wait: Duration) -> Result<Option<Message>, PortError> {
        let lost = |cause: io::Error| PortError::Lost { name: Arc::clone(&self.name), cause };
        match self.heard.recv_timeout(wait) {
            Ok(message) => return Ok(Some(message)),
            Err(RecvTimeoutError::Disconnected) => return Err(lost(ErrorKind::BrokenPipe.into())),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if self.looked.elapsed() > GLANCE {
            self.looked = Instant::now();
            if self.watch.as_ref().is_some_and(|(watch, port)| !names(watch).contains(port)) {
                return Err(lost(ErrorKind::NotConnected.into()));
            }
        }
        Ok(None)
    }
}

/// Names of the ports that can be connected to.
fn names<C: MidiIO>(client: &C) -> Vec<String> {
    client.ports().iter().map(|port| client.port_name(port).unwrap_or_default()).collect()
}

/// The first port whose name holds the address.
fn find<C: MidiIO>(client: &C, name: &str, address: &str) -> Result<(C::Port, String), PortError> {
    let wanted = address.to_lowercase();
    let named = |port: C::Port| client.port_name(&port).map(|name| (port, name)).ok();
    let found = client.ports().into_iter().filter_map(named).find(|(_, its)| its.to_lowercase().contains(&wanted));
    found.ok_or_else(|| {
        let known = names(client);
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        PortError::NoSuchSynth { name: name.to_owned(), known }
    })
}

/// A client of the sequencer, if there is one.
fn client<C>(name: &str, made: impl Fn(&str) -> Result<C, midir::InitError>) -> Result<C, PortError> {
    // Asked without its device ALSA's library complains on stderr in its own words.
    if !Path::new(SEQUENCER).exists() {
        return Err(PortError::NoAlsa { name: name.to_owned() });
    }
    made(CLIENT).map_err(|error| PortError::Open { name: name.to_owned(), cause: error.to_string() })
}

/// Opens our own port (no address) or connects to the first synth whose name holds the address.
pub fn open(name: &str, address: &str) -> Result<Box<dyn MidiOut>, PortError> {
    let cannot = |cause: String| PortError::Open { name: name.to_owned(), cause };
    let output = client(name, MidiOutput::new)?;
    let connection = if address.is_empty() {
        output.create_virtual(CLIENT).map_err(|error| cannot(error.to_string()))?
    } else {
        let (port, _) = find(&output, name, address)?;
        output.connect(&port, CLIENT).map_err(|error| cannot(error.to_string()))?
    };
    Ok(Box::new(AlsaOut { name: name.into(), connection }))
}

/// The same to listen to: our own port, or a keyboard's.
pub fn open_in(name: &str, address: &str) -> Result<Box<dyn MidiIn>, PortError> {
    let cannot = |cause: String| PortError::Open { name: name.to_owned(), cause };
    let mut input = client(name, MidiInput::new)?;
    input.ignore(Ignore::All);
    let (tell, heard) = sync_channel(WAITING);
    let hear = move |_: u64, bytes: &[u8], (): &mut ()| {
        if let Some(message) = Message::of(bytes) {
            // No one may listen; the sequencer does not wait.
            let _ = tell.try_send(message);
        }
    };
    let (connection, watch) = if address.is_empty() {
        (input.create_virtual(CLIENT, hear, ()).map_err(|error| cannot(error.to_string()))?, None)
    } else {
        let (port, its_name) = find(&input, name, address)?;
        let watch = client(name, MidiInput::new)?;
        let connection = input.connect(&port, CLIENT, hear, ()).map_err(|error| cannot(error.to_string()))?;
        (connection, Some((watch, its_name)))
    };
    Ok(Box::new(AlsaIn { name: name.into(), heard, watch, looked: Instant::now(), _connection: connection }))
}
