"""Do not pass warning DNPW (逆向超车预警): somebody comes towards a driver within the way that passing would take.

On a road with one lane its own way and one the other way, behind a slower vehicle, a driver means to pass: by its lamp or its
drift to the left, in which the slow one is no longer straight ahead; who goes over with nobody to pass is told as well. Who
only closes up on the slow one follows it, as nearly all do. What passing takes is reckoned from both speeds and lengths (the
time on the wrong side, as in AASHTO's passing sight distance: Glennon 1988); the one that comes covers its own way meanwhile.
Whoever does not keep to its lane counts neither as driver nor as the one that comes, so a mirrored heading makes nobody
oncoming.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.relations.ahead import ahead, occupied
from jinyun.cloud.apps.relations.opposite import oncoming, opposite
from jinyun.cloud.apps.scene import HAZARD_LAMPS, LEFT_LAMP, RIGHT_LAMP, Scene
from jinyun.hdmap import LaneKind, Turn


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who must not pass now; ``value`` is how far the one that comes is away (m)."""
    tracks, along, located, roads = scene.tracks, scene.along, scene.located, scene.roadway.roads
    speed, lane, lights = scene.speed_mps, located.lane, scene.reports["lights"]
    hosts = scene.driven & along.keeps & (speed >= parameters["least_mps"]) & ~scene.loose
    right = np.append(roads.right, -1)[lane]
    more = (right >= 0) & (scene.map.lanes["kind"][np.maximum(right, 0)] <= LaneKind.BUS)  # lanes its own way
    hosts &= (np.append(roads.left, 0)[lane] < 0) & ~more
    hosts &= ~np.append(roads.inner, True)[lane]
    if not hosts.any():
        return NOTHING
    lamp = ((lights & (LEFT_LAMP | RIGHT_LAMP)) == LEFT_LAMP) & ((lights & HAZARD_LAMPS) == 0)
    with np.errstate(invalid="ignore"):
        drifts = (along.aside_mps <= -parameters["drift_mps"]) & (located.offset_m <= -parameters["drift_m"])
        end_m = np.append(roads.extent_m, np.nan)[lane] - located.s_m
    turning = np.bincount(
        scene.paths.track, scene.paths.probability * ((scene.paths.turn & Turn.LEFT) > 0), len(tracks)
    )
    lamp &= ~((turning >= parameters["turns"]) & (end_m <= parameters["turn_m"]))
    lamp &= located.s_m >= parameters["settled_m"]  # out of a turn its lamp does not go out at once
    hosts &= lamp | drifts
    if not hosts.any():
        return NOTHING
    # the one to be passed is ahead on the lane, however far aside the host is by now
    counts = along.keeps & (scene.driven | (speed >= 1.5))
    found = ahead(
        tracks, located, scene.paths, roads, scene.half_length_m, scene.half_width_m + parameters["aside_m"] / 2, counts
    )
    leader = found.row
    line_m = scene.paths.line_m[scene.paths.first[:-1]].astype(np.float64)  # of the way ahead
    with np.errstate(invalid="ignore"):
        passes = (leader >= 0) & (found.gap_m > 0)
        passes &= found.gap_m <= np.maximum(speed * parameters["headway_s"] + 10.0, parameters["near_m"])
        passes &= along.forward_mps[leader] <= speed + 1.0
        queue = (speed[leader] < parameters["slow_mps"]) & (line_m[leader] <= parameters["queue_m"])
        # nobody to pass, and goes over all the same
        goes = (
            drifts & (along.aside_mps <= -parameters["goes_mps"]) & (located.s_m >= parameters["settled_m"]) & ~passes
        )
    rows = np.flatnonzero(hosts & ((passes & ~queue) | goes))
    if not len(rows):
        return NOTHING
    other, away = coming(scene, rows, parameters["farthest_m"])
    leader = leader[rows]
    limit = roads.limit_mps[lane[rows]]
    half = scene.half_length_m
    slow = np.maximum(along.forward_mps[leader], 0.0)
    passing = np.maximum(speed[rows], np.minimum(limit, slow + parameters["faster_mps"]))
    gain = found.gap_m[rows] + 2 * half[leader] + 2 * half[rows] + parameters["clear_m"]
    takes_s = np.minimum(gain / np.maximum(passing - slow, parameters["least_faster_mps"]), parameters["longest_s"])
    alone = goes[rows]
    passing, takes_s = np.where(alone, speed[rows], passing), np.where(alone, parameters["alone_s"], takes_s)
    comes = np.maximum(speed[other], parameters["other_mps"])
    room = away - half[rows] - half[other]
    with np.errstate(invalid="ignore"):
        warned = (other >= 0) & (room > 0) & (room <= passing * takes_s + comes * (takes_s + parameters["spare_s"]))
        warned &= (speed[other] >= parameters["other_mps"]) | (room <= passing * takes_s)
    rows, other, room = rows[warned], other[warned], room[warned]
    meets_s = room / (passing + comes)[warned]
    return advice(
        tracks["id"][rows], about=tracks["id"][other],
        urgency=np.where(drifts[rows], Urgency.ACT, Urgency.WARN),
        x_m=tracks["x_m"][other], y_m=tracks["y_m"][other], after_s=meets_s, probability=tracks["existence"][other],
        value=room,
    )  # fmt: skip


def coming(scene: Scene, rows: NDArray[np.int64], most_m: float) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return who comes towards each of ``rows`` in the lane opposite, and how far away."""
    roads, located = scene.roadway.roads, scene.located
    over = opposite(scene.map, roads)
    counts = scene.along.keeps & scene.driven & (located.certainty >= 0.5)
    who = occupied(located, len(roads.first), counts)
    other, away = np.full(len(rows), -1, np.int32), np.full(len(rows), np.nan)
    oncoming(
        rows, located.lane, located.s_m, over.lane, over.s_m, over.before_first, over.before, roads.extent_m, roads.first,
        roads.points, roads.heading, who.first, who.row, counts, most_m, other, away,
    )  # fmt: skip
    return other, away


ABOUT = Application(
    id="DNPW", zh="逆向超车预警", en="Do not pass warning", day=1,
    reads=("tracks", "ahead", "along", "paths", "reports", "map"), receivers="vehicle", messages=("rsi",),
    says_zh="对向 {value:.0f} 米有来车，请勿超车", says_en="Oncoming vehicle {value:.0f} m away: do not pass", unit="m",
    advise=advise,
)  # fmt: skip
