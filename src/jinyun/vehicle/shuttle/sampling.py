"""The trajectory (轨迹): sampled in the frame of the guideline, and the cheapest of the samples taken (numba).

A sample is a shift to an offset over some metres (a quintic of the station) with a profile of speed (:mod:`.pacing`) that may
stop before one of the encounters, at one of five levels of braking. A sample costs what it loses of progress and comfort,
and more than all that where it takes an encounter's stretch at its time, overruns a stop or touches somebody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.vehicle.shuttle.body import FRONT_M, LENGTH_M, MIDDLE_M, REAR_M, WIDTH_M
from jinyun.vehicle.shuttle.foreseeing import TICK_S
from jinyun.vehicle.shuttle.guideline import STEP_M
from jinyun.vehicle.shuttle.pacing import DT_S, FAR_M, STEPS, profile

LEVELS = np.array(
    [
        [1.20, 1.25, 1.25, 0.0],
        [1.20, 1.45, 1.40, 2.5],
        [1.20, 2.0, 2.5, 6.0],
        [0.0, 2.8, 4.0, 9.0],
        [0.0, 7.0, 25.0, 45.0],
    ]
)
"""Comfort, its limit, steady, firm, emergency: acceleration, braking (m/s2), jerk (m/s3), cost.

Who has to brake firmly before long gains no speed until then.
"""
EMERGENCY = len(LEVELS) - 1
AHEAD_S, BEHIND_S = 1.0, 0.5
"""Passing before somebody must leave this time, passing behind this."""
SURE_S = 2.0
"""Who ought to wait but will surely not, when it is so near."""
STANDS_MPS = 0.3
TOUCH_S = 3.3
TOUCH_ALONG_M, TOUCH_ACROSS_M = 0.35, 0.15
MOST_LATERAL_MPS2 = 1.45
OVER_M, OVER_COST = 0.3, 35.0
"""What it costs to come to a stand beyond where one must stop: more than firm braking, less than an emergency's."""
ROOM_M, ROOM_COST = 2.0, 14.0
"""Who comes to a stand behind somebody leaves this much, and pays so much for each metre less."""
SCANT_M, SCANT_COST = 1.5, 60.0
"""Less than this is worth braking harder, in the end as hard as one can."""
Floats = NDArray[np.float64]
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True, slots=True)
class Trajectory:
    """What is meant to be driven: at ``k * DT_S`` from ``begins_s``, station of the rear axle, speed, acceleration.

    The offset is a quintic over stations from ``from_m`` on for ``over_m``; ``shape`` its six coefficients.
    """

    begins_s: float
    s_m: Floats  # on the guideline, running on
    speed_mps: Floats
    accel_mps2: Floats
    from_m: float
    over_m: float
    to_d_m: float
    shape: Floats
    level: int
    cost: float
    samples: int
    yields_to: int  # index of the gate it stops before, -1 none

    def at(self, now_s: float) -> tuple[float, float, float]:
        """Return station, speed and acceleration at an instant."""
        k = min(max((now_s - self.begins_s) / DT_S, 0.0), STEPS - 1e-6)
        low = int(k)
        u = (k - low) * DT_S
        v, a = float(self.speed_mps[low]), float(self.accel_mps2[low])
        jerk = (float(self.accel_mps2[low + 1]) - a) / DT_S
        if v + a * u + jerk * u * u / 2 <= 0.0:
            return float(self.s_m[low + 1]), 0.0, 0.0
        s = float(self.s_m[low]) + v * u + a * u * u / 2 + jerk * u**3 / 6
        return min(s, float(self.s_m[low + 1]) + 0.02), v + a * u + jerk * u * u / 2, a + jerk * u

    def offset(self, s_m: float) -> tuple[float, float, float]:
        """Return the offset at a station and its first and second derivative by the station."""
        u = s_m - self.from_m
        if u >= self.over_m:
            return self.to_d_m, 0.0, 0.0
        c = self.shape
        d = c[0] + u * (c[1] + u * (c[2] + u * (c[3] + u * (c[4] + u * c[5]))))
        d1 = c[1] + u * (2 * c[2] + u * (3 * c[3] + u * (4 * c[4] + u * 5 * c[5])))
        d2 = 2 * c[2] + u * (6 * c[3] + u * (12 * c[4] + u * 20 * c[5]))
        return float(d), float(d1), float(d2)


