//! A person at the box's buttons.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;
use std::time::Duration;

use crate::laptop::Laptop;
use crate::rasika::Rasika;

/// Holds both buttons, asks with the laptop, types what the box blinks, and presses RECORD when both show the same.
pub fn pair(rasika: &mut Rasika, laptop: &Laptop, address: &str) {
    rasika.hears("ready to record");
    rasika.press("B");
    rasika.hears("let go to pair");
    rasika.press("B");
    rasika.hears("pairing");
    let mut asking = laptop.command(&["pair", address, "--yes", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut digits = String::new();
    let mut said = BufReader::new(asking.stdout.take().unwrap());
    said.read_line(&mut digits).unwrap();
    let blinked = rasika.hears_line("RECORD if it shows ");
    assert_eq!(digits.trim(), blinked);
    writeln!(asking.stdin.take().unwrap(), "{blinked}").unwrap();
    rasika.hears("pairing asked");
    // RECORD counts only after the digits have been there for a second.
    std::thread::sleep(Duration::from_millis(1500));
    rasika.press("r");
    said.read_to_string(&mut digits).unwrap();
    assert!(asking.wait().unwrap().success(), "{digits}");
}

/// Clicks SELECT until the label is there.
pub fn choose(rasika: &mut Rasika, clicks: usize, label: &str) {
    for _ in 0..clicks {
        rasika.press("s");
        // Two clicks within a quarter of a second are a double click.
        std::thread::sleep(Duration::from_millis(450));
    }
    rasika.hears(&format!("label {label}"));
    std::thread::sleep(Duration::from_millis(700));
}

/// Records so long, and until the box says that the take is kept; its number on the box.
pub fn record(rasika: &mut Rasika, long: Duration) -> u64 {
    rasika.press("R");
    rasika.hears("recording take");
    std::thread::sleep(long);
    rasika.press("R");
    let said = rasika.hears_line("rasikad: take ");
    assert!(said.contains("is kept"), "{said}");
    number(said.split_once(' ').unwrap().0)
}

/// A take's number on its box, of the id that people see.
pub fn number(id: &str) -> u64 {
    id.rsplit_once('-').unwrap().1.parse().unwrap()
}
