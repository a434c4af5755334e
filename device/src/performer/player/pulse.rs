//! MIDI clock: 24 pulses to the matra, from what the engine says of its tala.
//!
//! In a gat the pulses follow the tala: every matra has its 24, evenly spaced, and what a matra turned out longer or
//! shorter than foreseen is made up for evenly within the next. Outside a gat they go on at the last laya, stopped
//! (a sequencer keeps its tempo and does not run). Start comes with the sam a gat begins on.
//!
//! The pulse is pure: it is told what the engine played, in the engine's time, and says what is due when.

use crate::performer::status::{Section, Status};

/// Pulses of a quarter note, which is a matra.
pub const PULSES: u64 = 24;
/// Pulses of a sixteenth, and how many sixteenths a song position counts.
const PULSES_A_SIXTEENTH: u64 = 6;
const SONG_POSITIONS: u64 = 1 << 14;
/// Laya before the first gat, in matras a minute.
const LAYA_AT_FIRST_BPM: f64 = 60.0;
/// Start stands this long before the first pulse it counts from, if there is time: slower sequencers need it.
const START_AHEAD_US: u64 = 1_000;
/// Most a pulse may be longer or shorter than the laya says while a difference is made up for.
const STRETCH: f64 = 1.25;

/// Real-time bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RealTime {
    /// A 24th of a matra.
    Clock = 0xF8,
    /// From the beginning, with the next clock.
    Start = 0xFA,
    /// From the song position, with the next clock.
    Continue = 0xFB,
    /// Stand still.
    Stop = 0xFC,
}

/// The clock that is sent.
#[derive(Debug, Clone)]
pub struct Pulse {
    /// When the next pulse is due, and the time between two.
    next_us: f64,
    period_us: f64,
    /// Pulses since the start of the gat, the next one not included.
    count: u64,
    running: bool,
    /// The matra that was heard last: its number since the start, its place in the cycle, when it began.
    matra: u64,
    place: u8,
    began_us: u64,
    laya_bpm: f64,
    /// Start or stop, to be sent at a time.
    order: Option<(u64, RealTime)>,
}

impl Pulse {
    /// A clock that begins at a time.
    pub fn new(now_us: u64) -> Self {
        Self {
            next_us: now_us as f64,
            period_us: 60e6 / LAYA_AT_FIRST_BPM / PULSES as f64,
            count: 0,
            running: false,
            matra: 0,
            place: 0,
            began_us: 0,
            laya_bpm: LAYA_AT_FIRST_BPM,
            order: None,
        }
    }

    /// The engine has played from a time on, and this is how it stands now. `matra_us` is when a matra
    /// began in between, if one did.
    pub fn follow(&mut self, from_us: u64, status: Status, matra_us: Option<u64>) {
        let matra = (status.section == Section::Gat).then_some(status.matra).flatten();
        let at_us = matra_us.unwrap_or(from_us);
        match (matra, self.running) {
            (None, true) => {
                self.running = false;
                self.order = Some((at_us, RealTime::Stop));
            }
            (Some(place), false) => {
                self.running = true;
                (self.count, self.matra, self.place, self.began_us) = (0, 0, place, at_us);
                self.laya_bpm = f64::from(status.laya_bpm.max(1));
                self.next_us = at_us as f64;
                self.period_us = 60e6 / self.laya_bpm / PULSES as f64;
                self.order = Some((at_us.saturating_sub(START_AHEAD_US).max(from_us), RealTime::Start));
            }
            (Some(place), true) if place != self.place => {
                self.matra_began(place, at_us, f64::from(status.laya_bpm.max(1)));
            }
            _ => {}
        }
    }

    /// Spreads the pulses up to the end of a matra that has begun evenly.
    fn matra_began(&mut self, place: u8, at_us: u64, laya_bpm: f64) {
        // The laya is told in whole matras a minute: the matra that has just ended says its fractions.
        let last_us = at_us.saturating_sub(self.began_us) as f64;
        let length_us = if (laya_bpm - self.laya_bpm).abs() <= 1.0 { last_us } else { 60e6 / laya_bpm };
        self.matra += 1;
        (self.place, self.began_us, self.laya_bpm) = (place, at_us, laya_bpm);
        let left = (PULSES * (self.matra + 1)).saturating_sub(self.count).max(1);
        let nominal_us = length_us / PULSES as f64;
        let even_us = (at_us as f64 + length_us - self.next_us) / left as f64;
        self.period_us = even_us.clamp(nominal_us / STRETCH, nominal_us * STRETCH);
    }

    /// The sixteenth of a gat that the next pulse begins, counted from its sam as song position is; `None` between
    /// sixteenths and outside a gat.
    pub fn sixteenth(&self) -> Option<u16> {
        let due = self.running && self.order.is_none() && self.count.is_multiple_of(PULSES_A_SIXTEENTH);
        due.then_some((self.count / PULSES_A_SIXTEENTH % SONG_POSITIONS) as u16)
    }

    /// When something is due.
    pub fn due_us(&self) -> u64 {
        let next_us = self.next_us as u64;
        self.order.map_or(next_us, |(at_us, _)| at_us.min(next_us))
    }

    /// What was due; the next is due later.
    pub fn take(&mut self) -> RealTime {
        let next_us = self.next_us as u64;
        if let Some((_, order)) = self.order.take_if(|(at_us, _)| *at_us <= next_us) {
            return order;
        }
        self.next_us += self.period_us;
        self.count += 1;
        RealTime::Clock
    }

