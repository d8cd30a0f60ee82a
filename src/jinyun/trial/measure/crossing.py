"""Where two ways cross: who was there first, for how long, and how much later the other came."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from jinyun.trial.measure import boxes

Floats = NDArray[np.float64]
STILL = 1e-3
"""Metres and radians in a step within which one stands."""


class Encroachment(NamedTuple):
    """How two ways met: PET [s], ET of who was first [s], whether the one under test was first, times of the meeting."""

    pet_s: float
    et_s: float
    first: bool
    leaves_s: float
    arrives_s: float


NEVER = Encroachment(math.nan, math.nan, False, math.nan, math.nan)


def encroachment(
    t: Floats, x1: Floats, y1: Floats, h1: Floats, length1: float, width1: float,
    x2: Floats, y2: Floats, h2: Floats, length2: float, width2: float,
) -> Encroachment:  # fmt: skip
    """Return post-encroachment and encroachment time of two tracks on the clock ``t`` (B. Allen et al., TRR 667, 1978).

    The conflict area is where the way swept by one box overlaps the way swept by the other: the pairs of times at which the
    boxes, each at its own time, overlap. PET is the time between the first leaving it and the second arriving; where both
    are in it at once it is 0 or negative, and one is told 0. NaN where the ways do not meet.
    """
    one, two = _moved(x1, y1, h1), _moved(x2, y2, h2)
    if not len(one) or not len(two):
        return NEVER
    reach = (math.hypot(length1, width1) + math.hypot(length2, width2)) / 2
    trees = (cKDTree(np.column_stack([x[of], y[of]])) for x, y, of in ((x1, y1, one), (x2, y2, two)))
    near = next(trees).sparse_distance_matrix(next(trees), reach, output_type="ndarray")
    if not len(near):
        return NEVER
    i, j = one[near["i"]], two[near["j"]]
    met = boxes.overlap(x1[i], y1[i], h1[i], length1, width1, x2[j], y2[j], h2[j], length2, width2)
    i, j = i[met], j[met]
    if not len(i):
        return NEVER
    first, second = (t[i.min()], t[i.max()]), (t[j.min()], t[j.max()])
    if first[0] <= second[0]:
        return Encroachment(max(second[0] - first[1], 0.0), first[1] - first[0], True, first[1], second[0])
    return Encroachment(max(first[0] - second[1], 0.0), second[1] - second[0], False, second[1], first[0])


def _moved(x: Floats, y: Floats, h: Floats) -> NDArray[np.int64]:
    """Return the steps of a track without those within a stand: only its first and last say something."""
    still = np.max([np.abs(np.diff(of, prepend=np.inf)) for of in (x, y, h)], axis=0) < STILL
    return np.flatnonzero(np.isfinite(x) & ~(still & np.append(still[1:], False)))


def time_to_zebra_s(distance_m: ArrayLike, v: ArrayLike) -> Floats:
    """Return the time to a crossing at the present speed [s] (TTZ; A. Várhelyi, AAP 30, 1998); NaN behind it."""
    distance, v = np.asarray(distance_m, np.float64), np.asarray(v, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        time = np.where(v > 1e-9, distance / v, np.inf)
    return np.where(distance >= 0, time, np.nan)
