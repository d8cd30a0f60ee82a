"""Lanes of an edge laid on a reference line: which of them make one road, and their borders as offsets along it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.hdmap.curve import Line
from jinyun.hdmap.precise import Map
from jinyun.hdmap.writing.misfit import farthest_m
from jinyun.hdmap.writing.opendrive.reference import KNOT_M, Floats, Reference, along, sheared

FIT_M = 0.01
"""Between two of its breakpoints a border strays from its straight offset by no more."""
SHARED_M = 0.03
"""Borders of neighbours that are nowhere farther apart are one."""
WELL_M = 0.03
"""A road that fits its lanes' borders this well needs no other reference line."""
SHARP_M = 0.02
"""A bend whose radius is half the road's width counts as so bad a fit: cross-sections nearly meet within it."""
POINTED_M = 0.1
"""A lane that is no wider at its end, and ends beside another, opens or closes there."""
SMOOTHER_M = (0.5, 1.0, 2.0)
"""How far the knots of smoother reference lines may stray from the border."""
SQUARE_M = 0.02
"""Lanes of one road end this near to its cross-section."""
CHORD_M = 0.006
"""A border's straight piece is cut where the reference line bends away from it by more."""
MOST_CUTS = 200


@dataclass(frozen=True)
class Laid:
    """Lanes of one road from left to right; ``lanes`` has -1 for a strip between two that is nobody's.

    ``t_m`` are the offsets to the left of the borders, shape (strips + 1, stations), at the stations ``s_m``.
    """

    lanes: tuple[int, ...]
    reference: Reference
    s_m: Floats
    t_m: Floats
    z_m: Floats
    z_s_m: Floats

    def border(self, number: int, s_m: Floats) -> Floats:
        """Return the offset of a border at stations."""
        offset: Floats = np.interp(s_m, self.s_m, self.t_m[number])
        return offset


def lay(map: Map, edges: Iterable[int], ways: Callable[[int], object]) -> list[Laid]:
    """Return the roads of edges: one each, more where lanes of an edge do not lie side by side or ``ways`` differ.

    ``ways`` says of a lane what all lanes of one road must have in common.
    """
    found: list[Laid] = []
    for edge in edges:
        first, count = int(map.edges["first"][edge]), int(map.edges["count"][edge])
        group: list[int] = []
        for lane in range(first + count - 1, first - 1, -1):
            if group and ways(lane) != ways(group[-1]):
                found += _as_few(map, group)
                group = []
            group.append(lane)
        found += _as_few(map, group)
    return found


def _as_few(map: Map, lanes: list[int]) -> list[Laid]:
    """Return as few roads of neighbouring lanes as hold them, each lane by itself if need be."""
    done: list[Laid] = []
    while lanes:
        for count in range(len(lanes), 0, -1):
            laid = _together(map, lanes[:count])
            if laid is not None:
                done.append(laid)
                lanes = lanes[count:]
                break
    return done


def _together(map: Map, lanes: list[int]) -> Laid | None:
    """Return lanes as one road, None where they do not lie side by side; a single lane always makes one."""
    borders = _whole([side for lane in lanes for side in map.borders(lane)])
    start, end = (np.array([borders[0][k], borders[-1][k]]) for k in (0, -1))
    if len(lanes) > 1 and not (_square(borders, start, 0) and _square(borders, end, -1)):
        return None
    width = float(max(np.hypot(*(start[1] - start[0])), np.hypot(*(end[1] - end[0]))))
    best: Laid | None = None
    least = np.inf
    for reference in _references(borders, start, end, width):
        laid = _on(map, lanes, reference, borders)
        if laid is None:
            continue
        misfit = _misfit(laid, borders) + SHARP_M * max(float(np.abs(reference.curvature).max()) * width - 1, 0)
        if misfit < least:
            best, least = laid, misfit
        if misfit < WELL_M:
            break
    return best if len(lanes) == 1 or least < 2 * WELL_M else None