@_compiled
def quintic(d0: float, d1: float, d2: float, end: float, over: float) -> Floats:
    """Return the coefficients of the quintic from (d0, d1, d2) to (end, 0, 0) over ``over`` metres."""
    c = np.empty(6)
    c[0], c[1], c[2] = d0, d1, d2 / 2
    h = end - d0 - d1 * over - d2 / 2 * over**2
    h1 = -d1 - d2 * over
    h2 = -d2
    c[3] = (10 * h - 4 * h1 * over + h2 * over**2 / 2) / over**3
    c[4] = (-15 * h + 7 * h1 * over - h2 * over**2) / over**4
    c[5] = (6 * h - 3 * h1 * over + h2 * over**2 / 2) / over**5
    return c


@_compiled
def choose(
    v: float, a: float, d: Floats, shifts: Floats, wishes: Floats, leads: Floats, lead_first: NDArray[np.int64],
    slow: Floats, gates: Floats, laid_s: Floats, laid_d: Floats, laid_along: Floats, laid_across: Floats,
    touches: NDArray[np.bool_], curvature: Floats, k0: int, levels: Floats, line_m: float,
    best_s: Floats, best_v: Floats, best_a: Floats, chosen: Floats,
) -> int:  # fmt: skip
    """Enter the cheapest sample and return how many were looked at.

    ``d`` offset and derivatives now; ``shifts`` rows (offset, over metres, cost); ``wishes`` rows (stop of the rear axle,
    top speed, level, cost, gate); ``leads`` of shift ``i`` are rows ``lead_first[i]`` to ``[i + 1]``; ``gates`` rows (in,
    out, t_in, t_out, must). Beyond ``line_m`` nobody ought to go. ``chosen`` gets (shift, wish,
    cost).
    """
    s_now, v_now, a_now = np.empty(STEPS + 1), np.empty(STEPS + 1), np.empty(STEPS + 1)
    best = 1e18
    n = len(curvature)
    looked = 0
    for i in range(shifts.shape[0]):
        c = quintic(d[0], d[1], d[2], shifts[i, 0], shifts[i, 1])
        lead = leads[lead_first[i] : lead_first[i + 1]]
        for w in range(wishes.shape[0]):
            base = shifts[i, 2] + wishes[w, 3]
            if base >= best:
                continue
            level = int(wishes[w, 2])
            broke = profile(v, a, wishes[w, 0], wishes[w, 1], slow, lead, levels[level, 0], levels[level, 1],
                            levels[level, 2], s_now, v_now, a_now)  # fmt: skip
            looked += 1
            cost = base + levels[level, 3] + 1.1 * (11.2 - s_now[STEPS] / (STEPS * DT_S)) + 60.0 * broke
            cost += 0.15 * abs(a_now[1] - a)
            if s_now[STEPS] > line_m + OVER_M:
                cost += OVER_COST
            cost += _room(lead, s_now[STEPS], v_now[STEPS], levels[level, 1])
            if cost >= best:
                continue
            for k in range(1, STEPS + 1, 2):  # how near to who drives ahead
                t = k * DT_S
                for g in range(lead.shape[0]):
                    la = lead[g, 2]
                    tt = min(t, lead[g, 1] / -la) if la < -1e-6 else t
                    gap = lead[g, 0] + lead[g, 1] * tt + 0.5 * la * tt * tt - FRONT_M - s_now[k]
                    least = 0.8 + 0.25 * v_now[k]
                    if gap < least and v_now[k] > 0.3:
                        cost += (6.0 + 20.0 * max(1.0 - gap, 0.0)) * (least - gap) / (0.5 + t)
            top_lateral = 0.0
            for k in range(0, STEPS + 1, 2):
                u = s_now[k]
                bend = 0.0 if u >= shifts[i, 1] else 2 * c[2] + u * (6 * c[3] + u * (12 * c[4] + u * 20 * c[5]))
                lateral = abs(v_now[k] ** 2 * (curvature[(k0 + int(u / STEP_M)) % n] + bend))
                top_lateral = max(top_lateral, lateral)
            if top_lateral > MOST_LATERAL_MPS2:
                cost += 25.0 * (top_lateral - MOST_LATERAL_MPS2)
            for g in range(gates.shape[0]):
                cost += _meets(gates[g], s_now)
                if cost >= best:
                    break
            if cost >= best:
                continue
            cost += _touch(
                c, shifts[i, 0], shifts[i, 1], s_now, v_now, laid_s, laid_d, laid_along, laid_across, touches
            )
            if cost < best:
                best = cost
                best_s[:], best_v[:], best_a[:] = s_now, v_now, a_now
                chosen[0], chosen[1], chosen[2] = i, w, cost
    return looked


