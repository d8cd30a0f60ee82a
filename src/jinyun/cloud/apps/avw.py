"""Abnormal vehicle warning AVW (异常车辆提醒): one stands, creeps or drives against the traffic in a lane that others drive.

Abnormal is who tells so (hazard lamps while slow, disabled, air bag, flat tyre), who drives against its lane (as two
senders agree), and who stands or creeps on it without one of the reasons that traffic has: a stop line, junction or
crossing before it, somebody standing ahead, a bus stop, a bay beside, a bend, having just set out. One that stands
clear of the lane's middle is passed and no matter. Told is who comes towards it on the same lane, however many drive
between.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.relations.ahead import ahead
from jinyun.cloud.apps.relations.braking import goes_on
from jinyun.cloud.apps.scene import EVENTS, HAZARD_LAMPS, Scene
from jinyun.hdmap import LaneKind

Floats = NDArray[np.float64]
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")
TOLD = EVENTS["disabled"] | EVENTS["air_bag"] | EVENTS["flat_tyre"]
MOST_DOUBTFUL = 512
"""Standing vehicles looked at closer in one frame."""


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who comes towards an abnormal vehicle; ``value`` is the gap to it (m)."""
    tracks, along = scene.tracks, scene.along
    odd = abnormal(scene, parameters)
    if not odd.any():
        return NOTHING
    speed, accel = scene.speed_mps, scene.accel_mps2
    found = ahead(tracks, scene.located, scene.paths, scene.roadway.roads, scene.half_length_m, scene.half_width_m, odd)
    other, gap = found.row, np.maximum(found.gap_m, 0.0)
    closing = speed - along.forward_mps[other]
    with np.errstate(invalid="ignore"):
        warned = scene.driven & along.keeps & ~odd & (speed >= parameters["least_mps"]) & (other >= 0)
        warned &= (closing >= parameters["closing_mps"]) & (gap <= np.maximum(closing * parameters["range_s"], 20.0))
        # a queue behind it that brakes for it, or for those between, has seen it
        warned &= goes_on(closing, accel, gap) | (gap > parameters["seen_m"])
    rows = np.flatnonzero(warned)
    other, gap, after = other[rows], gap[rows], gap[rows] / closing[rows]
    urgency = np.where((after <= parameters["warn_s"]) & (scene.ahead.row[rows] == other), Urgency.WARN, Urgency.INFORM)
    return advice(
        tracks["id"][rows], about=tracks["id"][other], urgency=urgency, x_m=tracks["x_m"][other],
        y_m=tracks["y_m"][other], after_s=after, probability=tracks["existence"][other], value=gap,
    )  # fmt: skip


def abnormal(scene: Scene, parameters: Parameters) -> NDArray[np.bool_]:
    """Return who is abnormal where it is, by track."""
    tracks, along, located, roads = scene.tracks, scene.along, scene.located, scene.roadway.roads
    lane, speed = located.lane, tracks["speed_mps"].astype(np.float64)
    with np.errstate(invalid="ignore"):
        here = scene.driven & along.inside & (located.certainty >= parameters["certain"])
        here &= (tracks["existence"] >= parameters["exists"]) & np.isfinite(speed)
        here &= np.abs(located.offset_m) - scene.half_width_m < parameters["clear_m"]
        slow = speed <= parameters["slow_share"] * np.append(roads.limit_mps, np.nan)[lane]
        hazard = (scene.reports["lights"] & HAZARD_LAMPS) > 0
        hazard |= (scene.reports["events"] & EVENTS["hazard_lights"]) > 0
        told = ((scene.reports["events"] & TOLD) > 0) | hazard
        inner = np.append(roads.inner, True)[lane]
        against = here & ~inner & (along.forward_mps <= -parameters["against_mps"]) & (tracks["sources"] >= 2)
        against[against] = np.cos(tracks["heading_rad"][against] - along.course_rad[against]) < -0.8
        kind = np.append(scene.map.lanes["kind"], LaneKind.SIDEWALK)[lane]
        calm = np.abs(scene.accel_mps2) <= parameters["steady_mps2"]
        creeps = speed <= parameters["creep_share"] * np.append(roads.limit_mps, np.nan)[lane]
        doubtful = here & ~inner & along.keeps & creeps & calm & ((kind == LaneKind.CAR) | (kind == LaneKind.BUS))
    odd: NDArray[np.bool_] = (here & told & slow & ~_stopping(scene, here & hazard)) | against
    rows = np.flatnonzero(doubtful & ~odd)
    rows = rows[~_explained_by_traffic(scene, rows, speed, parameters)][:MOST_DOUBTFUL]
    rows = rows[~explained_by_place(scene, rows, parameters)]
    odd[rows] = True
    return odd


