"""What roadside senders said in one second, held against what cars say of themselves and against itself: sums per sender.

Everything here is one second's work on columns: looks are paired with the cars that report themselves (nearest in place,
carried to the look's instant), the words of one number are held against its own path, and each sender's sums grow. Judging
the sums is :mod:`jinyun.cloud.quality.scorecard`. A pair is a look and a car within :data:`GATE_M` that agree in speed,
each the other's nearest: a sender is never its own reference.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.shapes import SEEN_BY_ITSELF, Kind

_MOTOR = int(Kind.MOTOR)
SLOT_US = 100_000
"""Cars' places are known once in so long; a look is carried by half of it at most."""
GATE_M, GATE_MPS = 6.0, 4.0
ALIKE_LENGTH_M = 1.5
"""A lorry is not the car beside it."""
LIKE_M, LIKE_MPS = 4.0, 2.0
"""A look, its place mirrored or exchanged, matches a car within these."""
HASH_M = 8.0
REFERENCE_SD_M = 3.0
"""A car that states or is believed to know its place worse than this is no reference."""
MOVING_MPS = 2.0
STATED_MPS = 1.0
STILL_M = 0.02
"""Places that differ by no more are the same: two units of the wire."""
SPAN_US = 300_000
COURSE_M, COURSE_RAD = 1.8, 0.45
TWIN_M = 1.0
CELL_M, CELLS = 16.0, 32
"""A sender's field is learnt in 32 x 32 cells about its mast."""
KNOWN_CELL = 5
USUAL_SHARE, SURE_SHARE = 0.6, 0.9
"""Shares of cars seen in a cell from which the sender usually, or surely, sees there."""
CELL_MEMORY = 400.0
ALONE_M = 5.0

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
REFERENCE = np.dtype(
    [("slot", np.int64), ("car", np.int64), ("t_us", np.int64), ("x_m", np.float64), ("y_m", np.float64),
     ("speed_mps", np.float64), ("heading_rad", np.float64), ("length_m", np.float64), ("width_m", np.float64)]
)  # fmt: skip


def references(own: NDArray[np.void], from_us: int, slots: int) -> tuple[NDArray[np.void], NDArray[np.uint64]]:
    """Return (REFERENCE rows, cars): where each car that reports itself was at the middle of each slot.

    ``own`` are SIGHTING rows of cars; only those with a place, a speed and a heading that can be relied on serve.
    """
    rows, cars = np.zeros(len(own) * min(slots, 3), REFERENCE), np.empty(len(own), np.uint64)  # 3: of one report
    count, met = _refer(own, from_us, slots, rows, cars)
    return rows[:count], cars[:met]


@njit(cache=True)
def _hash(slot: int, cx: int, cy: int, mask: int) -> int:
    return (slot * 83_492_791 ^ cx * 73_856_093 ^ cy * 19_349_663) & mask


