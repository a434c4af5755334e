//! Pitch between the keys: a note's shruti, its glides to other swaras (meend), its touch of a neighbour (kan), its slow
//! swing (andolan) and its shake (gamak), said as pitch bend.
//!
//! A glide is one struck note that travels. It leaves slowly, is fastest in the middle and settles slowly, as a string does
//! that is pulled by hand, and it is said so finely that no step is heard: while it runs the bend is looked at every
//! millisecond and sent before it would be more than [`STEP_CENTS`] behind.

use crate::performer::event::{Event, Voice};
use crate::performer::raga::{Raga, Swing};
use crate::performer::rng::Rng;
use crate::performer::swara::{HIGHEST, LOWEST, Note};

/// Largest step of a sounding note's bend, in cents.
const STEP_CENTS: f32 = 13.5;
/// A bend that moves less than this is not worth a message while it moves on.
const TOO_LITTLE_CENTS: f32 = 0.6;
/// A bend that moves slowly is sent at least this often.
const OFTEN_US: u64 = 10_000;
/// Time between two looks at a bend that glides or shakes, and at one that swings slowly.
const FINE_US: u64 = 1_000;
const COARSE_US: u64 = 10_000;
/// An andolan begins after its swara has stood this long and grows over as long again, in seconds.
const ANDOLAN_AFTER_S: f32 = 0.25;
/// How long before it is left a swara stands still again, in seconds.
const ANDOLAN_ENDS_S: f32 = 0.2;
/// How long a swara stands still before it is left by a glide, at the least.
const STILL_US: u64 = 60_000;
/// How long a kan is heard, and how long the way from it to its note takes, in microseconds.
const KAN_US: u64 = 45_000;
const KAN_WAY_US: u64 = 35_000;
/// Most swaras a note glides to.
pub const MOST_GLIDES: usize = 3;
/// Shortest and longest glide, in microseconds; a cent takes at least so many.
pub const SHORTEST_GLIDE_US: u64 = 172_000;
pub const LONGEST_GLIDE_US: u64 = 900_000;
const CENT_US: f32 = 350.0;
/// A swara stands at least so long before it is left by a glide.
pub const STANDS_US: u64 = 90_000;

/// A glide of a note: when it begins, how long it takes, where it leads.
#[derive(Debug, Clone, Copy)]
pub struct Glide {
    /// When it leaves, on the engine's clock.
    pub begins_us: u64,
    /// How long it takes.
    pub us: u64,
    /// Where it leads.
    pub to: Note,
}

/// Shortest time in which a glide of a width is played.
pub fn shortest_us(cents: f32) -> u64 {
    SHORTEST_GLIDE_US.max((cents.abs() * CENT_US) as u64)
}

/// What the hand does with a note besides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ornament {
    /// Nothing: the note and its own andolan.
    None,
    /// A touch of another note first (kan), so many cents off.
    Kan {
        /// Where it is, from the note.
        cents: f32,
    },
    /// A shake from the beginning to the end.
    Gamak(Swing),
}

/// A stretch of a note on one swara, and the glide that led to it.
#[derive(Debug, Clone, Copy)]
struct Stand {
    begins_us: u64,
    us: u64,
    /// From the key's tempered pitch.
    cents: f32,
    andolan: Option<Swing>,
    step: i8,
}

const NO_STAND: Stand = Stand { begins_us: 0, us: 0, cents: 0.0, andolan: None, step: 0 };

/// Pitch of one voice's note.
#[derive(Debug, Clone)]
pub struct Bend {
    voice: Voice,
    stands: [Stand; 1 + MOST_GLIDES],
    count: usize,
    ornament: Ornament,
    /// When the note ends, so that a swing comes to rest before.
    ends_us: u64,
    sent: i16,
    sent_us: u64,
    /// When it is to be looked at next.
    next_us: Option<u64>,
    /// Swaras whose arrival has been told.
    told: usize,
}

impl Bend {
    /// A voice that is not bent.
    pub const fn new(voice: Voice) -> Self {
        Self {
            voice,
            stands: [NO_STAND; 1 + MOST_GLIDES],
            count: 0,
            ornament: Ornament::None,
            ends_us: 0,
            sent: 0,
            sent_us: 0,
            next_us: None,
            told: 0,
        }
    }

