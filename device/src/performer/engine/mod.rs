//! The music itself: moods and a seed in, events out.
//!
//! The engine is pure. It has no clock of its own: [`Engine::advance`] says up to when to play. The same moods at the
//! same times and the same seed give the same events, however often it is advanced between. It allocates nothing
//! after [`Engine::new`] but what the caller's buffer of events needs.

mod change;
mod clock;
mod compose;
mod dynamics;
mod held;
mod melody;
mod phrase;
mod playing;
mod rhythm;
mod tanpura;
mod theka;

use super::event::{Event, Voice};
use super::library::Library;
use super::map::{RasaMap, Style};
use super::raga::Tuning;
use super::status::{Section, Status};
use super::swara::Note;
use super::tala::Bol;
use change::Wanted;
use clock::Clock;
use dynamics::{Bend, Loudness, TICK_US};
use held::Held;
use melody::Melody;
use rasika_models::{Mood, Rasa};
use std::sync::Arc;
use tanpura::Tanpura;
use theka::Theka;

/// Microseconds of a second.
pub const SECOND_US: u64 = 1_000_000;
/// Sa if nothing else is said: C sharp above middle C.
pub const DEFAULT_SA: u8 = 61;

/// How to play.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The seed: the same seed is the same performance.
    pub seed: u64,
    /// MIDI note of the middle Sa, 40–80.
    pub sa: u8,
    /// Whether the melody is tuned to the raga's shrutis and bent between notes (needs a synth that bends).
    pub bends: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 1, sa: DEFAULT_SA, bends: true }
    }
}

/// The engine cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Sa leaves no room for the octaves around it.
    #[error("Sa cannot be MIDI note {0}; choose one from 40 to 80 (61 is C sharp)")]
    SaOutOfRange(u8),
}

/// What is played of a rasa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    rasa: Rasa,
    raga: usize,
}

/// The engine.
#[derive(Debug, Clone)]
pub struct Engine {
    library: Arc<Library>,
    map: Arc<RasaMap>,
    settings: Settings,
    now_us: u64,
    mood: Mood,
    /// Intensity over some seconds: what laya and section follow.
    energy: f32,
    section: Section,
    piece: Option<Piece>,
    wanted: Option<Wanted>,
    /// When the melody has something to do next, outside a gat.
    melody_us: u64,
    /// Quarter matras until the melody has something to do next, in a gat.
    melody_quarters: u16,
    /// When the tala may enter.
    gat_from_us: u64,
    melody: Melody,
    clock: Clock,
    theka: Theka,
    tanpura: Tanpura,
    held: Held,
    loudness: Loudness,
    bend: Bend,
    tick_us: u64,
    melody_note: Option<Note>,
    string: Option<Note>,
    bol: Option<Bol>,
    /// The laya a hand tapped, in matras a minute.
    tapped_bpm: Option<f32>,
}

/// What is due next; of things due at once the first here comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    NoteOff,
    Tick,
    Quarter,
    Melody,
    String,
}

impl Engine {
    /// An engine that plays a map's styles from a library.
    ///
    /// # Errors
    /// When Sa is out of range.
    pub fn new(library: Arc<Library>, map: Arc<RasaMap>, settings: Settings) -> Result<Self, EngineError> {
        if !(40..=80).contains(&settings.sa) {
            return Err(EngineError::SaOutOfRange(settings.sa));
        }
        let seed = settings.seed;
        Ok(Self {
            library,
            map,
            settings,
            now_us: 0,
            mood: Mood::default(),
            energy: 0.0,
            section: Section::Drone,
            piece: None,
            wanted: None,
            melody_us: 0,
            melody_quarters: 0,
            gat_from_us: 0,
            melody: Melody::new(seed),
            clock: Clock::start(0, 4, 60.0),
            theka: Theka::new(seed),
            tanpura: Tanpura::new(seed),
            held: Held::default(),
            loudness: Loudness::default(),
            bend: Bend::default(),
            tick_us: 0,
            melody_note: None,
            string: None,
            bol: None,
            tapped_bpm: None,
        })
    }

