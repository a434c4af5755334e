"""What is measured of a piece: glides, alap, gat and time."""

import numpy as np

from glides import glides, swing, widest_step
from score import swaras_of

REST = 0.25
LATE = 0.150


def spans(melody):
    """Stretches of sound of the melody, channels joined: (start, end) in seconds."""
    joined = []
    for note in sorted(melody, key=lambda note: note.start):
        if joined and note.start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], note.end)
        else:
            joined.append([note.start, note.end])
    return joined


def phrases(melody):
    """Notes between rests."""
    groups = []
    for note in melody:
        if groups and note.start - max(n.end for n in groups[-1]) < REST:
            groups[-1].append(note)
        else:
            groups.append([note])
    return groups


def silence(melody):
    """Part of the time from first to last note in which no note of the melody sounds."""
    if not melody:
        return float("nan")
    sounds = spans(melody)
    whole = sounds[-1][1] - sounds[0][0]
    return 1 - sum(end - start for start, end in sounds) / whole


def meend(score):
    """Glides of 150 ms and more, a minute; the part of them wider than 250 cents; the widest step of a bend."""
    sa = score.sa()
    known = {}
    every = []
    for note in score.melody:
        raga = score.raga_at(note.start + 1e-6)
        if raga not in known:
            known[raga] = swaras_of(raga)
        every += [glide for glide in glides(note, sa, known[raga]) if glide.seconds >= LATE]
    sounds = spans(score.melody)
    minutes = (sounds[-1][1] - sounds[0][0]) / 60
    wide = sum(glide.cents > 250 for glide in every) / max(len(every), 1)
    swings = [found for found in map(swing, score.melody) if found]
    return {
        "glides a minute": len(every) / minutes,
        "wide": wide,
        "widest step": max(map(widest_step, score.melody)),
        "andolan cents": float(np.median([cents for cents, _ in swings])) if swings else float("nan"),
        "andolan Hz": float(np.median([rate for _, rate in swings])) if swings else float("nan"),
        "paths": [glide.path for glide in every],
    }


def alap(score):
    """Range of the first 20 s in semitones, phrases before the tala, the longest note, silence within the melody."""
    gat = next((marker.time for marker in score.markers if marker.text.startswith("gat ")), score.length)
    notes = [note for note in score.melody if note.start < gat]
    if not notes:
        return {}
    first = [note.key for note in notes if note.start < notes[0].start + 20]
    return {
        "range": max(first) - min(first),
        "phrases": len(phrases(notes)),
        "longest": max(note.end - note.start for note in notes),
        "silence": silence(notes),
        "seconds": gat,
    }


def gat(score):
    """From the first sam: how far melody notes stand from the nearest quarter matra (ms), how exact the sams are in
    ticks, the laya's growth over 180 s, tihais a minute, and the swara of each sam."""
    sams = [marker for marker in score.markers if marker.text == "sam"]
    spans_of_gat = score.section("gat ")
    if len(sams) < 2 or not spans_of_gat:
        return {}
    quarter = score.quarter // 4
    tihais = [marker.time for marker in score.markers if marker.text == "tihai"]
    off, on_sam = [], 0
    ends = {marker.tick for marker in sams}
    for begin, end in spans_of_gat:
        for note in score.melody:
            if not begin <= note.start < end or any(0 <= note.start - tihai < 12 for tihai in tihais):
                continue
            near = round(note.tick / quarter) * quarter
            if near in ends:
                on_sam += abs(note.tick - near) <= 1
                continue
            matra = score.clock.seconds(near + quarter) - score.clock.seconds(near)
            if matra * 4 >= 0.5:
                off.append((score.clock.seconds(note.tick) - score.clock.seconds(near)) * 1000)
    begin, end = spans_of_gat[0]
    pace = lambda tick: score.clock.seconds(tick + score.quarter) - score.clock.seconds(tick)
    first, last = [marker for marker in sams if begin <= marker.time < end][:1], None
    later = [marker for marker in sams if first and first[0].time + 180 <= marker.time < end]
    grown = pace(first[0].tick) / pace(later[0].tick) - 1 if first and later else float("nan")
    return {
        "off the grid, ms": float(np.std(off)) if off else float("nan"),
        "bar lines missed": bars_missed(score, sams),
        "laya grown": grown,
        "tihais a minute": len(tihais) / max((score.length - begin) / 60, 1e-9),
        "silence": silence([note for note in score.melody if begin <= note.start < end]),
    }


def bars_missed(score, sams):
    """Sams more than a tick off a bar line."""
    missed = 0
    for sam in sams:
        tick, numerator, denominator = [meter for meter in score.meters if meter[0] <= sam.tick + 1][-1]
        bar = numerator * score.quarter * 4 // denominator
        rest = (sam.tick - tick) % bar
        missed += min(rest, bar - rest) > 1
    return missed


def pitch_classes(score):
    """Seconds of each of the twelve classes above Sa."""
    sa, seconds = score.sa(), np.zeros(12)
    for note in score.melody:
        seconds[(note.key - sa) % 12] += note.end - note.start
    return seconds / seconds.sum()


