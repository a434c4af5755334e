//! `rasikad play`: watch a source and play, or play a rasa without one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{ArgGroup, Args};
use rasika_device::camera::Camera;
use rasika_device::config::midi_port;
use rasika_device::control;
use rasika_device::hand::{Keys, Listening};
use rasika_device::latest::Latest;
use rasika_device::performer::player::{self, Outputs, Player, Tape};
use rasika_device::performer::{Engine, Hands, Library, Performance, SoundMap, midi_file};
use rasika_device::screen::Screen;
use rasika_device::source::Feed;
use rasika_device::steward::{temperature_c, view};
use rasika_device::terminal::{say_lines, sleep_in_silence, stop_signal, warn};
use rasika_device::watcher::{Sight, Watcher, Way};
use rasika_hardware::midi;
use rasika_models::{Mood, Rasa};

use super::piece::Piece;
use super::stage::{Next, Stage};

/// Arguments of `rasikad play`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("piece").args(["rasa", "raga"]).multiple(true))]
pub struct Play {
    #[command(flatten)]
    input: super::Input,

    #[command(flatten)]
    music: super::Music,

    /// A MIDI port to play on, as often as there are ports: alsa, alsa:NAME, serial:/dev/ttyAMA0 (see `rasikad
    /// ports`); with =MAP after it, its own sound map (alsa:Synth=gs)
    #[arg(long = "midi", value_name = "PORT")]
    ports: Vec<String>,

    /// A MIDI port to listen to, as often as there are: keys choose the rasa, a controller drives intensity
    #[arg(long = "midi-in", value_name = "PORT")]
    listen: Vec<String>,

    /// What the keys of --midi-in mean: a .toml file that `rasikad learn` wrote
    #[arg(long, value_name = "FILE", requires = "listen")]
    keys: Option<PathBuf>,

    /// No sign of life on ports that have nothing to say; for synths that fall silent of it
    #[arg(long)]
    no_active_sensing: bool,

    /// How voices are laid out on the synths: gm, gs, xg, one (one channel, no bends), tabla (a tabla set's keys) or a .toml file
    #[arg(long, value_name = "MAP", default_value = "gm")]
    sounds: String,

    /// Send MIDI clock: 24 pulses to the matra, start and stop with the tala
    #[arg(long)]
    clock: bool,

    /// Write what was played to a .mid file
    #[arg(short = 'o', long, value_name = "FILE")]
    mid: Option<PathBuf>,

    /// No performer: a piece of this rasa (--minutes long)
    #[arg(long, value_name = "RASA", conflicts_with_all = ["source", "camera", "pipeline"])]
    rasa: Option<Rasa>,

    /// No performer: a piece in this raga, played as the rasa that the map has it for, or as --rasa
    #[arg(long, value_name = "NAME", conflicts_with_all = ["source", "camera", "pipeline"])]
    raga: Option<String>,

    /// With --rasa or --raga: length in minutes
    #[arg(long, default_value_t = 3.0, value_parser = super::piece::minutes, allow_negative_numbers = true, requires = "piece")]
    minutes: f64,

    /// With --rasa or --raga: the same intensity all the time, 0 to 1; else it rises from calm to full
    #[arg(long, value_parser = super::piece::part, allow_negative_numbers = true, requires = "piece")]
    intensity: Option<f32>,

    /// Play a file at its own speed even if it only goes to a .mid file
    #[arg(long)]
    realtime: bool,
}

impl Play {
    /// Plays.
    pub fn run(self) -> Result<()> {
        if let Some(name) = &self.raga {
            let library = self.music.library()?;
            let map = self.music.map(&library)?;
            let raga = library.named_raga(name)?;
            let rasa = self.rasa.unwrap_or_else(|| map.rasa_of(raga));
            let map = map.with_raga(raga, &library);
            let engine = self.music.engine_of(library, map)?;
            let Self { minutes, intensity, mid, ports, sounds, .. } = self;
            return Piece { minutes, intensity, mid, ports, sounds }.play(rasa, engine);
        }
        if let Some(rasa) = self.rasa {
            let Self { minutes, intensity, mid, ports, sounds, music, .. } = self;
            return Piece { minutes, intensity, mid, ports, sounds }.play(rasa, music.engine()?);
        }
        let source = self.input.source()?;
        let engine = self.music.engine()?;
        let on_time = source.is_live() || self.realtime || !self.ports.is_empty() || !self.listen.is_empty();
        anyhow::ensure!(
            !self.ports.is_empty() || self.mid.is_some(),
            "nothing to play on; give a port (--midi alsa, --midi serial:/dev/ttyAMA0) or a file (--mid music.mid)"
        );
        let sounds = SoundMap::named(&self.sounds)?;
        let own_sounds = super::own_sounds(&self.ports)?;
        let keys = self.keys.as_deref().map(Keys::read).transpose()?.unwrap_or_default();
        let ports = self.ports.iter().map(|word| midi::open(midi_port(word).0));
        let ports = ports.collect::<Result<Vec<_>, _>>()?;
        let ears = self.listen.iter().map(|name| midi::open_in(name)).collect::<Result<Vec<_>, _>>()?;
        if let Some(mid) = &self.mid {
            super::writable(mid)?;
        }
        let models = self.input.models();
        let watcher = Watcher::new(Way { models, every_frame: false, live: source.is_live() })?;

        let stop = stop_signal()?;
        let open = || Feed::open(&source, self.input.mirrored, &stop, super::tell);
        if !on_time {
            return fast(watcher, open()?, engine, self.mid.as_deref(), &stop);
        }
        let library = Arc::clone(engine.library());
        let moods = Arc::new(Latest::<Mood>::default());
        let mut outputs = Outputs::new(ports);
        outputs.sounds = sounds;
        outputs.own_sounds = own_sounds;
        let sent = Arc::clone(&outputs.sent);
        outputs.clock = self.clock;
        outputs.active_sensing = !self.no_active_sensing;
        let tape = self.mid.is_some().then(Tape::start).transpose()?;
        let tape = tape.map(|(sender, tape)| {
            outputs.tape = Some(sender);
            tape
        });
        let stage = if source.is_live() {
            let name = source.name();
            Stage::camera(Camera::start(source, self.input.mirrored)?, name)
        } else {
            Stage::film(Feed::start(&source, self.input.mirrored)?)
        };

        let player = Player::start(engine, Arc::clone(&moods), outputs)?;
        signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::clone(player.panic()))
            .context("cannot listen for signals")?;
        sleep_in_silence(Arc::clone(player.panic())).context("cannot listen for signals")?;
        let (hand, panic) = (Arc::clone(player.hand()), Arc::clone(player.panic()));
        let listening = Listening::start(ears, midi::open_in, keys, &sent, hand, panic)?;
        let control = control::serve(super::status::verbs(&player, &library, Some(&listening), None));
        if let Err(error) = &control {
            warn(error);
        }
        let watched = watch(stage, watcher, &moods, &player, &listening, &library, &stop);
        drop(listening);
        // The melody ends its phrase before the music does.
        moods.set(Mood::default());
        player.conclude();
        super::rest(&stop);
        let late = control::Report::of(player.gauges(), &library, &[]).lateness;
        player.stop();
        if let (Some(tape), Some(path)) = (tape, &self.mid) {
            midi_file::write(path, &tape.finish(), &library)?;
        }
        let player::Histogram { count, p50_us, p99_us, worst_us, .. } = late.events;
        say_lines(format_args!(
            "{count} events; half of them within {p50_us} µs of their time, 99 % within {p99_us} µs, the worst {worst_us} µs late\n{}",
            late.table()
        ))?;
        watched
    }
}

