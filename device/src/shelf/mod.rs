//! The shelf: what laptops pushed to the box, what of it is in force, and what was before.
//!
//! ```text
//! shelf/ledger.json    which files there are, in force and before; replaced in one step, fsynced
//! shelf/files/HASH     each file under the BLAKE3 of its bytes; written before the ledger names it
//! shelf/arriving/      what is on its way, see the link's inbox
//! ```
//!
//! Whoever pulls the plug finds the ledger of before or of after, and both name only files that are whole. What came
//! in force less than [`PROVING`] before the program died is taken back at the next start, to what last proved itself:
//! of two changes in a hurry both are.

mod check;
mod ledger;

pub use check::{check_text, label};
pub use ledger::{BUILT_IN, Entry};

use crate::link::message::{FileKind, FileName, FileState, Hash};
use ledger::{Force, Ledger, Trial};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// A change has proved itself when the program has lived with it for so long.
pub const PROVING: Duration = Duration::from_secs(30);

/// Said to whoever does not get the [`Shelf::turn`].
pub const ANOTHER_CHANGES: &str = "the box is putting another file in force; try again in a moment";

/// The shelf cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// There is no such file.
    #[error("there is no {kind} {name} on the box; push it")]
    Absent {
        /// What.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Nothing was in force before.
    #[error("there is no {kind} to go back to: nothing was in force before")]
    NothingBefore {
        /// What.
        kind: &'static str,
    },
    /// The disk.
    #[error("the shelf {path} cannot be read or written ({cause}); check the box's disk")]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
}

/// The shelf of a box. Calls wait for the disk.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    ledger: Mutex<Ledger>,
    /// Who brings bytes must not have them swept away before the ledger names them.
    keeping: Mutex<()>,
    turn: Mutex<()>,
}

/// How it was with a kind before a change.
#[derive(Debug)]
pub struct Before(Force);

impl Shelf {
    /// Opens it; what there is to tell comes with it. A shelf that cannot be read is put aside: the box plays with what
    /// is built in.
    ///
    /// A disk that cannot be written, or has no room, keeps nothing of it from being read.
    ///
    /// # Errors
    /// None today: whatever is wrong is told.
    pub fn open(folder: &Path) -> Result<(Self, Vec<String>), ShelfError> {
        let file = folder.join(ledger::FILE);
        crate::private::mend_all(folder);
        let mut told = Vec::new();
        let mut ledger = Ledger::read(&file).unwrap_or_else(|why| {
            let aside = file.with_extension("damaged.json");
            let kept = fs::rename(&file, &aside).is_ok();
            let kept = if kept { format!("; it is kept as {}", aside.display()) } else { String::new() };
            told.push(format!("what laptops pushed cannot be read ({why}){kept}; the box plays with what is built in"));
            Ledger::default()
        });
        let folder = folder.to_owned();
        let shelf = Self { folder, ledger: Mutex::default(), keeping: Mutex::default(), turn: Mutex::default() };
        let mut changed = false;
        for (kind, force) in &mut ledger.force {
            match force.trial {
                Trial::Proven => continue,
                Trial::Waiting => force.trial = Trial::Trying,
                Trial::Trying => {
                    force.fall_back();
                    let what = label(*kind);
                    told.push(match kind {
                        FileKind::Config => "the program ended before a new config had proved itself: the one that \
                            worked before is in force again"
                            .to_owned(),
                        _ => format!(
                            "the program died within 30 s of a new {what}: the one that worked before is in force again"
                        ),
                    });
                }
            }
            changed = true;
        }
        // A name in the ledger without its bytes is a disk that lost them. What comes in force instead may be lost too.
        while let Some((kind, hash)) = ledger.in_force().into_iter().find(|(_, hash)| !shelf.proved(*hash)) {
            changed = true;
            ledger.forget(kind, hash);
            ledger.damaged.insert(kind);
            let what = label(kind);
            told.push(format!("a {what} that was pushed is damaged on the disk and no longer in force; push it again"));
        }
        if changed && let Err(error) = shelf.write(&ledger) {
            told.push(format!("{error}; the box goes on with what was pushed as it stands"));
        }
        *shelf.ledger() = ledger;
        Ok((shelf, told))
    }

