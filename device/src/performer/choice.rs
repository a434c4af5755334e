//! Which of a rasa's ragas is played: by the hour, in turn, or the first.

use super::raga::Raga;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

/// How a raga is chosen among those of a rasa.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Choosing {
    /// Always the first of the map: what is rendered is the same at any hour.
    #[default]
    First,
    /// One after the other, whatever the hour.
    Turns,
    /// Those of the hour one after the other; all of them where the hour is not known or suits none.
    Hours,
}

impl Choosing {
    /// The names by which settings call them.
    pub const NAMES: [(&str, Self); 3] = [("first", Self::First), ("turns", Self::Turns), ("hours", Self::Hours)];
}

/// A minute of the day, 0 to 1439. Written `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minute(u16);

impl Minute {
    /// Minutes of a day.
    pub const OF_A_DAY: u16 = 24 * 60;

    /// The minute of an hour (0 to 23) and a minute (0 to 59) of a clock.
    #[must_use]
    pub fn of(hour: u16, minute: u16) -> Option<Self> {
        (hour < 24 && minute < 60).then_some(Self(60 * hour + minute))
    }

    /// The hour it is in, 0 to 23.
    #[must_use]
    pub const fn hour(self) -> u8 {
        (self.0 / 60) as u8
    }
}

/// A word that is no time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no time of day; write hours and minutes, as in 21:30")]
pub struct NoMinute(String);

impl FromStr for Minute {
    type Err = NoMinute;

    fn from_str(word: &str) -> Result<Self, NoMinute> {
        let digits = |part: &str| part.parse::<u16>().ok().filter(|_| part.len() <= 2 && !part.starts_with('+'));
        let minute = word.trim().split_once(':').and_then(|(hour, minute)| Self::of(digits(hour)?, digits(minute)?));
        minute.ok_or_else(|| NoMinute(word.to_owned()))
    }
}

/// The minute of the day as somebody who has a clock tells it; whoever makes the music only reads it.
#[derive(Debug, Clone)]
pub struct ToldMinute(Arc<AtomicU16>);

impl Default for ToldMinute {
    fn default() -> Self {
        Self(Arc::new(AtomicU16::new(Minute::OF_A_DAY)))
    }
}

impl ToldMinute {
    /// Tells the minute; `None` where the clock is not to be trusted.
    pub fn tell(&self, minute: Option<Minute>) {
        self.0.store(minute.map_or(Minute::OF_A_DAY, |minute| minute.0), Ordering::Relaxed);
    }

    /// The minute told last.
    #[must_use]
    pub fn minute(&self) -> Option<Minute> {
        Some(self.0.load(Ordering::Relaxed)).filter(|minute| *minute < Minute::OF_A_DAY).map(Minute)
    }
}

/// Chooses one of a rasa's ragas (indices into `library`, never empty in a map that was read): `last` is the one
/// that was played last of this rasa.
#[must_use]
pub fn choose(
    ragas: &[usize],
    library: &[Raga],
    how: Choosing,
    minute: Option<Minute>,
    last: Option<usize>,
) -> Option<usize> {
    let first = ragas.first().copied()?;
    let hour = minute.filter(|_| how == Choosing::Hours).map(Minute::hour);
    let suits = |raga: usize| hour.is_none_or(|hour| library.get(raga).is_some_and(|raga| raga.suits(hour)));
    if how == Choosing::First {
        return Some(first);
    }
    // After the one played last; where that is unknown, from the first of the map.
    let from = last.and_then(|last| ragas.iter().position(|raga| *raga == last)).map_or(0, |at| at + 1);
    let in_turn = || ragas.iter().cycle().skip(from).take(ragas.len()).copied();
    in_turn().find(|raga| suits(*raga)).or_else(|| in_turn().next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performer::Library;

    fn at(hour: u16) -> Option<Minute> {
        Minute::of(hour, 0)
    }

    #[test]
    fn ragas_come_in_turn_and_by_the_hour() {
        let library = Library::built_in().unwrap();
        let index = |name: &str| library.raga(name).unwrap();
        // Hours 21-24, 19-22 and 21-24.
        let ragas = ["Desh", "Yaman", "Bihag"].map(index);
        let name = |how, minute, last: Option<&str>| {
            let chosen = choose(&ragas, &library.ragas, how, minute, last.map(index)).unwrap();
            library.ragas[chosen].name.clone()
        };
        for (how, minute, last, wanted) in [
            (Choosing::First, at(19), Some("Desh"), "Desh"),
            (Choosing::Turns, at(19), None, "Desh"),
            (Choosing::Turns, at(19), Some("Desh"), "Yaman"),
            (Choosing::Turns, None, Some("Bihag"), "Desh"),
            (Choosing::Hours, at(19), None, "Yaman"),
            (Choosing::Hours, at(19), Some("Yaman"), "Yaman"),
            (Choosing::Hours, at(23), Some("Desh"), "Bihag"),
            (Choosing::Hours, at(23), Some("Bihag"), "Desh"),
            (Choosing::Hours, at(21), Some("Desh"), "Yaman"),
            // No raga of love is one of the morning: the hour does not silence a rasa.
            (Choosing::Hours, at(9), Some("Desh"), "Yaman"),
            (Choosing::Hours, None, Some("Yaman"), "Bihag"),
            (Choosing::Hours, None, Some("Todi"), "Desh"),
        ] {
            assert_eq!(name(how, minute, last), wanted, "{how:?} {minute:?} {last:?}");
        }
        assert_eq!(choose(&[], &library.ragas, Choosing::Hours, None, None), None);
    }

    #[test]
    fn hours_go_over_midnight() {
        let text = include_str!("../../ragas/bihag.toml").replace("\"21-24\"", "\"22-1\"");
        let raga = Raga::parse("mine.toml", &text).unwrap();
        assert!([22, 23, 0].iter().all(|hour| raga.suits(*hour)));
        assert!([1, 12, 21].iter().all(|hour| !raga.suits(*hour)));
    }

    #[test]
    fn a_time_of_day_is_hours_and_minutes() {
        assert_eq!("21:30".parse(), Ok(Minute(21 * 60 + 30)));
        assert_eq!(" 7:05".parse(), Ok(Minute(7 * 60 + 5)));
        for word in ["", "21", "24:00", "12:60", "-1:00", "+1:00", "a:b", "1:2:3", "001:00"] {
            assert!(word.parse::<Minute>().is_err(), "{word}");
        }
        let told = ToldMinute::default();
        assert_eq!(told.minute(), None);
        told.clone().tell(at(5));
        assert_eq!(told.minute(), at(5));
        told.tell(None);
        assert_eq!(told.minute(), None);
    }
}
