//! The melody's strokes: on a channel that has been silent longest, with what the hand does to them.

use super::meend::{Glide, Ornament};
use super::melody::Direction;
use super::stroke::Stroke;
use super::{Engine, SECOND_US};
use crate::performer::event::{Cue, Event, Voice};
use crate::performer::map::Style;
use crate::performer::raga::Raga;
use crate::performer::swara::Note;

/// Shortest notes that are touched from a neighbour, and shaken, in microseconds.
const KAN_FROM_US: u64 = 220_000;
const GAMAK_FROM_US: u64 = 300_000;

/// The melody's channels, which take turns.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns {
    /// Number of the one that sounds or sounded last.
    pub now: usize,
    ended_us: [u64; Voice::MELODY.len()],
}

impl Turns {
    fn ended(&mut self, now_us: u64) {
        self.ended_us[self.now] = now_us + 1;
    }

    /// When the last note ended.
    pub fn ended_us(&self) -> u64 {
        self.ended_us[self.now]
    }

    /// The channel that has been silent longest.
    fn next(&mut self) -> usize {
        // The one before is out of the question: it ended last.
        let silent = (0..self.ended_us.len()).min_by_key(|channel| self.ended_us[*channel]);
        self.now = silent.unwrap_or(0);
        self.now
    }
}

/// A note of the melody about to be struck.
pub(super) struct Struck {
    pub note: Note,
    pub ends_us: u64,
    pub velocity: f32,
    pub ornament: Ornament,
}

impl Engine {
    /// What the melody is to follow now.
    pub(super) fn direction(&self) -> Direction {
        Direction { drive: self.drive(), hands: self.hands }
    }

    /// The voice that plays or played the melody's note.
    pub(super) fn melody_voice(&self) -> Voice {
        Voice::MELODY[self.turns.now]
    }

    /// Notes of the melody that have ended leave their channel to itself.
    pub(super) fn hear_melody_end(&mut self) {
        if self.melody_sounds && !self.held.melody_sounds() {
            self.melody_sounds = false;
            self.turns.ended(self.now_us);
            self.bends[self.turns.now].rest();
        }
    }

    /// Ends the melody's note.
    pub(super) fn release_melody(&mut self, out: &mut Vec<Event>) {
        self.held.release_melody(self.now_us, out);
        self.hear_melody_end();
    }

    /// Strikes a note of the melody on the channel that has been silent longest.
    pub(super) fn strike(
        &mut self,
        raga: &Raga,
        struck: &Struck,
        glides: impl Iterator<Item = Glide>,
        out: &mut Vec<Event>,
    ) {
        self.release_melody(out);
        let channel = self.turns.next();
        let voice = Voice::MELODY[channel];
        self.loudness.strike(self.now_us, voice, out);
        if self.tunes() {
            let bend = &mut self.bends[channel];
            bend.strike(self.now_us, struck.ends_us, raga, struck.note, struck.ornament, out);
            glides.for_each(|glide| bend.glide(raga, glide));
        }
        let (key, velocity) = (self.key(struck.note), struck.velocity.clamp(1.0, 127.0) as u8);
        out.push(Event::cue(self.now_us, Cue::Swara { note: struck.note }));
        self.held.strike(self.now_us, voice, key, velocity, struck.ends_us, out);
        self.melody_sounds = true;
        self.struck_us = self.now_us;
        self.melody_note = Some(struck.note);
    }

    /// The bend of the melody's note is due.
    pub(super) fn bend_on(&mut self, out: &mut Vec<Event>) {
        let reached = self.bends[self.turns.now].tick(self.now_us, out);
        if let Some(note) = reached.and_then(|step| Note::from_step(i32::from(step))) {
            self.melody_note = Some(note);
            out.push(Event::cue(self.now_us, Cue::Swara { note }));
        }
    }

