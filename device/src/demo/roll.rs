//! The notes of a performance as bars: a piano roll.

use midly::MidiMessage;

use super::canvas::{Canvas, Drawn};
use super::palette;
use crate::performer::{Event, EventKind, Swara, Voice};
use opencv::core::{Rect, Scalar};

/// Lowest and highest step from the middle Sa that is drawn.
const LOWEST: i32 = -14;
const HIGHEST: i32 = 26;

/// A note that sounds for a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Whose note it is.
    pub voice: Voice,
    /// MIDI key.
    pub key: u8,
    /// Velocity, 1–127.
    pub velocity: u8,
    /// Start in microseconds.
    pub from_us: u64,
    /// End; a note that still sounds ends at the last event's time.
    pub to_us: u64,
}

/// The bars of events in order of time, cut at `now_us`.
#[must_use]
pub fn bars(events: &[Event], now_us: u64) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for event in events {
        let EventKind::Midi { channel, message } = event.kind else { continue };
        let Some(voice) = Voice::of_channel(channel) else { continue };
        match message {
            MidiMessage::NoteOn { key, vel } if vel.as_int() > 0 => {
                open.push(bars.len());
                let bar =
                    Bar { voice, key: key.as_int(), velocity: vel.as_int(), from_us: event.time_us, to_us: now_us };
                bars.push(bar);
            }
            MidiMessage::NoteOn { key, .. } | MidiMessage::NoteOff { key, .. } => {
                let ends = |&i: &usize| bars[i].voice == voice && bars[i].key == key.as_int();
                if let Some(at) = open.iter().position(ends) {
                    bars[open.swap_remove(at)].to_us = event.time_us;
                }
            }
            _ => {}
        }
    }
    bars
}

/// A field with time to the right and pitch upwards.
pub struct Roll {
    /// Where.
    pub field: Rect,
    /// Time at the left edge, in microseconds.
    pub from_us: u64,
    /// Time at the right edge.
    pub to_us: u64,
    /// MIDI key of the middle Sa.
    pub sa: u8,
}

impl Roll {
    /// Pixel of a time, which may lie outside the field.
    #[must_use]
    pub fn x(&self, time_us: u64) -> i32 {
        let share = (time_us as f64 - self.from_us as f64) / (self.to_us.saturating_sub(self.from_us).max(1)) as f64;
        self.field.x + (share * f64::from(self.field.width)) as i32
    }

    /// Pixel of a step above the middle Sa.
    fn y(&self, step: i32) -> i32 {
        let share = f64::from(step - LOWEST) / f64::from(HIGHEST - LOWEST);
        self.field.y + self.field.height
            - self.theka_height()
            - (share * f64::from(self.field.height - self.theka_height())) as i32
    }

    fn theka_height(&self) -> i32 {
        self.field.height / 9
    }

    /// Draws ground, lines of Sa and Pa, and the bars; a melody note has the colour that `color` gives for its time.
    pub fn draw(&self, canvas: &mut Canvas, bars: &[Bar], color: impl Fn(u64) -> Scalar) -> Drawn {
        let Rect { x, y, width, height } = self.field;
        canvas.fill(x, y, width, height, palette::FIELD)?;
        for step in LOWEST..=HIGHEST {
            let swara = Swara::from_semitone(step);
            if matches!(swara, Swara::Sa | Swara::Pa) {
                let line = if swara == Swara::Sa { palette::GRID } else { palette::faded(palette::GRID, 0.6) };
                canvas.line((x, self.y(step)), (x + width, self.y(step)), line, 1)?;
                canvas.text(&swara.to_string(), x + 4, self.y(step) - 2, 9.0, palette::DIM)?;
            }
        }
        let thickness = (height / 45).max(3);
        for bar in bars.iter().filter(|bar| bar.to_us >= self.from_us && bar.from_us <= self.to_us) {
            let (left, right) = (self.x(bar.from_us).max(x), self.x(bar.to_us).min(x + width));
            let step = i32::from(bar.key) - i32::from(self.sa);
            let strength = 0.45 + 0.55 * f64::from(bar.velocity) / 127.0;
            match bar.voice {
                Voice::Theka => {
                    let tall = f64::from(self.theka_height()) * strength;
                    canvas.fill(left, y + height - tall as i32, 2, tall as i32, palette::STROKE)?;
                }
                Voice::Tanpura | Voice::FirstString => {
                    canvas.fill(left, self.y(step) - 1, (right - left).max(2), 2, palette::DRONE)?;
                }
                Voice::Melody | Voice::SecondMelody | Voice::ThirdMelody => {
                    let tone = palette::faded(color(bar.from_us), strength);
                    canvas.fill(left, self.y(step) - thickness / 2, (right - left).max(2), thickness, tone)?;
                }
            }
        }
        Ok(())
    }

    /// Writes the name of each melody note beside it, where there is room.
    pub fn name_notes(&self, canvas: &mut Canvas, bars: &[Bar]) -> Drawn {
        let mut free_from = i32::MIN;
        for bar in bars.iter().filter(|b| b.voice.is_melody() && b.from_us >= self.from_us && b.from_us <= self.to_us) {
            let left = self.x(bar.from_us);
            if left >= free_from {
                let step = i32::from(bar.key) - i32::from(self.sa);
                canvas.text(&Swara::from_semitone(step).to_string(), left, self.y(step) - 7, 11.0, palette::TEXT)?;
                free_from = left + 14;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_become_bars_and_a_sounding_one_ends_now() {
        let events = [
            Event::note_on(0, Voice::Melody, 61, 90),
            Event::note_on(5, Voice::Tanpura, 49, 60),
            Event::note_off(10, Voice::Melody, 61),
            Event::note_on(10, Voice::Melody, 61, 80),
        ];
        let bars = bars(&events, 30);
        let spans: Vec<_> = bars.iter().map(|b| (b.voice, b.from_us, b.to_us)).collect();
        assert_eq!(spans, [(Voice::Melody, 0, 10), (Voice::Tanpura, 5, 30), (Voice::Melody, 10, 30)]);
    }
}
