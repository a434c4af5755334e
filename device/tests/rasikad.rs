//! What `rasikad` promises on its command line, kept on real input.
#![cfg(feature = "perception")]

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use opencv::core::{Mat, Vector};
use opencv::prelude::*;
use serde_json::Value;

fn media(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files/media").join(name);
    assert!(path.exists(), "{} is missing: run `make setup`", path.display());
    path.display().to_string()
}

fn rasikad(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rasikad")).args(args).stdin(Stdio::null()).output().expect("rasikad runs")
}

fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn lines(out: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&out.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Asserts an orderly refusal: one sentence that holds `words`, a failing exit, no panic.
fn refuses(args: &[&str], words: &[&str]) {
    let out = rasikad(args);
    let said = stderr(&out);
    assert_eq!(out.status.code(), Some(1), "{args:?}: {said}");
    assert_eq!(said.trim().lines().count(), 1, "{args:?} says one sentence: {said}");
    for word in words {
        assert!(said.contains(word), "{args:?} names {word}: {said}");
    }
}

fn picture(name: &str) -> Mat {
    opencv::imgcodecs::imread(media(name).as_str(), opencv::imgcodecs::IMREAD_COLOR).expect("reads")
}

fn write(folder: &Path, name: &str, picture: &Mat) -> PathBuf {
    let path = folder.join(name);
    assert!(opencv::imgcodecs::imwrite(path.to_str().unwrap(), picture, &Vector::new()).expect("writes"));
    path
}

#[test]
fn every_frame_of_a_file_has_its_line() {
    let out = rasikad(&["see", &media("single_face.mp4"), "--json"]);
    assert!(out.status.success(), "{}", stderr(&out));
    let lines = lines(&out);
    assert_eq!(lines.len(), 72);
    for (i, line) in lines.iter().enumerate() {
        assert_eq!(line["frame"], i);
        assert!((line["time_ms"].as_f64().unwrap() - i as f64 * 1000.0 / 30.0).abs() < 1.0);
        assert_eq!((&line["width"], &line["height"]), (&Value::from(640), &Value::from(360)));
        assert_eq!(line["face"]["landmarks"].as_array().unwrap().len(), 478);
        assert_eq!(line["face"]["landmarks"][0].as_array().unwrap().len(), 3);
        assert_eq!(line["face"]["blendshapes"].as_object().unwrap().len(), 52);
        assert!(line["face"]["blendshapes"]["jawOpen"].is_number());
        for key in ["yaw_deg", "pitch_deg", "roll_deg", "score"] {
            assert!(line["face"][key].is_number(), "{key}");
        }
        let p = line["probabilities"].as_object().unwrap();
        let sum: f64 = p.values().map(|v| v.as_f64().unwrap()).sum();
        assert!(p.len() == 9 && p.contains_key("bhayanaka") && (sum - 1.0).abs() < 1e-3);
        assert_eq!(line["hands"], Value::Array(vec![]));
        assert!(line["mood"].as_object().unwrap().contains_key("rasa"));
    }
}

#[test]
fn nobody_is_named_nothing() {
    let lines = lines(&rasikad(&["see", &media("no_face.mp4"), "--json"]));
    assert!(lines.len() > 90);
    for line in lines {
        assert!(line["face"].is_null() && line["probabilities"].is_null() && line["mood"]["rasa"].is_null());
        assert_eq!(line["hands"], Value::Array(vec![]));
    }
}

#[test]
fn every_picture_of_a_folder_has_its_line_even_a_broken_one() {
    let folder = tempfile::tempdir().unwrap();
    let face = picture("single_face.jpg");
    write(folder.path(), "b.png", &face);
    std::fs::write(folder.path().join("a.jpg"), b"no picture").unwrap();
    std::fs::write(folder.path().join("notes.txt"), b"no picture").unwrap();
    let mut one = Mat::default();
    opencv::imgproc::resize(&face, &mut one, opencv::core::Size::new(1, 1), 0.0, 0.0, 0).unwrap();
    write(folder.path(), "c.png", &one);
    let mut grey = Mat::default();
    opencv::imgproc::cvt_color_def(&face, &mut grey, opencv::imgproc::COLOR_BGR2GRAY).unwrap();
    write(folder.path(), "d.png", &grey);

    let out = rasikad(&["see", folder.path().to_str().unwrap(), "--json"]);
    assert!(out.status.success(), "{}", stderr(&out));
    let lines = lines(&out);
    let files: Vec<&str> = lines.iter().map(|line| line["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["a.jpg", "b.png", "c.png", "d.png"]);
    assert!(lines[0]["error"].as_str().unwrap().contains("a.jpg") && lines[0]["face"].is_null());
    assert!(lines[1]["face"].is_object() && lines[2]["face"].is_null() && lines[3]["face"].is_object());
}

#[test]
fn a_mirrored_source_is_seen_as_the_performer_is() {
    let folder = tempfile::tempdir().unwrap();
    let face = picture("15-f13-anc-ph.jpg");
    let mut mirrored = Mat::default();
    opencv::core::flip(&face, &mut mirrored, 1).unwrap();
    let straight = write(folder.path(), "straight.png", &face);
    let mirrored = write(folder.path(), "mirrored.png", &mirrored);
    let see = |path: &Path, more: &[&str]| {
        let args = [&["see", path.to_str().unwrap(), "--json"], more].concat();
        lines(&rasikad(&args)).remove(0)
    };
    let (straight, turned) = (see(&straight, &[]), see(&mirrored, &["--mirrored"]));
    assert_eq!(straight["face"], turned["face"]);
    let as_it_is = see(&mirrored, &[]);
    let yaw = |line: &Value| line["face"]["yaw_deg"].as_f64().unwrap();
    assert!(yaw(&straight) < -5.0 && yaw(&as_it_is) > 5.0, "{} {}", yaw(&straight), yaw(&as_it_is));
}

#[test]
fn a_face_nearer_farther_tilted_or_in_another_frame_reads_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["0-f1-su-ph.jpg", "0-f15-hao-ph.jpg", "single_face.jpg"] {
        let face = picture(name);
        let (w, h) = (face.cols(), face.rows());
        // Room to turn in.
        let mut base = Mat::default();
        let border = opencv::core::BORDER_REPLICATE;
        opencv::core::copy_make_border(
            &face,
            &mut base,
            h / 4,
            h / 4,
            w / 4,
            w / 4,
            border,
            opencv::core::Scalar::default(),
        )
        .unwrap();
        let (w, h) = (base.cols(), base.rows());
        let sized = |scale: f64| {
            let mut out = Mat::default();
            opencv::imgproc::resize(
                &base,
                &mut out,
                opencv::core::Size::default(),
                scale,
                scale,
                opencv::imgproc::INTER_AREA,
            )
            .unwrap();
            out
        };
        let turned = |degrees: f64| {
            let center = opencv::core::Point2f::new(w as f32 / 2.0, h as f32 / 2.0);
            let matrix = opencv::imgproc::get_rotation_matrix_2d(center, degrees, 1.0).unwrap();
            let mut out = Mat::default();
            let size = opencv::core::Size::new(w, h);
            opencv::imgproc::warp_affine(
                &base,
                &mut out,
                &matrix,
                size,
                opencv::imgproc::INTER_LINEAR,
                border,
                opencv::core::Scalar::default(),
            )
            .unwrap();
            out
        };
        let mut wide = Mat::default();
        opencv::core::copy_make_border(
            &base,
            &mut wide,
            0,
            0,
            w / 2,
            w / 3,
            opencv::core::BORDER_CONSTANT,
            opencv::core::Scalar::default(),
        )
        .unwrap();
        let all = [base.clone(), sized(0.5), sized(2.0), turned(20.0), turned(-20.0), wide];
        for (i, picture) in all.iter().enumerate() {
            write(folder.path(), &format!("{name}.{i}.png"), picture);
        }
    }
    let lines = lines(&rasikad(&["see", folder.path().to_str().unwrap(), "--json"]));
    for same in lines.chunks(6) {
        let likely = |line: &Value| {
            let p = line["probabilities"].as_object().expect("a face");
            p.iter().max_by(|a, b| a.1.as_f64().unwrap().total_cmp(&b.1.as_f64().unwrap())).unwrap().0.clone()
        };
        for line in same {
            assert_eq!(likely(line), likely(&same[0]), "{}", line["file"]);
            let rasa = likely(&same[0]);
            let change =
                line["probabilities"][&rasa].as_f64().unwrap() - same[0]["probabilities"][&rasa].as_f64().unwrap();
            assert!(change.abs() < 0.2, "{}: {rasa} changes by {change}", line["file"]);
        }
    }
}

#[test]
fn bad_input_gets_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    refuses(&["see", &at("nothing.mp4")], &["nothing.mp4", "does not exist"]);
    std::fs::write(at("text.mp4"), "no video").unwrap();
    refuses(&["see", &at("text.mp4")], &["text.mp4", "cannot be read as a video"]);
    std::fs::write(at("empty.png"), "").unwrap();
    refuses(&["see", &at("empty.png")], &["empty.png", "cannot be read as a picture"]);
    std::fs::create_dir(at("folder")).unwrap();
    refuses(&["see", &at("folder")], &["folder", "no pictures"]);
    refuses(&["see", "--camera", "/dev/video99"], &["/dev/video99"]);

    let film = media("no_face.mp4");
    refuses(&["play", &film], &["--midi", "--mid"]);
    refuses(&["play", &film, "--mid", &at("no/such/file.mid")], &["file.mid", "does not exist"]);
    refuses(&["play", &film, "--midi", "serial:/dev/no-such-line"], &["/dev/no-such-line"]);
    refuses(&["play", &film, "--midi", "trumpet"], &["trumpet"]);
    refuses(&["play", &film, "--mid", &at("a.mid"), "--sa", "12"], &["12", "40 to 80"]);
    refuses(&["play", &film, "--mid", &at("a.mid"), "--map", "nonsense"], &["nonsense"]);
}

#[test]
fn what_is_read_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("demo.mp4");
    std::fs::copy(media("no_face.mp4"), &film).unwrap();
    let before = std::fs::read(&film).unwrap();
    let (film_name, out) = (film.to_str().unwrap(), folder.path().to_str().unwrap());
    refuses(&["play", film_name, "--mid", film_name], &["no MIDI file", "another name"]);
    refuses(&["demo", film_name, "--out", out], &["demo.mp4", "--out"]);
    let raga = folder.path().join("mine.toml");
    std::fs::write(&raga, include_str!("../ragas/desh.toml")).unwrap();
    let raga_name = raga.to_str().unwrap();
    refuses(&["raga", "play", raga_name, "-o", raga_name, "--minutes", "0.2"], &["mine.toml", "another name"]);
    assert!(std::fs::read(&film).unwrap() == before);
    assert_eq!(std::fs::read_to_string(&raga).unwrap(), include_str!("../ragas/desh.toml"));
    // A MIDI file of before is what one expects to write anew.
    let mid = folder.path().join("music.mid");
    for _ in 0..2 {
        let done = rasikad(&["raga", "play", raga_name, "-o", mid.to_str().unwrap(), "--minutes", "0.2"]);
        assert!(done.status.success(), "{}", stderr(&done));
    }
}