    /// The library it plays from.
    #[must_use]
    pub fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// How far it has played, in microseconds.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        self.now_us
    }

    /// Plays from where it stands to just before `until_us`, under a mood that holds from now to then. Events are
    /// added to `out` in order of time.
    pub fn advance(&mut self, until_us: u64, mood: &Mood, out: &mut Vec<Event>) {
        self.hear(mood);
        while let Some((due_us, due)) = self.next_due().filter(|(due_us, _)| *due_us < until_us) {
            self.now_us = due_us.max(self.now_us);
            match due {
                Due::NoteOff => self.held.release_due(self.now_us, out),
                Due::Tick => self.tick(out),
                Due::Quarter => self.quarter(out),
                Due::Melody => self.melody_due(out),
                Due::String => self.pluck(out),
            }
        }
        self.now_us = self.now_us.max(until_us);
    }

    /// What is sounding now.
    #[must_use]
    pub fn status(&self) -> Status {
        let gat = self.section == Section::Gat;
        let sounding = |voice| self.held.sounds(voice);
        Status {
            section: self.section,
            raga: self.piece.map(|piece| piece.raga as u8),
            tala: self.style().filter(|_| gat).map(|style| style.tala as u8),
            matra: gat.then(|| self.current_matra() + 1),
            laya_bpm: if gat { self.clock.laya_bpm.round() as u16 } else { 0 },
            melody: self.melody_note.filter(|_| sounding(Voice::Melody)),
            string: self.string.filter(|_| sounding(Voice::Tanpura)),
            bol: self.bol.filter(|_| sounding(Voice::Theka)),
        }
    }

    /// What a synth needs to know before it plays: programs, bend range, levels. To be sent when a port is opened
    /// and whenever it comes back.
    pub fn setup(&self, out: &mut Vec<Event>) {
        let now = self.now_us;
        for (voice, volume, pan) in [(Voice::Melody, 112, 64), (Voice::Tanpura, 84, 50), (Voice::Theka, 100, 74)] {
            out.push(Event::control(now, voice, 7, volume));
            out.push(Event::control(now, voice, 10, pan));
            out.push(Event::control(now, voice, 11, self.loudness.sent(voice)));
            out.push(Event::control(now, voice, 64, 0));
        }
        let cents = dynamics::BEND_RANGE_CENTS as u8;
        for (controller, value) in [(101, 0), (100, 0), (6, cents / 100), (38, cents % 100), (101, 127), (100, 127)] {
            out.push(Event::control(now, Voice::Melody, controller, value));
        }
        out.push(Event::bend(now, Voice::Melody, self.bend.sent()));
        let (melody, drone) = self.style().map_or((104, 104), |style| (style.program, style.drone_program));
        out.push(Event::program(now, Voice::Melody, melody));
        out.push(Event::program(now, Voice::Tanpura, drone));
        out.push(Event::program(now, Voice::Theka, 0));
    }

    /// Ends every note, and says so once more in the ways synths understand. The phrase being played is dropped.
    pub fn silence(&mut self, out: &mut Vec<Event>) {
        self.held.release_all(self.now_us, out);
        for voice in Voice::ALL {
            for controller in [64, 123, 120] {
                out.push(Event::control(self.now_us, voice, controller, 0));
            }
        }
        self.melody.stop();
    }

    fn style(&self) -> Option<&Style> {
        self.piece.map(|piece| self.map.style(piece.rasa))
    }

    /// The matra being played, from 0.
    fn current_matra(&self) -> u8 {
        // The clock stands at the quarter to come.
        (((self.clock.quarter + self.clock.cycle - 1) % self.clock.cycle) / rhythm::QUARTERS) as u8
    }

    fn tuning(&self) -> Tuning {
        self.piece.map_or(Tuning::Pa, |piece| self.library.ragas[piece.raga].tanpura)
    }

    fn next_due(&self) -> Option<(u64, Due)> {
        let gat = self.section == Section::Gat;
        let melody = (self.section == Section::Alap).then_some((self.melody_us, Due::Melody));
        let quarter = gat.then_some((self.clock.next_us, Due::Quarter));
        let off = self.held.next_off_us().map(|off_us| (off_us, Due::NoteOff));
        let always = [(self.tick_us, Due::Tick), (self.tanpura.next_us, Due::String)];
        always.into_iter().chain(melody).chain(quarter).chain(off).min()
    }

    fn tick(&mut self, out: &mut Vec<Event>) {
        self.tick_us += TICK_US;
        if self.settings.bends && self.held.sounds(Voice::Melody) {
            self.bend.tick(self.now_us, out);
        }
        if self.tick_us.is_multiple_of(2 * TICK_US) {
            let intensity = self.mood.intensity;
            // Two and a half seconds to follow the face: laya must not twitch.
            self.energy += (intensity - self.energy) * (0.02 / 2.5);
            let style = self.piece.filter(|_| self.section != Section::Drone).map(|piece| self.map.style(piece.rasa));
            self.loudness.tick(self.now_us, style, intensity, out);
        }
        self.change_at_rest(out);
    }

    fn pluck(&mut self, out: &mut Vec<Event>) {
        let (note, velocity) = self.tanpura.pluck(self.tuning());
        self.string = Some(note);
        let key = self.key(note);
        self.held.strike(self.now_us, Voice::Tanpura, key, velocity, self.now_us + tanpura::RING_US, out);
    }

    /// MIDI key of a note; Sa's range keeps every note of the box within 0–127.
    fn key(&self, note: Note) -> u8 {
        self.settings.sa.saturating_add_signed(note.step())
    }

    /// Follows a laya that a hand tapped, in matras a minute, within what the style allows; `None` follows the mood.
    pub fn tap_laya(&mut self, bpm: Option<f32>) {
        self.tapped_bpm = bpm;
    }

    fn laya(&self, style: &Style, intensity: f32) -> f32 {
        let (low, high) = style.laya_bpm.bounds();
        self.tapped_bpm.map_or(style.laya_bpm.at(intensity), |bpm| bpm.clamp(low, high))
    }
}
