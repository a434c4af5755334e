"""How often the gat comes home: the mukhda as it is written in the raga's file against what is heard before each sam."""

import bisect
import tomllib

from score import RAGAS, step

EQUAL = 0.7


def written(cells):
    """The swara, in semitones from the middle Sa, that sounds in each quarter matra of a line; None where none does."""
    heard, now = [], None
    for word in cells.replace("|", " ").split():
        parts = word.split(",")
        for part in parts:
            for quarter in range(4 // len(parts)):
                if quarter == 0 and part == ".":
                    now = None
                elif quarter == 0 and part != "-":
                    now = step(part[part.find(")") + 1 :].split("~")[0] or part.split("~")[-1])
                if "~" in part and not part.startswith("~") and quarter >= 4 // len(parts) // 2:
                    now = step(part.split("~")[-1])
                heard.append(now)
    return heard


def compositions(raga, tala):
    """(first quarter of the mukhda, quarters of it with sam's) of each composition of a raga in a tala of its file."""
    for path in sorted(RAGAS.glob("*.toml")):
        data = tomllib.loads(path.read_text())
        if data["name"] == raga:
            return [
                (own["mukhda_matra"], written(own["sthayi"][0]))
                for own in data.get("composition", [])
                if own["tala"].lower() == tala.lower()
            ]
    return []


def mukhdas(score):
    """Cycles whose approach to sam is the mukhda, sams on the composition's swara, and cycles in all."""
    ticks = [tick for tick, _ in score.lyrics]
    sounding = sorted((note.tick, note.start, note.end) for note in score.melody)
    starts = [note[0] for note in sounding]

    def heard(tick):
        at = bisect.bisect_right(starts, tick) - 1
        if at < 0 or score.clock.seconds(tick) >= max(note[2] for note in sounding[max(0, at - 2) : at + 1]):
            return None
        return step(score.lyrics[bisect.bisect_right(ticks, tick) - 1][1])

    came, landed, cycles = 0, 0, 0
    quarter = score.quarter // 4
    tihais = [marker.tick for marker in score.markers if marker.text == "tihai"]
    gats = [marker for marker in score.markers if marker.text.startswith("gat ")]
    for gat, (begin, end) in zip(gats, score.section("gat ")):
        known = compositions(score.raga_at(begin + 1e-6), gat.text[4:])
        sams = [marker for marker in score.markers if marker.text == "sam" and begin <= marker.time < end]
        for before, sam in zip(sams, sams[1:]):
            if not known or any(before.tick <= tihai < sam.tick for tihai in tihais):
                continue
            matras = round((sam.tick - before.tick) / score.quarter)
            cycles += 1
            fits, lands = [], []
            for matra, line in known:
                length = (matras - matra + 1) * 4
                from_tick = sam.tick - length * quarter
                equal = [heard(from_tick + at * quarter + quarter // 2) == line[at] for at in range(length)]
                fits.append(sum(equal) / length)
                lands.append(heard(sam.tick + quarter // 2) is not None and length < len(line)
                             and (heard(sam.tick + quarter // 2) - (line[length] or 0)) % 12 == 0)
            came += max(fits) >= EQUAL
            landed += any(lands)
    return {"mukhda": came / cycles if cycles else float("nan"), "sam swara": landed / cycles if cycles else float("nan")}
