//! `rasika.toml`, edited by anybody. A refusal names the file, and its sentence is a short one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rasika_device::config::Config;

fuzz_target!(|text: &str| {
    if let Err(error) = Config::parse("rasika.toml", text) {
        assert!(error.to_string().contains("rasika.toml"), "no file is named: {error}");
    }
});
