"""Whether two bodies touch (接触): oriented boxes whose places are known with an error, by separating axes."""

from __future__ import annotations

from math import erf, sqrt
from typing import Any

import numpy as np
from numba import njit

NEVER_SD = 2.8
"""Standard deviations beyond which bodies never touch."""
LEAST = 0.002
"""Less likely they never touch."""
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")
FARTHEST_SD, FINENESS = 4.0, 64
_NORMAL = np.array([(1 + erf((k / FINENESS - FARTHEST_SD) / sqrt(2.0))) / 2 for k in range(2 * 4 * FINENESS + 2)])


@_compiled
def touch(
    dx: float, dy: float, course: float, turn: float, length_a: float, width_a: float, length_b: float, width_b: float,
    along_a: float, across_a: float, along_b: float, across_b: float,
) -> float:  # fmt: skip
    """Return the probability that two boxes overlap whose middles are apart by (dx, dy) with these standard deviations.

    ``course`` is that of the first, ``turn`` that of the second seen from it; lengths and widths are halves.
    """
    return float(
        touching(
            dx, dy, np.sin(course), np.cos(course), np.sin(turn), np.cos(turn), length_a, width_a, length_b, width_b,
            along_a, across_a, along_b, across_b,
        )
    )  # fmt: skip


@_compiled
def touching(
    dx: float, dy: float, s: float, c: float, st: float, ct: float, length_a: float, width_a: float, length_b: float,
    width_b: float, along_a: float, across_a: float, along_b: float, across_b: float,
) -> float:  # fmt: skip
    """Return what :func:`touch` does, with sine and cosine of the first's course (s, c) and of the turn (st, ct).

    Boxes overlap where no edge of either parts them (separating axes); errors of place are taken as normal. The edges of
    the one and of the other are asked apart, and the lesser probability of the two holds.
    """
    bt, bs = abs(ct), abs(st)
    by_first = _framed(
        dx * s + dy * c, dx * c - dy * s, bs, bt, length_a, width_a, length_b, width_b, along_a, across_a, along_b, across_b
    )  # fmt: skip
    if by_first < LEAST:
        return 0.0
    s, c = s * ct + c * st, c * ct - s * st
    by_second = _framed(
        dx * s + dy * c, dx * c - dy * s, bs, bt, length_b, width_b, length_a, width_a, along_b, across_b, along_a, across_a
    )  # fmt: skip
    return float(min(by_first, by_second))


@_compiled
def _framed(
    forward: float, aside: float, st: float, ct: float, length_a: float, width_a: float, length_b: float, width_b: float,
    along_a: float, across_a: float, along_b: float, across_b: float,
) -> float:  # fmt: skip
    """Return the probability that the edges of the first do not part two boxes; distances are in its frame.

    ``st`` and ``ct`` are the magnitudes of sine and cosine of the turn between the two.
    """
    sd_a = np.sqrt(across_a * across_a + (st * along_b) ** 2 + (ct * across_b) ** 2)
    beside = _within(aside, width_a + st * length_b + ct * width_b, max(sd_a, 0.05))
    if beside == 0.0:
        return 0.0
    sd_f = np.sqrt(along_a * along_a + (ct * along_b) ** 2 + (st * across_b) ** 2)
    return float(beside * _within(forward, length_a + ct * length_b + st * width_b, max(sd_f, 0.05)))


@_compiled
def _within(away: float, reach: float, sd: float) -> float:
    """Return the probability that a normal variable with mean ``away`` lies within ``reach`` of zero."""
    away = abs(away)
    if away > reach + NEVER_SD * sd:
        return 0.0
    if away < reach - NEVER_SD * sd:
        return 1.0
    return float(_below((reach - away) / sd) - _below((-reach - away) / sd))


@_compiled
def _below(z: float) -> float:
    """Return the share of a standard normal variable below z, from a table: off by less than 2e-5."""
    if z <= -FARTHEST_SD:
        return 0.0
    if z >= FARTHEST_SD:
        return 1.0
    at = (z + FARTHEST_SD) * FINENESS
    k = int(at)
    return float(_NORMAL[k] + (at - k) * (_NORMAL[k + 1] - _NORMAL[k]))