    /// Where pushed files arrive.
    #[must_use]
    pub fn arriving(&self) -> PathBuf {
        self.folder.join("arriving")
    }

    /// Keeps a file that was checked, beside what is in force.
    ///
    /// # Errors
    /// The disk.
    pub fn keep(&self, kind: FileKind, name: &FileName, bytes: &[u8], about: &str) -> Result<(), ShelfError> {
        let _alone = self.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = Hash::of(bytes);
        let path = self.path(hash);
        crate::private::folder(&self.folder.join(ledger::FILES))
            .map_err(|cause| ShelfError::Disk { path: self.folder.clone(), cause })?;
        whole(&path, bytes).map_err(|cause| ShelfError::Disk { path, cause })?;
        let entry = Entry { kind, name: name.clone(), hash, bytes: bytes.len() as u64, about: about.to_owned() };
        self.change(|ledger| {
            ledger.keep(entry);
            Ok(())
        })?;
        self.sweep();
        Ok(())
    }

    /// The turn to change what is in force and see that it is; `None` while it is another's. Two changes at once could
    /// each take the other's file for its own.
    #[must_use]
    pub fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self.turn.try_lock() {
            Ok(turn) => Some(turn),
            Err(TryLockError::Poisoned(turn)) => Some(turn.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Puts a kept file in force from now on; how it was before. It has to prove itself: see [`Self::proven`].
    ///
    /// # Errors
    /// There is no such file, or the disk.
    pub fn activate(&self, kind: FileKind, name: &FileName, hash: Hash) -> Result<Before, ShelfError> {
        let absent = || ShelfError::Absent { kind: label(kind), name: name.to_string() };
        let mut before = Before(Force::default());
        self.change(|ledger| {
            before.0 = ledger.force.get(&kind).cloned().unwrap_or_default();
            ledger.activate(kind, name, hash).then_some(()).ok_or_else(absent)
        })?;
        Ok(before)
    }

    /// It could not be put in force: all is again as it was, its own way back too.
    ///
    /// # Errors
    /// The disk.
    pub fn put_back(&self, kind: FileKind, before: Before) -> Result<(), ShelfError> {
        self.change(|ledger| {
            ledger.force.insert(kind, before.0);
            Ok(())
        })
    }

    /// Puts in force what was before.
    ///
    /// # Errors
    /// There is nothing, or the disk.
    pub fn roll_back(&self, kind: FileKind) -> Result<(), ShelfError> {
        let back = |ledger: &mut Ledger| ledger.force.get_mut(&kind).is_some_and(Force::back);
        self.change(|ledger| back(ledger).then_some(()).ok_or(ShelfError::NothingBefore { kind: label(kind) }))
    }

    /// Kinds of which something is on trial now.
    #[must_use]
    pub fn on_trial(&self) -> Vec<FileKind> {
        let ledger = self.ledger();
        ledger.force.iter().filter(|(_, force)| force.trial == Trial::Trying).map(|(kind, _)| *kind).collect()
    }

    /// What is in force of a kind has proved itself: it stays when the program dies from now on.
    ///
    /// # Errors
    /// The disk.
    pub fn proven(&self, kind: FileKind) -> Result<(), ShelfError> {
        if !self.on_trial().contains(&kind) {
            return Ok(());
        }
        self.change(|ledger| {
            ledger.force.get_mut(&kind).into_iter().for_each(Force::prove);
            Ok(())
        })
    }

    /// What is in force of a kind could not prove itself: what last did is in force again. Whether something was.
    ///
    /// # Errors
    /// The disk.
    pub fn take_back(&self, kind: FileKind) -> Result<bool, ShelfError> {
        if !self.on_trial().contains(&kind) {
            return Ok(false);
        }
        self.change(|ledger| {
            ledger.force.get_mut(&kind).into_iter().for_each(Force::fall_back);
            Ok(())
        })?;
        Ok(true)
    }

    /// What last proved itself of a kind, while something else is on trial.
    #[must_use]
    pub fn last_proven(&self, kind: FileKind) -> Vec<Entry> {
        let ledger = self.ledger();
        let proven = |force: &Force| force.proven.clone().unwrap_or_default();
        let hashes = ledger.force.get(&kind).map(proven).unwrap_or_default();
        ledger.files.iter().filter(|entry| entry.kind == kind && hashes.contains(&entry.hash)).cloned().collect()
    }

    /// The program ends because it was asked to: nothing is taken back for that, and what has not proved itself yet does
    /// so after the next start; but for `lost`, which nobody may ever come to prove.
    pub fn settle(&self, lost: Option<FileKind>) {
        if self.on_trial().iter().all(|kind| Some(*kind) == lost) {
            return;
        }
        // A ledger that cannot be written now is taken for a crash: the one before is in force again, which works too.
        let _ = self.change(|ledger| {
            let trying =
                ledger.force.iter_mut().filter(|(kind, force)| force.trial == Trial::Trying && Some(**kind) != lost);
            trying.for_each(|(_, force)| force.trial = Trial::Waiting);
            Ok(())
        });
    }

    /// The files of a kind that are in force.
    #[must_use]
    pub fn in_force(&self, kind: FileKind) -> Vec<Entry> {
        self.ledger().entries(kind, |force| &force.active)
    }

    /// Kinds of which something in force was damaged on the disk, and has not been pushed again since.
    #[must_use]
    pub fn damaged(&self) -> Vec<FileKind> {
        self.ledger().damaged.iter().copied().collect()
    }

    /// All files of a kind, the newest first.
    #[must_use]
    pub fn list(&self, kind: FileKind) -> Vec<FileState> {
        self.ledger().list(kind)
    }

    /// A file by name, open to be read, and its hash; of several by one name that which is in force, else the newest.
    ///
    /// # Errors
    /// There is none, or the disk.
    pub fn open_file(&self, kind: FileKind, name: &FileName) -> Result<(File, Hash), ShelfError> {
        let hash = self.ledger().named(kind, name);
        let hash = hash.ok_or_else(|| ShelfError::Absent { kind: label(kind), name: name.to_string() })?;
        let path = self.path(hash);
        let file = File::open(&path).map_err(|cause| ShelfError::Disk { path, cause })?;
        Ok((file, hash))
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// The disk.
    pub fn read(&self, hash: Hash) -> Result<Vec<u8>, ShelfError> {
        let path = self.path(hash);
        fs::read(&path).map_err(|cause| ShelfError::Disk { path, cause })
    }

    fn proved(&self, hash: Hash) -> bool {
        self.read(hash).is_ok_and(|bytes| Hash::of(&bytes) == hash)
    }

    fn path(&self, hash: Hash) -> PathBuf {
        self.folder.join(ledger::FILES).join(hash.to_string())
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the ledger on the disk first, then here.
    fn change(&self, change: impl FnOnce(&mut Ledger) -> Result<(), ShelfError>) -> Result<(), ShelfError> {
        let mut ledger = self.ledger();
        let mut new = ledger.clone();
        change(&mut new)?;
        self.write(&new)?;
        *ledger = new;
        Ok(())
    }

    fn write(&self, ledger: &Ledger) -> Result<(), ShelfError> {
        let _ = crate::private::folder(&self.folder);
        let path = self.folder.join(ledger::FILE);
        ledger.text().and_then(|text| whole(&path, &text)).map_err(|cause| ShelfError::Disk { path, cause })
    }

    /// Removes bytes that the ledger no longer names. What cannot be removed is tried again next time.
    fn sweep(&self) {
        let ledger = self.ledger();
        let Ok(files) = fs::read_dir(self.folder.join(ledger::FILES)) else { return };
        for file in files.flatten() {
            let name = file.file_name();
            if !ledger.files.iter().any(|entry| name.to_str() == Some(&entry.hash.to_string())) {
                let _ = fs::remove_file(file.path());
            }
        }
    }
}

/// Writes beside a file, brings it to the disk, and puts it in the file's place in one step.
fn whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