    /// After a time in which nothing could be sent (a suspended machine) the pulse goes on from now.
    pub fn skip_to(&mut self, now_us: u64) {
        self.next_us = self.next_us.max(now_us as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::super::matra_us;
    use super::*;
    use crate::performer::event::{Cue, Event, Voice};
    use crate::performer::{Engine, Library, Settings};
    use rasika_models::{Mood, Rasa};
    use std::sync::Arc;

    const WINDOW_US: u64 = 5_000;

    /// Real-time bytes of an engine's music, each with its time, and the times of its matras.
    fn play(seconds: u64, intensity: impl Fn(u64) -> f32) -> (Vec<(u64, RealTime)>, Vec<u64>) {
        let library = Library::built_in().unwrap();
        let map = library.map("default").unwrap();
        let mut engine = Engine::new(Arc::new(library), Arc::new(map), Settings::default());
        let (mut pulse, mut events, mut sent, mut matras) = (Pulse::new(0), Vec::new(), Vec::new(), Vec::new());
        let mut last = None;
        for window in 0..seconds * 1_000_000 / WINDOW_US {
            let (from_us, until_us) = (window * WINDOW_US, (window + 1) * WINDOW_US);
            let intensity = intensity(from_us / 1_000_000);
            let mood = Mood { rasa: (intensity > 0.0).then_some(Rasa::Veera), confidence: 1.0, intensity };
            engine.advance(until_us, &mood, &mut events);
            let status = engine.status();
            pulse.follow(from_us, status, matra_us(&events));
            if status.matra.is_some() && status.matra != last {
                matras.push(matra_us(&events).unwrap_or(from_us));
            }
            last = status.matra;
            events.clear();
            while pulse.due_us() < until_us {
                sent.push((pulse.due_us(), pulse.take()));
            }
        }
        (sent, matras)
    }

    #[test]
    fn every_matra_of_a_gat_has_its_24_pulses_evenly_spaced() {
        let (sent, matras) = play(90, |_| 0.8);
        let start = sent.iter().position(|(_, byte)| *byte == RealTime::Start).expect("a gat begins");
        let pulses: Vec<u64> = sent[start + 1..].iter().map(|(time_us, _)| *time_us).collect();
        assert_eq!(pulses[0], matras[0], "the first pulse after Start is the sam");
        assert!(matras.len() > 60, "{} matras", matras.len());
        for (n, matra_us) in matras.iter().enumerate().filter(|(n, _)| n * 24 < pulses.len()) {
            let off_us = pulses[n * 24].abs_diff(*matra_us);
            assert!(off_us <= 12_000, "pulse {} stands {off_us} µs off matra {n}", n * 24);
        }
        // Where the laya only grows as a gat's does, by less than a thousandth a matra, a matra is foreseen by the last:
        // the pulse stands within two thousandths of it, and is as even.
        let settled = matras.len() - 12;
        for n in settled..matras.len() - 1 {
            let near_us = (matras[n + 1] - matras[n]) / 500;
            assert!(pulses[n * 24].abs_diff(matras[n]) <= near_us, "matra {n}: {} {}", pulses[n * 24], matras[n]);
            for pair in pulses[n * 24..=n * 24 + 24].windows(2) {
                let even_us = (matras[n + 1] - matras[n]) / 24;
                assert!(
                    (pair[1] - pair[0]).abs_diff(even_us) <= even_us / 500 + 2,
                    "{} instead of {even_us}",
                    pair[1] - pair[0]
                );
            }
        }
    }

    #[test]
    fn a_song_position_is_counted_in_sixteenths_from_the_sam() {
        let gat = Status { section: Section::Gat, matra: Some(1), laya_bpm: 120, ..Status::default() };
        let mut pulse = Pulse::new(0);
        assert_eq!(pulse.sixteenth(), None, "no gat, no song");
        pulse.follow(10_000, gat, Some(12_000));
        assert_eq!((pulse.due_us(), pulse.take()), (11_000, RealTime::Start));
        let positions: Vec<_> = (0..24).map(|_| (pulse.sixteenth(), pulse.take()).0).collect();
        let wanted: Vec<_> = (0..24).map(|n| (n % 6 == 0).then_some(n / 6)).collect();
        assert_eq!(positions, wanted);
    }

    #[test]
    fn outside_a_gat_the_pulse_goes_on_stopped_at_the_last_laya() {
        let (sent, _) = play(150, |second| if second < 60 { 0.8 } else { 0.0 });
        let start = sent.iter().position(|(_, byte)| *byte == RealTime::Start).expect("a gat begins");
        let stop = sent.iter().position(|(_, byte)| *byte == RealTime::Stop).expect("a gat ends");
        assert!(start < stop);
        assert!(
            sent[..start].windows(2).all(|pair| (pair[1].0 - pair[0].0).abs_diff(41_666) <= 1),
            "60 a minute at first"
        );
        let gaps: Vec<u64> = sent[stop + 1..].windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        assert!(gaps.len() > 100 && gaps.iter().all(|gap| gap.abs_diff(gaps[0]) <= 1), "even after the gat");
    }

    #[test]
    fn a_cue_tells_when_a_matra_began() {
        let events = [Event::note_on(3, Voice::Melody, 61, 9), Event::cue(7, Cue::Matra), Event::cue(9, Cue::Matra)];
        assert_eq!(matra_us(&events), Some(7));
    }
}
