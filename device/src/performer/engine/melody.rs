//! The melody: which phrase comes next and when its notes are struck.

use super::compose::{Brief, Composer};
use super::phrase::Phrase;
use super::rhythm::{self, Gait, LONGEST_MS, QUARTERS, Room};
use crate::performer::map::Style;
use crate::performer::raga::Raga;
use crate::performer::rng::Rng;
use crate::performer::swara::Note;
use crate::performer::tala::Tala;

/// Shortest note, in seconds; a matra is divided no further.
const SHORTEST_S: f32 = 0.095;
/// Phrases an alap takes to open its whole register.
const UNFOLDING: f32 = 8.0;

/// What the melody remembers and is about to say.
#[derive(Debug, Clone)]
pub struct Melody {
    /// The phrase being played.
    pub phrase: Phrase,
    /// Number of its note that comes next; the phrase's length when it has ended.
    pub at: usize,
    /// The note it rested on last.
    pub rested_on: Option<Note>,
    rng: Rng,
    last_phrase: usize,
    /// Phrases said since the raga began.
    said: u32,
    gait: Gait,
    /// The gat's own phrase that leads to sam, said again and again.
    mukhda: Option<Phrase>,
}

impl Melody {
    /// A melody that has said nothing.
    pub fn new(seed: u64) -> Self {
        Self {
            phrase: Phrase::default(),
            at: 0,
            rested_on: None,
            rng: Rng::new(seed),
            last_phrase: usize::MAX,
            said: 0,
            gait: Gait::default(),
            mukhda: None,
        }
    }

    /// A raga begins: nothing said in the one before counts, but the note it rested on.
    pub fn begin_raga(&mut self) {
        self.last_phrase = usize::MAX;
        self.said = 0;
        self.mukhda = None;
        self.gait = Gait::draw(&mut self.rng);
        self.stop();
    }

    /// The phrase is over.
    pub fn stop(&mut self) {
        self.phrase.line.clear();
        self.at = 0;
    }

    /// Whether no note of the phrase is left.
    pub fn is_over(&self) -> bool {
        self.at >= self.phrase.line.len()
    }

    /// The melody's chance.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// Composes a phrase in free time. The register opens from around Sa, phrase by phrase.
    pub fn compose_free(&mut self, raga: &Raga, style: &Style, intensity: f32) {
        let (low, high) = style.register;
        // The opening phrase may reach anywhere: it names the raga.
        let open = if self.said == 0 { 1.0 } else { (self.said as f32 / UNFOLDING).min(1.0) };
        let narrow = i32::from(low.step()) + 13 + (open * f32::from(high.step() - low.step() - 12)) as i32;
        let high = Note::from_step(narrow.min(i32::from(high.step()))).unwrap_or(high);
        let density = style.density.at(intensity);
        let seconds = self.rng.between(2.2, 4.2);
        let count = ((seconds * density * 0.8) as usize).clamp(3, 14);
        let brief = self.brief(low, high, count, style);
        if self.said >= 2 && self.rng.chance(0.25) && self.phrase.line.len() > 2 {
            self.composer(raga, brief).answer_last();
        } else {
            self.composer(raga, brief).compose();
        }
        rhythm::free(&mut self.phrase, raga, density, &mut self.rng);
        self.begin();
    }

