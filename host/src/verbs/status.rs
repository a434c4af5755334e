//! `rasika status` and `rasika watch`: how a box is, and what it sees and plays.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use rasika_device::link::message;
use rasika_models::{Rasa, plain};
use serde_json::json;

use crate::boxes::{Laptop, here, told};
use crate::place::Place;
use crate::{say, say_lines};

/// Cells of a bar.
const BAR_CELLS: usize = 24;

/// Arguments of `rasika status`.
#[derive(Debug, Args)]
pub struct Status {
    /// The box; needed if several are known
    #[arg(value_name = "BOX")]
    named: Option<String>,

    /// As JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

impl Status {
    /// Asks and tells.
    pub fn run(self) -> Result<()> {
        let mut laptop = Laptop::at(&self.place)?;
        let known = laptop.meant(self.named.as_deref())?;
        let status = here(async { laptop.reach(&known).await?.status().await.map_err(told) })?;
        if self.json {
            return Ok(say_lines(&serde_json::to_string_pretty(&as_json(&status))?)?);
        }
        let message::Status { name, program, uptime_s, takes, free_bytes, recording, model, mood, ports, .. } = &status;
        say(&format!("{name}, rasikad {program}, on for {}", hours(*uptime_s)))?;
        say(&format!("plays {}", playing(mood)))?;
        say(&format!("rasas are told by {model}"))?;
        let room = free_bytes >> 20;
        let now = if *recording { ", recording now" } else { "" };
        say(&format!("{takes} takes{now}, {room} MB free"))?;
        ports.iter().try_for_each(|port| say(port))?;
        if let Some(celsius) = status.temperature_c {
            say(&format!("{celsius:.0} °C"))?;
        }
        Ok(status.faults.iter().try_for_each(|fault| say(&format!("fault: {fault}")))?)
    }
}

/// A status for programs.
pub fn as_json(status: &message::Status) -> serde_json::Value {
    json!({
        "name": status.name,
        "program": status.program,
        "uptime_s": status.uptime_s,
        "unix_ms": status.unix_ms,
        "last_change": status.last_change,
        "takes": status.takes,
        "free_bytes": status.free_bytes,
        "recording": status.recording,
        "model": status.model,
        "mood": mood_json(&status.mood),
        "ports": status.ports,
        "temperature_c": status.temperature_c,
        "faults": status.faults,
    })
}

fn mood_json(mood: &message::MoodNow) -> serde_json::Value {
    let probabilities: serde_json::Map<_, _> =
        Rasa::ALL.into_iter().zip(mood.probabilities).map(|(rasa, p)| (rasa.name().to_owned(), json!(p))).collect();
    json!({
        "rasa": mood.rasa.0.map(Rasa::name),
        "confidence": mood.confidence,
        "intensity": mood.intensity,
        "probabilities": probabilities,
        "face": mood.face,
        "hands": mood.hands,
        "raga": mood.raga,
        "section": mood.section,
    })
}

fn playing(mood: &message::MoodNow) -> String {
    let rasa = mood.rasa.0.map_or("no rasa", Rasa::name);
    let raga = if mood.raga.is_empty() { String::new() } else { format!("{} ", mood.raga) };
    format!("{raga}{} ({rasa})", mood.section)
}

fn hours(seconds: u64) -> String {
    format!("{}:{:02}:{:02} h", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Arguments of `rasika watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// The box; needed if several are known
    #[arg(value_name = "BOX")]
    named: Option<String>,

    /// How often a second at most
    #[arg(long, value_name = "HZ", default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=60))]
    hz: u8,

    /// A line of JSON for each change
    #[arg(long)]
    json: bool,

    /// End after so many changes
    #[arg(long, value_name = "COUNT")]
    count: Option<u64>,

    #[command(flatten)]
    place: Place,
}

impl Watch {
    /// Shows what comes, until Ctrl-C or the end of the session.
    pub fn run(self) -> Result<()> {
        let mut laptop = Laptop::at(&self.place)?;
        let known = laptop.meant(self.named.as_deref())?;
        let terminal = std::io::stdout().is_terminal() && !self.json;
        here(async {
            let client = laptop.reach(&known).await?;
            let mut moods = client.watch(self.hz).await.map_err(told)?;
            let (mut drawn, mut last) = (0, None);
            for _ in 0..self.count.unwrap_or(u64::MAX) {
                let Some(mood) = moods.next().await.map_err(told)? else { return Ok(()) };
                if self.json {
                    say(&mood_json(&mood).to_string())?;
                } else if terminal {
                    drawn = draw(&mood, drawn)?;
                } else if last.as_ref() != Some(&playing(&mood)) {
                    say(&playing(&mood))?;
                    last = Some(playing(&mood));
                }
            }
            Ok(())
        })
    }
}

/// Draws the levels over those of before; the lines that it took.
fn draw(mood: &message::MoodNow, before: usize) -> std::io::Result<usize> {
    let mut out = String::new();
    if before > 0 {
        out += &format!("\x1b[{before}A");
    }
    let seen = match (mood.face, mood.hands) {
        (false, _) => "nobody".to_owned(),
        (true, 0) => "a face".to_owned(),
        (true, 1) => "a face, a hand".to_owned(),
        (true, hands) => format!("a face, {hands} hands"),
    };
    out += &format!("\r\x1b[2K{}, sees {seen}\n", plain::line(&playing(mood)));
    for (rasa, level) in Rasa::ALL.into_iter().zip(mood.probabilities) {
        let cells = (level.clamp(0.0, 1.0) * BAR_CELLS as f32).round() as usize;
        let mark = if mood.rasa.0 == Some(rasa) { "▶" } else { " " };
        out += &format!("\r\x1b[2K{mark} {:<11} {:<BAR_CELLS$} {level:.2}\n", rasa.name(), "█".repeat(cells));
    }
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(out.as_bytes())?;
    stdout.flush()?;
    Ok(1 + Rasa::COUNT)
}

/// Arguments of `rasika logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// The box; needed if several are known
    #[arg(value_name = "BOX")]
    named: Option<String>,

    /// So many of the last lines
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 50)]
    lines: u32,

    /// Go on with those to come
    #[arg(short, long)]
    follow: bool,

    #[command(flatten)]
    place: Place,
}

impl Logs {
    /// Prints them.
    pub fn run(self) -> Result<()> {
        let mut laptop = Laptop::at(&self.place)?;
        let known = laptop.meant(self.named.as_deref())?;
        here(async {
            let client = laptop.reach(&known).await?;
            let mut lines = client.logs(self.lines, self.follow).await.map_err(told)?;
            while let Some(line) = lines.next().await.map_err(told)? {
                say(&line)?;
            }
            Ok(())
        })
    }
}

/// Arguments of `rasika panic`.
#[derive(Debug, Args)]
pub struct Panic {
    /// The box; needed if several are known
    #[arg(value_name = "BOX")]
    named: Option<String>,

    #[command(flatten)]
    place: Place,
}

impl Panic {
    /// Ends every note on every port of the box; the music goes on.
    pub fn run(self) -> Result<()> {
        let mut laptop = Laptop::at(&self.place)?;
        let known = laptop.meant(self.named.as_deref())?;
        here(async { laptop.reach(&known).await?.panic().await.map_err(told) })?;
        // The reply is on its way before the session ends.
        std::thread::sleep(Duration::from_millis(1));
        Ok(())
    }
}
