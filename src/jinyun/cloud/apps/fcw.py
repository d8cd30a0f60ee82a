"""Forward collision warning FCW (前向碰撞预警): the one ahead is so near or so slow that only braking now helps.

Somebody is warned when the time to collision at the present speeds falls below ``warn_s`` (Hayward 1972), or when
it would have to brake harder than ``braking_mps2`` to stay behind one that brakes as it does now.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.scene import Scene

LEAST_GAP_M = 0.5


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who must be warned of the one ahead; ``value`` is the deceleration it takes (m/s²)."""
    ahead, tracks = scene.ahead, scene.tracks
    speed = tracks["speed_mps"].astype(np.float64)
    asked = scene.driven & (ahead.row >= 0) & (speed >= parameters["least_mps"]) & (ahead.closing_mps > 0)
    rows = np.flatnonzero(asked)
    if not len(rows):
        return NOTHING
    leader = ahead.row[rows]
    gap, closing, ttc = np.maximum(ahead.gap_m[rows], LEAST_GAP_M), ahead.closing_mps[rows], ahead.ttc_s[rows]
    braking = np.maximum(-np.nan_to_num(tracks["accel_mps2"][leader].astype(np.float64)), 0.0)
    needed = closing**2 / (2 * gap) + np.where(tracks["speed_mps"][leader] > 1.0, braking, 0.0)
    warned = (ttc <= parameters["warn_s"]) | (needed >= parameters["braking_mps2"])
    rows, leader, ttc, needed = rows[warned], leader[warned], ttc[warned], needed[warned]
    now = ttc <= parameters["act_s"]
    return advice(
        tracks["id"][rows], about=tracks["id"][leader], urgency=np.where(now, Urgency.ACT, Urgency.WARN),
        x_m=tracks["x_m"][leader], y_m=tracks["y_m"][leader], after_s=ttc,
        probability=tracks["existence"][leader], value=needed,
    )  # fmt: skip


ABOUT = Application(
    id="FCW", zh="前向碰撞预警", en="Forward collision warning", day=1, reads=("tracks", "ahead"), receivers="vehicle",
    messages=("rsi", "rsc"), says_zh="前车过近，请制动", says_en="Too close to the vehicle ahead: brake", unit="m/s²",
    advise=advise, behaviour="slow-down",
)  # fmt: skip
