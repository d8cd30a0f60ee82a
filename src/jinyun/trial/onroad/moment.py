"""Measures of one instant: some vehicles and everybody around them, all pairs at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.trial.measure import along, boxes

Floats = NDArray[np.float64]
NEAR_M = 60.0
WITH_RAD = 0.5
"""Who is straight ahead and goes within this angle is followed."""


class Bodies(NamedTuple):
    """Columns of participants; places are the boxes' middles, ``h`` is counter-clockwise from east."""

    x: Floats
    y: Floats
    h: Floats
    v: Floats
    length: Floats
    width: Floats


class Pairs(NamedTuple):
    """One vehicle and one other each: row of the vehicle (in ``own``), row of the other, and their measures."""

    own: NDArray[np.int64]
    other: NDArray[np.int64]
    ttc_s: Floats
    """Of the boxes, if both keep speed and heading; infinite where they do not meet, NaN where they overlap now."""
    gap_m: Floats
    """To who is straight ahead and goes the same way, else NaN; likewise the next two."""
    headway_s: Floats
    drac_mps2: Floats


def pairs(bodies: Bodies, own: NDArray[np.int64]) -> Pairs:
    """Return the measures of the vehicles in rows ``own`` against all who are near."""
    x, y, h, v, length, width = bodies
    near = np.hypot(x[own][:, None] - x[None, :], y[own][:, None] - y[None, :]) < NEAR_M
    near[np.arange(len(own)), own] = False
    a, j = np.nonzero(near)
    i = own[a]
    arguments = (x[i], y[i], h[i], v[i], length[i], width[i], x[j], y[j], h[j], v[j], length[j], width[j])
    ttc = boxes.ttc_s(*arguments)
    c, s = np.cos(h[i]), np.sin(h[i])
    ahead, aside = (x[j] - x[i]) * c + (y[j] - y[i]) * s, -(x[j] - x[i]) * s + (y[j] - y[i]) * c
    turn = np.remainder(h[j] - h[i] + np.pi, 2 * np.pi) - np.pi
    gap = ahead - (length[i] + length[j]) / 2
    followed = (np.abs(aside) < (width[i] + width[j]) / 2) & (np.abs(turn) < WITH_RAD) & (gap > 0)
    gap = np.where(followed, gap, np.nan)
    return Pairs(
        a.astype(np.int64), j.astype(np.int64), np.where(ttc <= 0, np.nan, ttc), gap, along.time_headway_s(gap, v[i]),
        along.drac_mps2(gap, v[i], v[j] * np.cos(turn)),
    )  # fmt: skip
