//! `rasikad doctor`: what is wrong with the box, what it means and what to do.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;
use rasika_device::doctor::{Finding, Machine, User, Verdict, examine, worst};
use rasika_device::terminal::say;
use rasika_device::watcher::{Watcher, Way};

/// The user that the service runs as.
const SERVICE_USER: &str = "rasika";

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Doctor {
    /// A camera to look at: /dev/video0, or its number (default: any)
    #[arg(long, value_name = "DEVICE")]
    camera: Option<String>,

    /// A MIDI port that is to work, as often as there are ports
    #[arg(long = "midi", value_name = "PORT")]
    ports: Vec<String>,

    /// Folder of the five .tflite networks
    #[arg(long, value_name = "DIR", env = "RASIKA_MODELS")]
    models: Option<PathBuf>,

    /// Folder where takes are kept
    #[arg(long, value_name = "DIR", default_value = "/var/lib/rasika")]
    state: PathBuf,

    /// With whose rights to look (default: for root the user of the service, else your own)
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

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
        let machine = Machine {
            user: self.user()?,
            models: self.models.unwrap_or_else(super::usual_models),
            state: self.state,
            camera: self.camera,
            ports: self.ports,
            clock_is_synchronised: here.then(clock_is_synchronised).flatten(),
            throttled: here.then(throttled).flatten(),
            root: self.root,
        };
        let mut findings = examine(&machine);
        findings.push(eyes(&machine));
        if self.json {
            say(serde_json::to_string_pretty(&findings)?)?;
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
            None if caller.uid == 0 => Ok(User::named(&self.root, SERVICE_USER).unwrap_or(caller)),
            None => Ok(caller),
        }
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

/// What the kernel says of its clock.
fn clock_is_synchronised() -> Option<bool> {
    // SAFETY: plain numbers may be all zero; with no mode set the call only reads and writes this structure.
    let state = unsafe {
        let mut asked: libc::timex = std::mem::zeroed();
        libc::adjtimex(&raw mut asked)
    };
    (state >= 0).then_some(state != libc::TIME_ERROR)
}

/// What a Pi's firmware says of power and heat.
fn throttled() -> Option<String> {
    let out = Command::new("vcgencmd").arg("get_throttled").output().ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}
