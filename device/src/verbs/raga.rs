//! `rasikad raga`: ragas as files.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;
use rasika_device::performer::Library;
use rasika_device::terminal::{say, warn};
use rasika_models::Rasa;

use super::Music;
use super::piece::Piece;
use super::raga_shown::Shown;

/// What to do with ragas.
#[derive(Debug, Subcommand)]
pub enum RagaVerb {
    /// List the ragas there are
    List {
        /// A folder with ragas/, talas/ and maps/ of one's own
        #[arg(long, value_name = "DIR")]
        library: Option<PathBuf>,
    },
    /// Show a raga: its lines, rules, glides, and its compositions matra by matra
    Show {
        /// Its name, or the path of a .toml file
        raga: String,

        /// A folder with ragas/, talas/ and maps/ of one's own
        #[arg(long, value_name = "DIR")]
        library: Option<PathBuf>,
    },
    /// Check raga files, their compositions against raga and tala, and say what is wrong, with file and line
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
            Self::List { library: own } => {
                let library = own.map_or(Ok(library), |folder| Library::with_folder(&folder))?;
                for raga in &library.ragas {
                    let line = |notes: &[rasika_device::performer::Note]| {
                        notes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
                    };
                    say(format_args!("{:<14} {} / {}", raga.name, line(&raga.aroha), line(&raga.avaroha)))?;
                }
            }
            Self::Show { raga, library: folder } => {
                if let Some(folder) = folder {
                    library = Library::with_folder(&folder)?;
                }
                let index = if raga.ends_with(".toml") {
                    let text = std::fs::read_to_string(&raga).with_context(|| format!("cannot read {raga}"))?;
                    library.add_raga(&raga, &text)?
                } else {
                    library.named_raga(&raga)?
                };
                say(format_args!("{}", Shown { raga: &library.ragas[index], library: &library }))?;
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
                        Ok(at) => {
                            let raga = &library.ragas[at];
                            let compositions = match raga.compositions.len() {
                                0 => String::new(),
                                1 => ", with a composition".to_owned(),
                                many => format!(", with {many} compositions"),
                            };
                            say(format_args!("{file}: raga {} is well formed{compositions}", raga.name))?;
                        }
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