    /// Its voice.
    pub const fn voice(&self) -> Voice {
        self.voice
    }

    /// What was sent last.
    pub const fn sent(&self) -> i16 {
        self.sent
    }

    /// When it is to be looked at next; `None` while it stands.
    pub const fn next_us(&self) -> Option<u64> {
        self.next_us
    }

    /// A note is about to be struck that ends at a time: its bend, to be sent before it.
    pub fn strike(
        &mut self,
        now_us: u64,
        ends_us: u64,
        raga: &Raga,
        note: Note,
        ornament: Ornament,
        out: &mut Vec<Event>,
    ) {
        let cents = raga.cents_off(note.swara());
        self.stands[0] =
            Stand { begins_us: now_us, us: 0, cents, andolan: raga.andolan(note.swara()), step: note.step() };
        (self.count, self.told) = (1, 1);
        (self.ornament, self.ends_us) = (ornament, ends_us);
        self.send(now_us, out);
        self.plan(now_us);
    }

    /// The note that is about to be struck glides on to another swara.
    pub fn glide(&mut self, raga: &Raga, glide: Glide) {
        let key = i32::from(self.stands[0].step);
        if let Some(stand) = self.stands.get_mut(self.count) {
            let cents = 100.0 * (i32::from(glide.to.step()) - key) as f32 + raga.cents_off(glide.to.swara());
            let (begins_us, us) = (glide.begins_us, glide.us.max(1));
            let andolan = raga.andolan(glide.to.swara());
            *stand = Stand { begins_us, us, cents, andolan, step: glide.to.step() };
            self.count += 1;
            self.plan(self.stands[0].begins_us);
        }
    }

    /// A note is about to be struck that keeps to its shruti, so many cents off its tempered pitch.
    pub fn hold(&mut self, now_us: u64, shruti_cents: f32, out: &mut Vec<Event>) {
        self.stands[0] = Stand { begins_us: now_us, cents: shruti_cents, ..NO_STAND };
        (self.count, self.told, self.ornament) = (1, 1, Ornament::None);
        self.send(now_us, out);
        self.next_us = None;
    }

    /// Whether a glide is under way.
    pub fn glides(&self, now_us: u64) -> bool {
        let at = self.at(now_us);
        at > 0 && now_us < self.stands[at].begins_us + self.stands[at].us
    }

    /// The note stays where it is: no further glide begins.
    pub fn stay(&mut self, now_us: u64, ends_us: u64) {
        self.count = self.count.min(self.at(now_us) + 1);
        self.ends_us = ends_us;
        self.plan(now_us);
    }

    /// The note has ended: the bend stays where it is.
    pub fn rest(&mut self) {
        self.next_us = None;
    }

    /// All sound is off: no bend is left behind.
    pub fn reset(&mut self, now_us: u64, out: &mut Vec<Event>) {
        (self.sent, self.next_us, self.count) = (0, None, 0);
        out.push(Event::bend(now_us, self.voice, 0));
    }

    /// Sends the bend of this moment if it is due. Gives the step of a swara that has just been reached.
    pub fn tick(&mut self, now_us: u64, out: &mut Vec<Event>) -> Option<i8> {
        let behind = |at_us: u64| self.in_cents(self.bend_at(at_us)) - self.in_cents(self.sent);
        let now = behind(now_us).abs();
        let settled = !self.moves(now_us);
        let waited = now_us.saturating_sub(self.sent_us) >= OFTEN_US;
        if now > 0.0 && (settled || behind(now_us + FINE_US).abs() > STEP_CENTS || (waited && now > TOO_LITTLE_CENTS)) {
            self.send(now_us, out);
        }
        self.plan(now_us);
        self.reached(now_us)
    }

    fn reached(&mut self, now_us: u64) -> Option<i8> {
        let next = self.stands[..self.count].get(self.told)?;
        (now_us >= next.begins_us + next.us).then(|| {
            self.told += 1;
            next.step
        })
    }

