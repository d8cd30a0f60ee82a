"""How ways through a junction meet: where two lines cross, and a curve from a stop line to the lane it leads to."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CURVE_POINTS = 12


@njit(cache=True)
def crossings(x: Floats, y: Floats, first: NDArray[np.int64]) -> Floats:
    """Return for each pair of lines the share of the first one's pieces that lies before they cross, NaN where they do not.

    Line ``i`` has the points ``first[i]`` to ``first[i + 1]``; the result has shape (lines, lines). Lines that only touch at
    an end do not cross.
    """
    n = len(first) - 1
    found = np.full((n, n), np.nan)
    for a in range(n):
        for b in range(n):
            if a == b:
                continue
            for i in range(first[a], first[a + 1] - 1):
                rx, ry = x[i + 1] - x[i], y[i + 1] - y[i]
                for j in range(first[b], first[b + 1] - 1):
                    sx, sy = x[j + 1] - x[j], y[j + 1] - y[j]
                    d = rx * sy - ry * sx
                    if d == 0.0:
                        continue
                    qx, qy = x[j] - x[i], y[j] - y[i]
                    t, u = (qx * sy - qy * sx) / d, (qx * ry - qy * rx) / d
                    at_a = (i - first[a] + t) / (first[a + 1] - first[a] - 1)
                    at_b = (j - first[b] + u) / (first[b + 1] - first[b] - 1)
                    if 0.0 <= t <= 1.0 and 0.0 <= u <= 1.0 and 0.0 < at_a < 1.0 and 0.0 < at_b < 1.0:
                        found[a, b] = at_a
                        break
                if not np.isnan(found[a, b]):
                    break
    return found


def curve(start: Floats, start_rad: float, end: Floats, end_rad: float) -> Floats:
    """Return a smooth line from one place and heading to another, shape (12, 2): a cubic with as much reach at each end."""
    reach = float(np.hypot(*(end - start))) * 0.4
    a = start + reach * np.array([np.sin(start_rad), np.cos(start_rad)])
    b = end - reach * np.array([np.sin(end_rad), np.cos(end_rad)])
    t = np.linspace(0.0, 1.0, CURVE_POINTS)[:, None]
    line: Floats = (1 - t) ** 3 * start + 3 * t * (1 - t) ** 2 * a + 3 * t**2 * (1 - t) * b + t**3 * end
    return line


def turned_rad(before_rad: float, after_rad: float) -> float:
    """Return by how much a heading changes, clockwise, in (-pi, pi]."""
    return float((after_rad - before_rad + np.pi) % (2 * np.pi) - np.pi)


def heading_rad(line: Floats, at_end: bool) -> float:
    """Return the heading of a line, shape (n, 2), along its last (or first) metre and more."""
    if at_end:
        line = line[::-1]
    away = np.hypot(*(line - line[0]).T)
    other = line[int(np.argmax(away > 1.0))] if (away > 1.0).any() else line[-1]
    step = (line[0] - other) if at_end else (other - line[0])
    return float(np.arctan2(step[0], step[1]))
