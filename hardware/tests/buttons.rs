//! Gestures: each by example, every overlap of the table, and the laws that hold for whatever fingers do.

use proptest::prelude::*;
use rasika_hardware::buttons::Button::{Record, Select};
use rasika_hardware::buttons::Gesture::{
    self, ChordClick, ChordLong, ChordLongLetGo, ChordLongest, Click, DoubleClick, HoldBegan, HoldEnded, Stuck,
};
use rasika_hardware::buttons::{Button, Recogniser, Times};
use std::time::Duration;

type Press = (u64, Button, bool);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Feeds levels (milliseconds), reading the clock in between every so many milliseconds, or only when it is asked to.
fn gestures_ticking(edges: &[Press], every: Option<u64>) -> Vec<(Duration, Gesture)> {
    let mut recogniser = Recogniser::new(Times::default(), [false; 2]);
    let (mut made, mut before) = (Vec::new(), 0);
    for (time, button, down) in edges {
        for tick in every.into_iter().flat_map(|every| (before..*time).step_by(every as usize)) {
            recogniser.tick(ms(tick), &mut made);
        }
        recogniser.level(ms(*time), *button, *down, &mut made);
        before = *time;
    }
    while let Some(due) = recogniser.due() {
        recogniser.tick(due, &mut made);
    }
    made
}

fn gestures(edges: &[Press]) -> Vec<(Duration, Gesture)> {
    gestures_ticking(edges, None)
}

fn names(edges: &[Press]) -> Vec<Gesture> {
    gestures(edges).into_iter().map(|(_, gesture)| gesture).collect()
}

#[test]
fn select_clicks_at_once_and_holds_after_a_second() {
    assert_eq!(gestures(&[(10, Select, true), (900, Select, false)]), [(ms(900), Click(Select))]);
    let held = gestures(&[(10, Select, true), (1500, Select, false)]);
    assert_eq!(held, [(ms(1010), HoldBegan(Select)), (ms(1500), HoldEnded(Select))]);
}

#[test]
fn record_tells_click_double_click_and_hold_apart() {
    let click = [(10, Record, true), (200, Record, false)];
    assert_eq!(gestures(&click), [(ms(500), Click(Record))], "it may still become a double one for 0.3 s");
    let double = [(0, Record, true), (250, Record, false), (400, Record, true), (690, Record, false)];
    assert_eq!(names(&double), [DoubleClick(Record)]);
    let twice = [(0, Record, true), (100, Record, false), (450, Record, true), (500, Record, false)];
    assert_eq!(names(&twice), [Click(Record), Click(Record)], "too far apart");
    let held = [(0, Record, true), (300, Record, false)];
    assert_eq!(names(&held), [HoldBegan(Record), HoldEnded(Record)], "0.3 s is a hold");
    let nearly = [(0, Record, true), (299, Record, false)];
    assert_eq!(names(&nearly), [Click(Record)]);
    let three = [
        (0, Record, true),
        (50, Record, false),
        (100, Record, true),
        (150, Record, false),
        (200, Record, true),
        (250, Record, false),
    ];
    assert_eq!(names(&three), [DoubleClick(Record), Click(Record)]);
}

#[test]
fn a_button_let_go_just_before_is_no_hold_though_the_clock_is_read_just_after() {
    let (mut recogniser, mut made) = (Recogniser::new(Times::default(), [false; 2]), Vec::new());
    recogniser.level(ms(0), Record, true, &mut made);
    recogniser.level(ms(299), Record, false, &mut made);
    recogniser.tick(ms(303), &mut made);
    recogniser.tick(ms(900), &mut made);
    assert_eq!(made, [(ms(599), Click(Record))]);
}

#[test]
fn both_within_150_ms_are_a_chord_of_three_lengths() {
    let chord =
        |apart, until| [(0, Select, true), (apart, Record, true), (until, Select, false), (20_000, Record, false)];
    assert_eq!(gestures(&chord(150, 400)), [(ms(400), ChordClick)]);
    assert_eq!(names(&chord(150, 3149)), [ChordClick]);
    assert_eq!(names(&chord(0, 3000)), [ChordLong, ChordLongLetGo]);
    assert_eq!(names(&chord(100, 10_099)), [ChordLong, ChordLongLetGo]);
    assert_eq!(names(&chord(100, 10_100)), [ChordLong, ChordLongest], "and letting go is nothing any more");
    let backwards = [(0, Record, true), (100, Select, true), (200, Record, false), (210, Select, false)];
    assert_eq!(names(&backwards), [ChordClick]);
}

