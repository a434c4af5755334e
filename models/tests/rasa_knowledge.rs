//! The built-in knowledge is valid, names the archetypes it was made from, and says where a file is wrong.

use rasika_models::classifier::{Knowledge, Sources, measure_population};
use rasika_models::{Classifier, FEATURES, FeatureVector, Rasa, strangers};
use std::collections::BTreeMap;

#[test]
fn the_built_in_knowledge_is_valid() {
    Knowledge::built_in().expect("the built-in knowledge");
}

/// Normal scores of the seven quantiles in population.toml.
const KNOTS: [f64; 7] = [-1.96, -1.2816, -0.6745, 0.0, 0.6745, 1.2816, 1.96];

/// A face whose features stand as far from the median stranger's as its signs are moved (in standard deviations).
fn face(moves: &BTreeMap<String, f64>) -> FeatureVector {
    let signs: toml::Table = Sources::BUILT_IN.signs.parse().expect("signs.toml");
    let population: toml::Table = Sources::BUILT_IN.population.parse().expect("population.toml");
    let mut scores: BTreeMap<&str, f64> = BTreeMap::new();
    for sign in signs["sign"].as_array().expect("signs") {
        let by = moves.get(sign["name"].as_str().expect("a name")).copied().unwrap_or(0.0);
        for (list, direction) in [("more", 1.0), ("less", -1.0)] {
            for feature in sign.get(list).and_then(toml::Value::as_array).into_iter().flatten() {
                *scores.entry(feature.as_str().expect("a feature")).or_default() += direction * by;
            }
        }
    }
    // What no sign looks at is as the mean stranger's.
    let mut means = strangers::measures().map(|[mean, ..]| mean);
    let mut values: [f32; FEATURES] = std::array::from_fn(|_| means.next().expect("one for each feature"));
    for (name, score) in scores {
        let quantiles = population["quantiles"][name].as_array().expect("quantiles");
        let value = interpolate(score, &quantiles.iter().filter_map(toml::Value::as_float).collect::<Vec<_>>());
        for place in [name.to_owned(), format!("{name}Left"), format!("{name}Right")] {
            if let Some(index) = FeatureVector::index_of(&place) {
                values[index] = value as f32;
            }
        }
    }
    FeatureVector::from_values(values).expect("finite")
}

fn interpolate(score: f64, quantiles: &[f64]) -> f64 {
    let score = score.clamp(KNOTS[0], KNOTS[6]);
    let piece = KNOTS[1..6].iter().take_while(|&&knot| knot < score).count();
    let share = (score - KNOTS[piece]) / (KNOTS[piece + 1] - KNOTS[piece]);
    quantiles[piece] + share * (quantiles[piece + 1] - quantiles[piece])
}

/// A resting face: lips together and no smile, where a third of all photographed strangers smile or talk.
fn at_rest() -> BTreeMap<String, f64> {
    [("lipsOpen", -0.6), ("jawDrop", -0.5), ("smile", -0.4), ("corners", -0.4), ("upperLip", -0.5)]
        .map(|(sign, by)| (sign.to_owned(), by))
        .into()
}

/// A resting face that shows some action units, each as strongly as given (1: in full).
fn showing(units: &[(u8, f64)]) -> FeatureVector {
    let known: toml::Table = Sources::BUILT_IN.units.parse().expect("units.toml");
    let mut moves = at_rest();
    for unit in known["unit"].as_array().expect("units") {
        let number = unit["number"].as_integer().expect("a number");
        if let Some(&(_, strength)) = units.iter().find(|&&(wanted, _)| i64::from(wanted) == number) {
            for (sign, by) in unit["moves"].as_table().expect("moves") {
                let by = by.as_float().or(by.as_integer().map(|by| by as f64)).expect("a number");
                *moves.entry(sign.clone()).or_default() += strength * by;
            }
        }
    }
    face(&moves)
}

#[test]
fn archetypes_are_named_as_their_rasa() {
    let classifier = Classifier::default_model();
    let archetypes: [(Rasa, &[(u8, f64)]); Rasa::COUNT] = [
        (Rasa::Shringara, &[(12, 0.6), (61, 1.0), (64, 1.0)]),
        (Rasa::Hasya, &[(6, 1.0), (12, 1.0), (25, 1.0)]),
        (Rasa::Karuna, &[(1, 1.0), (4, 1.0), (15, 1.0), (17, 1.0), (64, 1.0)]),
        (Rasa::Raudra, &[(4, 1.0), (5, 1.0), (7, 1.0), (10, 1.0), (23, 1.0), (25, 1.0)]),
        (Rasa::Veera, &[(5, 1.0), (17, 1.0), (24, 1.0), (53, 1.0)]),
        (Rasa::Bhayanaka, &[(1, 1.0), (2, 1.0), (4, 1.0), (5, 1.0), (20, 1.0), (25, 1.0)]),
        (Rasa::Bibhatsa, &[(7, 1.0), (9, 1.0), (10, 1.0), (17, 1.0)]),
        (Rasa::Adbhuta, &[(1, 1.0), (2, 1.0), (5, 1.0), (27, 1.0)]),
        (Rasa::Shanta, &[]),
    ];
    for (rasa, units) in archetypes {
        let reading = classifier.read(&showing(units));
        assert_eq!(
            reading.likeliest(),
            rasa,
            "{units:?}: {:?} {:?}",
            reading.probabilities,
            classifier.signs(&showing(units))
        );
        assert!(reading.strengths[rasa.index()] > 0.4, "{rasa} shown in full has strength {:?}", reading.strengths);
    }
}

