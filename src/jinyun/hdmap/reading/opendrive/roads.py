"""The roads of an OpenDRIVE file as they stand there: profiles along them, lane sections, lanes, links."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.reading.opendrive import geometry, userdata
from jinyun.hdmap.reading.opendrive.geometry import MOST_COEFFICIENT, Curves, Floats, Piece
from jinyun.hdmap.reading.source import Source

KMH, MPH = 1 / 3.6, 0.44704
MOST_SPEED_MPS = 150.0
MOST_LANE_ID = 200
MOST_ASIDE_M = 50.0


@dataclass(frozen=True)
class Profile:
    """A quantity along a road, a cubic from each of ``s`` on; before the first it is 0."""

    s: Floats
    c: NDArray[np.float64]

    def at(self, s_m: Floats) -> Floats:
        """Return the values at stations."""
        if not len(self.s):
            return np.zeros(len(s_m))
        if len(self.s) == 1 and self.s[0] <= s_m[0]:
            (a, b, c2, c3), only = self.c[0], s_m - self.s[0]
            return a + only * (b + only * (c2 + only * c3)) if b or c2 or c3 else np.full(len(s_m), a)
        k = np.searchsorted(self.s, s_m + 1e-9, side="right") - 1
        row, d = np.maximum(k, 0), s_m - self.s[np.maximum(k, 0)]
        c = self.c[row]
        values: Floats = c[:, 0] + d * (c[:, 1] + d * (c[:, 2] + d * c[:, 3]))
        return np.where(k >= 0, values, 0.0)

    def steepest(self, start_m: Floats, end_m: Floats) -> tuple[Floats, Floats]:
        """Return bounds of the absolute first and second derivative within intervals in which no cubic begins."""
        if not len(self.s) or not self.c[:, 1:].any():
            return np.zeros(len(start_m)), np.zeros(len(start_m))
        k = np.maximum(np.searchsorted(self.s, (start_m + end_m) / 2, side="right") - 1, 0)
        c, d = self.c[k], np.stack([start_m, end_m]) - self.s[k]
        bend = np.abs(2 * c[:, 2] + 6 * c[:, 3] * d).max(axis=0)
        slope = np.abs(c[:, 1] + d * (2 * c[:, 2] + 3 * c[:, 3] * d)).max(axis=0) + bend * (end_m - start_m)
        return slope, bend


@dataclass(frozen=True)
class RoadLane:
    """A lane of a section; ``predecessors`` and ``successors`` are lane numbers in the direction of the road."""

    number: int
    kind: str
    width: Profile | None
    border: Profile | None
    predecessors: tuple[int, ...]
    successors: tuple[int, ...]
    speed_mps: float
    direction: str
    aside: Profile | None = None
    """How far its middle line runs to the left of halfway between its borders, where the file says it does."""


@dataclass
class Section:
    """A lane section; ``lanes`` from left to right without the centre lane."""

    start_m: float
    end_m: float
    lanes: list[RoadLane]


@dataclass(frozen=True)
class RoadLink:
    """What a road meets at one of its ends; ``contact`` is the other road's end, ``start`` or ``end``."""

    kind: str
    id: str
    contact: str


@dataclass
class Road:
    id: str
    name: str
    length_m: float
    junction: str
    left_hand: bool
    pieces: list[Piece]
    elevation: Profile
    superelevation: Profile
    offset: Profile
    sections: list[Section]
    before: RoadLink | None
    after: RoadLink | None
    speeds: list[tuple[float, float]] = field(default_factory=list)
    """Station from which a speed limit holds, and the limit [m/s], NaN where there is none."""
    first: int = 0
    """Row of its first piece among the curves of all roads."""
    curves: Curves | None = None

    def __post_init__(self) -> None:
        self.where = f"road {self.id}"
        self.starts = np.array([piece.s_m for piece in self.pieces])

    def pieces_at(self, s_m: Floats) -> tuple[NDArray[np.int64], Floats]:
        """Return the rows of the curves at stations, and how far from their beginnings the stations lie."""
        k = np.clip(np.searchsorted(self.starts, s_m + 1e-9, side="right") - 1, 0, len(self.starts) - 1)
        return k + self.first, s_m - self.starts[k]

    def line_at(self, s_m: Floats) -> tuple[Floats, Floats, Floats]:
        """Return x, y and heading of the reference line at stations."""
        assert self.curves is not None, "the curves of all roads are made at once, after the roads are read"
        return geometry.evaluate(self.curves, *self.pieces_at(s_m))


