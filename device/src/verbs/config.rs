//! `rasikad config`: what is set, by whom, and whether a file can be.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};

use super::named;
use rasika_device::config::{BOOT_FILE, Config, FILE, Layers};
use rasika_device::terminal::{say, say_lines, warn};

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
    #[arg(long, value_name = "FILE", env = "RASIKA_CONFIG", value_parser = rasika_device::home::path)]
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
        let (layers, errors) = self.layers_in_part(None)?;
        errors.into_iter().next().map_or(Ok(layers), Err)
    }

    /// What can be of them, with a text that a laptop pushed over the files (its name, and what it says); and what is
    /// wrong with the rest.
    pub fn layers_in_part(&self, pushed: Option<(&str, &str)>) -> Result<(Layers, Vec<anyhow::Error>)> {
        let mut layers = Layers::defaults()?;
        let mut errors = Vec::new();
        let files = match &self.config {
            Some(file) => vec![file.as_path()],
            None => [FILE, BOOT_FILE].map(Path::new).into_iter().filter(|file| file.exists()).collect(),
        };
        for file in files {
            match text_of(file) {
                Ok(text) => {
                    let wrong = layers.file_in_part(&file.display().to_string(), &text);
                    errors.extend(wrong.into_iter().map(anyhow::Error::from));
                }
                Err(error) => errors.push(error),
            }
        }
        if let Some((name, text)) = pushed {
            layers.pushed(name, text)?;
        }
        // A variable that is no Unicode cannot be one of ours.
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let variables = variables.map(|(name, value)| (name, value.to_string_lossy().into_owned()));
        errors.extend(layers.environment_in_part(variables).into_iter().map(anyhow::Error::from));
        for set in &self.set {
            let (path, value) = set.split_once('=').unwrap_or((set, ""));
            errors.extend(layers.flag(&format!("--set {set}"), path, value).err().map(anyhow::Error::from));
        }
        Ok((layers, errors))
    }
}

impl ConfigVerb {
    /// Answers on standard output.
    pub fn run(self) -> Result<()> {
        match self {
            Self::Show(settings) => {
                let layers = settings.layers()?;
                Config::of(&layers)?;
                say_lines(layers.show().trim_end())?;
            }
            Self::Check { file } => {
                let mut layers = Layers::defaults()?;
                let name = file.display().to_string();
                let mut errors: Vec<_> =
                    layers.file_in_part(&name, &text_of(&file)?).into_iter().map(anyhow::Error::from).collect();
                let (config, wrong) = Config::of_what_can_be(layers)?;
                errors.extend(wrong.into_iter().map(anyhow::Error::from));
                errors.extend(named::check(&config));
                match &errors[..] {
                    [] => say(format_args!("{name} is sound"))?,
                    [one] => anyhow::bail!("{one:#}"),
                    several => {
                        several.iter().for_each(|error| warn(format_args!("{error:#}")));
                        anyhow::bail!("{} mistakes in {name}", several.len());
                    }
                }
            }
        }
        Ok(())
    }
}

fn text_of(file: &Path) -> Result<String> {
    let name = file.display();
    std::fs::read_to_string(file)
        .with_context(|| format!("cannot read {name}; check that it exists, is text and may be read"))
}
