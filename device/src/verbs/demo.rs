//! `rasikad demo`: a video becomes music to see and hear, in a folder.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use anyhow::{Context, Result};
use clap::Args;
use rasika_device::demo::{self, Demo};
use rasika_device::performer::{Hands, Performance};
use rasika_device::screen::{Screen, View};
use rasika_device::source::Feed;
use rasika_device::terminal::{say, say_lines, stop_signal};
use rasika_device::watcher::{Watcher, Way};

use super::{Input, Music};

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct DemoArgs {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    music: Music,

    /// Folder for what it leaves
    #[arg(long, value_name = "DIR", default_value = "out")]
    out: PathBuf,
}

impl DemoArgs {
    /// Watches the whole source as fast as possible and leaves its story.
    pub fn run(self) -> Result<()> {
        anyhow::ensure!(self.out.as_os_str() != "-", "a demo is a folder of files; name one with --out");
        let source = self.input.source()?;
        anyhow::ensure!(!source.is_live(), "a demo needs a video or pictures; use `rasikad play` with a camera");
        for path in demo::FILES.map(|name| self.out.join(name)) {
            let name = path.display();
            let same =
                |file: &PathBuf| path.canonicalize().is_ok_and(|path| file.canonicalize().is_ok_and(|it| it == path));
            let is_source = source.files().iter().any(same);
            anyhow::ensure!(!is_source, "{name} is what the demo is to be made of; give another folder with --out");
        }
        let stop = stop_signal()?;
        let mut feed = Feed::open(&source, self.input.mirrored, &stop, super::tell)?;
        let outline = feed.outline();
        let mut watcher = Watcher::new(Way { models: self.input.models(), every_frame: false, live: false })?;
        let mut music = Performance::new(self.music.engine()?);
        let library = std::sync::Arc::clone(music.engine().library());
        let mut demo = Demo::new(&self.out, outline.and_then(|outline| outline.length_ms), self.music.sa()?.note)?;
        let mut screen = Screen::default();
        let mut end_us = 0;
        let mut damaged = None;

        let (mut seen, several) = (0_u64, outline.and_then(|outline| outline.frames) != Some(1));
        while let Some(shot) = feed.next(&stop, |line| screen.say(line)) {
            let shot = match shot {
                Ok(shot) => shot,
                Err(error) if error.is_of_one_picture() && several => {
                    screen.say(&error.to_string());
                    continue;
                }
                // What was read up to here still makes a demo.
                Err(error) if seen > 0 => {
                    damaged = Some(error);
                    break;
                }
                Err(error) => return Err(error.into()),
            };
            let sight = watcher.look(&shot)?;
            seen += 1;
            end_us = (shot.time_ms * 1000.0) as u64;
            music.hands(end_us, Hands::of(&sight.observation));
            music.mood(end_us, sight.mood);
            let moment = demo.frame(&shot, &sight, &music)?;
            screen.show(&View {
                time_ms: shot.time_ms,
                done: outline.and_then(|outline| outline.done(shot.time_ms)),
                face: sight.observation.face.is_some(),
                hands: sight.observation.hands.len(),
                probabilities: sight.smoothed,
                mood: sight.mood,
                status: moment.status,
                library: &library,
            });
        }
        let is_stopped = stop.load(Ordering::Acquire);
        anyhow::ensure!(seen > 0 || !is_stopped, "stopped before there was a frame to make a demo of");
        anyhow::ensure!(seen > 0, "there was no frame to make a demo of");
        feed.skipped_words().iter().for_each(|words| screen.say(words));
        if is_stopped {
            screen.say("stopped; making a demo of what was seen");
        }
        // The last frame stands as long as the film lasts, picture and sound together.
        let end_us = end_us.max((feed.ending().end_ms * 1000.0) as u64);
        say_lines("\nrendering sound and film …")?;
        let files = demo.finish(&music.end(end_us), &library, end_us)?;
        for (path, made) in &files {
            let path = path.display();
            match made {
                Ok(()) => say(format_args!("  {path}"))?,
                Err(why) => say(format_args!("  {path} — {why}"))?,
            }
        }
        damaged.map_or(Ok(()), |error| Err(error).context("the demo ends early"))
    }
}
