"""Intersection collision warning ICW (交叉路口碰撞预警): somebody comes across at a junction and will not stop in time.

Two motor vehicles whose ways cross or merge in a junction, each going on as it does: their hypotheses, weighted, are
held against each other (:mod:`.relations.meeting`), so a stream that its light holds counts as little as it is likely
to run it. One is warned when the other neither brakes as it takes nor could still stop before the place (DRAC: Cooper
and Ferguson 1976, with a reaction time), while it is itself near and not braking as it takes. Who must yield and does
is thus never warned, nor is who stands. Oncoming traffic before one's own left turn is :mod:`.lta`'s. One that comes
towards and could only turn left, as the map has it, is taken to do so when it slows for the turn or shows its lamp: the
map may lack the lane straight on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.relations.braking import goes_on, to_stop_mps2, too_late
from jinyun.cloud.apps.relations.encounter import Rows, approach_rad, encounters, turns_left
from jinyun.cloud.apps.scene import LEFT_LAMP, Scene
from jinyun.cloud.prediction import TIMES_S

AFTER_S = int(np.searchsorted(TIMES_S, 1.0))
"""Sample of a way one second from now."""
TURNING = 0.3
"""Who brakes with so much of what its turn takes has begun to slow for it."""
OPPOSED_COS = float(np.cos(2.3))
"""Ways whose approaches point so far apart come towards each other."""


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who must be warned of whom at a junction; ``value`` is the way to the place (m)."""
    m, along, tracks, paths, roads = scene.meetings, scene.along, scene.tracks, scene.paths, scene.roadway.roads
    usable = scene.driven & along.keeps
    with np.errstate(invalid="ignore"):
        edge = np.append(scene.map.lanes["edge"], -1)[
            scene.located.lane
        ]  # who come side by side on one road see each other
        rows = usable[m.first] & usable[m.second] & (edge[m.first] != edge[m.second])
        rows &= paths.probability[m.first_path] * paths.probability[m.second_path] >= parameters["way_probability"]
        short = (m.pet_s <= parameters["pet_s"]) & (m.probability >= parameters["least_probability"])
        rows &= short | (m.probability >= parameters["probability"])
    if not rows.any():
        return NOTHING
    e = encounters(m, rows, tracks, paths)
    inner = np.append(roads.inner, False)
    junction = inner[paths.lane[e.host_path]].any(axis=1) & inner[paths.lane[e.other_path]].any(axis=1)
    apart = np.abs(e.angle_rad)
    junction &= (apart >= parameters["least_rad"]) & (apart <= np.pi - parameters["least_rad"])
    oncoming = np.cos(approach_rad(e.host_path, paths, roads) - approach_rad(e.other_path, paths, roads)) <= OPPOSED_COS
    left = turns_left(e.host_path, paths, roads)
    speed, accel = scene.speed_mps, scene.accel_mps2
    v, w = speed[e.host], speed[e.other]
    reaction, hard = parameters["reaction_s"], parameters["braking_mps2"]
    threat = (w >= parameters["least_mps"]) & goes_on(w, accel[e.other], e.other_room_m)
    threat &= too_late(w, e.other_room_m, reaction, hard)
    threat &= ~(oncoming & turns_left(e.other_path, paths, roads) & ~_slows(e.other, e.other_path, scene, parameters))
    comes_s = np.where(np.isfinite(e.host_in_s), e.host_in_s, e.after_s)
    near = (v >= parameters["least_mps"]) & (e.host_room_m > 0.5) & (comes_s <= parameters["warn_s"])
    needed = to_stop_mps2(v, e.host_room_m)
    near &= (needed >= parameters["calm_mps2"]) & goes_on(v, accel[e.host], e.host_room_m)
    warned = np.flatnonzero(junction & ~(oncoming & left) & threat & near)
    host, other = e.host[warned], e.other[warned]
    now = too_late(v[warned], e.host_room_m[warned], 0.5, hard)
    return advice(
        tracks["id"][host], about=tracks["id"][other], urgency=np.where(now, Urgency.ACT, Urgency.WARN),
        x_m=e.x_m[warned], y_m=e.y_m[warned], after_s=comes_s[warned], probability=e.probability[warned],
        value=e.host_room_m[warned],
    )  # fmt: skip


def _slows(who: Rows, path: Rows, scene: Scene, parameters: Parameters) -> NDArray[np.bool_]:
    """Return who does what its turning way takes: slows for it, as far as that takes slowing, or shows a left lamp."""
    speed, accel = scene.speed_mps[who], scene.accel_mps2[who]
    takes = (speed - scene.paths.speed_mps[path, AFTER_S]) / TIMES_S[AFTER_S]  # m/s² of the next second
    lamp = (scene.reports["lights"][who] & LEFT_LAMP) > 0
    found: NDArray[np.bool_] = lamp | (takes < parameters["turn_braking_mps2"]) | (-accel >= TURNING * takes)
    return found


ABOUT = Application(
    id="ICW", zh="交叉路口碰撞预警", en="Intersection collision warning", day=1, reads=("tracks", "meetings", "along", "paths"),
    receivers="vehicle", messages=("rsi", "rsc"), says_zh="前方路口 {value:.0f} 米处有横向来车，请减速",
    says_en="Cross traffic at the junction in {value:.0f} m: slow down", unit="m", advise=advise, behaviour="slow-down",
)  # fmt: skip
