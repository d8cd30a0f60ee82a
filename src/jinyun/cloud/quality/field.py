"""A sender's field (视场): where it usually sees the cars that pass, learnt from them, and who stands there unseen or alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.quality.references import HASH_M, chained, hashed
from jinyun.cloud.quality.sensors import ALONE, BLIND, USUAL, WATCHED

CELL_M, CELLS = 16.0, 32
"""A sender's field is learnt in 32 x 32 cells about its mast."""
KNOWN_CELL = 5
USUAL_SHARE, SURE_SHARE = 0.6, 0.9
"""Shares of cars seen in a cell from which the sender usually, or surely, sees there."""
CELL_MEMORY = 400.0
ALONE_M = 5.0


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
                at = heads[hashed(0, i, j, mask)]
                while at >= 0 and not agreed:
                    agreed = objects[at].sender != sender and np.hypot(x[at] - x[k], y[at] - y[k]) < ALONE_M
                    at = following[at]
        sums[sender, WATCHED] += 1
        sums[sender, ALONE] += not agreed
