//! Where ticks fall: a quarter note is a matra of the tala, and every sam is on a bar line.
//!
//! A performance is a line of quarters, each with a length of its own in microseconds: a matra where there is a pulse,
//! about a second where there is none. Within a quarter ticks are spread evenly, so that a time is where it was played
//! whatever the laya does.

use super::super::event::{Cue, Event, EventKind};
use super::super::library::Library;
use super::super::tala::Tala;

/// Ticks of a quarter note.
pub const TICKS_A_QUARTER: u16 = 1920;
/// Length of a quarter where there is no pulse, in microseconds, as near as whole quarters allow.
const FREE_QUARTER_US: u64 = 1_000_000;
/// The longest matra: the slowest laya of a raga is 20 matras a minute.
const LONGEST_MATRA_US: u64 = 3_000_000;
/// A pulse goes on if its next beat comes within this part of its last one's length.
const GOES_ON: f64 = 1.3;
/// Quarters of a bar where there is no tala.
const FREE_BAR: u8 = 4;

/// A bar's length changes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meter {
    /// Where, in ticks.
    pub tick: u64,
    /// Quarters of a bar from here on.
    pub quarters: u8,
}

/// The tempo changes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tempo {
    /// Where, in ticks.
    pub tick: u64,
    /// Length of a quarter from here on, in microseconds.
    pub quarter_us: u32,
}

/// What is known of a moment at which a quarter begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Beat {
    time_us: u64,
    /// Whether a bar begins here, and its quarters.
    bar: Option<u8>,
}

/// The line of quarters.
#[derive(Debug)]
pub struct Grid {
    /// Beginnings of quarters, the last one the end of the last.
    beats: Vec<Beat>,
}

impl Grid {
    /// The grid of a performance, in order of time.
    pub fn of(events: &[Event], library: &Library) -> Self {
        let end_us = events.last().map_or(0, |event| event.time_us);
        let mut beats = vec![Beat { time_us: 0, bar: Some(FREE_BAR) }];
        let mut beat_us = None;
        for pulse in pulses(events, library) {
            beat_us = reach(&mut beats, pulse, beat_us);
        }
        let Some(last) = beats.last() else { return Self { beats } };
        let end = Beat { time_us: end_us.max(last.time_us + 1), bar: None };
        reach(&mut beats, end, None);
        Self { beats }
    }

    /// Ticks from the start to a time.
    pub fn tick(&self, time_us: u64) -> u64 {
        let next = self.beats.partition_point(|beat| beat.time_us <= time_us);
        let at = next.min(self.beats.len() - 1).max(1) - 1;
        let (from, to) = (self.beats[at].time_us, self.beats[at + 1].time_us);
        let quarter = u64::from(TICKS_A_QUARTER);
        let length = to - from;
        at as u64 * quarter + (time_us.saturating_sub(from) * quarter + length / 2) / length
    }

    /// Every change of tempo.
    pub fn tempos(&self) -> Vec<Tempo> {
        let mut tempos: Vec<Tempo> = Vec::new();
        for (at, pair) in self.beats.windows(2).enumerate() {
            let quarter_us = (pair[1].time_us - pair[0].time_us) as u32;
            if tempos.last().is_none_or(|last| last.quarter_us != quarter_us) {
                tempos.push(Tempo { tick: at as u64 * u64::from(TICKS_A_QUARTER), quarter_us });
            }
        }
        tempos
    }

    /// Every change of a bar's length. A bar that is cut short by the next has the length that is left of it.
    pub fn meters(&self) -> Vec<Meter> {
        let starts: Vec<(usize, u8)> =
            self.beats.iter().enumerate().filter_map(|(at, beat)| Some((at, beat.bar?))).collect();
        let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([self.beats.len()]);
        let mut meters: Vec<Meter> = Vec::new();
        for ((start, quarters), end) in starts.iter().zip(ends) {
            let rest = (end - start) % usize::from(*quarters);
            let whole = end - start - rest;
            for (at, quarters) in [(*start, (whole > 0).then_some(*quarters)), (start + whole, Some(rest as u8))] {
                let quarters = quarters.filter(|quarters| *quarters > 0);
                if let Some(quarters) = quarters
                    && meters.last().is_none_or(|last| last.quarters != quarters)
                {
                    meters.push(Meter { tick: at as u64 * u64::from(TICKS_A_QUARTER), quarters });
                }
            }
        }
        meters
    }
}

