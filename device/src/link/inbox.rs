//! Where pushed files arrive, piece by piece, and go on after a break: a folder with a part for each hash.
//!
//! A part is only ever appended to, and used only when the BLAKE3 of all of it is the announced one; what a power cut
//! did to it is found there, and it begins anew.

use super::message::{Hash, Reason, Refusal};
use crate::store::free_bytes;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Parts of older pushes that are kept, so that a push that was broken off can go on.
const KEPT: usize = 3;

/// The folder.
#[derive(Debug, Clone)]
pub struct Inbox {
    folder: PathBuf,
    margin_bytes: u64,
}

impl Inbox {
    /// In this folder, which is made when needed and holds nothing else.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), margin_bytes: 0 }
    }

    /// Takes in nothing that would leave less of the disk free.
    #[must_use]
    pub fn leaving(self, margin_bytes: u64) -> Self {
        Self { margin_bytes, ..self }
    }

    /// The part for a file of this hash and length, as far as it is there.
    pub(crate) fn part(&self, hash: Hash, bytes: u64) -> Result<Part, Refusal> {
        let part = self.open(hash, bytes).map_err(|error| failed(&error))?;
        // What arrived is written once more where it is kept.
        let needed = (bytes - part.there).saturating_add(bytes).saturating_add(self.margin_bytes);
        let free = free_bytes(&self.folder).map_err(|error| failed(&error))?;
        if self.margin_bytes > 0 && free < needed {
            let what = format!(
                "the box's disk has only {} MB left, and {} MB of it stay free for takes; pull its takes and prune them",
                free >> 20,
                self.margin_bytes >> 20
            );
            return Err(Refusal::new(Reason::Full, what));
        }
        Ok(part)
    }

    fn open(&self, hash: Hash, bytes: u64) -> io::Result<Part> {
        crate::private::folder(&self.folder)?;
        let path = self.folder.join(format!("{hash}.part"));
        self.clear(&path)?;
        let file = OpenOptions::new().append(true).create(true).open(&path)?;
        let mut there = file.metadata()?.len();
        if there > bytes {
            file.set_len(0)?;
            there = 0;
        }
        Ok(Part { path, file, there, bytes, hash })
    }

    /// Removes all parts but this one and the newest others.
    fn clear(&self, this: &Path) -> io::Result<()> {
        let mut parts = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.path() != this && entry.path().extension().is_some_and(|ending| ending == "part") {
                parts.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        parts.sort();
        let many = parts.len().saturating_sub(KEPT);
        parts.iter().take(many).try_for_each(|(_, path)| fs::remove_file(path))
    }
}

/// A file that is arriving.
#[derive(Debug)]
pub(crate) struct Part {
    path: PathBuf,
    file: File,
    there: u64,
    bytes: u64,
    hash: Hash,
}

impl Part {
    /// So many bytes are there.
    pub fn offset(&self) -> u64 {
        self.there
    }

    /// Puts the next piece.
    pub fn put(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        if self.there + piece.len() as u64 > self.bytes {
            return Err(Refusal::new(Reason::Invalid, "more bytes came than were announced; push it again"));
        }
        self.file.write_all(piece).map_err(|error| failed(&error))?;
        self.there += piece.len() as u64;
        Ok(())
    }

    /// All is there: proves it and hands over its path. What is not what was announced is removed.
    pub fn whole(self) -> Result<Whole, Refusal> {
        if self.there < self.bytes {
            return Err(Refusal::new(Reason::Invalid, "fewer bytes came than were announced; push it again"));
        }
        let whole = Whole(self.path);
        let proved = || -> io::Result<Hash> {
            self.file.sync_all()?;
            let (mut hasher, mut piece) = (blake3::Hasher::new(), vec![0; 64 * 1024]);
            let mut file = File::open(&whole.0)?.take(self.bytes + 1);
            loop {
                match file.read(&mut piece)? {
                    0 => return Ok(Hash(*hasher.finalize().as_bytes())),
                    count => hasher.update(&piece[..count]),
                };
            }
        };
        if proved().map_err(|error| failed(&error))? != self.hash {
            return Err(Refusal::new(Reason::Invalid, "what came is not what was announced; push it again"));
        }
        Ok(whole)
    }
}

/// A whole file; removed when dropped.
#[derive(Debug)]
pub(crate) struct Whole(PathBuf);

impl Whole {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn failed(error: &io::Error) -> Refusal {
    let full = error.kind() == io::ErrorKind::StorageFull;
    let reason = if full { Reason::Full } else { Reason::Fault };
    let what = match error.kind() {
        io::ErrorKind::StorageFull => {
            "the box's disk is full; pull its takes and prune them, then push again".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "the box's disk is read-only, so nothing can be pushed; look at its card".to_owned()
        }
        _ => format!("the box cannot keep what is pushed ({error}); look at its disk"),
    };
    Refusal::new(reason, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_goes_on_and_is_proved() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Inbox::new(&folder.path().join("inbox"));
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
        let hash = Hash::of(&bytes);
        let mut part = inbox.part(hash, 100_000).unwrap();
        part.put(&bytes[..30_000]).unwrap();
        drop(part);
        let mut part = inbox.part(hash, 100_000).unwrap();
        assert_eq!(part.offset(), 30_000);
        part.put(&bytes[30_000..]).unwrap();
        assert!(part.put(b"x").is_err());
        let whole = part.whole().unwrap();
        assert_eq!(fs::read(whole.path()).unwrap(), bytes);
        drop(whole);
        let mut damaged = inbox.part(hash, 100_000).unwrap();
        assert_eq!(damaged.offset(), 0);
        damaged.put(&vec![0; 100_000]).unwrap();
        assert_eq!(damaged.whole().unwrap_err().reason, Reason::Invalid);
        assert_eq!(inbox.part(hash, 100_000).unwrap().offset(), 0, "what is wrong is thrown away");
    }

    #[test]
    fn parts_do_not_fill_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Inbox::new(folder.path());
        for number in 0..20 {
            inbox.part(Hash([number; 32]), 10).unwrap().put(b"part").unwrap();
        }
        assert!(fs::read_dir(folder.path()).unwrap().count() <= KEPT + 1);
    }
}
