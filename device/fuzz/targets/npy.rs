//! NumPy's files, of the original project or of anybody: a table is as large as it says.
#![no_main]

#[path = "../../../host/src/dataset/npy.rs"]
#[allow(dead_code, reason = "the fuzzer has bytes and no file")]
mod npy;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(array) = npy::parse(bytes) {
        assert_eq!(array.values.len(), array.shape.iter().product());
        assert!(array.values.len() * 4 <= bytes.len(), "numbers from nowhere");
        let mut written = Vec::new();
        npy::write(&mut written, &array.shape, false, &array.values).expect("it is in memory");
        let again = npy::parse(&written).expect("what was written can be read");
        assert_eq!((again.shape, again.values.len()), (array.shape, array.values.len()));
    }
});
