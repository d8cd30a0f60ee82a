"""Curves and lines in the plane: smooth roads through points, parallel lines, lengths along them.

A line is an array of shape (n, 2) or (n, 3), in metres; the third column, where there is one, is height.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Line = NDArray[np.float64]
STEPS = 24
"""Samples of a spline between two of its points."""
FEW = 40
"""Spans of fewer points are quicker in plain numbers than in arrays."""


def spline(points: ArrayLike) -> tuple[Line, NDArray[np.intp]]:
    """Return a smooth line through ``points`` and the row at which it passes each of them.

    Centripetal Catmull-Rom (P. J. Barry and R. N. Goldman, SIGGRAPH 1988): it passes every point, has a continuous
    direction and makes no loops however unevenly the points lie. A closed course (first point again last) is smooth
    across its seam. Two points give the straight line between them.
    """
    at = np.asarray(points, dtype=np.float64)
    if len(at) == 2:
        return at.copy(), np.array([0, 1])
    closed = bool(np.allclose(at[0], at[-1]))
    before, after = (at[-2], at[1]) if closed else (2 * at[0] - at[1], 2 * at[-1] - at[-2])
    guide = np.vstack([before, at, after])
    pieces = [at[:1]]
    for i in range(len(at) - 1):
        p = guide[i : i + 4]
        t = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1) ** 0.5)])
        s = np.linspace(t[1], t[2], STEPS + 1)[1:, None]
        a = [_mix(p[k], p[k + 1], t[k], t[k + 1], s) for k in range(3)]
        b = [_mix(a[k], a[k + 1], t[k], t[k + 2], s) for k in range(2)]
        pieces.append(_mix(b[0], b[1], t[1], t[2], s))
    return np.vstack(pieces), np.arange(len(at)) * STEPS


def _mix(p: Line, q: Line, t0: float, t1: float, s: Line) -> Line:
    return ((t1 - s) * p + (s - t0) * q) / (t1 - t0)


def stations(line: Line) -> NDArray[np.float64]:
    """Return the distance in the plane from the line's beginning to each of its points."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line[:, :2], axis=0).T))])


def length_m(line: Line) -> float:
    """Return the line's length in the plane."""
    return float(stations(line)[-1])


def at_station(line: Line, s_m: ArrayLike) -> Line:
    """Return the points at distances ``s_m`` along the line; beyond its ends, the ends."""
    s = stations(line)
    wanted = np.atleast_1d(np.asarray(s_m, dtype=np.float64))
    return np.column_stack([np.interp(wanted, s, column) for column in line.T])


def headings_rad(line: Line) -> NDArray[np.float64]:
    """Return the direction at each point of the line, clockwise from north; corners get the mean of both sides."""
    steps = np.diff(line[:, :2], axis=0)
    steps = steps / np.maximum(np.linalg.norm(steps, axis=1, keepdims=True), 1e-12)
    ways = np.vstack([steps[:1], steps[:-1] + steps[1:], steps[-1:]])
    headings: NDArray[np.float64] = np.arctan2(ways[:, 0], ways[:, 1])
    return headings


def part(line: Line, from_m: float, to_m: float) -> Line:
    """Return the piece of the line between two distances along it."""
    s = stations(line)
    inside = (s > from_m + 1e-6) & (s < to_m - 1e-6)
    ends = at_station(line, [from_m, to_m])
    return np.vstack([ends[:1], line[inside], ends[1:]])


def parallel(line: Line, right_m: float) -> Line:
    """Return the line at ``right_m`` metres to the right of its direction (negative: to the left)."""
    steps = np.diff(line[:, :2], axis=0)
    steps = steps / np.maximum(np.linalg.norm(steps, axis=1, keepdims=True), 1e-12)
    normals = np.column_stack([steps[:, 1], -steps[:, 0]])
    corner = np.vstack([normals[:1], normals[:-1] + normals[1:], normals[-1:]])
    size = np.linalg.norm(corner, axis=1, keepdims=True)
    corner = corner / np.maximum(size, 1e-12)
    cosine = np.clip(np.sum(corner * np.vstack([normals[:1], normals]), axis=1, keepdims=True), 0.5, 1)
    moved = line.copy()
    moved[:, :2] += right_m * corner / cosine
    return moved