    /// Strikes the phrase's next note and lets it glide to those that are reached from it; the time until the next
    /// stroke. The phrase's place in time is `place_us`, a unit of its lengths lasts `unit_us`.
    pub(super) fn play(
        &mut self,
        raga: &Raga,
        style: &Style,
        place_us: u64,
        unit_us: u64,
        accent: f32,
        out: &mut Vec<Event>,
    ) -> u64 {
        let at = self.melody.at;
        let Some(&note) = self.melody.phrase.line.notes().get(at) else { return SECOND_US };
        let mut stroke = Stroke::of(&self.melody.phrase, at, unit_us, raga, style);
        if !self.tunes() {
            // A synth that does not bend strikes every swara.
            self.melody.phrase.slid[at + 1..].fill(false);
            stroke = Stroke::of(&self.melody.phrase, at, unit_us, raga, style);
        }
        let (low, high) = style.register;
        let height = f32::from(note.step() - low.step()) / f32::from((high.step() - low.step()).max(1));
        let accent = accent * 2.0 * style.manner.accents;
        let hand = self.melody.rng().between(-3.0, 3.0) * (0.5 + style.manner.accents);
        let last = if stroke.end == self.melody.phrase.line.len() { -3.0 } else { 0.0 };
        let again = at > 0 && self.melody.phrase.line.notes()[at - 1] == note;
        let velocity = style.velocity.at(self.drive()) + accent + 8.0 * (height.clamp(-0.5, 1.5) - 0.5) + hand + last
            - if again { 5.0 } else { 0.0 };
        let before = self.melody_note.filter(|_| at > 0);
        let ornament = self.ornament(raga, style, before, note, stroke.sounds_us, &stroke);
        let ends_us = place_us + stroke.sounds_us;
        let struck = Struck { note, ends_us: ends_us.max(self.now_us + 20_000), velocity, ornament };
        let glides = stroke.ways().map(|way| Glide { begins_us: place_us + way.begins_us, us: way.us, to: way.to });
        self.strike(raga, &struck, glides, out);
        self.melody.rested_on = self.melody.phrase.line.notes().get(stroke.end - 1).copied();
        for index in at..stroke.end {
            let (swara, units) = (self.melody.phrase.line.notes()[index].swara(), self.melody.phrase.lengths[index]);
            self.melody.spend(swara, u64::from(units) * unit_us);
        }
        self.melody.at = stroke.end;
        u64::from(stroke.length) * unit_us
    }

    /// What the hand does with a note besides gliding: a touch of a neighbour, or a shake. Open hands do it oftener.
    fn ornament(
        &mut self,
        raga: &Raga,
        style: &Style,
        before: Option<Note>,
        note: Note,
        sounds_us: u64,
        stroke: &Stroke,
    ) -> Ornament {
        let (manner, drive, open) = (&style.manner, self.drive(), self.direction().openness());
        // Drawn for every note, so that the stream of chance does not hang on what is played.
        let [touch, shake] = [0; 2].map(|_| self.melody.rng().unit());
        let stands_us = stroke.ways().next().map_or(sounds_us, |way| way.begins_us);
        let tihai = self.melody.phrase.is_tihai();
        if let Some(kan) = self.melody.phrase.kans[self.melody.at] {
            let cents = 100.0 * f32::from(kan.step() - note.step());
            let cents = cents + raga.cents_off(kan.swara()) - raga.cents_off(note.swara());
            return if stands_us > KAN_FROM_US * 2 / 3 { Ornament::Kan { cents } } else { Ornament::None };
        }
        if let Some(swing) = raga.gamak(note.swara())
            && stroke.ways().next().is_none()
            && stands_us > GAMAK_FROM_US
            && !tihai
            && shake < manner.gamaks * (0.4 + 0.7 * drive) * (0.5 + open)
        {
            return Ornament::Gamak(swing);
        }
        match raga.kan_cents(before, note) {
            Some(cents) if stands_us > KAN_FROM_US && !tihai && touch < manner.kans * (0.4 + 1.2 * open) => {
                Ornament::Kan { cents }
            }
            _ => Ornament::None,
        }
    }
}
