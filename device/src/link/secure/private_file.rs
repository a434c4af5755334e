//! Files for their owner's eyes only, written whole or not at all.

use crate::link::LinkError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

/// No file of keys is larger.
const MOST: u64 = 1 << 20;

/// Text of a file, `None` if there is none.
pub fn read(path: &Path) -> Result<Option<String>, LinkError> {
    let wrong = |what: String| LinkError::KeyFile { path: path.display().to_string(), what };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(format!("cannot be read ({error}); look at its permissions"))),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().map_or(0, |metadata| metadata.permissions().mode());
        if mode & 0o077 != 0 {
            return Err(wrong("is open to others; chmod 600 it, or remove it and pair again".to_owned()));
        }
    }
    let mut text = String::new();
    let read = file.take(MOST).read_to_string(&mut text);
    read.map_err(|error| wrong(format!("cannot be read ({error}); remove it, and pair again")))?;
    Ok(Some(text))
}

/// Writes beside the file, brings it to the disk, and puts it in the file's place in one step.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), LinkError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = path.with_extension("new");
    let written = || -> io::Result<()> {
        crate::private::folder(folder)?;
        let _ = fs::remove_file(&beside);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(folder)?.sync_all()
    };
    written().map_err(|error| LinkError::KeyFile {
        path: path.display().to_string(),
        what: format!("cannot be written ({error}); look at its folder and the disk"),
    })
}
