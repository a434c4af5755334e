//! How loud: control change 11, followed on a tick.
//!
//! The melody's channels share one loudness. It is sent to the channel that sounds, and to another when a note begins
//! there. Within a phrase it swells and falls a little; a note that gives way to another rasa fades.

use crate::performer::event::{Event, Voice};
use crate::performer::map::Style;

/// Time between two looks at loudness, in microseconds: 25 messages a second and voice at most.
pub const LOUDNESS_US: u64 = 40_000;
/// Part of the way to its aim loudness goes every time: 96 % in 120 ms.
const APPROACH: f32 = 0.66;
/// How long a note takes to fade, in microseconds.
pub const FADE_US: u64 = 300_000;
/// How far a phrase swells above and falls below the mood's loudness.
const SWELL: f32 = 0.065;

/// Control change 11 of the drone alone, before any mood.
const RESTING: f32 = 84.0;

/// A rise and fall over a phrase or a long note.
#[derive(Debug, Clone, Copy, Default)]
pub struct Swell {
    from_us: u64,
    us: u64,
}

impl Swell {
    /// A swell over a time.
    pub fn over(from_us: u64, us: u64) -> Self {
        Self { from_us, us }
    }

    fn factor(self, now_us: u64) -> f32 {
        if self.us == 0 {
            return 1.0;
        }
        let part = (now_us.saturating_sub(self.from_us) as f32 / self.us as f32).min(1.0);
        // It is strongest after three fifths, and ends a little under where it began.
        1.0 + SWELL * ((std::f32::consts::PI * part.powf(1.35)).sin() * 2.0 - 1.0)
    }
}

/// Loudness of every voice.
#[derive(Debug, Clone)]
pub struct Loudness {
    melody: f32,
    drone: f32,
    theka: f32,
    swell: Swell,
    fades_from_us: Option<u64>,
    sent: [u8; Voice::ALL.len()],
}

impl Default for Loudness {
    fn default() -> Self {
        let resting = [RESTING as u8; Voice::ALL.len()];
        let (melody, drone, theka) = (RESTING, RESTING, RESTING);
        Self { melody, drone, theka, swell: Swell::default(), fades_from_us: None, sent: resting }
    }
}

impl Loudness {
    /// What was sent last to a voice.
    pub fn sent(&self, voice: Voice) -> u8 {
        self.sent[voice as usize]
    }

    /// The melody begins a rise and fall.
    pub fn swell(&mut self, swell: Swell) {
        self.swell = swell;
    }

    /// The note that sounds begins to fade.
    pub fn fade(&mut self, now_us: u64) {
        self.fades_from_us.get_or_insert(now_us);
    }

    /// Whether the melody's note fades.
    pub fn fades(&self) -> bool {
        self.fades_from_us.is_some()
    }

    /// A note of the melody is about to be struck: its channel is as loud as the melody is.
    pub fn strike(&mut self, now_us: u64, voice: Voice, out: &mut Vec<Event>) {
        self.fades_from_us = None;
        let value = self.melody_value(now_us);
        self.send(now_us, voice, value, out);
    }

    /// Goes towards what an intensity asks for and sends what has changed; `melody` is the melody's voice
    /// that sounds or sounded last.
    pub fn tick(&mut self, now_us: u64, style: Option<&Style>, intensity: f32, melody: Voice, out: &mut Vec<Event>) {
        let aim = style.map_or(RESTING, |style| style.expression.at(intensity));
        approach(&mut self.melody, aim);
        approach(&mut self.theka, aim);
        // The drone breathes with the melody, half as deep.
        approach(&mut self.drone, 0.5 * (RESTING + aim));
        let value = self.melody_value(now_us);
        for (voice, value) in [
            (melody, value),
            (Voice::Tanpura, self.drone),
            (Voice::FirstString, self.drone),
            (Voice::Theka, self.theka),
        ] {
            self.send(now_us, voice, value, out);
        }
    }

    fn melody_value(&self, now_us: u64) -> f32 {
        let faded = self.fades_from_us.map_or(0.0, |from_us| now_us.saturating_sub(from_us) as f32 / FADE_US as f32);
        self.melody * self.swell.factor(now_us) * (1.0 - faded.min(1.0))
    }

    fn send(&mut self, now_us: u64, voice: Voice, value: f32, out: &mut Vec<Event>) {
        let value = value.round().clamp(0.0, 127.0) as u8;
        if value != self.sent[voice as usize] {
            self.sent[voice as usize] = value;
            out.push(Event::control(now_us, voice, 11, value));
        }
    }
}

fn approach(now: &mut f32, aim: f32) {
    *now += (aim - *now) * APPROACH;
    if (aim - *now).abs() < 0.5 {
        *now = aim;
    }
}
