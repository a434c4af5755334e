//! What goes out, until it is known to have come.
//!
//! A line does not reorder: once a later packet has come, an earlier one that has not is lost, and its bytes go out
//! again in new packets. Where much is lost, packets get shorter, as a short one is likelier to come whole; where
//! nothing is lost, longer. How much is on its way at a time follows the delay, so that what is urgent need not wait
//! behind seconds of bulk in a slow line's buffers.

use super::packet::{Ack, MAX_DATA, place};
use super::ranges::Ranges;
use super::receiving::WINDOW;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::time::Duration;
use tokio::time::Instant;

/// Short enough to come through where one byte in twenty is lost.
const MIN_DATA: usize = 24;
const FIRST_DATA: usize = 128;
/// An acknowledgement names the newest 65 packets; no more may be on their way.
const MAX_PACKETS: usize = 48;
/// Packets that are remembered though they are waited for no longer.
const MAX_LATE: usize = 512;
/// Delay that is no longer worth more bytes on their way.
const PATIENCE: Duration = Duration::from_millis(200);
const MIN_WAIT: Duration = Duration::from_millis(60);
const FIRST_WAIT: Duration = Duration::from_millis(700);
const MAX_WAIT: Duration = Duration::from_secs(4);
/// Bytes taken from the writer before they are acknowledged.
const BUFFER: usize = WINDOW as usize;

#[derive(Debug)]
struct Flight {
    range: Range<u64>,
    at: Instant,
}

/// One session's outgoing stream.
#[derive(Debug)]
pub struct Sending {
    /// Place of the first byte in `bytes`: all before it has come.
    base: u64,
    bytes: VecDeque<u8>,
    /// Place of the first byte that was never sent.
    fresh: u64,
    /// Place up to which the receiver has room.
    limit: u64,
    come: Ranges,
    lost: Ranges,
    flights: BTreeMap<u32, Flight>,
    /// Packets that were waited for no longer; what is heard of them late counts yet, or a line that is slower than
    /// was thought would be sent the same for ever.
    late: BTreeMap<u32, Flight>,
    number: u32,
    size: usize,
    budget: usize,
    delay: Option<(Duration, Duration)>,
    backoff: u32,
    /// When something was last known to have come, or the first packet went out after nothing was on its way.
    progress: Instant,
}

impl Sending {
    /// Nothing sent yet.
    pub fn new(now: Instant) -> Self {
        Self {
            base: 0,
            bytes: VecDeque::new(),
            fresh: 0,
            limit: WINDOW,
            come: Ranges::default(),
            lost: Ranges::default(),
            flights: BTreeMap::new(),
            late: BTreeMap::new(),
            number: 0,
            size: FIRST_DATA,
            budget: 2 * MAX_DATA,
            delay: None,
            backoff: 0,
            progress: now,
        }
    }

    /// How many bytes may be added.
    pub fn room(&self) -> usize {
        BUFFER - self.bytes.len().min(BUFFER)
    }

