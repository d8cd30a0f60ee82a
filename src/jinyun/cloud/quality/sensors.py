"""What roadside senders said in one second, held against what cars say of themselves and against itself: sums per sender.

Everything here is one second's work on columns: looks are paired with the cars that report themselves (nearest in place,
carried to the look's instant), the words of one number are held against its own path, and each sender's sums grow. Judging
the sums is :mod:`jinyun.cloud.quality.scorecard`. A pair (:mod:`.references`) counts where each is the other's nearest: a
sender is never its own reference.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.quality.references import SLOT_US, keyed, nearest
from jinyun.shapes import SEEN_BY_ITSELF

LIKE_M, LIKE_MPS = 4.0, 2.0
"""A look, its place mirrored or exchanged, matches a car within these."""
MOVING_MPS = 2.0
STATED_MPS = 1.0
STILL_M = 0.02
"""Places that differ by no more are the same: two units of the wire."""
SPAN_US = 300_000
COURSE_M, COURSE_RAD = 1.8, 0.45
TWIN_M = 1.0

COLUMNS = (
    "looks", "objects", "scans", "seconds", "pairs", "car_s", "trials", "missed", "usual", "blind",
    "judged", "unconfirmed", "watched", "alone", "moving", "stuck", "course", "as_is", "reversed", "mirrored_ew",
    "mirrored_ns", "from_east", "twins", "changes", "late", "place", "swap", "mirror_x", "mirror_y", "half",
    "quarter", "three_quarters", "anti_swap",
)  # fmt: skip
"""Sums of a sender; ``docs/quality.md`` says what each counts."""
AT = {name: index for index, name in enumerate(COLUMNS)}
(
    LOOKS, OBJECTS, SCANS, SECONDS, PAIRS, CAR_S, TRIALS, MISSED, USUAL, BLIND,
    JUDGED, UNCONFIRMED, WATCHED, ALONE, MOVING, STUCK, COURSE, AS_IS, REVERSED, MIRRORED_EW,
    MIRRORED_NS, FROM_EAST, TWINS, CHANGES, LATE, PLACE,
) = range(26)  # fmt: skip
TRANSFORMS = 8

MEASURES = ("position_m", "speed_mps", "heading_deg", "size_m", "delay_ms")
POSITION, SPEED, HEADING, SIZE, DELAY = range(5)
BINS = 64
WIDTH = np.array([0.1, 0.1, 0.5, 0.05, 20.0])
"""Width of a bin of each measure's histogram; the last bin holds what is beyond."""
FROM = np.array([0.0, 0.0, 0.0, 0.0, -200.0])

GROUP = np.dtype(
    [("sender", np.int64), ("source", np.int64), ("participant", np.uint64), ("first", np.int64), ("count", np.int64),
     ("middle", np.int64), ("twin", np.bool_)]
)  # fmt: skip
"""All looks of one number of one sender within the second: rows ``first`` and on of the sorted looks."""


@njit(cache=True)
def groups(looks: Any, sender: NDArray[np.int64]) -> Any:
    """Return the GROUP rows of looks ordered by source, participant and event."""
    out = np.zeros(len(looks), GROUP)
    count = first = 0
    while first < len(looks):
        end = first
        twin = False
        while (
            end < len(looks)
            and looks[end].source == looks[first].source
            and looks[end].participant == looks[first].participant
        ):
            if end > first and looks[end].event_us == looks[end - 1].event_us:
                apart = np.hypot(looks[end].x_m - looks[end - 1].x_m, looks[end].y_m - looks[end - 1].y_m)
                twin = twin or apart > TWIN_M
            end += 1
        one = out[count]
        count += 1
        one.sender, one.source, one.participant = sender[first], looks[first].source, looks[first].participant
        one.first, one.count, one.middle, one.twin = first, end - first, (first + end - 1) // 2, twin
        first = end
    return out[:count]


@njit(cache=True)
def _turned(angle: float) -> float:
    return abs((angle + np.pi) % (2 * np.pi) - np.pi)