#[test]
fn overlaps_are_decided_by_the_table() {
    let late = [(0, Record, true), (151, Select, true), (900, Select, false), (1000, Record, false)];
    assert_eq!(names(&late), [HoldBegan(Record), HoldEnded(Record)], "the late button means nothing");
    let late = [(0, Select, true), (500, Record, true), (600, Select, false), (5000, Record, false)];
    assert_eq!(names(&late), [Click(Select)], "even when it stays");
    let let_go_first = [(0, Select, true), (100, Select, false), (140, Record, true), (240, Record, false)];
    assert_eq!(names(&let_go_first), [Click(Select), Click(Record)], "one after the other is no chord");
    let at_once = [(0, Record, true), (500, Select, true), (500, Record, false), (600, Select, false)];
    assert_eq!(names(&at_once), [HoldBegan(Record), HoldEnded(Record), Click(Select)], "let go before pressed");
    let one_stays = [(0, Select, true), (50, Record, true), (300, Record, false), (5000, Select, false)];
    assert_eq!(names(&one_stays), [ChordClick], "the button that stays is no hold");
    let click_then_chord = [
        (0, Record, true),
        (100, Record, false),
        (200, Record, true),
        (300, Select, true),
        (400, Select, false),
        (410, Record, false),
    ];
    assert_eq!(names(&click_then_chord), [ChordClick]);
    let click_then_hold = [(0, Record, true), (100, Record, false), (200, Record, true), (900, Record, false)];
    assert_eq!(names(&click_then_hold), [HoldBegan(Record), HoldEnded(Record)]);
    let click_then_other = [(0, Record, true), (100, Record, false), (200, Select, true), (250, Select, false)];
    assert_eq!(names(&click_then_other), [Click(Select), Click(Record)]);
    let other_waits = [
        (0, Record, true),
        (100, Record, false),
        (120, Select, true),
        (300, Record, true),
        (350, Record, false),
        (380, Select, false),
    ];
    assert_eq!(names(&other_waits), [Click(Select), Click(Record)], "a press beside another makes no double click");
}

#[test]
fn a_button_down_from_the_start_means_nothing_and_leaves_the_other_alone() {
    let mut recogniser = Recogniser::new(Times::default(), [true, false]);
    let mut made = Vec::new();
    for (time, button, down) in [
        (100, Record, true),
        (1000, Record, false),
        (20_000, Select, false),
        (21_000, Select, true),
        (21_100, Select, false),
    ] {
        recogniser.level(ms(time), button, down, &mut made);
    }
    recogniser.tick(ms(30_000), &mut made);
    let made: Vec<_> = made.into_iter().map(|(_, gesture)| gesture).collect();
    assert_eq!(made, [HoldBegan(Record), HoldEnded(Record), Click(Select)]);
}

#[test]
fn a_button_that_sticks_ends_its_hold_and_leaves_the_other_alone() {
    let stuck = [(0, Record, true), (600_500, Select, true), (600_600, Select, false), (700_000, Record, false)];
    assert_eq!(names(&stuck), [HoldBegan(Record), HoldEnded(Record), Stuck(Record), Click(Select)]);
}

#[test]
fn a_button_whose_line_is_lost_ends_its_hold_and_starts_anew() {
    let mut recogniser = Recogniser::new(Times::default(), [false; 2]);
    let mut made = Vec::new();
    recogniser.level(ms(0), Record, true, &mut made);
    recogniser.renew(ms(2000), Record, false, &mut made);
    recogniser.renew(ms(3000), Record, true, &mut made);
    recogniser.level(ms(9000), Record, false, &mut made);
    recogniser.level(ms(9100), Select, true, &mut made);
    recogniser.renew(ms(9200), Select, false, &mut made);
    recogniser.tick(ms(20_000), &mut made);
    assert_eq!(made, [(ms(300), HoldBegan(Record)), (ms(2000), HoldEnded(Record))]);
    assert_eq!(recogniser.due(), None);
}

