//! A personal model: one take of three rasas improves those and harms the other six but little.
//!
//! The performers are nobody: faces that stand as far from the mean stranger's as people do, and show the rasas each in their
//! own measure and with habits of their own, in features. Nothing was chosen on the performers of the test; settings were
//! tried on those of the seeds 1 and 2.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use rasika_models::classifier::Formula;
use rasika_models::package::LabelScore;
use rasika_models::{Classifier, FEATURES, FeatureVector, Rasa, strangers};

use crate::dataset::{self, Take};
use crate::eval;
use crate::train::Base;
use crate::train::rng::Rng;
use crate::train::samples::{Frame, Row, Samples, Selection};
use crate::train::split::{Fold, Split};

/// What each rasa does to the signs of a face, in deviations of the population; anatomy, roughly.
const SHOWN: [&[(&str, f32)]; Rasa::COUNT] = [
    &[("smile", 0.8), ("corners", 0.7), ("gazeAside", 1.5)],
    &[("smile", 1.6), ("corners", 1.6), ("lidTight", 1.2), ("lipsOpen", 1.2)],
    &[("browOblique", 1.7), ("browApart", -0.8), ("corners", -1.5), ("chinRaise", 1.0), ("headUp", -0.6)],
    &[
        ("browRaise", -1.3),
        ("browApart", -1.3),
        ("eyeOpen", 1.0),
        ("lidTight", 1.2),
        ("lipsLoose", -1.0),
        ("upperLip", 0.8),
    ],
    &[("eyeOpen", 1.0), ("chinRaise", 1.0), ("lipsLoose", -1.3), ("headUp", 1.0)],
    &[
        ("browRaise", 1.0),
        ("browOblique", 1.0),
        ("browApart", -1.0),
        ("eyeOpen", 1.6),
        ("lipStretch", 1.6),
        ("lipsOpen", 1.2),
    ],
    &[("lidTight", 1.0), ("noseWrinkle", 1.8), ("upperLip", 1.7), ("chinRaise", 0.8)],
    &[("browRaise", 1.8), ("eyeOpen", 1.6), ("jawDrop", 1.8), ("lipsOpen", 1.2)],
    &[],
];
/// A resting face beside a photographed one: lips together, no smile.
const REST: [(&str, f32); 5] =
    [("lipsOpen", -0.6), ("jawDrop", -0.5), ("smile", -0.4), ("corners", -0.4), ("upperLip", -0.5)];
/// Deviations: of people from each other, of a habit from the rasa as it is described, of takes, of frames. As measured on
/// the original project's performer (first 60 % of each recording), but for that of takes, of which there is one each.
const PERSON: f32 = 0.35;
const HABIT: f32 = 0.17;
const TAKE: f32 = 0.15;
const FRAME: f32 = 0.25;
const FRAMES: usize = 120;

/// Somebody.
struct Performer {
    person: Vec<f32>,
    habits: Vec<Vec<f32>>,
    gains: Vec<f32>,
}

/// Everything that is needed to make a face.
struct Studio {
    formula: Formula,
    signs: Vec<String>,
    means: Vec<[f32; 3]>,
}

impl Studio {
    fn new() -> Self {
        let classifier = Classifier::default_model();
        let any = FeatureVector::from_values([0.0; FEATURES]).unwrap();
        let signs = classifier.signs(&any).into_iter().map(|(name, _)| name.to_owned()).collect();
        Self { formula: classifier.formula(), signs, means: strangers::measures().collect() }
    }

    fn performer(&self, rng: &mut Rng) -> Performer {
        let mut row = |size: f32| (0..FEATURES).map(|_| size * rng.normal()).collect::<Vec<f32>>();
        let person = row(PERSON);
        let habits = (0..Rasa::COUNT).map(|_| row(HABIT)).collect();
        Performer { person, habits, gains: self.signs.iter().map(|_| 0.95 + rng.within(0.35)).collect() }
    }

