//! Still pictures: which files of a folder are pictures, what is left out, and how a picture of any kind is read.

#[cfg(feature = "perception")]
mod heif;
pub mod kind;
#[cfg(feature = "perception")]
mod orientation;
#[cfg(feature = "perception")]
mod read;
#[cfg(feature = "perception")]
mod whole;

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use kind::{Kind, Named};
#[cfg(feature = "perception")]
pub use read::{PictureError, read};

/// What programs put beside pictures, in small letters: nobody misses it. All that begins with a dot is passed over too.
const PASSED_OVER: [&str; 9] = [
    "__macosx",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "@eadir",
    "icon\r",
    "$recycle.bin",
    "system volume information",
    "lost+found",
];
/// As many of what was left out are named; the rest is counted.
const NAMED: usize = 20;

/// What a folder holds, each in alphabetical order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Files that are pictures by their beginning or their name.
    pub pictures: Vec<PathBuf>,
    /// All else, but what is hidden.
    pub left_out: Vec<LeftOut>,
}

/// Something in a folder of pictures that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name in the folder.
    pub name: String,
    /// What it is instead.
    pub why: Why,
}

/// Why something is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// A folder in the folder.
    Folder,
    /// A film.
    Film,
    /// A picture that nothing here reads; what it is.
    Foreign(&'static str),
    /// A file that neither begins nor is named like a picture.
    NoPicture,
    /// A pipe, a socket or a device.
    NoFile,
    /// It is there and cannot be looked at, as a link that leads nowhere.
    Unreadable(io::ErrorKind),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder => f.write_str("a folder"),
            Self::Film => f.write_str("a film"),
            Self::Foreign(what) => write!(f, "{what}, which is not read here; save it as JPEG or PNG"),
            Self::NoPicture => f.write_str("no picture"),
            Self::NoFile => f.write_str("no file"),
            Self::Unreadable(io::ErrorKind::NotFound) => f.write_str("a link that leads nowhere"),
            Self::Unreadable(kind) => kind.fmt(f),
        }
    }
}

impl Listing {
    /// Looks through a folder, not into the folders in it.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let mut listing = Self::default();
        let mut paths: Vec<PathBuf> =
            folder.read_dir()?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
        paths.sort();
        for path in paths.into_iter().filter(|path| !is_passed_over(path)) {
            match picture(&path) {
                Ok(()) => listing.pictures.push(path),
                Err(why) => listing.left_out.push(LeftOut { name: name(&path), why }),
            }
        }
        Ok(listing)
    }

    /// What was left out in words, as `3 left out: notes.txt (no picture), …`; nothing if nothing was.
    #[must_use]
    pub fn left_out_in_words(&self) -> Option<String> {
        let count = self.left_out.len();
        let named = self.left_out.iter().take(NAMED).map(|out| format!("{} ({})", out.name, out.why));
        let mut words = named.collect::<Vec<_>>().join(", ");
        if count > NAMED {
            words += &format!(" and {} more", count - NAMED);
        }
        (count > 0).then(|| format!("{count} left out: {words}"))
    }
}

/// Whether something is not meant for people: hidden, or made by a program for itself.
#[must_use]
pub fn is_passed_over(path: &Path) -> bool {
    let name = name(path).to_lowercase();
    name.starts_with('.') || PASSED_OVER.contains(&name.as_str())
}

/// Whether a path is a picture to be read, which includes damaged ones; else what it is.
fn picture(path: &Path) -> Result<(), Why> {
    // A pipe would wait for ever: it is not opened.
    let kind = path.metadata().map_err(|error| Why::Unreadable(error.kind()))?;
    if kind.is_dir() {
        return Err(Why::Folder);
    }
    if !kind.is_file() {
        return Err(Why::NoFile);
    }
    let named = Kind::of_name(path);
    if let Some(Named::Foreign(what)) = named {
        return Err(Why::Foreign(what));
    }
    match (of_file(path), named) {
        (Ok(Some(Kind::Film)), _) | (Ok(None), Some(Named::Film)) => Err(Why::Film),
        (Ok(Some(Kind::Foreign(what))), _) => Err(Why::Foreign(what)),
        // A text may begin with P1; only a name makes it a picture.
        (Ok(Some(Kind::Netpbm)), None) => Err(Why::NoPicture),
        // What is named a picture and is none, or may not be read, is told as a damaged one when it is read.
        (Ok(Some(_)), _) | (Ok(None) | Err(_), Some(Named::Picture)) => Ok(()),
        (Ok(None), _) => Err(Why::NoPicture),
        (Err(error), _) => Err(Why::Unreadable(error.kind())),
    }
}

/// What a file is by its beginning.
///
/// # Errors
/// It cannot be read.
pub fn of_file(path: &Path) -> io::Result<Option<Kind>> {
    let mut head = Vec::with_capacity(kind::HEAD);
    File::open(path)?.take(kind::HEAD as u64).read_to_end(&mut head)?;
    Ok(Kind::of_head(&head))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_found_by_content_and_the_rest_is_told() {
        let place = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| std::fs::write(place.path().join(name), bytes).unwrap();
        let jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF";
        for name in ["A.JPG", "b.jfif", "photo", "download.txt", "c.png"] {
            put(name, jpeg);
        }
        put("cut.jpeg", b"");
        put("notes.txt", b"P1 is the best of them");
        put("turned.jpg", b"\0\0\0\x14ftypqt  \0\0\0\0qt  ");
        put("raw.DNG", b"II*\0");
        for name in [".hidden.jpg", "Thumbs.db", "._A.JPG"] {
            put(name, jpeg);
        }
        for name in ["__MACOSX", ".ipynb_checkpoints", "more.jpg"] {
            std::fs::create_dir(place.path().join(name)).unwrap();
        }
        std::os::unix::fs::symlink("nowhere", place.path().join("gone.jpg")).unwrap();
        let listing = Listing::of(place.path()).unwrap();
        let names: Vec<String> = listing.pictures.iter().map(|path| name(path)).collect();
        assert_eq!(names, ["A.JPG", "b.jfif", "c.png", "cut.jpeg", "download.txt", "photo"]);
        let out: Vec<(&str, &Why)> = listing.left_out.iter().map(|out| (out.name.as_str(), &out.why)).collect();
        let nowhere = Why::Unreadable(io::ErrorKind::NotFound);
        let raw = Why::Foreign("a camera's raw file");
        assert_eq!(
            out,
            [
                ("gone.jpg", &nowhere),
                ("more.jpg", &Why::Folder),
                ("notes.txt", &Why::NoPicture),
                ("raw.DNG", &raw),
                ("turned.jpg", &Why::Film)
            ]
        );
        assert!(listing.left_out_in_words().unwrap().starts_with("5 left out: gone.jpg (a link that leads nowhere), "));
    }
}
