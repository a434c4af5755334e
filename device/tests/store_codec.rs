//! Observations as bytes: they come back within the promised error, from whole chunks only, and nothing else does harm.

use proptest::prelude::*;
use rasika_device::store::codec::{ChunkError, ChunkWriter, MOST_OBSERVATIONS, read_chunk};
use rasika_models::observation::{BLENDSHAPES, FACE_POINTS, HAND_POINTS, Landmark};
use rasika_models::{Face, Hand, Observation, Side};

/// The promise at 640×480, in pixels.
const X_Y_PX: f32 = 0.1;
const Z_PX: f32 = 0.5;

fn landmarks(count: usize, most: f32) -> impl Strategy<Value = Vec<Landmark>> {
    let value = prop_oneof![4 => -most / 100.0..most / 100.0, 1 => -most..most];
    prop::collection::vec([value.clone(), value.clone(), value], count)
}

fn scores() -> impl Strategy<Value = Vec<f32>> {
    prop_oneof![4 => prop::collection::vec(-0.1_f32..1.1, BLENDSHAPES), 1 => Just(vec![])]
}

prop_compose! {
    fn face(most: f32)(landmarks in landmarks(FACE_POINTS, most), blendshapes in scores(),
        upright_blendshapes in scores(), pose in [-180_f32..180.0, -180_f32..180.0, -180_f32..180.0],
        score in 0_f32..1.0) -> Face
    {
        let [yaw_deg, pitch_deg, roll_deg] = pose;
        Face { landmarks, blendshapes, upright_blendshapes, yaw_deg, pitch_deg, roll_deg, score }
    }
}

prop_compose! {
    fn hand(most: f32)(landmarks in landmarks(HAND_POINTS, most),
        world in prop_oneof![landmarks(HAND_POINTS, 1.0), Just(vec![])], left: bool, score in 0_f32..1.0) -> Hand
    {
        Hand { side: if left { Side::Left } else { Side::Right }, score, landmarks, world }
    }
}

prop_compose! {
    fn observation(most: f32)(frame in prop_oneof![0_u64..100, 0_u64..1 << 50], time_ms in prop_oneof![0.0_f64..1e4, -1e9_f64..1e9],
        face in prop::option::weighted(0.8, face(most)), hands in prop::collection::vec(hand(most), 0..=2)) -> Observation
    {
        Observation { frame, time_ms, width: 640, height: 480, face, hands }
    }
}

fn write(seen: &[Observation]) -> Vec<u8> {
    let mut writer = ChunkWriter::default();
    for one in seen {
        writer.push(one).unwrap();
    }
    writer.finish()
}

/// The largest distances in x and y, and in z.
fn errors(a: &[Landmark], b: &[Landmark]) -> (f32, f32) {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).fold((0.0, 0.0), |(xy, z), (a, b)| {
        (f32::max(xy, (a[0] - b[0]).abs().max((a[1] - b[1]).abs())), f32::max(z, (a[2] - b[2]).abs()))
    })
}

fn near(a: &[f32], b: &[f32], most: f32) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= most)
}

