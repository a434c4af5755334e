//! The ragas, talas and maps of the box: built in, and replaced or added to by a folder.

use super::data_error::DataError;
use super::map::RasaMap;
use super::raga::Raga;
use super::tala::Tala;
use crate::nearest::nearest;
use std::path::{Path, PathBuf};

macro_rules! built_in {
    ($folder:literal: $($file:literal),* $(,)?) => {
        [$((concat!($folder, "/", $file, ".toml"), include_str!(concat!("../../", $folder, "/", $file, ".toml")))),*]
    };
}

const RAGAS: [(&str, &str); 15] = built_in!("ragas":
    "adana", "ahir_bhairav", "bhairav", "bhairavi", "bihag", "darbari", "desh", "hamsadhwani",
    "kafi", "malkauns", "marwa", "puriya", "shree", "todi", "yaman");
const TALAS: [(&str, &str); 8] = built_in!("talas":
    "ada_chautal", "chautal", "dadra", "ektal", "jhaptal", "keherwa", "rupak", "teental");
const MAPS: [(&str, &str); 2] = built_in!("maps": "default", "original");

/// Most ragas and most talas a library holds (they are numbered in a byte, 255 means none).
const MOST: usize = 200;

/// The library's data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// A file is wrong.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {cause}; check that it exists and may be read")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        cause: std::io::Error,
    },
    /// No map of that name.
    #[error("there is no rasa map '{name}'; there are {known}, or give the path of a .toml file")]
    NoMap {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// No raga of that name.
    #[error("there is no raga '{name}'; {meant}there are {known}")]
    NoRaga {
        /// What was asked for.
        name: String,
        /// What was meant, as a question, or nothing.
        meant: String,
        /// What there is.
        known: String,
    },
    /// More files than can be numbered.
    #[error("{folder} holds more than {MOST} files; take some out")]
    TooMany {
        /// The folder.
        folder: PathBuf,
    },
}

/// The ragas and talas there are.
#[derive(Debug, Clone)]
pub struct Library {
    /// Ragas, by name.
    pub ragas: Vec<Raga>,
    /// Talas, by name.
    pub talas: Vec<Tala>,
    maps: Vec<(String, String)>,
}

impl Library {
    /// The library the box is built with.
    ///
    /// # Errors
    /// None as built: the tests read every file. A changed file that is wrong is named with its line.
    pub fn built_in() -> Result<Self, DataError> {
        let mut library = Self { ragas: Vec::new(), talas: Vec::new(), maps: Vec::new() };
        // Talas first: the compositions of a raga are proved against theirs.
        for (file, text) in TALAS {
            library.add_tala(file, text)?;
        }
        for (file, text) in RAGAS {
            library.add_raga(file, text)?;
        }
        library.maps = MAPS.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        Ok(library)
    }

    /// The built-in library with the files of a folder's `ragas`, `talas` and `maps` added; one of a name that is
    /// there already (for maps: of a file name) takes its place. Folders that do not exist add nothing.
    ///
    /// # Errors
    /// When the folder or a file cannot be read, or a file is wrong.
    pub fn with_folder(folder: &Path) -> Result<Self, LibraryError> {
        let mut library = Self::built_in()?;
        if !folder.is_dir() {
            let cause = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(LibraryError::Unreadable { path: folder.to_owned(), cause });
        }
        for (file, text) in toml_files(&folder.join("talas"))? {
            library.add_tala(&file, &text)?;
        }
        for (file, text) in toml_files(&folder.join("ragas"))? {
            library.add_raga(&file, &text)?;
        }
        for (file, text) in toml_files(&folder.join("maps"))? {
            let name = map_name(&file);
            library.maps.retain(|(known, _)| map_name(known) != name);
            library.maps.push((file, text));
        }
        if library.ragas.len().max(library.talas.len()) > MOST {
            return Err(LibraryError::TooMany { folder: folder.to_owned() });
        }
        Ok(library)
    }