/// Presses of both buttons, at odds with each other, around the times that matter.
fn fingers() -> impl Strategy<Value = Vec<Press>> {
    let around = prop_oneof![
        1..20_u64,
        20..400_u64,
        140..160_u64,
        290..310_u64,
        900..1100_u64,
        2900..3100_u64,
        9000..11_000_u64
    ];
    prop::collection::vec((around, any::<bool>()), 0..40).prop_map(|steps| {
        let (mut time, mut down) = (0, [false; 2]);
        let step = |(wait, record): (u64, bool)| {
            time += wait;
            let button = if record { Record } else { Select };
            down[button.index()] = !down[button.index()];
            (time, button, down[button.index()])
        };
        steps.into_iter().map(step).collect()
    })
}

/// Presses that last, as those of fingers do: nothing shorter than the debounce.
fn slow_fingers() -> impl Strategy<Value = Vec<Press>> {
    fingers().prop_map(|edges| edges.into_iter().map(|(time, button, down)| (time * 20, button, down)).collect())
}

proptest! {
    #[test]
    fn reading_the_clock_changes_nothing(edges in fingers(), every in 1..30_u64) {
        prop_assert_eq!(gestures_ticking(&edges, Some(every)), gestures(&edges));
    }

    #[test]
    fn bouncing_contacts_change_nothing(edges in slow_fingers(), bounces in prop::collection::vec(1..4_u64, 1..4)) {
        let bounce = |(time, button, down): Press| {
            // The last edge of each press stays where it is, as presses count from there.
            let mut bouncing = vec![(time, button, down)];
            let mut at = time;
            for wait in &bounces {
                at = at.saturating_sub(*wait);
                bouncing.push((at, button, !down));
                at = at.saturating_sub(1);
                bouncing.push((at, button, down));
            }
            bouncing.reverse();
            bouncing
        };
        let bounced: Vec<Press> = edges.iter().copied().flat_map(bounce).collect();
        let far_apart = edges.windows(2).all(|pair| pair[1].0 - pair[0].0 > 20);
        prop_assume!(far_apart && edges.first().is_none_or(|first| first.0 > 20));
        prop_assert_eq!(gestures(&bounced), gestures(&edges));
    }

    #[test]
    fn nothing_is_told_twice(edges in fingers()) {
        let made = gestures(&edges);
        let presses = edges.iter().filter(|(_, _, down)| *down).count();
        // Each of these uses up at least one press, a double click and a chord two.
        let used: usize = made.iter().map(|(_, gesture)| match gesture {
            Click(_) | HoldBegan(_) => 1,
            DoubleClick(_) | ChordClick | ChordLongLetGo | ChordLongest => 2,
            HoldEnded(_) | ChordLong | Stuck(_) => 0,
        }).sum();
        prop_assert!(used <= presses, "{:?}", made);
        // What begins ends once, before anything else of its kind begins.
        let (mut held, mut long) = (None, false);
        for (_, gesture) in &made {
            match *gesture {
                HoldBegan(button) => prop_assert_eq!(held.replace(button), None),
                HoldEnded(button) => prop_assert_eq!(held.take(), Some(button)),
                ChordLong => prop_assert!(!std::mem::replace(&mut long, true)),
                ChordLongLetGo | ChordLongest => prop_assert!(std::mem::take(&mut long)),
                ChordClick => prop_assert!(!long),
                Click(_) | DoubleClick(_) | Stuck(_) => {}
            }
        }
        prop_assert!(made.windows(2).all(|pair| pair[0].0 <= pair[1].0), "in the order of time: {:?}", made);
    }

    #[test]
    fn a_chord_is_told_only_of_presses_150_ms_apart(edges in slow_fingers()) {
        let chords = gestures(&edges).iter().filter(|(_, g)| matches!(g, ChordClick | ChordLong)).count();
        let close = edges.iter().filter(|(time, button, down)| *down && edges.iter().any(|(other_time, other, other_down)| {
            *other_down && other == &button.other() && other_time <= time && time - other_time <= 150
        })).count();
        prop_assert!(chords <= close);
    }
}
