"""A .mid file as a listener hears it: notes with their pitch curves in seconds, by track names and markers alone."""

import bisect
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import mido

LETTERS = "SrRgGmMPdDnN"
RAGAS = Path(__file__).parent.parent / "ragas"
DRUMS = 9


@dataclass
class Note:
    """A note of one channel. Times in seconds; `curve` is (time, cents from the key) and begins at the note's start."""

    start: float
    end: float
    key: int
    velocity: int
    channel: int
    tick: int
    curve: list = field(default_factory=list)
    lyric: str | None = None
    program: int = 0


@dataclass
class Marker:
    time: float
    tick: int
    text: str


class Clock:
    """Seconds of ticks."""

    def __init__(self, midi):
        self.quarter = midi.ticks_per_beat
        self.marks = [(0, 0.0, 500_000)]
        tick = 0
        for message in midi.tracks[0]:
            tick += message.time
            if message.type == "set_tempo":
                last = self.marks[-1]
                seconds = last[1] + (tick - last[0]) * last[2] / self.quarter / 1e6
                self.marks.append((tick, seconds, message.tempo))
        self.ticks = [mark[0] for mark in self.marks]

    def seconds(self, tick):
        at, seconds, tempo = self.marks[bisect.bisect_right(self.ticks, tick) - 1]
        return seconds + (tick - at) * tempo / self.quarter / 1e6


class Score:
    """One file."""

    def __init__(self, path):
        midi = mido.MidiFile(path)
        self.clock = Clock(midi)
        self.quarter = midi.ticks_per_beat
        self.markers, self.meters, self.keys = [], [], []
        self.parts, self.lyrics, self.controls = {}, [], {}
        self.length = 0.0
        for track in midi.tracks:
            self._read(track)
        self.melody = self.parts.get("raga", [])
        self.melody.sort(key=lambda note: (note.start, note.tick))
        self._give_lyrics()

    def _read(self, track):
        name, notes, tick = "", [], 0
        sounding, bend, span, rpn, program = {}, {}, {}, {}, {}
        for message in track:
            tick += message.time
            now = self.clock.seconds(tick)
            self.length = max(self.length, now)
            kind = message.type
            if kind == "track_name":
                name = message.name
            elif kind == "marker":
                self.markers.append(Marker(now, tick, message.text))
            elif kind == "lyrics":
                self.lyrics.append((tick, message.text))
            elif kind == "time_signature":
                self.meters.append((tick, message.numerator, message.denominator))
            elif kind == "key_signature":
                self.keys.append((tick, message.key))
            elif kind == "program_change":
                program[message.channel] = message.program
            elif kind == "control_change":
                self.controls.setdefault(name, []).append((now, message.channel, message.control, message.value))
                parameter = rpn.setdefault(message.channel, [127, 127])
                if message.control in (101, 100):
                    parameter[101 - message.control] = message.value
                elif message.control == 6 and parameter == [0, 0]:
                    span[message.channel] = 100.0 * message.value
                elif message.control == 38 and parameter == [0, 0]:
                    span[message.channel] = span.get(message.channel, 200.0) // 100 * 100 + message.value
                elif message.control in (120, 123):
                    for key in [held for held in sounding if held[0] == message.channel]:
                        sounding.pop(key).end = now
            elif kind == "pitchwheel":
                cents = message.pitch / 8192 * span.get(message.channel, 200.0)
                bend[message.channel] = cents
                for (channel, _), note in sounding.items():
                    if channel == message.channel:
                        note.curve.append((now, cents))
            elif kind == "note_on" and message.velocity > 0:
                note = Note(now, now, message.note, message.velocity, message.channel, tick)
                note.curve.append((now, bend.get(message.channel, 0.0)))
                note.program = program.get(message.channel, 0)
                sounding[message.channel, message.note] = note
                notes.append(note)
            elif kind in ("note_off", "note_on"):
                note = sounding.pop((message.channel, message.note), None)
                if note:
                    note.end = now
        for note in sounding.values():
            note.end = self.clock.seconds(tick)
        if notes:
            self.parts.setdefault(name, []).extend(notes)

    def _give_lyrics(self):
        by_tick = {}
        for tick, text in self.lyrics:
            by_tick.setdefault(tick, text)
        for note in self.melody:
            note.lyric = by_tick.get(note.tick)

    def sa(self):
        """Key of the middle Sa, from the swaras that are written under struck notes."""
        for note in self.melody:
            if note.lyric:
                return note.key - step(note.lyric)
        raise ValueError("no swara is written under any note of the track 'raga'")

    def section(self, text, begin=0.0, end=None):
        """Spans of seconds from each marker that begins with `text` to the next marker of a section."""
        ends = ("raga ", "alap", "jor", "gat ", "drone")
        spans = []
        for at, marker in enumerate(self.markers):
            if marker.text.startswith(text):
                after = next((m.time for m in self.markers[at + 1 :] if m.text.startswith(ends)), self.length)
                spans.append((marker.time, after))
        return spans

    def raga_at(self, time):
        names = [marker.text[5:] for marker in self.markers if marker.text.startswith("raga ") and marker.time <= time]
        return names[-1] if names else None


def step(word):
    """Semitones from the middle Sa of a swara as it is written: 'N, S', m."""
    below = len(word) - len(word.lstrip("'"))
    above = len(word) - len(word.rstrip("'"))
    return LETTERS.index(word.strip("'")) + 12 * (above - below)


def cents_of(value):
    """Cents of a swara from the raga file: a ratio, or cents with a source."""
    if isinstance(value, dict):
        value = value.get("cents", value.get("ratio"))
    if isinstance(value, (int, float)):
        return float(value)
    upper, lower = value.split("/")
    import math

    return 1200 * math.log2(int(upper) / int(lower))


def swaras_of(name):
    """Cents of each swara of a raga, by letter."""
    for path in sorted(RAGAS.glob("*.toml")):
        data = tomllib.loads(path.read_text())
        if data["name"] == name:
            return {letter: cents_of(value) for letter, value in data["shruti"].items()}
    raise ValueError(f"no raga is called {name}")
