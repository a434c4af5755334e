//! `rasika push`, `models`, `rollback` and `config`: files go to the box, and are taken back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use rasika_device::link::message::{FileKind, FileName, FileState, Hash};
use rasika_device::link::{Client, Progress};
use rasika_device::output::Output;
use rasika_device::performer::Library;
use rasika_device::shelf::{BUILT_IN, check_text, label};
use rasika_models::package::{Card, Package};
use serde_json::json;

use super::pull::bar;
use crate::boxes::{Laptop, here, told};
use crate::place::Place;
use crate::{say, say_lines};

/// A box that starts anew has ended its sessions after so long.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// It is back after so long; it ends its phrase first.
const BACK: Duration = Duration::from_secs(60);
/// Between two tries to reach it.
const AGAIN: Duration = Duration::from_secs(1);

/// A kind of file on the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A model package
    Model,
    /// Settings
    Config,
    /// A raga
    Raga,
    /// A map from rasas to ragas
    Map,
    /// A sound map
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

/// Arguments of `rasika push`.
#[derive(Debug, Args)]
pub struct Push {
    /// The file: a model package, or the .toml of a raga, a rasa map, a sound map or settings
    file: PathBuf,

    /// The box; needed if several are known
    #[arg(value_name = "BOX")]
    named: Option<String>,

    /// What it is; else told from what is in it
    #[arg(long)]
    kind: Option<Kind>,

    /// Push a model even if it scores worse than the one on the box
    #[arg(long)]
    force: bool,

    /// Only bring it there; `rasika push` without it puts it in force
    #[arg(long)]
    keep: bool,

    #[command(flatten)]
    place: Place,
}

