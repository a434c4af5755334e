//! What comes in, put in order.

use super::packet::{Ack, place};
use super::ranges::Ranges;
use std::collections::VecDeque;

/// The most bytes that are kept for a reader who does not read.
pub const WINDOW: u64 = 32 * 1024;

/// One session's incoming stream.
#[derive(Debug, Default)]
pub struct Receiving {
    /// Place of the first byte in `bytes`: all before it was handed to the reader.
    base: u64,
    /// Bytes from `base` on, with gaps where nothing has come.
    bytes: VecDeque<u8>,
    come: Ranges,
    /// Newest packet and those before it.
    seen: Option<(u32, u64)>,
    /// Something is to be acknowledged.
    owing: bool,
}

impl Receiving {
    /// A data packet has come.
    pub fn data(&mut self, number: u32, offset: u32, bytes: &[u8]) {
        let start = place(self.base, offset);
        let end = start.saturating_add(bytes.len() as u64);
        self.owing = true;
        // A sender that does not keep to the window is not served, nor is what it sent acknowledged.
        if end > self.base + WINDOW {
            return;
        }
        self.note(number);
        if end <= self.base {
            return;
        }
        let skip = self.base.saturating_sub(start);
        let (start, bytes) = (start.max(self.base), &bytes[skip as usize..]);
        let at = (start - self.base) as usize;
        if self.bytes.len() < at + bytes.len() {
            self.bytes.resize(at + bytes.len(), 0);
        }
        self.bytes.range_mut(at..at + bytes.len()).zip(bytes).for_each(|(here, byte)| *here = *byte);
        self.come.insert(start..end);
    }

    fn note(&mut self, number: u32) {
        self.seen = Some(match self.seen {
            None => (number, 0),
            Some((newest, mask)) if number > newest => {
                let by = number - newest;
                let mask = mask.checked_shl(by).unwrap_or(0);
                (number, if by <= 64 { mask | 1 << (by - 1) } else { 0 })
            }
            Some((newest, mask)) => match newest - number {
                by @ 1..=64 => (newest, mask | 1 << (by - 1)),
                _ => (newest, mask),
            },
        });
    }

    /// The bytes the reader can have now.
    pub fn ready(&self) -> &[u8] {
        let until = self.come.first().filter(|range| range.start <= self.base).map_or(self.base, |range| range.end);
        let first = self.bytes.as_slices().0;
        &first[..first.len().min((until - self.base) as usize)]
    }

    /// The reader has had so many of them.
    pub fn taken(&mut self, count: usize) {
        self.bytes.drain(..count);
        let from = self.base;
        self.base += count as u64;
        self.come.remove(&(from..self.base));
        self.owing = true;
    }

    /// Acknowledges once more what has come; false if nothing has.
    pub fn owe(&mut self) -> bool {
        self.owing = self.seen.is_some();
        self.owing
    }

    /// What is to be acknowledged, if anything is.
    pub fn ack(&mut self) -> Option<Ack> {
        if !std::mem::take(&mut self.owing) {
            return None;
        }
        let (newest, mask) = self.seen?;
        Some(Ack { newest, mask, limit: (self.base + WINDOW) as u32 })
    }
}
