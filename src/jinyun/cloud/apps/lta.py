"""Left turn assist LTA (左转辅助): the gap before an oncoming vehicle is too small to turn left through it.

Whoever turns left (its lane leads nowhere else, its lamp says so, or its way has begun to bend) meets somebody who comes from
the arm opposite and goes on: their bodies would touch, or one would come over the place less than ``gap_s`` after the other
has left it (PET: Allen, Shin and Cooper 1978; drivers accept gaps of 4 s and more, Ragland et al. 2006). Of several who come,
the first is told. Who stands and waits, or brakes as it takes to let the other by, is told nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.icw import OPPOSED_COS
from jinyun.cloud.apps.relations.braking import goes_on, to_stop_mps2, too_late
from jinyun.cloud.apps.relations.encounter import approach_rad, encounters, turns_left
from jinyun.cloud.apps.scene import LEFT_LAMP, Scene
from jinyun.cloud.prediction import Manner


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who must not turn left now; ``value`` is when the oncoming vehicle is at the place (s)."""
    m, tracks, paths, roads = scene.meetings, scene.tracks, scene.paths, scene.roadway.roads
    usable = scene.driven & scene.along.keeps
    with np.errstate(invalid="ignore"):
        rows = usable[m.first] & usable[m.second] & (np.cos(m.angle_rad) < 0)
        rows &= (m.probability >= parameters["least_probability"]) & np.isfinite(m.pet_s)
    if not rows.any():
        return NOTHING
    # the ways of those that meet so, and which of them turn left
    who = np.unique(np.concatenate([m.first[rows], m.second[rows]]))
    its = np.flatnonzero(np.isin(paths.track, who)).astype(np.int32)
    left = np.zeros(len(paths.track), np.bool_)
    left[its] = turns_left(its, paths, roads)
    rows &= left[m.first_path] | left[m.second_path]
    e = encounters(m, rows, tracks, paths)
    opposed = np.cos(approach_rad(e.host_path, paths, roads) - approach_rad(e.other_path, paths, roads)) <= OPPOSED_COS
    turns = left[e.host_path] & ~left[e.other_path] & opposed
    share = np.bincount(paths.track, paths.probability * left, len(tracks))
    lamp = (scene.reports["lights"] & LEFT_LAMP) > 0
    turns &= (lamp | (share >= parameters["turns"]))[e.host]
    # given that it turns and that the other comes straight on
    given = np.maximum(share[e.host], 0.05) * np.maximum(paths.probability[e.other_path], 0.05)
    likely = np.minimum(e.probability / given, 1.0)
    comes = (paths.manner[e.other_path] != Manner.STOP) & (paths.probability[e.other_path] >= parameters["comes"])
    comes &= (share[e.other] < parameters["turns"]) & ~lamp[e.other]  # two who both turn left pass each other
    speed, accel = scene.speed_mps, scene.accel_mps2
    v, w = speed[e.host], speed[e.other]
    comes &= (w >= parameters["least_mps"]) & goes_on(w, accel[e.other], e.other_room_m)
    small = (likely >= parameters["probability"]) | (e.pet_s <= parameters["gap_s"])
    small &= e.other_in_s - e.host_in_s > -parameters["gap_s"]  # one who is by before it arrives is no matter
    near = (v >= parameters["least_mps"]) & (e.host_room_m > 0.5) & (e.host_in_s <= parameters["warn_s"])
    near &= (to_stop_mps2(v, e.host_room_m) >= parameters["calm_mps2"]) & goes_on(v, accel[e.host], e.host_room_m)
    warned = np.flatnonzero(turns & comes & small & near)
    warned = warned[np.lexsort((e.other_in_s[warned], e.host[warned]))]  # of several who come, the first is told
    host = e.host[warned]
    warned = warned[np.append(True, host[1:] != host[:-1])[: len(host)]]
    host, other = e.host[warned], e.other[warned]
    now = too_late(v[warned], e.host_room_m[warned], 0.5, parameters["braking_mps2"])
    return advice(
        tracks["id"][host], about=tracks["id"][other], urgency=np.where(now, Urgency.ACT, Urgency.WARN),
        x_m=e.x_m[warned], y_m=e.y_m[warned], after_s=e.host_in_s[warned], probability=likely[warned],
        value=e.other_in_s[warned],
    )  # fmt: skip


ABOUT = Application(
    id="LTA", zh="左转辅助", en="Left turn assist", day=1, reads=("tracks", "meetings", "along", "paths", "reports"),
    receivers="vehicle", messages=("rsi", "rsc"), says_zh="对向来车 {value:.0f} 秒后到达，暂缓左转",
    says_en="Oncoming vehicle in {value:.0f} s: do not turn left yet", unit="s", advise=advise, behaviour="stop",
)  # fmt: skip
