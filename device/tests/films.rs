//! Films as people really have them: read to their real end, at their own times, in their own shape.

mod reels;

use std::path::Path;

use reels::{Reels, length_s, lines, probed, rasikad, said, seen, times};
use serde_json::Value;

const H264: [&str; 3] = ["-an", "-c:v", "libx264"];

/// Overwrites the data of one picture of an AVI with zeros.
fn blacken(film: &str, picture: usize) {
    let mut bytes = std::fs::read(film).unwrap();
    let chunks: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, four)| *four == b"00dc").map(|(at, _)| at).collect();
    let at = chunks[picture];
    let size = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
    bytes[at + 8..at + 8 + size].fill(0);
    std::fs::write(film, bytes).unwrap();
}

#[test]
fn a_picture_that_pauses_while_the_sound_goes_on_is_waited_for() {
    let reels = Reels::new();
    // 14 frames, the last after 13 s of sound in 650 pieces.
    let silence = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono", "-map", "0:v", "-map", "1:a", "-t", "15"];
    let pause = ["-vf", "setpts='if(gt(N,12),PTS+13/TB,PTS)'", "-frames:v", "14", "-fps_mode", "vfr"];
    let coding = ["-c:v", "libvpx", "-b:v", "500k", "-c:a", "libopus", "-frame_duration", "20"];
    let film = reels.make("pause.webm", "2", &[&silence[..], &pause, &coding].concat());
    let times = times(&seen(&film));
    assert_eq!(times.len(), 14);
    assert!((times[13] - 13_000.0 - times[12] - 1000.0 / 30.0).abs() < 5.0, "{times:?}");
}

#[test]
fn one_frame_that_cannot_be_decoded_is_counted_and_the_rest_is_read() {
    let reels = Reels::new();
    let film = reels.make("one_bad.avi", "0.7", &["-an", "-c:v", "mjpeg", "-q:v", "4"]);
    let whole = seen(&film).len();
    blacken(&film, 9);
    let one = "1 frame of";
    let out = rasikad(&["see", &film, "--json"]);
    assert!(out.status.success() && said(&out).contains(one), "{}", said(&out));
    let times = times(&lines(&out));
    assert_eq!(times.len(), whole - 1);
    assert!((times[9] - 1000.0 / 3.0).abs() < 2.0, "those behind it keep their time: {times:?}");

    let out = rasikad(&["bench", &film, "--json"]);
    assert!(out.status.success() && said(&out).contains(one), "{}", said(&out));
    let report = &lines(&out)[0];
    assert_eq!((report["frames"].as_array().unwrap().len(), &report["skipped"]), (whole - 1, &Value::from(1)));

    let out = rasikad(&["play", &film, "--mid", &reels.at("one_bad.mid")]);
    assert!(out.status.success() && said(&out).contains(one), "{}", said(&out));
    let out = rasikad(&["demo", &film, "--out", &reels.at("out")]);
    assert!(out.status.success() && said(&out).contains(one), "{}", said(&out));
    let story = std::fs::read_to_string(reels.at("out/timeline.jsonl")).unwrap();
    assert_eq!(story.lines().count(), whole - 1);
}

#[test]
fn a_film_that_is_cut_off_is_told_from_a_whole_one() {
    let reels = Reels::new();
    let fragments = ["-movflags", "frag_keyframe+empty_moov", "-g", "5"];
    let kinds: [(&str, Vec<&str>); 7] = [
        ("a.mkv", H264.to_vec()),
        ("a.mp4", [&H264[..], &["-movflags", "+faststart"]].concat()),
        ("fragments.mp4", [&H264[..], &fragments].concat()),
        ("a.avi", vec!["-an", "-c:v", "mjpeg"]),
        ("a.ts", H264.to_vec()),
        ("a.webm", vec!["-an", "-c:v", "libvpx", "-b:v", "500k"]),
        // As browsers write it: no length anywhere.
        ("browser.webm", vec!["-an", "-c:v", "libvpx", "-b:v", "500k", "-f", "webm", "-live", "1"]),
    ];
    for (name, way) in kinds {
        let film = reels.make(name, "1", &way);
        let whole = seen(&film).len();
        assert!(whole >= 29, "{name}: {whole}");
        let cut = reels.cut(&film, &format!("cut_{name}"), 0.6);
        let out = rasikad(&["see", &cut, "--json"]);
        let lines = lines(&out);
        assert_eq!(out.status.code(), Some(1), "{name}: {}", said(&out));
        assert!(said(&out).contains("ends early") && said(&out).contains(&cut), "{name}: {}", said(&out));
        assert!(lines.len() > 5 && lines.len() < whole, "{name}: {} of {whole}", lines.len());
    }
}