@njit(cache=True)
def themselves(looks: Any, objects: Any, sums: NDArray[np.float64]) -> None:
    """Hold what each number says against its own path: twice at once, still though moving, heading not where it goes."""
    for one in objects:
        mine = sums[one.sender]
        mine[LOOKS] += one.count
        mine[OBJECTS] += 1
        if one.twin:
            mine[TWINS] += one.count
            continue
        a, b = looks[one.first], looks[one.first + one.count - 1]
        middle = looks[one.middle]
        span_us = b.event_us - a.event_us
        speed = middle.speed_mps
        if span_us < SPAN_US or not speed >= STATED_MPS:
            continue
        mine[MOVING] += 1
        still = True
        for k in range(one.first + 1, one.first + one.count):
            still = still and abs(looks[k].x_m - a.x_m) <= STILL_M and abs(looks[k].y_m - a.y_m) <= STILL_M
        if still:
            mine[STUCK] += 1
            continue
        dx, dy = b.x_m - a.x_m, b.y_m - a.y_m
        heading = middle.heading_rad
        if speed < MOVING_MPS or not np.hypot(dx, dy) >= COURSE_M or np.isnan(heading):
            continue
        course = np.arctan2(dx, dy)
        mine[COURSE] += 1
        mine[AS_IS] += _turned(heading - course) < COURSE_RAD
        mine[REVERSED] += _turned(heading + np.pi - course) < COURSE_RAD
        mine[MIRRORED_EW] += _turned(-heading - course) < COURSE_RAD
        mine[MIRRORED_NS] += _turned(np.pi - heading - course) < COURSE_RAD
        mine[FROM_EAST] += _turned(np.pi / 2 - heading - course) < COURSE_RAD


@njit(cache=True)
def matched(
    looks: Any, objects: Any, masts: NDArray[np.float64], squeeze: float, refs: Any, heads: NDArray[np.int64],
    following: NDArray[np.int64], from_us: int, sums: NDArray[np.float64],
) -> None:  # fmt: skip
    """Count for each sender how many of its moving objects match a car as they are, exchanged, mirrored and turned.

    ``masts`` (senders, 2) is what places are mirrored about, NaN unknown; ``squeeze`` is the cosine of the latitude: a
    degree east is so much shorter than one north, which an exchange of the two must undo.
    """
    for one in objects:
        look = looks[one.middle]
        mx, my = masts[one.sender, 0], masts[one.sender, 1]
        if not look.speed_mps >= MOVING_MPS or np.isnan(mx) or one.twin or look.kind > 1:
            continue
        slot = (look.event_us - from_us) // SLOT_US
        u, v = look.x_m - mx, look.y_m - my
        for k in range(TRANSFORMS):
            if k == 0:
                x, y = u, v
            elif k == 1:
                x, y = v * squeeze, u / squeeze
            elif k == 2:
                x, y = -u, v
            elif k == 3:
                x, y = u, -v
            elif k == 4:
                x, y = -u, -v
            elif k == 5:
                x, y = v, -u
            elif k == 6:
                x, y = -v, u
            else:
                x, y = -v * squeeze, -u / squeeze
            found, _ = nearest(
                refs,
                heads,
                following,
                slot,
                look.event_us,
                mx + x,
                my + y,
                look.speed_mps,
                look.length_m,
                LIKE_M,
                LIKE_MPS,
            )
            sums[one.sender, PLACE + k] += found >= 0


@njit(cache=True)
def confirmed(names: Any, objects: Any, sums: NDArray[np.float64]) -> None:
    """Count the looks of numbers that belong to no confirmed track; ``names`` are the links of those that do."""
    size = 64
    while size < 2 * len(names):
        size *= 2
    place = np.full(size, -1, np.int64)
    for n in range(len(names)):
        at = keyed(names[n].source, names[n].participant, size - 1)
        while place[at] >= 0:
            at = (at + 1) & (size - 1)
        place[at] = n
    for one in objects:
        if one.twin:
            continue
        at = keyed(one.source, one.participant, size - 1)
        known = False
        while place[at] >= 0 and not known:
            name = names[place[at]]
            known = name.source == one.source and name.participant == one.participant
            at = (at + 1) & (size - 1)
        sums[one.sender, JUDGED] += one.count
        if not known:
            sums[one.sender, UNCONFIRMED] += one.count


def histogram(into: NDArray[np.float64], sender: NDArray[np.int64], measure: int, values: NDArray[Any]) -> None:
    """Add values of a measure to ``into`` (senders, measures, bins); unknown ones are left out."""
    known = np.isfinite(values)
    bin_ = np.clip(((values[known] - FROM[measure]) / WIDTH[measure]).astype(np.int64), 0, BINS - 1)
    counts = np.bincount(sender[known] * BINS + bin_, minlength=len(into) * BINS)
    into[:, measure] += counts.reshape(len(into), BINS)


def percentile(counts: NDArray[np.float64], measure: int, share: float) -> float | None:
    """Return the value that ``share`` of a histogram's values stay within (upper edge of its bin), None without any."""
    total = float(counts.sum())
    if total <= 0:
        return None
    at = int(np.searchsorted(np.cumsum(counts), share * total * (1 - 1e-12)))
    return float(FROM[measure] + WIDTH[measure] * (min(at, BINS - 1) + 1))


def by_itself(sightings: NDArray[np.void]) -> NDArray[np.bool_]:
    """Return which sightings are participants' own reports."""
    own: NDArray[np.bool_] = sightings["by"] == SEEN_BY_ITSELF
    return own