impl Push {
    /// Checks here, brings it there, puts it in force.
    pub fn run(self) -> Result<()> {
        let bytes = std::fs::read(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        let name = name_of(&self.file)?;
        let kind = match self.kind {
            Some(kind) => kind.of(),
            None => told_from(&bytes, &self.file)?,
        };
        check(kind, &name, &self.file, &bytes)?;
        let mut laptop = Laptop::at(&self.place)?;
        let known = laptop.meant(self.named.as_deref())?;
        here(async {
            let client = laptop.reach(&known).await?;
            if kind == FileKind::Model && !self.force {
                not_worse(&client, &Package::parse(&bytes)?.card).await?;
            }
            let bar = bar(&known.name, true);
            let show = |progress: Progress| {
                bar.set_length(progress.total_bytes);
                bar.set_position(progress.done_bytes);
            };
            let pushed = client.push(kind, &name, &bytes, show).await.map_err(told);
            bar.finish_and_clear();
            let about = pushed?.about;
            if self.keep {
                return Ok(say(&format!("{} keeps {name}: {about}", known.name))?);
            }
            client.activate(kind, &name, Hash::of(&bytes)).await.map_err(told)?;
            if kind == FileKind::Config {
                // Settings of the link prove themselves by a laptop that comes through them.
                let _ = tokio::time::timeout(LAST_WORDS, client.over()).await;
                drop(client);
                let back = async {
                    while laptop.reach(&known).await.is_err() {
                        tokio::time::sleep(AGAIN).await;
                    }
                };
                if tokio::time::timeout(BACK, back).await.is_err() {
                    bail!(
                        "{} was not reached with its new settings; if no laptop reaches it, it takes those of the link back by itself",
                        known.name
                    );
                }
            }
            let how = if kind == FileKind::Model {
                "in force"
            } else {
                "in force once the box has ended its phrase and started anew"
            };
            Ok(say(&format!("{}: {name} is {how} ({about})", known.name))?)
        })
    }
}

/// A name that a box can keep, from the file's.
fn name_of(file: &Path) -> Result<FileName> {
    let name = file.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    let name = name.trim_start_matches('.');
    let short = if name.len() > 64 { &name[name.len() - 64..] } else { name };
    FileName::new(short.trim_start_matches('.')).context("the file needs a name of letters and digits; rename it")
}

/// What a file is, by what is in it.
fn told_from(bytes: &[u8], file: &Path) -> Result<FileKind> {
    if bytes.starts_with(b"PK") {
        return Ok(FileKind::Model);
    }
    let text = std::str::from_utf8(bytes).ok();
    let table = text.and_then(|text| toml::from_str::<toml::Table>(text).ok());
    let has = |keys: &[&str]| table.as_ref().is_some_and(|table| keys.iter().any(|key| table.contains_key(*key)));
    let found = [
        (FileKind::Raga, has(&["aroha", "avaroha"])),
        (FileKind::Map, has(&["bols", "shringara"])),
        (FileKind::Sounds, has(&["theka", "first_string", "reset"])),
        (FileKind::Config, has(&["box", "camera", "music", "midi", "panel", "recording", "link"])),
    ];
    match found.iter().filter(|(_, is_it)| *is_it).collect::<Vec<_>>()[..] {
        [(kind, _)] => Ok(*kind),
        _ => bail!("{} could be anything; say what it is with --kind model|config|raga|map|sounds", file.display()),
    }
}

/// The same checks as on the box, so that what is wrong is told before anything is sent.
fn check(kind: FileKind, name: &FileName, file: &Path, bytes: &[u8]) -> Result<String> {
    if kind == FileKind::Model {
        return Ok(crate::package::tried(file)?.card.name);
    }
    let library = Library::built_in()?;
    check_text(kind, name.as_str(), bytes, &library, None).map_err(anyhow::Error::msg)
}

/// A model is not pushed over a better one, where both say how good they are and were scored alike.
async fn not_worse(client: &Client, new: &Card) -> Result<()> {
    let files = client.list(FileKind::Model).await.map_err(told)?;
    let Some(active) = files.iter().find(|file| file.active && file.name.as_str() != BUILT_IN) else { return Ok(()) };
    let mut old = Vec::new();
    client.fetch(FileKind::Model, &active.name, &mut old, |_| {}).await.map_err(told)?;
    let old = Package::parse(&old)?.card;
    if let Some(why) = new.worse_than(&old) {
        bail!("{why}; add --force to push it all the same");
    }
    Ok(())
}

/// Arguments of `rasika models`.
#[derive(Debug, Args)]
pub struct Models {
    /// The box; needed if several are known
    #[arg(value_name = "BOX")]
    named: Option<String>,

    /// Not models, but files of this kind
    #[arg(long, default_value = "model")]
    kind: Kind,

    /// Bring the one in force to this file, as to compare with it (`rasika eval --against FILE`)
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Bring not the one in force, but the one of this name
    #[arg(long, value_name = "NAME", requires = "out")]
    get: Option<String>,

    /// As JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

impl Models {
    /// Lists what was pushed, or brings one of them.
    pub fn run(self) -> Result<()> {
        let mut laptop = Laptop::at(&self.place)?;
        let known = laptop.meant(self.named.as_deref())?;
        if let Some(out) = &self.out {
            let (name, bytes) = here(async {
                let client = laptop.reach(&known).await?;
                let name = self.wanted(&client.list(self.kind.of()).await.map_err(told)?)?;
                let mut bytes = Vec::new();
                client.fetch(self.kind.of(), &name, &mut bytes, |_| {}).await.map_err(told)?;
                Ok((name, bytes))
            })?;
            Output::whole(out, &bytes).with_context(|| format!("cannot write {}", out.display()))?;
            return Ok(say(&format!("{name} of {} is in {}", known.name, out.display()))?);
        }
        let files = here(async { laptop.reach(&known).await?.list(self.kind.of()).await.map_err(told) })?;
        if self.json {
            let row = |file: &FileState| {
                json!({ "name": file.name.as_str(), "bytes": file.bytes, "hash": file.hash.to_string(),
                    "active": file.active, "previous": file.previous, "about": file.about })
            };
            return Ok(say_lines(&serde_json::to_string_pretty(&files.iter().map(row).collect::<Vec<_>>())?)?);
        }
        for file in &files {
            let state = if file.active {
                "in force"
            } else if file.previous {
                "before"
            } else {
                ""
            };
            say(format!("{state:<9} {:<28} {}", file.name.as_str(), file.about).trim_end())?;
        }
        Ok(())
    }
}

impl Models {
    /// Which of the box's files is to be brought.
    fn wanted(&self, files: &[FileState]) -> Result<FileName> {
        let pushed = || files.iter().filter(|file| file.name.as_str() != BUILT_IN);
        let what = label(self.kind.of());
        let found = match &self.get {
            Some(name) => pushed().find(|file| file.name.as_str() == name),
            None => pushed().find(|file| file.active),
        };
        let names = pushed().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ");
        match (found, &self.get) {
            (Some(file), _) => Ok(file.name.clone()),
            (None, Some(name)) => bail!("the box has no {what} '{name}'; there are: {names}"),
            (None, None) => bail!(
                "no {what} that was pushed is in force; the box has what it came with{}",
                if self.kind == Kind::Model { " (`rasika package default` writes that model)" } else { "" }
            ),
        }
    }
}

/// Arguments of `rasika rollback`.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The box; needed if several are known
    #[arg(value_name = "BOX")]
    named: Option<String>,