#[test]
fn a_truncated_video_gives_what_it_holds_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.mp4").display().to_string();
    let whole = std::fs::read(media("WolfgangLanger_Pexels.mp4")).unwrap();
    std::fs::write(&cut, &whole[..whole.len() / 4]).unwrap();
    let out = rasikad(&["see", &cut]);
    assert_eq!(out.status.code(), Some(1));
    assert!(stderr(&out).contains("truncated"), "{}", stderr(&out));
    assert!(String::from_utf8_lossy(&out.stdout).lines().count() > 10);
}

#[test]
fn bad_models_get_one_sentence() {
    let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files/models");
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().to_str().unwrap();
    let face = media("single_face.jpg");
    refuses(&["see", &face, "--models", models], &["face_detector.tflite", "make setup"]);

    let network = |name: &str| std::fs::read(good.join(name)).unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    for name in
        ["face_blendshapes", "face_detector", "face_landmarks_detector", "hand_detector", "hand_landmarks_detector"]
    {
        let name = format!("{name}.tflite");
        put(&name, &network(&name));
    }
    assert!(rasikad(&["see", &face, "--models", models]).status.success());
    for (broken, other) in
        [("face_landmarks_detector.tflite", "hand_detector.tflite"), ("hand_detector.tflite", "face_detector.tflite")]
    {
        let whole = network(broken);
        for bytes in [&whole[..whole.len() / 2], b"no model", b""] {
            put(broken, bytes);
            refuses(&["see", &face, "--models", models], &[broken, "make setup"]);
        }
        put(broken, &network(other));
        refuses(&["see", &face, "--models", models], &[broken, "expected"]);
        put(broken, &whole);
    }
}

