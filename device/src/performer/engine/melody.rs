//! The melody: which phrase comes next and when its notes are struck.

use super::compose::{Brief, Composer, members};
use super::phrase::{MOST_NOTES, Phrase};
use super::rhythm::{self, Gait, LONGEST_MS, QUARTERS, Room};
use super::tihai::{self, Shape};
use crate::performer::hands::Hands;
use crate::performer::map::Style;
use crate::performer::raga::Raga;
use crate::performer::rng::Rng;
use crate::performer::swara::{Note, Swara};
use crate::performer::tala::Meter;

/// Shortest note, in seconds; a matra is divided no further.
const SHORTEST_S: f32 = 0.095;
const OCTAVE: i8 = 12;
/// Longest tihai, in seconds.
const LONGEST_TIHAI_S: f32 = 9.0;

/// What the melody is to follow.
#[derive(Debug, Clone, Copy)]
pub struct Direction {
    /// How strongly the music is driven, 0–1.
    pub drive: f32,
    /// The performer's hands, if they are seen.
    pub hands: Option<Hands>,
}

/// Where in the pulse a phrase is to begin.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The matras of a cycle.
    pub meter: Meter<'a>,
    /// Quarter matra of the cycle.
    pub quarter: u16,
    /// Length of a matra in seconds.
    pub matra_s: f32,
    /// Whether a theka is played.
    pub in_gat: bool,
}

impl Place<'_> {
    fn cycle(&self) -> u16 {
        u16::from(self.meter.matras) * QUARTERS
    }

    /// The next matra as a quarter, and how many quarters to wait for it.
    fn next_matra(&self) -> (u16, u16) {
        let start = self.quarter.next_multiple_of(QUARTERS);
        (start % self.cycle(), start - self.quarter)
    }

    /// Most notes a matra takes: 1, 2 or 4.
    fn most_a_matra(&self) -> u16 {
        match (self.matra_s / SHORTEST_S) as u16 {
            4.. => 4,
            most => most.clamp(1, 2),
        }
    }

    /// Most quarters a note lasts.
    fn longest(&self) -> u16 {
        ((f32::from(LONGEST_MS) / 1000.0 / self.matra_s * f32::from(QUARTERS)) as u16).max(1)
    }
}

/// What the melody remembers and is about to say.
#[derive(Debug, Clone)]
pub struct Melody {
    /// The phrase being played.
    pub phrase: Phrase,
    /// Number of its note that comes next; the phrase's length when it has ended.
    pub at: usize,
    /// The note it rested on last.
    pub rested_on: Option<Note>,
    /// When it last struck a note.
    pub struck_us: Option<u64>,
    rng: Rng,
    last_phrase: usize,
    /// Phrases said since the raga began.
    said: u32,
    gait: Gait,
    /// The gat's own phrase that leads to sam, said again and again.
    mukhda: Option<Phrase>,
    /// The swaras that the raga before had, a bit each.
    before: u16,
    /// Sams until the next tihai.
    sams_to_tihai: u32,
}

impl Melody {
    /// A melody that has said nothing.
    pub fn new(seed: u64) -> Self {
        Self {
            phrase: Phrase::default(),
            at: 0,
            rested_on: None,
            struck_us: None,
            rng: Rng::new(seed),
            last_phrase: usize::MAX,
            said: 0,
            gait: Gait::default(),
            mukhda: None,
            before: 0,
            sams_to_tihai: 0,
        }
    }

    /// A raga begins after another: nothing said in the one before counts, but the note it rested on.
    pub fn begin_raga(&mut self, before: Option<&Raga>) {
        let bit = |raga: &Raga, swara: Swara| u16::from(raga.has(swara)) << swara as u16;
        self.before = before.map_or(0, |raga| Swara::ALL.iter().map(|swara| bit(raga, *swara)).sum());
        self.last_phrase = usize::MAX;
        self.said = 0;
        self.mukhda = None;
        self.gait = Gait::draw(&mut self.rng);
        self.stop();
    }

    /// A gat begins.
    pub fn begin_gat(&mut self) {
        self.sams_to_tihai = self.sams_between_tihais();
        self.stop();
    }

