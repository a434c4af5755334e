//! `rasika takes`: look through the takes on this laptop, label them otherwise, drop them, and think better of it.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use rasika_device::output::{self, Output};
use rasika_device::store::{State, Store, Take};
use rasika_models::Rasa;
use serde_json::{Value, json};

use crate::dataset::import;
use crate::dataset::names::Names;
use crate::eval::drawing;
use crate::place::Place;
use crate::{say, say_lines};

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct Takes {
    #[command(subcommand)]
    verb: TakesVerb,

    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum TakesVerb {
    /// List them
    List {
        /// Only takes of this rasa
        #[arg(long)]
        rasa: Option<Rasa>,
        /// Those that were dropped or discarded too
        #[arg(long)]
        all: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell all that is known of one
    Show {
        /// Its name, as in the list; a beginning will do
        take: String,
        /// Draw what was seen in its middle
        #[arg(short, long, value_name = "FILE.png")]
        out: Option<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Say that takes show another rasa; boxes keep their own opinion
    Relabel {
        /// The rasa
        rasa: Rasa,
        /// The takes
        #[arg(required = true)]
        takes: Vec<String>,
    },
    /// Leave takes out, without deleting them
    Drop {
        /// The takes
        #[arg(required = true)]
        takes: Vec<String>,
    },
    /// Take dropped or discarded takes in again
    Restore {
        /// The takes
        #[arg(required = true)]
        takes: Vec<String>,
    },
    /// Look through all of them: put aside what is damaged, save what can be read, and tell what is lost
    Mend,
    /// Undo the last relabel, drop or restore; again for the one before
    Undo,
}

impl Takes {
    /// Does it.
    pub fn run(self) -> Result<()> {
        match self.verb {
            TakesVerb::List { rasa, all, json } => return list(&self.place.takes_to_read()?, rasa, all, json),
            TakesVerb::Show { take, out, json } => return show(&self.place.takes_to_read()?, &take, out, json),
            TakesVerb::Mend => return super::mend::mend(&self.place),
            _ => {}
        }
        let mut store = self.place.takes()?;
        match self.verb {
            TakesVerb::List { .. } | TakesVerb::Show { .. } | TakesVerb::Mend => Ok(()),
            TakesVerb::Relabel { rasa, takes } => each(
                &mut store,
                &takes,
                |store, take| Ok(store.relabel(take.id, rasa)?),
                |take| format!("{} is {} from now on", take.id, take.rasa()),
            ),
            TakesVerb::Drop { takes } => each(
                &mut store,
                &takes,
                |store, take| Ok(store.discard(take.id)?),
                |take| format!("{} is left out", take.id),
            ),
            TakesVerb::Restore { takes } => each(
                &mut store,
                &takes,
                |store, take| Ok(store.restore(take.id)?),
                |take| format!("{} is taken in again", take.id),
            ),
            TakesVerb::Undo => {
                let Some(take) = store.undo()? else { bail!("there is nothing left to undo") };
                let state = if take.is_discarded() { "left out" } else { "taken in" };
                Ok(say(&format!("{}: {}, {state}, as before", take.id, take.rasa()))?)
            }
        }
    }
}

/// A take by its name or the beginning of it.
fn named(store: &Store, name: &str) -> Result<Take> {
    let takes = store.takes()?;
    let exact = takes.iter().find(|take| take.id.to_string() == name);
    let mut begin = takes.iter().filter(|take| take.id.to_string().starts_with(name));
    match (exact, begin.next(), begin.next()) {
        (Some(take), ..) | (None, Some(take), None) => Ok(take.clone()),
        (None, Some(_), Some(_)) => bail!("several takes begin with '{name}'; write more of the name"),
        (None, None, _) => bail!("there is no take '{name}'; `rasika takes list --all` lists them"),
    }
}

/// All takes are found before anything is changed.
fn each(
    store: &mut Store,
    names: &[String],
    change: impl Fn(&mut Store, &Take) -> Result<Take>,
    done: impl Fn(&Take) -> String,
) -> Result<()> {
    let takes = names.iter().map(|name| named(store, name)).collect::<Result<Vec<_>>>()?;
    for take in &takes {
        say(&done(&change(store, take)?))?;
    }
    Ok(())
}

fn list(store: &Store, rasa: Option<Rasa>, all: bool, as_json: bool) -> Result<()> {
    let names = Names::of(store)?;
    let box_of = |take: &Take| names.get(take.id.box_id).to_owned();
    let shown = |take: &&Take| rasa.is_none_or(|rasa| take.rasa() == rasa) && (all || is_in(take));
    let takes = store.takes()?;
    let takes: Vec<&Take> = takes.iter().filter(shown).collect();
    if as_json {
        let rows: Vec<Value> = takes.iter().map(|take| as_value(take, &box_of(take))).collect();
        return Ok(say_lines(&serde_json::to_string_pretty(&rows)?)?);
    }
    if takes.is_empty() {
        return Ok(say("no takes here; `rasika pull` brings those of a box")?);
    }
    for take in &takes {
        let who = if take.performer.is_empty() { "" } else { &take.performer };
        let words = [
            format!("{:<20} {:<11} {:>6} obs", take.id.to_string(), take.rasa().name(), take.observations),
            date(take.recorded.started.unix_ms),
            box_of(take),
            who.to_owned(),
            remarks(take).join(", "),
        ];
        say(words.join("  ").trim_end())?;
    }
    let count = |rasa| takes.iter().filter(|take| take.rasa() == rasa && is_in(take)).count();
    let counts = Rasa::ALL.map(|rasa| format!("{} {}", rasa.name(), count(rasa)));
    Ok(say(&format!("{} takes: {}", takes.len(), counts.join(", ")))?)
}

/// Whether training uses it.
fn is_in(take: &Take) -> bool {
    take.state.is_whole() && !take.is_discarded()
}

fn remarks(take: &Take) -> Vec<String> {
    let mut remarks = Vec::new();
    if take.here_label.is_some_and(|label| label != take.label) {
        remarks.push(format!("the box says {}", take.label));
    }
    if take.is_discarded() {
        remarks.push(if take.here_discarded == Some(true) { "dropped" } else { "discarded on the box" }.to_owned());
    }
    match take.state {
        State::Interrupted => remarks.push("cut off".to_owned()),
        State::Gone => remarks.push("gone".to_owned()),
        State::Fetching => remarks.push("not whole yet; pull again".to_owned()),
        State::Recording | State::Confirmed => {}
    }
    if !import::reconstructed(&take.recorded.config).is_empty() {
        remarks.push("partly made up".to_owned());
    }
    remarks
}

fn as_value(take: &Take, box_name: &str) -> Value {
    json!({
        "id": take.id.to_string(),
        "box": box_name,
        "label": take.rasa().name(),
        "label_on_box": take.label.name(),
        "performer": take.performer,
        "observations": take.observations,
        "bytes": take.bytes,
        "started_unix_ms": take.recorded.started.unix_ms,
        "model": take.recorded.model,
        "width": take.recorded.width,
        "height": take.recorded.height,
        "left_out": take.is_discarded(),
        "state": format!("{:?}", take.state).to_lowercase(),
        "hash": take.hash.map(|hash| hash.to_string()),
        "reconstructed": import::reconstructed(&take.recorded.config),
    })
}

fn show(store: &Store, name: &str, out: Option<PathBuf>, as_json: bool) -> Result<()> {
    let take = named(store, name)?;
    let names = Names::of(store)?;
    let box_name = names.get(take.id.box_id);
    let seen = store.observations(take.id)?;
    let pictures = store.pictures(take.id)?;
    if let Some(out) = &out {
        let middle = seen.get(seen.len() / 2).context("nothing is stored of this take, so there is nothing to draw")?;
        drawing::write(middle, &format!("{} {}", take.id, take.rasa()), out)?;
        let nearest = pictures.iter().min_by_key(|picture| picture.frame.abs_diff(middle.frame));
        if let Some(nearest) = nearest.filter(|_| !output::is_standard(out)) {
            let beside = out.with_extension("jpg");
            Output::whole(&beside, &nearest.jpeg).with_context(|| format!("cannot write {}", beside.display()))?;
        }
    }
    if as_json {
        return Ok(say_lines(&serde_json::to_string_pretty(&as_value(&take, box_name))?)?);
    }
    let faces = seen.iter().filter(|seen| seen.face.is_some()).count();
    let hands = seen.iter().filter(|seen| !seen.hands.is_empty()).count();
    let seconds = match (seen.first(), seen.last()) {
        (Some(first), Some(last)) => (last.time_ms - first.time_ms) / 1000.0,
        _ => 0.0,
    };
    say(&format!("{} of {box_name}, {}", take.id, date(take.recorded.started.unix_ms)))?;
    say(&format!("shows {}", take.rasa()))?;
    remarks(&take).iter().try_for_each(|remark| say(remark))?;
    if !take.performer.is_empty() {
        say(&format!("performed by {}", take.performer))?;
    }
    say(&format!("{} observations in {seconds:.1} s: {faces} with a face, {hands} with hands", seen.len()))?;
    if !pictures.is_empty() {
        say(&format!("{} pictures of the camera; `rasika export DIR --as pictures` writes them", pictures.len()))?;
    }
    let made_up = import::reconstructed(&take.recorded.config);
    if !made_up.is_empty() {
        say(&format!("made up, not recorded: {}", made_up.join(", ")))?;
    }
    match out {
        Some(out) => Ok(say(&format!("drawn in {}", out.display()))?),
        None => Ok(()),
    }
}

/// A time of the box's clock, in UTC; "no date" of a clock that was not set.
pub fn date(unix_ms: i64) -> String {
    let days = unix_ms.div_euclid(86_400_000);
    if unix_ms <= 0 {
        return "no date".to_owned();
    }
    // Civil date of a day number, after Howard Hinnant's `civil_from_days`.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let second = unix_ms.rem_euclid(86_400_000) / 1000;
    format!("{year}-{month:02}-{day:02} {:02}:{:02}", second / 3600, second / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "no date");
        assert_eq!(date(951_782_400_000), "2000-02-29 00:00");
        assert_eq!(date(1_795_392_000_000 + 3_723_000), "2026-11-23 01:02");
    }
}
