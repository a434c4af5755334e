//! What is seen and what is played, in the terminal: a panel that stays in place, or, where there is no terminal, a
//! line for each change.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use rasika_models::{Mood, Rasa, plain};

use crate::journal::Journal;
use crate::performer::{Library, Status};
use crate::terminal::{warn, words};

/// Time between two drawings of the panel.
const REDRAW: Duration = Duration::from_millis(80);
/// Cells of a bar.
const BAR_CELLS: usize = 30;

/// What a frame has to show.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Time in the source, in milliseconds.
    pub time_ms: f64,
    /// Share of the source that is done, 0–1, where it has an end.
    pub done: Option<f64>,
    /// Whether a face is seen.
    pub face: bool,
    /// How many hands are seen.
    pub hands: usize,
    /// Smoothed probabilities, in class order.
    pub probabilities: [f32; Rasa::COUNT],
    /// The mood that stands.
    pub mood: Mood,
    /// What sounds.
    pub status: Status,
    /// Names of ragas and talas.
    pub library: &'a Library,
}

/// The panel.
pub struct Screen {
    terminal: bool,
    colors: bool,
    drawn_lines: usize,
    last_drawn: Option<Instant>,
    last_change: Option<(Option<Rasa>, Option<u8>, &'static str)>,
    below: Vec<String>,
    journal: Option<Journal>,
}

impl Default for Screen {
    fn default() -> Self {
        let terminal = io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        // Set to nothing is not set (no-color.org).
        let colors = terminal && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        Self { terminal, colors, drawn_lines: 0, last_drawn: None, last_change: None, below: Vec::new(), journal: None }
    }
}

impl Screen {
    /// One whose messages a journal keeps.
    #[must_use]
    pub fn with_journal(journal: Journal) -> Self {
        Self { journal: Some(journal), ..Self::default() }
    }

    /// Shows a frame, if it is time to, or if something changed. A terminal that is gone is no reason to stop.
    pub fn show(&mut self, view: &View) {
        if !self.terminal {
            let change = (view.mood.rasa, view.status.raga, view.status.section.name());
            if self.last_change != Some(change) {
                self.last_change = Some(change);
                let _ = writeln!(words(), "{:7.2} s  {:<10} {}", view.time_ms / 1000.0, mood_name(view), music(view));
            }
            return;
        }
        if self.last_drawn.is_some_and(|last| last.elapsed() < REDRAW) {
            return;
        }
        self.last_drawn = Some(Instant::now());
        let mut panel = self.panel(view);
        panel.extend_from_slice(&self.below);
        let (columns, rows) = size();
        // What stands last is the panel of buttons and LEDs, or the music.
        panel.drain(..panel.len().saturating_sub(rows.saturating_sub(1)));
        for line in &mut panel {
            clip(line, columns.saturating_sub(1));
        }
        let mut out = String::new();
        if self.drawn_lines > 0 {
            let _ = write!(out, "\x1b[{}A", self.drawn_lines);
        }
        for line in &panel {
            let _ = writeln!(out, "\r\x1b[2K{line}");
        }
        self.drawn_lines = panel.len();
        let mut terminal = words();
        let _ = terminal.write_all(out.as_bytes()).and_then(|()| terminal.flush());
    }

    /// Whether colours may be used.
    #[must_use]
    pub fn has_colors(&self) -> bool {
        self.colors
    }

    /// Lines to be drawn below the rest from now on. Where there is no terminal, `news` among them is told when it
    /// changes.
    pub fn below(&mut self, lines: Vec<String>, news: usize) {
        if let Some(line) = lines.get(news).filter(|line| !self.terminal && self.below.get(news) != Some(line)) {
            let _ = writeln!(words(), "{}", plain::line(line.trim()));
        }
        self.below = lines;
    }

    /// A message above or below the panel, on standard error.
    pub fn say(&mut self, message: &str) {
        // The panel is drawn anew below it.
        self.drawn_lines = 0;
        if let Some(journal) = &self.journal {
            journal.say(message);
        }
        warn(message);
    }

