//! The boxes that this laptop was paired with: a file in the data folder.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rasika_device::link::message::PublicKey;
use rasika_device::private;
use rasika_device::store::BoxId;
use serde::{Deserialize, Serialize};

use super::address::Address;

/// The file, in the data folder.
const FILE: &str = "boxes.toml";

/// A box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownBox {
    /// What this laptop calls it.
    pub name: String,
    /// Where it was last.
    pub address: Address,
    /// Its key, 64 hexadecimal digits.
    #[serde(with = "hex")]
    pub key: PublicKey,
    /// The files of takes it speaks for, the newest last: no other key may. Books of before the release that bound them
    /// have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "files")]
    pub files: Vec<BoxId>,
}

/// Why a box may not speak for a file of takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotIts {
    /// Another key does.
    #[error(
        "it speaks for takes of {other}, which was paired with another key, so nothing was taken from it; if it is {other} set up anew, `rasika boxes forget {other}` and do it again (its takes stay here), else somebody misuses its number"
    )]
    Of {
        /// The other box, as this laptop calls it.
        other: String,
    },
    /// They are here from elsewhere, while it has takes of its own.
    #[error(
        "it speaks for takes that are here and were never its own, so nothing was taken from it; if they are, `rasika boxes forget {name}` and pair it again (all takes stay here)"
    )]
    Elsewhere {
        /// The box, as this laptop calls it.
        name: String,
    },
    /// More files than a box begins.
    #[error(
        "it has begun {FILES} files of takes, more than a box does; `rasika boxes forget {name}` and pair it again"
    )]
    TooMany {
        /// The box, as this laptop calls it.
        name: String,
    },
    /// It was forgotten meanwhile.
    #[error("it was forgotten meanwhile; pair it again")]
    Forgotten,
}

/// Files of takes that a box may have begun.
const FILES: usize = 64;

/// The book of boxes.
#[derive(Debug)]
pub struct Book {
    file: PathBuf,
    boxes: Vec<KnownBox>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(default, rename = "box")]
    boxes: Vec<KnownBox>,
}

impl Book {
    /// Opens it; a missing one is empty.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(folder: &Path) -> Result<Self> {
        let file = folder.join(FILE);
        private::mend(folder);
        private::mend_named(folder, "boxes.");
        let page = match fs::read_to_string(&file) {
            Ok(text) => toml::from_str(&text)
                .with_context(|| format!("{} is no list of boxes; correct or remove it", file.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Page::default(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        Ok(Self { file, boxes: page.boxes })
    }

    /// Every box, in the order they were paired.
    #[must_use]
    pub fn boxes(&self) -> &[KnownBox] {
        &self.boxes
    }

    /// A box by its name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&KnownBox> {
        self.boxes.iter().find(|known| known.name == name)
    }

    /// A box by its key.
    #[must_use]
    pub fn with_key(&self, key: &PublicKey) -> Option<&KnownBox> {
        self.boxes.iter().find(|known| known.key == *key)
    }

    /// A name that no other box has.
    #[must_use]
    pub fn free_name(&self, wanted: &str, key: &PublicKey) -> String {
        let taken = |name: &str| self.boxes.iter().any(|known| known.name == name && known.key != *key);
        let numbered = (2..).map(|number| format!("{wanted} {number}"));
        let free = std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !taken(name));
        free.unwrap_or_else(|| wanted.to_owned())
    }

    /// Puts a box in; one of the same key is replaced.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn put(&mut self, new: KnownBox) -> Result<()> {
        self.change(|boxes| match boxes.iter_mut().find(|known| known.key == new.key) {
            Some(known) => *known = new,
            None => boxes.push(new),
        })
    }

    /// A box of this key speaks for a file of takes; `is_here` if takes of it are here already. The first key that does is
    /// the only one from then on, until its box is forgotten.
    ///
    /// # Errors
    /// Another box does, or the file cannot be read or written.
    pub fn bind(&mut self, key: &PublicKey, file: BoxId, is_here: bool) -> Result<()> {
        let mut bound = Ok(());
        self.change(|boxes| bound = bind(boxes, key, file, is_here))?;
        Ok(bound?)
    }

    /// Forgets a box; false if there is none of that name.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn forget(&mut self, name: &str) -> Result<bool> {
        let mut found = false;
        self.change(|boxes| {
            let before = boxes.len();
            boxes.retain(|known| known.name != name);
            found = boxes.len() < before;
        })?;
        Ok(found)
    }

    /// Changes the book as it is on the disk now: another program of this laptop may have changed it since it was opened.
    fn change(&mut self, change: impl FnOnce(&mut Vec<KnownBox>)) -> Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let written = || format!("cannot write {}", self.file.display());
        private::folder(folder).with_context(written)?;
        let lock = File::create(self.file.with_extension("lock")).with_context(written)?;
        lock.lock().with_context(written)?;
        let before = Self::open(folder)?.boxes;
        let mut boxes = before.clone();
        change(&mut boxes);
        if boxes != before {
            let text = toml::to_string(&Page { boxes: boxes.clone() })?;
            write(&self.file, &text).with_context(written)?;
        }
        self.boxes = boxes;
        Ok(())
    }
}