#[test]
fn the_same_seed_gives_the_same_file_and_another_another() {
    let folder = tempfile::tempdir().unwrap();
    let play = |name: &str, seed: &str| {
        let path = folder.path().join(name).display().to_string();
        let out = rasikad(&["play", &media("single_face.mp4"), "--mid", &path, "--seed", seed]);
        assert!(out.status.success(), "{}", stderr(&out));
        std::fs::read(path).unwrap()
    };
    let (one, again, other) = (play("1.mid", "7"), play("2.mid", "7"), play("3.mid", "8"));
    assert_eq!(one, again);
    assert_ne!(one, other);
    midly::Smf::parse(&one).expect("a MIDI file");
}

/// A pseudo-terminal: the end for us, and the name of the end for the program.
fn terminal() -> (std::fs::File, String) {
    use std::os::fd::FromRawFd as _;
    let (mut ours, mut theirs) = (0, 0);
    let mut name = [0 as libc::c_char; 128];
    // SAFETY: openpty writes two descriptors and a name shorter than 128 bytes; the nulls ask for defaults. Their end
    // is opened by name and ours is owned from here on.
    unsafe {
        assert_eq!(
            libc::openpty(&raw mut ours, &raw mut theirs, name.as_mut_ptr(), std::ptr::null_mut(), std::ptr::null()),
            0
        );
        // A program that inherited our end would keep the line alive.
        assert_eq!(libc::fcntl(ours, libc::F_SETFD, libc::FD_CLOEXEC), 0);
        let name = std::ffi::CStr::from_ptr(name.as_ptr()).to_str().unwrap().to_owned();
        // Kept open in this process, so that ours never reads an end before the program opens its end.
        std::mem::forget(std::fs::File::from_raw_fd(theirs));
        (std::fs::File::from_raw_fd(ours), name)
    }
}

