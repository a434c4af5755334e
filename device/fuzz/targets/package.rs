//! A model package from anywhere: a zip as it is, and card and self-test in a zip that is sound, since few changes to a
//! zip leave its checksums right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rasika_models::package::Package;
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The card, a zero, the self-test, a zero, the network.
fn zipped(parts: &[u8]) -> Vec<u8> {
    let mut parts = parts.splitn(3, |byte| *byte == 0);
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for file in ["model.json", "selftest.json", "classifier.tflite"] {
        zip.start_file(file, stored).expect("it is in memory");
        zip.write_all(parts.next().unwrap_or_default()).expect("it is in memory");
    }
    zip.finish().expect("it is in memory").into_inner()
}

fuzz_target!(|input: &[u8]| {
    let [kind, bytes @ ..] = input else { return };
    let read = if kind % 2 == 0 { Package::parse(bytes) } else { Package::parse(&zipped(bytes)) };
    let Ok(package) = read else { return };
    std::hint::black_box(package.card.worse_than(&package.card));
    let mut written = Cursor::new(Vec::new());
    package.write(&mut written).expect("what was read can be written");
    let again = Package::parse(written.get_ref()).expect("what was written can be read");
    assert_eq!(again.network, package.network);
});