fn check(was: &Observation, is: &Observation) {
    assert_eq!((was.frame, was.width, was.height), (is.frame, is.width, is.height));
    assert!((was.time_ms - is.time_ms).abs() <= 0.000_51, "{} became {}", was.time_ms, is.time_ms);
    assert_eq!((was.face.is_some(), was.hands.len()), (is.face.is_some(), is.hands.len()));
    if let (Some(was), Some(is)) = (&was.face, &is.face) {
        let (xy, z) = errors(&was.landmarks, &is.landmarks);
        assert!(xy <= X_Y_PX && z <= Z_PX, "face landmarks are off by {xy} and {z} px");
        assert!(near(&was.blendshapes, &is.blendshapes, 0.0005));
        assert!(near(&was.upright_blendshapes, &is.upright_blendshapes, 0.0005));
        let pose = |face: &Face| [face.yaw_deg, face.pitch_deg, face.roll_deg];
        assert!(near(&pose(was), &pose(is), 0.01));
        assert!(near(&[was.score], &[is.score], 0.001));
    }
    for (was, is) in was.hands.iter().zip(&is.hands) {
        assert_eq!(was.side, is.side);
        assert!(near(&[was.score], &[is.score], 0.001));
        let (xy, z) = errors(&was.landmarks, &is.landmarks);
        assert!(xy <= X_Y_PX && z <= Z_PX, "hand landmarks are off by {xy} and {z} px");
        let (xy, z) = errors(&was.world, &is.world);
        assert!(xy.max(z) <= 0.0002, "world landmarks are off by {xy} and {z} m");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_was_seen_comes_back(seen in prop::collection::vec(observation(1e5), 1..6)) {
        let bytes = write(&seen);
        prop_assert_eq!(&write(&seen), &bytes, "the same observations gave other bytes");
        let back = read_chunk(&bytes).unwrap();
        prop_assert_eq!(back.len(), seen.len());
        for (was, is) in seen.iter().zip(&back) {
            check(was, is);
        }
        // What comes back is on the grid: stored once more it does not change.
        prop_assert_eq!(read_chunk(&write(&back)).unwrap(), back);
    }

    #[test]
    fn values_that_are_none_are_refused_and_leave_the_chunk_sound(
        seen in observation(640.0), point in 0..FACE_POINTS, axis in 0..3_usize,
        bad in prop_oneof![Just(f32::NAN), Just(f32::INFINITY), Just(f32::NEG_INFINITY), Just(f32::MAX), Just(-1e30)])
    {
        let mut wrong = seen.clone();
        if let Some(face) = &mut wrong.face {
            face.landmarks[point][axis] = bad;
        } else {
            wrong.time_ms = f64::NAN;
        }
        let mut writer = ChunkWriter::default();
        writer.push(&seen).unwrap();
        prop_assert!(writer.push(&wrong).is_err());
        writer.push(&seen).unwrap();
        prop_assert_eq!(read_chunk(&writer.finish()).unwrap().len(), 2);
    }

    #[test]
    fn any_bytes_are_an_error_or_observations(bytes in prop::collection::vec(any::<u8>(), 0..4000), whole: bool) {
        let mut bytes = bytes;
        if whole && bytes.len() > 3 {
            (bytes[0], bytes[1], bytes[2]) = (1, 1 + bytes[1] % 60, 0);
        }
        if let Ok(seen) = read_chunk(&bytes) {
            prop_assert!(seen.len() <= MOST_OBSERVATIONS);
        }
    }

    #[test]
    fn a_damaged_chunk_does_no_harm(seen in prop::collection::vec(observation(640.0), 1..4), places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5), cut in any::<prop::sample::Index>()) {
        let mut bytes = write(&seen);
        let whole = bytes.clone();
        prop_assert_eq!(read_chunk(&whole[..cut.index(whole.len())]), Err(ChunkError::Damaged));
        for (place, value) in places {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let _ = read_chunk(&bytes);
        bytes.clone_from(&whole);
        bytes.push(0);
        prop_assert_eq!(read_chunk(&bytes), Err(ChunkError::Damaged));
    }
}

#[test]
fn counts_that_are_none_are_refused() {
    let hand = Hand { side: Side::Left, score: 1.0, landmarks: vec![[1.0; 3]; HAND_POINTS], world: vec![] };
    let seen = Observation { frame: 0, time_ms: 0.0, width: 640, height: 480, face: None, hands: vec![hand] };
    let refused = |change: &dyn Fn(&mut Observation)| {
        let mut wrong = seen.clone();
        change(&mut wrong);
        ChunkWriter::default().push(&wrong).is_err()
    };
    assert!(!refused(&|_| ()));
    assert!(refused(&|seen| seen.width = 0));
    assert!(refused(&|seen| seen.height = 1 << 17));
    assert!(refused(&|seen| seen.hands = vec![seen.hands[0].clone(); 3]));
    assert!(refused(&|seen| seen.hands[0].landmarks.truncate(20)));
    assert!(refused(&|seen| seen.hands[0].world = vec![[0.0; 3]; 5]));
}

#[test]
fn a_later_format_is_named() {
    assert_eq!(read_chunk(&[3, 1, 0, 0, 0, 0, 0]), Err(ChunkError::Version(3)));
    for bytes in [&[][..], &[1], &[1, 0, 0], &[1, 61, 0, 0, 0, 0, 0], &[0, 1, 0, 0, 0, 0, 0]] {
        assert_eq!(read_chunk(bytes), Err(ChunkError::Damaged), "{bytes:?}");
    }
}

/// Bytes that were written by version 1 of the format are read for ever.
#[test]
fn the_format_stands() {
    let face = Face {
        landmarks: (0..FACE_POINTS).map(|i| [i as f32, 480.0 - i as f32 / 2.0, (i % 40) as f32 - 20.0]).collect(),
        blendshapes: (0..BLENDSHAPES).map(|i| i as f32 / 64.0).collect(),
        upright_blendshapes: vec![0.5; BLENDSHAPES],
        yaw_deg: -10.0,
        pitch_deg: 3.5,
        roll_deg: 0.25,
        score: 0.5,
    };
    let hand = Hand { side: Side::Right, score: 0.75, landmarks: vec![[8.0, 9.0, 0.5]; HAND_POINTS], world: vec![] };
    let first = Observation { frame: 7, time_ms: 233.3, width: 640, height: 480, face: Some(face), hands: vec![hand] };
    let second = Observation { frame: 8, time_ms: 266.6, hands: vec![], ..first.clone() };
    let bytes = write(&[first, second]);
    assert_eq!(blake3::hash(&bytes).to_hex()[..16], *"c0c2f249fe9d8c1e");
}