    fn send(&mut self, now_us: u64, out: &mut Vec<Event>) {
        let bend = self.bend_at(now_us);
        self.sent_us = now_us;
        if bend != self.sent {
            self.sent = bend;
            out.push(Event::bend(now_us, self.voice, bend));
        }
    }

    fn range_cents(&self) -> f32 {
        100.0 * f32::from(self.voice.bend_range())
    }

    fn bend_at(&self, now_us: u64) -> i16 {
        (self.cents(now_us) / self.range_cents() * 8192.0).round().clamp(-8192.0, 8191.0) as i16
    }

    fn in_cents(&self, bend: i16) -> f32 {
        f32::from(bend) / 8192.0 * self.range_cents()
    }

    /// Index of the stretch that a moment belongs to.
    fn at(&self, now_us: u64) -> usize {
        self.stands[..self.count].iter().rposition(|stand| now_us >= stand.begins_us).unwrap_or(0)
    }

    /// Whether the pitch glides, is touched or shakes now.
    fn moves(&self, now_us: u64) -> bool {
        let at = self.at(now_us);
        let stand = &self.stands[at];
        let glides = at > 0 && now_us < stand.begins_us + stand.us;
        let since_us = now_us.saturating_sub(self.stands[0].begins_us);
        glides
            || match self.ornament {
                Ornament::None => false,
                Ornament::Kan { .. } => since_us < KAN_US + KAN_WAY_US,
                Ornament::Gamak(_) => true,
            }
    }

    /// When the bend is to be looked at next.
    fn plan(&mut self, now_us: u64) {
        let at = self.at(now_us);
        let next = self.stands[..self.count].get(at + 1).map(|stand| stand.begins_us.max(now_us + 1));
        let step = if self.moves(now_us) {
            Some(now_us + FINE_US)
        } else if self.stands[at].andolan.is_some() && !matches!(self.ornament, Ornament::Gamak(_)) {
            Some(now_us + COARSE_US)
        } else {
            None
        };
        let settles = (self.told < self.count && step.is_none() && next.is_none()).then_some(now_us + 1);
        self.next_us = [step, next, settles].into_iter().flatten().min();
    }

    /// Cents from the key's tempered pitch.
    fn cents(&self, now_us: u64) -> f32 {
        let at = self.at(now_us);
        let stand = &self.stands[at];
        let cents = if at == 0 {
            stand.cents
        } else {
            let part = (now_us.saturating_sub(stand.begins_us) as f32 / stand.us as f32).min(1.0);
            let from = self.stands[at - 1].cents;
            from + (stand.cents - from) * slide(part)
        };
        cents + self.ornament_cents(now_us.saturating_sub(self.stands[0].begins_us)) + self.andolan_cents(at, now_us)
    }

    fn ornament_cents(&self, since_us: u64) -> f32 {
        match self.ornament {
            Ornament::None => 0.0,
            Ornament::Kan { cents } => {
                let part = since_us.saturating_sub(KAN_US) as f32 / KAN_WAY_US as f32;
                cents * (1.0 - slide(part.min(1.0)))
            }
            Ornament::Gamak(Swing { depth_cents, rate_hz }) => {
                depth_cents * (std::f32::consts::TAU * rate_hz * since_us as f32 / 1e6).sin()
            }
        }
    }

    fn andolan_cents(&self, at: usize, now_us: u64) -> f32 {
        let stand = &self.stands[at];
        let Some(Swing { depth_cents, rate_hz }) = stand.andolan else { return 0.0 };
        if matches!(self.ornament, Ornament::Gamak(_)) {
            return 0.0;
        }
        let left_us = self.stands[..self.count].get(at + 1).map_or(self.ends_us, |next| next.begins_us);
        let since_s = now_us.saturating_sub(stand.begins_us + stand.us) as f32 / 1e6 - ANDOLAN_AFTER_S;
        // It has come to rest before the note is left, so that a glide begins on its swara.
        let left_s = left_us.saturating_sub(now_us + STILL_US) as f32 / 1e6;
        if since_s <= 0.0 {
            return 0.0;
        }
        let weight = (since_s / ANDOLAN_AFTER_S).min(1.0) * (left_s / ANDOLAN_ENDS_S).min(1.0);
        // About the note's own pitch, first downwards: wide as it is, it must not reach the next swara.
        -depth_cents * weight * 0.5 * (std::f32::consts::TAU * rate_hz * since_s).sin()
    }
}