def curve_all(roads: Sequence[Road], source: Source) -> Curves:
    """Make the curves of all roads at once; raises :class:`MapError` where one is not what it says."""
    first = 0
    for road in roads:
        road.first = first
        first += len(road.pieces)
    made = geometry.curves([piece for road in roads for piece in road.pieces], source)
    for road in roads:
        road.curves = made
    return made


def read(element: ET.Element, source: Source) -> Road:
    """Return one road; raises :class:`MapError` naming the road and what is wrong in it."""
    id = element.get("id") or ""
    where = f"road {id}"
    if not id:
        raise source.fault("road", "has no id")
    length = source.length(element, "length", where)
    pieces = geometry.pieces(element, where, source)
    reach = pieces[-1].s_m + pieces[-1].length_m
    if abs(reach - length) > max(0.01 * length, 1.0):
        raise source.fault(where, f"is {length:g} m long, its plan view {reach:g} m")
    link = element.find("link")
    road = Road(
        id, element.get("name") or "", length, _junction(element.get("junction")), element.get("rule") == "LHT", pieces,
        _profile(element.iterfind("elevationProfile/elevation"), "s", 0.0, where, source),
        _profile(element.iterfind("lateralProfile/superelevation"), "s", 0.0, where, source),
        _profile(element.iterfind("lanes/laneOffset"), "s", 0.0, where, source),
        [], _link(link, "predecessor", source), _link(link, "successor", source),
        [_limit(kind, where, source) for kind in element.iterfind("type")],
    )  # fmt: skip
    road.sections = _sections(element, road, source)
    return road


def _junction(text: str | None) -> str:
    return "" if text in (None, "-1") else str(text)


def _link(link: ET.Element | None, way: str, source: Source) -> RoadLink | None:
    found = None if link is None else link.find(way)
    if found is None:
        return None
    if found.get("elementS") is not None:
        source.ignored["road link into the middle of a road"] += 1
        return None
    return RoadLink(found.get("elementType") or "road", found.get("elementId") or "", found.get("contactPoint") or "")


def _limit(kind: ET.Element, where: str, source: Source) -> tuple[float, float]:
    speed = kind.find("speed")
    return source.number(kind, "s", where, 0.0), math.nan if speed is None else _speed(speed, where, source)


def _speed(speed: ET.Element, where: str, source: Source) -> float:
    if speed.get("max") in (None, "no limit", "undefined", ""):
        return math.nan
    unit = {"km/h": KMH, "mph": MPH, "m/s": 1.0, None: 1.0, "": 1.0}.get(speed.get("unit"))
    if unit is None:
        raise source.fault(where, f"unit of a speed is {str(speed.get('unit'))[:20]!r}")
    value = source.number(speed, "max", where) * unit
    if value > MOST_SPEED_MPS:
        raise source.fault(where, f"a speed limit is {value:.0f} m/s")
    return value if value > 0 else math.nan  # 0 and negative numbers stand for "not known" in files


def _profile(items: Iterable[ET.Element], key: str, from_m: float, where: str, source: Source) -> Profile:
    found = list(items)
    if not found:
        return Profile(np.empty(0), np.empty((0, 4)))
    table = _table(found, key)
    if table is None:  # one by one, to say which it is
        rows = [[source.number(item, name, where, 0.0) for name in (key, *"abcd")] for item in found]
        table = np.array(rows, np.float64).reshape(-1, 5)
    table[:, 0] += from_m
    beyond = (np.abs(table) > MOST_COEFFICIENT).any(axis=1)
    if beyond.any():
        raise source.fault(where, f"a number of {found[int(np.argmax(beyond))].tag} is beyond {MOST_COEFFICIENT:g}")
    table = table[np.argsort(table[:, 0], kind="stable")]
    return Profile(table[:, 0].copy(), table[:, 1:].copy())


