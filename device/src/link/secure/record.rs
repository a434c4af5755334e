//! Encrypted records: length (u16, big-endian), then that many bytes of ciphertext, tag included.
//!
//! After each [`REKEY_EVERY`] records a direction takes a new key, so that one that leaks opens little, and the nonce,
//! which would do for 2⁶⁴ records, never comes near its end.

use crate::link::LinkError;
use snow::TransportState;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The most plain bytes of a record.
pub const MAX_PLAIN: usize = 16 * 1024 + 64;
const TAG: usize = 16;
/// Records of one direction under one key.
pub const REKEY_EVERY: u64 = 4096;

/// What is the same for both directions.
pub type Cipher = Arc<Mutex<TransportState>>;

fn lock(cipher: &Cipher) -> MutexGuard<'_, TransportState> {
    cipher.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The records that come.
pub struct RecordReader<R> {
    stream: R,
    cipher: Cipher,
    count: u64,
    sealed: Vec<u8>,
}

/// The records that go.
pub struct RecordWriter<W> {
    stream: W,
    cipher: Cipher,
    count: u64,
}

impl<R: AsyncRead + Unpin> RecordReader<R> {
    pub(super) fn new(stream: R, cipher: Cipher) -> Self {
        Self { stream, cipher, count: 0, sealed: Vec::new() }
    }

    /// The next record's plain bytes.
    pub async fn read(&mut self) -> Result<Vec<u8>, LinkError> {
        let length = usize::from(self.stream.read_u16().await?);
        if !(TAG..=MAX_PLAIN + TAG).contains(&length) {
            return Err(LinkError::Garbage("a record of an impossible length"));
        }
        self.sealed.resize(length, 0);
        self.stream.read_exact(&mut self.sealed).await?;
        let mut plain = vec![0; length - TAG];
        let mut cipher = lock(&self.cipher);
        let opened = cipher.read_message(&self.sealed, &mut plain);
        opened.map_err(|_| LinkError::Garbage("a record that is not what was sent"))?;
        self.count += 1;
        if self.count.is_multiple_of(REKEY_EVERY) {
            cipher.rekey_incoming();
        }
        Ok(plain)
    }
}

impl<W: AsyncWrite + Unpin> RecordWriter<W> {
    pub(super) fn new(stream: W, cipher: Cipher) -> Self {
        Self { stream, cipher, count: 0 }
    }

    /// Sends a record.
    pub async fn write(&mut self, plain: &[u8]) -> Result<(), LinkError> {
        let mut record = vec![0; 2 + plain.len() + TAG];
        let length = u16::try_from(plain.len() + TAG).ok().filter(|_| plain.len() <= MAX_PLAIN);
        let length = length.ok_or(LinkError::Violation("a record too long to send"))?;
        record[..2].copy_from_slice(&length.to_be_bytes());
        {
            let mut cipher = lock(&self.cipher);
            let sealed = cipher.write_message(plain, &mut record[2..]);
            sealed.map_err(|_| LinkError::Violation("a session too long for its keys"))?;
            self.count += 1;
            if self.count.is_multiple_of(REKEY_EVERY) {
                cipher.rekey_outgoing();
            }
        }
        Ok(self.stream.write_all(&record).await?)
    }

    /// Brings what was written on its way.
    pub async fn flush(&mut self) -> Result<(), LinkError> {
        Ok(self.stream.flush().await?)
    }
}
