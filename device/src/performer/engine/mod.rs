//! The music itself: moods and a seed in, events out.
//!
//! The engine is pure. It has no clock of its own: [`Engine::advance`] says up to when to play. The same moods at the
//! same times and the same seed give the same events, however often it is advanced between. It allocates nothing
//! after [`Engine::new`] but what the caller's buffer of events needs.

mod alap;
mod change;
mod clock;
mod compose;
mod composition;
mod dynamics;
mod gat;
mod held;
mod meend;
mod melody;
mod original;
mod phrase;
mod playing;
mod rest;
mod rhythm;
mod rounds;
mod signature;
mod stroke;
mod tanpura;
mod theka;
mod tihai;

use super::choice::{Choosing, ToldMinute};
use super::event::{Event, Voice};
use super::hands::Hands;
use super::library::Library;
use super::map::{RasaMap, Style};
use super::original::NoteLists;
use super::raga::Tuning;
use super::sa::Sa;
use super::shruti::shrutis_of;
use super::status::{Section, Status};
use super::swara::Note;
use super::tala::Bol;
use change::{Closing, Wanted};
use clock::Clock;
use composition::Gat;
use dynamics::{LOUDNESS_US, Loudness};
use held::Held;
use meend::Bend;
use melody::Melody;
use playing::Turns;
use rasika_models::{Mood, Rasa};
use signature::Signature;
use std::sync::Arc;
use tanpura::Tanpura;
use theka::Theka;

/// Microseconds of a second.
pub const SECOND_US: u64 = 1_000_000;
/// Time between two looks at the mood, in microseconds; loudness is looked at every second time.
const TICK_US: u64 = LOUDNESS_US / 2;

/// How to play.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The seed: the same seed is the same performance.
    pub seed: u64,
    /// The middle Sa.
    pub sa: Sa,
    /// Whether the melody is tuned to the raga's shrutis and bent between notes (needs a synth that bends).
    pub bends: bool,
    /// Seconds the drone goes on alone before there is silence.
    pub drone_s: u32,
    /// Note lists to play instead of ragas, for comparison.
    pub original: Option<Arc<NoteLists>>,
    /// How a raga is chosen among those of a rasa.
    pub choosing: Choosing,
    /// The minute of the day, told by whoever has a clock: the engine has none.
    pub minute: ToldMinute,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            sa: Sa::default(),
            bends: true,
            drone_s: rest::DRONE_S,
            original: None,
            choosing: Choosing::default(),
            minute: ToldMinute::default(),
        }
    }
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
    /// The raga of each rasa that was played last.
    last_ragas: [Option<usize>; Rasa::ALL.len()],
    wanted: Option<Wanted>,
    /// When the melody has something to do next, outside a gat.
    melody_us: u64,
    /// Quarter matras until the melody has something to do next, in a gat.
    melody_quarters: u16,
    /// When the melody's next note on the grid is struck, and its place there.
    strike_us: Option<u64>,
    place_us: u64,
    /// How far the alap has come.
    alap: alap::Plan,
    /// Whether the mukhda is leading into the tala, since when the gat goes, when the last tihai was.
    leads_in: bool,
    gat_us: Option<u64>,
    tihai_us: Option<u64>,
    gat: Gat,
    /// Whether the note that is to end the raga has been chosen, and whether a better end has been looked for.
    closes: bool,
    ended_well: bool,
    /// Until when the melody rests in an alap, no rasa being seen.
    resting_until_us: Option<u64>,
    /// When the drone, alone, falls silent.
    silent_from_us: u64,
    /// Whether the piece comes to its end.
    concluding: bool,
    /// The theka that is to end, and the tala it plays.
    closing: Option<Closing>,
    tala: Option<usize>,
    /// When sam was last.
    sam_us: Option<u64>,
    signature: Option<Signature>,
    hands: Option<Hands>,
    melody: Melody,
    clock: Clock,
    theka: Theka,
    tanpura: Tanpura,
    held: Held,
    loudness: Loudness,
    turns: Turns,
    bends: [Bend; Voice::MELODY.len()],
    /// Whether a note of the melody sounds, and when it was struck.
    melody_sounds: bool,
    struck_us: u64,
    first_string: Bend,
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
    Bend,
    Tick,
    Quarter,
    GridNote,
    Melody,
    Signature,
    String,
}

