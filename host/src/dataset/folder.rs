//! Takes as a folder of files: `ID.take.jsonl`, the take in the first line, an observation in each other line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rasika_device::output::Output;
use rasika_models::Observation;

use super::{Dataset, Observations, Take};

/// How the name of a take's file ends.
const ENDING: &str = ".take.jsonl";

/// Most bytes of a line: a face and two hands in full are 40 thousand.
const MOST_LINE: u64 = 1 << 20;

/// The next line of a file that was not written here, if it has one.
fn line(from: &mut impl BufRead) -> Result<Option<String>> {
    let mut line = String::new();
    let read = from.take(MOST_LINE).read_line(&mut line)? as u64;
    anyhow::ensure!(read < MOST_LINE, "a line is longer than {} MB", MOST_LINE >> 20);
    Ok((read > 0).then_some(line))
}

/// Opens a take's file: a pipe or device would be waited for, or have no end.
fn open(path: &Path) -> Result<BufReader<File>> {
    anyhow::ensure!(path.metadata()?.is_file(), "it is no file");
    Ok(BufReader::new(File::open(path)?))
}

/// A folder of takes.
#[derive(Debug)]
pub struct Folder {
    takes: Vec<(Take, PathBuf)>,
}

/// Whether a path is named as a take is.
pub fn is_take(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ENDING))
}

impl Folder {
    /// Reads the first line of every take.
    ///
    /// # Errors
    /// A file cannot be read or is no take, or two have one id.
    pub fn open(folder: &Path) -> Result<Self> {
        let read = || format!("cannot read {}", folder.display());
        let entries =
            std::fs::read_dir(folder).with_context(read)?.collect::<Result<Vec<_>, _>>().with_context(read)?;
        let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).filter(|path| is_take(path)).collect();
        paths.sort();
        let mut takes: Vec<(Take, PathBuf)> = Vec::new();
        for path in paths {
            let name = path.display();
            let line = open(&path).and_then(|mut file| line(&mut file));
            let line = line.with_context(|| format!("cannot read {name}"))?.unwrap_or_default();
            let take: Take =
                serde_json::from_str(&line).with_context(|| format!("{name}:1: not the head of a take"))?;
            if let Some((_, other)) = takes.iter().find(|(known, _)| known.id == take.id) {
                anyhow::bail!("{name} and {} are both the take '{}'; give one another id", other.display(), take.id);
            }
            takes.push((take, path));
        }
        Ok(Self { takes })
    }
}

impl Dataset for Folder {
    fn takes(&self) -> Result<Vec<Take>> {
        Ok(self.takes.iter().map(|(take, _)| take.clone()).collect())
    }

    fn observations(&self, take: &Take) -> Result<Observations<'_>> {
        let known = self.takes.iter().find(|(known, _)| known.id == take.id);
        let (_, path) = known.with_context(|| format!("there is no take '{}'", take.id))?;
        let cannot = move || format!("cannot read {}", path.display());
        let mut file = open(path).with_context(cannot)?;
        let mut number = 0;
        let lines = std::iter::from_fn(move || line(&mut file).with_context(cannot).transpose());
        let numbered = lines.map(move |line| {
            number += 1;
            (number, line)
        });
        let seen = numbered.skip(1).filter(|(_, line)| line.as_ref().map_or(true, |line| !line.trim().is_empty()));
        Ok(Box::new(seen.map(move |(number, line)| {
            serde_json::from_str(&line?).with_context(|| format!("{}:{number}: not an observation", path.display()))
        })))
    }
}

/// Whether an id can be the name of a file.
///
/// # Errors
/// It cannot.
pub fn ensure_plain(id: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    anyhow::ensure!(!id.is_empty() && id.chars().all(plain), "'{id}' cannot be the name of a file");
    Ok(())
}

/// Writes a take into a folder.
///
/// # Errors
/// The id is no file name, an observation cannot be had, or the disk says no.
pub fn write(folder: &Path, take: &Take, observations: impl Iterator<Item = Result<Observation>>) -> Result<PathBuf> {
    ensure_plain(&take.id)?;
    let path = folder.join(format!("{}{ENDING}", take.id));
    let cannot = || format!("cannot write {}", path.display());
    std::fs::create_dir_all(folder).with_context(cannot)?;
    let mut file = Output::begin(&path).with_context(cannot)?;
    writeln!(file, "{}", serde_json::to_string(take)?).with_context(cannot)?;
    for (number, observation) in observations.enumerate() {
        let observation = observation?;
        super::ensure_storable(take, number, &observation)?;
        writeln!(file, "{}", serde_json::to_string(&observation)?).with_context(cannot)?;
    }
    file.finish().with_context(cannot)?;
    Ok(path)
}
