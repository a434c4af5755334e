"""`make bench`: our perception and MediaPipe's on the same video, one after the other, as a table."""

import argparse
import json
import os
import pathlib
import subprocess
import sys

from statistic import WARM_UP_FRAMES, summary

HERE = pathlib.Path(__file__).resolve().parent
ROW = "{:<34}{:>10}{:>17}{:>9}{:>9}  {}"


def run(name, command):
    print(f"{name} …", file=sys.stderr, flush=True)
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except FileNotFoundError:
        sys.exit(f"bench: {command[0]} is missing; run `make build`.")
    if done.returncode != 0:
        sys.exit(f"bench: {name} failed:\n{done.stderr.strip()}")
    return json.loads(done.stdout)


def row(what, ours, theirs, limit, unit):
    """One line of the table; with a limit, whether the ratio keeps it."""
    if ours is None or theirs is None:
        print(ROW.format(f"{what}, {unit}", "-", "-", "-", "", ""))
        return
    ratio = ours / theirs
    kept = "" if limit is None else "ok" if ratio <= limit else "MISSED"
    limit = "" if limit is None else f"≤ {limit:.2f}"
    print(ROW.format(f"{what}, {unit}", f"{ours:.2f}", f"{theirs:.2f}", f"{ratio:.3f}", limit, kept))


def bare(what, times, chosen, limit):
    """Our time as a multiple of the bare model runs, frame by frame; the median of that."""
    median = summary(times, chosen)["median"]
    if median is None:
        print(f"  {what:<57}{'-':>6}")
        return
    kept = "" if limit is None else f"  ≤ {limit:.2f}  " + ("ok" if median <= limit else "MISSED")
    print(f"  {what:<57}{median:>6.3f}{kept}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=pathlib.Path)
    parser.add_argument("--rasikad", default="target/release/rasikad")
    args = parser.parse_args()

    load = os.getloadavg()[0]
    ours = run("rasikad", [args.rasikad, "bench", str(args.video), "--json"])
    theirs = run("MediaPipe", [sys.executable, str(HERE / "reference.py"), str(args.video)])
    if len(ours["frames"]) != len(theirs["frames"]):
        sys.exit(f"bench: rasikad saw {len(ours['frames'])} frames and MediaPipe {len(theirs['frames'])}.")

    our_times = [frame["ms"] for frame in ours["frames"]]
    their_times = [frame["ms"] for frame in theirs["frames"]]
    # The same frames for both: those where MediaPipe sees a hand.
    hands = [bool(frame["hands"]) for frame in theirs["frames"]]
    parts = [("whole video", None), ("frames with hands", hands)]

    print(f"{args.video.name}: {len(our_times)} frames, of which the first {WARM_UP_FRAMES} are not counted in times")
    print(f"{os.cpu_count()} cores, load before it {load:.1f}" + ("; other programs disturb this" if load > 0.5 else ""))
    print(ROW.format("", "rasikad", f"MediaPipe {theirs['mediapipe']}", "ratio", "limit", ""))
    for name, chosen in parts:
        mine, other = summary(our_times, chosen), summary(their_times, chosen)
        row(f"{name}: median", mine["median"], other["median"], 0.4, "ms")
        row(f"{name}: p95", mine["p95"], other["p95"], None, "ms")
    row("CPU, decoding included", ours["cpu_s"], theirs["cpu_s"], 0.6, "s")
    row("peak memory", ours["peak_mib"], theirs["peak_mib"], 0.8, "MiB")
    for what in ("face", "hands"):
        count = [sum(bool(frame[what]) for frame in side["frames"]) for side in (ours, theirs)]
        print(ROW.format(f"frames with {what}", *count, "", "", ""))

    print("\nrasikad's time over the bare model runs, median of the frames:")
    for name, chosen in parts:
        for field, what, limit in (("wait_model_ms", "that it has to wait for", 1.15), ("sum_model_ms", "in sum", None)):
            ratios = [frame["ms"] / frame[field] if frame[field] else 0.0 for frame in ours["frames"]]
            ran = [choose and bool(frame[field]) for choose, frame in zip(chosen or [True] * len(ratios), ours["frames"])]
            bare(f"{name}, {what}", ratios, ran, limit)


if __name__ == "__main__":
    main()
