"""Judging a drive (评判) by the simulation's truth and the map alone; nothing here is shared with the planner.

Contacts are those of oriented bodies (separating axes). A red light is run where the front passes a stop line of the map
while the simulation shows red for that way. Lanes are the map's: outside of junctions every corner of the body must lie
on driven lanes of its direction, and on one of them unless it indicates; inside a junction the middle stays within 1.5 m
of a way through it. A stop is measured along the lane of the map, from its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map
from jinyun.shapes import Kind
from jinyun.world.motion import STEP_S, Snapshot
from jinyun.zone.profile import Profile

DRIVEN = (LaneKind.CAR, LaneKind.BUS, LaneKind.INNER)
NEAR_M = 18.0
STANDS_MPS = 0.3
INSIDE_M = 1.5
BORDER_M = 0.05
"""A corner may stand so far over a border: what the map's own lines are worth."""
HARD_MPS2 = -2.5
Floats = NDArray[np.float64]


@dataclass(slots=True)
class Drive:
    """What was found of one drive."""

    contacts: list[dict[str, Any]] = field(default_factory=list)
    reds: list[dict[str, Any]] = field(default_factory=list)
    departures: list[dict[str, Any]] = field(default_factory=list)
    wrong_way: list[dict[str, Any]] = field(default_factory=list)
    stop_errors_m: list[float] = field(default_factory=list)
    moving_steps: int = 0
    comfortable_steps: int = 0
    emergency_steps: int = 0
    hard_brakings: int = 0
    discomforts: dict[str, int] = field(default_factory=dict)
    """Uncomfortable steps by what the shuttle was doing and by what was felt: braking, gaining, jerk, sideways."""
    braked_hard_for: dict[str, int] = field(default_factory=dict)
    least_ttc_s: float = np.inf
    least_gap_m: float = np.inf
    metres: float = 0.0


