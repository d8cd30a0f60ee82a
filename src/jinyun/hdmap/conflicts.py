"""Where the ways through a junction meet (冲突点): pairs of links that cross, merge or part, and where along each.

A way through a junction runs from the stop line of the lane it leaves (the lane's end where it has none) over the inner
lanes to the lane it leads to. Two ways come into conflict where their middle lines cross or come nearer than
:data:`OVERLAP` of the mean of their widths (walkers' ways count as lines); ways that run side by side do not. Computed
once, when a map is made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.tables import Columns, filled

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

OVERLAP = 0.7
"""Share of the mean width of two ways below which their middle lines are too near for both to be used at once."""
MOST_HOPS = 12
"""Inner lanes that a way through a junction may have."""
SAMPLES = 33
"""Places along each way at which the gap to another is taken where both begin or end together."""
PIECES = 6
"""Pieces of a line in one box."""
SLACK_M = 1e-6
"""Boxes that are farther apart than two points of their lines by more need no closer look."""
MOST_BOXES_AT_ONCE, MOST_PAIRS_AT_ONCE = 100_000, 200_000
"""Pairs of boxes and of pieces that are looked at in one go: bounds the memory."""
CROSSING, MERGING, DIVERGING = 0, 1, 2
_CROSSING_LANE = 6


@dataclass(frozen=True)
class _Ways:
    """The ways of all links: lines one after another, and for each what is asked of it."""

    x: Floats
    y: Floats
    s: Floats  # from the stop line
    first: Rows
    width: Floats
    junction: Rows


def table(
    lanes: Columns,
    points: Columns,
    edges: Columns,
    links: Columns,
    successors_first: Columns,
    successors: Columns,
    stop_lines: Columns,
) -> Columns:
    """Return the table ``conflicts`` of :mod:`jinyun.hdmap.precise`, ordered by junction, first and second link.

    ``first_s_m`` and ``second_s_m`` are where the two lines cross or come nearest; of links that merge, where the gap
    falls below what they need, of links that part, where it is that wide. Walkers' ways count from the kerb.
    """
    ways = _ways(lanes, points, edges, links, successors_first["row"], successors["lane"], stop_lines)
    start, end = links["start"], links["end"]
    walks = lanes["kind"][end] == _CROSSING_LANE
    first, second = _pairs(ways)
    first, second = (rows[~(walks[first] & walks[second])] for rows in (first, second))  # people walk round each other
    parts, meets = start[first] == start[second], end[first] == end[second]
    parts &= ~walks[first] & ~walks[second]
    room = np.where(walks, 0.0, ways.width)  # a crossing ends at the kerb: beside its end nobody walks
    need = OVERLAP * (room[first] + room[second]) / 2
    kind = np.where(parts, DIVERGING, np.where(meets, MERGING, CROSSING))
    found = np.full(len(first), np.nan), np.full(len(first), np.nan)
    plain = np.flatnonzero(kind == CROSSING)
    gap, s1, s2 = nearest(ways.x, ways.y, ways.s, ways.first, first[plain], second[plain], need[plain])
    near = gap < need[plain]
    found[0][plain[near]], found[1][plain[near]] = s1[near], s2[near]
    shared = np.flatnonzero(kind != CROSSING)
    for rows in np.array_split(shared, max(len(shared) // 500, 1)):
        gone = kind[rows] == DIVERGING
        for side, (a, b) in enumerate(((first, second), (second, first))):
            found[side][rows] = _apart(ways, a[rows], b[rows], need[rows], gone)
    kept = np.flatnonzero(np.isfinite(found[0]) & np.isfinite(found[1]))
    kept = kept[np.lexsort((second[kept], first[kept], ways.junction[first[kept]]))]
    return filled("conflicts", {
        "junction": ways.junction[first[kept]], "first": first[kept], "second": second[kept], "kind": kind[kept],
        "first_s_m": found[0][kept], "second_s_m": found[1][kept],
    })  # fmt: skip


def path_of(link: int, links: Columns, first: NDArray[np.int32], follows: NDArray[np.int32]) -> list[int]:
    """Return the inner lanes of a link in order; empty where it has none."""
    end = int(links["end"][link])
    way = [int(links["via"][link])]
    if way[0] < 0:
        return []
    while len(way) < MOST_HOPS:
        onward = follows[first[way[-1]] : first[way[-1] + 1]].tolist()
        if not onward or end in onward:
            break
        way.append(int(onward[0]))
    return way


def _ways(
    lanes: Columns,
    points: Columns,
    edges: Columns,
    links: Columns,
    first: NDArray[np.int32],
    follows: NDArray[np.int32],
    stop_lines: Columns,
) -> _Ways:
    begin, count = lanes["first"].astype(np.int64), lanes["count"].astype(np.int64)
    back = _line_backs(lanes, points, stop_lines)
    edge = lanes["edge"].astype(np.int64)
    junction = np.where(edge[links["start"]] >= 0, edges["end"][edge[links["start"]]], -1).astype(np.int64)
    walks = lanes["kind"][links["end"]] == _CROSSING_LANE
    junction = np.where(walks, lanes["junction"][links["end"]], junction)
    rows: list[NDArray[np.int64]] = []
    bounds, width, offset = [0], [], []
    for link in range(len(links["start"])):
        way = [int(links["end"][link])] if walks[link] else path_of(link, links, first, follows)
        start, end = int(links["start"][link]), int(links["end"][link])
        of = [np.arange(begin[lane], begin[lane] + count[lane]) for lane in way]
        if not way:  # no inner lane: straight from the one to the other
            of = [np.array([begin[start] + count[start] - 1, begin[end]])]
        rows += of if junction[link] >= 0 else []
        bounds.append(bounds[-1] + (sum(map(len, of)) if junction[link] >= 0 else 0))
        width.append(float(np.mean(lanes["width_m"][way or [start]])))
        offset.append(0.0 if walks[link] else back[start])
    all_rows = np.concatenate(rows) if rows else np.empty(0, np.int64)
    x, y = points["x_m"][all_rows], points["y_m"][all_rows]
    steps = np.hypot(np.diff(x, prepend=x[:1]), np.diff(y, prepend=y[:1]))
    edges_of = np.array(bounds, np.int64)
    s = np.cumsum(steps)
    used = np.diff(edges_of) > 0
    s -= np.repeat((s[edges_of[:-1][used]] - np.array(offset)[used]), np.diff(edges_of)[used]) if used.any() else 0
    return _Ways(x, y, s, edges_of, np.array(width), junction)


def _line_backs(lanes: Columns, points: Columns, stop_lines: Columns) -> Floats:
    """Return how far the stop line of each lane lies before the lane's end, 0 without one."""
    back = np.zeros(len(lanes["id"]))
    last = lanes["first"].astype(np.int64) + lanes["count"] - 1
    lane = stop_lines["lane"]
    x, y = ((stop_lines[f"{axis}1_m"] + stop_lines[f"{axis}2_m"]) / 2 for axis in "xy")
    known = lane >= 0
    end = last[lane[known]]
    back[lane[known]] = np.hypot(x[known] - points["x_m"][end], y[known] - points["y_m"][end])
    return back


