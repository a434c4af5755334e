"""Meend, andolan and the steps of a bend, from the pitch curve of each note.

A glide: while one note sounds, bend changes at most 30 ms apart, in one direction, go from within 25 cents of one swara
of the raga to within 25 cents of another, and stay within 60 cents of that for 80 ms or to the note's end. Its time is
first to last change, its width the cents between.
"""

from dataclasses import dataclass

import numpy as np

APART, NEAR, STAYS, STAY = 0.030, 25.0, 60.0, 0.080


@dataclass
class Glide:
    start: float
    seconds: float
    cents: float
    path: str


def nearest(swaras, cents):
    """The swara of a raga nearest to a pitch in cents from Sa, and how far off it is."""
    best = min(((abs((cents - own + 600) % 1200 - 600), letter) for letter, own in swaras.items()))
    return best[1], best[0]


def glides(note, sa, swaras):
    """The glides of one note."""
    base = 100.0 * (note.key - sa)
    curve = [(time, base + cents) for time, cents in note.curve]
    found, at = [], 1
    while at < len(curve):
        sense = np.sign(curve[at][1] - curve[at - 1][1])
        last = at
        while (
            sense != 0
            and last + 1 < len(curve)
            and curve[last + 1][0] - curve[last][0] <= APART
            and np.sign(curve[last + 1][1] - curve[last][1]) in (0, sense)
        ):
            last += 1
        if sense != 0 and last > at:
            begin, end = curve[at - 1][1], curve[last][1]
            one, off_one = nearest(swaras, begin)
            other, off_other = nearest(swaras, end)
            differs = abs(end - begin) > 50
            if differs and off_one <= NEAR and off_other <= NEAR and stays(note, curve, last):
                found.append(Glide(curve[at][0], curve[last][0] - curve[at][0], abs(end - begin), f"{one}~{other}"))
        at = max(last, at) + 1
    return found


def stays(note, curve, last):
    until = min(curve[last][0] + STAY, note.end)
    return all(abs(cents - curve[last][1]) <= STAYS for time, cents in curve[last + 1 :] if time < until)


def widest_step(note):
    """The widest step of the bend while a note sounds, in cents, its first 90 ms (a kan) apart."""
    steps = [
        abs(later[1] - earlier[1])
        for earlier, later in zip(note.curve, note.curve[1:])
        if later[0] - note.start > 0.090 and later[0] < note.end
    ]
    return max(steps, default=0.0)


def swing(note):
    """An andolan of a note: cents peak to peak and swings a second; None where the pitch does not swing."""
    if note.end - note.start < 1.0 or len(note.curve) < 8:
        return None
    times = np.arange(note.start + 0.25, note.end - 0.05, 0.01)
    cents = np.interp(times, [time for time, _ in note.curve], [cents for _, cents in note.curve])
    middle = (cents.max() + cents.min()) / 2
    sides = np.sign(cents - middle)
    crossings = np.count_nonzero(np.diff(sides[sides != 0]))
    if crossings < 3 or np.ptp(cents) < 15:
        return None
    return float(np.ptp(cents)), crossings / 2 / (times[-1] - times[0])
