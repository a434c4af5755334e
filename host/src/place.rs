//! Where the laptop keeps what is its own: takes, keys, the boxes it knows.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use rasika_device::home;
use rasika_device::store::{Store, StoreError};

/// Name of the file of takes in the data folder; the same as on the box.
pub const TAKES: &str = "takes.db";

/// The data folder.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Where takes, keys and known boxes are kept; else the platform's data folder
    #[arg(long = "data", value_name = "DIR", env = "RASIKA_DATA", value_parser = home::path, default_value_os_t = usual(), global = true)]
    pub folder: PathBuf,
}

impl Place {
    /// The takes that were pulled or imported; begun if there are none.
    ///
    /// # Errors
    /// They cannot be opened.
    pub fn takes(&self) -> Result<Store> {
        rasika_device::private::folder(&self.folder)
            .with_context(|| format!("cannot make {}; choose another folder with --data", self.folder.display()))?;
        let opened = Store::open(&self.folder.join(TAKES));
        opened.map_err(|error| anyhow::anyhow!("{}: {}", self.folder.display(), error.of_this_laptop()))
    }

    /// The same to look at only: they need not be writable.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn takes_to_read(&self) -> Result<Store> {
        let file = self.folder.join(TAKES);
        if file.exists() { readable(&file) } else { self.takes() }
    }
}

/// A file of takes, opened as it can be: one on a full or read-only disk to be read.
///
/// # Errors
/// It cannot be read.
pub fn readable(file: &Path) -> Result<Store> {
    let opened = Store::open(file).or_else(|error| match error {
        StoreError::Full | StoreError::Unwritable(_) | StoreError::NoLog => {
            Store::open_to_read(file).map_err(|_| error)
        }
        other => Err(other),
    });
    opened.map_err(|error| anyhow::anyhow!("{}: {}", file.display(), error.of_this_laptop()))
}

/// The platform's folder for data of programs.
pub fn usual() -> PathBuf {
    let home = || home::folder().unwrap_or_else(std::env::temp_dir);
    let data = if cfg!(target_os = "macos") {
        home().join("Library/Application Support")
    } else if cfg!(windows) {
        home::named("APPDATA").unwrap_or_else(std::env::temp_dir)
    } else {
        home::named("XDG_DATA_HOME").unwrap_or_else(|| home().join(".local/share"))
    };
    data.join("rasika")
}

/// The file of takes that a path means, if it means one: a data folder, or the file itself.
pub fn takes_file(path: &Path) -> Option<PathBuf> {
    let inside = path.join(TAKES);
    if inside.is_file() {
        return Some(inside);
    }
    path.extension().is_some_and(|ending| ending == "db").then(|| path.to_owned()).filter(|path| path.is_file())
}
