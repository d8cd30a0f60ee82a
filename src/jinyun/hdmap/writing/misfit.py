"""How far what is written strays from the map."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


def farthest_m(places: NDArray[np.float64], line: NDArray[np.float64]) -> float:
    """Return how far one of the places, shape (n, 2), is from a line, shape (m, 2), at most."""
    return float(_farthest(np.ascontiguousarray(places), np.ascontiguousarray(line)))


@njit(cache=True)
def _farthest(places: NDArray[np.float64], line: NDArray[np.float64]) -> float:
    worst = 0.0
    for i in range(len(places)):
        x, y = places[i, 0], places[i, 1]
        nearest = np.inf
        for k in range(len(line) - 1):
            dx, dy = line[k + 1, 0] - line[k, 0], line[k + 1, 1] - line[k, 1]
            px, py = x - line[k, 0], y - line[k, 1]
            share = min(max((px * dx + py * dy) / max(dx * dx + dy * dy, 1e-12), 0.0), 1.0)
            nearest = min(nearest, (px - share * dx) ** 2 + (py - share * dy) ** 2)
        worst = max(worst, nearest)
    return float(np.sqrt(worst))
