"""Connectivity cuts: by maximum flow from the root to a junction that a relaxation claims to reach, in numba.

Dinic's algorithm on real capacities. The cut nearest to the root and the one nearest to the junction are both returned:
they are different inequalities of the same strength.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

EPSILON = 1e-7
_compiled: Any = njit(cache=True, nogil=True)


@_compiled
def flow(
    first: Ints, arc: Ints, head: Ints, capacity: Floats, source: int, sink: int, enough: float,
    left: Floats, level: Ints, queue: Ints, turn: Ints, path: Ints,
) -> float:  # fmt: skip
    """Return the maximum flow (no more than ``enough``) and leave what is left of each arc's capacity in ``left``.

    Arcs 2k and 2k + 1 are opposite; ``arc[first[v]:first[v + 1]]`` leave v; the rest is room to work in.
    """
    left[:] = capacity
    total = 0.0
    while total < enough - EPSILON:
        level[:] = -1
        level[source] = 0
        queue[0] = source
        reached, seen = 0, 1
        while reached < seen:
            v = queue[reached]
            reached += 1
            for k in range(first[v], first[v + 1]):
                a = arc[k]
                if left[a] > EPSILON and level[head[a]] < 0:
                    level[head[a]] = level[v] + 1
                    queue[seen] = head[a]
                    seen += 1
        if level[sink] < 0:
            break
        turn[:] = first[:-1]
        depth, v = 0, source
        while True:
            if v == sink:
                push = enough - total
                for d in range(depth):
                    push = min(push, left[path[d]])
                for d in range(depth):
                    left[path[d]] -= push
                    left[path[d] ^ 1] += push
                total += push
                if total >= enough - EPSILON:
                    break
                depth, v = 0, source
                continue
            moved = False
            while turn[v] < first[v + 1]:
                a = arc[turn[v]]
                if left[a] > EPSILON and level[head[a]] == level[v] + 1:
                    path[depth] = a
                    depth += 1
                    v = head[a]
                    moved = True
                    break
                turn[v] += 1
            if not moved:
                if v == source:
                    break
                level[v] = -1
                depth -= 1
                v = head[path[depth] ^ 1]
                turn[v] += 1
    return total


@_compiled
def violated(
    first: Ints, arc: Ints, head: Ints, capacity: Floats, targets: Ints, claims: Floats, least: float, most: int,
    sides: NDArray[np.bool_], of: Ints,
) -> int:  # fmt: skip
    """Enter junctions' sides of violated cuts (rows of ``sides``) and whose claim each breaks (``of``); return how many.

    A claim is broken that exceeds the maximum flow from junction 0 by ``least``. After a cut is found, its arcs count
    as full for the next targets, so that one round finds different cuts.
    """
    n = len(first) - 1
    room = capacity.copy()
    left = np.empty(len(capacity))
    level, queue = np.empty(n, np.int32), np.empty(n, np.int32)
    turn, path = np.empty(n, np.int32), np.empty(n + 1, np.int32)
    found = 0
    for t in range(len(targets)):
        sink, claim = targets[t], claims[t]
        tries = 0
        while found < most and tries < 3:
            tries += 1
            got = flow(first, arc, head, room, 0, sink, claim, left, level, queue, turn, path)
            if got >= claim - least:
                break
            for back in range(2):
                if found >= most:
                    break
                side = sides[found]
                side[:] = False
                start = sink if back else 0
                side[start] = True
                queue[0] = start
                reached, seen = 0, 1
                while reached < seen:
                    v = queue[reached]
                    reached += 1
                    for k in range(first[v], first[v + 1]):
                        a = arc[k] ^ 1 if back else arc[k]
                        w = head[arc[k]]
                        if left[a] > EPSILON and not side[w]:
                            side[w] = True
                            queue[seen] = w
                            seen += 1
                if not back:
                    for v in range(n):
                        side[v] = not side[v]
                same = back and found > 0 and of[found - 1] == t
                if same:
                    for v in range(n):
                        if side[v] != sides[found - 1][v]:
                            same = False
                            break
                if same:
                    break
                of[found] = t
                found += 1
                for v in range(n):
                    if not side[v]:
                        for k in range(first[v], first[v + 1]):
                            if side[head[arc[k]]]:
                                room[arc[k]] = 1.0
    return found
