//! What can go wrong with the store, each with what to do.

use super::codec::ChunkError;
use super::take::TakeId;
use rusqlite::ErrorCode;

/// The store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A later program made the file.
    #[error("the takes are of version {version}, this program knows {newest}; update it to read them")]
    Newer {
        /// The file's version.
        version: usize,
        /// This program's.
        newest: usize,
    },
    /// A database, but not of takes.
    #[error("the file is another program's database; give the recording folder a place of its own")]
    NotOurs,
    /// A box already records there.
    #[error("another rasikad records there already; stop it, or give each its own recording folder")]
    InUse,
    /// Pages of the file make no sense.
    #[error(
        "the file of takes is damaged ({0}); on a laptop `rasika takes mend` saves what can be read, a box does so itself"
    )]
    Corrupt(String),
    /// A row of the file makes no sense; the others do.
    #[error("a row of the file of takes is damaged ({0}); `doctor` names the take")]
    Row(String),
    /// What is known of a take makes no sense.
    #[error("take {0} is damaged; the others can be read")]
    Damaged(TakeId),
    /// No more fits.
    #[error("the disk is full; make room")]
    Full,
    /// The folder or the disk takes no writing.
    #[error("takes cannot be written ({0}); check that the recording folder's disk is there and writable")]
    Unwritable(String),
    /// This file system does not keep what it confirms.
    #[error("this file system does not carry SQLite's write-ahead log; put the recording folder on a local disk")]
    NoLog,
    /// There is no such take.
    #[error("there is no take {0}; list those there are")]
    NoTake(TakeId),
    /// It is not in a state for that.
    #[error("take {0} {1}")]
    NotNow(TakeId, &'static str),
    /// What arrived is not what was sent.
    #[error("take {0} is damaged on its box, or on the way; the next pull fetches it anew")]
    WrongHash(TakeId),
    /// Observations that cannot be read.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// Whatever else SQLite says.
    #[error("the file of takes: {0}")]
    Sqlite(rusqlite::Error),
}

impl StoreError {
    /// What a laptop is told of its box's disk, so that nobody looks at the wrong one.
    #[must_use]
    pub fn of_the_box(&self) -> String {
        match self {
            Self::Full => "the box's disk is full; pull its takes and prune them, or give it a larger card".to_owned(),
            Self::Unwritable(why) => format!("the box's disk cannot be written ({why}); look at its card"),
            other => other.to_string(),
        }
    }

    /// The same of a laptop's own disk.
    #[must_use]
    pub fn of_this_laptop(&self) -> String {
        match self {
            Self::Full => {
                "this laptop's disk is full; make room here, then do it again: it goes on where it was".to_owned()
            }
            Self::Unwritable(why) => {
                format!("takes cannot be written on this laptop ({why}); check the folder and its disk")
            }
            other => other.to_string(),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let said = error.to_string();
        let extended = error.sqlite_error().map(|error| error.extended_code);
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(said),
            Some(ErrorCode::DiskFull) => Self::Full,
            // The index of the log could not be made larger: that is how a full disk shows at an opening.
            Some(ErrorCode::SystemIoFailure) if extended == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) => Self::Full,
            Some(
                ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure
                | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Unwritable(said),
            _ => match error {
                // A value of another type than the schema says: the file, not the program, is wrong.
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..)
                | rusqlite::Error::InvalidColumnType(..) => Self::Row(said),
                other => Self::Sqlite(other),
            },
        }
    }
}
