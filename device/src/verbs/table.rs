//! `rasikad table`: what each rasa's music is like, in numbers.

use anyhow::Result;
use clap::Args;
use rasika_device::performer::portrait::{Portrait, STEPS, written};
use rasika_device::performer::{Cue, Event, EventKind, arc};
use rasika_device::terminal::say;
use rasika_models::Rasa;

use super::Music;

/// Arguments of `rasikad table`.
#[derive(Debug, Args)]
pub struct Table {
    /// Length of each piece in minutes
    #[arg(long, default_value_t = 3.0, value_parser = super::piece::minutes, allow_negative_numbers = true)]
    minutes: f64,

    /// One JSON object for each rasa instead of a table
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    music: Music,
}

impl Table {
    /// Plays each rasa and tells what it was like.
    pub fn run(&self) -> Result<()> {
        if !self.json {
            say(
                "| rasa | raga | notes/s | register (mean) | laya | tihais | velocity | vadi | samvadi | repeat · step · third · 4th–5th · wider |",
            )?;
            say("|---|---|---|---|---|---|---|---|---|---|")?;
        }
        for rasa in Rasa::ALL {
            let engine = self.music.engine()?;
            let (library, sa) = (std::sync::Arc::clone(engine.library()), engine.sa().note);
            let events = arc::perform(engine, rasa, (self.minutes * 60e6) as u64, None);
            let raga = raga(&events).and_then(|raga| library.ragas.get(raga)).map_or("", |raga| &raga.name);
            let Some(portrait) = Portrait::of(&events, &library, sa) else { continue };
            say(if self.json { json(rasa, raga, &portrait) } else { row(rasa, raga, &portrait) })?;
        }
        Ok(())
    }
}

fn raga(events: &[Event]) -> Option<usize> {
    events.iter().find_map(|event| match event.kind {
        EventKind::Cue(Cue::Raga { raga, .. }) => Some(usize::from(raga)),
        _ => None,
    })
}

fn row(rasa: Rasa, raga: &str, portrait: &Portrait) -> String {
    let (low, high, mean) = portrait.register;
    let laya = portrait.laya_bpm.map_or_else(|| "–".to_owned(), |(slow, fast)| format!("{slow:.0}–{fast:.0}"));
    let steps = portrait.steps.map(|part| format!("{:.0}", 100.0 * part)).join(" · ");
    format!(
        "| {rasa} | {raga} | {:.2} | {}–{} ({mean:+.1}) | {laya} | {} | {:.0} | {:.0} % | {:.0} % | {steps} |",
        portrait.notes_per_s,
        written(low),
        written(high),
        portrait.tihais,
        portrait.velocity,
        100.0 * portrait.on_vadi,
        100.0 * portrait.on_samvadi,
    )
}

fn json(rasa: Rasa, raga: &str, portrait: &Portrait) -> String {
    let (low, high, mean) = portrait.register;
    let steps: serde_json::Map<_, _> =
        STEPS.iter().zip(portrait.steps).map(|(name, part)| ((*name).to_owned(), part.into())).collect();
    serde_json::json!({
        "rasa": rasa.name(), "raga": raga, "notes": portrait.notes, "notes_per_s": portrait.notes_per_s,
        "lowest": low, "highest": high, "mean_height": mean,
        "laya_bpm": portrait.laya_bpm.map(|(slow, fast)| [slow, fast]),
        "tihais": portrait.tihais, "velocity": portrait.velocity,
        "on_vadi": portrait.on_vadi, "on_samvadi": portrait.on_samvadi,
        "on_swara": portrait.on_swara, "steps": steps,
    })
    .to_string()
}
