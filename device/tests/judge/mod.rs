//! What a raga allows, read from its file's aroha and avaroha by other code than the player's: a judge that shared the
//! player's grammar would share its errors.
#![allow(dead_code, reason = "each test uses its own part of it")]

pub mod heard;

use std::collections::{BTreeMap, BTreeSet};

/// What one raga allows, from its file.
pub struct Judge {
    /// Its swaras, in semitones from Sa.
    pub swaras: BTreeSet<i32>,
    /// Swara left, and interval.
    moves: BTreeSet<(i32, i32)>,
    /// The same for what is reached by a glide that the raga's file names.
    glides: BTreeSet<(i32, i32)>,
    /// Swaras only touched in passing.
    pub touch: BTreeSet<i32>,
}

fn pitch(word: &str) -> i32 {
    let letter = word.trim_matches('\'');
    let below = word.find(letter).unwrap();
    let above = word.len() - letter.len() - below;
    "SrRgGmMPdDnN".find(letter).unwrap() as i32 + 12 * (above as i32 - below as i32)
}

fn pitches(line: &str) -> Vec<i32> {
    line.split_whitespace().map(pitch).collect()
}

/// The judges of the ragas, by name.
pub fn judges() -> BTreeMap<String, Judge> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/ragas");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    files.map(|text| judge(&text.parse().unwrap())).collect()
}

fn judge(file: &toml::Table) -> (String, Judge) {
    let text = |key: &str| file.get(key).and_then(|value| value.as_str()).unwrap_or("");
    let touch: BTreeSet<i32> = pitches(text("touch")).into_iter().collect();
    let (mut swaras, mut moves) = (BTreeSet::new(), BTreeSet::new());
    for key in ["aroha", "avaroha"] {
        let mut line = pitches(text(key));
        swaras.extend(line.iter().map(|note| note.rem_euclid(12)));
        // Where the line closes on the note it began with, it goes on in the next octave.
        let shift = line[line.len() - 1] - line[0];
        if shift % 12 == 0 {
            let next: Vec<i32> = line[1..].iter().map(|note| note + shift).collect();
            line.extend(next);
        }
        for start in 0..line.len() {
            // As far as the line runs one way, over two notes at most.
            let mut direction = 0;
            for end in start + 1..line.len().min(start + 4) {
                let step = (line[end] - line[end - 1]).signum();
                if direction != 0 && step != direction {
                    break;
                }
                direction = step;
                let touched = [start, end].iter().any(|at| touch.contains(&line[*at].rem_euclid(12)));
                if end == start + 1 || !touched {
                    moves.insert((line[start].rem_euclid(12), line[end] - line[start]));
                }
            }
        }
    }
    for extra in file.get("move").and_then(|moves| moves.as_array()).into_iter().flatten() {
        let pair = pitches(extra["notes"].as_str().unwrap());
        moves.insert((pair[0].rem_euclid(12), pair[1] - pair[0]));
    }
    let mut glides = BTreeSet::new();
    for glide in file.get("glide").and_then(|glides| glides.as_array()).into_iter().flatten() {
        let path = pitches(&glide["notes"].as_str().unwrap().replace('~', " "));
        glides.extend(path.windows(2).map(|pair| (pair[0].rem_euclid(12), pair[1] - pair[0])));
    }
    (text("name").to_owned(), Judge { swaras, moves, glides, touch })
}

impl Judge {
    /// Whether one note may follow another.
    pub fn allows(&self, from: i32, to: i32) -> bool {
        from == to || self.moves.contains(&(from.rem_euclid(12), to - from))
    }

    /// Whether one note may be left for another by a glide.
    pub fn glides(&self, from: i32, to: i32) -> bool {
        self.allows(from, to) || self.glides.contains(&(from.rem_euclid(12), to - from))
    }
}
