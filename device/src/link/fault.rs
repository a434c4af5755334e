//! A bad line, for tests and rehearsals: bytes lost, changed and doubled, and cuts at a given byte.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// What goes wrong. Parts are of one: 0.01 is one byte in a hundred.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Faults {
    /// Part of the incoming bytes that are lost.
    pub lost: f64,
    /// Part of the incoming bytes of which a bit is flipped.
    pub flipped: f64,
    /// Part of the incoming pieces that come twice.
    pub doubled: f64,
    /// Reading breaks off after so many bytes.
    pub cut_reading_after: Option<u64>,
    /// Writing breaks off after so many bytes.
    pub cut_writing_after: Option<u64>,
    /// The chances are drawn from this number.
    pub seed: u64,
}

/// A stream with faults. Noise is in what is read; wrap both ends for a line that is bad in both directions.
#[derive(Debug)]
pub struct Faulty<S> {
    inner: S,
    faults: Faults,
    chance: u64,
    /// Came, with faults, and was not read yet.
    ready: Vec<u8>,
    read: u64,
    written: u64,
}

impl<S> Faulty<S> {
    /// Wraps a stream.
    pub fn new(inner: S, faults: Faults) -> Self {
        let chance = faults.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        Self { inner, faults, chance, ready: Vec::new(), read: 0, written: 0 }
    }

    /// From 0 to 1 (xorshift64*).
    fn draw(&mut self) -> f64 {
        self.chance ^= self.chance >> 12;
        self.chance ^= self.chance << 25;
        self.chance ^= self.chance >> 27;
        (self.chance.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn spoil(&mut self, piece: &[u8]) {
        let times = if self.draw() < self.faults.doubled { 2 } else { 1 };
        for _ in 0..times {
            for byte in piece {
                if self.draw() < self.faults.lost {
                    continue;
                }
                let flip = self.draw() < self.faults.flipped;
                let bit = (self.draw() * 8.0) as u8;
                self.ready.push(if flip { byte ^ 1 << bit } else { *byte });
            }
        }
    }
}

/// Two ends of a line in memory, bad in both directions: a cut counts the first end's bytes.
pub fn pair(faults: Faults) -> (Faulty<DuplexStream>, Faulty<DuplexStream>) {
    let (one, two) = tokio::io::duplex(4096);
    let noise_only = Faults { cut_reading_after: None, cut_writing_after: None, seed: faults.seed ^ 0xFACE, ..faults };
    (Faulty::new(one, faults), Faulty::new(two, noise_only))
}

impl<S: AsyncRead + Unpin> AsyncRead for Faulty<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.ready.is_empty() {
            let left = self.faults.cut_reading_after.map_or(u64::MAX, |cut| cut.saturating_sub(self.read));
            if left == 0 {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            let mut space = [0; 1024];
            let most = space.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let mut came = ReadBuf::new(&mut space[..most]);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut came))?;
            if came.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.read += came.filled().len() as u64;
            self.spoil(came.filled());
        }
        let count = self.ready.len().min(into.remaining());
        into.put_slice(&self.ready[..count]);
        self.ready.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Faulty<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let left = self.faults.cut_writing_after.map_or(u64::MAX, |cut| cut.saturating_sub(self.written));
        if left == 0 && !bytes.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let most = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = ready!(Pin::new(&mut self.inner).poll_write(cx, &bytes[..most]))?;
        self.written += count as u64;
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
