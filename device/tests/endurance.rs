//! A power cut in the middle of it: a process that records is killed at random instants, and every take it had
//! confirmed is complete.
//!
//! This test is its own program: started with a folder in `RASIKA_ENDURE_FOLDER` it records takes until it is
//! killed, and prints each one that is confirmed. 25 times, or as often as `RASIKA_ENDURE` says (`make endure`).

mod takes;

use rasika_device::recorder::{Recorder, Report, Settings};
use rasika_device::store::{Picture, State, Store};
use rasika_models::Rasa;
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use takes::{observation, plan};

const FOLDER: &str = "RASIKA_ENDURE_FOLDER";
const KILLS: &str = "RASIKA_ENDURE";
/// So many kills of one file, as every take is looked at after each; then another is begun.
const A_FILE: usize = 40;
/// The next opening of the store after a kill.
const LONGEST_OPENING: Duration = Duration::from_secs(3);

fn main() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return record_until_killed(Path::new(&folder));
    }
    // `cargo test NAME` starts every test program with the name of what is wanted.
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    if wanted.is_some_and(|name| !"endurance".contains(&name)) {
        return;
    }
    let kills = std::env::var(KILLS).ok().map_or(25, |count| count.parse().expect("RASIKA_ENDURE is a number"));
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    let (mut folder, mut confirmed, mut total) = (tempfile::tempdir().unwrap(), HashMap::new(), 0);
    let (mut longest, mut chance) = (Duration::ZERO, u64::from(seed) | 1);
    for kill in 1..=kills {
        if kill % A_FILE == 0 {
            total += confirmed.len();
            (folder, confirmed) = (tempfile::tempdir().unwrap(), HashMap::new());
        }
        // xorshift64
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        confirmed.extend(one_life(folder.path(), Duration::from_millis(30 + chance % 700)));
        longest = longest.max(check(folder.path(), &confirmed, kill));
    }
    total += confirmed.len();
    assert!(total >= kills / 2, "{total} takes in {kills} lives are too few to show anything");
    println!(
        "endurance: {kills} kills, {} takes confirmed, all complete; longest opening {longest:?}",
        confirmed.len()
    );
}

/// Lets a process record for a while, kills it, and returns what it had confirmed: number and hash.
fn one_life(folder: &Path, life: Duration) -> Vec<(u64, String)> {
    let me = std::env::current_exe().unwrap();
    let mut child = Command::new(me).env(FOLDER, folder).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    std::thread::sleep(life);
    child.kill().unwrap();
    child.wait().unwrap();
    // The last line may be half a one.
    let whole = |line: String| {
        let (number, hash) = line.split_once(' ')?;
        (hash.len() == 64).then(|| (number.parse().unwrap(), hash.to_owned()))
    };
    lines.filter_map(|line| whole(line.unwrap())).collect()
}

/// Opens what the killed process left, and compares; how long the opening took.
fn check(folder: &Path, confirmed: &HashMap<u64, String>, kill: usize) -> Duration {
    let begun = Instant::now();
    let (store, _) = Store::open_box(&folder.join("takes.db"), "endurance").unwrap();
    let opening = begun.elapsed();
    assert!(opening < LONGEST_OPENING, "opening took {opening:?} after kill {kill}");
    store.check().unwrap();
    let takes = store.takes().unwrap();
    for take in &takes {
        let hash = take.hash.unwrap_or_else(|| panic!("take {} has no hash after kill {kill}", take.id));
        assert_eq!(store.rehash(take.id).unwrap(), hash, "take {} is not what it was, kill {kill}", take.id);
        assert_eq!(store.observations(take.id).unwrap().len() as u64, take.observations);
        if take.state == State::Confirmed {
            // A picture each second of a take of 40 ms a frame.
            assert_eq!(store.pictures(take.id).unwrap().len() as u64, take.observations.div_ceil(25));
        }
    }
    let kept: HashMap<_, _> = takes.iter().map(|take| (take.id.number, take)).collect();
    for (number, hash) in confirmed {
        let take = kept.get(number).unwrap_or_else(|| panic!("confirmed take {number} is lost, kill {kill}"));
        assert_eq!((take.state, &take.hash.unwrap().to_string()), (State::Confirmed, hash), "kill {kill}");
    }
    opening
}

/// Records takes of changing length, and prints each that is confirmed.
fn record_until_killed(folder: &Path) {
    let settings = Settings {
        folder: folder.to_owned(),
        box_name: "endurance".into(),
        quota_bytes: u64::MAX,
        margin_bytes: 0,
        prune_held: false,
        keep_images: true,
    };
    let recorder = Recorder::start(settings).unwrap();
    let mut out = std::io::stdout().lock();
    for round in 0_u64.. {
        if round > 0 {
            recorder.begin(plan(Rasa::ALL[round as usize % Rasa::COUNT])).unwrap();
            for frame in 0..20 + round * 37 % 90 {
                recorder.offer(&observation(round, frame));
                let time_ms = frame as f64 * 40.0;
                if recorder.wants_picture(time_ms) {
                    recorder.offer_picture(time_ms, Picture { frame, jpeg: [0xFF, 0xD8].repeat(5000) });
                }
            }
            recorder.end().unwrap();
        }
        loop {
            match recorder.reports().recv().unwrap() {
                Report::Ready { .. } if round == 0 => break writeln!(out, "ready").unwrap(),
                Report::Confirmed { take, .. } => {
                    break writeln!(out, "{} {}", take.id.number, take.hash.unwrap()).unwrap();
                }
                Report::Begun(_) => {}
                other => panic!("{other}"),
            }
        }
        out.flush().unwrap();
    }
}
