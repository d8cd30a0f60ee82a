"""Pacing (纵向规划): how fast along the line, by jerk-limited profiles that stop, slow down and follow in comfort.

A profile takes at each step the greatest jerk after which it is still possible to do everything asked with the level's
braking and jerk: stop before a place, be slow enough where a slower stretch begins, stay behind who drives ahead. What is
possible is told by closed forms (:func:`slowing_m`), so profiles need no search and end a stop to the centimetre.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.vehicle.shuttle.body import FRONT_M

DT_S = 0.2
STEPS = 40
"""Steps of a profile: 8 s."""
STANDSTILL_M = 2.5
"""Gap to a standing vehicle ahead."""
HEADWAY_S = 0.9
RELEASE_JERK = 4.0
"""A brake that is firmer than a level's is let go so fast (m/s3), as soon as everything asked allows it."""
FAR_M = 1e6
KEPT_BRAKE, KEPT_JERK = 0.93, 0.80
"""Share of a level's braking and jerk that is counted on: what steps of 0.2 s lose is made up with the rest."""
SURE_MPS2 = 3.5
"""More braking is never counted on: an emergency is braked for at once, and harder only where this is not enough."""
Floats = NDArray[np.float64]
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def slowing_m(v: float, a: float, w: float, brake: float, jerk: float) -> float:
    """Return the least metres in which speed ``v`` with acceleration ``a`` becomes ``w`` with no acceleration left."""
    if a < 0.0 and v - a * a / (2 * jerk) <= w:
        # Letting the brake go now ends below w already: how far until then, at once where it is slower already.
        if v <= w:
            return 0.0
        root = a * a - 2 * jerk * (v - w)
        t = (-a - np.sqrt(max(root, 0.0))) / jerk
        return float(v * t + 0.5 * a * t * t + jerk * t * t * t / 6)
    if v <= w and a <= 0.0:
        return 0.0
    top = v + (a * a / (2 * jerk) if a > 0.0 else 0.0)
    if top <= w:
        return 0.0
    peak2 = jerk * (v - w) + a * a / 2
    if peak2 <= 0.0:
        return 0.0
    peak = min(np.sqrt(peak2), brake)
    if a < -peak:
        peak = -a
    t1 = (a + peak) / jerk
    v1 = v + a * t1 - 0.5 * jerk * t1 * t1
    s1 = v * t1 + 0.5 * a * t1 * t1 - jerk * t1 * t1 * t1 / 6
    t3 = peak / jerk
    v2 = w + 0.5 * jerk * t3 * t3  # where the last ramp begins
    t2 = max((v1 - v2) / peak, 0.0) if peak > 1e-9 else 0.0
    s2 = v1 * t2 - 0.5 * peak * t2 * t2
    vb = v1 - peak * t2
    s3 = vb * t3 - 0.5 * peak * t3 * t3 + jerk * t3 * t3 * t3 / 6
    return float(s1 + s2 + s3)


@_compiled
def _allowed(
    s: float,
    v: float,
    a: float,
    t: float,
    stop_m: float,
    top: float,
    slow: Floats,
    lead: Floats,
    brake: float,
    jerk: float,
) -> bool:
    """Return whether from (s, v, a) everything asked is still possible; s is that of the rear axle."""
    if v + (a * a / (2 * jerk) if a > 0.0 else 0.0) > top + 1e-3:
        return False
    if stop_m < FAR_M and slowing_m(v, a, 0.0, brake, jerk) > stop_m - s + 2e-3:
        return False
    for k in range(slow.shape[0]):
        if s < slow[k, 0]:
            if slowing_m(v, a, slow[k, 2], brake, jerk) > slow[k, 0] - s:
                return False
        elif s < slow[k, 1] and v + (a * a / (2 * jerk) if a > 0.0 else 0.0) > slow[k, 2] + 1e-3:
            return False
    for k in range(lead.shape[0]):
        # columns: rear end now, speed, acceleration (<= 0), braking it may do, gap at standstill
        lv, la = lead[k, 1], min(lead[k, 2], 0.0)
        tt = t
        if la < -1e-6 and lv + la * tt < 0.0:
            tt = -lv / la
        ls = lead[k, 0] + lv * tt + 0.5 * la * tt * tt
        lv = max(lv + la * tt, 0.0)
        room = ls + lv * lv / (2 * lead[k, 3]) - lead[k, 4] - FRONT_M - s - HEADWAY_S * min(v, lv)
        if slowing_m(v, a, 0.0, brake, jerk) > room:
            return False
    return True


