"""Lanes that lie on each other where no junction lets them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.check.rule import FAULT, WARNING, Found, Rows, rule
from jinyun.hdmap.check.view import View
from jinyun.hdmap.fence import lanes_under

SAMPLE_M = 3.0
"""Distance of the places on a lane's middle line that are looked at."""
INSET_M = 0.4
"""The middle of a lane lies inside another's borders by more than this: they overlap."""
TOGETHER_M = 0.5
"""Lanes whose ends lie nearer part or join there."""
OVER_M = 6.0
"""A shorter overlap is that of lanes that part or join."""
DUPLICATE = 0.9
"""Of two lanes that are one, so much of each lies on the other."""
SAME_DEG = 15.0
STOREY_M = 3.0
"""A lane that lies higher by more is on a bridge."""
MOST_SAMPLES = 2_000_000
"""Bounds the work on a broken map: of longer networks, every so many places are looked at."""


@rule("lane.duplicate", FAULT, "同一车道不得重复", "A lane must be there once only")
def duplicate(view: View) -> Iterator[Found]:
    shares = {(a, b): share for a, b, share, _ in view.overlaps}
    for a, b, _, cosine in view.overlaps:
        if a < b and _same(shares, a, b, cosine):
            yield Found(
                view.lane(b), f"lies on {view.lane(a)} all its length: one of the two is too many", *view.middle(b)
            )


@rule("lane.overlap", WARNING, "路口外的车道不得重叠", "Lanes outside junctions must not lie on each other")
def overlap(view: View) -> Iterator[Found]:
    shares = {(a, b): share for a, b, share, _ in view.overlaps}
    told: set[tuple[int, int]] = set()
    for a, b, share, cosine in view.overlaps:
        pair = min(a, b), max(a, b)
        if pair in told or _same(shares, a, b, cosine):
            continue
        told.add(pair)
        length = share * float(view.map.points["s_m"][view.last[a]])
        way = "leads the same way" if cosine > 0 else "leads the other way"
        yield Found(view.lane(a), f"lies on {view.lane(b)}, which {way}, over {length:.0f} m", *view.middle(a))


def _same(shares: dict[tuple[int, int], float], a: int, b: int, cosine: float) -> bool:
    """Return whether two lanes are one: each lies on the other nearly everywhere, and they lead the same way."""
    least = min(shares.get((a, b), 0.0), shares.get((b, a), 0.0))
    return least >= DUPLICATE and cosine > np.cos(np.radians(SAME_DEG))


def overlapping(view: View) -> list[tuple[int, int, float, float]]:
    """Return (lane, the lane it lies on, share of its length, mean cosine between their directions) outside junctions."""
    map = view.map
    outside = view.ridden & ~view.inside
    rows = np.flatnonzero(outside)
    length = map.points["s_m"][view.last[rows]]
    with np.errstate(invalid="ignore"):
        many = np.where(np.isfinite(length) & (length < 1e6), length / SAMPLE_M, 0).astype(np.int64) + 1
    many = np.maximum(many // max(int(many.sum()) // MOST_SAMPLES, 1), 1)
    lane = np.repeat(rows, many)
    share = (np.arange(len(lane)) - np.repeat(np.cumsum(many) - many, many) + 0.5) / np.repeat(many, many)
    x, y, z, heading = _at(view, lane, share * np.repeat(length, many))
    under = lanes_under(map, x, y, beyond_m=-INSET_M, lanes=outside)
    sample, column = np.nonzero(under >= 0)
    other = under[sample, column].astype(np.int64)
    real = (other != lane[sample]) & ~_related(view, lane[sample], other)
    sample, other = sample[real], other[real]
    if not len(sample):
        return []
    _, _, other_z, other_heading = _abreast(view, other, x[sample], y[sample])
    level = ~(np.abs(other_z - z[sample]) > STOREY_M)
    sample, other, cosine = sample[level], other[level], np.cos(heading[sample] - other_heading)[level]
    pair, which, count = np.unique(
        np.column_stack([lane[sample], other]), axis=0, return_inverse=True, return_counts=True
    )
    agreement = np.bincount(which.ravel(), weights=cosine, minlength=len(pair)) / np.maximum(count, 1)
    of = dict(zip(rows.tolist(), zip(many.tolist(), length.tolist(), strict=True), strict=True))
    found = []
    for (a, b), n, cos in zip(pair.tolist(), count.tolist(), agreement.tolist(), strict=True):
        total, metres = of[a]
        if n / total * metres > OVER_M or (n == total and metres > 1):
            found.append((a, b, n / total, cos))
    return found


def _related(view: View, a: Rows, b: Rows) -> NDArray[np.bool_]:
    """Return whether lanes follow each other, or part from or join in the same lane or place: there they may overlap."""
    n = len(view.first)
    before, after = view.pairs
    known = np.unique(np.concatenate([before * n + after, after * n + before]))
    found: NDArray[np.bool_] = np.isin(a * n + b, known)
    begin, end = (
        np.hypot(view.x[ends[a]] - view.x[ends[b]], view.y[ends[a]] - view.y[ends[b]]) < TOGETHER_M
        for ends in (view.first, view.last)
    )
    found |= begin ^ end  # both together is one lane drawn twice
    return found


def _at(view: View, lane: Rows, s: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return place, height and direction at stations of lanes."""
    stations = view.map.points["s_m"]
    offset = np.cumsum(np.append(0.0, stations[view.last] + 1.0))[:-1]  # one axis for all lanes
    axis = stations + np.repeat(offset, view.last - view.first + 1)
    k = np.searchsorted(axis, offset[lane] + s, side="right") - 1
    k = np.clip(k, view.first[lane], np.maximum(view.last[lane] - 1, view.first[lane]))
    step = np.minimum(k + 1, view.last[lane])
    size = np.maximum(stations[step] - stations[k], 1e-9)
    t = np.clip((s - stations[k]) / size, 0, 1)
    dx, dy = view.x[step] - view.x[k], view.y[step] - view.y[k]
    return view.x[k] + t * dx, view.y[k] + t * dy, view.z[k] + t * (view.z[step] - view.z[k]), np.arctan2(dx, dy)


def _abreast(view: View, lane: Rows, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return place, height and direction of lanes abreast of places, by their nearest point and its neighbours."""
    s = np.zeros(len(lane))
    order = np.argsort(lane, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(lane[order])) + 1):
        part = slice(int(view.first[lane[rows[0]]]), int(view.last[lane[rows[0]]]) + 1)
        px, py, ps = view.x[part], view.y[part], view.map.points["s_m"][part]
        ex, ey = np.diff(px), np.diff(py)
        square = np.maximum(ex * ex + ey * ey, 1e-12)
        dx, dy = x[rows][:, None] - px[:-1], y[rows][:, None] - py[:-1]
        t = np.clip((dx * ex + dy * ey) / square, 0, 1)
        k = np.argmin((dx - t * ex) ** 2 + (dy - t * ey) ** 2, axis=1)
        at = np.arange(len(rows))
        s[rows] = ps[k] + t[at, k] * (ps[k + 1] - ps[k])
    return _at(view, lane, s)


RULES = (duplicate, overlap)
