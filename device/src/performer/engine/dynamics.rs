//! How loud and how bent: control change 11 and pitch bend, followed on a tick.

use crate::performer::event::{Event, Voice};
use crate::performer::map::Style;
use crate::performer::raga::{Raga, Swing};
use crate::performer::swara::Note;

/// Time between two looks at the bend, in microseconds; loudness is looked at every second time.
pub const TICK_US: u64 = 10_000;
/// Bend range set by RPN 0, in cents to each side.
pub const BEND_RANGE_CENTS: f32 = 200.0;
/// Part of the way to its aim loudness goes every 20 ms: 97 % in 100 ms.
const APPROACH: f32 = 0.5;
/// An andolan begins after the note has stood this long and grows over as long again, in seconds.
const ANDOLAN_AFTER_S: f32 = 0.18;

/// Loudness of every voice.
#[derive(Debug, Clone)]
pub struct Loudness {
    now: [f32; Voice::ALL.len()],
    sent: [u8; Voice::ALL.len()],
}

/// Control change 11 of the drone alone, before any mood.
const RESTING: f32 = 84.0;

impl Default for Loudness {
    fn default() -> Self {
        Self { now: [RESTING; Voice::ALL.len()], sent: [RESTING as u8; Voice::ALL.len()] }
    }
}

impl Loudness {
    /// What was sent last to a voice.
    pub fn sent(&self, voice: Voice) -> u8 {
        self.sent[voice as usize]
    }

    /// Goes towards what an intensity asks for and sends what has changed.
    pub fn tick(&mut self, now_us: u64, style: Option<&Style>, intensity: f32, out: &mut Vec<Event>) {
        for voice in Voice::ALL {
            let aim = match (style, voice) {
                (None, _) => RESTING,
                (Some(style), Voice::Melody) => style.expression.at(intensity),
                // The drone breathes with the melody, half as deep.
                (Some(style), Voice::Tanpura | Voice::FirstString) => {
                    0.5 * RESTING + 0.5 * style.expression.at(intensity)
                }
                (Some(style), Voice::Theka) => style.expression.at(intensity),
            };
            let now = &mut self.now[voice as usize];
            *now += (aim - *now) * APPROACH;
            if (aim - *now).abs() < 0.5 {
                *now = aim;
            }
            let value = now.round().clamp(0.0, 127.0) as u8;
            if value != self.sent[voice as usize] {
                self.sent[voice as usize] = value;
                out.push(Event::control(now_us, voice, 11, value));
            }
        }
    }
}

/// What the hand does with a note.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ornament {
    /// Nothing: the note and its own andolan.
    None,
    /// A slide into the note (meend), from so many cents off, over a time.
    Meend {
        /// Where it starts, from the note.
        cents: f32,
        /// How long it takes.
        us: u64,
    },
    /// A touch of another note first (kan), so many cents off.
    Kan {
        /// Where it is, from the note.
        cents: f32,
    },
    /// A shake from the beginning to the end.
    Gamak(Swing),
}

/// How long a kan is heard, and how long the way from it to its note takes, in microseconds.
const KAN_US: u64 = 45_000;
const KAN_WAY_US: u64 = 35_000;

/// Pitch of a voice's note: its shruti, what the hand does with it and its andolan.
#[derive(Debug, Clone)]
pub struct Bend {
    voice: Voice,
    struck_us: u64,
    shruti_cents: f32,
    ornament: Ornament,
    andolan: Option<Swing>,
    sent: i16,
}

impl Bend {
    /// A voice that is not bent.
    pub fn new(voice: Voice) -> Self {
        Self { voice, struck_us: 0, shruti_cents: 0.0, ornament: Ornament::None, andolan: None, sent: 0 }
    }

    /// What was sent last.
    pub fn sent(&self) -> i16 {
        self.sent
    }

    /// A note is about to be struck: its bend, to be sent before it.
    pub fn strike(&mut self, now_us: u64, raga: &Raga, note: Note, ornament: Ornament, out: &mut Vec<Event>) {
        self.andolan = raga.andolan(note.swara());
        self.ornament = ornament;
        self.hold(now_us, raga.cents_off(note.swara()), out);
    }

    /// A note is about to be struck that keeps to its shruti, so many cents off its tempered pitch.
    pub fn hold(&mut self, now_us: u64, shruti_cents: f32, out: &mut Vec<Event>) {
        (self.struck_us, self.shruti_cents) = (now_us, shruti_cents);
        self.tick(now_us, out);
    }

    /// Sends the bend of this moment if it has changed.
    pub fn tick(&mut self, now_us: u64, out: &mut Vec<Event>) {
        let since_us = now_us.saturating_sub(self.struck_us);
        let cents = self.shruti_cents + self.ornament_cents(since_us) + self.andolan_cents(since_us);
        let bend = (cents / BEND_RANGE_CENTS * 8192.0).round().clamp(-8192.0, 8191.0) as i16;
        if bend != self.sent {
            self.sent = bend;
            out.push(Event::bend(now_us, self.voice, bend));
        }
    }

    fn ornament_cents(&self, since_us: u64) -> f32 {
        // From 1 to 0 on half a wave.
        let way = |cents: f32, since_us: u64, us: u64| {
            let part = (since_us as f32 / us.max(1) as f32).min(1.0);
            cents * 0.5 * (1.0 + (std::f32::consts::PI * part).cos())
        };
        match self.ornament {
            Ornament::None => 0.0,
            Ornament::Meend { cents, us } => way(cents, since_us, us),
            Ornament::Kan { cents } => way(cents, since_us.saturating_sub(KAN_US), KAN_WAY_US),
            Ornament::Gamak(Swing { depth_cents, rate_hz }) => {
                depth_cents * (std::f32::consts::TAU * rate_hz * since_us as f32 / 1e6).sin()
            }
        }
    }

    fn andolan_cents(&self, since_us: u64) -> f32 {
        let since_s = since_us as f32 / 1e6 - ANDOLAN_AFTER_S;
        match self.andolan {
            Some(Swing { depth_cents, rate_hz }) if since_s > 0.0 && !matches!(self.ornament, Ornament::Gamak(_)) => {
                let growth = (since_s / ANDOLAN_AFTER_S).min(1.0);
                // From the note towards the one below and back: an andolan leans, it does not trill.
                depth_cents * growth * 0.5 * ((std::f32::consts::TAU * rate_hz * since_s).cos() - 1.0)
            }
            _ => 0.0,
        }
    }
}
