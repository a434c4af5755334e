//! A file that is written for its user: whole under its name, or not there at all; `-` is standard output.
//!
//! What is written goes into a file beside it, is brought to the disk and then put in its place, so that a full disk, a kill
//! and Ctrl-C leave what was there before.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Options that name a file to write.
const OPTIONS: [&str; 4] = ["-o", "--out", "--mid", "--png"];

/// Whether a path is standard output.
#[must_use]
pub fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Whether a program was asked to write a file to standard output: then what it says goes beside it.
pub fn is_asked_for(arguments: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>) -> bool {
    let mut before = false;
    arguments.into_iter().any(|argument| {
        let argument = argument.as_ref().to_string_lossy().into_owned();
        let is_it = before && argument == "-" || OPTIONS.iter().any(|option| argument == format!("{option}=-"));
        before = OPTIONS.contains(&argument.as_str());
        is_it || argument == "-o-"
    })
}

/// A file under way. Dropped before [`Output::finish`], it leaves nothing.
#[derive(Debug)]
pub struct Output {
    file: Option<BufWriter<File>>,
    /// Where the bytes are until they are whole, and where they go then; none for what is no file: a terminal, a FIFO.
    places: Option<(PathBuf, PathBuf)>,
}

impl Output {
    /// Begins one at a path. A link stays a link: what it points to is replaced.
    ///
    /// # Errors
    /// It cannot be written there.
    pub fn begin(path: &Path) -> io::Result<Self> {
        let direct = |file| Self { file: Some(BufWriter::new(file)), places: None };
        if is_standard(path) {
            use std::os::fd::AsFd as _;
            return Ok(direct(File::from(io::stdout().as_fd().try_clone_to_owned()?)));
        }
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        match path.metadata() {
            Ok(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(there) if !there.is_file() => return OpenOptions::new().write(true).open(&path).map(direct),
            _ => {}
        }
        let mut part = path.clone().into_os_string();
        part.push(format!(".{}.part", std::process::id()));
        let part = PathBuf::from(part);
        // Of a program of the same number that was killed.
        let _ = fs::remove_file(&part);
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&part)?;
        Ok(Self { file: Some(BufWriter::new(file)), places: Some((part, path)) })
    }

    /// Brings it to the disk and puts it in its place.
    ///
    /// # Errors
    /// The disk. Then what was there before is still there.
    pub fn finish(mut self) -> io::Result<()> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let Some((part, path)) = &self.places else { return file.flush() };
        file.flush()?;
        file.get_ref().sync_all()?;
        fs::rename(part, path)?;
        self.places.take().map_or(Ok(()), |(_, path)| settled(&path))
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// As [`Self::begin`] and [`Self::finish`].
    pub fn whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut output = Self::begin(path)?;
        output.write_all(bytes)?;
        output.finish()
    }

    fn file(&mut self) -> io::Result<&mut BufWriter<File>> {
        self.file.as_mut().ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }
}

/// The name is on the disk too, where its folder can be asked for that.
fn settled(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Some file systems know no fsync of folders.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some((part, _)) = self.places.take() {
            let _ = fs::remove_file(part);
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file()?.flush()
    }
}

impl Seek for Output {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file()?.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_file_never_has_the_name_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.rasika");
        Output::whole(&path, b"before").unwrap();
        let mut half = Output::begin(&path).unwrap();
        half.write_all(b"half").unwrap();
        half.flush().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"before");
        drop(half);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        Output::whole(&path, b"after").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"after");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(Output::begin(folder.path()).is_err());
    }

    #[test]
    fn a_device_stays_a_device() {
        Output::whole(Path::new("/dev/null"), b"gone").unwrap();
        assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
    }

    #[test]
    fn standard_output_is_known_by_its_dash() {
        for asked in [&["train", "-o", "-"][..], &["x", "--out=-"], &["x", "-o-"], &["play", "--mid", "-"]] {
            assert!(is_asked_for(asked), "{asked:?}");
        }
        for not in [&["report", "-"][..], &["train", "-o", "a-"], &["x", "--data", "-"]] {
            assert!(!is_asked_for(not), "{not:?}");
        }
    }
}
