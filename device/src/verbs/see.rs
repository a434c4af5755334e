//! `rasikad see`: what is seen in every frame, as JSON lines for programs or as words for people.

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::sync::atomic::Ordering;

use anyhow::Result;
use clap::Args;
use rasika_device::line::Line;
use rasika_device::source::{Feed, SourceError};
use rasika_device::terminal::{pardon_leaving, stop_signal, warn};
use rasika_device::watcher::{Sight, Watcher, Way};
use rasika_models::{Mood, Rasa, plain};

use super::Input;

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct See {
    #[command(flatten)]
    input: Input,

    /// One JSON object for each frame (the schema is in docs/developer.md)
    #[arg(long)]
    json: bool,

    /// Search every frame afresh, with no tracking and no smoothing, as for stills (always so for pictures)
    #[arg(long)]
    every_frame: bool,

    /// Stop after so many frames
    #[arg(long, value_name = "N")]
    max_frames: Option<u64>,
}

impl See {
    /// Looks at the whole source.
    pub fn run(self) -> Result<()> {
        let source = self.input.source()?;
        let every_frame = self.every_frame || source.is_stills();
        let stop = stop_signal()?;
        let mut feed = Feed::open(&source, self.input.mirrored, &stop, super::tell)?;
        let way = Way { models: self.input.models(), every_frame, live: source.is_live() };
        let mut watcher = Watcher::new(way)?;
        let mut out = BufWriter::new(io::stdout().lock());
        // A folder of one picture is a folder too.
        let several = feed.outline().and_then(|outline| outline.frames) != Some(1) || self.input.is_folder();
        let (mut read, mut unreadable) = (0_u64, 0_u64);
        let limit = self.max_frames.unwrap_or(u64::MAX);

        // A person or a live source is waiting for each line.
        let each_line = source.is_live() || io::stdout().is_terminal();

        while read + unreadable < limit {
            let Some(shot) = feed.next(&stop, super::tell) else { break };
            match shot {
                Ok(shot) => {
                    read += 1;
                    let sight = watcher.look(&shot)?;
                    let done = if self.json {
                        let probabilities = sight.reading.as_ref().map(|r| &r.probabilities);
                        let line = Line::of(&sight.observation, probabilities, &sight.mood, shot.file);
                        write_line(&mut out, &line)
                    } else {
                        writeln!(out, "{}", plain::line(&words(&sight, shot.file.as_deref())))
                    };
                    let done = if each_line { done.and_then(|()| out.flush()) } else { done };
                    if let Some(end) = reader_left(done) {
                        return end;
                    }
                }
                // One bad picture of many: say so in its line, go on with the next.
                Err(error @ (SourceError::NoPicture(..) | SourceError::Format(..)))
                    if several && source.is_stills() =>
                {
                    warn(error.to_string());
                    let (SourceError::NoPicture(path, _) | SourceError::Format(path, _)) = &error else { continue };
                    let name = path.rsplit('/').next().unwrap_or(path).to_owned();
                    if self.json {
                        let line = Line::unreadable(read + unreadable, name, error.to_string());
                        if let Some(end) = reader_left(write_line(&mut out, &line)) {
                            return end;
                        }
                    }
                    unreadable += 1;
                }
                Err(error) => {
                    pardon_leaving(out.flush())?;
                    feed.skipped_words().iter().for_each(|words| super::tell(words));
                    return Err(error.into());
                }
            }
        }
        pardon_leaving(out.flush())?;
        anyhow::ensure!(!stop.load(Ordering::Acquire), "stopped after {read} frames");
        feed.skipped_words().iter().for_each(|words| super::tell(words));
        if read > 0 && unreadable > 0 {
            warn(format_args!("{unreadable} of {} pictures could not be read", read + unreadable));
        }
        anyhow::ensure!(read > 0 || unreadable == 0, "none of the {unreadable} pictures could be read");
        Ok(())
    }
}

fn write_line(out: &mut impl Write, line: &Line) -> io::Result<()> {
    writeln!(out, "{}", plain::line(&serde_json::to_string(line)?))
}

/// Whoever read our output may stop (`| head`): that is an end, not an error.
fn reader_left(result: io::Result<()>) -> Option<Result<()>> {
    match result {
        Ok(()) => None,
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Some(Ok(())),
        Err(e) => Some(Err(e.into())),
    }
}

/// A frame in a line of words.
fn words(sight: &Sight, file: Option<&str>) -> String {
    let seen = &sight.observation;
    let place = file.map_or_else(|| format!("{:>6} {:>8.2} s", seen.frame, seen.time_ms / 1000.0), str::to_owned);
    let face = match &seen.face {
        Some(face) => {
            format!("face yaw {:>4.0}° pitch {:>4.0}° roll {:>4.0}°", face.yaw_deg, face.pitch_deg, face.roll_deg)
        }
        None => "no face".to_owned(),
    };
    let hands: Vec<String> = seen.hands.iter().map(|hand| format!("{:?}", hand.side).to_lowercase()).collect();
    let hands = if hands.is_empty() { "no hands".to_owned() } else { hands.join(" and ") };
    let likely = sight.reading.map_or_else(String::new, |reading| {
        let mut order = Rasa::ALL;
        order.sort_by(|a, b| reading.of(*b).total_cmp(&reading.of(*a)));
        order[..3].iter().map(|r| format!("{r} {:.2}", reading.of(*r))).collect::<Vec<_>>().join(", ")
    });
    format!("{place}  {:<12} {face}, {hands}  {likely}", mood_word(&sight.mood))
}

fn mood_word(mood: &Mood) -> &'static str {
    mood.rasa.map_or("—", Rasa::name)
}
