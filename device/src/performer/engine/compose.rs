//! Lines of notes a raga allows: its own phrases, arches to a height and back, dwelling on a note, sequences.

use super::meend;
use super::phrase::{Line, MOST_NOTES};
use crate::performer::raga::Raga;
use crate::performer::rng::Rng;
use crate::performer::swara::{Note, Swara};

/// Notes a choice is made among at most: two octaves and more of twelve swaras.
const CHOICES: usize = 48;
/// Phrases of a raga a choice is made among at most.
const PHRASES: usize = 64;

/// What a line is wanted for.
#[derive(Debug, Clone, Copy)]
pub struct Brief {
    /// Lowest note.
    pub low: Note,
    /// Highest note.
    pub high: Note,
    /// Note the melody rested on last.
    pub from: Option<Note>,
    /// About how many notes.
    pub count: usize,
    /// Whether the last note falls on sam, where vadi, samvadi and Sa belong.
    pub to_sam: bool,
    /// Whether the line opens the raga: its most telling phrase comes first.
    pub opening: bool,
    /// Inclination to run in sequences, 0–1.
    pub runs: f32,
    /// Inclination to leap, 0–1.
    pub leaps: f32,
    /// Inclination to glide, 0–1.
    pub glides: f32,
    /// Glides that it is to have at the least, if the raga has them.
    pub least_glides: usize,
    /// How much each swara is wanted, by what the raga gives it and what it has had; 1 is as it is.
    pub needs: [f32; 12],
    /// Whether no note may lie outside.
    pub strict: bool,
    /// A note that the raga before and this one have in common, to begin on.
    pub bridge: Option<Note>,
}

/// Times a line is composed that breaks a rule, before it is cut where it does.
const TRIES: usize = 6;
/// Weight of a glide wider than a third, to that of a narrow one.
const WIDE_GLIDE: f32 = 5.0;

impl Brief {
    fn inside(&self, note: Note) -> bool {
        (self.low..=self.high).contains(&note)
    }
}

/// Composes one raga's lines.
#[derive(Debug)]
pub struct Composer<'a> {
    /// The raga.
    pub raga: &'a Raga,
    /// The chance in it.
    pub rng: &'a mut Rng,
    /// What is wanted.
    pub brief: Brief,
    /// The raga's phrase used last, by number; it is not chosen again at once.
    pub last_phrase: &'a mut usize,
}

