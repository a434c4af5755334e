//! Patterns over time, as the eye and as a lamp see them.

use proptest::prelude::*;
use rasika_hardware::leds::{Counting, FRAME, Lamp, Pattern, Step};
use rasika_hardware::pins::{Bcm, Pins, SimulatedPins};
use std::time::Duration;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn read(toml: &str) -> Result<Pattern, String> {
    toml::from_str(toml).map_err(|error| error.message().to_owned())
}

const COUNTING: Counting = Counting { on: ms(200), off: ms(250), pause: ms(1000), long: ms(800), level: 1.0 };

/// How often an on/off LED lights up within a time, and for how long each.
fn lights(pattern: &Pattern, within: Duration) -> Vec<Duration> {
    let (mut at, mut lights) = (Duration::ZERO, Vec::new());
    while at < within {
        let next = pattern.next_change(at, false).unwrap_or(within).min(within);
        if pattern.is_on(at) {
            lights.push(next - at);
        }
        at = next;
    }
    lights
}

#[test]
fn patterns_are_read_from_toml() {
    assert_eq!(read("shape = 'solid'\nlevel = 0.25").unwrap().level(ms(777)), 0.25);
    let breath = read("shape = 'breathe'\nperiod_ms = 4000\nlow = 0.1\nhigh = 0.9").unwrap();
    assert!((breath.level(ms(0)) - 0.1).abs() < 1e-6 && (breath.level(ms(2000)) - 0.9).abs() < 1e-6);
    assert!((breath.level(ms(5000)) - 0.5).abs() < 1e-3, "it goes on in the next breath");
    let blink = read("shape = 'blink'\non_ms = 100\noff_ms = 900\nlevel = 1").unwrap();
    assert_eq!(lights(&blink, ms(3000)), [ms(100); 3]);
    let three = read("shape = 'count'\ncount = 3\non_ms = 200\noff_ms = 250\npause_ms = 1000\nlevel = 1").unwrap();
    assert_eq!(three, COUNTING.pattern(&[3]));
}

#[test]
fn what_no_led_can_show_is_an_error_that_says_why() {
    for (toml, word) in [
        ("shape = 'solid'\nlevel = 1.5", "1.5"),
        ("shape = 'solid'\nlevel = nan", "NaN"),
        ("shape = 'blink'\non_ms = 0\noff_ms = 900\nlevel = 1", "on_ms"),
        ("shape = 'breathe'\nperiod_ms = 0\nlow = 0\nhigh = 1", "period_ms"),
        ("shape = 'count'\ncount = 0\non_ms = 200\noff_ms = 250\npause_ms = 1000\nlevel = 1", "count"),
        ("shape = 'strobe'", "strobe"),
        ("shape = 'solid'\nlevel = 1\nlevle = 1", "levle"),
    ] {
        let said = read(toml).unwrap_err();
        assert!(said.contains(word), "{toml}: {said}");
    }
}

#[test]
fn numbers_are_counted_and_told_apart() {
    let code = COUNTING.pattern(&[2, 0, 1]);
    let Pattern::Steps(steps) = &code else { panic!("{code:?}") };
    let round: Duration = steps.iter().map(|step| step.lasts).sum();
    assert_eq!(lights(&code, round), [ms(200), ms(200), ms(800), ms(200)]);
    let dark: Vec<Duration> = steps.iter().filter(|step| step.level == 0.0).map(|step| step.lasts).collect();
    assert_eq!(dark, [ms(250), ms(1000), ms(1000), ms(2000)], "the longest dark is before the first number");
    assert_eq!(COUNTING.pattern(&[]), Pattern::OFF);
}

#[test]
fn a_lamp_is_written_to_only_when_it_changes() {
    let pins = SimulatedPins::new();
    let mut lamp = Lamp::new(pins.clone().light(Bcm(22)).unwrap());
    let solid = Pattern::Solid { level: 0.5 };
    for at in 0..100 {
        lamp.show(&solid, ms(at * 20), 1.0).unwrap();
    }
    assert_eq!(pins.writes(), 1);
    assert!((pins.brightness(Bcm(22)).unwrap() - 0.25).abs() < 0.01, "half as bright to the eye is a quarter of light");
    lamp.show(&solid, ms(0), 0.0).unwrap();
    assert_eq!(pins.brightness(Bcm(22)), Some(0.0));
}

#[test]
fn a_lamp_without_pwm_is_lit_where_a_dimmed_one_glows() {
    let pins = SimulatedPins::switched();
    let mut lamp = Lamp::new(pins.clone().light(Bcm(22)).unwrap());
    let breath = Pattern::Breathe { period: ms(4000), low: 0.05, high: 0.4 };
    let mut seen = Vec::new();
    for at in (0..4000).step_by(500) {
        lamp.show(&breath, ms(at), 0.3).unwrap();
        seen.push(pins.brightness(Bcm(22)) == Some(1.0));
    }
    assert_eq!(seen, [false, false, true, true, true, true, false, false]);
    lamp.show(&Pattern::Solid { level: 0.2 }, ms(0), 0.3).unwrap();
    assert_eq!(pins.brightness(Bcm(22)), Some(1.0));
}

fn patterns() -> impl Strategy<Value = Pattern> {
    let step = (20..2000_u64, 0.0..=1.0_f32).prop_map(|(lasts, level)| Step { lasts: ms(lasts), level });
    prop_oneof![
        (0.0..=1.0_f32).prop_map(|level| Pattern::Solid { level }),
        (20..10_000_u64, 0.0..=1.0_f32, 0.0..=1.0_f32).prop_map(|(period, low, high)| Pattern::Breathe {
            period: ms(period),
            low,
            high
        }),
        prop::collection::vec(step, 1..8).prop_map(Pattern::Steps),
        prop::collection::vec(0..10_u8, 0..5).prop_map(|numbers| COUNTING.pattern(&numbers)),
    ]
}

proptest! {
    #[test]
    fn a_brightness_is_one_and_nothing_changes_before_it_says(
        pattern in patterns(), at in 0..100_000_u64, part in 0.0..1.0_f64,
    ) {
        let at = ms(at);
        prop_assert!((0.0..=1.0).contains(&pattern.level(at)));
        let next = pattern.next_change(at, false);
        prop_assert!(next.is_none_or(|next| next > at), "{next:?} after {at:?}");
        let between = next.map_or(at + ms(5000), |next| at + (next - at).mul_f64(part));
        prop_assert_eq!(pattern.is_on(at), pattern.is_on(between), "between {:?} and {:?}", at, next);
        prop_assert!(pattern.next_change(at, true).is_none_or(|next| next > at));
        if matches!(pattern, Pattern::Breathe { .. }) {
            prop_assert_eq!(pattern.next_change(at, true), Some(at + FRAME));
        }
    }
}