    /// A take: the person, what the rasa does, the habit, a drift of the take, the noise of each frame.
    fn take(&self, performer: &Performer, rasa: Rasa, rng: &mut Rng) -> Vec<Row> {
        let drift: Vec<f32> = (0..FEATURES).map(|_| TAKE * rng.normal()).collect();
        let mut shaking = vec![0.0; FEATURES];
        (0..FRAMES)
            .map(|_| {
                // From frame to frame a face moves on; it does not jump.
                shaking.iter_mut().for_each(|s| *s = 0.8 * *s + 0.6 * FRAME * rng.normal());
                let away: Vec<f32> = (0..FEATURES)
                    .map(|k| performer.person[k] + performer.habits[rasa.index()][k] + drift[k] + shaking[k])
                    .collect();
                self.face(performer, rasa, &away)
            })
            .collect()
    }

    fn face(&self, performer: &Performer, rasa: Rasa, away: &[f32]) -> Row {
        let mut values: Row = std::array::from_fn(|k| {
            let [mean, inverse, _] = self.means[k];
            if inverse > 0.0 { mean + away[k] / inverse } else { 0.0 }
        });
        let moves = |sign: usize| {
            let of =
                |moves: &[(&str, f32)]| moves.iter().find(|(name, _)| *name == self.signs[sign]).map_or(0.0, |m| m.1);
            of(&REST) + performer.gains[sign] * of(SHOWN[rasa.index()])
        };
        for (sign, weights) in self.formula.sign_weights.iter().enumerate() {
            for (part, _) in weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
                let knots = &self.formula.knots[part];
                for &place in &self.formula.places[part] {
                    values[place] = self.value(knots, weights[part].signum() * moves(sign) + away[place]);
                }
            }
        }
        values
    }

    /// The value that has a normal score among strangers.
    fn value(&self, knots: &[f32; 7], score: f32) -> f32 {
        let scores = &self.formula.scores;
        let score = score.clamp(-2.4, 2.4);
        let piece = scores[1..6].iter().take_while(|&&knot| knot < score).count();
        let share = (score - scores[piece]) / (scores[piece + 1] - scores[piece]);
        knots[piece] + share * (knots[piece + 1] - knots[piece])
    }
}

/// One take of three rasas to learn from, and another take of all nine to score.
fn lesson(studio: &Studio, performer: &Performer, three: [Rasa; 3], rng: &mut Rng) -> (Samples, Fold) {
    let mut samples = Samples::default();
    let mut fold = Fold::default();
    for (learned, rasa) in three.map(|rasa| (true, rasa)).into_iter().chain(Rasa::ALL.map(|rasa| (false, rasa))) {
        let take = Take {
            id: format!("{rasa}-{learned}"),
            box_id: "box".to_owned(),
            label: rasa,
            performer: "nobody".to_owned(),
            started_unix_ms: 0,
            width: 640,
            height: 480,
            mirrored: false,
            reconstructed: Vec::new(),
        };
        let place = samples.takes.len();
        for (number, row) in studio.take(performer, rasa, rng).into_iter().enumerate() {
            let part = if learned { &mut fold.learned } else { &mut fold.scored };
            part.push(samples.frames.len());
            samples.frames.push(Frame { take: place, number, time_ms: number as f64 * 40.0 });
            samples.rows.push(row);
        }
        samples.takes.push(take);
        samples.groups.push(place);
        samples.observations.push(FRAMES);
    }
    (samples, fold)
}

/// Recall of each rasa before and after three were learned.
fn before_and_after(samples: &Samples, fold: &Fold, three: [Rasa; 3]) -> Vec<(Rasa, bool, f64, f64)> {
    let recall = |verdicts: &[eval::Verdict]| eval::scores(samples, verdicts, "").per_rasa;
    let before = recall(&eval::with_default(samples, &fold.scored));
    let stop = AtomicBool::new(false);
    let after = recall(&eval::learned_and_judged(samples, fold, Base::Default, 1, &stop).unwrap());
    let met = |(before, after): (LabelScore, LabelScore)| {
        (before.rasa, three.contains(&before.rasa), before.recall.unwrap(), after.recall.unwrap())
    };
    before.into_iter().zip(after).map(met).collect()
}

