//! What this machine can do at all: a bare loop that sleeps to absolute times, beside the performer, at its priority.
//!
//! A late event beside a loop that is as late is the machine's doing; beside one that is not, it is ours.

use super::lateness::Lateness;
use super::time;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Time between two wake-ups: some thousand in a minute, and no load to speak of.
const EVERY_US: u64 = 20_000;

/// Starts the loop; it ends when `stop` is set.
pub fn start(stop: Arc<AtomicBool>, late: Arc<Lateness>) -> std::io::Result<()> {
    let run = move || {
        // Refused or not, it is as it is for the performer, who tells the user.
        let _ = time::ask_for_real_time();
        let mut due_us = time::now_us();
        while !stop.load(Ordering::Acquire) {
            due_us += EVERY_US;
            time::sleep_until_us(due_us);
            let now_us = time::now_us();
            late.record(now_us - due_us);
            // A machine that stood still does not count every tick that was missed.
            due_us = due_us.max(now_us.saturating_sub(EVERY_US));
        }
    };
    std::thread::Builder::new().name("yardstick".to_owned()).spawn(run).map(drop)
}
