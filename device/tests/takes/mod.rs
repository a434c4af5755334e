//! Made-up takes for tests of the store and the recorder.

use rasika_device::store::codec::ChunkWriter;
use rasika_device::store::{Plan, Store, Take};
use rasika_models::observation::{BLENDSHAPES, FACE_POINTS, HAND_POINTS};
use rasika_models::{Face, Hand, Observation, Rasa, Side};

/// A plan for a take of a rasa.
pub fn plan(label: Rasa) -> Plan {
    let config = "[box]\nname = \"test\"\n".into();
    Plan { label, performer: "Asha".into(), config, model: "default".into(), mirrored: true, frame_px: (640, 480) }
}

/// An observation of a face that breathes and a hand that comes and goes; every `seed` is another face.
pub fn observation(seed: u64, frame: u64) -> Observation {
    let noise = |i: usize| {
        let digits = (seed << 40 ^ frame << 20 ^ i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56;
        digits as f32 / 256.0 - 0.5
    };
    let sway = (frame as f32 / 20.0).sin() * 10.0;
    let point =
        |i: usize| [200.0 + (i % 24) as f32 * 10.0 + sway + noise(i), 60.0 + (i / 24) as f32 * 15.0, noise(i + 1)];
    let scores: Vec<f32> = (0..BLENDSHAPES).map(|i| (noise(i + 7) + 0.5) * 0.3).collect();
    let face = Face {
        landmarks: (0..FACE_POINTS).map(point).collect(),
        upright_blendshapes: scores.clone(),
        blendshapes: scores,
        yaw_deg: sway,
        pitch_deg: 0.0,
        roll_deg: 0.0,
        score: 0.9,
    };
    let landmarks: Vec<_> = (0..HAND_POINTS).map(point).collect();
    let world = landmarks.iter().map(|point| point.map(|value| value / 1000.0)).collect();
    let hands = if frame % 50 < 25 { vec![Hand { side: Side::Left, score: 0.8, landmarks, world }] } else { vec![] };
    Observation { frame, time_ms: frame as f64 * 33.3, width: 640, height: 480, face: Some(face), hands }
}

/// A chunk of a few observations.
#[allow(dead_code, reason = "not every test file that includes this module writes to the store itself")]
pub fn chunk(seed: u64, from: u64, count: u64) -> Vec<u8> {
    let mut writer = ChunkWriter::default();
    for frame in from..from + count {
        writer.push(&observation(seed, frame)).unwrap();
    }
    writer.finish()
}

/// Records a take of `chunks` chunks of five observations.
#[allow(dead_code, reason = "not every test file that includes this module writes to the store itself")]
pub fn record(store: &mut Store, label: Rasa, chunks: u64) -> Take {
    let mut recording = store.begin(&plan(label)).unwrap();
    for part in 0..chunks {
        let chunk = chunk(recording.id().number, part * 5, 5);
        store.append(&mut recording, &chunk).unwrap();
    }
    store.confirm(recording, None).unwrap()
}
