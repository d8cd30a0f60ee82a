"""Assignment on a sparse graph: every look to at most one track and every track to at most one look, at least total cost.

Exact, without a matrix: each look is brought in by the cheapest chain of exchanges (shortest augmenting path with prices,
Jonker and Volgenant, A shortest augmenting path algorithm for dense and sparse linear assignment problems, Computing 38,
1987). A search never leaves the connected component of its look, and ends as soon as leaving a look without a track is
cheaper, so the cost grows with the number of edges.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

NOBODY = -1
MOST_EXCHANGES = 256
"""Looks that may have to change over for one: no crowd in the street needs so many; beyond it the result is only good."""


@njit(cache=True)
def assign(
    starts: NDArray[np.int64], columns: NDArray[np.int64], costs: NDArray[np.float64], width: int, alone: float
) -> NDArray[np.int64]:
    """Return for each look its column, or -1 where leaving it alone is cheaper.

    ``starts`` (looks + 1) bounds each look's edges in ``columns`` (0 .. width - 1) and ``costs``; leaving a look without
    a column costs ``alone``, leaving a column without a look costs nothing. Edges dearer than ``alone`` are not used.
    """
    looks = len(starts) - 1
    column_of = np.full(looks, NOBODY, np.int64)
    look_of = np.full(width, NOBODY, np.int64)
    price = np.zeros(width)  # what a column has become dearer by being wanted; nothing while it is free
    saved = np.zeros(looks)  # each look's price: with the columns' it meets the cost of its own choice exactly
    reach = np.full(width, np.inf)
    through = np.full(width, NOBODY, np.int64)  # the look by which a column was reached
    done = np.zeros(width, np.bool_)
    seen = np.empty(width, np.int64)
    for first in range(looks):
        # Dijkstra from this look over columns; a free column, or a look that is content to stay alone, ends it.
        count = 0
        look, base = first, 0.0
        best, best_end, best_look = np.inf, NOBODY, NOBODY
        while True:
            end = base + alone - saved[look]
            if end < best:
                best, best_end, best_look = end, NOBODY, look
            for edge in range(starts[look], starts[look + 1]):
                column, cost = columns[edge], costs[edge]
                if done[column] or cost > alone:
                    continue
                far = base + cost + price[column] - saved[look]
                if far < reach[column]:
                    if through[column] == NOBODY:
                        seen[count] = column
                        count += 1
                    reach[column], through[column] = far, look
            nearest, at = np.inf, NOBODY
            for k in range(count):
                column = seen[k]
                if not done[column] and reach[column] < nearest:
                    nearest, at = reach[column], column
            if at == NOBODY or nearest >= best or count > MOST_EXCHANGES:
                break
            if look_of[at] == NOBODY:
                best, best_end = nearest, at
                break
            done[at] = True
            base, look = nearest, look_of[at]
        # New prices keep every reduced cost at or above zero; then the looks on the way change over.
        for k in range(count):
            column = seen[k]
            if done[column]:
                gain = best - reach[column]
                price[column] += gain
                saved[look_of[column]] += gain
        saved[first] += best
        column = best_end
        if column == NOBODY:  # the look that stays alone gives its column to the one before it
            column = column_of[best_look]
            column_of[best_look] = NOBODY
        while column != NOBODY:
            look = through[column]
            following = column_of[look]
            look_of[column], column_of[look] = look, column
            column = following
        for k in range(count):
            column = seen[k]
            reach[column], through[column], done[column] = np.inf, NOBODY, False
    return column_of
