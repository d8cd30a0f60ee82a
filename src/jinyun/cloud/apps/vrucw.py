"""Vulnerable road user collision warning VRUCW (弱势交通参与者碰撞预警): somebody on foot or on a cycle is on a vehicle's way.

A motor vehicle and a person whose bodies will touch, each going on as it does (:mod:`.relations.meeting`): on a
crossing or not, before a vehicle that turns too. The vehicle is warned while it does not brake as it takes to stop
before the place, and the person where it is connected (its PSM). Who waits beside the road, walks along it or rides
with the traffic is no matter here; a cycle ahead on the same way is :mod:`.fcw`'s.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.relations.braking import goes_on, gone_m, to_stop_mps2, too_late
from jinyun.cloud.apps.relations.encounter import Encounters, encounters
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.prediction import Manner
from jinyun.shapes import SEEN_BY_ITSELF, Kind

STANDING_MPS = 0.3


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return which vehicles and connected people must be warned of each other; ``value`` is the vehicle's way there (m)."""
    m, tracks, paths = scene.meetings, scene.tracks, scene.paths
    kind = tracks["kind"]
    weak = (kind == Kind.PEDESTRIAN) | (kind == Kind.NON_MOTOR)
    # a vehicle off the lanes is somewhere, but where it goes nobody knows
    driven = scene.driven & scene.along.keeps
    rows = (driven[m.first] & weak[m.second]) | (driven[m.second] & weak[m.first])
    likely = (m.probability >= parameters["probability"]) & (m.after_s <= parameters["warn_s"] + 1.0)
    cycle = (kind[m.first] == Kind.NON_MOTOR) | (kind[m.second] == Kind.NON_MOTOR)
    rows &= likely | (cycle & np.isfinite(m.first_in_s) & np.isfinite(m.second_in_s))
    if not rows.any():
        return NOTHING
    e = encounters(m, rows, tracks, paths)
    speed, accel = (np.nan_to_num(tracks[name].astype(np.float64)) for name in ("speed_mps", "accel_mps2"))
    v, walks = speed[e.host], speed[e.other] >= STANDING_MPS
    headed = np.isfinite(tracks["heading_rad"][e.other])
    meets = driven[e.host] & weak[e.other]
    rides = kind[e.other] == Kind.NON_MOTOR
    across = np.abs(np.sin(e.angle_rad)) >= np.sin(parameters["across_rad"])
    # standing: it must be where it stands that it is in the way, not where it may set out to
    stands = ~walks & ~rides & (paths.manner[e.other_path] == Manner.WAIT)
    meets &= stands | (walks & headed & (across | (~rides & (e.probability >= parameters["along_probability"]))))
    meets &= _likely(scene, e, v, rides & across, parameters)
    comes_s = np.where(np.isfinite(e.host_in_s), np.minimum(e.host_in_s, e.after_s), e.after_s)
    comes_s = np.where(rides, e.host_room_m / np.maximum(v, 0.1), comes_s)
    room = np.where(np.isfinite(e.host_room_m), e.host_room_m, 0.0)
    near = (v >= parameters["least_mps"]) & (comes_s <= parameters["warn_s"]) & (room > 0.2)
    near &= (to_stop_mps2(v, room) >= parameters["calm_mps2"]) & goes_on(v, accel[e.host], room)
    warned = np.flatnonzero(meets & near)
    host, other = e.host[warned], e.other[warned]
    now = too_late(v[warned], room[warned], parameters["reaction_s"], parameters["braking_mps2"])
    told = (tracks["seen_by"][other] & SEEN_BY_ITSELF) > 0
    whom = np.concatenate([host, other[told]])
    whose = np.concatenate([other, host[told]])
    rows_of = np.concatenate([np.arange(len(warned)), np.flatnonzero(told)])
    its = warned[rows_of]
    return advice(
        tracks["id"][whom], about=tracks["id"][whose], urgency=np.where(now, Urgency.ACT, Urgency.WARN)[rows_of],
        x_m=e.x_m[its], y_m=e.y_m[its], after_s=comes_s[its], probability=e.probability[its], value=room[its],
    )  # fmt: skip


def _likely(
    scene: Scene, e: Encounters, v: NDArray[np.float64], crosses: NDArray[np.bool_], parameters: Parameters
) -> NDArray[np.bool_]:
    """Return which meetings are likely; of a cycle that crosses off the lanes, whether both are there at once at this speed.

    Prediction has a vehicle brake for whoever is matched to its lane, a cycle that crosses it too: that is not yet so. A
    cycle that keeps to a lane gives way and is given way at junctions as vehicles are: that it does not must be likelier.
    """
    keeps = scene.along.keeps[e.other]
    likely = e.probability >= np.where(keeps, parameters["rider_probability"], parameters["probability"])
    least = np.maximum(v, 0.1)
    whole = gone_m(scene.paths, e.host_path, v, e.host_out_s)
    enters, leaves = e.host_room_m / least, np.maximum(whole, e.host_room_m) / least
    sure = scene.paths.probability[e.host_path] * scene.paths.probability[e.other_path] >= parameters["probability"]
    at_once = sure & (enters < e.other_out_s) & (leaves > e.other_in_s) & np.isfinite(e.host_out_s)
    return likely | (crosses & ~keeps & at_once)


ABOUT = Application(
    id="VRUCW", zh="弱势交通参与者碰撞预警", en="Vulnerable road user collision warning", day=1,
    reads=("tracks", "meetings", "along", "paths"), receivers="vehicle", messages=("rsi", "rsc"),
    says_zh="前方 {value:.0f} 米有行人或骑车人，请让行", says_en="Person on your way in {value:.0f} m: give way", unit="m",
    advise=advise, behaviour="slow-down",
)  # fmt: skip
