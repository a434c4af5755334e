//! `rasika completions` and `rasika man`: what shells and `man` know of this program.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Arguments of `rasika completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints what the shell reads.
    pub fn run<C: CommandFactory>(self) -> Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut C::command(), "rasika", &mut script);
        Ok(crate::say_lines(String::from_utf8_lossy(&script).trim_end())?)
    }
}

/// Arguments of `rasika man`.
#[derive(Debug, Args)]
pub struct Man {
    /// The folder to write them into, a page for each verb
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Man {
    /// Writes the pages.
    pub fn run<C: CommandFactory>(self) -> Result<()> {
        std::fs::create_dir_all(&self.folder).with_context(|| format!("cannot make {}", self.folder.display()))?;
        clap_mangen::generate_to(C::command(), &self.folder)
            .with_context(|| format!("cannot write into {}", self.folder.display()))?;
        // Manuals are for everybody.
        rasika_device::private::share(&self.folder);
        std::fs::read_dir(&self.folder)?.flatten().for_each(|page| rasika_device::private::share(&page.path()));
        Ok(())
    }
}
