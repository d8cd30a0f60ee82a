"""Control loss warning CLW (车辆失控预警): a vehicle slides or is about to, and others come near it.

Out of control is who tells that its anti-lock brakes, traction or stability control are at work while it moves, and who turns
so fast that no tyre holds it (lateral acceleration v times yaw rate beyond ``grip_mps2``; a dry road gives about 8, drivers
take 4: Reymond et al. 2001) on a lane; in a junction, where every heading changes fast, only what it tells counts. Warned is
who has it on its way, or ahead in the lane beside within ``beside_s``, and who comes within ``near_m`` of it within ``cpa_s``
if both go on straight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.relations.ahead import ahead
from jinyun.cloud.apps.relations.braking import goes_on
from jinyun.cloud.apps.relations.known import known
from jinyun.cloud.apps.scene import Scene

MOST = 64
"""So many at once are looked at, the fastest; more are no accident but bad input."""


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who comes near one out of control; ``value`` is the distance to it now (m)."""
    tracks = scene.tracks
    speed, yaw = scene.speed_mps, known(tracks["yaw_rps"])
    old = scene.t_us - tracks["first_us"] >= parameters["seen_s"] * 1e6  # a new track's turn rate is not yet settled
    spins = old & (speed >= parameters["fast_mps"]) & (np.abs(yaw) * speed >= parameters["grip_mps2"])
    spins &= np.abs(yaw) >= parameters["yaw_rps"]
    spins &= (scene.located.lane >= 0) & ~np.append(scene.roadway.roads.inner, True)[scene.located.lane]
    spins &= scene.located.s_m >= parameters["settled_m"]  # out of a turn the wheel is not straight at once
    placed = np.isfinite(tracks["x_m"]) & np.isfinite(tracks["heading_rad"])
    loose = scene.driven & placed & (speed >= parameters["moving_mps"]) & (scene.loose | spins)
    if not loose.any():
        return NOTHING
    losers = np.flatnonzero(loose)
    losers = losers[np.argsort(-speed[losers], kind="stable")][:MOST]
    hosts = scene.driven & placed & (speed >= parameters["least_mps"])
    found = ahead(
        tracks, scene.located, scene.paths, scene.roadway.roads, scene.half_length_m, scene.half_width_m, loose
    )
    gap = np.maximum(found.gap_m, 0.0)
    with np.errstate(invalid="ignore"):
        behind = hosts & scene.along.keeps & (found.row >= 0) & (gap <= speed * parameters["range_s"])
        behind &= found.closing_mps >= -parameters["pulls_away_mps"]
    behind &= goes_on(speed, scene.accel_mps2, gap) | (found.gap_m < 10.0)
    rows = np.flatnonzero(behind)
    pairs = {(int(i), int(found.row[i])): float(gap[i] / max(speed[i], 0.1)) for i in rows}  # few
    for side in range(2):  # who slides in the lane beside may be over the border at once
        front, front_m = scene.beside.ahead[:, side], scene.beside.ahead_m[:, side]
        with np.errstate(invalid="ignore"):
            slides = (
                hosts & scene.along.keeps & (front >= 0) & loose[front] & (front_m <= speed * parameters["beside_s"])
            )
            slides &= speed >= speed[front] - parameters["pulls_away_mps"]
        for i in np.flatnonzero(slides).tolist():
            pairs.setdefault((i, int(front[i])), float(max(front_m[i], 0.0) / max(speed[i], 0.1)))
    heading = tracks["heading_rad"].astype(np.float64)
    vx, vy = speed * np.sin(heading), speed * np.cos(heading)
    reach = parameters["near_m"] + speed * parameters["cpa_s"]
    for j in losers:
        dx, dy = tracks["x_m"] - tracks["x_m"][j], tracks["y_m"] - tracks["y_m"][j]
        near = np.flatnonzero(hosts & (np.maximum(np.abs(dx), np.abs(dy)) <= reach + reach[j]))
        near = near[near != j]
        dx, dy, ex, ey = dx[near], dy[near], vx[near] - vx[j], vy[near] - vy[j]
        square = np.maximum(ex * ex + ey * ey, 1e-6)
        comes_s = -(dx * ex + dy * ey) / square
        away = np.hypot(dx + ex * comes_s, dy + ey * comes_s)
        faces = dx * vx[near] + dy * vy[near] < 0  # it is before the host, not behind it
        meets = (comes_s > 0) & (comes_s <= parameters["cpa_s"]) & (away <= parameters["near_m"]) & faces
        meets &= np.sqrt(square) >= parameters["closing_mps"]
        for i, s in zip(near[meets].tolist(), comes_s[meets].tolist(), strict=True):
            pairs.setdefault((i, int(j)), s)
    if not pairs:
        return NOTHING
    host, other = np.array(list(pairs), np.int64).T
    after = np.array(list(pairs.values()))
    return advice(
        tracks["id"][host], about=tracks["id"][other],
        urgency=np.where(after <= parameters["act_s"], Urgency.ACT, Urgency.WARN), x_m=tracks["x_m"][other],
        y_m=tracks["y_m"][other], after_s=after, probability=tracks["existence"][other],
        value=np.hypot(tracks["x_m"][host] - tracks["x_m"][other], tracks["y_m"][host] - tracks["y_m"][other]),
    )  # fmt: skip


ABOUT = Application(
    id="CLW", zh="车辆失控预警", en="Control loss warning", day=1, reads=("tracks", "ahead", "along", "reports"),
    receivers="vehicle", messages=("rsi", "rsc"), says_zh="{value:.0f} 米处车辆失控，请避让",
    says_en="Vehicle out of control {value:.0f} m away: keep clear", unit="m", advise=advise, behaviour="slow-down",
)  # fmt: skip
