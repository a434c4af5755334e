//! A piece of one rasa without a performer: to a .mid file at once, or on MIDI ports in real time.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use rasika_device::config::midi_port;
use rasika_device::latest::Latest;
use rasika_device::performer::player::{Outputs, Player};
use rasika_device::performer::{Engine, Portrait, Section, SoundMap, arc, midi_file};
use rasika_device::terminal::{say, sleep_in_silence, stop_signal, warn};
use rasika_hardware::midi;
use rasika_models::{Mood, Rasa};

/// How long the melody and the theka may take to their end.
const END: Duration = Duration::from_secs(20);

/// A piece of one rasa.
#[derive(Debug, Args)]
pub struct Piece {
    /// Length in minutes
    #[arg(long, default_value_t = 3.0, value_parser = minutes, allow_negative_numbers = true)]
    pub minutes: f64,

    /// The same intensity all the time, 0 to 1; else it rises from calm to full
    #[arg(long, value_parser = part, allow_negative_numbers = true)]
    pub intensity: Option<f32>,

    /// Write it to a .mid file
    #[arg(short = 'o', long = "mid", value_name = "FILE")]
    pub mid: Option<PathBuf>,

    /// Play it on a MIDI port, as often as there are ports (see `rasikad ports`)
    #[arg(long = "midi", value_name = "PORT")]
    pub ports: Vec<String>,

    /// How voices are laid out on the synths: gm, gs, xg, one (one channel, no bends), tabla (a tabla set's keys) or a .toml file
    #[arg(long, value_name = "MAP", default_value = "gm")]
    pub sounds: String,
}

/// A length in minutes.
pub fn minutes(word: &str) -> Result<f64, String> {
    let wrong = || format!("'{word}' is no length; give minutes from 0.1 to 600");
    word.parse().ok().filter(|minutes| (0.1..=600.0).contains(minutes)).ok_or_else(wrong)
}

/// A part of a whole.
pub fn part(word: &str) -> Result<f32, String> {
    let wrong = || format!("'{word}' is no intensity; give a number from 0 to 1");
    word.parse().ok().filter(|part| (0.0..=1.0).contains(part)).ok_or_else(wrong)
}

impl Piece {
    /// Plays it.
    pub fn play(&self, rasa: Rasa, engine: Engine) -> Result<()> {
        anyhow::ensure!(
            self.mid.is_some() || !self.ports.is_empty(),
            "nothing to play on; give a file (-o music.mid) or a port (--midi alsa, --midi serial:/dev/ttyAMA0)"
        );
        let library = Arc::clone(engine.library());
        let length_us = (self.minutes * 60e6) as u64;
        if let Some(path) = &self.mid {
            super::writable(path)?;
            let sa = engine.sa().note;
            let events = arc::perform(engine.clone(), rasa, length_us, self.intensity);
            midi_file::write(path, &events, &library)?;
            let notes = Portrait::of(&events, &library, sa).map_or(0, |portrait| portrait.notes);
            say(format_args!("{}: {rasa}, {notes} notes", path.display()))?;
        }
        if self.ports.is_empty() { Ok(()) } else { self.perform(rasa, engine, Duration::from_micros(length_us)) }
    }

    /// Plays it in real time.
    fn perform(&self, rasa: Rasa, engine: Engine, length: Duration) -> Result<()> {
        let stop = stop_signal()?;
        let library = Arc::clone(engine.library());
        let ports = self.ports.iter().map(|word| midi::open(midi_port(word).0));
        let mut outputs = Outputs::new(ports.collect::<Result<Vec<_>, _>>()?);
        outputs.sounds = SoundMap::named(&self.sounds)?;
        outputs.own_sounds = super::own_sounds(&self.ports)?;
        let moods = Arc::new(Latest::<Mood>::default());
        let player = Player::start(engine, Arc::clone(&moods), outputs)?;
        sleep_in_silence(Arc::clone(player.panic())).context("cannot listen for signals")?;
        let begun = Instant::now();
        let mut said = Section::Drone;
        while begun.elapsed() < length && !stop.load(Ordering::Acquire) && player.is_playing() {
            moods.set(arc::mood(rasa, begun.elapsed().as_secs_f64() / length.as_secs_f64(), self.intensity));
            player.reports().try_iter().for_each(warn);
            let status = player.status();
            if status.section != said {
                said = status.section;
                say(format_args!(
                    "{rasa}: {} {} {}",
                    status.raga_name(&library),
                    said.name(),
                    status.tala_name(&library)
                ))?;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        moods.set(Mood::default());
        player.conclude();
        let ends = Instant::now();
        // A second signal ends it at once.
        let was_stopped = stop.swap(false, Ordering::AcqRel);
        let most = if was_stopped { Duration::from_millis(300) } else { END };
        while ends.elapsed() < most && !stop.load(Ordering::Acquire) && player.status().section != Section::Drone {
            std::thread::sleep(Duration::from_millis(20));
        }
        player.stop();
        Ok(())
    }
}
