"""Roads with lanes and the links between them, in plain numbers: one place at a time, quickly."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.curve import simplified
from jinyun.trial.fault import TrialError

Cubics = tuple[tuple[float, tuple[float, float, float, float]], ...]
"""A quantity along a road: from each station on, the coefficients of a cubic of the metres since."""
DRIVEN = frozenset({"driving", "entry", "exit", "onRamp", "offRamp", "connectingRamp", "bidirectional", "bus", "taxi",
                    "HOV", "mwyEntry", "mwyExit", "special1", "special2", "special3", "slipLane"})  # fmt: skip


PICTURE_M = 2.5
"""Between points of a border in a picture."""
NEAR_M, FAR_M = 4.0, 64.0
"""How far around its last station somebody is looked for on a road, at first and at last."""


def value(cubics: Cubics, s_m: float) -> float:
    """Return a quantity at a station; before its first cubic it is 0."""
    if not cubics:
        return 0.0
    found = None
    for start, coefficients in cubics:
        if start > s_m + 1e-9:
            break
        found = s_m - start, coefficients
    if found is None:
        return 0.0
    d, (a, b, c, e) = found
    return a + d * (b + d * (c + d * e))


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane of a section; negative numbers lie right of the reference line, positive ones left."""

    number: int
    kind: str
    width: Cubics
    border: Cubics | None
    before: tuple[int, ...]
    after: tuple[int, ...]
    limit_mps: float
    against: bool = False
    """Whether traffic runs against what its side says (OpenDRIVE's ``direction="reversed"``)."""


@dataclass(frozen=True, slots=True)
class Section:
    """Lanes from a station on."""

    start_m: float
    end_m: float
    lanes: dict[int, Lane]


class End(NamedTuple):
    """What lies beyond an end of a road: a road and the end of it that is met, or a junction."""

    kind: str
    id: str
    contact: str


class Onward(NamedTuple):
    """A way on: road, lane, and whether it is travelled in the direction of rising stations."""

    road: str
    lane: int
    rising: bool


class Connection(NamedTuple):
    """A way through a junction."""

    incoming: str
    road: str
    contact: str
    lanes: dict[int, int]


class Place(NamedTuple):
    """A place in the plane with the direction of the road there, ``h_rad`` counter-clockwise from east."""

    x_m: float
    y_m: float
    h_rad: float


class Found(NamedTuple):
    """A place in road coordinates; ``lane`` is 0 beyond all lanes."""

    road: str
    s_m: float
    t_m: float
    lane: int


