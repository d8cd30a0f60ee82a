"""Emergency brake warning EBW (紧急制动预警): a vehicle ahead brakes hard, perhaps one that cannot be seen for those between.

Braking hard is a deceleration of ``hard_mps2`` or more while it still moves, or the event that the vehicle itself
tells. All behind it on whose way it is are asked, however many drive between: how hard must each brake, after a
reaction time, to stand before where that one will stand (Kiefer et al. 1999)? Who need not, or brakes as it takes, is
not warned.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.relations.ahead import ahead
from jinyun.cloud.apps.relations.braking import ENOUGH
from jinyun.cloud.apps.scene import EVENTS, Scene


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who must be warned of a braking vehicle ahead; ``value`` is the gap to it (m)."""
    tracks, along = scene.tracks, scene.along
    speed, accel = scene.speed_mps, scene.accel_mps2
    told = ((scene.reports["events"] & EVENTS["hard_braking"]) > 0) & (accel <= parameters["told_mps2"])
    brakes = (
        scene.driven & along.keeps & (speed >= parameters["moving_mps"]) & (told | (accel <= -parameters["hard_mps2"]))
    )
    if not brakes.any():
        return NOTHING
    found = ahead(
        tracks, scene.located, scene.paths, scene.roadway.roads, scene.half_length_m, scene.half_width_m, brakes
    )
    hosts = scene.driven & along.keeps & (speed >= parameters["least_mps"]) & (found.row >= 0)
    rows = np.flatnonzero(hosts)
    other, gap, v = found.row[rows], np.maximum(found.gap_m[rows], 0.0), speed[rows]
    hard = np.maximum(-accel[other], parameters["hard_mps2"])
    stands_m = speed[other] ** 2 / (2 * hard)
    needed = v**2 / (2 * np.maximum(gap + stands_m - v * parameters["reaction_s"], 0.5))
    near = gap <= np.maximum(v * parameters["range_s"], parameters["range_m"])
    # somebody faster who pulls away ahead of all is none to brake for
    near &= v > speed[other] - parameters["slower_mps"]
    warned = near & (needed >= parameters["calm_mps2"]) & ~(-accel[rows] >= ENOUGH * np.minimum(needed, hard))
    rows, other, gap, needed = rows[warned], other[warned], gap[warned], needed[warned]
    next_one = scene.ahead.row[rows] == other
    now = next_one & (needed >= parameters["act_mps2"])
    return advice(
        tracks["id"][rows], about=tracks["id"][other], urgency=np.where(now, Urgency.ACT, Urgency.WARN),
        x_m=tracks["x_m"][other], y_m=tracks["y_m"][other], after_s=gap / np.maximum(speed[rows], 0.1),
        probability=tracks["existence"][other], value=gap,
    )  # fmt: skip


ABOUT = Application(
    id="EBW", zh="紧急制动预警", en="Emergency brake warning", day=1, reads=("tracks", "ahead", "along", "reports"),
    receivers="vehicle", messages=("rsi", "rsc"), says_zh="前方 {value:.0f} 米车辆紧急制动",
    says_en="Hard braking {value:.0f} m ahead", unit="m", advise=advise, behaviour="slow-down",
)  # fmt: skip
