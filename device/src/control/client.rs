//! The side of whoever asks.

use super::{ControlError, REPLY_BYTES};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// How long a box may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the first box that answers at one of the places; gives what it answered.
///
/// # Errors
/// When no box runs, it cannot be asked, or it refuses.
pub fn ask(places: &[PathBuf], request: &Value) -> Result<Value, ControlError> {
    let mut refused = None;
    for place in places {
        let shown = place.display().to_string();
        match UnixStream::connect(place) {
            Ok(stream) => {
                let line = converse(&stream, request).map_err(|cause| ControlError::Connect { place: shown, cause })?;
                return read(&line);
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {}
            Err(cause) => refused = refused.or(Some(ControlError::Connect { place: shown, cause })),
        }
    }
    let looked = places.iter().map(|place| place.display().to_string()).collect::<Vec<_>>().join(", ");
    Err(refused.unwrap_or(ControlError::NoBox(looked)))
}

fn converse(mut stream: &UnixStream, request: &Value) -> io::Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{request}\n").as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).take(REPLY_BYTES as u64).read_line(&mut line)?;
    Ok(line)
}

fn read(line: &str) -> Result<Value, ControlError> {
    let mut reply: Value = serde_json::from_str(line).map_err(|error| ControlError::NoAnswer(error.to_string()))?;
    match (reply.get_mut("ok").map(Value::take), reply.get("error").and_then(Value::as_str)) {
        (Some(answer), _) => Ok(answer),
        (None, Some(sentence)) => Err(ControlError::Refused(sentence.to_owned())),
        (None, None) => Err(ControlError::NoAnswer("neither ok nor error".to_owned())),
    }
}
