//! Folders of pictures as people really have them: every picture is looked at, whatever its name; all else is told.
#![cfg(feature = "perception")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use image::codecs::gif::GifEncoder;
use image::{Delay, DynamicImage, ExtendedColorType, Frame, RgbaImage};
use opencv::core::{Mat, Vector};
use opencv::imgcodecs::{IMREAD_COLOR, imencode, imread};
use opencv::prelude::*;
use serde_json::Value;

fn rasikad(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rasikad")).args(args).stdin(Stdio::null()).output().expect("rasikad runs")
}

fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn lines(out: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&out.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn see(folder: &Path) -> Output {
    rasikad(&["see", folder.to_str().unwrap(), "--json"])
}

fn file_of(line: &Value) -> &str {
    line["file"].as_str().unwrap()
}

/// A face, 480 × 320 or so.
fn face() -> Mat {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files/media/single_face.jpg");
    let face = imread(path.to_str().unwrap(), IMREAD_COLOR).unwrap();
    assert!(!face.empty(), "{} is missing: run `make setup`", path.display());
    let mut small = Mat::default();
    let size = opencv::core::Size::new(480, 480 * face.rows() / face.cols());
    opencv::imgproc::resize(&face, &mut small, size, 0.0, 0.0, opencv::imgproc::INTER_AREA).unwrap();
    small
}

fn coded(picture: &Mat, ending: &str) -> Vec<u8> {
    let mut bytes = Vector::<u8>::new();
    assert!(imencode(ending, picture, &mut bytes, &Vector::new()).unwrap());
    bytes.to_vec()
}

fn rgba(picture: &Mat) -> RgbaImage {
    let ppm = coded(picture, ".ppm");
    // Netpbm's head is three lines; then come red, green and blue.
    let begin = ppm.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2).unwrap().0 + 1;
    let (width, height) = (picture.cols().unsigned_abs(), picture.rows().unsigned_abs());
    DynamicImage::ImageRgb8(image::RgbImage::from_raw(width, height, ppm[begin..].to_vec()).unwrap()).into_rgba8()
}

/// The face, then nothing but grey.
fn moving(picture: &Mat) -> [RgbaImage; 2] {
    let face = rgba(picture);
    let grey = RgbaImage::from_pixel(face.width(), face.height(), image::Rgba([128, 128, 128, 255]));
    [face, grey]
}

fn animated_gif(picture: &Mat) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut gif = GifEncoder::new_with_speed(&mut bytes, 30);
    for frame in moving(picture) {
        gif.encode_frame(Frame::from_parts(frame, 0, 0, Delay::from_numer_denom_ms(100, 1))).unwrap();
    }
    drop(gif);
    bytes
}

/// Chunks of RIFF: a name, a length, the bytes, and one more where they are odd.
fn chunk(name: &[u8], bytes: &[u8]) -> Vec<u8> {
    let pad: &[u8] = if bytes.len().is_multiple_of(2) { b"" } else { b"\0" };
    [name, &u32::try_from(bytes.len()).unwrap().to_le_bytes(), bytes, pad].concat()
}

fn animated_webp(picture: &Mat) -> Vec<u8> {
    let frames = moving(picture);
    let side = |side: u32| (side - 1).to_le_bytes()[..3].to_vec();
    let size = [side(frames[0].width()), side(frames[0].height())].concat();
    let mut chunks = chunk(b"VP8X", &[&[2, 0, 0, 0][..], &size].concat());
    chunks.extend(chunk(b"ANIM", &[0; 6]));
    for frame in &frames {
        let mut still = Vec::new();
        let encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut still);
        encoder.encode(frame.as_raw(), frame.width(), frame.height(), ExtendedColorType::Rgba8).unwrap();
        // The coded picture is all that follows RIFF, length and WEBP.
        let at = still.windows(4).position(|name| name == b"VP8L").unwrap();
        chunks.extend(chunk(b"ANMF", &[&[0; 6][..], &size, &[100, 0, 0, 0], &still[at..]].concat()));
    }
    chunk(b"RIFF", &[b"WEBP", &chunks[..]].concat())
}

