"""Listens to what the engine plays and prints figures: python device/listen alap|gat|rasa|balance|notes [FILE …]."""

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import figures
import mukhda
from score import Score

RASAS = "shringara hasya karuna raudra veera bhayanaka bibhatsa adbhuta shanta".split()


def render(options, name, *words):
    """A piece rendered by rasikad, once."""
    path = options.out / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([options.rasikad, *words, "-o", path], check=True, stdout=subprocess.DEVNULL)
    return path


def pieces(options, intensity, minutes):
    """Every rasa and seed at an intensity: (rasa, seed, score)."""

    def one(rasa, seed):
        name = f"{rasa}-{seed}-{intensity}-{minutes}.mid"
        words = ["play", "--rasa", rasa, "--seed", str(seed), "--minutes", str(minutes), "--intensity", str(intensity)]
        return rasa, seed, Score(render(options, name, *words))

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(one, rasa, seed) for rasa in RASAS for seed in range(1, options.seeds + 1)]
        return [job.result() for job in jobs]


def table(rows):
    """Prints the median of each figure for each rasa."""
    names = [name for name in rows[0][1] if name != "paths"]
    print(f"{'':12}" + "".join(f"{name:>18}" for name in names))
    for rasa in RASAS:
        own = [figure for other, figure in rows if other == rasa and figure]
        if own:
            print(f"{rasa:12}" + "".join(f"{np.nanmedian([row[name] for row in own]):18.2f}" for name in names))


def main():
    parser = argparse.ArgumentParser(prog="listen", description=__doc__)
    parser.add_argument("what", nargs="+", choices=["alap", "gat", "rasa", "balance", "file"])
    parser.add_argument("--file", type=Path, action="append", default=[], help="a .mid file of one's own, for 'file'")
    parser.add_argument("--rasikad", default="target/release/rasikad")
    parser.add_argument("--out", type=Path, default=Path("out/listen"))
    parser.add_argument("--seeds", type=int, default=8)
    options = parser.parse_args()
    for what in options.what:
        print(f"\n{what}")
        {"alap": hear_alap, "gat": hear_gat, "rasa": hear_rasa, "balance": hear_balance, "file": hear_file}[what](options)


def hear_alap(options):
    heard = pieces(options, 0.2, 4)
    table([(rasa, {**figures.alap(score), **figures.meend(score)}) for rasa, _, score in heard])


def hear_gat(options):
    heard = pieces(options, 0.6, 6)
    table([(rasa, {**figures.gat(score), **mukhda.mukhdas(score), **figures.meend(score)}) for rasa, _, score in heard])


def hear_rasa(options):
    import forest

    strong = [(rasa, forest.windows(score)) for rasa, _, score in pieces(options, 0.95, 6)]
    faint = [(rasa, forest.windows(score)) for rasa, _, score in pieces(options, 0.15, 6)]
    half = len(RASAS) and options.seeds // 2
    seed = lambda rows, wanted: [row for at, row in enumerate(rows) if (at % options.seeds < half) == wanted]
    for name, train, test in [
        ("trained at 0.95, tested at 0.15", strong, faint),
        ("trained and tested at 0.95", seed(strong, True), seed(strong, False)),
    ]:
        test = [(rasa, rows) for rasa, rows in test if rows]
        if not test:
            print(f"{name}: no gat to test on")
            continue
        whole, each = forest.score_of(train, test)
        print(f"{name}: {whole:.2f}  " + "  ".join(f"{rasa} {part:.2f}" for rasa, part in each.items()))


def hear_balance(options):
    import balance

    print(f"{'':12}{'all LUFS':>12}{'peak dBFS':>12}{'tanpura under':>16}{'theka under':>14}")
    for rasa in RASAS:
        words = ["play", "--rasa", rasa, "--seed", "1", "--minutes", "3", "--intensity", "0.6"]
        levels = balance.loudness(render(options, f"{rasa}-1-0.6-3.mid", *words))
        melody = levels["melody"][0]
        print(
            f"{rasa:12}{levels['all'][0]:12.1f}{levels['all'][1]:12.1f}"
            f"{melody - levels['tanpura'][0]:16.1f}{melody - levels['theka'][0]:14.1f}"
        )


def hear_file(options):
    for path in options.file:
        score = Score(path)
        print(path)
        for part in (figures.alap(score), figures.gat(score), mukhda.mukhdas(score), figures.meend(score)):
            for name, value in part.items():
                if name != "paths":
                    print(f"  {name}: {value:.2f}")


if __name__ == "__main__":
    sys.exit(main())
