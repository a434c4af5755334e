"""Whether a rasa is heard in how it moves: a random forest on 20-s windows of gat, trained at one intensity and tested
at another, on features without pitch class, program, CC, mean register or theka."""

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from figures import phrases
from glides import glides
from score import swaras_of

WINDOW = 20.0


def windows(score):
    """Feature rows of the windows of gat of a piece."""
    rows, sa = [], score.sa()
    for begin, end in score.section("gat "):
        at = begin
        while at + WINDOW <= end:
            notes = [note for note in score.melody if at <= note.start < at + WINDOW]
            if len(notes) >= 4:
                rows.append(features(notes, sa, swaras_of(score.raga_at(at))))
            at += WINDOW
    return rows


def features(notes, sa, swaras):
    starts = np.array([note.start for note in notes])
    lengths = np.array([note.end - note.start for note in notes])
    apart = np.diff(starts)
    leaps = np.abs(np.diff([note.key for note in notes]))
    sounding = lengths[:-1] / np.maximum(apart, 1e-3)
    every = [glide for note in notes for glide in glides(note, sa, swaras)]
    turns = np.count_nonzero(np.diff(np.sign(np.diff([note.key for note in notes]))))
    moving = [np.ptp([cents for _, cents in note.curve]) for note in notes]
    groups = phrases(notes)
    return [
        len(notes) / WINDOW,
        np.median(lengths),
        lengths.max(),
        np.std(lengths),
        np.median(np.clip(sounding, 0, 3)),
        np.mean(np.clip(sounding, 0, 3)),
        np.mean(np.maximum(apart - lengths[:-1], 0)),
        np.mean(apart - lengths[:-1] > 0.25),
        np.mean(leaps == 0),
        np.mean((leaps > 0) & (leaps <= 2)),
        np.mean((leaps > 2) & (leaps <= 4)),
        np.mean(leaps > 4),
        np.std([note.key for note in notes]),
        turns / len(notes),
        len(every) / WINDOW,
        np.mean([glide.cents for glide in every]) if every else 0.0,
        np.mean(np.array(moving) > 20),
        np.mean([len(group) for group in groups]),
        np.mean([group[-1].end - group[0].start for group in groups]),
        np.std([note.velocity for note in notes]),
        np.std(np.diff(apart)) if len(apart) > 1 else 0.0,
    ]


def score_of(train, test):
    """Part of the test windows whose rasa a forest names rightly; both are lists of (rasa, rows)."""
    x, y = stack(train)
    forest = RandomForestClassifier(n_estimators=300, random_state=1, n_jobs=2).fit(x, y)
    x, y = stack(test)
    named = forest.predict(x)
    per_rasa = [np.mean(named[y == rasa] == rasa) for rasa in sorted(set(y))]
    return float(np.mean(per_rasa)), dict(zip(sorted(set(y)), per_rasa))


def stack(pieces):
    return (
        np.array([row for _, rows in pieces for row in rows]),
        np.array([rasa for rasa, rows in pieces for _ in rows]),
    )
