//! Whoever writes a raga, a tala or a map learns from the message which file, which line and what to do.

use rasika_device::performer::{Library, Raga, RasaMap, Tala};

const BIHAG: &str = include_str!("../ragas/bihag.toml");
const TEENTAL: &str = include_str!("../talas/teental.toml");
const MAP: &str = include_str!("../maps/default.toml");

/// The line (from 1) a text has a line in.
fn line_of(text: &str, start: &str) -> usize {
    1 + text.lines().position(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no line begins with {start}"))
}

/// A raga's file with one text in place of another must be refused at the line that begins with `at`.
#[track_caller]
fn refused(old: &str, new: &str, at: &str, says: &[&str]) {
    assert!(BIHAG.contains(old), "nothing changed: {old}");
    let text = BIHAG.replacen(old, new, 1);
    let error = Raga::parse("ragas/bihag.toml", &text).expect_err("a bad file passes").to_string();
    let place = format!("ragas/bihag.toml:{}: ", line_of(&text, at));
    assert!(error.starts_with(&place), "{error} is not at {place}");
    assert!(says.iter().all(|said| error.contains(said)), "{error}");
    assert!(!error.contains('\n'), "{error} is more than one sentence");
}

#[test]
fn a_letter_that_is_no_swara() {
    refused("S G m P N S'", "S G x P N S'", "aroha", &["'x' is not a swara", "S r R g G m M P d D n N"]);
    refused("G m P N S'\"\nsource", "G m Q N S'\"\nsource", "notes = \"G m Q", &["'Q' is not a swara"]);
}

#[test]
fn a_note_the_raga_does_not_have() {
    refused("vadi = \"G\"", "vadi = \"g\"", "vadi", &["vadi has g", "S R G m M P D N"]);
    refused("samvadi = \"N\"", "samvadi = \"n\"", "samvadi", &["samvadi has n"]);
    refused("nyasa = \"G", "nyasa = \"d G", "nyasa", &["nyasa has d"]);
    refused("notes = \"'N S G m G\"", "notes = \"'N S g m G\"", "notes = \"'N S g", &["the phrase has g"]);
    refused("S = \"1/1\"", "S = \"1/1\"\nr = \"16/15\"", "r = ", &["shruti has r"]);
}

#[test]
fn a_phrase_against_aroha_and_avaroha() {
    // D is only passed on the way down.
    refused("notes = \"G m P N S'\"", "notes = \"G m P D N\"", "notes = \"G m P D", &["from P to D", "[[move]]"]);
}

#[test]
fn a_line_that_is_crooked_by_mistake() {
    refused("aroha = \"'N S", "aroha = \"N S", "aroha", &["jumps from N to S", "octave mark"]);
    refused("avaroha = \"S' N", "avaroha = \"S N", "avaroha", &["avaroha"]);
    refused("aroha = \"'N S G m P N S'\"", "aroha = \"S' N P m G S\"", "aroha", &["must go up"]);
}

#[test]
fn what_is_missing_or_unknown() {
    refused("vadi = \"G\"\n", "", "", &["missing field `vadi`"]);
    refused("vadi = \"G\"", "vadi = \"G\"\nwadi = \"G\"", "wadi", &["there is no key 'wadi'; did you mean vadi?"]);
    refused("vadi = \"G\"", "vadi = \"G\"\ncolour = \"G\"", "colour", &["colour", "expected"]);
    refused("M = \"45/32\"\n", "", "[shruti]", &["leaves out M", "M = \"45/32\""]);
    refused("name = \"Bihag\"", "name = 3", "name", &["expected a string"]);
    refused("vadi = \"G\"", "vadi = \"G", "vadi", &[]);
}

#[test]
fn values_out_of_their_range() {
    refused("hours = \"21-24\"", "hours = \"21-25\"", "hours", &["'21-25' is no time of day"]);
    refused("tanpura = \"P\"", "tanpura = \"G\"", "tanpura", &["use P, m or N"]);
    refused("G = \"5/4\"", "G = \"6/5\"", "G = ", &["G has no shruti '6/5'", "5/4 or 81/64"]);
    refused("register = [\"'P\", \"G'\"]", "register = [\"S\", \"P\"]", "register", &["less than an octave"]);
    refused("samvadi = \"N\"", "samvadi = \"G\"", "samvadi", &["the same note as vadi"]);
    refused("nyasa = \"G", "nyasa = \"R G", "nyasa", &["touch only passes"]);
}

#[test]
fn no_change_of_one_letter_of_a_raga_panics() {
    for at in 0..BIHAG.len() {
        for letter in ["", "'", "x", "\"", "\n", "9"] {
            let text = format!("{}{letter}{}", &BIHAG[..at], &BIHAG[at + 1..]);
            if let Err(error) = Raga::parse("bihag.toml", &text) {
                assert!(error.line <= text.lines().count() + 1, "{error}");
            }
        }
    }
}

#[test]
fn a_tala_whose_theka_does_not_fit() {
    let refused = |old: &str, new: &str, says: &str| {
        let text = TEENTAL.replacen(old, new, 1);
        let error = Tala::parse("talas/teental.toml", &text).expect_err(says).to_string();
        assert!(error.starts_with("talas/teental.toml:") && error.contains(says), "{error}");
    };
    refused("Tin Tin Ta |", "Tin Ta |", "15 bols and the vibhags 16 matras");
    refused("Dhin Dhin", "Dhum Dhin", "'Dhum' is not a bol; use Dha");
    refused("khali = [3]", "khali = [5]", "khali names vibhag 5");
    refused("vibhags = [4, 4, 4, 4]", "vibhags = [4, 0, 4, 4]", "no vibhag is empty");
}

#[test]
fn a_map_that_names_what_there_is_not() {
    let library = Library::built_in().unwrap();
    let refused = |old: &str, new: &str, says: &str| {
        let text = MAP.replacen(old, new, 1);
        assert_ne!(text, MAP, "nothing changed: {old}");
        let error = RasaMap::parse("maps/mine.toml", &text, &library).expect_err(says).to_string();
        assert!(error.starts_with("maps/mine.toml:") && error.contains(says), "{error}");
    };
    refused("\"Desh\"", "\"Dash\"", "there is no raga 'Dash'; did you mean Desh? there are Adana");
    refused("\"Desh\"", "\"Blues\"", "there is no raga 'Blues'; there are Adana");
    refused("tala = \"Dadra\"", "tala = \"Waltz\"", "there is no tala 'Waltz'");
    refused("[hasya]", "[hasia]", "hasia");
    refused("articulation = 0.97", "articulation = 97", "articulation is 97");
    refused("program = 104", "program = 128", "program 128 is out of range");
    refused("Ka = [62]\n", "", "leaves out Ka");
    refused("register = [\"'P\", \"R'\"]", "register = [\"'P\", \"X\"]", "'X' is not a swara");
}

#[test]
fn a_folder_replaces_and_adds_and_its_errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let ragas = folder.path().join("ragas");
    std::fs::create_dir(&ragas).unwrap();
    let mine = BIHAG.replace("name = \"Bihag\"", "name = \"Bihag of my guru\"");
    std::fs::write(ragas.join("guru.toml"), &mine).unwrap();
    std::fs::write(ragas.join("yaman.toml"), BIHAG.replace("name = \"Bihag\"", "name = \"Yaman\"")).unwrap();
    let library = Library::with_folder(folder.path()).unwrap();
    assert_eq!(library.ragas.len(), 16);
    let yaman = &library.ragas[library.raga("yaman").unwrap()];
    assert_eq!(yaman.samvadi, library.ragas[library.raga("Bihag").unwrap()].samvadi);

    std::fs::write(ragas.join("guru.toml"), mine.replace("vadi = \"G\"", "vadi = \"Z\"")).unwrap();
    let error = Library::with_folder(folder.path()).unwrap_err().to_string();
    assert!(error.contains("guru.toml:") && error.contains("'Z' is not a swara"), "{error}");
    let error = Library::with_folder(&folder.path().join("none")).unwrap_err().to_string();
    assert!(error.contains("none") && error.contains("check that it exists"), "{error}");
}
