//! A keyboard's keys are learnt by playing them.
#![cfg(feature = "perception")]

mod synth;

use rasika_device::hand::Keys;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use synth::pair;

#[test]
fn nine_keys_in_their_order_become_a_file_that_play_reads() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    let (port, mut keyboard) = pair();
    let mut child = Command::new(env!("CARGO_BIN_EXE_rasikad"))
        .args(["learn", "--midi-in", &port, "--patience", "1", "-o"])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut questions = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    for key in 60..69 {
        let question = questions.next().unwrap();
        assert!(question.contains("press the key for"), "{question}");
        keyboard.write_all(&[0xF8, 0x90, key, 100, key, 0]).unwrap();
    }
    assert!(questions.next().unwrap().contains("leaves all to the face"));
    // One that has its meaning is asked for again; then nothing is pressed.
    keyboard.write_all(&[0x90, 60, 100]).unwrap();
    assert!(questions.next().unwrap().contains("has a meaning already"));
    assert!(questions.next().unwrap().contains("tap the laya"));
    keyboard.write_all(&[0x90, 72, 100]).unwrap();
    assert!(questions.next().unwrap().contains("controller"));
    keyboard.write_all(&[0xB2, 74, 100]).unwrap();
    assert!(questions.next().unwrap().contains("written to"));
    assert!(child.wait().unwrap().success());
    let rasas = [60, 61, 62, 63, 64, 65, 66, 67, 68];
    let wanted = Keys { channel: None, rasas, automatic: None, tap: Some(72), intensity: Some(74), panic: true };
    assert_eq!(Keys::read(&file).unwrap(), wanted);
}