@njit(cache=True)
def chained(slot: Any, x_m: Any, y_m: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (heads, next) of a hash grid of places: cells of :data:`HASH_M`, one grid a slot."""
    size = 16
    while size < 2 * len(x_m):
        size *= 2
    heads, following = np.full(size, -1, np.int64), np.full(len(x_m), -1, np.int64)
    for i in range(len(x_m)):
        at = _hash(slot[i], int(np.floor(x_m[i] / HASH_M)), int(np.floor(y_m[i] / HASH_M)), size - 1)
        following[i], heads[at] = heads[at], i
    return heads, following


@njit(cache=True)
def _nearest(
    refs: Any, heads: NDArray[np.int64], following: NDArray[np.int64], slot: int, t_us: int, x: float, y: float,
    speed: float, length: float, gate_m: float, gate_mps: float,
) -> tuple[int, float]:  # fmt: skip
    """Return (row of ``refs``, metres) of the car nearest to a place at an instant, -1 where none is in the gate."""
    best, least = -1, gate_m * gate_m
    mask = len(heads) - 1
    cx, cy = int(np.floor(x / HASH_M)), int(np.floor(y / HASH_M))
    for i in range(cx - 1, cx + 2):
        for j in range(cy - 1, cy + 2):
            at = heads[_hash(slot, i, j, mask)]
            while at >= 0:
                ref = refs[at]
                alike = not abs(ref.speed_mps - speed) > gate_mps and not abs(ref.length_m - length) > ALIKE_LENGTH_M
                if ref.slot == slot and alike:
                    way = ref.speed_mps * (t_us - ref.t_us) / 1e6
                    dx = x - ref.x_m - way * np.sin(ref.heading_rad)
                    dy = y - ref.y_m - way * np.cos(ref.heading_rad)
                    apart = dx * dx + dy * dy
                    if apart < least:
                        best, least = at, apart
                at = following[at]
    return best, np.sqrt(least)


@njit(cache=True)
def pair(
    looks: Any, refs: Any, heads: NDArray[np.int64], following: NDArray[np.int64], from_us: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return (row of ``refs`` or -1, metres) of each look."""
    found, apart = np.full(len(looks), -1, np.int64), np.full(len(looks), np.inf)
    for i in range(len(looks)):
        look = looks[i]
        if look.kind == 1 or look.kind == 0:
            slot = (look.event_us - from_us) // SLOT_US
            found[i], apart[i] = _nearest(
                refs,
                heads,
                following,
                slot,
                look.event_us,
                look.x_m,
                look.y_m,
                look.speed_mps,
                look.length_m,
                GATE_M,
                GATE_MPS,
            )
    return found, apart


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
            found, _ = _nearest(
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
def _key(source: int, participant: Any, mask: int) -> int:
    mixed = (np.uint64(participant) + np.uint64(source) * np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
    return int(mixed >> np.uint64(33)) & mask


@njit(cache=True, nogil=True)
def _refer(own: Any, from_us: int, slots: int, rows: Any, cars: NDArray[np.uint64]) -> tuple[int, int]:
    """Fill ``rows`` by slot and car and ``cars`` in ascending order; return how many there are of each.

    Of each car and slot the report nearest in time to the slot's middle serves, of two as near the later.
    """
    size = 64
    while size < 2 * len(own):
        size *= 2
    place = np.full(size, -1, np.int64)
    best = np.full((len(own), slots), -1, np.int32)
    met = 0
    for i in range(len(own)):
        one = own[i]
        if one.kind != _MOTOR or one.position_sd_m > REFERENCE_SD_M:
            continue
        if not (np.isfinite(one.speed_mps) and np.isfinite(one.heading_rad)):
            continue
        middle = (one.event_us - from_us) // SLOT_US
        if middle < -1 or middle > slots:
            continue
        at = _key(0, one.participant, size - 1)
        while place[at] >= 0 and cars[place[at]] != one.participant:
            at = (at + 1) & (size - 1)
        if place[at] < 0:
            place[at], cars[met] = met, one.participant
            met += 1
        its = best[place[at]]
        for slot in range(max(middle - 1, 0), min(middle + 2, slots)):
            t_us = from_us + slot * SLOT_US + SLOT_US // 2
            off, old = abs(one.event_us - t_us), its[slot]
            if off > SLOT_US:
                continue
            if old >= 0:
                was = abs(own[old].event_us - t_us)
                if off > was or (off == was and one.event_us < own[old].event_us):
                    continue
            its[slot] = i
    order = np.argsort(cars[:met])
    count = 0
    for slot in range(slots):
        t_us = from_us + slot * SLOT_US + SLOT_US // 2
        for k in range(met):
            i = best[order[k], slot]
            if i < 0:
                continue
            one, row = own[i], rows[count]
            dt = (t_us - one.event_us) / 1e6
            count += 1
            row.slot, row.car, row.t_us = slot, k, t_us
            row.speed_mps, row.heading_rad = one.speed_mps, one.heading_rad
            row.x_m = one.x_m + one.speed_mps * np.sin(one.heading_rad) * dt
            row.y_m = one.y_m + one.speed_mps * np.cos(one.heading_rad) * dt
            row.length_m, row.width_m = one.length_m, one.width_m
    cars[:met] = cars[:met][order]
    return count, met


@njit(cache=True)
def confirmed(names: Any, objects: Any, sums: NDArray[np.float64]) -> None:
    """Count the looks of numbers that belong to no confirmed track; ``names`` are the links of those that do."""
    size = 64
    while size < 2 * len(names):
        size *= 2
    place = np.full(size, -1, np.int64)
    for n in range(len(names)):
        at = _key(names[n].source, names[n].participant, size - 1)
        while place[at] >= 0:
            at = (at + 1) & (size - 1)
        place[at] = n
    for one in objects:
        if one.twin:
            continue
        at = _key(one.source, one.participant, size - 1)
        known = False
        while place[at] >= 0 and not known:
            name = names[place[at]]
            known = name.source == one.source and name.participant == one.participant
            at = (at + 1) & (size - 1)
        sums[one.sender, JUDGED] += one.count
        if not known:
            sums[one.sender, UNCONFIRMED] += one.count


@njit(cache=True)
def _cell(masts: NDArray[np.float64], sender: int, x: float, y: float) -> int:
    """Return which cell of a sender's field a place is in, -1 outside."""
    i = np.floor((x - masts[sender, 0]) / CELL_M) + CELLS / 2
    j = np.floor((y - masts[sender, 1]) / CELL_M) + CELLS / 2
    if not (0 <= i < CELLS and 0 <= j < CELLS):
        return -1
    return int(i) * CELLS + int(j)


@njit(cache=True)
def field_of_view(
    cars: NDArray[np.float64], seen: NDArray[np.bool_], awake: NDArray[np.bool_], masts: NDArray[np.float64],
    field: NDArray[np.float32], sums: NDArray[np.float64],
) -> None:  # fmt: skip
    """Learn where each sender sees cars, and count where it usually does and this second did not.

    ``cars`` (n, 2) are places, ``seen`` (senders, n) who saw whom, ``field`` (senders, cells, 2) cars seen and unseen.
    """
    for sender in range(len(masts)):
        if not awake[sender]:
            continue
        for car in range(len(cars)):
            at = _cell(masts, sender, cars[car, 0], cars[car, 1])
            if at < 0:
                continue
            cell = field[sender, at]
            if cell[0] >= KNOWN_CELL and cell[0] >= USUAL_SHARE * (cell[0] + cell[1]):
                sums[sender, USUAL] += 1
                sums[sender, BLIND] += not seen[sender, car]
            cell[0 if seen[sender, car] else 1] += 1
            if cell[0] + cell[1] > CELL_MEMORY:
                cell[0], cell[1] = cell[0] / 2, cell[1] / 2


@njit(cache=True)
def watched(
    looks: Any, objects: Any, awake: NDArray[np.bool_], masts: NDArray[np.float64], field: NDArray[np.float32],
    sums: NDArray[np.float64],
) -> None:  # fmt: skip
    """Count the objects in places that another sender surely sees, and those that it has nothing near of."""
    n = len(objects)
    slot, x, y = np.zeros(n, np.int64), np.empty(n), np.empty(n)
    for k in range(n):
        x[k], y[k] = looks[objects[k].middle].x_m, looks[objects[k].middle].y_m
    heads, following = chained(slot, x, y)
    mask = len(heads) - 1
    for k in range(n):
        sender, others, agreed = objects[k].sender, False, False
        for other in range(len(masts)):
            if other == sender or not awake[other]:
                continue
            at = _cell(masts, other, x[k], y[k])
            if at < 0 or field[other, at, 0] < 4 * KNOWN_CELL:
                continue
            others = others or field[other, at, 0] >= SURE_SHARE * (field[other, at, 0] + field[other, at, 1])
        if not others:
            continue
        cx, cy = int(np.floor(x[k] / HASH_M)), int(np.floor(y[k] / HASH_M))
        for i in range(cx - 1, cx + 2):
            for j in range(cy - 1, cy + 2):
                at = heads[_hash(0, i, j, mask)]
                while at >= 0 and not agreed:
                    agreed = objects[at].sender != sender and np.hypot(x[at] - x[k], y[at] - y[k]) < ALONE_M
                    at = following[at]
        sums[sender, WATCHED] += 1
        sums[sender, ALONE] += not agreed


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
