"""A line as one ribbon (线路里程): stations along its whole course, with the stops and the lights that lie on it in order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map
from jinyun.hdmap.courses import Course, courses
from jinyun.zone import TransitLine, Zone

Floats = NDArray[np.float64]
EVERY_M = 4.0
SPEEDS_MPS = {"shuttle": 11.2, "bus": 17.0}
"""As fast as a line's vehicles go where nothing limits them."""
OFF_M = 18.0
"""Who is farther from the middle of the line's lane is not on the line."""
ASKEW_RAD = 1.2
BACK_M, ON_M = 25.0, 120.0
"""From one look to the next a vehicle is found so far back or on before the whole line is searched."""
_DRIVEN = (LaneKind.CAR, LaneKind.BUS)


class Event(NamedTuple):
    """Something on the way: a stop (``stop`` its id), or a light (``node``, ``phase``), ``s_m`` along the line."""

    s_m: float
    stop: str
    node: int = 0
    phase: int = 0


@dataclass(frozen=True)
class Ribbon:
    """One line; ``s_m`` wraps at ``length_m`` where it is a loop."""

    line: TransitLine
    loop: bool
    length_m: float
    s_m: Floats
    x_m: Floats
    y_m: Floats
    heading_rad: Floats
    limit_mps: Floats
    events: tuple[Event, ...]

    @property
    def stops(self) -> tuple[Event, ...]:
        """The stops in the order in which they are served."""
        return tuple(event for event in self.events if event.stop)

    def locate(self, x_m: float, y_m: float, heading_rad: float, before_m: float = np.nan) -> float:
        """Return how far along the line a vehicle is, NaN where it is not on it; ``before_m`` is where it was last."""
        away = np.hypot(self.x_m - x_m, self.y_m - y_m)
        askew = np.abs((self.heading_rad - heading_rad + np.pi) % (2 * np.pi) - np.pi)
        away = np.where(askew <= ASKEW_RAD, away, np.inf)
        if np.isfinite(before_m):
            on = self.on_m(before_m, self.s_m)
            near = np.where((on >= -BACK_M) & (on <= ON_M), away, np.inf)
            if near.min() <= OFF_M:
                return self._beside(int(np.argmin(near)), x_m, y_m)
        best = int(np.argmin(away))
        return self._beside(best, x_m, y_m) if away[best] <= OFF_M else float("nan")

    def _beside(self, k: int, x_m: float, y_m: float) -> float:
        """Return the station beside a place that is nearest to row ``k``."""
        sin, cos = np.sin(self.heading_rad[k]), np.cos(self.heading_rad[k])
        on = (x_m - self.x_m[k]) * sin + (y_m - self.y_m[k]) * cos
        s = float(self.s_m[k] + np.clip(on, -EVERY_M / 2, EVERY_M / 2))
        return s % self.length_m if self.loop else min(max(s, 0.0), self.length_m)

    @cached_property
    def _free_s(self) -> Floats:
        """Seconds from the first station to each at the limits, or as fast as such vehicles go."""
        mps = np.minimum(self.limit_mps, SPEEDS_MPS[self.line.kind])
        return np.append(0.0, np.cumsum(np.diff(np.append(self.s_m, self.length_m)) / mps))

    def free_mps(self, from_m: float, metres: float) -> float:
        """Return the free speed from a station on for some metres; round a loop as often as they reach."""
        s, whole = np.append(self.s_m, self.length_m), float(self._free_s[-1])

        def at(m: float) -> float:
            return m // self.length_m * whole + float(np.interp(m % self.length_m, s, self._free_s))

        metres = max(metres, EVERY_M)
        to = from_m + metres if self.loop else min(from_m + metres, self.length_m - 1e-6)
        return max(to - from_m, 1e-6) / max(at(to) - at(from_m), 1e-6) if to > from_m else SPEEDS_MPS[self.line.kind]

    def on_m(self, from_m: float, to_m: Floats | float) -> Floats:
        """Return the metres from one station on to others; on a loop the shorter way round, negative where that is back."""
        on = np.asarray(to_m, np.float64) - from_m
        if self.loop:
            on = (on + self.length_m / 2) % self.length_m - self.length_m / 2
        return on


