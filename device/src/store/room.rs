//! Room on the disk: how much there is, what may go, and where a damaged file goes.

use super::Store;
use super::error::StoreError;
use super::take::Moment;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

impl Store {
    /// Bytes of the file that are in use; what was deleted is used again first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn used_bytes(&self) -> Result<u64, StoreError> {
        let pragma = |name: &str| self.db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, u64>(0));
        Ok((pragma("page_count")? - pragma("freelist_count")?) * pragma("page_size")?)
    }

    /// Bytes of the file that were used and are free again.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn reusable_bytes(&self) -> Result<u64, StoreError> {
        let pragma = |name: &str| self.db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, u64>(0));
        Ok(pragma("freelist_count")? * pragma("page_size")?)
    }
}

/// A file that keeps some room on a disk that others fill: given up, what is deleted from the file of takes can be written
/// down, which needs a little room first.
#[derive(Debug, Clone)]
pub struct Reserve(PathBuf);

impl Reserve {
    /// Its bytes: some hundred deletions.
    const BYTES: u64 = 4 << 20;

    /// Beside a file of takes.
    #[must_use]
    pub fn beside(file: &Path) -> Self {
        Self(file.with_extension("reserve"))
    }

    /// Sets it aside, where it is not and more than `margin` stays free.
    pub fn keep(&self, margin: u64) {
        let free = self.0.parent().and_then(|folder| free_bytes(folder).ok()).unwrap_or(0);
        if self.0.metadata().is_ok_and(|file| file.len() == Self::BYTES) || free < margin + 2 * Self::BYTES {
            return;
        }
        let made = File::create(&self.0).and_then(|file| {
            // SAFETY: the descriptor is open as long as the file is borrowed.
            match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, Self::BYTES as libc::off_t) } {
                0 => Ok(()),
                error => Err(io::Error::from_raw_os_error(error)),
            }
        });
        if made.is_err() {
            self.give_up();
        }
    }

    /// Gives it up; whether there was one.
    pub fn give_up(&self) -> bool {
        std::fs::remove_file(&self.0).is_ok()
    }
}

/// Bytes that a program without privileges may still write where a path lies.
///
/// # Errors
/// The path is not there.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let name = std::ffi::CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: all zeros is a value of this plain C structure.
    let mut found: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the name ends in a zero byte and lives as long as the call, and so does the place to write to.
    if unsafe { libc::statvfs(name.as_ptr(), &raw mut found) } != 0 {
        return Err(io::Error::last_os_error());
    }
    #[allow(clippy::useless_conversion, reason = "they are 32 bits wide on 32-bit systems")]
    Ok(u64::from(found.f_bavail) * u64::from(found.f_frsize))
}

/// Device and number of a file, if it is there: its name may be another's by now.
#[must_use]
pub fn file_of(path: &Path) -> Option<(u64, u64)> {
    path.metadata().ok().map(|file| (file.dev(), file.ino()))
}

/// Whether this process alone now holds a file's lock, until it closes it or ends.
pub(super) fn lock(file: &File) -> bool {
    // SAFETY: the descriptor is open as long as the file is borrowed.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 }
}

/// Renames a damaged file of takes and what belongs to it, so that nothing of it is lost; its new name.
///
/// # Errors
/// The folder cannot be written.
pub fn set_aside(file: &Path) -> io::Result<PathBuf> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let date = date_of(Moment::now().unix_ms / 1000);
    let aside = (1..)
        .map(|n| if n == 1 { String::new() } else { format!("-{n}") })
        .map(|again| file.with_file_name(format!("{stem}.damaged-{date}{again}.db")))
        .find(|aside| !aside.exists())
        .unwrap_or_default();
    let with = |path: &Path, end: &str| PathBuf::from(format!("{}{end}", path.display()));
    // The log first: without it the file alone would be read as if nothing had been in the log.
    for end in ["-wal", "-shm", ""] {
        match std::fs::rename(with(file, end), with(&aside, end)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !end.is_empty() => {}
            other => other?,
        }
    }
    Ok(aside)
}

/// A day and time in UTC as in a file's name, of seconds since 1970 (Howard Hinnant's civil-from-days).
#[must_use]
pub fn date_of(unix_s: i64) -> String {
    let (days, second) = (unix_s.div_euclid(86_400), unix_s.rem_euclid(86_400));
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}-{minute:02}-{:02}", second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right() {
        assert_eq!(date_of(0), "1970-01-01T00-00-00");
        assert_eq!(date_of(951_782_399), "2000-02-28T23-59-59");
        assert_eq!(date_of(951_782_400), "2000-02-29T00-00-00");
        assert_eq!(date_of(1_795_402_869), "2026-11-23T03-01-09");
    }

    #[test]
    fn there_is_room_where_we_are_and_an_error_where_nothing_is() {
        assert!(free_bytes(Path::new("/")).is_ok());
        assert!(free_bytes(Path::new("/no/such/place")).is_err());
    }
}