def _stopping(scene: Scene, hazard: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return who shows hazard lamps in a bus stop or a bay, where that is usual."""
    usual = np.zeros(len(scene), np.bool_)
    rows = np.flatnonzero(hazard & (scene.located.lane >= 0))
    if len(rows):
        usual[rows] = _at_stop(scene, rows) | _at_bay(scene, rows, 1.0)
    return usual


def _explained_by_traffic(
    scene: Scene, rows: NDArray[np.int64], speed: NDArray[np.float64], parameters: Parameters
) -> NDArray[np.bool_]:
    """Return which of ``rows`` stand or creep because of a line, the lane's end, somebody ahead, or have just set out."""
    located, roads, ahead, along = scene.located, scene.roadway.roads, scene.ahead, scene.along
    lane, s = located.lane[rows], located.s_m[rows]
    creeps = speed[rows] > parameters["stands_mps"]
    before_m = np.where(creeps, parameters["creeps_before_m"], parameters["stands_before_m"])
    line_m = scene.paths.line_m[scene.paths.first[rows]].astype(np.float64)
    end_m = roads.extent_m[lane] - s - scene.half_length_m[rows]
    own_line = roads.line_m[lane] - s - scene.half_length_m[rows]
    onward = roads.after_first[lane + 1] > roads.after_first[lane]
    next_lane = (
        roads.after[np.minimum(roads.after_first[lane], max(len(roads.after) - 1, 0))] if len(roads.after) else lane
    )
    ends = ~onward | roads.inner[next_lane]
    with np.errstate(invalid="ignore"):
        reason = (line_m <= before_m) | (own_line <= before_m) | (ends & (end_m <= before_m))
        leader = ahead.row[rows]
        reason |= (leader >= 0) & (ahead.gap_m[rows] <= before_m) & (along.forward_mps[leader] <= speed[rows] + 3.0)
        reason |= creeps & ((s <= parameters["sets_out_m"]) | (ahead.gap_m[rows] <= 2 * before_m))
        bend = np.sqrt(roads.cap2[np.minimum(roads.first[lane], max(len(roads.cap2) - 1, 0))]) if len(roads.cap2) else s
        reason |= creeps & (bend <= 2.0 * speed[rows])
    return np.asarray(reason, np.bool_)


def explained_by_place(scene: Scene, rows: NDArray[np.int64], parameters: Parameters) -> NDArray[np.bool_]:
    """Return which of ``rows`` stand or creep at a stop, beside a bay or before a crossing."""
    if not len(rows):
        return np.zeros(0, np.bool_)
    reason = _at_stop(scene, rows) | _at_bay(scene, rows, parameters["beside_bay_m"])
    roads = scene.roadway.roads
    if len(roads.end_x):
        course = scene.along.course_rad[rows]
        ahead_m = scene.half_length_m[rows] + parameters["crossing_m"] / 2
        x, y = (
            scene.tracks["x_m"][rows] + ahead_m * np.sin(course),
            scene.tracks["y_m"][rows] + ahead_m * np.cos(course),
        )
        _before_crossing(x, y, roads.end_x, roads.end_y, parameters["crossing_m"], reason)
    return reason


STOP_M = 15.0
"""Before and after a stop a bus stands or creeps as well."""


def _at_stop(scene: Scene, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    stops = scene.map.stops
    lane, s = scene.located.lane[rows][:, None], scene.located.s_m[rows][:, None]
    found: NDArray[np.bool_] = (
        (stops["lane"] == lane) & (s >= stops["start_m"] - STOP_M) & (s <= stops["end_m"] + STOP_M)
    ).any(axis=1)
    return found


def _at_bay(scene: Scene, rows: NDArray[np.int64], beyond_m: float) -> NDArray[np.bool_]:
    bays, found = scene.map.bays, np.zeros(len(rows), np.bool_)
    x, y = scene.tracks["x_m"][rows], scene.tracks["y_m"][rows]
    columns = (bays[name].astype(np.float64) for name in ("x_m", "y_m", "heading_rad", "length_m", "width_m"))
    _in_bay(x, y, *columns, beyond_m, found)
    return found


@_compiled
def _before_crossing(
    x: Floats, y: Floats, end_x: Floats, end_y: Floats, near_m: float, found: NDArray[np.bool_]
) -> None:
    """Note who is so near a crossing, a line between two ends."""
    for i in range(len(x)):
        for k in range(len(end_x)):
            if found[i]:
                break
            ax, ay = end_x[k, 0], end_y[k, 0]
            ux, uy = end_x[k, 1] - ax, end_y[k, 1] - ay
            dx, dy = x[i] - ax, y[i] - ay
            if abs(dx) > near_m + abs(ux) or abs(dy) > near_m + abs(uy):
                continue
            share = min(max((dx * ux + dy * uy) / max(ux * ux + uy * uy, 1e-6), 0.0), 1.0)
            found[i] = (dx - share * ux) ** 2 + (dy - share * uy) ** 2 <= near_m * near_m


@_compiled
def _in_bay(
    x: Floats, y: Floats, bay_x: Floats, bay_y: Floats, heading: Floats, length: Floats, width: Floats, beyond_m: float,
    found: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Note who is in a bay, or so near it."""
    for k in range(len(bay_x)):
        s, c = np.sin(heading[k]), np.cos(heading[k])
        for i in range(len(x)):
            dx, dy = x[i] - bay_x[k], y[i] - bay_y[k]
            if abs(dx * s + dy * c) <= length[k] / 2 + beyond_m and abs(dx * c - dy * s) <= width[k] / 2 + beyond_m:
                found[i] = True


ABOUT = Application(
    id="AVW", zh="异常车辆提醒", en="Abnormal vehicle warning", day=1,
    reads=("tracks", "ahead", "along", "paths", "reports", "map"), receivers="vehicle", messages=("rsi", "rsc"),
    says_zh="前方 {value:.0f} 米有异常车辆，请减速", says_en="Abnormal vehicle {value:.0f} m ahead: slow down", unit="m",
    advise=advise, behaviour="slow-down",
)  # fmt: skip
