//! `rasikad status` and `rasikad panic`: a box that runs, asked from another terminal.

use anyhow::{Context, Result};
use clap::Args;
use rasika_device::config::Config;
use rasika_device::config::midi_port;
use rasika_device::control::{self, Report, Verbs};
use rasika_device::hand::Listening;
use rasika_device::laptops::Shown;
use rasika_device::performer::Library;
use rasika_device::performer::player::{self, Player};
use rasika_device::terminal::{say, say_lines};
use rasika_hardware::midi;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Arguments of `rasikad status`.
#[derive(Debug, Args)]
pub struct Status {
    /// One JSON object, for programs
    #[arg(long)]
    json: bool,
}

impl Status {
    /// Prints what the box that runs tells of itself.
    pub fn run(self) -> Result<()> {
        let answer = control::ask(&control::places(), &json!({ "verb": "status" }))?;
        if self.json {
            return Ok(say(answer)?);
        }
        let report: Report =
            serde_json::from_value(answer).context("the box tells something else; is it of the same version?")?;
        Ok(say_lines(report)?)
    }
}

/// Arguments of `rasikad panic`.
#[derive(Debug, Args)]
pub struct Panic {
    /// A MIDI port, as often as there are ports; without, the box that runs ends its notes and plays on
    #[arg(long = "midi", value_name = "PORT")]
    ports: Vec<String>,

    /// Every port that the settings name, whether or not a box runs (for after a kill)
    #[arg(long)]
    configured: bool,

    #[command(flatten)]
    settings: super::config::Settings,
}

impl Panic {
    /// Ends what sounds; a port that cannot be opened does not keep the others from silence.
    pub fn run(mut self) -> Result<()> {
        if self.configured {
            self.ports.extend(Config::of(&self.settings.layers()?)?.midi.ports);
        } else if self.ports.is_empty() {
            control::ask(&control::places(), &json!({ "verb": "panic" }))?;
            return Ok(());
        }
        let ports = self.ports.iter().map(|name| midi_port(name).0).filter(|name| midi::sounds(name));
        let silenced = ports.map(|name| midi::open(name).and_then(|mut port| player::sweep(&mut *port)));
        silenced.collect::<Vec<_>>().into_iter().collect::<Result<(), _>>().map_err(Into::into)
    }
}

/// How a box plays, for whoever asks.
pub fn report(player: &Player, library: &Arc<Library>, listening: &Listening) -> Box<dyn Fn() -> Report + Send + Sync> {
    let (gauges, library, heard) = (player.gauges().clone(), Arc::clone(library), listening.gauges().to_vec());
    Box::new(move || Report::of(&gauges, &library, &heard))
}

/// What a box that plays can be asked about its performance.
pub fn verbs(
    player: &Player,
    library: &Arc<Library>,
    listening: Option<&Listening>,
    shown: Option<Arc<Shown>>,
) -> Verbs {
    let (gauges, library) = (player.gauges().clone(), Arc::clone(library));
    let heard = listening.map(|listening| listening.gauges().to_vec()).unwrap_or_default();
    let panic = Arc::clone(player.panic());
    Verbs::default()
        .on("status", move |_| {
            let faults = shown.as_ref().map(|shown| shown.faults()).unwrap_or_default();
            let report = Report { faults, ..Report::of(&gauges, &library, &heard) };
            serde_json::to_value(report).map_err(|error| error.to_string())
        })
        .on("panic", move |_| {
            panic.store(true, Ordering::Release);
            Ok(Value::Null)
        })
}