def _pairs(ways: _Ways) -> tuple[Rows, Rows]:
    """Return the pairs of links of one junction whose ways come near each other at all."""
    used = np.flatnonzero(np.diff(ways.first) > 0)
    if not len(used):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    order = used[np.argsort(ways.junction[used], kind="stable")]
    which = [np.split(order, np.flatnonzero(np.diff(ways.junction[order])) + 1)][0]
    low, high = np.full((len(ways.width), 2), np.inf), np.full((len(ways.width), 2), -np.inf)
    for axis, values in enumerate((ways.x, ways.y)):
        low[used, axis] = np.minimum.reduceat(values, ways.first[used])
        high[used, axis] = np.maximum.reduceat(values, ways.first[used])
    low, high = low - ways.width[:, None] / 2, high + ways.width[:, None] / 2
    pairs = []
    for links in which:
        a, b = np.triu_indices(len(links), 1)
        a, b = np.minimum(links[a], links[b]), np.maximum(links[a], links[b])
        near = ((low[a] <= high[b]) & (low[b] <= high[a])).all(axis=1)
        pairs.append(np.column_stack([a[near], b[near]]))
    both = np.vstack(pairs)
    return both[:, 0], both[:, 1]


def nearest(
    x: Floats, y: Floats, s: Floats, bounds: Rows, a: Rows, b: Rows, within_m: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """Return for each pair of lines the least distance and the station of each there, of several the first along ``a``.

    Line ``i`` has the points ``bounds[i]`` to ``bounds[i + 1]``. Pairs that come no nearer than ``within_m`` have an
    infinite distance; NaN stations where there is none. Only pieces whose boxes come near enough are looked at.
    """
    gap, s1, s2 = np.full(len(a), np.inf), np.full(len(a), np.nan), np.full(len(a), np.nan)
    boxes = _boxes(x, y, bounds)
    na, nb = (boxes.first[lines + 1] - boxes.first[lines] for lines in (a, b))
    groups = np.cumsum(na * nb) // MOST_BOXES_AT_ONCE
    for rows in np.split(np.arange(len(a)), np.flatnonzero(np.diff(groups)) + 1):
        rows = rows[(na[rows] > 0) & (nb[rows] > 0)]
        if not len(rows):
            continue
        of, i, j = _each(na[rows], nb[rows])
        i, j = boxes.first[a[rows]][of] + i, boxes.first[b[rows]][of] + j
        most = (
            np.minimum.reduceat(  # two points of the lines are so far apart: nothing that is farther need be looked at
                np.hypot(x[boxes.middle[i]] - x[boxes.middle[j]], y[boxes.middle[i]] - y[boxes.middle[j]]),
                np.flatnonzero(np.diff(of, prepend=-1)),
            )
        )
        if within_m is not None:
            most = np.minimum(most, within_m[rows])
        apart = np.maximum(np.maximum(boxes.low[i] - boxes.high[j], boxes.low[j] - boxes.high[i]), 0)
        near = np.flatnonzero(np.hypot(apart[:, 0], apart[:, 1]) <= most[of] + SLACK_M)
        of, i, j = of[near], i[near], j[near]
        parts = np.cumsum((boxes.last[i] - boxes.begin[i]) * (boxes.last[j] - boxes.begin[j])) // MOST_PAIRS_AT_ONCE
        parts = parts[
            np.flatnonzero(np.diff(of, append=-1))[np.cumsum(np.diff(of, prepend=of[:1]) != 0)]
        ]  # whole pairs
        for its in np.split(np.arange(len(of)), np.flatnonzero(np.diff(parts)) + 1):
            if len(its):
                _settle(x, y, s, boxes, rows[of[its]], i[its], j[its], gap, s1, s2)
    if within_m is not None:
        beyond = gap > within_m
        gap[beyond], s1[beyond], s2[beyond] = np.inf, np.nan, np.nan
    return gap, s1, s2


@dataclass(frozen=True)
class _Boxes:
    """Lines cut into stretches of :data:`PIECES` pieces: points from ``begin`` to ``last``, one in the middle, the box.

    Those of line ``i`` are ``first[i]`` to ``first[i + 1]``.
    """

    first: Rows
    begin: Rows
    last: Rows
    middle: Rows
    low: Floats
    high: Floats


def _boxes(x: Floats, y: Floats, bounds: Rows) -> _Boxes:
    pieces = np.maximum(np.diff(bounds) - 1, 0)
    count = -(-pieces // PIECES)
    first = np.concatenate([[0], np.cumsum(count)])
    line = np.repeat(np.arange(len(count)), count)
    begin = bounds[:-1][line] + PIECES * (np.arange(first[-1]) - first[:-1][line])
    last = np.minimum(begin + PIECES, bounds[1:][line] - 1)
    every = np.minimum(begin[:, None] + np.arange(PIECES + 1), last[:, None])
    low, high = (np.column_stack([of(axis[every], axis=1) for axis in (x, y)]) for of in (np.min, np.max))
    return _Boxes(first, begin, last, (begin + last) // 2, low, high)


def _each(na: Rows, nb: Rows) -> tuple[Rows, Rows, Rows]:
    """Return every pair of ``na[k]`` and ``nb[k]`` things: k and the number of each, in their order."""
    many = na * nb
    of = np.repeat(np.arange(len(many)), many)
    k = np.arange(len(of)) - (np.cumsum(many) - many)[of]
    return of, k // nb[of], k % nb[of]


def _settle(
    x: Floats, y: Floats, s: Floats, boxes: _Boxes, pair: Rows, a: Rows, b: Rows, gap: Floats, s1: Floats, s2: Floats
) -> None:
    """Fill in the least distances of pairs of lines from pairs of their stretches, ``pair`` in ascending order."""
    of, i, j = _each(boxes.last[a] - boxes.begin[a], boxes.last[b] - boxes.begin[b])
    i, j, pair = boxes.begin[a][of] + i, boxes.begin[b][of] + j, pair[of]
    away, u, v = _between(x, y, i, j)
    begins = np.flatnonzero(np.diff(pair, prepend=-1))
    least = np.minimum.reduceat(away, begins)
    best = np.flatnonzero(away <= np.repeat(least, np.diff(np.append(begins, len(pair)))) + 1e-9)
    best = best[np.lexsort((j[best], i[best], pair[best]))]
    best = best[np.concatenate([[True], np.diff(pair[best]) > 0])]
    to = pair[best]
    gap[to] = away[best]
    s1[to] = s[i[best]] + u[best] * (s[i[best] + 1] - s[i[best]])
    s2[to] = s[j[best]] + v[best] * (s[j[best] + 1] - s[j[best]])


def _between(x: Floats, y: Floats, i: Rows, j: Rows) -> tuple[Floats, Floats, Floats]:
    """Return the least distance between the pieces that begin at ``i`` and ``j``, and the share of each there."""
    ax, ay, bx, by = x[i + 1] - x[i], y[i + 1] - y[i], x[j + 1] - x[j], y[j + 1] - y[j]
    dx, dy = x[j] - x[i], y[j] - y[i]
    cross = ax * by - ay * bx
    safe = np.where(np.abs(cross) < 1e-12, 1.0, cross)
    u, v = (dx * by - dy * bx) / safe, (dx * ay - dy * ax) / safe
    meet = (np.abs(cross) >= 1e-12) & (u >= 0) & (u <= 1) & (v >= 0) & (v <= 1)
    best, share_a, share_b = np.where(meet, 0.0, np.inf), np.where(meet, u, 0.0), np.where(meet, v, 0.0)
    la, lb = np.maximum(ax * ax + ay * ay, 1e-12), np.maximum(bx * bx + by * by, 1e-12)
    for at_a in (0.0, 1.0):  # an end of the one against the other
        t = np.clip(((at_a * ax - dx) * bx + (at_a * ay - dy) * by) / lb, 0, 1)
        away = np.hypot(at_a * ax - dx - t * bx, at_a * ay - dy - t * by)
        nearer = away < best
        best, share_a, share_b = (
            np.where(nearer, away, best),
            np.where(nearer, at_a, share_a),
            np.where(nearer, t, share_b),
        )
    for at_b in (0.0, 1.0):
        t = np.clip(((dx + at_b * bx) * ax + (dy + at_b * by) * ay) / la, 0, 1)
        away = np.hypot(dx + at_b * bx - t * ax, dy + at_b * by - t * ay)
        nearer = away < best
        best, share_a, share_b = (
            np.where(nearer, away, best),
            np.where(nearer, t, share_a),
            np.where(nearer, at_b, share_b),
        )
    return best, share_a, share_b


def _apart(ways: _Ways, a: Rows, b: Rows, need: Floats, gone: NDArray[np.bool_]) -> Floats:
    """Return where along each way ``a`` the gap to ``b`` falls below ``need`` for good, or (``gone``) first reaches it.

    Ways that stay together throughout do so from their beginning, or to their end.
    """
    px, py, s = _sampled(ways, a)
    gap = np.full((len(a), SAMPLES), np.inf)
    most = int((ways.first[b + 1] - ways.first[b]).max(initial=0))
    for k in range(most - 1):
        j = ways.first[b] + k
        real = j + 1 < ways.first[b + 1]
        j = np.where(real, j, ways.first[b])[:, None]
        ex, ey = ways.x[j + 1] - ways.x[j], ways.y[j + 1] - ways.y[j]
        dx, dy = px - ways.x[j], py - ways.y[j]
        t = np.clip((dx * ex + dy * ey) / np.maximum(ex * ex + ey * ey, 1e-12), 0, 1)
        away = np.hypot(dx - t * ex, dy - t * ey)
        gap = np.where(real[:, None], np.minimum(gap, away), gap)
    clear = gap >= need[:, None]
    last_clear = SAMPLES - 1 - np.argmax(clear[:, ::-1], axis=1)
    first_clear = np.argmax(clear, axis=1)
    at = np.where(gone, first_clear - 1, last_clear)
    at = np.clip(at, 0, SAMPLES - 2)
    row = np.arange(len(a))
    g0, g1, s0, s1 = gap[row, at], gap[row, at + 1], s[row, at], s[row, at + 1]
    share = np.clip((need - g0) / np.where(np.abs(g1 - g0) < 1e-9, 1e-9, g1 - g0), 0, 1)
    never = ~clear.any(axis=1)
    found = np.where(never, np.where(gone, s[:, -1], s[:, 0]), s0 + share * (s1 - s0))
    return np.where(clear[:, 0] & gone, s[:, 0], np.where(clear[:, -1] & ~gone, s[:, -1], found))


def _sampled(ways: _Ways, a: Rows) -> tuple[Floats, Floats, Floats]:
    """Return :data:`SAMPLES` places evenly along each way: east, north, station."""
    s0, s1 = ways.s[ways.first[a]], ways.s[ways.first[a + 1] - 1]
    x, y, s = (np.empty((len(a), SAMPLES)) for _ in range(3))
    for n, way in enumerate(a):
        rows = slice(int(ways.first[way]), int(ways.first[way + 1]))
        s[n] = np.linspace(s0[n], s1[n], SAMPLES)
        x[n], y[n] = np.interp(s[n], ways.s[rows], ways.x[rows]), np.interp(s[n], ways.s[rows], ways.y[rows])
    return x, y, s
