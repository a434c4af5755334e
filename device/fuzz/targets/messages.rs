//! Every message of the link: what can be read, can be written, and is then the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rasika_device::link::message::{
    self, Begun, BulkHead, FileState, Hello, Known, List, MoodNow, Pruned, Pushed, Refusal, Request, Status, TakeInfo,
    bounds::{FILES, KEYS, PRUNED},
};
use rasika_device::link::mux::Frame;
use serde::{Serialize, de::DeserializeOwned};

/// The bytes are compared, as numbers may be NaN.
fn message<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(read) = message::read::<T>(bytes) else { return };
    // Numbers can be written longer than they need be, never shorter.
    let written = message::write(&read).expect("what was read can be written");
    assert!(written.len() <= bytes.len(), "a message grew");
    let again = message::read::<T>(&written).expect("what was written can be read");
    assert_eq!(message::write(&again).expect("and written again"), written);
}

fn reply<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    message::<Result<T, Refusal>>(bytes);
}

fuzz_target!(|input: &[u8]| {
    let [kind, bytes @ ..] = input else { return };
    match kind % 16 {
        0 => message::<Request>(bytes),
        1 => reply::<Status>(bytes),
        2 => reply::<MoodNow>(bytes),
        3 => reply::<TakeInfo>(bytes),
        4 => reply::<List<Pruned, PRUNED>>(bytes),
        5 => reply::<Begun>(bytes),
        6 => reply::<Pushed>(bytes),
        7 => reply::<BulkHead>(bytes),
        8 => reply::<List<FileState, FILES>>(bytes),
        9 => reply::<FileState>(bytes),
        10 => reply::<List<Known, KEYS>>(bytes),
        11 => reply::<Vec<u8>>(bytes),
        12 => reply::<String>(bytes),
        13 => reply::<bool>(bytes),
        14 => {
            if let Ok(hello) = Hello::read(bytes) {
                let written = hello.write().expect("a hello has bounds");
                assert_eq!(Hello::read(&written), Ok(hello));
            }
        }
        _ => {
            if let Ok(frame) = Frame::read(bytes) {
                assert_eq!(frame.write(), bytes, "a frame is read that is written otherwise");
            }
        }
    }
});
