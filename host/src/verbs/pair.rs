//! `rasika pair`: a box and this laptop come to know each other.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use rasika_device::link::discovery::{self, Found};

use crate::boxes::{Address, KnownBox, Laptop, Person, Yes, here, told};
use crate::place::Place;
use crate::say;

/// How long boxes are looked for.
const SEARCH: Duration = Duration::from_secs(3);

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Pair {
    /// Its name in the network, the beginning of its key (eight digits or more), HOST[:PORT], or a serial port as
    /// /dev/ttyACM0[@BAUD]; else the only box in the network
    #[arg(value_name = "BOX")]
    at: Option<String>,

    /// What this laptop calls it; else what it calls itself
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Without a terminal: the digits that the box blinks; - reads them from the standard input. Others than this laptop
    /// shows are a no
    #[arg(long, value_name = "DIGITS", allow_hyphen_values = true)]
    yes: Option<String>,

    #[command(flatten)]
    place: Place,
}

impl Pair {
    /// Asks, shows the digits, and waits for the persons at both.
    pub fn run(self) -> Result<()> {
        let yes = Yes::given(self.yes.as_deref())?;
        let mut laptop = Laptop::at(&self.place)?;
        let addresses = self.addresses()?;
        let (address, client) = here(async { laptop.pair(&addresses, Person(yes)).await.map_err(told) })?;
        let key = client.key();
        let own = client.hello().name.clone();
        let before = laptop.book.with_key(&key).cloned();
        let wanted = self.name.or(before.as_ref().map(|known| known.name.clone())).filter(|name| !name.is_empty());
        let wanted = wanted.unwrap_or(own);
        let name = laptop.book.free_name(if wanted.is_empty() { "box" } else { &wanted }, &key);
        let known = KnownBox { name: name.clone(), address, key, files: before.map_or(vec![], |known| known.files) };
        laptop.book.put(known.clone())?;
        say(&format!("paired with {name} ({}); `rasika pull` brings its takes", key.fingerprint()))?;
        if client.hello().box_id.is_some()
            && let Err(error) = laptop.file_of(&known, &client, &self.place.takes()?)
        {
            crate::warn(format_args!("{name}: {error:#}"));
        }
        Ok(())
    }

    fn addresses(&self) -> Result<Vec<Address>> {
        let named = self.at.as_deref();
        if let Some(Ok(address @ Address::Serial(..))) = named.map(str::parse) {
            return Ok(vec![address]);
        }
        // What has a dot or a colon is an address; anything else may be a name.
        if let Some(at) = named.filter(|at| at.contains(['.', ':']) || *at == "localhost") {
            return Ok(vec![at.parse().map_err(anyhow::Error::msg)?]);
        }
        let mut found = discovery::discover(SEARCH, |_| true)?;
        if let Some(name) = named {
            found
                .retain(|found| found.name == name || name.len() >= 8 && compact(&found.fingerprint).starts_with(name));
            if found.is_empty() {
                // Not announced; perhaps a host of that name.
                return Ok(vec![name.parse().map_err(anyhow::Error::msg)?]);
            }
        }
        one_of(&found)
    }
}

fn compact(fingerprint: &str) -> String {
    fingerprint.replace(' ', "")
}

/// The addresses of the only box that answers. Of several nobody can say which is meant but the person, by what tells
/// them apart: addresses and keys, as names are what anybody calls himself.
fn one_of(found: &[Found]) -> Result<Vec<Address>> {
    match found {
        [] => {
            bail!("no box announces itself; write its address, as `rasika pair 10.0.0.2` or `rasika pair /dev/ttyACM0`")
        }
        [only] => Ok(only.addresses.iter().map(|address| Address::Network(address.to_string())).collect()),
        _ => {
            let line = |found: &Found| {
                let address = found.addresses.first().map_or("no address".to_owned(), ToString::to_string);
                format!("{} at {address} (key {})", found.name, compact(&found.fingerprint))
            };
            let all: Vec<String> = found.iter().map(line).collect();
            bail!("which box? there are {}; write an address or the beginning of a key after the verb", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namesakes_are_told_apart_by_address_and_key() {
        let found = |address: &str, key: &str| Found {
            name: "stage".to_owned(),
            addresses: vec![address.parse().unwrap(), "10.0.0.9:7337".parse().unwrap()],
            fingerprint: key.to_owned(),
            protocol: 3,
        };
        let (one, two) = (found("10.0.0.1:7337", "1a2b3c4d5e6f7081"), found("10.0.0.2:7337", "99aabbccddeeff00"));
        let both = one_of(&[one.clone(), two]).unwrap_err().to_string();
        for told in ["stage at 10.0.0.1:7337 (key 1a2b3c4d5e6f7081)", "stage at 10.0.0.2:7337 (key 99aabbccddeeff00)"] {
            assert!(both.contains(told), "{both}");
        }
        let addresses: Vec<String> = one_of(&[one]).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["10.0.0.1:7337", "10.0.0.9:7337"], "every address is tried");
    }
}