/// Looks at frames, sets the mood, shows both, until the source ends or someone says stop.
fn watch(
    mut stage: Stage,
    mut watcher: Watcher,
    moods: &Latest<Mood>,
    player: &Player,
    listening: &Listening,
    library: &Library,
    stop: &AtomicBool,
) -> Result<()> {
    let mut screen = Screen::default();
    let mut frames_every = 1;
    while !stop.load(Ordering::Acquire) {
        for report in player.reports().try_iter() {
            screen.say(&report.to_string());
        }
        for report in listening.reports().try_iter() {
            screen.say(&report.to_string());
        }
        anyhow::ensure!(player.is_playing(), "the performer has died; start again");
        let shot = match stage.next(|line| screen.say(line))? {
            Next::Shot(shot) if shot.number % u64::from(frames_every) == 0 || !stage.is_live() => shot,
            Next::Shot(_) | Next::Still => continue,
            Next::Nobody(time_ms) => {
                moods.set(watcher.nothing(time_ms));
                player.hands().set(None);
                continue;
            }
            Next::End => return Ok(()),
        };
        let sight = match watcher.look(&shot) {
            Ok(sight) => sight,
            // One frame that cannot be looked at does not end the music.
            Err(error) => {
                screen.say(&error.to_string());
                moods.set(watcher.nothing(shot.time_ms));
                continue;
            }
        };
        moods.set(sight.mood);
        player.hands().set(Hands::of(&sight.observation));
        // What is played is shown: the hand's choice goes before the face's.
        let sight = Sight { mood: player.hand().get().over(sight.mood), ..sight };
        let rate_hz = stage.rate_hz();
        frames_every =
            watcher.govern(Duration::from_secs_f64(f64::from(frames_every) / rate_hz), temperature_c()).frames_every;
        screen.show(&view(shot.time_ms, None, Some(&sight), player.status(), library));
    }
    Ok(())
}

/// A file into a .mid file, as fast as it goes.
fn fast(mut watcher: Watcher, mut feed: Feed, engine: Engine, mid: Option<&Path>, stop: &AtomicBool) -> Result<()> {
    let library = Arc::clone(engine.library());
    let mut music = Performance::new(engine);
    let mut screen = Screen::default();
    let outline = feed.outline();
    let several = outline.and_then(|outline| outline.frames) != Some(1);
    let (mut seen, mut ended) = (0_u64, Ok(()));
    while let Some(shot) = feed.next(stop, |line| screen.say(line)) {
        let shot = match shot {
            Ok(shot) => shot,
            Err(error) if error.is_of_one_picture() && several => {
                screen.say(&error.to_string());
                continue;
            }
            // A damaged end keeps the music up to it.
            Err(error) => {
                ended = Err(error.into());
                break;
            }
        };
        let sight = watcher.look(&shot)?;
        seen += 1;
        music.hands((shot.time_ms * 1000.0) as u64, Hands::of(&sight.observation));
        music.mood((shot.time_ms * 1000.0) as u64, sight.mood);
        let done = outline.and_then(|outline| outline.done(shot.time_ms));
        screen.show(&view(shot.time_ms, done, Some(&sight), music.engine().status(), &library));
    }
    feed.skipped_words().iter().for_each(|words| screen.say(words));
    if let (Some(path), true) = (mid, seen > 0) {
        // The last frame stands as long as the film lasts.
        midi_file::write(path, &music.end((feed.ending().end_ms * 1000.0) as u64), &library)?;
    }
    ended
}
