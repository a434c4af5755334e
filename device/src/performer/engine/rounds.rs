//! The rounds of a gat, from mukhda to mukhda: what is composed, what is made up, and tihais.

use super::compose::Brief;
use super::composition::Gat;
use super::melody::{Direction, Melody, register};
use super::phrase::Kind;
use super::rhythm::{self, QUARTERS, Room};
use super::tihai::{self, Shape};
use crate::performer::map::Style;
use crate::performer::raga::Raga;
use crate::performer::raga::notation::GridLine;
use crate::performer::swara::Note;
use crate::performer::tala::{Meter, Tala};

/// Shortest note, in seconds; a matra is divided no further. Twelve notes a second are the most.
const SHORTEST_S: f32 = 0.086;
/// Longest tihai, in seconds.
const LONGEST_TIHAI_S: f32 = 7.0;
/// Shortest stretch in which something is made up, in seconds.
const SHORTEST_STRETCH_S: f32 = 1.1;
/// Glides that a phrase made up has at the least for each second of it, where the manner is all for gliding.
const GLIDES_A_SECOND: f32 = 0.4;
/// A cycle shorter than this is short, in seconds.
const SHORT_CYCLE_S: f32 = 7.0;

/// Where in the pulse a phrase is to begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The matras of a cycle.
    pub meter: Meter<'a>,
    /// Quarter matra of the cycle.
    pub quarter: u16,
    /// Length of a matra in seconds.
    pub matra_s: f32,
}

impl Place<'_> {
    pub fn cycle(&self) -> u16 {
        u16::from(self.meter.matras) * QUARTERS
    }

    /// Quarters to a time.
    pub fn quarters(&self, seconds: f32) -> u16 {
        (seconds / self.matra_s * f32::from(QUARTERS)) as u16
    }

    /// Most notes a matra takes: 1, 2 or 4.
    pub fn most_a_matra(&self) -> u16 {
        match (self.matra_s / SHORTEST_S) as u16 {
            4.. => 4,
            most => most.clamp(1, 2),
        }
    }
}

impl Melody {
    /// Composes a tihai that begins after a wait of some quarters and lands on a sam not far away, within `room` quarters;
    /// how many quarters to wait before it. Without one the phrase is empty.
    pub(super) fn compose_tihai(
        &mut self,
        raga: &Raga,
        style: &Style,
        place: Place<'_>,
        direction: Direction,
        home: Option<Note>,
        room: u16,
    ) -> Option<u16> {
        self.stop();
        let cycle = place.cycle();
        let unit = (QUARTERS / place.most_a_matra()).max(1);
        let longest = (3 * unit).max(2 * QUARTERS);
        let most = room.min(place.quarters(LONGEST_TIHAI_S));
        // The sam that ends this cycle, or one after it where a cycle is short.
        let sams = (1..=3).map(|nth| nth * cycle - place.quarter).filter(|distance| *distance <= most);
        let brief = self.brief(raga, register(style, direction.hands), 0, &style.manner);
        for distance in sams {
            let waits = 1..=2 * QUARTERS;
            let Some(shape) = Shape::draw(&mut self.rng, distance, waits, unit, longest) else { continue };
            if tihai::compose(&mut self.phrase, raga, &mut self.rng, brief, shape, home) {
                self.phrase.start = (place.quarter + shape.wait) % cycle;
                self.begin(direction);
                return Some(shape.wait);
            }
            self.stop();
        }
        None
    }

    /// Makes up a phrase that is over after so many quarters at most, rest included; how many quarters to wait before it.
    /// Where there is no room for one the phrase stays empty and all of them are waited for.
    pub(super) fn make_up(
        &mut self,
        raga: &Raga,
        style: &Style,
        place: Place<'_>,
        direction: Direction,
        most: u16,
    ) -> u16 {
        let manner = &style.manner;
        self.stop();
        let breath = place.quarters(0.16).max(1);
        let rest = ((f32::from(most) * manner.rest * self.rng.between(0.6, 1.2)) as u16).max(breath);
        let on_matra = |quarter: u16| (QUARTERS - quarter % QUARTERS) % QUARTERS;
        let wait = (rest / 2).max(breath);
        let wait = wait + on_matra(place.quarter + wait);
        let left = most.saturating_sub(wait + breath);
        if f32::from(left) / f32::from(QUARTERS) * place.matra_s < SHORTEST_STRETCH_S || left < 2 * QUARTERS {
            return most;
        }
        let density = style.density.at(direction.drive);
        let runs = self.rng.chance(manner.runs * direction.drive);
        let seconds = manner.phrase_s * self.rng.between(0.75, 1.3) * if runs { 0.8 } else { 1.0 };
        let last = if place.matra_s > 0.9 { QUARTERS } else { QUARTERS * (1 + self.rng.below(2) as u16) };
        let last = last.max(place.quarters(0.5)).max(place.quarters(0.22 * manner.long_s)).min(left / 2);
        let stretch = place.quarters(seconds).min(left - last).max(QUARTERS) / QUARTERS * QUARTERS;
        let matras = f32::from(stretch / QUARTERS);
        let notes = if runs { matras * f32::from(place.most_a_matra()) } else { matras * place.matra_s * density };
        let brief = self.brief(raga, register(style, direction.hands), (notes as usize).clamp(2, 60), manner);
        let least_glides = if runs { 0 } else { (GLIDES_A_SECOND * manner.glides * seconds).round() as usize };
        let brief = Brief { runs: if runs { 1.0 } else { manner.runs }, least_glides, ..brief };
        let answer = self.may_answer(3);
        self.line(raga, brief, answer);
        let longest = place.quarters(manner.long_s).max(QUARTERS);
        let room = Room { quarters: stretch.max(QUARTERS), last, most_a_matra: place.most_a_matra(), longest };
        let gait = self.gait.clone();
        rhythm::on_grid(&mut self.phrase, raga, room, &gait, &mut self.rng);
        self.mark_glides(raga, manner.glides * (0.6 + 0.8 * direction.openness()));
        self.repeat_some(manner.repeats);
        self.strike_again(style, (place.matra_s * 1e6 / f32::from(QUARTERS)) as u64);
        self.phrase.start = (place.quarter + wait) % place.cycle();
        self.begin(direction);
        wait
    }