/// The shape of a slide: part of the way after a part of the time.
fn slide(part: f32) -> f32 {
    0.5 - 0.5 * (std::f32::consts::PI * part).cos()
}

/// Marks the notes of a line that are reached by a glide: wherever a glide of the raga's, or a part of one, lies in it, with
/// a likelihood.
pub fn mark(notes: &[Note], slid: &mut [bool], raga: &Raga, likely: f32, rng: &mut Rng) {
    let mut at = 0;
    while at + 1 < notes.len() {
        let parts = raga.glides.iter().flat_map(|glide| (0..glide.path.len() - 1).map(|from| &glide.path[from..]));
        let longest = parts.map(|part| lying_at(part, &notes[at..])).max().unwrap_or(0);
        // Drawn for every note, so that the stream of chance does not hang on the raga.
        let wanted = rng.chance(likely);
        if wanted && longest > 1 {
            slid[at + 1..at + longest].fill(true);
            at += longest - 1;
        } else {
            at += 1;
        }
    }
}

/// How many swaras of a path notes begin with, in whatever octave.
fn lying_at(path: &[Note], notes: &[Note]) -> usize {
    let Some((first, begin)) = notes.first().zip(path.first()) else { return 0 };
    let shift = i32::from(first.step()) - i32::from(begin.step());
    if shift.rem_euclid(12) != 0 {
        return 0;
    }
    let same = |(of_path, note): &(&Note, &Note)| i32::from(of_path.step()) + shift == i32::from(note.step());
    path.iter().zip(notes).take_while(same).count()
}

/// A glide's path in the octave where it begins nearest to a note, all of it between two others.
pub fn in_octave(path: &[Note], near: Note, low: Note, high: Note) -> Option<i32> {
    let fits = |octaves: &i32| {
        let within = |step: i32| (i32::from(low.step())..=i32::from(high.step())).contains(&step);
        path.iter().all(|note| {
            let step = i32::from(note.step()) + 12 * octaves;
            within(step) && (i32::from(LOWEST)..=i32::from(HIGHEST)).contains(&step)
        })
    };
    let distance = |octaves: &i32| (i32::from(path[0].step()) + 12 * octaves - i32::from(near.step())).abs();
    (-3..=3).filter(fits).min_by_key(distance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performer::event::EventKind;
    use crate::performer::library::Library;
    use midly::MidiMessage;

    #[test]
    fn a_fifth_is_slid_in_small_steps_and_arrives_in_tune() {
        let library = Library::built_in().unwrap();
        let shree = &library.ragas[library.raga("Shree").unwrap()];
        let note = |word: &str| word.parse::<Note>().unwrap();
        let (mut bend, mut out) = (Bend::new(Voice::Melody), Vec::new());
        bend.strike(0, 2_000_000, shree, note("r"), Ornament::None, &mut out);
        let us = shortest_us(700.0);
        assert!(us >= 230_000);
        bend.glide(shree, Glide { begins_us: 500_000, us, to: note("P") });
        let mut told = None;
        while let Some(next_us) = bend.next_us() {
            told = told.or(bend.tick(next_us, &mut out));
        }
        let cents = |event: &Event| match event.kind {
            EventKind::Midi { message: MidiMessage::PitchBend { bend }, .. } => {
                f32::from(bend.as_int()) / 8192.0 * 1200.0
            }
            _ => panic!("{event:?}"),
        };
        let way: Vec<f32> = out.iter().map(cents).collect();
        assert!(way.windows(2).all(|pair| pair[1] > pair[0] && pair[1] - pair[0] <= 15.0), "{way:?}");
        let wanted = 600.0 + shree.cents_off(note("P").swara());
        assert!((way.last().unwrap() - wanted).abs() < 0.2 && told == Some(7));
        assert!(out.windows(2).skip(1).all(|pair| pair[1].time_us - pair[0].time_us <= 30_000));
        assert!(out.len() < 120, "{} messages", out.len());
    }
}