@dataclass(frozen=True)
class Road:
    """One road: samples of its reference line, its sections and ends."""

    id: str
    length_m: float
    junction: str
    left_hand: bool
    s_m: list[float]
    x_m: list[float]
    y_m: list[float]
    h_rad: list[float]
    offset: Cubics
    sections: tuple[Section, ...]
    before: End | None
    after: End | None
    limits: tuple[tuple[float, float], ...] = ()
    starts: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.starts.extend(section.start_m for section in self.sections)

    def section(self, s_m: float) -> Section:
        """Return the section at a station."""
        return self.sections[max(bisect_right(self.starts, s_m + 1e-9) - 1, 0)]

    def place(self, s_m: float, t_m: float) -> Place:
        """Return where a station and offset lie; beyond the road's ends, straight on."""
        s = self.s_m
        k = min(max(bisect_right(s, s_m) - 1, 0), len(s) - 2)
        span = s[k + 1] - s[k]
        d = s_m - s[k]
        h0, h1 = self.h_rad[k], self.h_rad[k + 1]
        if 0 <= d <= span:
            share = d / span
            h = h0 + share * (h1 - h0)
            mid = h0 + share * (h1 - h0) / 2  # the chord of a short arc leaves at half of what it turns
            x, y = self.x_m[k] + d * math.cos(mid), self.y_m[k] + d * math.sin(mid)
        else:
            base, h = (k, h0) if d < 0 else (k + 1, h1)
            beyond = s_m - s[base]
            x, y = self.x_m[base] + beyond * math.cos(h), self.y_m[base] + beyond * math.sin(h)
        return Place(x - t_m * math.sin(h), y + t_m * math.cos(h), h)

    def borders(self, lane: int, s_m: float) -> tuple[float, float]:
        """Return the offsets of a lane's inner and outer border at a station; raises ``KeyError``."""
        lanes = self.section(s_m).lanes
        side = 1 if lane > 0 else -1
        at = value(self.offset, s_m)
        inner = at
        for number in range(side, lane + side, side):
            inner = at
            of = lanes[number]
            at = value(of.border, s_m) if of.border is not None else at + side * value(of.width, s_m)
        return inner, at

    def middle(self, lane: int, s_m: float) -> float:
        """Return the offset of a lane's middle line at a station; lane 0 is the reference line with its lane offset."""
        if lane == 0:
            return value(self.offset, s_m)
        inner, outer = self.borders(lane, s_m)
        return (inner + outer) / 2

    def width(self, lane: int, s_m: float) -> float:
        """Return a lane's width at a station."""
        inner, outer = self.borders(lane, s_m)
        return abs(outer - inner)

    def lane_at(self, s_m: float, t_m: float, driven: bool = False) -> int:
        """Return the lane that an offset lies on, 0 beyond all; with ``driven`` the nearest one that is driven."""
        best, nearest = 0, math.inf
        for number, lane in self.section(s_m).lanes.items():
            if driven and lane.kind not in DRIVEN:
                continue
            inner, outer = self.borders(number, s_m)
            low, high = min(inner, outer), max(inner, outer)
            away = max(low - t_m, t_m - high, 0.0)
            if away < nearest - 1e-9 and high - low > 1e-3:
                best, nearest = number, away
        return best if driven or nearest <= 1e-9 else 0

    def rises(self, lane: int) -> bool:
        """Return whether traffic on a lane runs towards rising stations."""
        rising = lane < 0 or lane == 0
        if self.left_hand:
            rising = not rising
        of = self.sections[0].lanes.get(lane)
        return rising != (of is not None and of.against)

    def limit_mps(self, lane: int, s_m: float) -> float:
        """Return the speed limit on a lane, NaN where none is told."""
        of = self.section(s_m).lanes.get(lane)
        if of is not None and of.limit_mps == of.limit_mps:
            return of.limit_mps
        limit = math.nan
        for start, speed in self.limits:
            if start <= s_m + 1e-9:
                limit = speed
        return limit

    def station(self, x_m: float, y_m: float, near_m: float | None = None) -> tuple[float, float]:
        """Return station and offset of a place, searched around station ``near_m`` where that is given."""
        n = len(self.s_m)
        reach = math.inf if near_m is None else NEAR_M
        while True:
            lo = 0 if near_m is None else max(bisect_right(self.s_m, near_m - reach) - 1, 0)
            hi = n if near_m is None else min(bisect_right(self.s_m, near_m + reach) + 1, n)
            best, at = math.inf, lo
            for k in range(lo, hi):
                dx, dy = self.x_m[k] - x_m, self.y_m[k] - y_m
                away = dx * dx + dy * dy
                if away < best:
                    best, at = away, k
            if (lo < at < hi - 1) or reach >= FAR_M or (at == lo == 0) or (at == hi - 1 == n - 1):
                break
            reach *= 4
        s = self.s_m[at]
        for _ in range(3):  # a foot point by a few steps along the tangent
            p = self.place(s, 0.0)
            along = (x_m - p.x_m) * math.cos(p.h_rad) + (y_m - p.y_m) * math.sin(p.h_rad)
            s = min(max(s + along, 0.0), self.length_m)
            if abs(along) < 1e-4:
                break
        p = self.place(s, 0.0)
        return s, -(x_m - p.x_m) * math.sin(p.h_rad) + (y_m - p.y_m) * math.cos(p.h_rad)


class Roads(dict[str, "Road"]):
    """Roads by id; one that is not there is an error that names the file."""

    def __init__(self, roads: dict[str, Road], name: str) -> None:
        super().__init__(roads)
        self.name = name

    def __missing__(self, id: str) -> Road:
        raise TrialError(f"{self.name}: " + (f"no road {id!r}" if id else "something must be on a road and is on none"))


