//! How loud and how bent: control change 11 and pitch bend, followed on a tick.

use crate::performer::event::{Event, Voice};
use crate::performer::map::Style;
use crate::performer::raga::{Andolan, Raga};
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
    now: [f32; 3],
    sent: [u8; 3],
}

/// Control change 11 of the drone alone, before any mood.
const RESTING: f32 = 84.0;

impl Default for Loudness {
    fn default() -> Self {
        Self { now: [RESTING; 3], sent: [RESTING as u8; 3] }
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
                (Some(style), Voice::Tanpura) => 0.5 * RESTING + 0.5 * style.expression.at(intensity),
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

/// Pitch of the melody's note: its shruti, the glide into it (meend) and its swing (andolan).
#[derive(Debug, Clone, Default)]
pub struct Bend {
    struck_us: u64,
    shruti_cents: f32,
    glide_cents: f32,
    glide_us: u64,
    andolan: Option<Andolan>,
    sent: i16,
}

impl Bend {
    /// What was sent last.
    pub fn sent(&self) -> i16 {
        self.sent
    }

    /// A note is about to be struck: its bend, to be sent before it. It starts `glide_cents` off and arrives within
    /// `glide_us`.
    pub fn strike(
        &mut self,
        now_us: u64,
        raga: &Raga,
        note: Note,
        glide_cents: f32,
        glide_us: u64,
        out: &mut Vec<Event>,
    ) {
        let shruti_cents = raga.cents_off(note.swara());
        let room = BEND_RANGE_CENTS - shruti_cents.abs();
        *self = Self {
            struck_us: now_us,
            shruti_cents,
            glide_cents: glide_cents.clamp(-room, room),
            glide_us,
            andolan: raga.andolan(note.swara()),
            sent: self.sent,
        };
        self.tick(now_us, out);
    }

    /// Sends the bend of this moment if it has changed.
    pub fn tick(&mut self, now_us: u64, out: &mut Vec<Event>) {
        let since_us = now_us.saturating_sub(self.struck_us);
        let mut cents = self.shruti_cents;
        if since_us < self.glide_us {
            let way = since_us as f32 / self.glide_us as f32;
            cents += self.glide_cents * 0.5 * (1.0 + (std::f32::consts::PI * way).cos());
        }
        if let Some(Andolan { depth_cents, rate_hz }) = self.andolan {
            let since_s = since_us as f32 / 1e6 - ANDOLAN_AFTER_S;
            if since_s > 0.0 {
                let growth = (since_s / ANDOLAN_AFTER_S).min(1.0);
                // From the note towards the one below and back: an andolan leans, it does not trill.
                let swing = 0.5 * ((std::f32::consts::TAU * rate_hz * since_s).cos() - 1.0);
                cents += depth_cents * growth * swing;
            }
        }
        let bend = (cents / BEND_RANGE_CENTS * 8192.0).round().clamp(-8192.0, 8191.0) as i16;
        if bend != self.sent {
            self.sent = bend;
            out.push(Event::bend(now_us, Voice::Melody, bend));
        }
    }
}