impl Engine {
    /// An engine that plays a map's styles from a library.
    #[must_use]
    pub fn new(library: Arc<Library>, map: Arc<RasaMap>, settings: Settings) -> Self {
        let (seed, drone_s) = (settings.seed, settings.drone_s);
        Self {
            library,
            map,
            settings,
            now_us: 0,
            mood: Mood::default(),
            energy: 0.0,
            section: Section::Drone,
            piece: None,
            last_ragas: [None; Rasa::ALL.len()],
            wanted: None,
            melody_us: 0,
            melody_quarters: 0,
            strike_us: None,
            place_us: 0,
            alap: alap::Plan::default(),
            leads_in: false,
            gat_us: None,
            tihai_us: None,
            gat: Gat::default(),
            closes: false,
            ended_well: false,
            resting_until_us: None,
            silent_from_us: u64::from(drone_s) * SECOND_US,
            concluding: false,
            closing: None,
            tala: None,
            sam_us: None,
            signature: None,
            hands: None,
            melody: Melody::new(seed),
            clock: Clock::start(0, 4, 60.0),
            theka: Theka::new(seed),
            tanpura: Tanpura::new(seed),
            held: Held::default(),
            loudness: Loudness::default(),
            turns: Turns::default(),
            bends: Voice::MELODY.map(Bend::new),
            melody_sounds: false,
            struck_us: 0,
            first_string: Bend::new(Voice::FirstString),
            tick_us: 0,
            melody_note: None,
            string: None,
            bol: None,
            tapped_bpm: None,
        }
    }