def abreast(line: Line, first: ArrayLike, right_m: ArrayLike) -> Line:
    """Return the places beside each point of many lines at once, ``right_m`` metres to the right, shape (n, 2).

    ``line`` holds the points of all lines after one another, ``first`` the rows where lines begin. At a bend the place
    lies on the bisector, far enough out that the parallel keeps its distance (up to twice as far in a hairpin).
    """
    begins = np.zeros(len(line) + 1, dtype=bool)
    begins[np.asarray(first, dtype=np.int64)] = True
    begins[len(line)] = True
    steps = np.diff(line[:, :2], axis=0, append=line[-1:, :2])
    size = np.hypot(steps[:, 0], steps[:, 1])
    real = (size > 1e-9) & ~begins[1:]  # a step within a line
    rows = np.arange(len(line))
    after = np.minimum.accumulate(np.where(real, rows, len(line))[::-1])[::-1]  # the next real step from each point on
    before = np.maximum.accumulate(np.where(real, rows, -1))
    before = np.concatenate([[-1], before[:-1]])
    of = np.cumsum(begins[:-1])
    has_after = (after < len(line)) & (of[np.minimum(after, len(line) - 1)] == of)
    has_before = (before >= 0) & (of[np.maximum(before, 0)] == of)
    after, before = np.where(has_after, after, before), np.where(has_before, before, after)
    known = has_after | has_before
    normal = np.column_stack([steps[:, 1], -steps[:, 0]]) / np.maximum(size, 1e-12)[:, None]
    out, into = normal[np.where(known, after, 0)], normal[np.where(known, before, 0)]
    corner = out + into
    corner = np.where(np.hypot(corner[:, 0], corner[:, 1])[:, None] < 1e-6, out, corner)
    corner = corner / np.maximum(np.hypot(corner[:, 0], corner[:, 1]), 1e-12)[:, None]
    cosine = np.clip(np.sum(corner * out, axis=1), 0.5, 1)
    away = np.where(known, np.broadcast_to(np.asarray(right_m, np.float64), len(line)), 0) / cosine
    places: Line = line[:, :2] + away[:, None] * corner
    return places


def simplified(line: Line, tolerance_m: float) -> Line:
    """Return the line without the points that lie within ``tolerance_m`` of it (Ramer, Douglas, Peucker)."""
    kept: Line = line[corners(line, tolerance_m)]
    return kept


def corners(line: Line, tolerance_m: float) -> NDArray[np.intp]:
    """Return the rows that :func:`simplified` keeps."""
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    spans = [(0, len(line) - 1)]
    flat = np.zeros((len(line), 3))
    flat[:, : line.shape[1]] = line
    rows: list[tuple[float, float, float]] = [(x, y, z) for x, y, z in flat.tolist()]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        worst, away = _farthest(rows, first, last) if last - first < FEW else _farthest_of_many(line, first, last)
        if away > tolerance_m:
            keep[worst] = True
            spans += [(first, worst), (worst, last)]
    return np.flatnonzero(keep)


def _farthest(rows: list[tuple[float, float, float]], first: int, last: int) -> tuple[int, float]:
    """Return the row between two that lies farthest from their chord, and how far; plain numbers, for short spans."""
    x0, y0, z0 = rows[first]
    x1, y1, z1 = rows[last]
    dx, dy, dz = x1 - x0, y1 - y0, z1 - z0
    square = max(dx * dx + dy * dy + dz * dz, 1e-12)
    worst, most = first + 1, -1.0
    for k in range(first + 1, last):
        x, y, z = rows[k]
        x, y, z = x - x0, y - y0, z - z0
        along = (x * dx + y * dy + z * dz) / square
        if along > 0:
            along = min(along, 1.0)
            x, y, z = x - along * dx, y - along * dy, z - along * dz
        away = x * x + y * y + z * z
        if away > most:
            worst, most = k, away
    return worst, most**0.5


def _farthest_of_many(line: Line, first: int, last: int) -> tuple[int, float]:
    chord = line[last] - line[first]
    rest = line[first + 1 : last] - line[first]
    along = np.clip(rest @ chord / max(float(chord @ chord), 1e-12), 0, 1)
    away = np.linalg.norm(rest - along[:, None] * chord, axis=1)
    worst = int(np.argmax(away))
    return first + 1 + worst, float(away[worst])


def meet(one: Line, other: Line) -> tuple[int, int] | None:
    """Return the pieces of two lines that cross first, None where the lines do not."""
    a, b, c, d = one[:-1, :2], one[1:, :2], other[:-1, :2], other[1:, :2]
    if (one[:, :2].max(0) < other[:, :2].min(0)).any() or (other[:, :2].max(0) < one[:, :2].min(0)).any():
        return None

    def side(p: Line, q: Line, r: Line) -> Line:
        return (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])

    a, b, c, d = a[:, None], b[:, None], c[None], d[None]
    crosses = (side(a, b, c) * side(a, b, d) <= 0) & (side(c, d, a) * side(c, d, b) <= 0)
    found = np.argwhere(crosses)
    return (int(found[0, 0]), int(found[0, 1])) if len(found) else None
