"""Who comes to a place on the road (上游): from which lanes one gets there, how far before it, and how likely.

A place is a stretch of one lane or of several. :func:`upstream` goes back from it over the lanes that lead there, once for
each place; :func:`coming` then asks of everybody by the lanes of its likely ways and looks up the rest. Where ways part
beyond what prediction has laid, each way on has the share that it usually has. Nothing is a circle: who drives away from
a place, on the opposite carriageway or past its exit is none who comes to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.lanes import Located
from jinyun.cloud.prediction import Paths
from jinyun.cloud.prediction.roadway import Floats, Ints, Roads

REACH_M = 500.0
"""How far before its place something is looked at."""
MOST_PLACES = 32
"""Places that one participant comes to at once; those beyond are left out."""
LEAST_SHARE = 0.02
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True, slots=True)
class Stretches:
    """Where places are: columns of (place, lane, from, to), metres along the lane; a place may have several lanes."""

    place: Ints
    lane: Ints
    from_m: Floats
    to_m: Floats


@dataclass(frozen=True, slots=True)
class Upstream:
    """By lane, rows ``first[lane]`` to ``first[lane + 1]``: places it leads to.

    ``metres`` is from the lane's beginning to where the place begins, ``until_m`` the station on the lane where it ends if
    the place is on this lane itself (NaN otherwise), ``share`` how many of those on the lane get there.
    """

    first: NDArray[np.int64]
    place: Ints
    metres: Floats
    until_m: Floats
    share: Floats


@dataclass(frozen=True, slots=True)
class Coming:
    """Who comes to what: rows of tracks, places, metres from the middle of the body (0 within it) and probability."""

    track: Ints
    place: Ints
    metres: Floats
    probability: Floats


_whole, _real = np.zeros(0, np.int32), np.zeros(0)
NO_STRETCHES = Stretches(_whole, _whole, _real, _real)
NOBODY = Coming(_whole, _whole, _real, _real)


@dataclass(frozen=True, slots=True)
class Backwards:
    """What leads to each lane (CSR), driven lanes only, and the share that each way on from a lane has."""

    before_first: NDArray[np.int64]
    before: Ints
    share: Floats  # by row of the ways on (``roads.after``)


_last: list[tuple[Roads, Backwards]] = []


def backwards(roads: Roads) -> Backwards:
    """Return the ways on of a map, turned round; those of the last map asked for are kept."""
    if not (_last and _last[0][0] is roads):
        _last[:] = [(roads, _turned_round(roads))]
    return _last[0][1]


def _turned_round(roads: Roads) -> Backwards:
    lanes = len(roads.first)
    start = np.repeat(np.arange(lanes), np.diff(roads.after_first))
    fit = ~roads.ridden[start] & ~roads.ridden[roads.after] if lanes else np.zeros(0, np.bool_)
    weight = np.where(fit, roads.prior, 0.0)
    whole = np.bincount(start, weight, lanes) if lanes else np.zeros(0)
    share = weight / np.maximum(whole[start], 1e-12) if lanes else weight
    order = np.argsort(roads.after, kind="stable")
    order = order[fit[order]]
    counts = np.bincount(roads.after[order], minlength=lanes)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Backwards(first, start[order].astype(np.int32), share)


def upstream(roads: Roads, back: Backwards, stretches: Stretches, reach_m: float = REACH_M) -> Upstream:
    """Return from where one comes to each place."""
    return gathered(leading(roads, back, stretches, reach_m), len(roads.first))


def leading(roads: Roads, back: Backwards, stretches: Stretches, reach_m: float = REACH_M) -> Floats:
    """Return the lanes that lead to each place, rows of (lane, place, metres, until, share), for :func:`gathered`."""
    if not len(roads.first) or not len(stretches.place):
        return np.empty((0, 5))
    order = np.argsort(stretches.place, kind="stable")
    place, lane = (getattr(stretches, name)[order].astype(np.int64) for name in ("place", "lane"))
    begin, end = stretches.from_m[order], stretches.to_m[order]
    counts = np.concatenate([[0], np.flatnonzero(np.diff(place)) + 1, [len(place)]]).astype(np.int64)
    room = 256
    while True:
        table = np.empty((room, 5))
        n = _back(
            counts, place, lane, begin, end, roads.extent_m, back.before_first, back.before,
            roads.after_first.astype(np.int64), roads.after, back.share, reach_m, table,
        )  # fmt: skip
        if n <= room:
            return table[:n]
        room = n


def gathered(rows: Floats, lanes: int) -> Upstream:
    """Return rows of :func:`leading` by lane."""
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    first = np.concatenate([[0], np.cumsum(np.bincount(rows[:, 0].astype(np.int64), minlength=lanes))])
    metres, until, share = (np.ascontiguousarray(rows[:, column]) for column in (2, 3, 4))
    return Upstream(first.astype(np.int64), rows[:, 1].astype(np.int32), metres, until, share)


@_compiled
def _back(
    begins: NDArray[np.int64], place: NDArray[np.int64], lane: NDArray[np.int64], start_m: Floats, end_m: Floats,
    extent_m: Floats, before_first: NDArray[np.int64], before: Ints, after_first: NDArray[np.int64], after: Ints,
    way_share: Floats, reach_m: float, table: Floats,
) -> int:  # fmt: skip
    """Write (lane, place, metres, until, share) of every lane that leads to each place while there is room; count them."""
    lanes = len(extent_m)
    metres, share, until = np.full(lanes, np.inf), np.zeros(lanes), np.full(lanes, np.nan)
    queue, waits = np.empty(lanes, np.int64), np.zeros(lanes, np.bool_)
    found = np.empty(lanes, np.int64)
    rows = 0
    for group in range(len(begins) - 1):
        head, queued, count = 0, 0, 0
        for row in range(begins[group], begins[group + 1]):
            own = lane[row]
            if not np.isinf(metres[own]):  # two stretches on one lane count as one
                metres[own], until[own] = min(metres[own], start_m[row]), max(until[own], end_m[row])
                continue
            metres[own], until[own], share[own] = start_m[row], end_m[row], 1.0
            found[count], count = own, count + 1
            queue[queued % lanes], queued, waits[own] = own, queued + 1, True
        while head < queued:
            here = queue[head % lanes]
            head += 1
            waits[here] = False
            if metres[here] > reach_m:
                continue
            for k in range(before_first[here], before_first[here + 1]):
                other = before[k]
                far = extent_m[other] + metres[here]
                if not np.isnan(until[other]) or far >= metres[other]:
                    continue
                if np.isinf(metres[other]):
                    found[count], count = other, count + 1
                metres[other] = far
                if not waits[other]:
                    queue[queued % lanes], queued, waits[other] = other, queued + 1, True
        nearest = np.argsort(metres[found[:count]])
        for _ in range(2):  # a way that is longer than another is known the second time
            for k in range(count):
                here = found[nearest[k]]
                if np.isnan(until[here]):
                    whole = 0.0
                    for way in range(after_first[here], after_first[here + 1]):
                        whole += way_share[way] * share[after[way]]
                    share[here] = min(whole, 1.0)
        for k in range(count):
            here = found[k]
            if share[here] >= LEAST_SHARE:
                if rows < len(table):
                    table[rows, 0], table[rows, 1], table[rows, 2] = here, place[begins[group]], metres[here]
                    table[rows, 3], table[rows, 4] = until[here], share[here]
                rows += 1
        for k in range(count):
            metres[found[k]], share[found[k]], until[found[k]] = np.inf, 0.0, np.nan
    return rows


def coming(
    located: Located, paths: Paths, roads: Roads, to: Upstream, asked: NDArray[np.bool_], farthest_m: float = REACH_M
) -> Coming:
    """Return to which places each of those ``asked`` comes within ``farthest_m``; who is on no lane comes to none."""
    if not len(to.place) or not len(asked):
        return NOBODY
    rows = np.flatnonzero(asked & (located.lane >= 0) & (np.diff(paths.first) > 0))
    room = max(4 * len(rows), 64)
    while True:
        table = np.empty((room, 4))
        n = _come(
            rows, located.lane, located.s_m, paths.first, paths.lane, paths.probability, roads.extent_m, to.first, to.place,
            to.metres, to.until_m, to.share, farthest_m, table,
        )  # fmt: skip
        if n <= room:
            break
        room = n
    track, place = (table[:n, column].astype(np.int32) for column in (0, 1))
    return Coming(track, place, np.ascontiguousarray(table[:n, 2]), np.ascontiguousarray(table[:n, 3]))


@_compiled
def _come(
    rows: NDArray[np.int64], own: Ints, station: Floats, first: NDArray[np.int64], way: Ints,
    probability: NDArray[np.float32], extent_m: Floats, to_first: NDArray[np.int64], to_place: Ints, to_metres: Floats,
    to_until: Floats, to_share: Floats, farthest_m: float, table: Floats,
) -> int:  # fmt: skip
    n = 0
    place, metres, chance, on_this = (
        np.empty(MOST_PLACES, np.int64), np.empty(MOST_PLACES), np.empty(MOST_PLACES), np.empty(MOST_PLACES)
    )  # fmt: skip
    for i in rows:
        many = 0
        for p in range(first[i], first[i + 1]):
            for m in range(many):
                on_this[m] = 0.0
            begin = way[p, 0]
            at = station[i]
            if begin != own[i]:  # a lane beside: abreast is the same share of it
                at = station[i] * extent_m[begin] / max(extent_m[own[i]], 0.1)
            before = -at
            for k in range(way.shape[1]):
                lane = way[p, k]
                if lane < 0 or before > farthest_m:
                    break
                last = k + 1 == way.shape[1] or way[p, k + 1] < 0
                for row in range(to_first[lane], to_first[lane + 1]):
                    there = not np.isnan(to_until[row])
                    if not there and not last:
                        continue
                    if there and before + to_until[row] < 0:  # gone by
                        continue
                    far = max(before + to_metres[row], 0.0)
                    if far > farthest_m:
                        continue
                    m = 0
                    while m < many and place[m] != to_place[row]:
                        m += 1
                    if m == many:
                        if many == MOST_PLACES:
                            continue
                        place[m], metres[m], chance[m], on_this[m] = to_place[row], far, 0.0, 0.0
                        many += 1
                    if on_this[m] > 0:  # this way comes there before
                        continue
                    on_this[m] = 1.0
                    metres[m] = min(metres[m], far)
                    chance[m] += probability[p] * (1.0 if there else to_share[row])
                before += extent_m[lane]
        for m in range(many):
            if n < len(table):
                table[n, 0], table[n, 1], table[n, 2], table[n, 3] = i, place[m], metres[m], min(chance[m], 1.0)
            n += 1
    return n