    /// The phrase is over.
    pub fn stop(&mut self) {
        self.phrase.line.clear();
        self.phrase.tihai = false;
        self.at = 0;
    }

    /// Whether no note of the phrase is left.
    pub fn is_over(&self) -> bool {
        self.at >= self.phrase.line.len()
    }

    /// The phrase's next note has been struck.
    pub fn strike(&mut self, now_us: u64, note: Note) {
        self.rested_on = Some(note);
        self.struck_us = Some(now_us);
        self.at += 1;
    }

    /// A cycle of the tala begins.
    pub fn hear_sam(&mut self) {
        self.sams_to_tihai = self.sams_to_tihai.saturating_sub(1);
    }

    /// The melody's chance.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    fn sams_between_tihais(&mut self) -> u32 {
        3 + self.rng.below(4) as u32
    }

    /// Composes a phrase in free time. An alap opens the register part by part, from around Sa.
    pub fn compose_free(&mut self, raga: &Raga, style: &Style, direction: Direction) {
        let (low, high) = unfolded(register(style, direction.hands), self.said);
        let density = style.density.at(direction.drive);
        let seconds = self.rng.between(2.2, 4.2);
        let count = ((seconds * density * 0.8) as usize).clamp(3, 14);
        let brief = self.brief(low, high, count, style);
        let brief = Brief { bridge: self.bridge(raga, low, high), ..brief };
        if self.may_answer(2) {
            self.composer(raga, brief).answer_last();
        } else {
            self.composer(raga, brief).compose();
        }
        rhythm::free(&mut self.phrase, raga, density, &mut self.rng);
        self.begin();
    }

    /// Composes or recalls a phrase for the pulse; how many quarters to wait before it.
    pub fn compose_on_grid(&mut self, raga: &Raga, style: &Style, place: Place<'_>, direction: Direction) -> u16 {
        if place.in_gat
            && self.sams_to_tihai == 0
            && let Some(wait) = self.compose_tihai(raga, style, place, direction, 0, u16::MAX)
        {
            return wait;
        }
        let (start, wait) = place.next_matra();
        if place.in_gat
            && let Some(more) = self.recall(start, place.cycle(), raga, style, direction)
        {
            return wait + more;
        }
        let (low, high) = register(style, direction.hands);
        let density = style.density.at(direction.drive);
        let seconds = self.rng.between(2.0, 4.6);
        let brief = self.brief(low, high, ((seconds * density) as usize).clamp(3, 28), style);
        let brief = Brief { to_sam: self.rng.chance(0.6), ..brief };
        if self.may_answer(3) {
            self.composer(raga, brief).answer_last();
        } else {
            self.composer(raga, brief).compose();
        }
        let matras = self.phrase.line.len().saturating_sub(1) as f32 / density / place.matra_s;
        let landing = landing(&mut self.rng, place.meter, start, matras.max(1.0), brief.to_sam);
        let room = room(&mut self.rng, landing.quarters, place);
        rhythm::on_grid(&mut self.phrase, raga, room, &self.gait, &mut self.rng);
        self.phrase.start = start;
        if place.in_gat && landing.on_sam && self.mukhda.is_none() && self.phrase.line.len() > 3 {
            self.mukhda = Some(self.phrase.clone());
        }
        self.begin();
        wait
    }

    /// Composes a tihai that begins after a breath of some quarters and lands on a sam not far away, within `room`
    /// quarters; how many quarters to wait before it. Without one the phrase is empty.
    pub fn compose_tihai(
        &mut self,
        raga: &Raga,
        style: &Style,
        place: Place<'_>,
        direction: Direction,
        breath: u16,
        room: u16,
    ) -> Option<u16> {
        self.stop();
        let cycle = place.cycle();
        let unit = (QUARTERS / place.most_a_matra()).max(1);
        let longest = place.longest().min(2 * QUARTERS);
        let waits = breath..=breath + 2 * QUARTERS;
        let most = room.saturating_sub(longest.max(QUARTERS)).min(most_quarters(place.matra_s));
        // The sam that ends this cycle, or one after it where a cycle is short.
        let sams = (1..=3).map(|nth| nth * cycle - place.quarter).filter(|distance| *distance <= most);
        let (low, high) = register(style, direction.hands);
        let brief = self.brief(low, high, 0, style);
        for distance in sams {
            let Some(shape) = Shape::draw(&mut self.rng, distance, waits.clone(), unit, longest) else { continue };
            if tihai::compose(&mut self.phrase, raga, &mut self.rng, brief, shape) {
                self.sams_to_tihai = self.sams_between_tihais();
                self.phrase.start = (place.quarter + shape.wait) % cycle;
                self.begin();
                return Some(shape.wait);
            }
            self.stop();
        }
        None
    }

    /// The gat's own phrase, if it is its turn and its place in the cycle is not far: quarters to wait for it.
    fn recall(&mut self, start: u16, cycle: u16, raga: &Raga, style: &Style, direction: Direction) -> Option<u16> {
        let mukhda = self.mukhda.as_ref()?;
        let wait = (mukhda.start + cycle - start) % cycle;
        if wait > 2 * QUARTERS || !self.rng.chance(0.55) {
            return None;
        }
        self.phrase.clone_from(mukhda);
        let (low, high) = style.register;
        let brief = self.brief(low, high, self.phrase.line.len(), style);
        // Said again, it is varied: a long note is divided by its neighbour.
        for _ in 0..2 {
            let at = self.rng.below(self.phrase.line.len());
            let length = self.phrase.lengths[at];
            let last = at + 1 == self.phrase.line.len();
            let varies = self.rng.chance(0.2 + 0.5 * direction.drive);
            if !last && length >= QUARTERS && length.is_multiple_of(2) && varies {
                let mut line = self.phrase.line.clone();
                if self.composer(raga, brief).ornament(&mut line, at) {
                    self.phrase.line = line;
                    self.phrase.lengths[at..].rotate_right(1);
                    self.phrase.lengths[at] = length / 2;
                    self.phrase.lengths[at + 1] = length / 2;
                }
            }
        }
        self.begin();
        Some(wait)
    }

    /// Whether the next phrase takes up the last one.
    fn may_answer(&mut self, notes: usize) -> bool {
        let can = self.said >= 2 && self.phrase.line.len() > notes && !self.phrase.tihai;
        let answers = can && self.rng.chance(0.25);
        self.phrase.tihai = false;
        answers
    }

    /// A note of the raga before that is also this one's, to begin on: the one nearest to where the melody stands.
    fn bridge(&self, raga: &Raga, low: Note, high: Note) -> Option<Note> {
        let from = self.rested_on.filter(|_| self.said == 0)?;
        let common = |note: &Note| self.before & (1 << note.swara() as u16) != 0;
        let shy = |note: &Note| raga.touch.contains(&note.swara()) || raga.sparing.contains(&note.swara());
        // A note that the new raga would rather hide only if there is no other.
        let distance = |note: &Note| (shy(note), note.step().abs_diff(from.step()));
        members(raga, low, high).filter(common).min_by_key(distance)
    }

    fn begin(&mut self) {
        self.at = 0;
        self.said += 1;
    }

    fn brief(&self, low: Note, high: Note, count: usize, style: &Style) -> Brief {
        let runs = ((style.density.full - 3.0) / 8.0).clamp(0.0, 0.5);
        let opening = self.said == 0;
        Brief { low, high, from: self.rested_on, count, to_sam: false, opening, runs, bridge: None }
    }

    fn composer<'a>(&'a mut self, raga: &'a Raga, brief: Brief) -> Saying<'a> {
        let Self { phrase, rng, last_phrase, .. } = self;
        Saying { phrase, composer: Composer { raga, rng, brief, last_phrase } }
    }
}