class Network:
    """All roads of a scenario and the junctions between them."""

    def __init__(self, roads: dict[str, Road], junctions: dict[str, list[Connection]], name: str = "") -> None:
        self.roads, self.junctions, self.name = Roads(roads, name), junctions, name
        self.kept: dict[tuple[object, ...], tuple[NDArray[np.float64], ...]] = {}
        """Ways that were walked already."""
        self._samples: tuple[NDArray[np.float64], NDArray[np.float64], list[tuple[str, int]]] | None = None

    def find(self, x_m: float, y_m: float, most_m: float = 30.0) -> Found | None:
        """Return the road coordinates of a place; the road on whose lanes it lies, else the nearest one."""
        if self._samples is None:
            rows = [(id, k) for id, road in self.roads.items() for k in range(0, len(road.s_m), 4)]
            self._samples = (
                np.array([self.roads[id].x_m[k] for id, k in rows]),
                np.array([self.roads[id].y_m[k] for id, k in rows]),
                rows,
            )
        x, y, rows = self._samples
        away = np.hypot(x - x_m, y - y_m)
        order = np.argsort(away, kind="stable")[:60]
        best: Found | None = None
        nearest, seen = math.inf, set()
        for k in order.tolist():
            id, sample = rows[k]
            if id in seen or away[k] > most_m + 5:
                continue
            seen.add(id)
            road = self.roads[id]
            s, t = road.station(x_m, y_m, road.s_m[sample])
            lane = road.lane_at(s, t)
            section = road.section(s).lanes
            driven = lane != 0 and section[lane].kind in DRIVEN
            score = abs(t) + (0.0 if driven else 50.0 if lane else 100.0)
            if driven:
                score = abs(t - road.middle(lane, s))
            if score < nearest:
                best, nearest = Found(id, s, t, lane), score
        return best

    def onward(self, road: str, lane: int, rising: bool) -> list[Onward]:
        """Return the ways on from the end of a lane that is travelled up or down its road."""
        of = self.roads[road]
        end = of.after if rising else of.before
        last = (of.sections[-1] if rising else of.sections[0]).lanes.get(lane)
        links = () if last is None else last.after if rising else last.before
        if end is None:
            return []
        if end.kind == "junction":
            found = []
            for connection in self.junctions.get(end.id, []):
                if connection.incoming == road and lane in connection.lanes and connection.road in self.roads:
                    found.append(Onward(connection.road, connection.lanes[lane], connection.contact == "start"))
            return found
        if end.id not in self.roads:
            return []
        up = end.contact == "start"
        if links:
            return [Onward(end.id, link, up) for link in links]
        same = lane if up == rising else -lane
        section = self.roads[end.id].sections[0 if up else -1]
        return [Onward(end.id, same, up)] if same in section.lanes else []

    def through(self, road: Road, lane: int, from_m: float, to_m: float) -> int:
        """Return which lane a lane has become at another station of its road, following links between sections."""
        rising = to_m >= from_m
        k = max(bisect_right(road.starts, from_m + 1e-9) - 1, 0)
        end = max(bisect_right(road.starts, to_m + 1e-9) - 1, 0)
        while k != end:
            links = road.sections[k].lanes[lane].after if rising else road.sections[k].lanes[lane].before
            k += 1 if rising else -1
            if links and links[0] in road.sections[k].lanes:
                lane = links[0]
            elif lane not in road.sections[k].lanes:
                numbers = [n for n in road.sections[k].lanes if n * lane > 0]
                if not numbers:
                    return lane
                lane = max(numbers, key=abs)
        return lane

    def turn_rad(self, way: Onward) -> float:
        """Return by how much a road turns from one end to the other."""
        road = self.roads[way.road]
        total = sum(road.h_rad[k + 1] - road.h_rad[k] for k in range(len(road.h_rad) - 1))
        return total if way.rising else -total

    def lanes(self) -> Iterator[tuple[Road, Section, Lane]]:
        """Yield every lane of every section."""
        for road in self.roads.values():
            for section in road.sections:
                for lane in section.lanes.values():
                    yield road, section, lane

    def lines(self) -> list[list[tuple[float, float]]]:
        """Return the borders of all lanes as polylines, for pictures."""
        found = []
        for road in self.roads.values():
            for section in road.sections:
                count = max(int((section.end_m - section.start_m) / PICTURE_M), 1)
                stations = [section.start_m + (section.end_m - section.start_m) * k / count for k in range(count + 1)]
                for number in section.lanes:
                    for side in (0, 1):
                        if side == 0 and abs(number) > 1:
                            continue  # it is the outer border of the lane within
                        places = [road.place(s, road.borders(number, s)[side]) for s in stations]
                        kept = simplified(np.array([(p.x_m, p.y_m) for p in places]), 0.05)
                        found.append([(round(float(x), 2), round(float(y), 2)) for x, y in kept])
        return found
