//! `rasikad learn`: which keys of a keyboard mean what, by playing them.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use rasika_device::hand::{Lesson, Said};
use rasika_device::output::Output;
use rasika_device::private;
use rasika_device::terminal::{say, stop_signal};
use rasika_hardware::midi;

/// How soon Ctrl-C is noticed.
const GLANCE: Duration = Duration::from_millis(100);

/// Arguments of `rasikad learn`.
#[derive(Debug, Args)]
pub struct Learn {
    /// The MIDI port of the keyboard (see `rasikad ports`)
    #[arg(long = "midi-in", value_name = "PORT")]
    port: String,

    /// The .toml file to write, for `rasikad play --keys FILE`
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,

    /// Seconds until what may be left out is left out: the keys for automatic and tap, and the controller
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    patience: u64,
}

impl Learn {
    /// Asks for key after key and writes the file.
    pub fn run(self) -> Result<()> {
        let mut port = midi::open_in(&self.port)?;
        let stop = stop_signal()?;
        let patience = Duration::from_secs(self.patience);
        let mut lesson = Lesson::default();
        while let Some(question) = lesson.question() {
            let optional = lesson.may_be_left_out();
            let or_wait = if optional { format!(", or wait {} s for none", self.patience) } else { String::new() };
            say(format_args!("{question}{or_wait}"))?;
            let asked = Instant::now();
            loop {
                anyhow::ensure!(!stop.load(Ordering::Acquire), "nothing was written: the lesson was broken off");
                match port.receive(GLANCE)?.map_or(Said::Nothing, |message| lesson.hear(message.bytes())) {
                    Said::Learnt => break,
                    Said::Taken => say("that key has a meaning already; press another")?,
                    Said::Nothing if optional && asked.elapsed() > patience => {
                        lesson.leave_out();
                        break;
                    }
                    Said::Nothing => {}
                }
            }
        }
        // No question is open: everything has been said.
        let keys = lesson.keys().context("the lesson has no end")?;
        let written = Output::whole(&self.out, keys.text().as_bytes());
        written.with_context(|| format!("cannot write {}", self.out.display()))?;
        private::share(&self.out);
        say(format_args!("written to {}; play with --keys {0}", self.out.display()))?;
        Ok(())
    }
}