def _whole(borders: list[Line]) -> list[Line]:
    """Return the borders with those of lanes that open or close within the road led on to its end, without width."""
    done = list(borders)
    for k in range(0, len(borders), 2):
        facing = [borders[n] for n in (k + 2, k - 1) if 0 <= n < len(borders)]
        for backwards in (False, True):
            turn = slice(None, None, -1) if backwards else slice(None)
            left, right = done[k][turn], done[k + 1][turn]
            if not facing or np.hypot(*(left[0] - right[0])) > POINTED_M:
                continue
            for its in facing:
                beside = its[turn]
                away = np.hypot(*(beside - left[0]).T)
                near = int(np.argmin(away))
                if (
                    near > 0
                    and away[near] < np.hypot(*(beside[0] - left[0]))
                    and farthest_m(left[:1], beside) < POINTED_M
                ):
                    ahead = beside[: near + 1]
                    ahead = ahead[(ahead - left[0]) @ (left[min(1, len(left) - 1)] - left[0]) < 0]
                    done[k], done[k + 1] = np.vstack([ahead, left])[turn], np.vstack([ahead, right])[turn]
                    break
    return done


def _references(borders: list[Line], start: Line, end: Line, width: float) -> Iterator[Reference]:
    """Yield reference lines to try, the nearest to the left border first, smoother ones and the right border later."""
    left, right = _clean(borders[0]), _clean(borders[-1])
    yield along(left, start, end, width)
    if (shear := sheared(start, end)) is not None:
        yield shear
    for knot_m in SMOOTHER_M:
        yield along(left, start, end, width, knot_m=knot_m)
    for knot_m in (KNOT_M, *SMOOTHER_M):
        yield along(right, start, end, width, right=True, knot_m=knot_m)


def _on(map: Map, lanes: list[int], reference: Reference, borders: list[Line]) -> Laid | None:
    """Return lanes on a reference line, None where neighbours overlap."""
    profiles = _profiles(reference, borders)
    stations = np.unique(np.concatenate([s for s, _ in profiles]))
    stations = stations[np.append(True, np.diff(stations) > 1e-4)]
    stations[-1] = reference.length_m
    t = np.array([np.interp(stations, s, offset) for s, offset in profiles])
    strips: list[int] = []
    rows = [t[0]]
    for k, lane in enumerate(lanes):
        strips.append(lane)
        if k + 1 == len(lanes):
            rows.append(t[-1])
            break
        right, left = t[2 * k + 1], t[2 * k + 2]
        gap = right - left
        if gap.min() < -SHARED_M:
            return None
        if gap.max() <= SHARED_M:
            rows.append((right + left) / 2)
        else:
            strips.append(-1)
            rows += [right, np.minimum(left, right)]
    table = np.minimum.accumulate(np.array(rows), axis=0)
    kept = straight(stations, table, FIT_M)
    z_s, z = _heights(map, reference, lanes[0])
    return Laid(tuple(strips), reference, stations[kept], table[:, kept], z, z_s)


def _misfit(laid: Laid, borders: list[Line]) -> float:
    """Return how far the road's borders and the lanes' are apart at most, each from the other."""
    numbers = [k + side for k, lane in enumerate(laid.lanes) if lane >= 0 for side in (0, 1)]
    total = laid.reference.length_m
    ends = np.arange(0, min(12.0, total), 0.25)
    inner = (laid.s_m[:-1] + laid.s_m[1:]) / 2
    s = np.unique(np.concatenate([np.linspace(0, total, 41), ends, total - ends, laid.s_m, inner]))
    worst = 0.0
    for number, border in zip(numbers, borders, strict=True):
        made = laid.reference.place(s, laid.border(number, s))
        worst = max(worst, farthest_m(border, made), farthest_m(made, border))
    return worst


def _square(borders: list[Line], section: Line, k: int) -> bool:
    """Return whether the borders end on the line across the road."""
    across = section[1] - section[0]
    size = float(np.hypot(*across))
    if size < 0.1:
        return False
    ends = np.array([border[k] for border in borders]) - section[0]
    return bool(np.abs(ends @ np.array([-across[1], across[0]])).max() / size < SQUARE_M)


def _clean(border: Line) -> Line:
    """Return the border without points that coincide."""
    steps = np.hypot(*np.diff(border, axis=0).T)
    kept: Line = border[np.append(True, steps > 1e-4)]
    if len(kept) < 2:
        kept = border[[0, -1]] + np.array([[0, 0], [1e-3, 0]])
    kept[-1] = border[-1]
    return kept


