//! A performance without a clock: moods at their times in, all events out.

use super::engine::{Engine, SECOND_US};
use super::event::Event;
use super::hands::Hands;
use rasika_models::Mood;

/// Longest time a piece takes to its end.
const END_AT_MOST_S: u32 = 24;

/// A performance being made, as for a file that is read faster than it plays.
#[derive(Debug)]
pub struct Performance {
    engine: Engine,
    events: Vec<Event>,
    mood: Mood,
}

impl Performance {
    /// Begins at time 0 with no rasa.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        let mut events = Vec::new();
        engine.setup(&mut events);
        Self { engine, events, mood: Mood::default() }
    }

    /// A mood arrives at a time: the music is made up to then under the mood before. Times before an earlier one count
    /// as that one.
    pub fn mood(&mut self, time_us: u64, mood: Mood) {
        self.engine.advance(time_us, &self.mood, &mut self.events);
        self.mood = mood;
    }

    /// Hands are seen from a time on, or no more.
    pub fn hands(&mut self, time_us: u64, hands: Option<Hands>) {
        self.engine.advance(time_us, &self.mood, &mut self.events);
        self.engine.follow(hands);
    }

    /// What sounds at the last mood's time.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The events so far.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Plays on under the last mood to a time, brings the piece to its end (in a gat with a tihai), lets the drone
    /// ring for some seconds more, and gives all events.
    #[must_use]
    pub fn end(mut self, time_us: u64) -> Vec<Event> {
        self.engine.advance(time_us, &self.mood, &mut self.events);
        self.engine.conclude();
        for _ in 0..END_AT_MOST_S {
            let next_us = self.engine.now_us() + SECOND_US;
            self.engine.advance(next_us, &Mood::default(), &mut self.events);
            if self.engine.is_concluded() {
                break;
            }
        }
        let rest_us = self.engine.now_us() + 3 * SECOND_US;
        self.engine.advance(rest_us, &Mood::default(), &mut self.events);
        self.engine.silence(&mut self.events);
        self.events
    }
}
