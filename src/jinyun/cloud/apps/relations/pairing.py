"""Who may meet at all (配对): participants whose ways' boxes overlap, found by sweeping over them in strips."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_PATH = 0.08
"""A way less likely than this meets nobody."""
MOVING_MPS = 0.3
"""Two of whom neither moves faster do not meet."""
STRIP_M = 120.0
"""Least width of the strips in which pairs are sought."""
PARALLEL_RAD = 0.26
"""Vehicles that go so much the same way do not meet; who is ahead is told by :mod:`.ahead`."""
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def boxes(
    first: NDArray[np.int64], probability: NDArray[np.float32], places: Floats, turns: NDArray[np.float32], reach: Floats
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return what holds all likely ways of each track: a box for the whole, for its earlier and for its later half.

    ``places`` of the ways' samples, shape (m, k, 2), and their courses ``turns``, (m, k). Shape (n, 3, 4): least and greatest
    east, least and greatest north; an empty box (infinity) where nothing is known. Also shape (n, 3): the heading now, and
    how far all ways turn from it, to the left (not positive) and to the right.
    """
    n = len(first) - 1
    box, courses = np.empty((n, 3, 4)), np.zeros((n, 3))
    half = places.shape[1] // 2
    for i in range(n):
        box[i, :, 0], box[i, :, 2] = np.inf, np.inf
        box[i, :, 1], box[i, :, 3] = -np.inf, -np.inf
        for p in range(first[i], first[i + 1]):
            if probability[p] < LEAST_PATH:
                continue
            courses[i, 0] = turns[p, 0]
            for k in range(places.shape[1]):
                turn = (turns[p, k] - courses[i, 0] + np.pi) % (2 * np.pi) - np.pi
                courses[i, 1], courses[i, 2] = min(courses[i, 1], turn), max(courses[i, 2], turn)
            for part in range(2):
                for k in range(part * half, part * half + half + 1):
                    x, y = places[p, k, 0], places[p, k, 1]
                    b = box[i, 1 + part]
                    b[0], b[1] = min(b[0], x - reach[i]), max(b[1], x + reach[i])
                    b[2], b[3] = min(b[2], y - reach[i]), max(b[3], y + reach[i])
        for axis in range(0, 4, 2):
            box[i, 0, axis] = min(box[i, 1, axis], box[i, 2, axis])
            box[i, 0, axis + 1] = max(box[i, 1, axis + 1], box[i, 2, axis + 1])
    return box, courses


@_compiled
def _alike(courses: Floats, i: int, j: int) -> bool:
    """Return whether two go the same way throughout, by whichever of their ways."""
    turn = (courses[j, 0] - courses[i, 0] + np.pi) % (2 * np.pi) - np.pi
    return bool(
        turn + courses[j, 2] - courses[i, 1] < PARALLEL_RAD and turn + courses[j, 1] - courses[i, 2] > -PARALLEL_RAD
    )


@_compiled
def _apart(box: Floats, i: int, part_i: int, j: int, part_j: int) -> bool:
    """Return whether two boxes are apart."""
    if box[i, part_i, 0] > box[j, part_j, 1] or box[j, part_j, 0] > box[i, part_i, 1]:
        return True
    return bool(box[i, part_i, 2] > box[j, part_j, 3] or box[j, part_j, 2] > box[i, part_i, 3])


@_compiled
def sweep(
    order: NDArray[np.int64], box: Floats, courses: Floats, driven: NDArray[np.bool_], speed: Floats
) -> NDArray[np.int32]:
    """Return the pairs whose boxes overlap, those of halves among them, shape (k, 2).

    Participants are taken in strips of north so that each is held against those near it alone, however large the city.
    """
    n, found = len(order), 0
    pairs = np.empty((max(4 * n, 64), 2), np.int32)
    low_y, high_y = np.inf, -np.inf
    for i in range(n):
        if box[i, 0, 1] >= box[i, 0, 0]:
            low_y, high_y = min(low_y, box[i, 0, 2]), max(high_y, box[i, 0, 2])
    if not high_y >= low_y:
        return pairs[:0]
    strips = int(min(max((high_y - low_y) / STRIP_M, 0.0), 4096.0)) + 1
    width = max((high_y - low_y) / strips, 1e-3)
    count = np.zeros(strips + 1, np.int64)
    strip = np.full(n, -1, np.int64)
    deepest = 0
    for i in range(n):
        if box[i, 0, 1] >= box[i, 0, 0]:
            strip[i] = min(int((box[i, 0, 2] - low_y) / width), strips - 1)
            count[strip[i] + 1] += 1
            deepest = max(deepest, min(int((box[i, 0, 3] - low_y) / width), strips - 1) - strip[i])
    for k in range(strips):
        count[k + 1] += count[k]
    at = count[:-1].copy()
    member = np.empty(count[strips], np.int64)
    west = np.empty(count[strips])
    for a in range(n):
        i = order[a]
        if strip[i] >= 0:
            member[at[strip[i]]], west[at[strip[i]]] = i, box[i, 0, 0]
            at[strip[i]] += 1
    widest = 0.0
    for i in range(n):
        if strip[i] >= 0:
            widest = max(widest, box[i, 0, 1] - box[i, 0, 0])
    for k in range(strips):
        for other in range(k, min(k + deepest + 1, strips)):
            begin = count[other]
            for a in range(count[k], count[k + 1]):
                i = member[a]
                if other == k:
                    begin = a + 1
                else:
                    while begin < count[other + 1] and west[begin] < box[i, 0, 0] - widest:
                        begin += 1
                for b in range(begin, count[other + 1]):
                    if west[b] > box[i, 0, 1]:
                        break
                    j = member[b]
                    if _apart(box, i, 0, j, 0):
                        continue
                    if driven[i] and driven[j] and _alike(courses, i, j):
                        continue
                    if not (driven[i] or driven[j]) or (speed[i] < MOVING_MPS and speed[j] < MOVING_MPS):
                        continue
                    if (
                        _apart(box, i, 1, j, 1) and _apart(box, i, 1, j, 2)
                        and _apart(box, i, 2, j, 1) and _apart(box, i, 2, j, 2)
                    ):  # fmt: skip
                        continue
                    if found == len(pairs):
                        more = np.empty((2 * found, 2), np.int32)
                        more[:found] = pairs
                        pairs = more
                    pairs[found, 0], pairs[found, 1] = i, j
                    found += 1
    return pairs[:found]
