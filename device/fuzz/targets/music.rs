//! Ragas, talas, rasa maps, sound maps and keys, as the box reads them and as the shelf checks them: both
//! decide alike, and a refusal names file and line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rasika_device::hand::Keys;
use rasika_device::link::message::FileKind;
use rasika_device::performer::raga::Raga;
use rasika_device::performer::tala::Tala;
use rasika_device::performer::{Library, RasaMap, SoundMap};
use rasika_device::shelf::check_text;
use std::fmt::Display;
use std::sync::LazyLock;

const FILE: &str = "fuzzed.toml";

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::built_in().expect("the tests read it"));

fn named<T, E: Display>(read: Result<T, E>) -> bool {
    if let Err(error) = &read {
        let told = error.to_string();
        assert!(told.starts_with(FILE), "no file is named: {told}");
    }
    read.is_ok()
}

fn check(kind: FileKind, text: &str) -> bool {
    named(check_text(kind, FILE, text.as_bytes(), &LIBRARY, None))
}

fuzz_target!(|input: &[u8]| {
    let [kind, bytes @ ..] = input else { return };
    let Ok(text) = std::str::from_utf8(bytes) else {
        assert!(check_text(FileKind::Raga, FILE, bytes, &LIBRARY, None).is_err());
        return;
    };
    match kind % 6 {
        0 => assert_eq!(named(Raga::parse_with(FILE, text, &LIBRARY.talas)), check(FileKind::Raga, text)),
        1 => assert_eq!(named(RasaMap::parse(FILE, text, &LIBRARY)), check(FileKind::Map, text)),
        2 => assert_eq!(named(SoundMap::parse(FILE, text)), check(FileKind::Sounds, text)),
        3 => drop(named(Tala::parse(FILE, text))),
        4 => drop(named(Keys::parse(FILE, text))),
        _ => drop(check_text(FileKind::Config, FILE, bytes, &LIBRARY, None)),
    }
});