#[test]
fn a_film_that_ends_early_is_an_error_of_every_verb_and_what_was_made_is_kept() {
    let reels = Reels::new();
    let cut = reels.cut(&reels.make("a.mkv", "1", &H264), "cut.mkv", 0.6);
    let mid = reels.at("cut.mid");
    for arguments in
        [&["bench", &cut, "--json"][..], &["play", &cut, "--mid", &mid], &["demo", &cut, "--out", &reels.at("out")]]
    {
        let out = rasikad(arguments);
        assert_eq!(out.status.code(), Some(1), "{arguments:?}: {}", said(&out));
        assert!(said(&out).contains("ends early"), "{arguments:?}: {}", said(&out));
    }
    midly::Smf::parse(&std::fs::read(&mid).unwrap()).expect("the music up to there is kept");
    let story = std::fs::read_to_string(reels.at("out/timeline.jsonl")).unwrap();
    assert!(story.lines().count() > 5);
    assert!(length_s(&reels::path(&reels.at("out/demo.mp4")), "v").is_some_and(|s| s > 0.1));
}

/// Looks whether a demo shows each frame at its time and lasts as long as its source.
fn keeps_time(reels: &Reels, name: &str, film: &str) {
    let folder = reels.at(&format!("out_{name}"));
    let out = rasikad(&["demo", film, "--out", &folder]);
    assert!(out.status.success(), "{name}: {}", said(&out));
    let made = Path::new(&folder).join("demo.mp4");
    let shown = probed(&made, "packet=pts_time", "v");
    for time_s in probed(Path::new(film), "packet=pts_time", "v") {
        let nearest = shown.iter().map(|at| (at - time_s).abs()).fold(f64::INFINITY, f64::min);
        assert!(nearest < 0.002, "{name}: nothing is shown at {time_s} s, but at {shown:?} s");
    }
    let source = probed(Path::new(film), "format=duration", "")[0];
    let picture = length_s(&made, "v").unwrap();
    assert!((picture - source).abs() < 0.03, "{name}: the picture lasts {picture} s of {source} s");
    match length_s(&made, "a") {
        Some(sound) => assert!((sound - source).abs() < 0.05, "{name}: the sound lasts {sound} s of {source} s"),
        None => assert!(!Path::new(&folder).join("demo.wav").exists(), "{name}: the sound is there"),
    }
}

