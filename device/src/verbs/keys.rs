//! `rasikad keys`, `rasikad models` and `rasikad rollback`: what the box that runs lets in and has in force.

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use rasika_device::control::{self, Verbs};
use rasika_device::laptops::{Adopt, Shown, TAKE_RUNS};
use rasika_device::link::KeyRing;
use rasika_device::link::message::{FileKind, FileState, Known};
use rasika_device::shelf::{ANOTHER_CHANGES, Shelf, label};
use rasika_device::terminal::say;
use serde_json::{Value, json};
use std::sync::Arc;

/// Laptops that the box lets in.
#[derive(Debug, Args)]
pub struct Keys {
    #[command(subcommand)]
    verb: Option<KeysVerb>,

    /// JSON, for programs
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum KeysVerb {
    /// List them (this is what is done without a verb)
    List,
    /// Let one in no longer
    Revoke {
        /// Its name, or the beginning of its key (eight digits or more)
        #[arg(value_name = "LAPTOP")]
        laptop: String,
    },
}

impl Keys {
    /// Asks the box that runs.
    pub fn run(self) -> Result<()> {
        if let Some(KeysVerb::Revoke { laptop }) = self.verb {
            control::ask(&control::places(), &json!({ "verb": "revoke", "laptop": laptop }))?;
            return Ok(say(format_args!("{laptop} is let in no longer"))?);
        }
        let answer = control::ask(&control::places(), &json!({ "verb": "keys" }))?;
        if self.json {
            return Ok(say(answer)?);
        }
        let known: Vec<Value> = serde_json::from_value(answer).context("the box tells something else")?;
        if known.is_empty() {
            return Ok(say("no laptop is paired; hold both buttons for three seconds and run `rasika pair` there")?);
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut lines = known.iter().map(|known| format!("{}  {}", text(&known["fingerprint"]), text(&known["name"])));
        Ok(lines.try_for_each(say)?)
    }
}

/// A kind of file that laptops push.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Model,
    Config,
    Raga,
    Map,
    Sounds,
}

impl Kind {
    const fn of(self) -> FileKind {
        match self {
            Self::Model => FileKind::Model,
            Self::Config => FileKind::Config,
            Self::Raga => FileKind::Raga,
            Self::Map => FileKind::Map,
            Self::Sounds => FileKind::Sounds,
        }
    }
}

/// What laptops pushed.
#[derive(Debug, Args)]
pub struct Shelved {
    /// What to list
    #[arg(value_name = "KIND", default_value = "model")]
    kind: Kind,

    /// JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Shelved {
    /// Asks the box that runs.
    pub fn run(self) -> Result<()> {
        let answer = control::ask(&control::places(), &json!({ "verb": "shelf", "kind": self.kind.of() }))?;
        if self.json {
            return Ok(say(answer)?);
        }
        let files: Vec<FileState> = serde_json::from_value(answer).context("the box tells something else")?;
        let line = |file: &FileState| {
            let mark = if file.active {
                "in force"
            } else if file.previous {
                "before"
            } else {
                ""
            };
            format!("{mark:<9} {:<24} {}", file.name.as_str(), file.about)
        };
        Ok(files.iter().map(line).try_for_each(say)?)
    }
}

/// Going back to what was before.
#[derive(Debug, Args)]
pub struct Rollback {
    /// Of what
    #[arg(value_name = "KIND", default_value = "model")]
    kind: Kind,
}

impl Rollback {
    /// Asks the box that runs.
    pub fn run(self) -> Result<()> {
        control::ask(&control::places(), &json!({ "verb": "rollback", "kind": self.kind.of() }))?;
        Ok(say(format_args!("the {} of before is in force again", label(self.kind.of())))?)
    }
}

/// What a box that runs can be asked about laptops and what they pushed. `adopt` puts in force what the shelf says.
pub fn verbs(verbs: Verbs, ring: KeyRing, shelf: &Arc<Shelf>, adopt: Adopt, state: Arc<Shown>) -> Verbs {
    let (revoking, listing, shelf) = (ring.clone(), Arc::clone(shelf), Arc::clone(shelf));
    let kind = |request: &Value| {
        serde_json::from_value::<FileKind>(request["kind"].clone()).map_err(|error| error.to_string())
    };
    let shown = |known: Known| {
        json!({ "name": known.name, "key": known.key.to_string(), "fingerprint": known.key.fingerprint(),
            "since_unix_ms": known.since_unix_ms })
    };
    verbs
        .on("keys", move |_| Ok(ring.list().into_iter().map(shown).collect()))
        .on("revoke", move |request| {
            let name = request["laptop"].as_str().unwrap_or_default();
            let compact = name.replace(' ', "");
            let known = revoking.find(name).or_else(|| revoking.find(&compact));
            let known = known.ok_or_else(|| format!("no laptop is called '{name}'; list them with `rasikad keys`"))?;
            revoking.revoke(&known.key).map_err(|error| error.to_string())?;
            Ok(Value::Null)
        })
        .on("shelf", move |request| {
            serde_json::to_value(listing.list(kind(request)?)).map_err(|error| error.to_string())
        })
        .on("rollback", move |request| {
            let kind = kind(request)?;
            let _turn = shelf.turn().ok_or(ANOTHER_CHANGES)?;
            if kind != FileKind::Model && state.is_recording() {
                return Err(TAKE_RUNS.to_owned());
            }
            shelf.roll_back(kind).map_err(|error| error.to_string())?;
            adopt(kind).map(|()| Value::Null)
        })
}
