"""Ways over the lanes: Dijkstra's search with changes of lane, in numba, for many places at once.

A lane is entered at its beginning or, by a change, from the lane beside it; what it costs to have come to its beginning
is its label. The start is none of the lanes, so a way may come back to the lane it began on. Imported at the first
question (see :mod:`jinyun.hdmap.lanegrid`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.hdmap.nearest import Floats, Ints

FROM_START = -2
"""``before`` of a lane that follows on lane ``b`` of the start: ``FROM_START - b``. -1 is none."""
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


class Graph(NamedTuple):
    """What the search needs of the lanes; a cost is that of a whole lane, NaN where one may not go."""

    cost: Floats
    length: Floats
    left: Ints  # the lane to change to, -1 none
    right: Ints
    first: Ints  # rows of ``follows`` of each lane
    follows: Ints


class Work(NamedTuple):
    """Room for one search after another; a label counts where ``stamp`` is that of the search."""

    label: Floats
    before: Ints
    stamp: Ints
    done: Ints
    heap_cost: Floats
    heap_lane: Ints


def room(graph: Graph) -> Work:
    """Return the room that searches over the graph need."""
    n, most = len(graph.cost), len(graph.follows) + 2 * len(graph.cost) + 64
    return Work(np.zeros(n), np.zeros(n, np.int32), np.full(n, -1, np.int32), np.full(n, -1, np.int32), np.zeros(most),
                np.zeros(most, np.int32))  # fmt: skip


@_compiled
def _push(cost: Floats, lane: Ints, size: int, new_cost: float, new_lane: int) -> int:
    at = size
    while at > 0:
        above = (at - 1) // 2
        if cost[above] <= new_cost:
            break
        cost[at], lane[at] = cost[above], lane[above]
        at = above
    cost[at], lane[at] = new_cost, new_lane
    return size + 1


@_compiled
def _pop(cost: Floats, lane: Ints, size: int) -> int:
    """Take the first away; it must have been read."""
    size -= 1
    moved_cost, moved_lane = cost[size], lane[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and cost[below + 1] < cost[below]:
            below += 1
        if cost[below] >= moved_cost:
            break
        cost[at], lane[at] = cost[below], lane[below]
        at = below
    cost[at], lane[at] = moved_cost, moved_lane
    return size


@_compiled
def _reach(work: Work, size: int, lane: int, cost: float, before: int, search: int) -> int:
    """Note that a lane can be had at a cost; return the size of the heap."""
    if work.done[lane] == search or (work.stamp[lane] == search and work.label[lane] <= cost):
        return size
    work.stamp[lane], work.label[lane], work.before[lane] = search, cost, before
    return int(_push(work.heap_cost, work.heap_lane, size, cost, lane))


@_compiled
def search(
    graph: Graph, work: Work, number: int, start: int, start_m: float, goal: int, goal_m: float, change: float, most: float,
    reached: Ints,
) -> tuple[float, int, int]:  # fmt: skip
    """Search from a place on a lane to one on another (``goal`` -1: to all within ``most``).

    Return (cost, the lane of the start that the way goes on from, how many lanes were reached), the cost NaN where no
    way is; the second is -1 where the way goes by ``work.before``. ``reached`` gets the lanes reached in the order of
    their labels. ``number`` differs for each search in the same room. A change of lane costs ``change``, infinity
    forbids it.
    """
    if not np.isfinite(graph.cost[start]):
        return np.nan, -1, 0
    size, best, best_from = 0, np.nan, -1
    share = min(max(start_m / max(graph.length[start], 1e-6), 0.0), 1.0)
    for side in range(2):
        here, changes = start, 0.0
        while True:
            if side == 0 or here != start:
                left_over = graph.cost[here] * (1 - share)
                if here == goal and goal_m >= share * graph.length[here] - 1e-9:
                    direct = changes + graph.cost[here] * (goal_m / max(graph.length[here], 1e-6) - share)
                    if not best <= direct:
                        best, best_from = max(direct, 0.0), here
                for row in range(graph.first[here], graph.first[here + 1]):
                    onward = graph.follows[row]
                    if np.isfinite(graph.cost[onward]) and changes + left_over <= most:
                        size = _reach(work, size, onward, changes + left_over, FROM_START - here, number)
            beside = graph.left[here] if side == 0 else graph.right[here]
            changes += change
            if beside < 0 or not changes < np.inf or not np.isfinite(graph.cost[beside]) or beside == start:
                break
            here = beside
    many = 0
    while size > 0:
        cost, lane = work.heap_cost[0], work.heap_lane[0]
        size = _pop(work.heap_cost, work.heap_lane, size)
        if best <= cost:
            break
        if work.done[lane] == number or cost > work.label[lane]:
            continue
        work.done[lane] = number
        reached[many] = lane
        many += 1
        if lane == goal:
            whole = cost + graph.cost[lane] * goal_m / max(graph.length[lane], 1e-6)
            if not best <= whole:
                best, best_from = whole, -1
        onward_cost = cost + graph.cost[lane]
        if onward_cost <= most:
            for row in range(graph.first[lane], graph.first[lane + 1]):
                onward = graph.follows[row]
                if np.isfinite(graph.cost[onward]):
                    size = _reach(work, size, onward, onward_cost, lane, number)
        if cost + change <= most and change < np.inf:
            for beside in (graph.left[lane], graph.right[lane]):
                if beside >= 0 and np.isfinite(graph.cost[beside]):
                    size = _reach(work, size, beside, cost + change, lane, number)
    return (best if best <= most else np.nan), best_from, many


@_compiled
def costs(
    graph: Graph, work: Work, start: Ints, start_m: Floats, goal: Ints, goal_m: Floats, change: float, most: float,
    found: Floats,
) -> None:  # fmt: skip
    """Enter the cost from each place to another; a lane of -1 or a NaN station has none."""
    reached = np.empty(len(graph.cost), np.int32)
    for n in range(len(start)):
        if start[n] >= 0 and goal[n] >= 0 and np.isfinite(start_m[n]) and np.isfinite(goal_m[n]):
            found[n] = search(graph, work, n, start[n], start_m[n], goal[n], goal_m[n], change, most, reached)[0]


@_compiled
def around(
    graph: Graph, work: Work, start: Ints, start_m: Floats, change: float, most: float,
    first: NDArray[np.int64], lane: Ints, arrival: Floats, fill: bool,
) -> int:  # fmt: skip
    """Count (or with ``fill`` enter) the lanes that can be had from each place within ``most``, in order of arrival."""
    reached = np.empty(len(graph.cost), np.int32)
    total = 0
    for n in range(len(start)):
        first[n] = total
        if start[n] < 0 or not np.isfinite(start_m[n]):
            continue
        number = 2 * n + 1 if fill else 2 * n
        many = search(graph, work, number, start[n], start_m[n], -1, 0.0, change, most, reached)[2]
        if fill:
            for k in range(many):
                lane[total + k], arrival[total + k] = reached[k], work.label[reached[k]]
        total += many
    first[len(start)] = total
    return total