#[test]
fn a_demo_shows_each_frame_at_its_time_and_lasts_as_long_as_its_source() {
    let reels = Reels::new();
    let vfr = ["-fps_mode", "vfr"];
    let x264 = |way: &[&'static str]| [&H264[..], way].concat();
    let uneven = x264(&[&["-vf", "setpts='(N/24+floor(N/6)*0.4)/TB'"][..], &vfr].concat());
    let gap = x264(&[&["-vf", "setpts='if(gt(N,10),PTS+3/TB,PTS)'"][..], &vfr].concat());
    let slow = x264(&["-vf", "fps=5,setpts=N*2.5/TB", "-fps_mode", "passthrough"]);
    let fast = x264(&["-vf", "setpts=N/120/TB", "-r", "120"]);
    // As browsers write it: no rate is told, and timestamps are in whole milliseconds.
    let browser = ["-an", "-vf", "setpts='(N*41+mod(N*7,5))/1000/TB'", "-fps_mode", "passthrough", "-enc_time_base"];
    let browser = [&browser[..], &["1:1000", "-c:v", "libvpx", "-b:v", "500k", "-r", "1000"]].concat();
    for (name, seconds, way) in [
        ("uneven.mp4", "0.8", uneven),
        ("gap.mp4", "0.8", gap),
        ("rate_0_4.mp4", "0.6", slow),
        ("rate_1.mp4", "2.3", x264(&["-r", "1"])),
        ("rate_23_976.mp4", "0.8", x264(&["-r", "24000/1001"])),
        ("rate_120.mp4", "0.8", fast),
        ("browser.webm", "0.8", browser),
    ] {
        let film = reels.make(name, seconds, &way);
        keeps_time(&reels, name, &film);
    }
    // Sound that goes on behind the last picture.
    let tone = ["-f", "lavfi", "-i", "sine=f=440", "-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-t", "2"];
    let film = reels.make("tone.mp4", "0.5", &[&tone[..], &["-frames:v", "15"]].concat());
    keeps_time(&reels, "tone.mp4", &film);
}

/// The tip of the nose and the width of the face in the first frame, as shares of the frame, and the frame's size.
fn nose(line: &Value) -> ([f64; 2], f64, [f64; 2]) {
    let size = [line["width"].as_f64().unwrap(), line["height"].as_f64().unwrap()];
    let point = |i: usize| [0, 1].map(|axis| line["face"]["landmarks"][i][axis].as_f64().expect("a face") / size[axis]);
    let (nose, right, left) = (point(1), point(234), point(454));
    (nose, left[0] - right[0], size)
}

fn first(film: &str) -> Value {
    let out = rasikad(&["see", film, "--json", "--every-frame", "--max-frames", "1"]);
    assert!(out.status.success(), "{film}: {}", said(&out));
    lines(&out).remove(0)
}

/// Changes the matrix of the picture in an MP4: (a, b, c, d) in units of one.
fn set_matrix(film: &str, turn: [i32; 4]) {
    let mut bytes = std::fs::read(film).unwrap();
    let at = bytes.windows(4).position(|four| four == b"tkhd").unwrap() + 4 + 4 + 20 + 16;
    for (place, value) in [0, 4, 12, 16].into_iter().zip(turn) {
        bytes[at + place..at + place + 4].copy_from_slice(&(value << 16).to_be_bytes());
    }
    std::fs::write(film, bytes).unwrap();
}

fn assert_near(what: &str, is: [f64; 2], wanted: [f64; 2]) {
    let far = is.iter().zip(wanted).map(|(is, wanted)| (is - wanted).abs()).fold(0.0, f64::max);
    assert!(far < 0.02, "{what}: the nose is at {is:?}, not at {wanted:?}");
}

#[test]
fn pixels_that_are_not_square_are_stretched() {
    let reels = Reels::new();
    let (nose_at, wide, size) = nose(&first(&reels.make("plain.mp4", "0.1", &H264)));
    for (name, filter) in [
        ("2_1.mp4", "scale=iw/2:ih,setsar=2"),
        ("4_3.mkv", "scale=iw*3/4:ih,setsar=4/3"),
        ("1_2.mp4", "scale=iw:ih/2,setsar=1/2"),
    ] {
        let film = reels.make(name, "0.1", &[&H264[..], &["-vf", filter]].concat());
        let (is, is_wide, is_size) = nose(&first(&film));
        assert_eq!(is_size, size, "{name}");
        assert_near(name, is, nose_at);
        assert!((is_wide - wide).abs() < 0.02, "{name}: the face is {is_wide} wide, not {wide}");
    }
}

#[test]
fn a_film_that_is_turned_or_mirrored_is_seen_as_a_player_shows_it() {
    let reels = Reels::new();
    let (upright, _, size) = nose(&first(&reels.make("plain.mp4", "0.1", &H264)));
    // A selfie: left for right, not turned.
    let film = reels.make("mirrored.mp4", "0.1", &H264);
    set_matrix(&film, [-1, 0, 0, 1]);
    assert_near("mirrored", nose(&first(&film)).0, [1.0 - upright[0], upright[1]]);
    // Coded on its side or its head, and turned back by the matrix.
    for (name, filter, turn) in [
        ("side.mp4", "transpose=cclock", [0, 1, -1, 0]),
        ("other_side.mp4", "transpose=clock", [0, -1, 1, 0]),
        ("head.mp4", "hflip,vflip", [-1, 0, 0, -1]),
        ("flipped.mp4", "vflip", [1, 0, 0, -1]),
        ("transposed.mp4", "transpose=cclock_flip", [0, 1, 1, 0]),
    ] {
        let film = reels.make(name, "0.1", &[&H264[..], &["-vf", filter]].concat());
        set_matrix(&film, turn);
        let (is, _, is_size) = nose(&first(&film));
        assert_eq!(is_size, size, "{name}");
        assert_near(name, is, upright);
    }
}

/// A WebP with an orientation in its EXIF, of a plain one.
fn oriented_webp(plain: &[u8], size: [u32; 2], orientation: u8) -> Vec<u8> {
    let chunk = |name: &[u8; 4], content: &[u8]| {
        let mut bytes = [&name[..], &(content.len() as u32).to_le_bytes(), content].concat();
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        bytes
    };
    const HAS_EXIF: u8 = 8;
    let [width, height] = size.map(|side| (side - 1).to_le_bytes());
    let extended = [&[HAS_EXIF, 0, 0, 0][..], &width[..3], &height[..3]].concat();
    let exif = [b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", &[orientation, 0, 0, 0, 0, 0, 0, 0][..]].concat();
    let chunks = [chunk(b"VP8X", &extended), plain[12..].to_vec(), chunk(b"EXIF", &exif)].concat();
    [b"RIFF", &(chunks.len() as u32 + 4).to_le_bytes()[..], b"WEBP", &chunks].concat()
}

#[test]
fn pictures_are_seen_the_way_up_that_their_exif_says() {
    let reels = Reels::new();
    let still = |name: &str, filter: &str| reels.make(name, "0.1", &["-vf", filter, "-frames:v", "1"]);
    let upright = nose(&first(&still("plain.png", "null"))).0;
    for (orientation, filter) in
        [(1, "null"), (2, "hflip"), (3, "hflip,vflip"), (4, "vflip"), (6, "transpose=cclock"), (8, "transpose=clock")]
    {
        let plain = std::fs::read(still("plain.webp", filter)).unwrap();
        let size = if orientation > 4 { [360, 640] } else { [640, 360] };
        let path = reels.at(&format!("{orientation}.webp"));
        std::fs::write(&path, oriented_webp(&plain, size, orientation)).unwrap();
        assert_near(&path, nose(&first(&path)).0, upright);
    }
}
