"""The road beneath a drive: limit, lane and its direction at each step, from OpenDRIVE or from a zone's map."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map, Turn
from jinyun.trial.recorded.table import Floats, StopLine
from jinyun.trial.road.network import DRIVEN, Network

DRIVEN_KINDS = (LaneKind.CAR, LaneKind.BUS, LaneKind.INNER)
SHOULDER_M = 0.3
"""The middle of a vehicle lies on a lane, or beyond by so much: borders are known that well."""


@dataclass(frozen=True)
class Under:
    """What lies beneath each place; the first dimension is that of the places asked for."""

    limit_mps: Floats
    width_m: Floats
    on: NDArray[np.bool_]
    """Whether it is on a lane that is driven, or in a junction."""
    along: Floats
    """Cosine of the heading against the lane's direction; NaN off the road and in junctions."""


Ground = Callable[[Floats, Floats, Floats], Under]
"""Returns what lies under places with headings (counter-clockwise from east)."""


def of_network(network: Network) -> Ground:
    """Return the ground of OpenDRIVE roads."""

    def under(x: Floats, y: Floats, h: Floats) -> Under:
        limit, width, along = (np.full(len(x), np.nan) for _ in range(3))
        on = np.zeros(len(x), bool)
        for k in range(len(x)):
            found = network.find(float(x[k]), float(y[k]))
            if found is None:
                continue
            road = network.roads[found.road]
            inside = road.junction not in ("", "-1")
            lane = road.lane_at(found.s_m, found.t_m, driven=True)
            if lane == 0:
                continue
            low, high = sorted(road.borders(lane, found.s_m))
            limit[k], width[k] = road.limit_mps(lane, found.s_m), high - low
            kind = road.section(found.s_m).lanes[found.lane].kind if found.lane else ""
            on[k] = inside or kind in DRIVEN or low - SHOULDER_M <= found.t_m <= high + SHOULDER_M
            if on[k] and not inside:
                way = road.place(found.s_m, 0.0).h_rad + (0.0 if road.rises(lane) else math.pi)
                along[k] = math.cos(float(h[k]) - way)
        return Under(limit, width, on, along)

    return under


def of_map(map: Map) -> Ground:
    """Return the ground of a zone's map."""
    lanes, points = map.lanes, map.points

    def direction(row: NDArray[np.int32], s: Floats) -> Floats:
        """Return the direction of lanes at stations, counter-clockwise from east."""
        found = np.full(len(row), np.nan)
        for lane in np.unique(row[row >= 0]).tolist():
            its = np.flatnonzero(row == lane)
            first, count = int(lanes["first"][lane]), int(lanes["count"][lane])
            piece = slice(first, first + count)
            k = np.clip(np.searchsorted(points["s_m"][piece], s[its], "right") - 1, 0, count - 2) + first
            found[its] = np.arctan2(points["y_m"][k + 1] - points["y_m"][k], points["x_m"][k + 1] - points["x_m"][k])
        return found

    def under(x: Floats, y: Floats, h: Floats) -> Under:
        lane, offset, s = map.nearest_lane(x, y, None, DRIVEN_KINDS)
        known = lane >= 0
        row = np.where(known, lane, 0)
        width = np.where(known, lanes["width_m"][row].astype(np.float64), np.nan)
        inside = known & (lanes["junction"][row] >= 0)
        on = known & (inside | (np.abs(offset) <= width / 2 + SHOULDER_M))
        along = np.where(on & ~inside, np.cos(h - direction(lane, s)), np.nan)
        mine, _, _ = map.nearest_lane(x, y, np.pi / 2 - h, DRIVEN_KINDS)  # the limit is that of the lane one drives on
        limit = np.where(mine >= 0, lanes["speed_limit_mps"][np.maximum(mine, 0)].astype(np.float64), np.nan)
        return Under(limit, width, on, along)

    return under


def stop_lines(map: Map) -> list[tuple[StopLine, bool]]:
    """Return a map's stop lines under ``node/phase``, each with whether one may turn right there at red."""
    table, found = map.stop_lines, []
    for k in range(len(table["x1_m"])):
        lane, junction = int(table["lane"][k]), int(table["junction"][k])
        if lane < 0 or junction < 0 or int(table["phase"][k]) <= 0:
            continue
        line = map.lane_line(lane)
        h = math.atan2(line[-1, 1] - line[-2, 1], line[-1, 0] - line[-2, 0])
        x1, y1, x2, y2 = (float(table[key][k]) for key in ("x1_m", "y1_m", "x2_m", "y2_m"))
        signal = f"{int(map.junctions['node'][junction])}/{int(table['phase'][k])}"
        right = bool(int(table["turn"][k]) & Turn.RIGHT)
        found.append((StopLine(signal, (x1 + x2) / 2, (y1 + y2) / 2, h, math.hypot(x2 - x1, y2 - y1)), right))
    return found