def ribbons(zone: Zone, map: Map) -> list[Ribbon]:
    """Return the zone's lines; raises :class:`~jinyun.hdmap.MapError` where a line does not fit the map."""
    return [_ribbon(map, course) for course in courses(zone, map)]


def _ribbon(map: Map, course: Course) -> Ribbon:
    row_of = {str(id): row for row, id in enumerate(map.edges["id"].tolist())}
    edges = [row_of[name] for name in course.edges]
    following = [*edges[1:], edges[0] if course.loop else -1]
    stop_row = {str(id): row for row, id in enumerate(map.stops["id"].tolist())}
    pieces: list[tuple[Floats, Floats, Floats, Floats]] = []
    events, at, served = [], 0.0, set()
    for edge, onward in zip(edges, following, strict=True):
        lane = _lane(map, edge)
        for stop in course.stops:
            row = stop_row[stop]
            if stop not in served and int(map.lanes["edge"][map.stops["lane"][row]]) == edge:
                served.add(stop)
                events.append(Event(at + float(map.stops["end_m"][row]), stop))
        at = _lay(map, lane, at, pieces)
        link = _link(map, edge, onward)
        if link < 0:
            continue
        group = int(map.links["group"][link])
        if group >= 0 and map.junctions["steps"][map.groups["junction"][group]] > 0:
            node = int(map.junctions["node"][map.groups["junction"][group]])
            events.append(Event(at - 1.0, "", node, int(map.groups["phase"][group])))
        for via in _through(map, int(map.links["via"][link]), int(map.links["end"][link])):
            at = _lay(map, via, at, pieces)
    s, x, y, limit = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    ends = np.append(np.diff(x), x[-1] - x[-2]), np.append(np.diff(y), y[-1] - y[-2])
    heading = np.arctan2(*ends)
    if course.loop:  # every station lies ahead of every other
        events = [event._replace(s_m=event.s_m % at) for event in events]
    events.sort(key=lambda event: event.s_m)
    return Ribbon(course.line, course.loop, at, s, x, y, heading, limit, tuple(events))


def _lane(map: Map, edge: int) -> int:
    """Return the rightmost driven lane of an edge."""
    first, count = int(map.edges["first"][edge]), int(map.edges["count"][edge])
    driven = [lane for lane in range(first, first + count) if map.lanes["kind"][lane] in _DRIVEN]
    return min(driven, key=lambda lane: int(map.lanes["index"][lane]))


def _link(map: Map, edge: int, onward: int) -> int:
    """Return a link from one edge to another for cars, -1 where there is none."""
    if onward < 0:
        return -1
    edge_of, kind = map.lanes["edge"], map.lanes["kind"]
    start, end = map.links["start"], map.links["end"]
    found = np.flatnonzero((edge_of[start] == edge) & (edge_of[end] == onward) & np.isin(kind[start], _DRIVEN))
    return int(found[0]) if len(found) else -1


def _through(map: Map, via: int, end: int) -> list[int]:
    """Return the lanes inside a junction from ``via`` on to the lane ``end``: a turn may have a part to wait in."""
    found: list[int] = []
    while via >= 0 and via != end and len(found) < 4:
        found.append(via)
        onward = map.successors_of(via).tolist()
        via = end if end in onward else next((lane for lane in onward if map.lanes["junction"][lane] >= 0), -1)
    return found


def _lay(map: Map, lane: int, at: float, pieces: list[tuple[Floats, Floats, Floats, Floats]]) -> float:
    """Lay a lane's middle line behind what is there; return the station of its end."""
    line = map.lane_line(lane)
    first = int(map.lanes["first"][lane])
    s = map.points["s_m"][first : first + len(line)].astype(np.float64)
    length = float(map.lanes["length_m"][lane])
    scale = length / max(float(s[-1]), 1e-6)
    grid = np.arange(0.0, length, EVERY_M)
    x, y = np.interp(grid, s * scale, line[:, 0]), np.interp(grid, s * scale, line[:, 1])
    limit = float(map.lanes["speed_limit_mps"][lane])
    pieces.append((at + grid, x, y, np.full(len(grid), limit if limit > 0 else 11.0)))
    return at + length
