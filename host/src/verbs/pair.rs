//! `rasika pair`: a box and this laptop come to know each other.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use rasika_device::link::discovery;

use crate::boxes::{Address, KnownBox, Laptop, here, told};
use crate::place::Place;
use crate::{say, say_lines};

/// How long boxes are looked for.
const SEARCH: Duration = Duration::from_secs(3);

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Pair {
    /// Its name in the network, HOST[:PORT], or a serial port as /dev/ttyACM0[@BAUD]; else the only box in the network
    #[arg(value_name = "BOX")]
    at: Option<String>,

    /// What this laptop calls it; else what it calls itself
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    #[command(flatten)]
    place: Place,
}

impl Pair {
    /// Asks, shows the digits, waits for the person at the box.
    pub fn run(self) -> Result<()> {
        let mut laptop = Laptop::at(&self.place)?;
        let address = self.address()?;
        let show = |[a, b, c]: [u8; 3]| {
            let _ = say_lines(&format!(
                "{a} {b} {c}\nDoes the box blink the same three digits? Then press RECORD there; if not, press SELECT."
            ));
        };
        let client = here(async { laptop.pair(&address, show).await.map_err(told) })?;
        let key = client.key();
        let own = client.hello().name.clone();
        let before = laptop.book.with_key(&key).map(|known| known.name.clone());
        let wanted = self.name.or(before).filter(|name| !name.is_empty()).unwrap_or(own);
        let name = laptop.book.free_name(if wanted.is_empty() { "box" } else { &wanted }, &key);
        laptop.book.put(KnownBox { name: name.clone(), address, key })?;
        Ok(say(&format!("paired with {name} ({}); `rasika pull` brings its takes", key.fingerprint()))?)
    }

    fn address(&self) -> Result<Address> {
        let named = self.at.as_deref();
        if let Some(Ok(address @ Address::Serial(..))) = named.map(str::parse) {
            return Ok(address);
        }
        // What has a dot or a colon is an address; anything else may be a name.
        if let Some(at) = named.filter(|at| at.contains(['.', ':']) || *at == "localhost") {
            return at.parse().map_err(anyhow::Error::msg);
        }
        let mut found = discovery::discover(SEARCH, |_| true)?;
        if let Some(name) = named {
            found.retain(|found| found.name == name);
            if found.is_empty() {
                // Not announced; perhaps a host of that name.
                return name.parse().map_err(anyhow::Error::msg);
            }
        }
        let names = || found.iter().map(|found| found.name.as_str()).collect::<Vec<_>>().join(", ");
        match &found[..] {
            [] => bail!(
                "no box announces itself; write its address, as `rasika pair 10.0.0.2` or `rasika pair /dev/ttyACM0`"
            ),
            [only] => {
                let address =
                    only.addresses.first().context("the box announces no address; write it after the verb")?;
                Ok(Address::Network(address.to_string()))
            }
            _ => bail!("which box? there are {}; write a name or an address after the verb", names()),
        }
    }
}
