//! `rasika boxes`: the boxes in the network, and those this laptop knows.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use rasika_device::link::discovery;
use serde_json::json;

use crate::boxes::Laptop;
use crate::place::Place;
use crate::{say, say_lines};

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Boxes {
    #[command(subcommand)]
    verb: Option<BoxesVerb>,

    /// How long to look
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    seconds: f64,

    /// As JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum BoxesVerb {
    /// Forget a box: it has to be paired again
    Forget {
        /// Its name
        name: String,
    },
    /// Call a known box otherwise
    Rename {
        /// Its name
        name: String,
        /// Its new name
        new: String,
    },
}

impl Boxes {
    /// Looks and tells.
    pub fn run(self) -> Result<()> {
        let mut laptop = Laptop::at(&self.place)?;
        match self.verb {
            Some(BoxesVerb::Forget { name }) => {
                if !laptop.book.forget(&name)? {
                    bail!("no box is called '{name}'; `rasika boxes` lists those there are");
                }
                return Ok(say(&format!(
                    "{name} is forgotten here; its takes stay. `rasikad keys revoke` on the box forgets this laptop there"
                ))?);
            }
            Some(BoxesVerb::Rename { name, new }) => {
                let known = laptop.meant(Some(&name))?;
                if laptop.book.named(&new).is_some() {
                    bail!("another box is called '{new}' already; choose another name");
                }
                laptop.book.put(crate::boxes::KnownBox { name: new, ..known })?;
                return Ok(());
            }
            None => {}
        }
        let long = Duration::try_from_secs_f64(self.seconds.clamp(0.1, 60.0)).unwrap_or(Duration::from_secs(2));
        // A network without multicast still leaves the boxes that are known.
        let (found, failure) = match discovery::discover(long, |_| true) {
            Ok(found) => (found, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let compact = |fingerprint: &str| fingerprint.replace(' ', "");
        let known_of = |fingerprint: &str| {
            let is_it = |known: &&crate::boxes::KnownBox| compact(&known.key.fingerprint()) == compact(fingerprint);
            laptop.book.boxes().iter().find(is_it)
        };
        let mut rows = Vec::new();
        for found in &found {
            let name = known_of(&found.fingerprint).map_or(found.name.as_str(), |known| known.name.as_str());
            let address = found.addresses.first().map(ToString::to_string).unwrap_or_default();
            let paired = known_of(&found.fingerprint).is_some();
            rows.push(json!({ "name": name, "address": address, "paired": paired, "here": true, "key": compact(&found.fingerprint) }));
        }
        for known in laptop.book.boxes() {
            let key = compact(&known.key.fingerprint());
            if !found.iter().any(|found| compact(&found.fingerprint) == key) {
                rows.push(
                    json!({ "name": known.name, "address": known.address, "paired": true, "here": false, "key": key }),
                );
            }
        }
        if self.json {
            return Ok(say_lines(&serde_json::to_string_pretty(&rows)?)?);
        }
        if let Some(failure) = failure {
            crate::warn(format_args!("{failure}"));
        }
        if rows.is_empty() {
            return Ok(say(
                "no box answers; is it on and in this network? `rasika pair HOST` or `rasika pair /dev/ttyACM0` needs no search",
            )?);
        }
        for row in &rows {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            let same = |key: &str| rows.iter().filter(|other| other[key] == row[key]).count() > 1;
            // An announcement says what it likes; who is who a session proves.
            let state = match (row["paired"] == true, row["here"] == true) {
                (true, true) if same("key") => "says that it is the paired one, and is not alone in that",
                (true, true) => "paired",
                (true, false) => "paired, does not announce itself",
                (false, _) => "not paired",
            };
            let key = if same("name") { format!(" (key {})", text("key")) } else { String::new() };
            say(&format!("{:<20} {:<28} {state}{key}", text("name"), text("address")))?;
        }
        Ok(())
    }
}