#[test]
fn probabilities_are_probabilities_even_of_absurd_faces() {
    let classifier = Classifier::default_model();
    for value in [0.0, 1.0, -1e6, 1e6, f32::MAX] {
        let features = FeatureVector::from_values([value; FEATURES]).expect("finite");
        let probabilities = classifier.probabilities(&features);
        assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)), "{value}: {probabilities:?}");
        assert!(probabilities.iter().sum::<f32>() < 1.0 + 1e-4);
    }
    let rest: f32 = classifier.probabilities(&showing(&[])).iter().sum();
    assert!((rest - 1.0).abs() < 1e-4, "a plain face is taken for none: {rest}");
}

#[test]
fn a_smile_grows_hasya_and_its_strength() {
    let classifier = Classifier::default_model();
    let read = |by: f64| {
        let mut moves = at_rest();
        for sign in ["smile", "corners", "upperLip"] {
            *moves.entry(sign.to_owned()).or_default() += by;
        }
        let reading = classifier.read(&face(&moves));
        (reading.of(Rasa::Hasya), reading.strengths[Rasa::Hasya.index()])
    };
    for pair in [0.0, 0.5, 1.0, 1.5].map(read).windows(2) {
        assert!(pair[1].0 > pair[0].0 && pair[1].1 >= pair[0].1, "{pair:?}");
    }
}

/// The error of the built-in knowledge with one change in one file, as `file:line: problem`.
fn error(file: &str, from: &str, to: &str) -> String {
    let change = |name: &str, text: &str| {
        if name != file {
            return text.to_owned();
        }
        assert!(text.contains(from), "{file} does not contain {from}");
        text.replacen(from, to, 1)
    };
    let built_in = Sources::BUILT_IN;
    let (signs, units) = (change("signs.toml", built_in.signs), change("units.toml", built_in.units));
    let (rasas, population) = (change("rasas.toml", built_in.rasas), change("population.toml", built_in.population));
    let sources = Sources { signs: &signs, units: &units, rasas: &rasas, population: &population };
    Knowledge::read(sources).expect_err("must be refused").to_string()
}

/// Number of the line that holds a text.
fn line_of(text: &str, part: &str) -> usize {
    1 + text.lines().position(|line| line.contains(part.trim_end())).expect("the part is there")
}

#[test]
fn errors_name_file_and_line() {
    let Sources { signs, units, rasas, population } = Sources::BUILT_IN;
    for (file, text, from, to, says) in [
        ("rasas.toml", rasas, "name = \"hasya\"", "name = \"comedy\"", "'comedy' is not a rasa"),
        ("rasas.toml", rasas, "name = \"raudra\"", "name = \"hasya\"", "hasya is declared twice"),
        ("rasas.toml", rasas, "\"6+12+25\"", "\"6+99+25\"", "no action unit 99"),
        ("rasas.toml", rasas, "\"6+12+25\"", "\"6+smile\"", "no prototype"),
        ("rasas.toml", rasas, "leftHandAtEyes", "thirdHand", "no feature 'thirdHand'"),
        ("rasas.toml", rasas, "prior = 1.25", "prior = -1", "above 0"),
        ("rasas.toml", rasas, "prior = 1.25", "", "missing field `prior`"),
        ("rasas.toml", rasas, "prior = 1.25", "prior = 1.25\ncolour = 3", "unknown field `colour`"),
        ("units.toml", units, "moves = { eyeOpen = 1.5", "moves = { eyeOpenn = 1.5", "no sign 'eyeOpenn'"),
        ("units.toml", units, "number = 12\n", "number = 10\n", "declared twice"),
        ("units.toml", units, "seen = 0.85", "seen = 8.5", "between 0 and 1"),
        ("units.toml", units, "number = 12\n", "number = twelve\n", ""),
        ("signs.toml", signs, "\"mouthShrugLower\"", "\"mouthShrugged\"", "no feature 'mouthShrugged'"),
        ("signs.toml", signs, "\"mouthShrugLower\"", "\"cheekPuff\"", "measure again"),
        ("signs.toml", signs, "name = \"smile\"", "name = \"eyeOpen\"", "declared twice"),
        ("population.toml", population, "features_version = 2", "features_version = 99", "features version"),
    ] {
        let message = error(file, from, to);
        let start = format!("{file}:{}:", line_of(text, from));
        // A field that is missing or unknown is reported at its entry or its own line, just above or below.
        let near = (-9i64..=2).any(|d| message.starts_with(&format!("{file}:{}:", line_of(text, from) as i64 + d)));
        let exact = !says.contains("field");
        assert!(if exact { message.starts_with(&start) } else { near }, "{message} should start with {start}");
        assert!(message.contains(says), "{message} should say {says}");
    }
    let without = rasas.split("[[rasa]]\nname = \"shanta\"").next().expect("a part");
    let sources = Sources { rasas: without, ..Sources::BUILT_IN };
    assert!(Knowledge::read(sources).expect_err("refused").to_string().contains("shanta is missing"));
}

#[test]
fn a_measured_population_can_be_read_again() {
    let faces: Vec<FeatureVector> = (0..200_i32)
        .map(|i| {
            let values = std::array::from_fn(|j| ((i as f32 * 0.37 + 1.0) * (j as f32 + 1.3)).sin().abs());
            FeatureVector::from_values(values).expect("finite")
        })
        .collect();
    let text = measure_population(Sources::BUILT_IN.signs, &faces).expect("measured");
    Knowledge::read(Sources { population: &text, ..Sources::BUILT_IN }).expect("what was measured can be read");
    assert!(measure_population(Sources::BUILT_IN.signs, &faces[..10]).is_err(), "too few");
}
