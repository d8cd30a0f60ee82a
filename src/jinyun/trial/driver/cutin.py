"""Cut-ins by the thousand: who avoids which, as closed loops over arrays; and what physics says of it in closed form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.trial.driver.competent import G, Situation, accel, fresh

Floats = NDArray[np.float64]
WIDTH_M = 1.9
LANE_M = 3.5
LONGEST_S = 20.0


class Outcome(NamedTuple):
    """Of each cut-in: whether it ended in contact, and how fast one was against the other then."""

    contact: NDArray[np.bool_]
    impact_mps: Floats


def outcomes(
    model: str, v_mps: Floats, ahead_mps: Floats, gap_m: Floats, inwards_mps: float, numbers: Mapping[str, float],
    dt: float = 0.1, lane_m: float = LANE_M, width_m: float = WIDTH_M,
) -> Outcome:  # fmt: skip
    """Return what a model makes of cut-ins; all arrays of one shape.

    The other one begins ``gap_m`` ahead (bumper to bumper) in the middle of the next lane, keeps its speed and comes over at
    ``inwards_mps``. Contact: the boxes overlap along and across.
    """
    v, ahead, gap = (
        np.array(np.broadcast_to(column, np.shape(gap_m)), np.float64).ravel() for column in (v_mps, ahead_mps, gap_m)
    )
    state, still = fresh(len(v)), np.zeros(len(v))
    moved = 0.0
    contact, impact = np.zeros(len(v), bool), np.zeros(len(v))
    for _ in range(round(LONGEST_S / dt)):
        aside = max(lane_m - moved - width_m, 0.0)
        inwards = inwards_mps if moved < lane_m else 0.0
        now = Situation(v, ahead, still, gap, still + aside, still + inwards, still + moved)
        a = accel(model, now, state, numbers, dt)
        after = np.maximum(v + a * dt, 0.0)
        gap = gap - ((v + after) / 2 - ahead) * dt
        v = after
        moved = min(moved + inwards_mps * dt, lane_m)
        hit = (gap <= 0) & (lane_m - moved - width_m <= 0) & ~contact & (gap > -8)
        impact[hit] = np.maximum(v - ahead, 0)[hit]
        contact |= hit
        v = np.where(contact, ahead, v)
    shape = np.shape(gap_m)
    return Outcome(contact.reshape(shape), impact.reshape(shape))


def human_needs_m(closing_mps: float, inwards_mps: float, numbers: Mapping[str, float]) -> float:
    """Return the least gap at which the careful human just avoids a cut-in, in closed form [m].

    Until the danger is noticed (the other has moved by the two lateral numbers) and through the reaction the gap shrinks
    evenly; then braking grows by the jerk to its greatest and stays. Holds where the critical time to collision is
    reached before the other is noticed.
    """
    notice = (numbers["human_wandering_m"] + numbers["human_perception_m"]) / inwards_mps
    wait = notice + numbers["human_reaction_s"]
    hardest, jerk = numbers["human_decel_g"] * G, numbers["human_jerk_mps3"]
    ramp = hardest / jerk
    lost = jerk * ramp**2 / 2
    if closing_mps <= lost:
        seconds = math.sqrt(2 * closing_mps / jerk)
        return closing_mps * (wait + seconds) - jerk * seconds**3 / 6
    return closing_mps * (wait + ramp) - jerk * ramp**3 / 6 + (closing_mps - lost) ** 2 / (2 * hardest)


def braking_needs_m(closing_mps: float, decel_mps2: float, delay_s: float = 0.0, standing_m: float = 0.0) -> float:
    """Return the least gap at which braking after a delay just suffices [m]."""
    return closing_mps * delay_s + closing_mps**2 / (2 * decel_mps2) + standing_m
