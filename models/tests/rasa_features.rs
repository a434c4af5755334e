//! The features say what a face and hands do: nearness, place, tilt, frame size and aspect leave them as they are.

use rasika_models::observation::{BLENDSHAPES, FACE_POINTS, HAND_POINTS, Landmark};
use rasika_models::{FEATURES, Face, FeatureVector, Hand, Observation, Side};

/// A repeatable number in -1..1 for each index: the tests want any face, not a certain one.
fn noise(seed: usize) -> f32 {
    let mut x = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66;
    x ^= x >> 31;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 29;
    (x % 20_001) as f32 / 10_000.0 - 1.0
}

/// Points scattered over a head of 200 pixels around (320, 240), with the ones that carry its axes where they belong.
fn face_points() -> Vec<Landmark> {
    let mut points: Vec<Landmark> = (0..FACE_POINTS)
        .map(|i| [320.0 + 80.0 * noise(3 * i), 240.0 + 100.0 * noise(3 * i + 1), 40.0 * noise(3 * i + 2)])
        .collect();
    for (index, x, y, z) in [
        (33, -45.0, -30.0, 10.0),
        (133, -18.0, -30.0, 0.0),
        (127, -75.0, -25.0, 60.0),
        (234, -78.0, -5.0, 65.0),
        (263, 45.0, -30.0, 10.0),
        (362, 18.0, -30.0, 0.0),
        (356, 75.0, -25.0, 60.0),
        (454, 78.0, -5.0, 65.0),
        (10, 0.0, -100.0, 5.0),
        (151, 0.0, -75.0, -5.0),
        (9, 0.0, -45.0, -8.0),
        (2, 0.0, 25.0, -20.0),
        (94, 0.0, 22.0, -24.0),
        (164, 0.0, 32.0, -16.0),
    ] {
        points[index] = [320.0 + x, 240.0 + y, z];
    }
    points
}

fn hand(side: Side, x: f32) -> Hand {
    let points: Vec<Landmark> = (0..HAND_POINTS)
        .map(|i| [x + 30.0 * noise(900 + i), 380.0 + 40.0 * noise(950 + i), 10.0 * noise(990 + i)])
        .collect();
    Hand { side, score: 0.9, world: points.clone(), landmarks: points }
}

fn observation() -> Observation {
    let shapes: Vec<f32> = (0..BLENDSHAPES).map(|i| (noise(700 + i) + 1.0) / 2.0).collect();
    Observation {
        frame: 0,
        time_ms: 0.0,
        width: 640,
        height: 480,
        face: Some(Face {
            landmarks: face_points(),
            blendshapes: shapes.clone(),
            upright_blendshapes: shapes,
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            score: 1.0,
        }),
        hands: vec![hand(Side::Left, 400.0), hand(Side::Right, 260.0)],
    }
}

/// The same performer with every picture point moved by `f`; blendshapes stay, as those of the upright face do.
fn moved(f: impl Fn(Landmark) -> Landmark) -> Observation {
    let mut observation = observation();
    let face = observation.face.as_mut().expect("the test face");
    for point in face.landmarks.iter_mut().chain(observation.hands.iter_mut().flat_map(|hand| &mut hand.landmarks)) {
        *point = f(*point);
    }
    observation
}

fn features(observation: &Observation) -> FeatureVector {
    FeatureVector::of(observation).expect("a whole face has features")
}

fn assert_same(a: &FeatureVector, b: &FeatureVector, what: &str) {
    for ((name, x), y) in FeatureVector::names().iter().zip(a.values()).zip(b.values()) {
        assert!((x - y).abs() < 2e-3, "{what}: {name} was {x}, is {y}");
    }
}

#[test]
fn nearness_and_place_change_nothing() {
    let before = features(&observation());
    for scale in [0.25, 0.7, 1.4, 6.0] {
        let after = moved(|[x, y, z]| [scale * x, scale * y, scale * z]);
        assert_same(&before, &features(&after), &format!("scale {scale}"));
    }
    assert_same(&before, &features(&moved(|[x, y, z]| [x - 200.0, y + 90.0, z])), "shift");
    assert_same(&before, &features(&moved(|[x, y, z]| [x, y, z + 35.0])), "depth of the origin");
}

#[test]
fn tilting_the_head_changes_nothing() {
    let before = features(&observation());
    for degrees in [-20.0_f32, -7.0, 12.0, 20.0] {
        let (s, c) = degrees.to_radians().sin_cos();
        let after = moved(|[x, y, z]| {
            [c * (x - 320.0) - s * (y - 240.0) + 320.0, s * (x - 320.0) + c * (y - 240.0) + 240.0, z]
        });
        assert_same(&before, &features(&after), &format!("tilt {degrees}°"));
    }
}

#[test]
fn frame_size_and_aspect_change_nothing() {
    let before = features(&observation());
    for (width, height) in [(480, 640), (1920, 1080), (64, 64)] {
        assert_same(&before, &features(&Observation { width, height, ..observation() }), "frame size");
    }
}