#[test]
fn every_picture_is_read_by_its_content_and_the_rest_is_counted_and_named() {
    let (place, face) = (tempfile::tempdir().unwrap(), face());
    let put = |name: &str, bytes: &[u8]| std::fs::write(place.path().join(name), bytes).unwrap();
    put("a.JPG", &coded(&face, ".jpg"));
    put("b.jfif", &coded(&face, ".jpg"));
    put("c.gif", &animated_gif(&face));
    put("d.webp", &animated_webp(&face));
    put("e.TIF", &coded(&face, ".tiff"));
    put("f.jpg", &coded(&face, ".png"));
    put("g", &coded(&face, ".jpg"));
    put("h.txt", &coded(&face, ".webp"));
    put("i.webp", &coded(&face, ".jpg"));
    put("notes.txt", b"no picture");
    put("film.mp4", b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2");
    put("drawing.svg", b"<svg/>");
    for (folder, file) in [("__MACOSX", "._a.jpg"), (".ipynb_checkpoints", "a.jpg"), ("older", "a.jpg")] {
        std::fs::create_dir(place.path().join(folder)).unwrap();
        std::fs::write(place.path().join(folder).join(file), coded(&face, ".jpg")).unwrap();
    }
    put("Thumbs.db", b"\xd0\xcf\x11\xe0");
    put("._a.JPG", b"\0\x05\x16\x07");

    let out = see(place.path());
    let said = stderr(&out);
    assert!(out.status.success(), "{said}");
    let lines = lines(&out);
    let files: Vec<&str> = lines.iter().map(file_of).collect();
    assert_eq!(files, ["a.JPG", "b.jfif", "c.gif", "d.webp", "e.TIF", "f.jpg", "g", "h.txt", "i.webp"], "{said}");
    for line in &lines {
        assert!(line["face"].is_object(), "{}: {}", file_of(line), line["error"]);
    }
    assert!(said.contains("4 left out"), "{said}");
    for told in ["notes.txt (no picture)", "film.mp4 (a film)", "drawing.svg", "older (a folder)"] {
        assert!(said.contains(told), "{told}: {said}");
    }
    for hidden in ["__MACOSX", "ipynb", "Thumbs", "._a"] {
        assert!(!said.contains(hidden), "{hidden}: {said}");
    }
}

#[test]
fn what_was_cut_off_is_damaged_and_not_without_a_face() {
    let (place, face) = (tempfile::tempdir().unwrap(), face());
    let mut names = Vec::new();
    for (ending, bytes) in [
        ("bmp", coded(&face, ".bmp")),
        ("gif", animated_gif(&face)),
        ("jp2", coded(&face, ".jp2")),
        ("jpg", coded(&face, ".jpg")),
        ("png", coded(&face, ".png")),
        ("ppm", coded(&face, ".ppm")),
        ("tiff", coded(&face, ".tiff")),
        ("webp", coded(&face, ".webp")),
    ] {
        for (number, part) in [20, 50, 95].into_iter().enumerate() {
            // Of an animation the first picture counts, and it may be whole.
            let cut = bytes.len() * part / 100 / if ending == "gif" { 4 } else { 1 };
            names.push(format!("{ending}-{number}.{ending}"));
            std::fs::write(place.path().join(names.last().unwrap()), &bytes[..cut]).unwrap();
        }
    }
    std::fs::write(place.path().join("whole.png"), coded(&face, ".png")).unwrap();
    let out = see(place.path());
    let (lines, said) = (lines(&out), stderr(&out));
    let damaged: Vec<&str> = lines.iter().filter(|line| !line["error"].is_null()).map(file_of).collect();
    names.sort();
    assert_eq!(damaged, names, "{said}");
    for line in &lines[..lines.len() - 1] {
        assert!(line["error"].as_str().unwrap().contains("damaged"), "{line}");
    }
    assert!(lines[lines.len() - 1]["face"].is_object());
    assert!(said.contains(&format!("{} of {} pictures could not be read", names.len(), names.len() + 1)), "{said}");
}

#[test]
fn a_heif_picture_is_read_or_what_is_missing_is_named() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("face.ppm"), coded(&face(), ".ppm")).unwrap();
    let at = |name: &str| place.path().join(name).display().to_string();
    // A HEIC that ends after its first box, as a broken upload does.
    std::fs::write(at("cut.heic"), b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").unwrap();
    let said = stderr(&rasikad(&["see", &at("cut.heic")]));
    assert!(said.contains("cut.heic") && (said.contains("damaged") || said.contains("libheif1")), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");

    let made = Command::new("ffmpeg")
        .args(["-loglevel", "error", "-i", &at("face.ppm"), "-frames:v", "1", "-c:v", "libaom-av1", "-cpu-used", "8"])
        .args(["-still-picture", "1", &at("face.avif")])
        .output();
    if !made.as_ref().is_ok_and(|out| out.status.success()) {
        println!("AVIF is not tried: this machine has no ffmpeg that writes it");
        return;
    }
    let out = rasikad(&["see", &at("face.avif"), "--json"]);
    match out.status.success() {
        true => assert!(lines(&out)[0]["face"].is_object()),
        false => assert!(stderr(&out).contains("libheif"), "{}", stderr(&out)),
    }
}
