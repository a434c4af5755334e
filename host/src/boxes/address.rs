//! Where a box is: in the network, or at the end of a serial line.

use std::fmt;
use std::str::FromStr;

use rasika_device::link::serial::BAUD;
use serde::{Deserialize, Serialize};

/// The port boxes listen on if nobody says otherwise.
const PORT: u16 = 7337;

/// An address, as people write it: `HOST`, `HOST:PORT`, `/dev/tty…`, `/dev/tty…@BAUD` (or `COM3@BAUD`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Address {
    /// Host and port.
    Network(String),
    /// Port and baud rate.
    Serial(String, u32),
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(format!("'{text}' is no address; write HOST, HOST:PORT or /dev/ttyACM0"));
        }
        if is_serial(text) {
            let (path, baud) = text.rsplit_once('@').map_or((text, Ok(BAUD)), |(path, baud)| (path, baud.parse()));
            let baud = baud.map_err(|_| format!("'{text}' has no baud rate after @; write {path}@921600"))?;
            return Ok(Self::Serial(path.to_owned(), baud));
        }
        match text.rsplit_once(':') {
            _ if text.ends_with(']') => Ok(Self::Network(format!("{text}:{PORT}"))),
            None => Ok(Self::Network(format!("{text}:{PORT}"))),
            // An IPv6 address has colons of its own; with a port it stands in brackets.
            Some((host, _)) if host.contains(':') && !host.ends_with(']') => {
                Ok(Self::Network(format!("[{text}]:{PORT}")))
            }
            Some((_, port)) if port.parse::<u16>().is_ok() => Ok(Self::Network(text.to_owned())),
            Some(_) => Err(format!("'{text}' has no port number after its colon; write HOST:{PORT}")),
        }
    }
}

fn is_serial(text: &str) -> bool {
    let com = text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("com"));
    text.starts_with("/dev/") || com && text[3..].starts_with(|c: char| c.is_ascii_digit()) && !text.contains('.')
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(address) => f.write_str(address),
            Self::Serial(path, BAUD) => f.write_str(path),
            Self::Serial(path, baud) => write!(f, "{path}@{baud}"),
        }
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (written, read) in [
            ("stage.local", "stage.local:7337"),
            ("10.0.0.2:80", "10.0.0.2:80"),
            ("fe80::1", "[fe80::1]:7337"),
            ("[fe80::1]:9", "[fe80::1]:9"),
            ("[fe80::1]", "[fe80::1]:7337"),
            ("/dev/ttyACM0", "/dev/ttyACM0"),
            ("/dev/ttyUSB0@115200", "/dev/ttyUSB0@115200"),
            ("COM3", "COM3"),
            ("comet.local", "comet.local:7337"),
        ] {
            assert_eq!(written.parse::<Address>().map(|address| address.to_string()), Ok(read.to_owned()));
        }
        for wrong in ["", "a b", "host:port", "/dev/ttyUSB0@fast", "host:70000"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
