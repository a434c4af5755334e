//! `rasika doctor`: what is wrong on the laptop and between it and its boxes, and what to do.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use clap::Args;
use rasika_device::store::Examined;
use serde_json::json;

use crate::boxes::{Laptop, here, told};
use crate::place::Place;
use crate::{say, say_lines};

/// Clocks that differ by more make dates of takes misleading.
const CLOCKS_S: i64 = 120;
/// Less room than this on the laptop is worth a word.
const ROOM_MB: u64 = 500;

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Doctor {
    /// As JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

/// What was looked at, whether it is well, and what to do if it is not.
struct Finding {
    about: String,
    well: bool,
    says: String,
}

impl Doctor {
    /// Looks at everything, one thing after the other; fails if anything is wrong.
    pub fn run(self) -> Result<()> {
        let mut findings = vec![self.takes(), self.room()];
        match Laptop::at(&self.place) {
            Ok(laptop) if laptop.book.boxes().is_empty() => findings.push(Finding {
                about: "boxes".to_owned(),
                well: true,
                says: "none is paired; hold both buttons of a box for three seconds, then run `rasika pair`".to_owned(),
            }),
            Ok(mut laptop) => {
                for known in laptop.book.boxes().to_vec() {
                    findings.extend(examine(&mut laptop, &known));
                }
            }
            Err(error) => {
                findings.push(Finding { about: "keys".to_owned(), well: false, says: format!("{error:#}") });
            }
        }
        let wrong = findings.iter().filter(|finding| !finding.well).count();
        if self.json {
            let row = |finding: &Finding| json!({ "about": finding.about, "well": finding.well, "says": finding.says });
            say_lines(&serde_json::to_string_pretty(&findings.iter().map(row).collect::<Vec<_>>())?)?;
        } else {
            for Finding { about, well, says } in &findings {
                say(&format!("{} {about}: {says}", if *well { "ok   " } else { "WRONG" }))?;
            }
        }
        match wrong {
            0 => Ok(()),
            1 => bail!("one thing is wrong"),
            wrong => bail!("{wrong} things are wrong"),
        }
    }

    fn takes(&self) -> Finding {
        let counted = || -> Result<String> {
            let store = self.place.takes_to_read()?;
            let Examined { damaged, pages, .. } = store.examine()?;
            if let Some(pages) = pages {
                bail!("the file of takes is damaged ({pages}); `rasika takes mend` saves what can be read");
            }
            if let Some(first) = damaged.first() {
                let more = if damaged.len() > 1 { format!(", and {} more", damaged.len() - 1) } else { String::new() };
                bail!("damaged: {first}{more}; `rasika takes mend` puts it aside, and the next pull asks for it again");
            }
            let takes = store.takes()?;
            let whole = takes.iter().filter(|take| take.state.is_whole()).count();
            Ok(format!("{whole} takes of {} boxes in {}", store.boxes()?.len(), self.place.folder.display()))
        };
        finding("takes", counted())
    }

    fn room(&self) -> Finding {
        let says = match rasika_device::store::free_bytes(&self.place.folder) {
            Ok(free) if free >> 20 < ROOM_MB => {
                Err(anyhow::anyhow!("only {} MB are left; make room before you pull", free >> 20))
            }
            Ok(free) => Ok(format!("{} MB are left", free >> 20)),
            Err(error) => Err(error.into()),
        };
        finding("disk", says)
    }
}

fn finding(about: &str, says: Result<String>) -> Finding {
    let well = says.is_ok();
    Finding { about: about.to_owned(), well, says: says.unwrap_or_else(|error| format!("{error:#}")) }
}

fn examine(laptop: &mut Laptop, known: &crate::boxes::KnownBox) -> Vec<Finding> {
    let asked = here(async { laptop.reach(known).await?.status().await.map_err(told) });
    let status = match asked {
        Ok(status) => status,
        Err(error) => return vec![finding(&known.name, Err(error))],
    };
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
    let apart_s = (status.unix_ms - now_ms) / 1000;
    let clock = if apart_s.abs() > CLOCKS_S {
        Err(anyhow::anyhow!(
            "its clock is {} by {} s; dates of its takes are wrong, their order is not. Connect it to a network once",
            if apart_s > 0 { "ahead" } else { "behind" },
            apart_s.abs()
        ))
    } else {
        Ok(format!("rasikad {}, {} takes, told by {}", status.program, status.takes, status.model))
    };
    let mut findings = vec![finding(&known.name, clock)];
    findings.extend(status.faults.into_iter().map(|fault| finding(&known.name, Err(anyhow::anyhow!(fault)))));
    findings
}
