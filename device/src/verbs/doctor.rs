//! `rasikad doctor`: what is wrong with the box, what it means and what to do.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use super::named;
use rasika_device::clock::is_synchronised;
use rasika_device::config::{CameraSource, Config, Layers, midi_port};
use rasika_device::doctor::{Finding, Machine, User, Verdict, examine, worst};
use rasika_device::home;
use rasika_device::link::{Identity, KeyRing};
use rasika_device::terminal::{say, say_lines};
use rasika_device::watcher::{Watcher, Way};

/// The user that the service runs as.
const SERVICE_USER: &str = "rasika";

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Doctor {
    /// A camera to look at: /dev/video0, or its number (default: that of the settings, or any)
    #[arg(long, value_name = "DEVICE")]
    camera: Option<String>,

    /// A MIDI port that is to work, as often as there are ports (default: those of the settings)
    #[arg(long = "midi", value_name = "PORT")]
    ports: Vec<String>,

    /// Folder of the five .tflite networks
    #[arg(long, value_name = "DIR", env = "RASIKA_MODELS", value_parser = rasika_device::home::path)]
    models: Option<PathBuf>,

    /// Folder where takes are kept (default: that of the settings)
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// With whose rights to look (default: the user of the service, where there is one, else your own)
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    #[command(flatten)]
    settings: super::config::Settings,

    /// What was found, as JSON
    #[arg(long)]
    json: bool,

    /// Examine a tree of files instead of this machine
    #[arg(long, value_name = "DIR", default_value = "/", hide = true)]
    root: PathBuf,
}

impl Doctor {
    /// Examines the box; anything that fails is the verb's failure.
    pub fn run(self) -> Result<()> {
        let here = self.root == Path::new("/");
        let user = self.user()?;
        if here && let Some(home) = home::of(&user.name) {
            // `~` is the home of whoever runs the box.
            home::is(home);
        }
        // Another tree has settings of its own, which nobody asked for.
        let (config, said) = if here || self.settings.is_asked() { settings(&self.settings)? } else { built_in()? };
        let chosen = config.camera != built_in()?.0.camera;
        let camera = match config.camera.source {
            CameraSource::Device(device) if chosen => Some(device),
            CameraSource::Device(_) | CameraSource::Pipeline(_) => None,
        };
        let ports = if here || self.settings.is_asked() { config.midi.ports.clone() } else { Vec::new() };
        let ports = if self.ports.is_empty() { ports } else { self.ports.clone() };
        let ports = ports.iter().map(|word| midi_port(word).0.to_owned()).collect();
        let machine = Machine {
            user,
            models: self.models.unwrap_or_else(super::usual_models),
            state: self.state.unwrap_or(config.recording.folder),
            camera: self.camera.or(camera),
            pins: config.panel.map(|panel| panel.pins),
            ports,
            clock_is_synchronised: here.then(is_synchronised).flatten(),
            throttled: here.then(throttled).flatten(),
            root: self.root,
        };
        let mut findings = said;
        findings.extend(examine(&machine));
        findings.push(eyes(&machine));
        findings.push(laptops(&machine));
        if self.json {
            say_lines(serde_json::to_string_pretty(&findings)?)?;
        } else {
            for Finding { about, verdict, found, todo } in &findings {
                say(format_args!("{:<5} {about:<8} {found}", verdict.name()))?;
                if let Some(todo) = todo {
                    say(format_args!("               → {todo}"))?;
                }
            }
        }
        let failed = findings.iter().filter(|finding| finding.verdict == Verdict::Fail).count();
        anyhow::ensure!(worst(&findings) < Verdict::Fail, "{failed} of {} checks fail", findings.len());
        Ok(())
    }

    fn user(&self) -> Result<User> {
        let caller = User::caller(&self.root);
        match &self.user {
            Some(name) => User::named(&self.root, name).with_context(|| format!("there is no user {name}")),
            // Whoever asks, it is the service that runs.
            None => Ok(User::named(&self.root, SERVICE_USER).unwrap_or(caller)),
        }
    }
}

/// The settings, and what there is to say of them: the box plays on the default of each that is wrong.
fn settings(asked: &super::config::Settings) -> Result<(Config, Vec<Finding>)> {
    let (layers, mut wrong) = asked.layers_in_part(None)?;
    let (config, errors) = Config::of_what_can_be(layers)?;
    wrong.extend(errors.into_iter().map(anyhow::Error::from));
    wrong.extend(named::check(&config));
    let todo = "correct it; until then the box plays on the default of this setting";
    let mut findings: Vec<_> =
        wrong.iter().map(|error| Finding::fail("settings", format!("{error:#}"), todo)).collect();
    if findings.is_empty() {
        findings.push(Finding::ok("settings", "every setting is sound; `rasikad config show` shows them"));
    }
    Ok((config, findings))
}

fn built_in() -> Result<(Config, Vec<Finding>)> {
    Ok((Config::of(&Layers::defaults()?)?, vec![Finding::ok("settings", "the defaults")]))
}

/// Whether the keys of the box and of its laptops can be used.
fn laptops(machine: &Machine) -> Finding {
    const ABOUT: &str = "laptops";
    let folder = machine.at(machine.state.join("link"));
    if !folder.join("key").exists() {
        return Finding::ok(ABOUT, "none is paired; the box draws its key when it starts for the first time");
    }
    let todo = "see what is said of the file; without its keys the box serves no laptop, and plays on";
    match Identity::open(&folder.join("key")).and_then(|_| KeyRing::open(&folder.join("laptops.toml"))) {
        Ok(ring) => Finding::ok(ABOUT, format!("{} paired; `rasikad keys` lists them", ring.list().len())),
        // Who looks with other rights than the box's cannot tell.
        Err(error) if std::fs::File::open(folder.join("key")).is_err() => Finding::warn(ABOUT, error.to_string(), todo),
        Err(error) => Finding::fail(ABOUT, error.to_string(), todo),
    }
}

/// Whether LiteRT loads the networks and runs each once.
fn eyes(machine: &Machine) -> Finding {
    let way = Way { models: machine.models.clone(), every_frame: true, live: false };
    match Watcher::new(way) {
        Ok(_) => Finding::ok("litert", "every network loads and runs"),
        Err(error) => Finding::fail("litert", error.to_string(), "see what is said of the models above"),
    }
}

/// What a Pi's firmware says of power and heat.
fn throttled() -> Option<String> {
    let out = Command::new("vcgencmd").arg("get_throttled").output().ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}