/// A style's register, or the part of it that hands held high or low ask for: an octave at least.
fn register(style: &Style, hands: Option<Hands>) -> (Note, Note) {
    let (low, high) = style.register;
    let Some(Hands { height, .. }) = hands else { return (low, high) };
    let room = f32::from((high.step() - low.step() - OCTAVE).max(0));
    // In the middle the whole register is open; towards the ends it closes from the other side.
    let up = (room * (2.0 * height - 1.0).clamp(0.0, 1.0)) as i32;
    let down = (room * (1.0 - 2.0 * height).clamp(0.0, 1.0)) as i32;
    let note = |step: i32, otherwise: Note| Note::from_step(step).unwrap_or(otherwise);
    (note(i32::from(low.step()) + up, low), note(i32::from(high.step()) - down, high))
}

/// The part of a register that an alap has opened after so many phrases: around Sa first, then below it, then up to
/// Pa, then to the upper Sa, then all of it. The opening phrase may reach anywhere: it names the raga.
fn unfolded((low, high): (Note, Note), said: u32) -> (Note, Note) {
    let (lowest, highest) = (i32::from(low.step()), i32::from(high.step()));
    let centre = lowest + (highest - lowest) * 2 / 5;
    let home = [-12, 0, 12].into_iter().min_by_key(|sa: &i32| (sa - centre).abs()).unwrap_or(0);
    let (from, to) = match said {
        1 | 2 => (home - 6, home + 6),
        3 | 4 => (home - 12, home + 4),
        5 | 6 => (home - 2, home + 9),
        7 | 8 => (home - 1, home + 13),
        _ => return (low, high),
    };
    // At least an octave, so that every raga has room to move.
    let from = from.clamp(lowest, (highest - i32::from(OCTAVE)).max(lowest));
    let to = to.clamp((from + i32::from(OCTAVE)).min(highest), highest);
    (Note::from_step(from).unwrap_or(low), Note::from_step(to).unwrap_or(high))
}

