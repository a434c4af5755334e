//! Ports of the ALSA sequencer, through midir.
//!
//! A synth that is unplugged is silently unsubscribed by ALSA: sending to it then succeeds and is heard by no one, and
//! a keyboard says nothing more. So a thread looks through the list of ports and misses those that are gone.

use super::{Message, MidiIn, MidiOut, PortError};
use midir::os::unix::{VirtualInput, VirtualOutput};
use midir::{Ignore, MidiIO, MidiInput, MidiInputConnection, MidiOutput, MidiOutputConnection};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// Name of our client and port, as `aconnect -l` shows it.
const CLIENT: &str = "Rasika";
const SEQUENCER: &str = "/dev/snd/seq";
/// Messages that wait to be listened to at most; further ones are lost.
const WAITING: usize = 1024;
/// Our second client, which looks who is there.
const WATCH: &str = "Rasika watch";
/// Time between two looks whether a synth or keyboard is still there: less than it takes to plug it in again.
const GLANCE: Duration = Duration::from_millis(500);
/// Looks that have to miss it, one after another.
const MISSES: u32 = 2;

struct AlsaOut {
    name: Arc<str>,
    connection: MidiOutputConnection,
    /// Set when what it is connected to is gone.
    gone: Arc<AtomicBool>,
}

impl MidiOut for AlsaOut {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&mut self, message: &[u8]) -> Result<usize, PortError> {
        let lost = |kind: ErrorKind| PortError::Lost { name: Arc::clone(&self.name), cause: kind.into() };
        if self.gone.load(Ordering::Acquire) {
            return Err(lost(ErrorKind::NotConnected));
        }
        self.connection.send(message).map(|()| message.len()).map_err(|_| lost(ErrorKind::BrokenPipe))
    }
}

struct AlsaIn {
    name: Arc<str>,
    heard: Receiver<Message>,
    /// Set when what it is connected to is gone.
    gone: Arc<AtomicBool>,
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
        if self.gone.load(Ordering::Acquire) { Err(lost(ErrorKind::NotConnected.into())) } else { Ok(None) }
    }
}

/// Looks through the ports for one, until it is gone or no one asks any more.
fn watch<C: MidiIO + Send + 'static>(client: C, port: String) -> Arc<AtomicBool> {
    let gone = Arc::new(AtomicBool::new(false));
    let asked = Arc::downgrade(&gone);
    let look = move || {
        let mut missed = 0;
        while let Some(gone) = asked.upgrade() {
            missed = if names(&client).contains(&port) { 0 } else { missed + 1 };
            if missed == MISSES {
                return gone.store(true, Ordering::Release);
            }
            drop(gone);
            std::thread::sleep(GLANCE);
        }
    };
    // Without the thread a loss goes unnoticed, as it would without the look.
    drop(std::thread::Builder::new().name("alsa-watch".to_owned()).spawn(look));
    gone
}

/// Names of the ports that can be connected to.
fn names<C: MidiIO>(client: &C) -> Vec<String> {
    client.ports().iter().map(|port| client.port_name(port).unwrap_or_default()).collect()
}

/// The first port whose name holds the address, of what is plugged in or (`only_plugged` false) of programs too.
fn find<C: MidiIO>(client: &C, name: &str, address: &str, only_plugged: bool) -> Result<(C::Port, String), PortError> {
    let wanted = address.to_lowercase();
    let fits = |its: &str| its.to_lowercase().contains(&wanted) && (!only_plugged || is_plugged(its));
    let named = |port: C::Port| client.port_name(&port).map(|name| (port, name)).ok();
    let found = client.ports().into_iter().filter_map(named).find(|(_, its)| fits(its));
    found.ok_or_else(|| {
        let known = names(client);
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        PortError::NoSuchSynth { name: name.to_owned(), known }
    })
}

/// Whether a port, as midir names it (`Client:Port 20:0`), is a device's: those are the kernel's clients from 16 to 127.
/// The box's own USB gadget is one too, and no synth.
fn is_plugged(port: &str) -> bool {
    let client =
        port.rsplit(' ').next().and_then(|place| place.split(':').next()).and_then(|client| client.parse().ok());
    client.is_some_and(|client: u32| (16..128).contains(&client)) && !port.contains("f_midi")
}

