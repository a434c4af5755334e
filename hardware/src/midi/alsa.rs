//! Ports of the ALSA sequencer, through midir.
//!
//! A synth that is unplugged is silently unsubscribed by ALSA: sending to it then succeeds and is heard by no one.

use super::{MidiOut, PortError};
use midir::os::unix::VirtualOutput;
use midir::{MidiOutput, MidiOutputConnection};
use std::path::Path;

/// Name of our client and port, as `aconnect -l` shows it.
const CLIENT: &str = "Rasika";
const SEQUENCER: &str = "/dev/snd/seq";

struct AlsaOut {
    name: String,
    connection: MidiOutputConnection,
}

impl MidiOut for AlsaOut {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&mut self, message: &[u8]) -> Result<usize, PortError> {
        let lost = |cause: midir::SendError| PortError::Lost { name: self.name.clone(), cause: cause.to_string() };
        self.connection.send(message).map(|()| message.len()).map_err(lost)
    }
}

/// Opens our own port (no address) or connects to the first synth whose name holds the address.
pub fn open(name: &str, address: &str) -> Result<Box<dyn MidiOut>, PortError> {
    // Asked without its device ALSA's library complains on stderr in its own words.
    if !Path::new(SEQUENCER).exists() {
        return Err(PortError::NoAlsa { name: name.to_owned() });
    }
    let cannot = |cause: String| PortError::Open { name: name.to_owned(), cause };
    let output = MidiOutput::new(CLIENT).map_err(|error| cannot(error.to_string()))?;
    let connection = if address.is_empty() {
        output.create_virtual(CLIENT).map_err(|error| cannot(error.to_string()))?
    } else {
        let named = |port: &midir::MidiOutputPort| output.port_name(port).unwrap_or_default();
        let ports = output.ports();
        let wanted = address.to_lowercase();
        let Some(port) = ports.iter().find(|port| named(port).to_lowercase().contains(&wanted)) else {
            let known: Vec<String> = ports.iter().map(named).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(PortError::NoSuchSynth { name: name.to_owned(), known });
        };
        output.connect(port, CLIENT).map_err(|error| cannot(error.to_string()))?
    };
    Ok(Box::new(AlsaOut { name: name.to_owned(), connection }))
}
