"""Forward collision warning FCW (前向碰撞预警): the one ahead is so near or so slow that only braking now helps.

Somebody is warned when the time to collision at the present speeds falls below ``warn_s`` (Hayward 1972), or when it would
have to brake harder than ``braking_mps2`` to stay behind one that brakes as it does now (Kiefer et al., CAMP, 1999) - unless
it brakes already as it takes, would need next to no braking (a queue crept up to), the one ahead will have left its way, or
it is itself changing over to another lane. Ahead is the next one in its way, and who is coming over into its lane before it:
past its own lane's middle and over the border within ``over_s``, not who only means to change; and who has stopped half over
it, in the way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.relations.ahead import leaves_s
from jinyun.cloud.apps.relations.braking import ENOUGH
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.prediction import Manner

Floats = NDArray[np.float64]

LEAST_GAP_M = 0.5
STEP_S, STEPS = 0.25, 20
"""How finely, and for how long, it is looked whether both touch."""
STILL_MPS = 1.0
AGAINST_MPS = -1.0
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")
HARDEST_MPS2 = 8.0
"""More than this nobody's braking counts: it is noise."""


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who must be warned of the one ahead; ``value`` is the deceleration it takes (m/s²)."""
    tracks, along = scene.tracks, scene.along
    speed, accel = scene.speed_mps, scene.accel_mps2
    hosts = scene.driven & along.keeps & (speed >= parameters["least_mps"])
    follower, leader, gap, cuts_in = _pairs(scene, hosts, speed, parameters)
    if not len(follower):
        return NOTHING
    v, ahead_mps = speed[follower], np.maximum(along.forward_mps[leader], 0.0)
    closing = v - ahead_mps
    room = np.maximum(gap, LEAST_GAP_M)
    with np.errstate(divide="ignore", invalid="ignore"):
        ttc = np.where(closing > 0, np.maximum(gap, 0.0) / closing, np.inf)
    braking = np.clip(-accel[leader], 0.0, HARDEST_MPS2)
    needed = _needed(v, ahead_mps, braking, room)
    kept, impact = _touching(closing, -accel[follower], braking, ahead_mps, np.maximum(gap, 0.0), v)
    warned = (closing > 0) & (ttc <= parameters["warn_s"]) & (needed >= parameters["calm_mps2"])
    warned |= (needed >= parameters["braking_mps2"]) & ((ttc <= parameters["far_s"]) | (braking > 1.0))
    warned &= (kept <= parameters["far_s"]) & (impact >= parameters["impact_mps"])  # as it brakes now it will not do
    warned |= (kept <= parameters["sure_s"]) & (impact >= parameters["impact_mps"]) & (ttc <= parameters["warn_s"])
    warned &= gap > -2.0
    enough = (-accel[follower] >= ENOUGH * needed) & (needed < parameters["hardest_mps2"])
    warned &= ~enough | (kept <= parameters["sure_s"])
    leaves = leaves_s(follower, leader, scene.located, scene.paths, scene.roadway.roads, speed)
    warned &= cuts_in | (ttc < leaves)
    follower, leader, ttc, needed = follower[warned], leader[warned], ttc[warned], needed[warned]
    now = (ttc <= parameters["act_s"]) | (needed >= parameters["hardest_mps2"])
    return advice(
        tracks["id"][follower], about=tracks["id"][leader], urgency=np.where(now, Urgency.ACT, Urgency.WARN),
        x_m=tracks["x_m"][leader], y_m=tracks["y_m"][leader], after_s=ttc,
        probability=tracks["existence"][leader], value=needed,
    )  # fmt: skip


def _touching(
    closing: Floats, own: Floats, braking: Floats, ahead: Floats, gap: Floats, v: Floats
) -> tuple[Floats, Floats]:
    """Return (after how many seconds both touch if either brakes on as now, at which difference of speeds); infinity: never."""
    after, impact = np.full(len(gap), np.inf), np.zeros(len(gap))
    _touch(np.clip(own, 0.0, HARDEST_MPS2), braking, ahead, gap, v, after, impact)
    return after, impact


@_compiled
def _touch(own: Floats, braking: Floats, ahead: Floats, gap: Floats, v: Floats, after: Floats, impact: Floats) -> None:
    for i in range(len(gap)):
        for step in range(1, STEPS + 1):
            t = step * STEP_S
            mine, its = max(v[i] - own[i] * t, 0.0), max(ahead[i] - braking[i] * t, 0.0)
            gone = v[i] * t - own[i] * t * t / 2 if mine > 0 else v[i] * v[i] / (2 * max(own[i], 1e-3))
            led = (
                ahead[i] * t - braking[i] * t * t / 2 if its > 0 else ahead[i] * ahead[i] / (2 * max(braking[i], 1e-3))
            )
            if gone - led >= gap[i]:
                after[i], impact[i] = t, mine - its
                break


def _needed(v: NDArray[np.float64], ahead: NDArray[np.float64], braking: NDArray[np.float64], room: NDArray[np.float64]
            ) -> NDArray[np.float64]:  # fmt: skip
    """Return the steady deceleration that keeps one behind another that goes on braking until it stands."""
    following = np.maximum(v - ahead, 0.0) ** 2 / (2 * room) + np.where(ahead > STILL_MPS, braking, 0.0)
    stops_after_m = np.where(braking > 0.1, ahead**2 / (2 * np.maximum(braking, 0.1)), np.inf)
    standing = v**2 / (2 * (room + np.minimum(stops_after_m, 1e6)))
    meets_after_s = 2 * room / np.maximum(v - ahead, 1e-3)  # how long a steady braking to the same speed takes
    stands_first = (braking > 0.1) & (ahead / np.maximum(braking, 0.1) < meets_after_s)
    return np.where(stands_first, standing, following)


def _pairs(
    scene: Scene, hosts: NDArray[np.bool_], speed: NDArray[np.float64], parameters: Parameters
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64], NDArray[np.bool_]]:
    """Return (followers, leaders, gaps, whether the leader is cutting in): near enough to be looked at closer."""
    ahead, beside, along = scene.ahead, scene.beside, scene.along
    paths, located = scene.paths, scene.located
    first = paths.first[:-1]
    changes = (paths.manner[first] == Manner.CHANGE) & (paths.probability[first] >= parameters["changes"])
    usable = along.inside & (along.forward_mps >= AGAINST_MPS)  # who drives against the lane is another matter
    usable &= scene.driven | along.keeps  # and who crosses it, or stands across it, on foot or on a cycle is VRUCW's
    with np.errstate(invalid="ignore"):
        near = hosts & (ahead.row >= 0) & (ahead.gap_m <= speed * parameters["far_s"] + 5.0) & usable[ahead.row]
        near &= ~changes | (np.maximum(ahead.gap_m, 0.0) <= parameters["act_s"] * ahead.closing_mps)
        near &= speed > np.maximum(along.forward_mps[ahead.row], 0.0) - 3.0
    rows = [np.flatnonzero(near)]
    leaders, gaps, cuts = [ahead.row[rows[0]]], [ahead.gap_m[rows[0]]], [np.zeros(len(rows[0]), np.bool_)]
    into = np.where(changes, paths.lane[first, 0], -1)
    half_m = np.append(scene.roadway.roads.half_m, np.nan)[located.lane]
    for side, to_right in enumerate((1.0, -1.0)):  # from the left lane one comes over to the right
        j, moves = beside.ahead[:, side], to_right * along.aside_mps
        with np.errstate(invalid="ignore"):
            edge_m = to_right * located.offset_m + scene.half_width_m + moves * parameters["over_s"]
            comes = (moves >= parameters["over_mps"]) & (edge_m >= half_m)
            comes &= to_right * located.offset_m >= parameters["past_m"]  # not who has just come into that lane itself
            apart_m = half_m + half_m[j] - to_right * (located.offset_m[j] - located.offset_m)
            in_way = apart_m <= scene.half_width_m + scene.half_width_m[j] - parameters["touch_m"]
            cutting = hosts & (j >= 0) & along.keeps[j] & scene.driven[j]
            cutting &= ((into[j] == located.lane) & comes[j]) | in_way
            cutting &= (beside.ahead_m[:, side] > 0) & (beside.ahead_m[:, side] <= speed * parameters["warn_s"])
            cutting &= ~(ahead.gap_m < beside.ahead_m[:, side])
        found = np.flatnonzero(cutting)
        rows.append(found)
        leaders.append(j[found])
        gaps.append(beside.ahead_m[found, side])
        cuts.append(np.ones(len(found), np.bool_))
    return np.concatenate(rows), np.concatenate(leaders), np.concatenate(gaps), np.concatenate(cuts)


ABOUT = Application(
    id="FCW", zh="前向碰撞预警", en="Forward collision warning", day=1,
    reads=("tracks", "ahead", "beside", "along", "paths"), receivers="vehicle", messages=("rsi", "rsc"),
    says_zh="前车过近，请制动", says_en="Too close to the vehicle ahead: brake", unit="m/s²",
    advise=advise, behaviour="slow-down",
)  # fmt: skip