/// A client of the sequencer, if there is one.
fn client<C>(name: &str, ours: &str, made: fn(&str) -> Result<C, midir::InitError>) -> Result<C, PortError> {
    // Asked without its device ALSA's library complains on stderr in its own words.
    if !Path::new(SEQUENCER).exists() {
        return Err(PortError::NoAlsa { name: name.to_owned() });
    }
    made(ours).map_err(|error| PortError::Open { name: name.to_owned(), cause: error.to_string() })
}

/// Opens our own port (no address) or connects to the first synth whose name holds the address.
pub fn open(name: &str, address: &str) -> Result<Box<dyn MidiOut>, PortError> {
    if !address.is_empty() {
        return connect(name, address, false);
    }
    let cannot = |cause: String| PortError::Open { name: name.to_owned(), cause };
    let output = client(name, CLIENT, MidiOutput::new)?;
    let connection = output.create_virtual(CLIENT).map_err(|error| cannot(error.to_string()))?;
    Ok(Box::new(AlsaOut { name: name.into(), connection, gone: Arc::default() }))
}

/// Connects to the first synth that is plugged in, or to the first of those whose name holds the address.
pub fn open_usb(name: &str, address: &str) -> Result<Box<dyn MidiOut>, PortError> {
    connect(name, address, true)
}

fn connect(name: &str, address: &str, only_plugged: bool) -> Result<Box<dyn MidiOut>, PortError> {
    let cannot = |cause: String| PortError::Open { name: name.to_owned(), cause };
    let output = client(name, CLIENT, MidiOutput::new)?;
    let (port, its_name) = find(&output, name, address, only_plugged)?;
    let connection = output.connect(&port, CLIENT).map_err(|error| cannot(error.to_string()))?;
    let gone = watch(client(name, WATCH, MidiOutput::new)?, its_name);
    Ok(Box::new(AlsaOut { name: name.into(), connection, gone }))
}

/// The same to listen to: our own port, or a keyboard's.
pub fn open_in(name: &str, address: &str) -> Result<Box<dyn MidiIn>, PortError> {
    listen(name, address, false)
}

/// The same to listen to: the first keyboard that is plugged in, or one by its name.
pub fn open_usb_in(name: &str, address: &str) -> Result<Box<dyn MidiIn>, PortError> {
    listen(name, address, true)
}

fn listen(name: &str, address: &str, only_plugged: bool) -> Result<Box<dyn MidiIn>, PortError> {
    let cannot = |cause: String| PortError::Open { name: name.to_owned(), cause };
    let mut input = client(name, CLIENT, MidiInput::new)?;
    input.ignore(Ignore::All);
    let (tell, heard) = sync_channel(WAITING);
    let hear = move |_: u64, bytes: &[u8], (): &mut ()| {
        if let Some(message) = Message::of(bytes) {
            // No one may listen; the sequencer does not wait.
            let _ = tell.try_send(message);
        }
    };
    let (connection, gone) = if address.is_empty() && !only_plugged {
        (input.create_virtual(CLIENT, hear, ()).map_err(|error| cannot(error.to_string()))?, Arc::default())
    } else {
        let (port, its_name) = find(&input, name, address, only_plugged)?;
        let connection = input.connect(&port, CLIENT, hear, ()).map_err(|error| cannot(error.to_string()))?;
        (connection, watch(client(name, WATCH, MidiInput::new)?, its_name))
    };
    Ok(Box::new(AlsaIn { name: name.into(), heard, gone, _connection: connection }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_told_from_programs_and_from_the_boxes_own_gadget() {
        for (port, plugged) in [
            ("Midi Through:Midi Through Port-0 14:0", false),
            ("SC-55mkII:SC-55mkII MIDI 1 20:0", true),
            ("f_midi:f_midi 24:0", false),
            ("FLUID Synth (1234):Synth input port 128:0", false),
            ("a name without a place", false),
            ("", false),
        ] {
            assert_eq!(is_plugged(port), plugged, "{port}");
        }
    }
}