    /// The library it plays from.
    #[must_use]
    pub fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// The middle Sa.
    #[must_use]
    pub fn sa(&self) -> Sa {
        self.settings.sa
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
                Due::NoteOff => {
                    self.held.release_due(self.now_us, out);
                    self.hear_melody_end();
                }
                Due::Bend => self.bend_on(out),
                Due::GridNote => self.grid_note(out),
                Due::Tick => self.tick(out),
                Due::Quarter => self.quarter(out),
                Due::Melody if self.settings.original.is_some() => self.list_on(out),
                Due::Melody => self.melody_due(out),
                Due::Signature => self.sign_on(out),
                Due::String => self.pluck(out),
            }
        }
        self.now_us = self.now_us.max(until_us);
    }

    /// Takes in what the performer's hands say from now on: their height moves the register, their openness brings
    /// ornaments. `None` where no hands are seen.
    pub fn follow(&mut self, hands: Option<Hands>) {
        self.hands = hands;
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
            laya_bpm: if self.section.has_pulse() { self.clock.laya_bpm.round() as u16 } else { 0 },
            melody: self.melody_note.filter(|_| self.held.melody_sounds()),
            string: self.string.filter(|_| sounding(Voice::Tanpura) || sounding(Voice::FirstString)),
            bol: self.bol.filter(|_| sounding(Voice::Theka)),
        }
    }

    /// What a synth needs to know before it plays: programs, bend range, levels. To be sent when a port is opened
    /// and whenever it comes back.
    pub fn setup(&self, out: &mut Vec<Event>) {
        let now = self.now_us;
        for voice in Voice::ALL {
            let (volume, pan) = match voice {
                Voice::Tanpura | Voice::FirstString => (84, 50),
                Voice::Theka => (100, 74),
                _ => (112, 64),
            };
            out.push(Event::control(now, voice, 7, volume));
            out.push(Event::control(now, voice, 10, pan));
            out.push(Event::control(now, voice, 11, self.loudness.sent(voice)));
            out.push(Event::control(now, voice, 64, 0));
        }
        for bend in self.bends.iter().chain([&self.first_string]) {
            let (voice, range) = (bend.voice(), bend.voice().bend_range());
            for (controller, value) in [(101, 0), (100, 0), (6, range), (38, 0), (101, 127), (100, 127)] {
                out.push(Event::control(now, voice, controller, value));
            }
            out.push(Event::bend(now, voice, bend.sent()));
        }
        let fine = self.settings.sa.fine_tuning();
        let (coarse, fine) = ((fine >> 7) as u8, (fine & 0x7F) as u8);
        for voice in Voice::ALL.into_iter().filter(|voice| *voice != Voice::Theka) {
            // Drums have no pitch, and some drum kits are upset by it.
            for (controller, value) in [(101, 0), (100, 1), (6, coarse), (38, fine), (101, 127), (100, 127)] {
                out.push(Event::control(now, voice, controller, value));
            }
        }
        let (melody, drone) = self.style().map_or((104, 104), |style| (style.program, style.drone_program));
        for voice in Voice::MELODY {
            out.push(Event::program(now, voice, melody));
        }
        out.push(Event::program(now, Voice::Tanpura, drone));
        out.push(Event::program(now, Voice::FirstString, drone));
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
        for bend in self.bends.iter_mut().chain([&mut self.first_string]) {
            bend.reset(self.now_us, out);
        }
        self.hear_melody_end();
        self.melody.stop();
        (self.strike_us, self.signature) = (None, None);
    }

    /// Where the minute of the day is told.
    #[must_use]
    pub fn told_minute(&self) -> ToldMinute {
        self.settings.minute.clone()
    }

    /// Whether notes are tuned and bent.
    fn tunes(&self) -> bool {
        self.settings.bends
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
        if self.settings.original.is_some() {
            return self.next_due_of_list();
        }
        let pulse = self.section.has_pulse() || self.closing.is_some();
        let free = self.section == Section::Alap && self.signature.is_none();
        let melody = free.then_some((self.melody_us, Due::Melody));
        let quarter = pulse.then_some((self.clock.next_us, Due::Quarter));
        let off = self.held.next_off_us().map(|off_us| (off_us, Due::NoteOff));
        let bend = self.bends[self.turns.now].next_us().filter(|_| self.melody_sounds);
        let bend = bend.map(|next_us| (next_us, Due::Bend));
        let grid = self.strike_us.filter(|_| pulse).map(|strike_us| (strike_us, Due::GridNote));
        let signature = self.signature.map(|signature| (signature.due_us, Due::Signature));
        let string = (self.section != Section::Silence).then_some((self.tanpura.next_us, Due::String));
        let tick = [(self.tick_us, Due::Tick)];
        tick.into_iter()
            .chain(string)
            .chain(melody)
            .chain(quarter)
            .chain(off)
            .chain(signature)
            .chain(bend)
            .chain(grid)
            .min()
    }

    fn tick(&mut self, out: &mut Vec<Event>) {
        self.tick_us += TICK_US;
        let drive = self.drive();
        // Two and a half seconds to follow the face: laya must not twitch.
        self.energy += (drive - self.energy) * (0.02 / 2.5);
        if self.tick_us.is_multiple_of(LOUDNESS_US) {
            let alone = matches!(self.section, Section::Drone | Section::Silence);
            let style = self.piece.filter(|_| !alone).map(|piece| self.map.style(piece.rasa));
            let voice = self.melody_voice();
            self.loudness.tick(self.now_us, style, drive, voice, out);
        }
        self.fade_for_change();
        self.change_at_rest(out);
    }

    fn pluck(&mut self, out: &mut Vec<Event>) {
        if self.fall_silent_after_all(out) {
            return;
        }
        let (voice, note, velocity) = self.tanpura.pluck(self.tuning());
        self.string = Some(note);
        if voice == Voice::FirstString {
            // It is bent: what it sounded before ends first.
            self.held.release_voice(self.now_us, voice, out);
            if self.tunes() {
                let cents = self.string_cents(note);
                self.first_string.hold(self.now_us, cents, out);
            }
        }
        let key = self.key(note);
        self.held.strike(self.now_us, voice, key, velocity, self.now_us + tanpura::RING_US, out);
    }

    /// Cents by which a string of the drone stands off its tempered pitch: by the raga's shruti, or by the usual one.
    fn string_cents(&self, note: Note) -> f32 {
        let raga = self.piece.map(|piece| &self.library.ragas[piece.raga]);
        let of_raga = raga.filter(|raga| raga.has(note.swara())).map(|raga| raga.cents_off(note.swara()));
        let usual = || shrutis_of(note.swara())[0].cents() - 100.0 * f32::from(note.swara().semitone());
        of_raga.unwrap_or_else(usual)
    }

    /// MIDI key of a note; Sa's range keeps every note of the box within 0–127.
    fn key(&self, note: Note) -> u8 {
        self.settings.sa.note.saturating_add_signed(note.step())
    }

    /// Follows a laya that a hand tapped, in matras a minute, within what the raga suits; `None` follows the mood.
    pub fn tap_laya(&mut self, bpm: Option<f32>) {
        self.tapped_bpm = bpm;
    }
}
