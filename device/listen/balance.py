"""How loud the parts are: each rendered alone by FluidSynth, integrated loudness by ffmpeg's ebur128 from the first sam."""

import re
import subprocess
import tempfile
from pathlib import Path

import mido

from score import Score

FONT = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
PARTS = {"melody": ("raga",), "tanpura": ("tanpura",), "theka": ("theka",), "all": ("raga", "tanpura", "theka")}


def loudness(path, font=FONT):
    """LUFS of each part and of all together, and the peak of all in dBFS."""
    score = Score(path)
    first = next((marker.time for marker in score.markers if marker.text == "sam"), 0.0)
    with tempfile.TemporaryDirectory() as folder:
        return {part: part_loudness(path, names, first, Path(folder), font) for part, names in PARTS.items()}


def part_loudness(path, names, first, folder, font):
    midi = mido.MidiFile(path)
    for track in midi.tracks[1:]:
        if not track.name.startswith(names):
            for message in list(track):
                if message.type == "note_on":
                    message.velocity = 0
    alone, wave = folder / "part.mid", folder / "part.wav"
    midi.save(alone)
    render = ["fluidsynth", "-q", "-n", "-i", "-g", "0.5", "-r", "44100", "-F", wave, font, alone]
    subprocess.run(render, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    measure = ["ffmpeg", "-nostdin", "-hide_banner", "-ss", str(first), "-i", wave, "-af", "ebur128=peak=sample", "-f"]
    said = subprocess.run([*measure, "null", "-"], check=True, capture_output=True, text=True).stderr
    summary = said[said.rindex("Summary:") :]
    level = float(re.search(r"I:\s+(-?[\d.]+|-inf) LUFS", summary)[1])
    peak = float(re.search(r"Peak:\s+(-?[\d.]+|-inf) dBFS", summary)[1])
    return level, peak
