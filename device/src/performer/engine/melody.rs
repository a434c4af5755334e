//! The melody: what it remembers, and the phrase it is about to say.

use super::compose::{Brief, Composer, members};
use super::meend;
use super::phrase::{Kind, MOST_NOTES, Phrase};
use super::rhythm::Gait;
use super::stroke::PLUCKED_NOTE_US;
use crate::performer::hands::Hands;
use crate::performer::manner::{Manner, sustains};
use crate::performer::map::Style;
use crate::performer::raga::Raga;
use crate::performer::rng::Rng;
use crate::performer::swara::{Note, Swara};

const OCTAVE: i8 = 12;
/// A raga is taken to have been played in its own shares for so long before it begins, in seconds.
const FAMILIAR_S: f32 = 12.0;

/// What the melody is to follow.
#[derive(Debug, Clone, Copy)]
pub struct Direction {
    /// How strongly the music is driven, 0–1.
    pub drive: f32,
    /// The performer's hands, if they are seen.
    pub hands: Option<Hands>,
}

impl Direction {
    /// How open the hands are; half, if none are seen.
    pub fn openness(&self) -> f32 {
        self.hands.map_or(0.5, |hands| hands.openness)
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
    /// Phrases said since the raga began.
    pub said: u32,
    /// How the gat divides its matras.
    pub gait: Gait,
    /// How strongly the music was driven when the phrase was made.
    pub drive: f32,
    pub(super) rng: Rng,
    pub(super) last_phrase: usize,
    /// The swaras that the raga before had, a bit each.
    before: u16,
    /// Seconds that each swara has had since the raga began.
    spent_s: [f32; 12],
}

impl Melody {
    /// A melody that has said nothing.
    pub fn new(seed: u64) -> Self {
        Self {
            phrase: Phrase::default(),
            at: 0,
            rested_on: None,
            said: 0,
            gait: Gait::default(),
            drive: 0.0,
            rng: Rng::new(seed),
            last_phrase: usize::MAX,
            before: 0,
            spent_s: [0.0; 12],
        }
    }

    /// A raga begins after another: nothing said in the one before counts, but the note it rested on.
    pub fn begin_raga(&mut self, before: Option<&Raga>, manner: &Manner) {
        let bit = |raga: &Raga, swara: Swara| u16::from(raga.has(swara)) << swara as u16;
        self.before = before.map_or(0, |raga| Swara::ALL.iter().map(|swara| bit(raga, *swara)).sum());
        self.last_phrase = usize::MAX;
        self.said = 0;
        self.spent_s = [0.0; 12];
        self.gait = Gait::draw(&mut self.rng, manner.dotted);
        self.stop();
    }