class Judge:
    """Watches one vehicle (its ``number`` in snapshots, its ``id`` in the simulation) step by step."""

    def __init__(self, map: Map, api: Any, id: str, number: int, edges: list[str], profile: Profile) -> None:
        self._map, self._api, self._id, self._number = map, api, id, number
        self.drive = Drive()
        names = ("comfort_accel_mps2", "comfort_jerk_mps3", "comfort_lateral_mps2")
        self._limits = tuple(profile[f"shuttle.{name}"].value for name in names)
        self._touching: set[int] = set()
        self._out = self._wrong = self._braking = False
        self._before: tuple[float, float] | None = None
        self._accel = np.nan
        self._speeds: list[float] = []
        self._lines = self._stop_lines(edges)

    def _stop_lines(self, edges: list[str]) -> list[tuple[tuple[float, ...], str, str, int, str]]:
        """Return the stop lines on the way: ends (4), light, lane, index of the way's link, edge."""
        found, following = [], dict(pairwise(edges))
        map, api = self._map, self._api
        links: dict[tuple[str, str], tuple[str, int]] = {}
        for light in api.trafficlight.getIDList():
            for index, ways in enumerate(api.trafficlight.getControlledLinks(light)):
                for start, end, _ in ways:
                    links[start, str(end).rpartition("_")[0]] = light, index
        for row in range(len(map.stop_lines["lane"])):
            lane = str(map.lanes["id"][map.stop_lines["lane"][row]])
            edge = lane.rpartition("_")[0]
            if (lane, following.get(edge, "")) in links:
                light, index = links[lane, following[edge]]
                ends = tuple(float(map.stop_lines[f"{c}{k}_m"][row]) for k in (1, 2) for c in "xy")
                found.append((ends, light, lane, index, edge))
        return found

    def watch(self, now: Snapshot, indicates: bool) -> None:
        """Judge one step."""
        k = int(np.flatnonzero(now.number == self._number)[0])
        x, y, heading = float(now.x_m[k]), float(now.y_m[k]), float(now.heading_rad[k])
        speed, long, wide = float(now.speed_mps[k]), float(now.length_m[k]), float(now.width_m[k])
        self._contacts(now, k, speed)
        front = x + long / 2 * np.sin(heading), y + long / 2 * np.cos(heading)
        if self._before is not None:
            self._reds(now.time_s, self._before, (float(front[0]), float(front[1])))
            self.drive.metres += float(np.hypot(front[0] - self._before[0], front[1] - self._before[1]))
        self._before = front
        if speed > STANDS_MPS:
            self._lanes(now.time_s, x, y, heading, long, wide, indicates)

    def comfort(
        self, accel_mps2: float, lateral_mps2: float, speed_mps: float, emergency: bool, reason: str = ""
    ) -> None:
        """Take the acceleration of a step as the body really had it, and why; steps outside of emergencies count."""
        jerk = (accel_mps2 - self._accel) / STEP_S if np.isfinite(self._accel) else 0.0
        self._accel = accel_mps2
        braking = accel_mps2 < HARD_MPS2
        if braking and not self._braking:
            self.drive.hard_brakings += 1
            self.drive.braked_hard_for[reason] = self.drive.braked_hard_for.get(reason, 0) + 1
        self._braking = braking
        if emergency:
            self.drive.emergency_steps += 1
        elif speed_mps > 0.01 or abs(accel_mps2) > 0.01:
            self.drive.moving_steps += 1
            felt = (accel_mps2, jerk, lateral_mps2)
            over = [abs(its) > most for its, most in zip(felt, self._limits, strict=True)]
            self.drive.comfortable_steps += not any(over)
            if any(over):
                what = ("braking" if accel_mps2 < 0 else "gaining") if over[0] else "jerk" if over[1] else "sideways"
                name = f"{reason}_{what}"
                self.drive.discomforts[name] = self.drive.discomforts.get(name, 0) + 1

    def stopped(self, stop: str, front_xy: tuple[float, float], before_end_m: float) -> None:
        """Take a stop at ``stop``: the front should stand ``before_end_m`` before the stop's end."""
        row = [str(id) for id in self._map.stops["id"]].index(stop)
        lane = int(self._map.stops["lane"][row])
        line = self._map.lane_line(lane)
        s = np.append(0.0, np.hypot(*np.diff(line, axis=0).T).cumsum())
        leg = np.diff(line, axis=0)
        u = ((front_xy - line[:-1]) * leg).sum(1) / (leg**2).sum(1)
        foot = line[:-1] + np.clip(u, 0, 1)[:, None] * leg
        k = int(np.argmin(np.hypot(*(foot - front_xy).T)))
        at = s[k] + np.clip(u[k], 0, 1) * np.hypot(*leg[k])
        self.drive.stop_errors_m.append(float(at - (self._map.stops["end_m"][row] - before_end_m)))

    def _contacts(self, now: Snapshot, k: int, speed: float) -> None:
        near = np.flatnonzero(np.hypot(now.x_m - now.x_m[k], now.y_m - now.y_m[k]) < NEAR_M)
        near = near[near != k]
        own = _corners(now, k)
        sin, cos = np.sin(now.heading_rad[k]), np.cos(now.heading_rad[k])
        touching = set()
        for j in near.tolist():
            dx, dy = now.x_m[j] - now.x_m[k], now.y_m[j] - now.y_m[k]
            along, across = dx * sin + dy * cos, dx * cos - dy * sin
            if apart(own, _corners(now, j)):
                self._ahead(now, k, j, float(along), float(across))
                continue
            number = int(now.number[j])
            touching.add(number)
            if number not in self._touching:
                behind = along < -now.length_m[k] / 2 * 0.6
                self.drive.contacts.append({
                    "t_s": round(now.time_s, 1), "kind": Kind(int(now.kind[j])).name, "number": number,
                    "speed_mps": round(speed, 2), "other_mps": round(float(now.speed_mps[j]), 2),
                    "at_fault": bool(speed > STANDS_MPS and not behind),
                    "along_m": round(float(along), 1), "across_m": round(float(across), 1),
                    "x_m": round(float(now.x_m[k]), 1), "y_m": round(float(now.y_m[k]), 1),
                })  # fmt: skip
        self._touching = touching

    def _ahead(self, now: Snapshot, k: int, j: int, along: float, across: float) -> None:
        """Note the time to collision with who is straight ahead, at the speeds of now."""
        turn = float(now.heading_rad[j] - now.heading_rad[k])
        half = abs(np.cos(turn)) * now.width_m[j] / 2 + abs(np.sin(turn)) * now.length_m[j] / 2
        if along <= 0 or abs(across) > half + now.width_m[k] / 2:
            return
        reach = abs(np.cos(turn)) * now.length_m[j] / 2 + abs(np.sin(turn)) * now.width_m[j] / 2
        gap = along - reach - now.length_m[k] / 2
        closing = float(now.speed_mps[k] - now.speed_mps[j] * np.cos(turn))
        if now.speed_mps[k] > 1.0 and gap > 0:
            self.drive.least_gap_m = min(self.drive.least_gap_m, float(gap))
            if closing > 0.3:
                self.drive.least_ttc_s = min(self.drive.least_ttc_s, float(gap / closing))

    def _reds(self, time_s: float, a: tuple[float, float], b: tuple[float, float]) -> None:
        for ends, light, lane, index, _ in self._lines:
            if abs(ends[0] - b[0]) > 15 or not _crosses(a, b, (ends[0], ends[1]), (ends[2], ends[3])):
                continue
            state = self._api.trafficlight.getRedYellowGreenState(light)[index]
            if state in "rRu":
                self.drive.reds.append({"t_s": round(time_s, 1), "light": light, "lane": lane, "state": state})

    def _lanes(
        self, time_s: float, x: float, y: float, heading: float, long: float, wide: float, indicates: bool
    ) -> None:
        map = self._map
        points = np.vstack([_outline(x, y, heading, long, wide), (x, y)])
        found, offs, _ = map.nearest_lane(points[:, 0], points[:, 1], heading, DRIVEN)
        own, middle, lanes, off = int(found[4]), float(offs[4]), found[:4], offs[:4]
        if own < 0:
            return self._depart(time_s, x, y, "off the map")
        inside = (map.lanes["junction"][found] >= 0).tolist()
        reason = ""
        if any(inside):
            if abs(middle) > INSIDE_M:
                reason = "off the way through a junction"
        else:
            over = np.abs(off) - map.lanes["width_m"][lanes] / 2
            if (over > BORDER_M).any():
                reason = "off the driven lanes"
            elif (
                len(set(lanes.tolist())) > 1
                and not indicates
                and len(set(map.lanes["edge"][lanes].tolist())) == 1
                and _straddle(map, own, x, y, heading, wide) > BORDER_M
            ):
                reason = "over a line without indicating"
        if reason:
            self._depart(time_s, x, y, reason)
        else:
            self._out = False
        against = False
        if not any(inside):
            bare, _, _ = map.nearest_lane(x, y, None, (*DRIVEN, LaneKind.BICYCLE, LaneKind.INNER_BICYCLE))
            against = _against(map, int(bare[0]), x, y, heading)
        if against and not self._wrong:
            self.drive.wrong_way.append({"t_s": round(time_s, 1), "x_m": round(x, 1), "y_m": round(y, 1)})
        self._wrong = against

    def _depart(self, time_s: float, x: float, y: float, reason: str) -> None:
        if not self._out:
            self.drive.departures.append(
                {"t_s": round(time_s, 1), "x_m": round(x, 1), "y_m": round(y, 1), "reason": reason}
            )
        self._out = True


