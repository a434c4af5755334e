//! A port that could not be opened yet.

use rasika_hardware::midi::{Message, MidiIn, MidiOut, PortError};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

/// Stands for a port that is not there: whoever sends or listens first finds it lost, and it is opened as a lost one is.
#[derive(Debug)]
pub struct Absent(Arc<str>);

impl Absent {
    /// The port of a word.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    fn lost(&self) -> PortError {
        PortError::Lost { name: Arc::clone(&self.0), cause: ErrorKind::NotFound.into() }
    }
}

impl MidiOut for Absent {
    fn name(&self) -> &str {
        &self.0
    }

    fn send(&mut self, _message: &[u8]) -> Result<usize, PortError> {
        Err(self.lost())
    }
}

impl MidiIn for Absent {
    fn name(&self) -> &str {
        &self.0
    }

    fn receive(&mut self, _wait: Duration) -> Result<Option<Message>, PortError> {
        Err(self.lost())
    }
}
