"""Bodies on their ways (车身占用): oriented boxes for every tenth of a second, and whether two ever touch.

A box holds its body for the whole tenth around its instant: it is longer by what the body moves in half of that, and wider by
what its corners swing out. Boxes that are apart at every instant are therefore bodies that are apart at every time between.
Rows are (east, north, sine, cosine of the heading, half length, half width), NaN where there is nobody any more; shape
(instants, bodies, 6): who may be at several places has several.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.cooperation.motion import at

Floats = NDArray[np.float64]
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")

STEP_S = 0.1
APART_M = 1.6
"""Places of who may be anywhere in a stretch lie no farther from one another than this."""


@_compiled
def _place(line: Floats, s: Floats, station: float) -> tuple[float, float, float, float]:
    """Return (east, north, sine, cosine) on a line; its ends go straight on backwards."""
    low, high = 0, len(s) - 2
    while low < high:
        middle = (low + high + 1) // 2
        if s[middle] <= station:
            low = middle
        else:
            high = middle - 1
    dx, dy = line[low + 1, 0] - line[low, 0], line[low + 1, 1] - line[low, 1]
    length = np.sqrt(dx * dx + dy * dy)
    share = (station - s[low]) / length
    return line[low, 0] + share * dx, line[low, 1] + share * dy, dx / length, dy / length


@_compiled
def _box(
    line: Floats, s: Floats, motion: Floats, half_length: float, half_width: float, along_m: float, aside_m: float, k: int,
    box: Floats,
) -> bool:  # fmt: skip
    """Fill in the box of a body in motion at instant ``k``; return whether it is still on its way."""
    t = k * STEP_S
    here, _ = at(motion, t)
    back, _ = at(motion, max(t - STEP_S / 2, 0.0))
    front, _ = at(motion, t + STEP_S / 2)
    if back > s[-1]:
        return False
    x, y, sine, cosine = _place(line, s, min(here, s[-1]))
    _, _, sine_0, cosine_0 = _place(line, s, back)
    _, _, sine_1, cosine_1 = _place(line, s, min(front, s[-1]))
    swing = max(abs(sine_0 * cosine - cosine_0 * sine), abs(sine_1 * cosine - cosine_1 * sine))
    moved = max(here - back, front - here)
    box[0], box[1], box[2], box[3] = x, y, sine, cosine
    box[4] = half_length + along_m + moved + half_width * swing
    box[5] = half_width + aside_m + (half_length + moved) * swing
    return True


@_compiled
def driven(
    line: Floats,
    s: Floats,
    motion: Floats,
    half_length: float,
    half_width: float,
    along_m: float,
    aside_m: float,
    n: int,
) -> Floats:
    """Return the boxes of one body in motion, shape (n, 1, 6), larger by ``along_m`` and ``aside_m`` on each side."""
    boxes = np.full((n, 1, 6), np.nan)
    for k in range(n):
        if not _box(line, s, motion, half_length, half_width, along_m, aside_m, k, boxes[k, 0]):
            break
    return boxes


@_compiled
def anywhere(
    line: Floats, s: Floats, speed: float, down: float, up: float, least: float, most: float, floor: Floats, roof: Floats,
    half_length: float, half_width: float, along_m: float, aside_m: float, n: int,
) -> Floats:  # fmt: skip
    """Return the boxes of one that may slow down by ``down`` and speed up by ``up``, shape (n, m, 6).

    It is never slower than ``least`` nor faster than ``most``.

    Who follows another may be as far back as ``floor`` and is no farther than ``roof`` (m, by instant).
    """
    low, high = np.empty(n), np.empty(n)
    many = 1
    for k in range(n):
        before, after = max(k - 0.5, 0.0) * STEP_S, (k + 0.5) * STEP_S
        slows = min(before, max(speed - least, 0.0) / down) if down > 0 else before
        low[k] = speed * slows - 0.5 * down * slows * slows + (speed - down * slows) * (before - slows)
        free = min(after, max(most - speed, 0.0) / up) if up > 0 else after
        high[k] = speed * free + 0.5 * up * free * free + (speed + up * free) * (after - free)
        low[k] = min(low[k], floor[k])
        high[k] = max(min(high[k], roof[k]), low[k])
        if low[k] < s[-1]:
            many = max(many, int((min(high[k], s[-1]) - low[k]) / APART_M) + 2)
    boxes = np.full((n, many, 6), np.nan)
    for k in range(n):
        if low[k] >= s[-1]:
            break
        end = min(high[k], s[-1])
        parts = int((end - low[k]) / APART_M) + 1
        step = (end - low[k]) / parts
        for j in range(parts + 1):
            here = low[k] + j * step
            x, y, sine, cosine = _place(line, s, here)
            _, _, sine_0, cosine_0 = _place(line, s, max(here - step / 2, low[k]))
            _, _, sine_1, cosine_1 = _place(line, s, min(here + step / 2, end))
            swing = max(abs(sine_0 * cosine - cosine_0 * sine), abs(sine_1 * cosine - cosine_1 * sine))
            boxes[k, j, 0], boxes[k, j, 1], boxes[k, j, 2], boxes[k, j, 3] = x, y, sine, cosine
            boxes[k, j, 4] = half_length + along_m + step / 2 + half_width * swing
            boxes[k, j, 5] = half_width + aside_m + (half_length + step / 2) * swing
    return boxes


@_compiled
def _meet(a: Floats, b: Floats) -> bool:
    """Return whether two boxes touch; no box (NaN) touches none."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    far = a[4] + a[5] + b[4] + b[5]
    if not dx * dx + dy * dy < far * far:
        return False
    cosine, sine = abs(a[2] * b[2] + a[3] * b[3]), abs(a[2] * b[3] - a[3] * b[2])
    if abs(dx * a[2] + dy * a[3]) > a[4] + b[4] * cosine + b[5] * sine:
        return False
    if abs(dx * a[3] - dy * a[2]) > a[5] + b[4] * sine + b[5] * cosine:
        return False
    if abs(dx * b[2] + dy * b[3]) > b[4] + a[4] * cosine + a[5] * sine:
        return False
    return bool(abs(dx * b[3] - dy * b[2]) <= b[5] + a[4] * sine + a[5] * cosine)


@_compiled
def touch(a: Floats, b: Floats) -> int:
    """Return the first instant (row) at which any box of the one touches any of the other, -1 never."""
    for k in range(min(len(a), len(b))):
        for i in range(a.shape[1]):
            for j in range(b.shape[1]):
                if _meet(a[k, i], b[k, j]):
                    return k
    return -1


@_compiled
def clear(
    line: Floats, s: Floats, motion: Floats, half_length: float, half_width: float, along_m: float, aside_m: float,
    taken: Floats,
) -> bool:  # fmt: skip
    """Return whether a body in motion touches nobody of ``taken``, shape (n, m, 6), at any instant."""
    box = np.empty(6)
    for k in range(len(taken)):
        if not _box(line, s, motion, half_length, half_width, along_m, aside_m, k, box):
            return True
        for j in range(taken.shape[1]):
            if _meet(box, taken[k, j]):
                return False
    return True