def _outline(x: float, y: float, heading: float, long: float, wide: float) -> Floats:
    sin, cos = np.sin(heading), np.cos(heading)
    ends = ((1, 1), (1, -1), (-1, -1), (-1, 1))
    half_l, half_w = long / 2, wide / 2
    return np.array(
        [[x + a * half_l * sin + b * half_w * cos, y + a * half_l * cos - b * half_w * sin] for a, b in ends]
    )


def _corners(now: Snapshot, k: int) -> Floats:
    return _outline(
        float(now.x_m[k]), float(now.y_m[k]), float(now.heading_rad[k]), float(now.length_m[k]), float(now.width_m[k])
    )


def apart(a: Floats, b: Floats) -> bool:
    """Return whether two convex outlines (n, 2) have a line between them."""
    for outline in (a, b):
        for k in range(len(outline)):
            edge = outline[(k + 1) % len(outline)] - outline[k]
            across = np.array([-edge[1], edge[0]])
            one, other = a @ across, b @ across
            if one.max() < other.min() or other.max() < one.min():
                return True
    return False


def _crosses(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]) -> bool:
    def side(p: tuple[float, float], q: tuple[float, float], r: tuple[float, float]) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) <= 0 and a != b


def _straddle(map: Map, lane: int, x: float, y: float, heading: float, wide: float) -> float:
    """Return by how much the body's sides stand over the borders of a lane."""
    _, off, _ = map.nearest_lane(x, y, heading, [int(map.lanes["kind"][lane])])
    return float(abs(off[0]) + wide / 2 - map.lanes["width_m"][lane] / 2)


def _against(map: Map, lane: int, x: float, y: float, heading: float) -> bool:
    if lane < 0:
        return False
    line = map.lane_line(lane)
    k = int(np.argmin(np.hypot(line[:-1, 0] - x, line[:-1, 1] - y)))
    way = np.arctan2(*(line[k + 1] - line[k]))
    return bool(np.cos(way - heading) < 0)