#[test]
fn turning_the_head_is_seen_with_its_sign_and_shortens_nothing() {
    let before = features(&observation());
    for degrees in [-25.0_f32, 25.0] {
        let (s, c) = degrees.to_radians().sin_cos();
        // The performer's own left side, right in the picture, goes away from the camera when they turn to it.
        let turned = features(&moved(|[x, y, z]| [c * (x - 320.0) - s * z + 320.0, y, s * (x - 320.0) + c * z]));
        assert!((turned.yaw_deg() - before.yaw_deg() - degrees).abs() < 2.0, "{} for {degrees}", turned.yaw_deg());
        let width = FeatureVector::index_of("geoMouthWidth").expect("a feature");
        assert!((turned.values()[width] - before.values()[width]).abs() < 2e-3);
    }
}

#[test]
fn what_the_mouth_does_is_seen() {
    let open = |gap: f32| {
        let mut observation = observation();
        let face = observation.face.as_mut().expect("the test face");
        face.landmarks[13] = [320.0, 270.0 - gap / 2.0, -20.0];
        face.landmarks[14] = [320.0, 270.0 + gap / 2.0, -20.0];
        features(&observation).values()[FeatureVector::index_of("geoLipParting").expect("a feature")]
    };
    assert!((open(30.0) - open(0.0) - 30.0 / 90.0).abs() < 1e-3, "30 pixels of 90 between the outer eye corners");
}

#[test]
fn an_open_palm_and_a_fist_differ_and_hands_are_mirrored_alike() {
    // A left hand, palm to the camera, fingers up or curled: wrist below, thumb towards the body.
    let shape = |side: Side, curled: bool| {
        let outwards = if side == Side::Left { 1.0 } else { -1.0 };
        let mut points = vec![[320.0 + outwards * 120.0, 400.0, 0.0]; HAND_POINTS];
        for (finger, across) in [-30.0_f32, -15.0, -5.0, 5.0, 15.0].into_iter().enumerate() {
            for joint in 0..4 {
                let reach = if curled && joint > 1 { 30.0 - 10.0 * joint as f32 } else { 40.0 + 15.0 * joint as f32 };
                points[1 + 4 * finger + joint] = [320.0 + outwards * (120.0 + across), 400.0 - reach, 0.0];
            }
        }
        Hand { side, score: 0.9, world: points.clone(), landmarks: points }
    };
    let read = |hands: Vec<Hand>, name: &str| {
        let place = FeatureVector::index_of(name).expect("a feature");
        features(&Observation { hands, ..observation() }).values()[place]
    };
    let open = read(vec![shape(Side::Left, false)], "leftIndexOut");
    let fist = read(vec![shape(Side::Left, true)], "leftIndexOut");
    assert!(open > 0.5 && fist < 0.0, "open {open}, fist {fist}");
    assert!(read(vec![shape(Side::Left, false)], "leftPalmToCamera") > 0.9);
    assert!(read(vec![shape(Side::Right, false)], "rightPalmToCamera") > 0.9);
    assert!(read(vec![shape(Side::Left, false)], "leftHandUp") > 0.9);
    let fists = read(vec![shape(Side::Left, true), shape(Side::Right, true)], "handsFists");
    let palms = read(vec![shape(Side::Left, false), shape(Side::Right, false)], "handsFists");
    assert!(fists > 0.9 && palms < 0.3, "fists {fists}, palms {palms}");
}

#[test]
fn damaged_observations_have_no_features_and_do_not_panic() {
    let damage = |f: fn(&mut Face)| {
        let mut observation = observation();
        f(observation.face.as_mut().expect("the test face"));
        FeatureVector::of(&observation)
    };
    assert!(damage(|_| ()).is_some());
    assert!(damage(|face| face.landmarks.truncate(468)).is_none());
    assert!(damage(|face| face.landmarks.clear()).is_none());
    assert!(damage(|face| face.landmarks[14][1] = f32::NAN).is_none());
    assert!(damage(|face| face.landmarks.fill([5.0, 5.0, 0.0])).is_none());
    assert!(damage(|face| face.landmarks.iter_mut().flatten().for_each(|v| *v *= 1e30)).is_none());
    assert!(damage(|face| face.upright_blendshapes.clear()).is_none());
    assert!(damage(|face| face.upright_blendshapes[7] = f32::INFINITY).is_none());
    assert!(FeatureVector::of(&Observation { face: None, ..observation() }).is_none());
}

#[test]
fn a_damaged_hand_counts_as_not_seen() {
    let without = features(&Observation { hands: vec![], ..observation() });
    let mut broken = hand(Side::Left, 400.0);
    broken.landmarks[8][0] = f32::NAN;
    let mut short = hand(Side::Right, 260.0);
    short.landmarks.pop();
    assert_same(&without, &features(&Observation { hands: vec![broken, short], ..observation() }), "damaged hands");
}

#[test]
fn names_are_distinct_and_as_many_as_values() {
    let names: std::collections::BTreeSet<_> = FeatureVector::names().iter().collect();
    assert_eq!(names.len(), FEATURES);
    assert_eq!(FeatureVector::index_of("browDownLeft"), Some(0));
    assert_eq!(FeatureVector::index_of("noSuchFeature"), None);
}
