"""Median and 95th percentile of frame times, the same way for both sides of the bench."""

WARM_UP_FRAMES = 10  # first frames load caches and start threads; they count for neither side


def summary(times, chosen=None):
    """Of the frames after the warm-up, or of those of them that are chosen; None where there are none."""
    pairs = zip(times, chosen or [True] * len(times))
    kept = sorted(time for time, choose in list(pairs)[WARM_UP_FRAMES:] if choose)
    if not kept:
        return {"frames": 0, "median": None, "p95": None}
    return {"frames": len(kept), "median": quantile(kept, 0.50), "p95": quantile(kept, 0.95)}


def quantile(ordered, share):
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