    /// The phrase is over.
    pub fn stop(&mut self) {
        self.phrase.clear();
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

    /// Whether the next phrase takes up the last one.
    pub(super) fn may_answer(&mut self, notes: usize) -> bool {
        let can = self.said >= 2 && self.phrase.line.len() > notes && self.phrase.kind == Kind::Free;
        can && self.rng.chance(0.25)
    }

    /// The melody gives a swara some time.
    pub(super) fn spend(&mut self, swara: Swara, us: u64) {
        self.spent_s[swara as usize] += us as f32 / 1e6;
    }

    /// How much each swara is wanted: by the share that the raga gives it, and by what it has had of the time.
    pub(super) fn needs(&self, raga: &Raga) -> [f32; 12] {
        let total: f32 = self.spent_s.iter().sum();
        let count = Swara::ALL.into_iter().filter(|swara| raga.has(*swara)).count() as f32;
        Swara::ALL.map(|swara| {
            let share = raga.share(swara);
            let had = (self.spent_s[swara as usize] + FAMILIAR_S * share) / (total + FAMILIAR_S);
            let balance = if had > 0.0 { share / had } else { 1.0 };
            (share * count).clamp(0.05, 4.0).powf(0.5) * balance.clamp(0.2, 4.0)
        })
    }

    /// A note of the raga before that is also this one's, to begin on: the one nearest to where the melody stands.
    pub(super) fn bridge(&self, raga: &Raga, low: Note, high: Note) -> Option<Note> {
        let from = self.rested_on.filter(|_| self.said == 0)?;
        let common = |note: &Note| self.before & (1 << note.swara() as u16) != 0;
        let shy = |note: &Note| raga.touch.contains(&note.swara()) || raga.sparing.contains(&note.swara());
        // A note that the new raga would rather hide only if there is no other.
        let distance = |note: &Note| (shy(note), note.step().abs_diff(from.step()));
        members(raga, low, high).filter(common).min_by_key(distance)
    }

    /// The phrase is ready.
    pub(super) fn begin(&mut self, direction: Direction) {
        self.at = 0;
        self.said += 1;
        self.drive = direction.drive;
    }

    pub(super) fn brief(&self, raga: &Raga, (low, high): (Note, Note), count: usize, manner: &Manner) -> Brief {
        Brief {
            low,
            high,
            from: self.rested_on,
            count,
            to_sam: false,
            opening: false,
            runs: manner.runs,
            leaps: manner.leaps,
            glides: manner.glides,
            least_glides: 0,
            needs: self.needs(raga),
            strict: false,
            bridge: None,
        }
    }

    /// Composes the phrase's line, or answers the last one.
    pub(super) fn line(&mut self, raga: &Raga, brief: Brief, answer: bool) {
        let Self { phrase, rng, last_phrase, .. } = self;
        let mut composer = Composer { raga, rng, brief, last_phrase };
        if answer {
            composer.answer(&mut phrase.line);
        } else {
            composer.line(&mut phrase.line);
        }
        phrase.plain();
        phrase.kind = Kind::Free;
    }

    /// Marks what is reached by a glide.
    pub(super) fn mark_glides(&mut self, raga: &Raga, likely: f32) {
        let Phrase { line, slid, .. } = &mut self.phrase;
        slid.fill(false);
        meend::mark(line.notes(), slid, raga, likely, &mut self.rng);
    }

    /// Strikes again what stands longer than the program sounds; `unit_us` is the unit of the phrase's lengths.
    pub(super) fn strike_again(&mut self, style: &Style, unit_us: u64) {
        if sustains(style.program) {
            return;
        }
        let most = (PLUCKED_NOTE_US / unit_us.max(1)).max(1) as u16;
        let mut at = 0;
        while at < self.phrase.line.len() {
            if self.phrase.lengths[at] > most && !self.divide(at, most) {
                return;
            }
            at += 1;
        }
    }

    /// Notes are struck twice instead of held, now and then.
    pub(super) fn repeat_some(&mut self, likely: f32) {
        let mut at = 0;
        while at < self.phrase.line.len() {
            let (length, slid) = (self.phrase.lengths[at], self.phrase.slid[at]);
            let glides = self.phrase.slid.get(at + 1).copied().unwrap_or(false);
            let last = at + 1 == self.phrase.line.len();
            if self.rng.chance(likely) && length >= 2 && length.is_multiple_of(2) && !slid && !glides && !last {
                self.divide(at, length / 2);
                at += 1;
            }
            at += 1;
        }
    }

    /// Divides a note in two strokes, the first so long; false if the phrase has no room for another.
    pub(super) fn divide(&mut self, at: usize, first: u16) -> bool {
        let len = self.phrase.line.len();
        let Some(&note) = self.phrase.line.notes().get(at).filter(|_| len < MOST_NOTES) else { return false };
        let phrase = &mut self.phrase;
        let rest = phrase.lengths[at].saturating_sub(first);
        phrase.line.insert(at, note);
        phrase.lengths.copy_within(at..len, at + 1);
        phrase.sounds.copy_within(at..len, at + 1);
        phrase.slid.copy_within(at..len, at + 1);
        phrase.kans.copy_within(at..len, at + 1);
        (phrase.lengths[at], phrase.lengths[at + 1]) = (first, rest);
        (phrase.sounds[at], phrase.sounds[at + 1]) = (0, phrase.sounds[at].saturating_sub(first));
        (phrase.slid[at + 1], phrase.kans[at + 1]) = (false, None);
        true
    }
}

/// A style's register, or the part of it that hands held high or low ask for: an octave at least.
pub fn register(style: &Style, hands: Option<Hands>) -> (Note, Note) {
    let (low, high) = style.register;
    let Some(Hands { height, .. }) = hands else { return (low, high) };
    let room = f32::from((high.step() - low.step() - OCTAVE).max(0));
    // In the middle the whole register is open; towards the ends it closes from the other side.
    let up = (room * (2.0 * height - 1.0).clamp(0.0, 1.0)) as i32;
    let down = (room * (1.0 - 2.0 * height).clamp(0.0, 1.0)) as i32;
    let note = |step: i32, otherwise: Note| Note::from_step(step).unwrap_or(otherwise);
    (note(i32::from(low.step()) + up, low), note(i32::from(high.step()) - down, high))
}