#[test]
fn a_serial_port_hears_set_up_first_and_silence_last() {
    let (mut ours, name) = terminal();
    let listener = std::thread::spawn(move || {
        let (mut heard, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(n) = ours.read(&mut buffer) {
            heard.extend_from_slice(&buffer[..n]);
            if heard.ends_with(b"the end") {
                break;
            }
        }
        heard
    });
    let folder = tempfile::tempdir().unwrap();
    let mid = folder.path().join("played.mid").display().to_string();
    let port = format!("serial:{name}");
    let out = rasikad(&["play", &media("single_face.mp4"), "--midi", &port, "--mid", &mid]);
    assert!(out.status.success(), "{}", stderr(&out));
    std::fs::OpenOptions::new()
        .write(true)
        .open(&name)
        .and_then(|mut f| std::io::Write::write_all(&mut f, b"the end"))
        .unwrap();
    let heard = listener.join().unwrap();
    let first_note = heard.iter().position(|byte| byte & 0xF0 == 0x90).expect("notes were played");
    let program = heard.iter().position(|byte| byte & 0xF0 == 0xC0).expect("programs were set");
    assert!(program < first_note, "set-up comes first");
    // All Sound Off on the melody's third channel, the last that is used, and its bend back in the middle.
    assert!(
        heard.ends_with(&[0xB4, 120, 0, 0xE4, 0, 64, b't', b'h', b'e', b' ', b'e', b'n', b'd']),
        "{:?}",
        &heard[heard.len().saturating_sub(20)..]
    );
    midly::Smf::parse(&std::fs::read(mid).unwrap()).expect("the .mid file is there too");
}

#[test]
fn a_cable_that_is_pulled_does_not_stop_the_music() {
    let (mut ours, name) = terminal();
    let folder = tempfile::tempdir().unwrap();
    let mid = folder.path().join("played.mid").display().to_string();
    let film = media("single_face.mp4");
    let mut play = Command::new(env!("CARGO_BIN_EXE_rasikad"))
        .args(["play", &film, "--midi", &format!("serial:{name}"), "--mid", &mid])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("rasikad runs");
    // The first notes come, then the cable goes.
    let mut heard = [0; 64];
    ours.read_exact(&mut heard).unwrap();
    drop(ours);
    let mut said = String::new();
    play.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(play.wait().unwrap().success(), "{said}");
    assert!(said.contains("lost") && said.contains(&name), "{said}");
    let bytes = std::fs::read(mid).expect("the .mid file is there");
    let notes = |on: bool| {
        let smf = midly::Smf::parse(&bytes).unwrap();
        let kind = |event: &midly::TrackEvent| match event.kind {
            midly::TrackEventKind::Midi { message: midly::MidiMessage::NoteOn { .. }, .. } => on,
            midly::TrackEventKind::Midi { message: midly::MidiMessage::NoteOff { .. }, .. } => !on,
            _ => false,
        };
        smf.tracks.iter().flatten().filter(|event| kind(event)).count()
    };
    assert!(notes(true) > 3 && notes(true) == notes(false), "{} notes begin, {} end", notes(true), notes(false));
}
