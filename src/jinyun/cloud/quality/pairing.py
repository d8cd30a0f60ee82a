"""What pairs of a look and a car say of a sender through one second: how often it looks, whose number it changed."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.quality import lean
from jinyun.cloud.quality.sensors import CHANGES, MOVING_MPS

USUAL_PERIOD_US = 100_000.0
LEAST_PAUSE_US = 5_000
"""Looks nearer in time are of two sensors of one unit."""


@njit(cache=True, nogil=True)
def periods_us(
    event_us: NDArray[np.int64], who: NDArray[np.int64], starts: NDArray[np.int64], n: int
) -> NDArray[np.float64]:
    """Return how often each of ``n`` senders looks at one object: the lower quartile of pauses, 0.1 s where there is none.

    Pairs are ordered by sender, car and event; ``starts`` are the first of each car.
    """
    period = np.full(n, USUAL_PERIOD_US)
    first_of_car = np.zeros(len(who) + 1, np.bool_)
    first_of_car[starts] = True
    pauses = np.empty(len(who), np.float64)
    first = 0
    while first < len(who):
        end, count = first, 0
        while end < len(who) and who[end] == who[first]:
            if not first_of_car[end] and event_us[end] - event_us[end - 1] > LEAST_PAUSE_US:
                pauses[count] = event_us[end] - event_us[end - 1]
                count += 1
            end += 1
        if count:
            sorted_ = np.sort(pauses[:count])
            at = 0.25 * (count - 1)
            low = int(at)
            high = min(low + 1, count - 1)
            period[who[first]] = sorted_[low] + (at - low) * (sorted_[high] - sorted_[low])
        first = end
    return period


@njit(cache=True, nogil=True)
def changes(
    who: NDArray[np.int64], car: NDArray[np.uint64], number: NDArray[np.uint64], starts: NDArray[np.int64],
    ends: NDArray[np.int64], before: NDArray[np.uint64], sums: NDArray[np.float64],
) -> None:  # fmt: skip
    """Count whose number of a car is another than a second ago, and not only a neighbour's that is in use too.

    ``car`` is that of each stretch of pairs ``starts`` to ``ends``; ``before`` (k, 3) has sender, car and number as of a
    second ago, ordered by sender and car like the pairs.
    """
    old = first = 0
    for k in range(len(starts)):
        sender = np.uint64(who[starts[k]])
        if k > 0 and who[starts[k]] != who[starts[k - 1]]:
            first = starts[k]
        while old < len(before) and (before[old, 0] < sender or (before[old, 0] == sender and before[old, 1] < car[k])):
            old += 1
        if old == len(before) or before[old, 0] != sender or before[old, 1] != car[k]:
            continue
        was = before[old, 2]
        if was == number[ends[k] - 1]:
            continue
        used, at = False, first
        while at < len(who) and who[at] == who[starts[k]]:
            used = used or number[at] == was
            at += 1
        if not used:
            sums[who[starts[k]], CHANGES] += 1


def leaning(
    look: NDArray[np.void], ref: NDArray[np.void], who: NDArray[np.int64], starts: NDArray[np.intp],
    counts: NDArray[np.intp], masts: NDArray[np.float64], n: int,
) -> NDArray[np.float64]:  # fmt: skip
    """Return the equations (n, TERMS) of this second's moving cars (:mod:`.lean`); ``starts`` are the first pairs of each."""
    if not len(starts):
        return np.zeros((n, lean.TERMS))
    velocity = ref["speed_mps"][:, None] * np.stack([np.sin(ref["heading_rad"]), np.cos(ref["heading_rad"])], axis=1)
    place = np.stack([look["x_m"], look["y_m"]], axis=1)
    was = np.stack([ref["x_m"], ref["y_m"]], axis=1)
    off = place - was - velocity * ((look["event_us"] - ref["t_us"]) / 1e6)[:, None]
    means = [np.add.reduceat(each, starts) / counts[:, None] for each in (place, velocity, off)]
    moving = np.hypot(*means[1].T) >= MOVING_MPS
    place, velocity, off = (each[moving] for each in means)
    first = who[starts][moving]
    return lean.equations(first, place - masts[first], velocity, off, n)