    /// Adds a raga's file; its index. A raga of the same name is replaced.
    ///
    /// # Errors
    /// When the file is wrong.
    pub fn add_raga(&mut self, file: &str, text: &str) -> Result<usize, DataError> {
        let raga = Raga::parse_with(file, text, &self.talas)?;
        let index = self.raga(&raga.name).unwrap_or(self.ragas.len());
        if index < self.ragas.len() {
            self.ragas[index] = raga;
        } else if index >= MOST {
            let what = format!("a library holds no more than {MOST} ragas; take some out");
            return Err(DataError { file: file.to_owned(), line: 1, what });
        } else {
            self.ragas.push(raga);
        }
        Ok(index)
    }

    /// Adds a tala's file; its index. A tala of the same name is replaced.
    ///
    /// # Errors
    /// When the file is wrong.
    pub fn add_tala(&mut self, file: &str, text: &str) -> Result<usize, DataError> {
        let tala = Tala::parse(file, text)?;
        let index = self.tala(&tala.name).unwrap_or(self.talas.len());
        if index < self.talas.len() {
            self.talas[index] = tala;
        } else if index >= MOST {
            let what = format!("a library holds no more than {MOST} talas; take some out");
            return Err(DataError { file: file.to_owned(), line: 1, what });
        } else {
            self.talas.push(tala);
        }
        Ok(index)
    }

    /// Index of a raga by name, whatever its case.
    #[must_use]
    pub fn raga(&self, name: &str) -> Option<usize> {
        self.ragas.iter().position(|raga| raga.name.eq_ignore_ascii_case(name.trim()))
    }

    /// Index of a raga by name, or a sentence that says which there are.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn named_raga(&self, name: &str) -> Result<usize, LibraryError> {
        self.raga(name).ok_or_else(|| {
            let known: Vec<&str> = self.ragas.iter().map(|raga| raga.name.as_str()).collect();
            let meant = nearest(name, &known).map(|name| format!("did you mean {name}? ")).unwrap_or_default();
            LibraryError::NoRaga { name: name.to_owned(), meant, known: known.join(", ") }
        })
    }

    /// Index of a tala by name, whatever its case.
    #[must_use]
    pub fn tala(&self, name: &str) -> Option<usize> {
        self.talas.iter().position(|tala| tala.name.eq_ignore_ascii_case(name.trim()))
    }

    /// The rasa map of a name (`default`, `original`, one of the folder's), or of a .toml file's path.
    ///
    /// # Errors
    /// When there is none of that name, or its file cannot be read or is wrong.
    pub fn map(&self, name_or_path: &str) -> Result<RasaMap, LibraryError> {
        if let Some((file, text)) = self.maps.iter().find(|(file, _)| map_name(file) == name_or_path) {
            return Ok(RasaMap::parse(file, text, self)?);
        }
        if Path::new(name_or_path).extension().is_none_or(|extension| extension != "toml") {
            let known: Vec<&str> = self.maps.iter().map(|(file, _)| map_name(file)).collect();
            return Err(LibraryError::NoMap { name: name_or_path.to_owned(), known: known.join(", ") });
        }
        let text = read(Path::new(name_or_path))?;
        Ok(RasaMap::parse(name_or_path, &text, self)?)
    }
}

fn map_name(file: &str) -> &str {
    Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or(file)
}

fn read(path: &Path) -> Result<String, LibraryError> {
    crate::named_file::read(path).map_err(|cause| LibraryError::Unreadable { path: path.to_owned(), cause })
}

fn toml_files(folder: &Path) -> Result<Vec<(String, String)>, LibraryError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = |cause| LibraryError::Unreadable { path: folder.to_owned(), cause };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
        if paths.len() > MOST {
            return Err(LibraryError::TooMany { folder: folder.to_owned() });
        }
    }
    paths.sort();
    paths.into_iter().map(|path| Ok((path.display().to_string(), read(&path)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_file_is_sound() {
        let library = Library::built_in().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((library.ragas.len(), library.talas.len()), (15, 8));
        for map in ["default", "original"] {
            library.map(map).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    #[test]
    fn a_map_that_is_not_there_is_answered_with_those_that_are() {
        let error = Library::built_in().unwrap().map("carnatic").unwrap_err().to_string();
        assert!(error.contains("carnatic") && error.contains("default") && error.contains("original"), "{error}");
    }
}