@_compiled
def _room(lead: Floats, s: float, v: float, brake: float) -> float:
    """Return what it costs that who stands ahead at the profile's end (rear axle at ``s``, speed ``v``) is near then."""
    cost = 0.0
    for g in range(lead.shape[0]):
        lv, la = lead[g, 1], lead[g, 2]
        tt = lv / -la if la < -1e-6 else (0.0 if lv < STANDS_MPS else np.inf)
        if tt > STEPS * DT_S:
            continue  # it drives on: its gap is asked for step by step
        gap = lead[g, 0] + 0.5 * lv * tt - FRONT_M - s - v * v / (2 * brake)
        cost = max(cost, ROOM_COST * max(ROOM_M - gap, 0.0) + SCANT_COST * max(SCANT_M - gap, 0.0))
    return cost


@_compiled
def _meets(gate: Floats, s: Floats) -> float:
    """Return what it costs to be on the stretch of an encounter at its time."""
    enters, leaves = 1e9, 1e9
    for k in range(STEPS + 1):
        if enters > 1e8 and s[k] + FRONT_M >= gate[0]:
            enters = k * DT_S
        if leaves > 1e8 and s[k] - REAR_M >= gate[1]:
            leaves = k * DT_S
    if enters > 1e8:
        return 0.0
    before, after = AHEAD_S, BEHIND_S
    if gate[4] == 0.0:
        if gate[2] > SURE_S:
            return 0.0
        before, after = 0.2, 0.0
    if leaves < gate[2] - before or enters > gate[3] + after:
        return 0.0
    if s[0] + FRONT_M > gate[0] + 1.0 and gate[2] > 0.8:
        return 0.0  # it is there already: clear the stretch
    return float(100.0 + 100.0 / (0.5 + max(enters, gate[2])))


@_compiled
def _touch(
    c: Floats, end: float, over: float, s: Floats, v: Floats, laid_s: Floats, laid_d: Floats, along: Floats, across: Floats,
    touches: NDArray[np.bool_],
) -> float:  # fmt: skip
    """Return what it costs to touch somebody's body within the next seconds."""
    for k in range(0, int(TOUCH_S / TICK_S) + 1):
        step = round(k * TICK_S / DT_S)
        u = s[step]
        here = end if u >= over else c[0] + u * (c[1] + u * (c[2] + u * (c[3] + u * (c[4] + u * c[5]))))
        for i in range(laid_s.shape[0]):
            if not touches[i]:
                continue
            if abs(laid_d[i, k] - here) < across[i, k] + WIDTH_M / 2 + TOUCH_ACROSS_M:
                apart = laid_s[i, k] - (u + MIDDLE_M)
                if abs(apart) < along[i, k] + LENGTH_M / 2 + TOUCH_ALONG_M:
                    if apart < 0.0 and v[step] < 0.5:
                        continue  # it comes at us from behind or beside while we stand: standing is the best we can do
                    return float(250.0 + 500.0 / (0.3 + k * TICK_S) + 20.0 * v[step])
    return 0.0


__all__ = ["FAR_M", "LEVELS", "Trajectory", "choose", "quintic"]