/// Recall by rasa before and after, with whether it was learned, for performers of a seed.
fn recalls(seed: u64, performers: usize) -> Vec<(Rasa, bool, f64, f64)> {
    let studio = Studio::new();
    let mut rng = Rng::new(seed);
    let mut all = Vec::new();
    for number in 0..performers {
        let performer = studio.performer(&mut rng);
        let three = [0, 3, 5].map(|step| Rasa::ALL[(number + step) % Rasa::COUNT]);
        let (samples, fold) = lesson(&studio, &performer, three, &mut rng);
        all.extend(before_and_after(&samples, &fold, three));
    }
    all
}

#[test]
fn one_take_of_three_rasas_improves_those_and_harms_the_others_but_little() {
    let all = recalls(2002, 18);
    let mean = |rasa: Rasa, learned: bool| {
        let of: Vec<_> = all.iter().filter(|(r, l, ..)| *r == rasa && *l == learned).collect();
        let sum = of.iter().fold((0.0, 0.0), |sum, (.., before, after)| (sum.0 + before, sum.1 + after));
        (sum.0 / of.len() as f64, sum.1 / of.len() as f64)
    };
    for rasa in Rasa::ALL {
        let ((before, after), (left, kept)) = (mean(rasa, true), mean(rasa, false));
        println!("{rasa:<10} learned {before:.3} -> {after:.3}   not learned {left:.3} -> {kept:.3}");
    }
    for rasa in Rasa::ALL {
        let ((before, after), (left, kept)) = (mean(rasa, true), mean(rasa, false));
        assert!(after > before.min(0.95), "{rasa} was learned, and its recall went from {before:.3} to {after:.3}");
        assert!(kept >= left - 0.05, "{rasa} was not learned, and its recall fell from {left:.3} to {kept:.3}");
    }
}

/// Of recordings of all nine rasas in the folder `RASIKA_RECORDINGS`: every choice of three, the first 60 % of each learned, the
/// last 30 % of all nine scored.
#[test]
#[ignore = "needs somebody's recordings of all nine rasas"]
fn every_three_of_somebody() {
    let folder = std::env::var("RASIKA_RECORDINGS").expect("RASIKA_RECORDINGS names a folder of recordings");
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files/models");
    let recordings = dataset::open(Path::new(&folder), &models).unwrap();
    let samples = Samples::read(&*recordings, &Selection::default(), Some(1), &mut |_, _| true).unwrap();
    let every: Vec<usize> = (0..samples.frames.len()).collect();
    let time = Split::Time { learned: 0.6, gap: 0.1 }.folds(&samples, &every, 1).swap_remove(0);
    let mut all = Vec::new();
    for (a, b, c) in (0..9).flat_map(|a| (a + 1..9).flat_map(move |b| (b + 1..9).map(move |c| (a, b, c)))) {
        let three = [a, b, c].map(|index| Rasa::ALL[index]);
        let learned = time.learned.iter().copied().filter(|frame| three.contains(&samples.label(*frame)));
        let fold = Fold { learned: learned.collect(), scored: time.scored.clone() };
        all.extend(before_and_after(&samples, &fold, three));
    }
    for rasa in Rasa::ALL {
        let [(was, is, _), (left, kept, over)] = [true, false].map(|learned| {
            let of: Vec<_> = all.iter().filter(|(its, so, ..)| (*its, *so) == (rasa, learned)).collect();
            let mean = |value: fn(&(Rasa, bool, f64, f64)) -> f64| {
                of.iter().map(|one| value(one)).sum::<f64>() / of.len() as f64
            };
            (mean(|one| one.2), mean(|one| one.3), of.iter().filter(|one| one.2 - one.3 > 0.05).count())
        });
        println!(
            "{rasa:<10} learned {was:.2} -> {is:.2}   not learned {left:.2} -> {kept:.2}, by more than 0.05 in {over} of 56"
        );
    }
}
