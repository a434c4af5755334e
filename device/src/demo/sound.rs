//! Sound and the final film, by the programs that do that best: FluidSynth and ffmpeg.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::film::Lengths;
use super::pictures::TICKS_HZ;

/// Free SoundFonts where Debian puts them.
const SOUNDFONTS: [&str; 3] = [
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/sounds/sf3/default-GM.sf3",
];

/// Renders a .mid file to a .wav file. The error is a sentence that says what to do.
pub fn render(midi: &Path, wav: &Path) -> Result<(), String> {
    let font = SOUNDFONTS.iter().map(PathBuf::from).find(|font| font.exists());
    let font = font.ok_or("no SoundFont to render with; install the package fluid-soundfont-gm")?;
    let mut command = Command::new("fluidsynth");
    command
        .args(["-q", "-n", "-i", "-g", "1.0", "-R", "1", "-C", "0", "-r", "44100", "-F"])
        .arg(wav)
        .arg(font)
        .arg(midi);
    run(command, "fluidsynth", wav)
}

/// Makes a film that every browser and phone plays, with sound if there is one: each frame at its own time, sound and
/// picture as long as the source.
pub fn mux(film: &Path, lengths: Lengths, wav: Option<&Path>, out: &Path) -> Result<(), String> {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-loglevel", "error", "-y", "-i"]).arg(film);
    if let Some(wav) = wav {
        // The last note may ring on beyond the film, or end before it.
        command.arg("-i").arg(wav).args([
            "-af",
            "loudnorm=I=-18:TP=-1.5,apad",
            "-ar",
            "48000",
            "-c:a",
            "aac",
            "-b:a",
            "160k",
        ]);
    }
    // No frame is doubled or left out. Without frames that look ahead, what is shown last is written last, and its
    // length is the one that counts for the whole.
    let last = format!("setts=duration={}", lengths.last_ticks);
    let ticks = format!("1/{TICKS_HZ}");
    command
        .args(["-fps_mode", "passthrough", "-enc_time_base", &ticks, "-video_track_timescale", &TICKS_HZ.to_string()])
        .args(["-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-bf", "0", "-level", "4.2"])
        .args(["-pix_fmt", "yuv420p", "-bsf:v", &last, "-movflags", "+faststart"])
        .args(["-t", &format!("{:.6}", lengths.whole_ticks as f64 / TICKS_HZ as f64)])
        .arg(out);
    run(command, "ffmpeg", out)
}

fn run(mut command: Command, name: &str, makes: &Path) -> Result<(), String> {
    let out = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output();
    match out {
        // FluidSynth is content with itself even when it wrote nothing.
        Ok(out) if out.status.success() => match makes.metadata() {
            Ok(file) if file.is_file() && file.len() > 0 => Ok(()),
            _ => Err(format!("{name} wrote nothing")),
        },
        Ok(out) => {
            let said = String::from_utf8_lossy(&out.stderr);
            Err(format!("{name} failed: {}", said.lines().last().unwrap_or("it did not say why")))
        }
        Err(_) => Err(format!("{name} is not installed; install the package {name}")),
    }
}
