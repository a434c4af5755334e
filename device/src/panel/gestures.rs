//! What a person can do with the two buttons: the one table of it, which `docs/performer.md` shows.

use super::machine::PAIRING_OPEN;
use rasika_hardware::buttons::{Button, OVERLAPS, Times};
use std::fmt::Write;
use std::time::Duration;

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What is pressed.
    pub press: &'static str,
    /// How, with its times.
    pub how: String,
    /// What it does.
    pub does: String,
}

/// The table, with the times in force.
#[must_use]
pub fn rows(times: &Times) -> Vec<Row> {
    let [select, record] = Button::ALL.map(|button| seconds(times.hold[button.index()]));
    let again = seconds(times.double[Button::Record.index()].unwrap_or_default());
    let (chord, long, longest) = (seconds(times.chord), seconds(times.chord_long), seconds(times.chord_longest));
    let both = "both";
    let row = |press, how: String, does: &str| Row { press, how, does: does.to_owned() };
    vec![
        row(
            "SELECT",
            format!("click (under {select})"),
            "the next rasa is the label; the box plays its signature phrase",
        ),
        row("SELECT", format!("held {select}"), "back to automatic: no label, your face chooses"),
        row(
            "RECORD",
            format!("held {record} or more"),
            "counts in, then records a take for the label until you let go",
        ),
        row(
            "RECORD",
            "click, if `record_by = \"click\"`".to_owned(),
            "counts in and records; the next click ends the take",
        ),
        row(
            "RECORD",
            format!("double click (both under {record}, at most {again} between)"),
            "discards the last take; the laptop can bring it back",
        ),
        row(both, format!("pressed within {chord}, let go before {long}"), "panic: silence, then the music goes on"),
        row(
            both,
            format!("held {long}, let go when the LEDs say so"),
            &format!("opens pairing for {}", seconds(PAIRING_OPEN)),
        ),
        row(both, format!("held on to {longest}"), "shuts down safely; pairing is not opened"),
        row("RECORD", "while the three digits are blinked".to_owned(), "lets the laptop in that shows the same digits"),
        row(
            "SELECT",
            "while the three digits are blinked".to_owned(),
            "refuses that laptop: the next one that asks is shown, and if there is none pairing closes",
        ),
        row("SELECT", "while pairing is open and no digits are blinked".to_owned(), "closes pairing"),
    ]
}

/// What counts where gestures overlap, as the table of `docs/performer.md`.
#[must_use]
pub fn overlaps_markdown() -> String {
    let mut text = "| overlap | what counts |\n|---|---|\n".to_owned();
    for (overlap, counts) in OVERLAPS {
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {overlap} | {counts} |");
    }
    text
}

/// The gestures as the table of `docs/performer.md`.
#[must_use]
pub fn markdown() -> String {
    let mut text = "| press | how | what it does |\n|---|---|---|\n".to_owned();
    for Row { press, how, does } in rows(&Times::default()) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {press} | {how} | {does} |");
    }
    text
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}