    /// Not the model, but files of this kind
    #[arg(long, default_value = "model")]
    kind: Kind,

    #[command(flatten)]
    place: Place,
}

impl Rollback {
    /// Puts in force what was before.
    pub fn run(self) -> Result<()> {
        let mut laptop = Laptop::at(&self.place)?;
        let known = laptop.meant(self.named.as_deref())?;
        let now = here(async { laptop.reach(&known).await?.roll_back(self.kind.of()).await.map_err(told) })?;
        Ok(say(&format!(
            "{}: {} of before is in force: {} ({})",
            known.name,
            label(self.kind.of()),
            now.name,
            now.about
        ))?)
    }
}

/// Arguments of `rasika config`.
#[derive(Debug, Args)]
pub struct Config {
    #[command(subcommand)]
    verb: ConfigVerb,

    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum ConfigVerb {
    /// Print the settings in force on the box
    Get {
        /// The box; needed if several are known
        #[arg(value_name = "BOX")]
        named: Option<String>,
    },
    /// Check a file of settings here
    Check {
        /// The file
        file: PathBuf,
    },
    /// Push settings over those of the box; they need only what differs
    Push {
        /// The file
        file: PathBuf,
        /// The box; needed if several are known
        #[arg(value_name = "BOX")]
        named: Option<String>,
    },
    /// Go back to the settings of before
    Rollback {
        /// The box; needed if several are known
        #[arg(value_name = "BOX")]
        named: Option<String>,
    },
}

impl Config {
    /// Does it.
    pub fn run(self) -> Result<()> {
        let place = self.place;
        match self.verb {
            ConfigVerb::Get { named } => {
                let mut laptop = Laptop::at(&place)?;
                let known = laptop.meant(named.as_deref())?;
                let name = FileName::new(rasika_device::laptops::IN_FORCE).context("a name")?;
                let file = here(async {
                    let client = laptop.reach(&known).await?;
                    let mut file = Vec::new();
                    client.fetch(FileKind::Config, &name, &mut file, |_| {}).await.map_err(told)?;
                    Ok(file)
                })?;
                Ok(say_lines(String::from_utf8_lossy(&file).trim_end())?)
            }
            ConfigVerb::Check { file } => {
                let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
                let shown = file.display().to_string();
                let about = check_text(FileKind::Config, &shown, &bytes, &Library::built_in()?, None);
                about.map_err(anyhow::Error::msg)?;
                Ok(say(&format!("{shown} is sound"))?)
            }
            ConfigVerb::Push { file, named } => {
                Push { file, named, kind: Some(Kind::Config), force: false, keep: false, place }.run()
            }
            ConfigVerb::Rollback { named } => Rollback { named, kind: Kind::Config, place }.run(),
        }
    }
}
