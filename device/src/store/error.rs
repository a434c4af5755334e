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
    /// The bytes of the file make no sense.
    #[error("the file of takes is damaged ({0}); put it aside, and a new one is begun")]
    Corrupt(String),
    /// No more fits.
    #[error("the disk is full; make room (on a box: pull its takes and prune them, or give it a larger card)")]
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

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let said = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(said),
            Some(ErrorCode::DiskFull) => Self::Full,
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
                | rusqlite::Error::InvalidColumnType(..) => Self::Corrupt(said),
                other => Self::Sqlite(other),
            },
        }
    }
}