    /// A gat begins: one of the raga's compositions in the tala, or a mukhda made up for it.
    pub(super) fn begin_gat(
        &mut self,
        gat: &mut Gat,
        raga: &Raga,
        style: &Style,
        tala: &Tala,
        matra_s: f32,
        direction: Direction,
    ) {
        self.stop();
        let fitting = || raga.compositions.iter().enumerate().filter(|(_, composition)| composition.fits(tala));
        let chosen = self.rng.below(fitting().count());
        let chosen = fitting().nth(chosen);
        (gat.rounds, gat.antara, gat.to_antara) = (0, 0, 4 + self.rng.below(3) as u32);
        gat.composition = chosen.map(|(index, _)| index);
        if let Some((_, composition)) = chosen {
            gat.start = composition.start_quarter();
            gat.home = composition.sam_note(tala.matras());
            return;
        }
        let matras = tala.matras();
        let from = (u16::from(matras) * 5 / 8).max(u16::from(matras).saturating_sub(8)).min(u16::from(matras) - 1);
        gat.start = from * QUARTERS;
        let place = Place { meter: tala.meter(), quarter: gat.start, matra_s };
        let notes = f32::from(u16::from(matras) - from) * matra_s * style.density.at(0.4);
        let brief = self.brief(raga, register(style, direction.hands), (notes as usize).clamp(3, 24), &style.manner);
        self.line(raga, Brief { to_sam: true, ..brief }, false);
        let quarters = place.cycle() - gat.start;
        let most_a_matra = place.most_a_matra().min(2);
        let room = Room { quarters, last: 2 * QUARTERS, most_a_matra, longest: 2 * QUARTERS };
        let gait = self.gait.clone();
        rhythm::on_grid(&mut self.phrase, raga, room, &gait, &mut self.rng);
        self.mark_glides(raga, style.manner.glides);
        self.phrase.kind = Kind::Fixed;
        gat.home = self.phrase.line.last();
        gat.made_up.clone_from(&self.phrase);
        self.stop();
    }

    /// The mukhda, to the note on sam; quarters to wait before its first note.
    pub(super) fn recall_mukhda(&mut self, gat: &Gat, raga: &Raga, matras: u8, direction: Direction) -> u16 {
        let wait = match gat.composition.and_then(|index| raga.compositions.get(index)) {
            Some(composition) => self.write_mukhda(composition, matras),
            None => {
                self.phrase.clone_from(&gat.made_up);
                0
            }
        };
        self.phrase.start = gat.start;
        self.begin(direction);
        wait
    }

    /// A round begins where the mukhda does: the mukhda and what is made up after it, a whole line, the antara, or now and
    /// then something else altogether. Quarters to wait before the first note.
    pub(super) fn begin_round(
        &mut self,
        gat: &mut Gat,
        raga: &Raga,
        style: &Style,
        tala: &Tala,
        direction: Direction,
        place: Place<'_>,
    ) -> u16 {
        gat.rounds += 1;
        let [away, whole] = [0; 2].map(|_| self.rng.unit());
        // A short cycle leaves no room beside the mukhda: whole ones are made up instead.
        let short = f32::from(place.cycle() / QUARTERS) * place.matra_s < SHORT_CYCLE_S;
        if gat.rounds > 3 && away < if short { 0.2 } else { 0.07 } {
            let cycles = if short { 1 + self.rng.below(2) as u16 } else { 1 };
            return self.make_up(raga, style, place, direction, cycles * place.cycle());
        }
        let composition = gat.composition.and_then(|index| raga.compositions.get(index));
        if let Some(composition) = composition {
            let avartans = |matras: usize| matras / usize::from(tala.matras()).max(1);
            gat.to_antara = gat.to_antara.saturating_sub(1);
            if gat.to_antara == 0 && !composition.antara.is_empty() {
                let line = &composition.antara[gat.antara % composition.antara.len()];
                gat.antara += 1;
                gat.to_antara = if gat.antara.is_multiple_of(composition.antara.len()) { 12 } else { 3 };
                return self.fixed_line(line, gat, direction);
            }
            let number = if gat.rounds.is_multiple_of(3) { gat.rounds as usize / 3 } else { 0 };
            let line = &composition.sthayi[number % composition.sthayi.len()];
            let likely = 0.45 / avartans(line.matras()).max(1) as f32;
            if gat.rounds <= 2 || whole < likely {
                let line = if gat.rounds <= 2 { &composition.sthayi[0] } else { line };
                return self.fixed_line(line, gat, direction);
            }
        }
        self.recall_mukhda(gat, raga, tala.matras(), direction)
    }

    fn fixed_line(&mut self, line: &GridLine, gat: &Gat, direction: Direction) -> u16 {
        let wait = self.write_line(line);
        self.phrase.start = gat.start;
        self.begin(direction);
        wait
    }
}