    fn panel(&self, view: &View) -> Vec<String> {
        let paint = |code: &str, text: &str| {
            if self.colors { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
        };
        let face = if view.face { "face" } else { "no face" };
        let hands = ["no hands", "one hand", "two hands"][view.hands.min(2)];
        let done = view.done.map_or_else(String::new, |share| format!("{:3.0} %  ", share * 100.0));
        let mut lines = vec![format!("{:7.2} s  {done}{face}, {hands}", view.time_ms / 1000.0), String::new()];
        for (rasa, p) in Rasa::ALL.into_iter().zip(view.probabilities) {
            let full = ((p * BAR_CELLS as f32).round() as usize).min(BAR_CELLS);
            let bar = format!("{}{}", "█".repeat(full), "·".repeat(BAR_CELLS - full));
            let line = format!("  {:<10} {bar} {p:4.2}", rasa.name());
            let stands = view.mood.rasa == Some(rasa);
            lines.push(if stands {
                paint(color(rasa), &format!("{line}  ◀ {}", rasa.meaning()))
            } else {
                paint("2", &line)
            });
        }
        lines.push(String::new());
        lines.push(format!("  {}", music(view)));
        lines
    }
}

/// Columns and rows of the terminal; as many as it likes if it does not say.
fn size() -> (usize, usize) {
    // SAFETY: all zeros is a value of this plain C structure.
    let mut size: libc::winsize = unsafe { std::mem::zeroed() };
    // SAFETY: the call writes to the structure alone; a descriptor that is no terminal is refused.
    let told = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) } == 0;
    let or_any = |cells: u16| if told && cells > 0 { usize::from(cells) } else { usize::MAX };
    (or_any(size.ws_col), or_any(size.ws_row))
}

/// Cuts a line to so many columns; what colours it takes none.
fn clip(line: &mut String, columns: usize) {
    const RESET: &str = "\x1b[0m";
    let (mut shown, mut is_code, mut has_colour) = (0, false, false);
    let mut cut = None;
    for (at, letter) in line.char_indices() {
        match letter {
            '\x1b' => (is_code, has_colour) = (true, true),
            'm' if is_code => is_code = false,
            _ if is_code => {}
            _ if shown == columns => {
                cut = Some(at);
                break;
            }
            _ => shown += 1,
        }
    }
    if let Some(cut) = cut {
        line.truncate(cut);
        line.push_str(if has_colour { RESET } else { "" });
    }
}

fn mood_name(view: &View) -> &'static str {
    view.mood.rasa.map_or("no rasa", Rasa::name)
}

/// What is played, in a line.
fn music(view: &View) -> String {
    let Status { section, matra, laya_bpm, melody, string, bol, .. } = view.status;
    let mut words = Vec::new();
    match view.status.raga_name(view.library) {
        "" => words.push(section.name().to_owned()),
        raga => words.push(format!("{} ({})", plain::line(raga), section.name())),
    }
    if let Some(matra) = matra {
        words.push(format!(
            "{} {matra}/{}",
            plain::line(view.status.tala_name(view.library)),
            view.status.matras(view.library)
        ));
        words.push(format!("{laya_bpm} bpm"));
    }
    words.extend(melody.map(|note| format!("melody {note}")));
    words.extend(string.map(|note| format!("tanpura {note}")));
    words.extend(bol.map(|bol| format!("theka {}", bol.name())));
    words.join(" · ")
}

/// The rasa's colour (demo/palette.rs says why) as an ANSI code.
fn color(rasa: Rasa) -> &'static str {
    match rasa {
        Rasa::Shringara => "1;32",
        Rasa::Hasya => "1;97",
        Rasa::Karuna => "1;37",
        Rasa::Raudra => "1;31",
        Rasa::Veera => "1;33",
        Rasa::Bhayanaka => "1;35",
        Rasa::Bibhatsa => "1;34",
        Rasa::Adbhuta => "1;93",
        Rasa::Shanta => "1;36",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_their_columns_and_colours_end() {
        let clipped = |line: &str, columns| {
            let mut line = line.to_owned();
            clip(&mut line, columns);
            line
        };
        assert_eq!(clipped("hasya ███", 7), "hasya █");
        assert_eq!(clipped("hasya", 5), "hasya");
        assert_eq!(clipped("\x1b[1;97mhasya\x1b[0m", 5), "\x1b[1;97mhasya\x1b[0m");
        assert_eq!(clipped("\x1b[1;97mhasya\x1b[0m and", 3), "\x1b[1;97mhas\x1b[0m");
    }
}
