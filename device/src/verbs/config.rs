//! `rasikad config`: what is set, by whom, and whether a file can be.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use rasika_device::config::{BOOT_FILE, Config, FILE, Layers};
use rasika_device::terminal::say;

/// What can be asked of settings.
#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Show the settings in force, and where each comes from
    Show(Settings),
    /// Check a file of settings
    Check {
        /// The file
        #[arg(value_name = "FILE", default_value = FILE)]
        file: PathBuf,
    },
}

/// Where settings come from.
#[derive(Debug, Args)]
pub struct Settings {
    /// The file of settings; else /etc/rasika/rasika.toml and then /boot/firmware/rasika.toml, where they are there
    #[arg(long, value_name = "FILE", env = "RASIKA_CONFIG")]
    config: Option<PathBuf>,

    /// One setting, over file and environment, as often as wanted
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
}

impl Settings {
    /// Whether a file or a setting was named.
    pub fn is_asked(&self) -> bool {
        self.config.is_some() || !self.set.is_empty()
    }

    /// The settings in force: defaults, file, environment, flags.
    pub fn layers(&self) -> Result<Layers> {
        self.layers_with(None)
    }

    /// The same, with a text that a laptop pushed over the files: its name, and what it says.
    pub fn layers_with(&self, pushed: Option<(&str, &str)>) -> Result<Layers> {
        let mut layers = Layers::defaults()?;
        match &self.config {
            Some(file) => read(&mut layers, file)?,
            None => {
                for file in [FILE, BOOT_FILE].map(Path::new).into_iter().filter(|file| file.exists()) {
                    read(&mut layers, file)?;
                }
            }
        }
        if let Some((name, text)) = pushed {
            layers.pushed(name, text)?;
        }
        // A variable that is no Unicode cannot be one of ours.
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        layers.environment(variables.map(|(name, value)| (name, value.to_string_lossy().into_owned())))?;
        for set in &self.set {
            let (path, value) = set.split_once('=').unwrap_or((set, ""));
            layers.flag(&format!("--set {set}"), path, value)?;
        }
        Ok(layers)
    }
}

impl ConfigVerb {
    /// Answers on standard output.
    pub fn run(self) -> Result<()> {
        match self {
            Self::Show(settings) => {
                let layers = settings.layers()?;
                Config::of(&layers)?;
                say(layers.show().trim_end())?;
            }
            Self::Check { file } => {
                let mut layers = Layers::defaults()?;
                read(&mut layers, &file)?;
                Config::of(&layers)?;
                say(format_args!("{} is sound", file.display()))?;
            }
        }
        Ok(())
    }
}

fn read(layers: &mut Layers, file: &Path) -> Result<()> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read {name}; check that it exists, is text and may be read"))?;
    Ok(layers.file(&name.to_string(), &text)?)
}