@_compiled
def profile(
    v0: float, a0: float, stop_m: float, top: float, slow: Floats, lead: Floats, accel: float, brake: float, jerk: float,
    s_out: Floats, v_out: Floats, a_out: Floats,
) -> float:  # fmt: skip
    """Enter a profile from the rear axle at 0; return 0, or by how much it breaks what was asked: 1 and more overruns a stop.

    ``stop_m`` is the farthest place of the rear axle, ``top`` the speed, ``slow`` rows (from, to, speed), ``lead`` rows of
    who drives ahead (see :func:`_allowed`); all in metres from here. ``s_out`` and the others have ``STEPS + 1`` rows.
    """
    s, v, a = 0.0, max(v0, 0.0), a0
    sure_brake, sure_jerk = min(brake * KEPT_BRAKE, SURE_MPS2), jerk * KEPT_JERK
    s_out[0], v_out[0], a_out[0] = s, v, a
    worst = 0.0
    for k in range(STEPS):
        t = (k + 1) * DT_S
        high = min(jerk, (accel - a) / DT_S)
        low = max(-jerk, (-brake - a) / DT_S)
        if a < -brake:  # from a firmer level back to a gentler one: what is over is not braked for any longer
            low = min(jerk, (-brake - a) / DT_S)
            high = max(high, min(RELEASE_JERK, (-brake - a) / DT_S))
        if high < low:
            high = low
        # What is braked beyond the level is not counted on while it is let go.
        most = sure_brake if a < -brake else FAR_M
        best = low
        n_s, n_v, n_a = _advance(s, v, a, high)
        if _allowed(n_s, n_v, max(n_a, -most), t, stop_m, top, slow, lead, sure_brake, sure_jerk):
            best = high
        else:
            n_s, n_v, n_a = _advance(s, v, a, low)
            if _allowed(n_s, n_v, max(n_a, -most), t, stop_m, top, slow, lead, sure_brake, sure_jerk):
                bottom, roof = low, high
                for _ in range(9):
                    middle = 0.5 * (bottom + roof)
                    n_s, n_v, n_a = _advance(s, v, a, middle)
                    if _allowed(n_s, n_v, max(n_a, -most), t, stop_m, top, slow, lead, sure_brake, sure_jerk):
                        bottom = middle
                    else:
                        roof = middle
                best = bottom
        s, v, a = _advance(s, v, a, best)
        if stop_m < FAR_M and s > stop_m and v > 0.02:
            worst = max(worst, 1.0 + v)
        s_out[k + 1], v_out[k + 1], a_out[k + 1] = s, v, a
    return worst


@_compiled
def _advance(s: float, v: float, a: float, jerk: float) -> tuple[float, float, float]:
    """Return the state one step later; who comes to a stand in between stands."""
    dt = DT_S
    n_v = v + a * dt + 0.5 * jerk * dt * dt
    if n_v <= 0.0:
        if v <= 0.0:
            return s, 0.0, 0.0
        share = v / max(v - n_v, 1e-9)  # nearly linear within a step
        return s + 0.5 * v * share * dt, 0.0, 0.0
    return s + v * dt + 0.5 * a * dt * dt + jerk * dt * dt * dt / 6, n_v, a + jerk * dt
