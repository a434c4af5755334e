//! What the link needs of a box.

use super::inbox::Inbox;
use super::message::{
    BoxId, BulkHead, FileKind, FileName, FileState, Hash, Label, MoodNow, PIECE, Proof, Pruned, PublicKey, Reason,
    Refusal, Status, TakeId, TakeInfo,
};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;

/// What a box says that has never come to the change after which it is asked.
pub const SET_BACK: &str = "the box counts its changes from an older copy of its takes; pull again";

/// A file of a box's, open.
pub struct Opened {
    /// Its length and hash.
    pub head: BulkHead,
    from: Box<dyn SeekRead>,
}

trait SeekRead: Read + Seek + Send {}
impl<T: Read + Seek + Send> SeekRead for T {}

impl Opened {
    /// A file on the disk, of a hash that is known.
    ///
    /// # Errors
    /// The disk.
    pub fn file(file: std::fs::File, hash: Hash) -> io::Result<Self> {
        let bytes = file.metadata()?.len();
        Ok(Self { head: BulkHead { bytes, hash }, from: Box::new(file) })
    }

    /// What is in memory.
    #[must_use]
    pub fn text(bytes: Vec<u8>) -> Self {
        let head = BulkHead { bytes: bytes.len() as u64, hash: Hash::of(&bytes) };
        Self { head, from: Box::new(Cursor::new(bytes)) }
    }

    /// Goes on at a byte.
    pub(super) fn skip(&mut self, offset: u64) -> Result<(), Refusal> {
        self.from.seek(SeekFrom::Start(offset.min(self.head.bytes))).map(drop).map_err(|error| unread(&error))
    }

    /// The next piece; empty at the end.
    pub(super) fn piece(&mut self) -> Result<Vec<u8>, Refusal> {
        let mut piece = vec![0; PIECE];
        let mut filled = 0;
        while filled < piece.len() {
            match self.from.read(&mut piece[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unread(&error)),
            }
        }
        piece.truncate(filled);
        Ok(piece)
    }
}

fn unread(error: &io::Error) -> Refusal {
    Refusal::new(Reason::Fault, format!("the box cannot read the file ({error}); check its disk"))
}

/// The box, as laptops see it. Calls may wait for the disk (they come from threads that may wait), except
/// [`Self::panic`]. Several may come at once.
pub trait BoxSide: Send + Sync + 'static {
    /// What the box is called.
    fn name(&self) -> String;

    /// Its file of takes, once it is open.
    fn box_id(&self) -> Option<BoxId>;

    /// How it is.
    fn status(&self) -> Result<Status, Refusal>;

    /// What is seen and played: the newest.
    fn moods(&self) -> watch::Receiver<MoodNow>;

    /// At most `limit` takes that changed after a change number, in the order of their last change. Refused with
    /// [`super::message::Reason::SetBack`] if there has been no change of that number.
    fn changes(&self, after: u64, limit: u32) -> Result<Vec<TakeInfo>, Refusal>;

    /// Number of the last change; moves with each.
    fn last_change(&self) -> watch::Receiver<u64>;

    /// At most `limit` chunks of a take from a part on, each at most [`super::message::MAX_CHUNK`] bytes; none past its
    /// end. Refused if the take's hash is another.
    fn chunks(&self, id: TakeId, hash: [u8; 32], from_part: u32, limit: u32) -> Result<Vec<Vec<u8>>, Refusal>;

    /// A laptop proves to hold takes; of how many the box now knows it. `key` is that of the session's challenge.
    fn held(&self, laptop: PublicKey, key: &[u8; 32], proofs: &[Proof]) -> Result<u32, Refusal>;

    /// Deletes what a laptop proves to hold.
    fn prune(&self, laptop: PublicKey, key: &[u8; 32], proofs: &[Proof]) -> Result<Vec<Pruned>, Refusal>;

    /// Says what a take shows.
    fn relabel(&self, id: TakeId, label: Label) -> Result<TakeInfo, Refusal>;

    /// Leaves a take out, or takes it in again.
    fn discard(&self, id: TakeId, discarded: bool) -> Result<TakeInfo, Refusal>;

    /// Where pushed files arrive.
    fn inbox(&self) -> &Inbox;

    /// A pushed file has arrived whole, its hash proved: checks it and keeps it beside what is in force, which stays
    /// in force. Returns a line about it. The file at `path` is removed afterwards.
    fn keep(&self, kind: FileKind, name: &FileName, path: &Path) -> Result<String, Refusal>;

    /// Puts a kept file in force, between two phrases.
    fn activate(&self, kind: FileKind, name: &FileName, hash: Hash) -> Result<(), Refusal>;

    /// Puts in force what was before.
    fn rollback(&self, kind: FileKind) -> Result<FileState, Refusal>;

    /// The files of a kind.
    fn list(&self, kind: FileKind) -> Result<Vec<FileState>, Refusal>;

    /// A file of its own, to be read piece by piece.
    fn file(&self, kind: FileKind, name: &FileName) -> Result<Opened, Refusal>;

    /// The last lines of its log, oldest first.
    fn logs(&self, lines: u32) -> Result<Vec<Arc<str>>, Refusal>;

    /// Lines to come; who reads too slowly misses some.
    fn new_logs(&self) -> tokio::sync::broadcast::Receiver<String>;

    /// Ends every note on every port. Must not wait.
    fn panic(&self);
}