impl Composer<'_> {
    /// Composes a line.
    pub fn line(&mut self, line: &mut Line) {
        for _ in 0..TRIES {
            self.draft(line);
            if self.faultless(line) == line.len() && line.len() > 0 {
                return;
            }
        }
        self.mend(line);
    }

    /// How many of a line's first notes keep every rule.
    fn faultless(&self, line: &Line) -> usize {
        let (grammar, notes) = (&self.raga.grammar, line.notes());
        let outside = |note: &Note| self.brief.strict && !self.brief.inside(*note);
        let (mut before, mut at) = (None::<Note>, None::<Note>);
        for (index, note) in notes.iter().enumerate() {
            let avoided = || before.zip(at).is_some_and(|(before, at)| grammar.avoids(before, at, *note));
            if outside(note) || at.is_some_and(|at| !grammar.allows(at, *note)) || avoided() {
                return index;
            }
            if at != Some(*note) {
                (before, at) = (at, Some(*note));
            }
        }
        notes.len()
    }

    /// Cuts a line before the note that breaks a rule, and back to one that may be rested on.
    fn mend(&mut self, line: &mut Line) {
        line.truncate(self.faultless(line));
        while line.last().is_some_and(|note| self.raga.touch.contains(&note.swara())) {
            line.truncate(line.len() - 1);
        }
        if line.len() == 0
            && let Some(note) = self.rest_note(None)
        {
            line.push(note);
        }
    }

    fn draft(&mut self, line: &mut Line) {
        line.clear();
        self.brief.bridge.into_iter().for_each(|note| line.push(note));
        if self.brief.opening {
            self.pakad(line, Some(0));
        } else if line.len() > 0 {
            self.pakad(line, None);
        } else {
            self.first_part(line);
        }
        let (mut parts, mut glides) = (0, 0);
        while (line.len() < self.brief.count || glides < self.brief.least_glides) && parts < 7 {
            parts += 1;
            if glides < self.brief.least_glides && self.meend(line) {
                glides += 1;
                continue;
            }
            if self.rng.chance(0.9 * self.brief.glides) && self.meend(line) {
                continue;
            }
            if self.rng.chance(0.4) && self.pakad(line, None) {
                continue;
            }
            if let Some(turn) = self.turning_note(line.last()) {
                self.walk(line, turn, 0.15);
            }
        }
        self.end(line);
    }

    /// Keeps the beginning of a line and ends it elsewhere; a line too short to be known again gives way to a new one.
    pub fn answer(&mut self, line: &mut Line) {
        if line.len() < 5 || line.len() * 3 < self.brief.count * 2 {
            self.line(line);
            return;
        }
        let keep = (line.len() * 2).div_ceil(3).max(1);
        line.truncate(keep);
        let last = line.last();
        if let Some(end) = self.rest_note(last) {
            self.walk(line, end, 0.2);
        }
        if self.faultless(line) < line.len() {
            self.mend(line);
        }
    }

    fn first_part(&mut self, line: &mut Line) {
        let long = if self.brief.count >= 7 { 1.0 } else { 0.0 };
        let glides = if self.raga.glides.is_empty() { 0.0 } else { self.brief.glides };
        match self.rng.weighted(&[0.5, 0.25, 0.15, self.brief.runs * long, glides]) {
            Some(1) => self.arch(line),
            Some(2) => self.dwell(line),
            Some(3) => self.sequence(line),
            Some(4) if self.meend(line) => {}
            _ => {
                if !self.pakad(line, None) {
                    self.arch(line);
                }
            }
        }
    }

    /// Brings the line to a note it may rest on.
    fn end(&mut self, line: &mut Line) {
        let rests =
            |raga: &Raga, note: Note| raga.nyasa.contains(&note.swara()) && !raga.sparing.contains(&note.swara());
        let strong = |raga: &Raga, note: Note| {
            [raga.vadi, raga.samvadi, Swara::Sa].contains(&note.swara()) && !raga.sparing.contains(&note.swara())
        };
        let good = line.last().is_some_and(|note| {
            rests(self.raga, note) && (!self.brief.to_sam || strong(self.raga, note)) && line.len() > 2
        });
        if !good && let Some(end) = self.rest_note(line.last()) {
            self.walk(line, end, 0.0);
        }
    }

    /// One of the raga's phrases, in the octave that suits, with a way to it from the line so far.
    fn pakad(&mut self, line: &mut Line, wanted: Option<usize>) -> bool {
        let near = line.last().or(self.brief.from).unwrap_or_else(|| self.centre());
        let mut weights = [0.0; PHRASES];
        let mut shifts = [0; PHRASES];
        for (index, phrase) in self.raga.phrases.iter().enumerate().take(PHRASES) {
            if wanted.is_some_and(|wanted| wanted != index) {
                continue;
            }
            let fitting = [0, 1, -1].into_iter().filter(|octaves| {
                phrase.iter().all(|note| note.shifted(*octaves).is_some_and(|note| self.brief.inside(note)))
            });
            let distance =
                |octaves: i32| phrase[0].shifted(octaves).map_or(99, |note| note.step().abs_diff(near.step()));
            let Some(best) = fitting.min_by_key(|octaves| distance(*octaves)) else { continue };
            shifts[index] = best;
            let fresh = if *self.last_phrase == index { 0.1 } else { 1.0 };
            let telling = if index < 2 { 1.8 } else { 1.0 };
            weights[index] = fresh * telling / (1.0 + f32::from(distance(best)) / 5.0);
        }
        let Some(chosen) = self.rng.weighted(&weights) else { return false };
        let phrase = &self.raga.phrases[chosen];
        if line.len() + phrase.len() + 8 > MOST_NOTES {
            return false;
        }
        let Some(first) = phrase[0].shifted(shifts[chosen]) else { return false };
        if line.len() > 0 {
            self.walk(line, first, 0.0);
            if line.last() != Some(first) {
                return false;
            }
            line.truncate(line.len() - 1);
        }
        for note in phrase {
            line.push(note.shifted(shifts[chosen]).unwrap_or(first));
        }
        *self.last_phrase = chosen;
        true
    }

    /// One of the raga's glides, in the octave that suits, with a way to it from the line so far.
    fn meend(&mut self, line: &mut Line) -> bool {
        let near = line.last().or(self.brief.from).unwrap_or_else(|| self.centre());
        let mut weights = [0.0; PHRASES];
        for (weight, glide) in weights.iter_mut().zip(&self.raga.glides) {
            let Some(octaves) = meend::in_octave(&glide.path, near, self.brief.low, self.brief.high) else { continue };
            let first = i32::from(glide.path[0].step()) + 12 * octaves;
            let away = (first - i32::from(near.step())).abs() as f32;
            let wide = glide.path.windows(2).any(|pair| pair[0].step().abs_diff(pair[1].step()) >= 3);
            *weight = if wide { WIDE_GLIDE } else { 1.0 } / (1.0 + away / 4.0);
        }
        let Some(chosen) = self.rng.weighted(&weights) else { return false };
        let path = &self.raga.glides[chosen].path;
        let octaves = meend::in_octave(path, near, self.brief.low, self.brief.high).unwrap_or(0);
        let Some(first) = path[0].shifted(octaves) else { return false };
        if line.len() + path.len() + 8 > MOST_NOTES {
            return false;
        }
        self.walk(line, first, 0.0);
        if line.last() != Some(first) {
            return false;
        }
        for note in &path[1..] {
            line.push(note.shifted(octaves).unwrap_or(first));
        }
        true
    }

    /// Up to a height and down again.
    fn arch(&mut self, line: &mut Line) {
        let Some(start) = self.rest_note(self.brief.from) else { return };
        line.push(start);
        let reach = (3 + 2 * self.brief.count as i32).min(14);
        let top = |note: &Note| {
            let rise = i32::from(note.step()) - i32::from(start.step());
            rise > 1 && rise <= reach
        };
        let raga = self.raga;
        let apex = pick(self.rng, members(raga, self.brief.low, self.brief.high).filter(top), |note| {
            if raga.touch.contains(&note.swara()) || raga.sparing.contains(&note.swara()) { 0.1 } else { 1.0 }
        });
        if let Some(apex) = apex {
            self.walk(line, apex, 0.12);
        }
        let last = line.last();
        if let Some(end) = self.rest_note(last) {
            self.walk(line, end, 0.12);
        }
    }

    /// A strong note left and come back to.
    fn dwell(&mut self, line: &mut Line) {
        let (raga, brief) = (self.raga, self.brief);
        let strong = [raga.vadi, raga.samvadi];
        let centre = self.brief.from.unwrap_or_else(|| self.centre());
        let homes = members(self.raga, self.brief.low, self.brief.high).filter(|note| strong.contains(&note.swara()));
        let Some(home) = pick(self.rng, homes, |note| near(*note, centre)) else { return };
        line.push(home);
        for _ in 0..self.brief.count.div_ceil(3).min(4) {
            let away = raga.grammar.after(home).filter(|note| {
                brief.inside(*note) && home.step().abs_diff(note.step()) <= 5 && !raga.sparing.contains(&note.swara())
            });
            let Some(away) = pick(self.rng, away, |_| 1.0) else { break };
            line.push(away);
            self.walk(line, home, 0.0);
        }
    }

    /// A figure of three carried up or down the line (palta), as far as the raga lets it.
    fn sequence(&mut self, line: &mut Line) {
        let rising = self.rng.chance(0.5);
        let (raga, brief) = (self.raga, self.brief);
        let next = |from: Note, up: bool| {
            let steps = raga.grammar.after(from);
            let inside = steps.filter(|note| brief.inside(*note) && (note.step() > from.step()) == up);
            inside.min_by_key(|note| note.step().abs_diff(from.step()))
        };
        let Some(mut head) = self.rest_note(self.brief.from) else { return };
        while line.len() < self.brief.count {
            let (Some(second), before) = (next(head, rising), line.last()) else { break };
            let Some(third) = next(second, rising) else { break };
            if before.is_some_and(|last| !self.raga.grammar.allows(last, head)) {
                break;
            }
            [head, second, third].into_iter().for_each(|note| line.push(note));
            head = second;
        }
        if line.len() == 0 {
            line.push(head);
        }
    }

    /// Walks from the line's last note to another, by the raga's moves, with turns aside now and then.
    pub fn walk(&mut self, line: &mut Line, to: Note, wander: f32) {
        let Some(mut at) = line.last() else {
            line.push(to);
            return;
        };
        let (raga, brief) = (self.raga, self.brief);
        for _ in 0..24 {
            if at == to {
                return;
            }
            let before = line.notes().iter().rev().copied().find(|note| *note != at);
            let left = raga.grammar.way(at, to);
            let aside = self.rng.chance(wander);
            let closer = raga.grammar.after(at).filter(|note| {
                if before.is_some_and(|before| raga.grammar.avoids(before, at, *note)) {
                    return false;
                }
                if brief.strict && !brief.inside(*note) {
                    return false;
                }
                let then = raga.grammar.way(*note, to);
                match (then, left) {
                    (Some(then), Some(left)) if aside => then <= left + 1,
                    (Some(then), Some(left)) => then < left || (then == left && between(at, *note, to)),
                    _ => false,
                }
            });
            let Some(next) = pick(self.rng, closer, |note| step_weight(raga, brief, at, *note)) else { return };
            line.push(next);
            at = next;
        }
    }

    /// A note to rest on, near another.
    fn rest_note(&mut self, about: Option<Note>) -> Option<Note> {
        let centre = about.unwrap_or_else(|| self.centre());
        let raga = self.raga;
        let (strong_only, needs) = (self.brief.to_sam, self.brief.needs);
        let weight = |note: &Note| {
            let swara = note.swara();
            let rank = if swara == raga.vadi {
                3.0
            } else if swara == raga.samvadi {
                1.6
            } else if swara == Swara::Sa {
                1.2
            } else if strong_only {
                0.1
            } else {
                0.8
            };
            let shy = needs[swara as usize] * if raga.sparing.contains(&swara) { 0.1 } else { 1.0 };
            let again = if about == Some(*note) { 0.3 } else { 1.0 };
            rank * shy * again * near(*note, centre)
        };
        let notes = members(raga, self.brief.low, self.brief.high).filter(|note| raga.nyasa.contains(&note.swara()));
        pick(self.rng, notes, weight)
    }

    /// A note the line may turn at: any of the raga's that may be dwelt on.
    fn turning_note(&mut self, about: Option<Note>) -> Option<Note> {
        let centre = about.unwrap_or_else(|| self.centre());
        let raga = self.raga;
        let needs = self.brief.needs;
        let notes = members(raga, self.brief.low, self.brief.high)
            .filter(|note| !raga.touch.contains(&note.swara()) && about != Some(*note));
        pick(self.rng, notes, |note| {
            let shy = if raga.sparing.contains(&note.swara()) { 0.1 } else { 1.0 };
            near(*note, centre) * shy * needs[note.swara() as usize]
        })
    }

    fn centre(&self) -> Note {
        let middle = i32::midpoint(i32::from(self.brief.low.step()), i32::from(self.brief.high.step()));
        Note::from_step(middle).unwrap_or(Note::SA)
    }
}

