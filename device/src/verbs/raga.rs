//! `rasikad raga`: ragas as files.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use rasika_device::performer::Library;
use rasika_device::terminal::say;

/// What to do with ragas.
#[derive(Debug, Subcommand)]
pub enum RagaVerb {
    /// List the ragas there are
    List,
    /// Check raga files and say what is wrong, with file and line
    Check {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

impl RagaVerb {
    /// Does it.
    pub fn run(self) -> Result<()> {
        let mut library = Library::built_in()?;
        match self {
            Self::List => {
                for raga in &library.ragas {
                    let line = |notes: &[rasika_device::performer::Note]| {
                        notes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
                    };
                    say(format_args!("{:<14} {} / {}", raga.name, line(&raga.aroha), line(&raga.avaroha)))?;
                }
            }
            Self::Check { files } => {
                let mut wrong = 0;
                for path in files {
                    let file = path.display().to_string();
                    let checked = match std::fs::read_to_string(&path) {
                        Ok(text) => library.add_raga(&file, &text).map_err(|error| error.to_string()),
                        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                            Err(format!("{file} is not a text file"))
                        }
                        Err(error) => Err(format!("cannot read {file}: {error}")),
                    };
                    match checked {
                        Ok(at) => say(format_args!("{file}: raga {} is well formed", library.ragas[at].name))?,
                        Err(error) => {
                            eprintln!("{error}");
                            wrong += 1;
                        }
                    }
                }
                anyhow::ensure!(wrong == 0, "{wrong} of the files cannot be played");
            }
        }
        Ok(())
    }
}