fn bind(boxes: &mut [KnownBox], key: &PublicKey, file: BoxId, is_here: bool) -> Result<(), NotIts> {
    if let Some(other) = boxes.iter().find(|known| known.key != *key && known.files.contains(&file)) {
        return Err(NotIts::Of { other: other.name.clone() });
    }
    let known = boxes.iter_mut().find(|known| known.key == *key).ok_or(NotIts::Forgotten)?;
    let name = known.name.clone();
    match known.files.len() {
        _ if known.files.contains(&file) => Ok(()),
        1.. if is_here => Err(NotIts::Elsewhere { name }),
        FILES.. => Err(NotIts::TooMany { name }),
        _ => {
            known.files.push(file);
            Ok(())
        }
    }
}

/// Beside the file first, then in its place: a laptop that runs out of battery forgets nothing.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let beside = file.with_extension("new");
    let mut written = File::create(&beside)?;
    written.write_all(text.as_bytes())?;
    written.sync_all()?;
    fs::rename(&beside, file)?;
    File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Numbers of files of takes as text.
mod files {
    use rasika_device::store::BoxId;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(files: &[BoxId], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(files.iter().map(ToString::to_string))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<BoxId>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let read = |text: &String| match (text.len(), u128::from_str_radix(text, 16)) {
            (32, Ok(number)) => Ok(BoxId(number.to_be_bytes())),
            _ => Err(D::Error::custom("a file of takes has 32 hexadecimal digits")),
        };
        texts.iter().map(read).collect()
    }
}

/// Keys as text.
mod hex {
    use rasika_device::link::message::PublicKey;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(key: &PublicKey, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(key)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PublicKey, D::Error> {
        let text = String::deserialize(deserializer)?;
        PublicKey::parse(&text).ok_or_else(|| D::Error::custom("a key has 64 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_outlives_the_program_and_a_name_means_one_box() {
        let folder = tempfile::tempdir().unwrap();
        let mut book = Book::open(folder.path()).unwrap();
        let (one, two) = (PublicKey([1; 32]), PublicKey([2; 32]));
        let known = |name: &str, key, address: &str| KnownBox {
            name: name.to_owned(),
            key,
            address: address.parse().unwrap(),
            files: vec![],
        };
        book.put(known("stage", one, "10.0.0.1")).unwrap();
        assert_eq!((book.free_name("stage", &one), book.free_name("stage", &two)), ("stage".into(), "stage 2".into()));
        book.put(known("stage 2", two, "/dev/ttyACM0@9600")).unwrap();
        book.put(known("stage", one, "10.0.0.9")).unwrap();
        let mut again = Book::open(folder.path()).unwrap();
        assert_eq!(again.boxes(), book.boxes());
        assert_eq!(again.named("stage").unwrap().address.to_string(), "10.0.0.9:7337");
        assert!(again.forget("stage").unwrap() && !again.forget("stage").unwrap());
        assert!(Book::open(folder.path()).unwrap().named("stage").is_none());
        // Opened before another program changed it.
        let mut late = Book::open(folder.path()).unwrap();
        again.put(known("third", PublicKey([3; 32]), "10.0.0.3")).unwrap();
        late.put(known("stage 2", two, "10.0.0.2")).unwrap();
        assert_eq!(Book::open(folder.path()).unwrap().boxes().len(), 2, "a box was forgotten");
        fs::write(folder.path().join(FILE), "[[box]]\nname = 1").unwrap();
        assert!(Book::open(folder.path()).unwrap_err().to_string().contains("boxes.toml"));
    }

    #[test]
    fn a_file_of_takes_is_one_keys_and_stays_so() {
        let folder = tempfile::tempdir().unwrap();
        // As the release before wrote it: without files.
        let [one, two] = [1, 2].map(|byte| PublicKey([byte; 32]));
        let text = format!(
            "[[box]]\nname = \"stage\"\naddress = \"10.0.0.1:7337\"\nkey = \"{one}\"\n\n\
             [[box]]\nname = \"hall\"\naddress = \"10.0.0.2:7337\"\nkey = \"{two}\"\n"
        );
        fs::write(folder.path().join(FILE), text).unwrap();
        let mut book = Book::open(folder.path()).unwrap();
        let [a, b, c] = [0xA0, 0xB0, 0xC0].map(|byte| BoxId([byte; 16]));
        // Its takes were pulled before anything was bound.
        book.bind(&one, a, true).unwrap();
        book.bind(&one, a, true).unwrap();
        let why = |refused: Result<()>| refused.unwrap_err().downcast::<NotIts>().unwrap();
        assert_eq!(why(book.bind(&two, a, true)), NotIts::Of { other: "stage".to_owned() });
        book.bind(&two, b, false).unwrap();
        // A box begins a new file; one that is here from elsewhere is none of its.
        book.bind(&one, c, false).unwrap();
        assert_eq!(why(book.bind(&one, BoxId([7; 16]), true)), NotIts::Elsewhere { name: "stage".to_owned() });
        let mut again = Book::open(folder.path()).unwrap();
        assert_eq!(again.named("stage").unwrap().files, [a, c]);
        // Set up anew and paired again, it takes its old place when that is forgotten.
        let anew = PublicKey([3; 32]);
        again.put(KnownBox { name: "stage 2".to_owned(), key: anew, ..again.named("stage").unwrap().clone() }).unwrap();
        again.change(|boxes| boxes[2].files.clear()).unwrap();
        assert_eq!(why(again.bind(&anew, a, true)), NotIts::Of { other: "stage".to_owned() });
        again.forget("stage").unwrap();
        again.bind(&anew, a, true).unwrap();
        for number in 0..100_u8 {
            let _ = again.bind(&anew, BoxId([number; 16]), false);
        }
        assert_eq!(again.named("stage 2").unwrap().files.len(), FILES);
    }
}