    /// Adds bytes to send.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// Whether all has come.
    pub fn is_done(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next packet's number, place and bytes, if one may go out now.
    pub fn next(&mut self, now: Instant) -> Option<(u32, u32, Vec<u8>)> {
        let away: u64 = self.flights.values().map(|flight| flight.range.end - flight.range.start).sum();
        if self.flights.len() >= MAX_PACKETS || away as usize >= self.budget {
            return None;
        }
        let end = self.base + self.bytes.len() as u64;
        let range = match self.lost.first() {
            Some(lost) => lost.start..lost.end.min(lost.start + self.size as u64),
            None => self.fresh..end.min(self.limit).min(self.fresh + self.size as u64),
        };
        if range.is_empty() {
            return None;
        }
        self.lost.remove(&range);
        self.fresh = self.fresh.max(range.end);
        if self.flights.is_empty() {
            self.progress = now;
        }
        let number = self.number;
        // 2³² packets are more than any session has; past them nothing moves and the session ends as dead.
        self.number = self.number.checked_add(1)?;
        let bytes = self.bytes.range((range.start - self.base) as usize..(range.end - self.base) as usize);
        let packet = (number, range.start as u32, bytes.copied().collect());
        self.flights.insert(number, Flight { range, at: now });
        Some(packet)
    }

    /// The receiver has told what has come.
    pub fn ack(&mut self, ack: Ack, now: Instant) {
        if ack.newest >= self.number {
            return;
        }
        self.limit = self.limit.max(place(self.base, ack.limit)).min(self.base + 2 * WINDOW);
        let settled: Vec<u32> = self.flights.range(..=ack.newest).map(|(number, _)| *number).collect();
        for number in settled {
            let Some(Flight { range, at }) = self.flights.remove(&number) else { continue };
            let by = ack.newest - number;
            if by == 0 || by <= 64 && ack.mask >> (by - 1) & 1 == 1 {
                if by == 0 {
                    self.measure(now - at);
                }
                self.size = (self.size + self.size / 16 + 1).min(MAX_DATA);
                self.lost.remove(&range);
                self.come.insert(range.start.max(self.base)..range.end);
                (self.progress, self.backoff) = (now, 0);
            } else {
                self.size = (self.size - self.size / 8).max(MIN_DATA);
                self.lose(range);
            }
        }
        self.come_late(ack, now);
        if let Some(range) = self.come.first().filter(|range| range.start <= self.base) {
            self.bytes.drain(..(range.end - self.base) as usize);
            self.base = range.end;
            self.come.remove(&range);
        }
    }

    /// What is heard of packets that were waited for no longer.
    fn come_late(&mut self, ack: Ack, now: Instant) {
        let named = ack.newest.saturating_sub(64)..=ack.newest;
        let settled: Vec<u32> = self.late.range(named).map(|(number, _)| *number).collect();
        for number in settled {
            let by = ack.newest - number;
            if (by == 0 || ack.mask >> (by - 1) & 1 == 1)
                && let Some(Flight { range, at }) = self.late.remove(&number)
            {
                if by == 0 {
                    self.measure(now - at);
                }
                self.lost.remove(&range);
                // Of what lies before `base` nothing is kept.
                self.come.insert(range.start.max(self.base)..range.end);
                (self.progress, self.backoff) = (now, 0);
            }
        }
    }

    /// Bytes of a packet that did not come, less those that came in another.
    fn lose(&mut self, range: Range<u64>) {
        self.lost.insert(range.start.max(self.base)..range.end);
        for come in self.come.iter().filter(|come| come.start < range.end && come.end > range.start) {
            self.lost.remove(&come);
        }
    }

    fn measure(&mut self, delay: Duration) {
        let (mean, spread) = self.delay.unwrap_or((delay, delay / 2));
        self.delay = Some(((mean * 7 + delay) / 8, (spread * 3 + mean.abs_diff(delay)) / 4));
        self.budget = if delay > PATIENCE {
            (self.budget - self.budget / 8).max(2 * MIN_DATA)
        } else {
            (self.budget + self.size).min(BUFFER)
        };
    }

    /// When to stop waiting for news of what is on its way.
    pub fn due(&self) -> Option<Instant> {
        let wait = self.delay.map_or(FIRST_WAIT, |(mean, spread)| (mean + spread * 4).max(MIN_WAIT));
        (!self.flights.is_empty()).then(|| self.last_sent() + (wait * (1 << self.backoff.min(5))).min(MAX_WAIT))
    }

    fn last_sent(&self) -> Instant {
        self.flights.last_key_value().map_or(self.progress, |(_, flight)| flight.at)
    }

    /// The time has come to that: all on its way is lost.
    pub fn give_up(&mut self) {
        for (number, flight) in std::mem::take(&mut self.flights) {
            self.lose(flight.range.clone());
            self.late.insert(number, flight);
        }
        while self.late.len() > MAX_LATE {
            self.late.pop_first();
        }
        self.size = (self.size / 2).max(MIN_DATA);
        self.backoff += 1;
    }
}
