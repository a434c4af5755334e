//! Chunks of takes, from a damaged file or from a box: what can be read is on the grid, so that it can be stored again
//! and comes back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rasika_device::store::codec::{ChunkWriter, count, read_chunk};

fuzz_target!(|bytes: &[u8]| {
    let Ok(seen) = read_chunk(bytes) else { return };
    assert_eq!(count(bytes), Ok(seen.len()));
    let mut writer = ChunkWriter::default();
    for one in &seen {
        writer.push(one).expect("what was stored can be stored again");
    }
    assert_eq!(read_chunk(&writer.finish()), Ok(seen));
});