def _profiles(reference: Reference, borders: list[Line]) -> list[tuple[Floats, Floats]]:
    """Return borders as stations and offsets, cut so finely that they are straight in between."""
    total = reference.length_m
    count = np.array([len(border) for border in borders])
    last = np.cumsum(count) - 1
    whole = np.vstack(borders)
    steps = np.hypot(*np.diff(whole, axis=0, append=whole[-1:]).T)
    steps[last] = 0.0
    so_far = np.cumsum(steps) - steps
    begin = np.repeat(so_far[last - count + 1], count)
    share = (so_far - begin) / np.maximum(np.repeat(so_far[last], count) - begin, 1e-9)
    s, t = reference.project(whole, share * total)
    following = np.append(np.arange(1, len(whole)), len(whole) - 1)
    bend = _sharpest(reference, np.minimum(s, s[following]), np.maximum(s, s[following]))
    lean = 1 + bend * np.maximum(np.abs(t), np.abs(t[following]))
    cuts = np.clip(np.ceil(steps * np.sqrt(bend * lean / (8 * CHORD_M))), 1, MOST_CUTS).astype(np.int64)
    cuts[last] = 1
    k = np.repeat(np.arange(len(whole)), cuts)
    part = (np.arange(len(k)) - np.repeat(np.cumsum(cuts) - cuts, cuts)) / cuts[k]
    if len(k) > len(whole):
        places = whole[k] + part[:, None] * (whole[following[k]] - whole[k])
        s, t = reference.project(places, (share[k] + part * (share[following[k]] - share[k])) * total)
    ends = np.cumsum(np.add.reduceat(cuts, last - count + 1))
    found, first = [], 0
    for border, end in zip(borders, ends.tolist(), strict=True):
        found.append(_rising(reference, border, s[first:end].copy(), t[first:end].copy()))
        first = end
    return found


def _rising(reference: Reference, border: Line, s: Floats, t: Floats) -> tuple[Floats, Floats]:
    """Return a border's stations and offsets in ascending order, from one end of the road to the other."""
    total = reference.length_m
    s[0], s[-1] = 0.0, total  # ends lie on the cross-sections
    t[0], t[-1] = (_offset(reference, place, at) for place, at in ((border[0], 0.0), (border[-1], total)))
    onward = np.maximum.accumulate(s)
    rising = np.append(True, np.diff(onward) > 1e-6)
    rising[-1] = True
    s, t = onward[rising], t[rising]
    if len(s) > 2 and s[-1] - s[-2] < 1e-6:
        s, t = np.delete(s, -2), np.delete(t, -2)
    return s, t


def _offset(reference: Reference, place: Line, s: float) -> float:
    x, y, h, _ = (float(v[0]) for v in reference.at(np.array([s])))
    return float((place[1] - y) * np.cos(h) - (place[0] - x) * np.sin(h))


def _sharpest(reference: Reference, start: Floats, end: Floats) -> Floats:
    """Return the greatest absolute curvature of the reference line between stations."""
    first = np.clip(np.searchsorted(reference.s, start, side="right") - 1, 0, None)
    last = np.clip(np.searchsorted(reference.s, end, side="right") - 1, 0, None)
    bends = np.abs(reference.curvature)
    return np.array([bends[a : b + 1].max() for a, b in zip(first.tolist(), last.tolist(), strict=True)])


def straight(s: Floats, table: Floats, tolerance: float) -> NDArray[np.intp]:
    """Return the stations between which all rows of the table are straight within the tolerance."""
    return np.flatnonzero(_corners(s, np.ascontiguousarray(table), tolerance))


@njit(cache=True)
def _corners(s: Floats, table: Floats, tolerance: float) -> NDArray[np.bool_]:
    keep = np.zeros(len(s), np.bool_)
    keep[0] = keep[-1] = True
    spans = [(0, len(s) - 1)]
    while len(spans):
        a, b = spans.pop()
        worst, most = a, tolerance
        for k in range(a + 1, b):
            share = (s[k] - s[a]) / (s[b] - s[a])
            for row in range(len(table)):
                away = abs(table[row, k] - table[row, a] - share * (table[row, b] - table[row, a]))
                if away > most:
                    worst, most = k, away
        if worst > a:
            keep[worst] = True
            spans.append((a, worst))
            spans.append((worst, b))
    return keep


def _heights(map: Map, reference: Reference, lane: int) -> tuple[Floats, Floats]:
    """Return the height along the road as stations and metres: that of the leftmost lane's middle line."""
    first, count = int(map.lanes["first"][lane]), int(map.lanes["count"][lane])
    z, s = map.points["z_m"][first : first + count], map.points["s_m"][first : first + count]
    at = s / max(float(s[-1]), 1e-9) * reference.length_m
    kept = straight(at, z[None, :], FIT_M)
    rising = np.append(True, np.diff(at[kept]) > 1e-6)
    return at[kept][rising], z[kept][rising]
