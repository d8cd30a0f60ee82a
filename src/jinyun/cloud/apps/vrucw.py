"""Vulnerable road user collision warning VRUCW (弱势交通参与者碰撞预警): somebody on foot or on a cycle is on a vehicle's way.

A motor vehicle and a person whose bodies will touch, each going on as it does (:mod:`.relations.meeting`): on a
crossing or not, before a vehicle that turns too. The vehicle is warned while it does not brake as it takes to stop
before the place, and the person where it is connected (its PSM). Who waits beside the road, walks along it or rides
with the traffic is no matter here; a cycle ahead on the same way is :mod:`.fcw`'s.
"""

from __future__ import annotations

from typing import NamedTuple

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
    tracks = scene.tracks
    found = [one for one in (_meeting(scene, parameters), _standing(scene)) if len(one.host)]
    if not found:
        return NOTHING
    whole = _Before(*(np.concatenate(columns) for columns in zip(*found, strict=True)))
    v = scene.speed_mps[whole.host]
    near = (v >= parameters["least_mps"]) & (whole.after_s <= parameters["warn_s"]) & (whole.room_m > 0.2)
    near &= to_stop_mps2(v, whole.room_m) >= parameters["calm_mps2"]
    near &= goes_on(v, scene.accel_mps2[whole.host], whole.room_m)
    host, other = whole.host[near], whole.other[near]
    after, room, x, y, probability = (column[near] for column in whole[2:])
    now = too_late(v[near], whole.room_m[near], parameters["reaction_s"], parameters["braking_mps2"])
    told = (tracks["seen_by"][other] & SEEN_BY_ITSELF) > 0
    its = np.concatenate([np.arange(len(host)), np.flatnonzero(told)])
    return advice(
        tracks["id"][np.concatenate([host, other[told]])], about=tracks["id"][np.concatenate([other, host[told]])],
        urgency=np.where(now, Urgency.ACT, Urgency.WARN)[its], x_m=x[its], y_m=y[its], after_s=after[its],
        probability=probability[its], value=room[its],
    )  # fmt: skip


class _Before(NamedTuple):
    """Columns: vehicles and people (rows of tracks), after how many seconds and metres the one is at the other, where that
    is, and how likely."""

    host: NDArray[np.int64]
    other: NDArray[np.int64]
    after_s: NDArray[np.float64]
    room_m: NDArray[np.float64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    probability: NDArray[np.float64]


def _standing(scene: Scene) -> _Before:
    """Return who has a cycle across its lane before it that stands: where it stands it is in the way.

    Prediction has a vehicle stop before whoever is matched to its lane, so that their ways do not meet.
    """
    tracks, along, gap = scene.tracks, scene.along, scene.ahead.gap_m
    stands = (tracks["kind"] == Kind.NON_MOTOR) & along.inside & ~along.keeps & (scene.speed_mps < STANDING_MPS)
    leader = scene.ahead.row
    host = np.flatnonzero(scene.driven & along.keeps & (leader >= 0) & stands[leader] & (gap > 0))
    other = leader[host].astype(np.int64)
    return _Before(
        host, other, gap[host] / np.maximum(scene.speed_mps[host], 0.1), gap[host], tracks["x_m"][other],
        tracks["y_m"][other], tracks["existence"][other].astype(np.float64),
    )  # fmt: skip


def _meeting(scene: Scene, parameters: Parameters) -> _Before:
    """Return whose ways meet, as likely as the parameters say."""
    m, tracks, paths = scene.meetings, scene.tracks, scene.paths
    kind = tracks["kind"]
    weak = (kind == Kind.PEDESTRIAN) | (kind == Kind.NON_MOTOR)
    # a vehicle off the lanes is somewhere, but where it goes nobody knows
    driven = scene.driven & scene.along.keeps
    rows = (driven[m.first] & weak[m.second]) | (driven[m.second] & weak[m.first])
    likely = (m.probability >= parameters["probability"]) & (m.after_s <= parameters["warn_s"] + 1.0)
    cycle = (kind[m.first] == Kind.NON_MOTOR) | (kind[m.second] == Kind.NON_MOTOR)
    rows &= likely | (cycle & np.isfinite(m.first_in_s) & np.isfinite(m.second_in_s))
    e = encounters(m, rows, tracks, paths)
    speed = scene.speed_mps
    v, walks = speed[e.host], speed[e.other] >= STANDING_MPS
    headed = np.isfinite(tracks["heading_rad"][e.other])
    meets = driven[e.host] & weak[e.other]
    rides = kind[e.other] == Kind.NON_MOTOR
    across = np.abs(np.sin(e.angle_rad)) >= np.sin(parameters["across_rad"])
    # standing: it must be where it stands that it is in the way, not where it may set out to
    stands = ~walks & np.where(rides, ~scene.along.keeps[e.other], paths.manner[e.other_path] == Manner.WAIT)
    meets &= stands | (walks & headed & (across | (~rides & (e.probability >= parameters["along_probability"]))))
    meets &= _likely(scene, e, v, rides & across, parameters)
    after = np.where(np.isfinite(e.host_in_s), np.minimum(e.host_in_s, e.after_s), e.after_s)
    after = np.where(rides, e.host_room_m / np.maximum(v, 0.1), after)
    room = np.where(np.isfinite(e.host_room_m), e.host_room_m, 0.0)
    its = np.flatnonzero(meets)
    return _Before(
        e.host[its].astype(np.int64), e.other[its].astype(np.int64), after[its], room[its], e.x_m[its], e.y_m[its],
        e.probability[its],
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