/// Every beat that was played, one for each time.
fn pulses(events: &[Event], library: &Library) -> Vec<Beat> {
    let mut pulses: Vec<Beat> = Vec::new();
    let mut tala = FREE_BAR;
    for event in events {
        let EventKind::Cue(cue) = event.kind else { continue };
        let bar = match cue {
            Cue::Gat { tala: index } => {
                tala = library.talas.get(usize::from(index)).map_or(FREE_BAR, Tala::matras);
                Some(tala)
            }
            Cue::Sam => Some(tala),
            Cue::Jor => Some(FREE_BAR),
            Cue::Matra | Cue::Pulse => None,
            _ => continue,
        };
        match pulses.last_mut().filter(|last| last.time_us == event.time_us) {
            Some(last) => last.bar = bar.or(last.bar),
            None => pulses.push(Beat { time_us: event.time_us, bar }),
        }
    }
    pulses
}

/// Adds a beat, and before it the quarters of free time since the last one; gives the pulse's length if it goes on.
fn reach(beats: &mut Vec<Beat>, beat: Beat, beat_us: Option<u64>) -> Option<u64> {
    let last = beats.last_mut()?;
    let gap_us = beat.time_us.saturating_sub(last.time_us);
    if gap_us == 0 {
        last.bar = beat.bar.or(last.bar);
        return beat_us;
    }
    let most_us = beat_us.map_or(LONGEST_MATRA_US, |beat_us| (beat_us as f64 * GOES_ON) as u64);
    let from_us = last.time_us;
    if gap_us <= most_us && (beat_us.is_some() || beats.len() > 1) {
        beats.push(beat);
        return Some(gap_us);
    }
    let quarters = ((gap_us + FREE_QUARTER_US / 2) / FREE_QUARTER_US).max(1);
    for quarter in 1..quarters {
        let bar = (quarter == 1 && beat_us.is_some()).then_some(FREE_BAR);
        beats.push(Beat { time_us: from_us + gap_us * quarter / quarters, bar });
    }
    beats.push(beat);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cue(time_us: u64, cue: Cue) -> Event {
        Event::cue(time_us, cue)
    }

    #[test]
    fn every_sam_is_on_a_bar_line_and_every_time_where_it_was_played() {
        let library = Library::built_in().unwrap();
        let tala = library.tala("Rupak").unwrap() as u8;
        // 3.7 s of free time, two cycles of seven matras whose laya grows, one cut short, free time again.
        let mut events = vec![cue(0, Cue::Drone)];
        let (mut now, mut matra_us) = (3_700_000, 1_001_003);
        events.push(cue(now, Cue::Gat { tala }));
        let mut sams = Vec::new();
        for matra in 0..17 {
            events.push(cue(now, Cue::Matra));
            if matra % 7 == 0 {
                events.push(cue(now, Cue::Sam));
                sams.push(now);
            }
            now += matra_us;
            matra_us = matra_us * 98 / 100;
        }
        events.push(cue(now, Cue::Alap));
        events.push(cue(now + 9_123_456, Cue::Drone));
        let grid = Grid::of(&events, &library);
        let meters = grid.meters();
        for sam in sams {
            let tick = grid.tick(sam);
            let meter = meters.iter().rfind(|meter| meter.tick <= tick).unwrap();
            assert_eq!((tick - meter.tick) % (u64::from(meter.quarters) * u64::from(TICKS_A_QUARTER)), 0);
            assert_eq!(meter.quarters, 7);
        }
        // A reader who knows only ticks and tempos finds each event's time.
        for event in &events {
            let tick = grid.tick(event.time_us);
            let (mut us, mut at, mut quarter_us) = (0.0, 0, 0);
            for tempo in grid.tempos().into_iter().filter(|tempo| tempo.tick <= tick) {
                us += (tempo.tick - at) as f64 * f64::from(quarter_us) / f64::from(TICKS_A_QUARTER);
                (at, quarter_us) = (tempo.tick, tempo.quarter_us);
            }
            us += (tick - at) as f64 * f64::from(quarter_us) / f64::from(TICKS_A_QUARTER);
            assert!((us - event.time_us as f64).abs() < 600.0, "{us} for {}", event.time_us);
        }
    }

    #[test]
    fn a_performance_without_events_has_a_grid() {
        let grid = Grid::of(&[], &Library::built_in().unwrap());
        assert_eq!((grid.tick(0), grid.meters().len(), grid.tempos().len()), (0, 1, 1));
    }
}