fn between(from: Note, note: Note, to: Note) -> bool {
    (from < note && note < to) || (to < note && note < from)
}

/// Nearness of two notes as a weight, 1 for the same.
fn near(note: Note, centre: Note) -> f32 {
    1.0 / (1.0 + (f32::from(note.step().abs_diff(centre.step())) / 4.0).powi(2))
}

/// The raga's notes from one to another.
pub fn members(raga: &Raga, low: Note, high: Note) -> impl Iterator<Item = Note> + '_ {
    (low.step()..=high.step()).filter_map(|step| Note::from_step(i32::from(step))).filter(|note| raga.has(note.swara()))
}

/// One of the notes, drawn by weight.
fn pick(rng: &mut Rng, notes: impl Iterator<Item = Note>, weight: impl Fn(&Note) -> f32) -> Option<Note> {
    let (mut choices, mut weights) = ([Note::SA; CHOICES], [0.0; CHOICES]);
    let mut count = 0;
    for note in notes.take(CHOICES) {
        (choices[count], weights[count]) = (note, weight(&note));
        count += 1;
    }
    rng.weighted(&weights[..count]).map(|index| choices[index])
}

/// Liking of a step: narrow ones rather than wide, nothing outside the register while there is another way.
fn step_weight(raga: &Raga, brief: Brief, from: Note, to: Note) -> f32 {
    let wide = f32::from(from.step().abs_diff(to.step()).saturating_sub(2));
    let leap = raga.grammar.steps(from, to).unwrap_or(1).saturating_sub(1);
    let liking = 0.06 + 0.5 * brief.leaps;
    let mut weight = liking.powi(i32::from(leap)) / (1.0 + wide * wide * 0.1 * (1.0 - brief.leaps));
    weight *= brief.needs[to.swara() as usize].sqrt();
    if raga.sparing.contains(&to.swara()) {
        weight *= 0.15;
    }
    if raga.touch.contains(&to.swara()) {
        weight *= 0.5;
    }
    if !brief.inside(to) {
        weight *= 0.01;
    }
    weight
}
