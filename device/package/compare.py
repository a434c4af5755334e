#!/usr/bin/env python3
"""Compares what two builds saw: two files of `rasikad see --json`, number by number.

    compare.py A.jsonl B.jsonl [TOLERANCE]      default 1e-3, of the frame's size for points
"""

import json
import sys

HANDED_OVER = 1e-3


def main():
    ours, theirs = ([json.loads(line) for line in open(name)] for name in sys.argv[1:3])
    tolerance = float(sys.argv[3]) if len(sys.argv) > 3 else HANDED_OVER
    if len(ours) != len(theirs) or not ours:
        sys.exit(f"compare: {len(ours)} frames and {len(theirs)}")
    worst = max((worst_of(a, b, max(a["width"], a["height"], 1), "") for a, b in zip(ours, theirs)), default=(0, ""))
    print(f"{len(ours)} frames, at most {worst[0]:.1e} apart ({worst[1] or 'nowhere'})")
    if worst[0] > tolerance:
        sys.exit(f"compare: more than {tolerance} apart")


def worst_of(a, b, size_px, where):
    """The largest difference, and where it is; what cannot be compared is infinitely far apart."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return max((worst_of(a[key], b[key], size_px, f"{where}.{key}") for key in a), default=(0, where))
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return max((worst_of(x, y, size_px, f"{where}[{i}]") for i, (x, y) in enumerate(zip(a, b))), default=(0, where))
    if a == b:
        return (0, where)
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        # Points in pixels against the frame, angles against 90 degrees, the rest is 0–1.
        scale = size_px if ".landmarks" in where else 90 if where.endswith("_deg") else 1
        return (abs(a - b) / scale, where)
    return (float("inf"), where)


main()
