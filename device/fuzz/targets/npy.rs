//! NumPy's files, of the original project or of anybody: a table is as large as it says.
#![no_main]

#[path = "../../../host/src/dataset/original/npy.rs"]
#[allow(dead_code, reason = "the fuzzer has bytes and no file")]
mod npy;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(table) = npy::parse(bytes) {
        assert!(table.columns > 0 && table.values.len().is_multiple_of(table.columns));
        assert!(table.values.len() * 4 <= bytes.len(), "numbers from nowhere");
    }
});