def _table(items: list[ET.Element], key: str) -> Floats | None:
    """Return the numbers of pieces of a profile, shape (n, 5), None where one is not there or is none."""
    texts = [item.get(name) for item in items for name in (key, "a", "b", "c", "d")]
    try:
        values = [float(text) for text in texts]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    table: Floats = np.array(values, np.float64).reshape(-1, 5)
    return table if np.isfinite(table).all() and "_" not in "".join(map(str, texts)) else None


def _sections(element: ET.Element, road: Road, source: Source) -> list[Section]:
    items = list(element.iterfind("lanes/laneSection"))
    starts = [source.number(item, "s", road.where) for item in items]
    if not items:
        raise source.fault(road.where, "has no lane section")
    if any(b <= a for a, b in pairwise(starts)):
        raise source.fault(road.where, "lane sections are not in ascending order of s")
    sections = []
    for number, (item, start) in enumerate(zip(items, starts, strict=True)):
        end = starts[number + 1] if number + 1 < len(starts) else road.length_m
        where = f"{road.where} laneSection {number}"
        if not -0.5 <= start <= road.length_m + 0.5:
            raise source.fault(where, f"begins at s={start:g} of a road of {road.length_m:g} m")
        lanes = [
            _lane(lane, start, where, source) for side in ("left", "right") for lane in item.iterfind(f"{side}/lane")
        ]
        if item.get("singleSide") == "true":
            source.ignored["laneSection singleSide"] += 1
        numbers = [lane.number for lane in lanes]
        if len(set(numbers)) < len(numbers):
            raise source.fault(where, "a lane's id comes twice")
        start, end = max(start, 0.0), min(end, road.length_m)
        sections.append(Section(start, max(end, start), sorted(lanes, key=lambda lane: -lane.number)))
    return sections


def _lane(element: ET.Element, from_m: float, where: str, source: Source) -> RoadLane:
    number = source.whole(element, "id", where)
    at = f"{where} lane {number}"
    if number == 0 or abs(number) > MOST_LANE_ID:
        raise source.fault(at, "a lane beside the centre has an id from 1 to 200 or -1 to -200")
    widths = _profile(element.iterfind("width"), "sOffset", from_m, at, source)
    borders = _profile(element.iterfind("border"), "sOffset", from_m, at, source)
    if element.get("level") == "true":
        source.ignored["lane level=true"] += 1
    links: dict[str, list[int]] = {"predecessor": [], "successor": []}
    for link in element.iterfind("link/*"):
        if link.tag in links:
            links[link.tag].append(source.whole(link, "id", at))
    speeds = [_speed(speed, at, source) for speed in element.iterfind("speed")]
    if len({speed for speed in speeds if speed == speed}) > 1:
        source.ignored["speed that changes within a lane"] += 1
    direction = element.get("direction") or "standard"
    if direction == "both" or element.get("type") == "bidirectional":
        source.ignored["other direction of a lane for both"] += 1
    return RoadLane(
        number, element.get("type") or "none", widths if len(widths.s) else None, borders if len(borders.s) else None,
        tuple(links["predecessor"]), tuple(links["successor"]), speeds[0] if speeds else math.nan, direction,
        _aside(element, from_m, at, source),
    )  # fmt: skip


def _aside(element: ET.Element, from_m: float, where: str, source: Source) -> Profile | None:
    """Return the profile of a middle line that is told in user data of ours, None where none is."""
    item = userdata.first(element, "middle")
    if item is None:
        return None
    s, t = np.array(userdata.numbers(item, where, source)).reshape(-1, 2).T
    if len(s) < 2 or (np.diff(s) <= 0).any() or np.abs(t).max() > MOST_ASIDE_M:
        raise source.fault(where, "has a middle line that does not lead along its road")
    slope = np.append(np.diff(t) / np.diff(s), 0.0)
    nothing = np.zeros(len(s))
    return Profile(s + from_m, np.column_stack([t, slope, nothing, nothing]))