/// A composer at work on the melody's phrase.
struct Saying<'a> {
    phrase: &'a mut Phrase,
    composer: Composer<'a>,
}

impl Saying<'_> {
    fn compose(&mut self) {
        self.composer.line(&mut self.phrase.line);
    }

    fn answer_last(&mut self) {
        self.composer.answer(&mut self.phrase.line);
    }

    fn ornament(&mut self, line: &mut super::phrase::Line, at: usize) -> bool {
        self.composer.ornament(line, at)
    }
}

/// Where a phrase's last note falls.
struct Landing {
    quarters: u16,
    on_sam: bool,
}

/// Chooses the beginning of a vibhag, sam rather than another, about so many matras away.
fn landing(rng: &mut Rng, meter: Meter<'_>, start: u16, matras: f32, to_sam: bool) -> Landing {
    // What a line can be laid out over.
    const FAR: usize = MOST_NOTES / 2;
    let cycle = meter.matras;
    let from = (start / QUARTERS) as u8;
    let mut weights = [0.0; FAR];
    for (away, weight) in (1_u8..).zip(&mut weights) {
        let matra = (from + away) % cycle;
        if meter.starts.contains(&matra) {
            let off = (f32::from(away) / matras).ln();
            let strong = if matra == 0 && to_sam { 4.0 } else { 1.0 };
            // Steep, so that a line is not drawn out over many cycles.
            *weight = strong * (-8.0 * off * off).exp();
        }
    }
    let away = 1 + rng.weighted(&weights).unwrap_or(0) as u8;
    Landing { quarters: u16::from(away) * QUARTERS, on_sam: (from + away).is_multiple_of(cycle) }
}

fn room(rng: &mut Rng, quarters: u16, place: Place<'_>) -> Room {
    let (matra_s, longest) = (place.matra_s, place.longest());
    let last = if matra_s > 1.0 { QUARTERS } else { QUARTERS * (1 + rng.below(2) as u16) };
    let at_least = (0.5 / matra_s * f32::from(QUARTERS)) as u16;
    let last = last.max(at_least).min(longest);
    Room { quarters, last, most_a_matra: place.most_a_matra(), longest: longest.max(QUARTERS) }
}

/// Quarters of the longest tihai.
fn most_quarters(matra_s: f32) -> u16 {
    (LONGEST_TIHAI_S / matra_s * f32::from(QUARTERS)) as u16
}
