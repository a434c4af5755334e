//! The time of day, where the clock can be trusted: a box without network and clock chip does not know it.

use crate::performer::choice::{Minute, ToldMinute};
use std::path::Path;
use std::time::{Duration, Instant};

/// Marks of the services that set the clock by the network.
pub const SYNCHRONISED: [&str; 2] = ["/run/systemd/timesync/synchronized", "/run/chrony-dhcp/synchronized"];
/// A clock chip.
pub const CHIP: &str = "/dev/rtc0";

/// Time between two looks at the clock.
const EVERY: Duration = Duration::from_secs(20);

/// Tells the music what time of day it is, as often as that matters.
#[derive(Debug)]
pub struct MinuteTeller {
    told: ToldMinute,
    next: Instant,
}

impl MinuteTeller {
    /// Tells at once, and again whenever it is asked to and some time has gone by.
    #[must_use]
    pub fn new(told: ToldMinute) -> Self {
        told.tell(minute_of_day());
        Self { told, next: Instant::now() + EVERY }
    }

    /// Looks at the clock if it is time to.
    pub fn tell_in_time(&mut self) {
        if Instant::now() >= self.next {
            self.next = Instant::now() + EVERY;
            self.told.tell(minute_of_day());
        }
    }
}

/// The minute of the day here; `None` where the clock is not to be trusted.
#[must_use]
pub fn minute_of_day() -> Option<Minute> {
    let is_kept = SYNCHRONISED.iter().chain([&CHIP]).any(|mark| Path::new(mark).exists());
    (is_kept || is_synchronised() == Some(true)).then(local_minute).flatten()
}

/// What the kernel says of its clock.
#[must_use]
pub fn is_synchronised() -> Option<bool> {
    // SAFETY: plain numbers may be all zero; with no mode set the call only reads and writes this structure.
    let state = unsafe {
        let mut asked: libc::timex = std::mem::zeroed();
        libc::adjtimex(&raw mut asked)
    };
    (state >= 0).then_some(state != libc::TIME_ERROR)
}

fn local_minute() -> Option<Minute> {
    // SAFETY: `time` takes no pointer here; `localtime_r` reads the one and writes the other structure, both our own.
    let (hour, minute) = unsafe {
        let now = libc::time(std::ptr::null_mut());
        let mut local: libc::tm = std::mem::zeroed();
        if libc::localtime_r(&raw const now, &raw mut local).is_null() {
            return None;
        }
        (local.tm_hour, local.tm_min)
    };
    Minute::of(u16::try_from(hour).ok()?, u16::try_from(minute).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_teller_tells_what_the_clock_says() {
        let told = ToldMinute::default();
        let before = minute_of_day();
        let mut teller = MinuteTeller::new(told.clone());
        teller.tell_in_time();
        assert!(told.minute() == before || told.minute() == minute_of_day());
        assert!(local_minute().is_some());
    }
}
