//! `rasikad raga`: ragas as files.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;
use rasika_device::performer::Library;
use rasika_device::terminal::{say, warn};
use rasika_models::Rasa;

use super::Music;
use super::piece::Piece;

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
    /// Play a raga's file, without a performer
    Play {
        /// The file
        file: PathBuf,

        /// How it is played: with the tala, laya, density and sounds of this rasa
        #[arg(long, default_value = "shringara", value_name = "RASA")]
        rasa: Rasa,

        #[command(flatten)]
        piece: Piece,

        #[command(flatten)]
        music: Music,
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
            Self::Play { file, rasa, piece, music } => {
                let mut library = music.library()?;
                let name = file.display().to_string();
                let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {name}"))?;
                let raga = library.add_raga(&name, &text)?;
                let map = music.map(&library)?.with_raga(raga, &library);
                piece.play(rasa, music.engine_of(library, map)?)?;
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
                            warn(error);
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