    /// Composes or recalls a phrase for the tala from a quarter of the cycle on; how many quarters to wait before it.
    pub fn compose_on_grid(
        &mut self,
        raga: &Raga,
        style: &Style,
        tala: &Tala,
        quarter: u16,
        matra_s: f32,
        intensity: f32,
    ) -> u16 {
        let cycle = u16::from(tala.matras()) * QUARTERS;
        let start = quarter.next_multiple_of(QUARTERS);
        let wait = start - quarter;
        let start = start % cycle;
        if let Some(more) = self.recall(start, cycle, raga, style, intensity) {
            return wait + more;
        }
        let density = style.density.at(intensity);
        let seconds = self.rng.between(2.0, 4.6);
        let brief = self.brief(style.register.0, style.register.1, ((seconds * density) as usize).clamp(3, 28), style);
        let brief = Brief { to_sam: self.rng.chance(0.6), ..brief };
        if self.rng.chance(0.25) && self.phrase.line.len() > 3 {
            self.composer(raga, brief).answer_last();
        } else {
            self.composer(raga, brief).compose();
        }
        let matras = self.phrase.line.len().saturating_sub(1) as f32 / density / matra_s;
        let landing = landing(&mut self.rng, tala, start, matras.max(1.0), brief.to_sam);
        let room = room(&mut self.rng, landing.quarters, matra_s);
        rhythm::on_grid(&mut self.phrase, raga, room, &self.gait, &mut self.rng);
        self.phrase.start = start;
        if landing.on_sam && self.mukhda.is_none() && self.phrase.line.len() > 3 {
            self.mukhda = Some(self.phrase.clone());
        }
        self.begin();
        wait
    }

    /// The gat's own phrase, if it is its turn and its place in the cycle is not far: quarters to wait for it.
    fn recall(&mut self, start: u16, cycle: u16, raga: &Raga, style: &Style, intensity: f32) -> Option<u16> {
        let mukhda = self.mukhda.as_ref()?;
        let wait = (mukhda.start + cycle - start) % cycle;
        if wait > 2 * QUARTERS || !self.rng.chance(0.55) {
            return None;
        }
        self.phrase.clone_from(mukhda);
        let brief = self.brief(style.register.0, style.register.1, self.phrase.line.len(), style);
        // Said again, it is varied: a long note is divided by its neighbour.
        for _ in 0..2 {
            let at = self.rng.below(self.phrase.line.len());
            let length = self.phrase.lengths[at];
            let last = at + 1 == self.phrase.line.len();
            if !last && length >= QUARTERS && length.is_multiple_of(2) && self.rng.chance(0.2 + 0.5 * intensity) {
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

    fn begin(&mut self) {
        self.at = 0;
        self.said += 1;
    }

    fn brief(&self, low: Note, high: Note, count: usize, style: &Style) -> Brief {
        let runs = ((style.density.full - 3.0) / 8.0).clamp(0.0, 0.5);
        Brief { low, high, from: self.rested_on, count, to_sam: false, opening: self.said == 0, runs }
    }

    fn composer<'a>(&'a mut self, raga: &'a Raga, brief: Brief) -> Saying<'a> {
        let Self { phrase, rng, last_phrase, .. } = self;
        Saying { phrase, composer: Composer { raga, rng, brief, last_phrase } }
    }
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
fn landing(rng: &mut Rng, tala: &Tala, start: u16, matras: f32, to_sam: bool) -> Landing {
    const FAR: usize = 48;
    let cycle = tala.matras();
    let from = (start / QUARTERS) as u8;
    let mut weights = [0.0; FAR];
    for (away, weight) in (1_u8..).zip(&mut weights) {
        let matra = (from + away) % cycle;
        if tala.is_start(matra) {
            let off = (f32::from(away) / matras).ln();
            let strong = if matra == 0 && to_sam { 4.0 } else { 1.0 };
            // Steep, so that a line is not drawn out over many cycles.
            *weight = strong * (-8.0 * off * off).exp();
        }
    }
    let away = 1 + rng.weighted(&weights).unwrap_or(0) as u8;
    Landing { quarters: u16::from(away) * QUARTERS, on_sam: (from + away).is_multiple_of(cycle) }
}

fn room(rng: &mut Rng, quarters: u16, matra_s: f32) -> Room {
    let most = (matra_s / SHORTEST_S) as u16;
    let most_a_matra = if most >= 4 { 4 } else { most.clamp(1, 2) };
    let longest = (f32::from(LONGEST_MS) / 1000.0 / matra_s * f32::from(QUARTERS)) as u16;
    let last = if matra_s > 1.0 { QUARTERS } else { QUARTERS * (1 + rng.below(2) as u16) };
    let at_least = (0.5 / matra_s * f32::from(QUARTERS)) as u16;
    Room { quarters, last: last.max(at_least).min(longest.max(1)), most_a_matra, longest: longest.max(QUARTERS) }
}
