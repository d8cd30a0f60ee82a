"""Events and signs that hold now (道路事件与标志): what roadside units announce in RSI, and what the zone itself declares.

Each is kept under its sender's number until its end time, or until it has not been heard for :data:`SILENT_S`: RSI has no
way to call one back. Where it holds is worked out once, on lanes: its reference paths and links; without these the
round area around its place; without a radius the road that is nearest to it. Codes of GB/T 29100 (events) and GB 5768.2
(signs) are kept as numbers: how class and subclass become one number depends on the maker, so none is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.lanes import DRIVEN
from jinyun.cloud.prediction.roadway import Roadway
from jinyun.cloud.sight import MINUTE_US, Projection
from jinyun.cloud.upstream import NO_STRETCHES, Stretches, Upstream, backwards, gathered, leading
from jinyun.cloud.window import RsiHeard
from jinyun.hdmap import Map
from jinyun.shapes import Finding

Floats = NDArray[np.float64]


class Posting(IntEnum):
    """What somebody announced."""

    EVENT = 1
    """Something dangerous or in the way."""
    SIGN = 2
    TOLL = 3
    """A place where one pays in passing."""


POSTED = np.dtype(
    [
        ("number", np.int32),  # its own as long as it holds
        ("source", np.uint32),  # row of the sender, OWN for the zone itself
        ("posting", np.uint8),  # Posting
        ("code", np.uint16),  # GB/T 29100 for events, GB 5768.2 for signs, as sent
        ("priority", np.uint8),  # 0 lowest to 7
        ("certainty", np.float32),  # 0 to 1, 1 where nobody says
        ("x_m", np.float64),  # its place; NaN where only paths or links tell
        ("y_m", np.float64),
        ("start_us", np.int64),
        ("end_us", np.int64),  # 0 open
        ("limit_mps", np.float32),  # a speed limit that it sets, NaN none
        ("price_yuan", np.float32),  # NaN none
    ]
)
"""Posted 发布信息: an event, a sign or a toll that holds."""
OWN = 0xFFFF_FFFF
"""The sender of what the zone declares."""
MOST, MOST_OF_ONE = 256, 64
"""Held at once, in all and of one sender."""
NEW_AT_ONCE = 4
"""Placed on lanes in one step; others wait for the next."""
SILENT_S = 60.0
FARTHEST_M = 200_000.0
NO_MINUTE = 527_040
SAMPLE_M = 4.0
"""Lanes are looked at this often for the area that something covers."""
AGAINST_RAD = np.pi / 3
"""A lane whose course differs more from a path's is none of it."""
ASIDE_M = 25.0
"""Farther from any lane something holds nowhere."""
ABREAST_M = 3.0
ABSOLUTE = "position-LatLon"
_LIMIT = re.compile(r"(?:限速|speed limit)\D{0,4}(\d{1,3})", re.IGNORECASE)
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


class Declared(Protocol):
    """What of a sign, hazard or toll in ``zone.toml`` is read here."""

    @property
    def x_m(self) -> float: ...
    @property
    def y_m(self) -> float: ...
    @property
    def code(self) -> int: ...
    @property
    def radius_m(self) -> float: ...
    @property
    def path(self) -> Sequence[tuple[float, float]]: ...
    @property
    def limit_kmh(self) -> float | None: ...
    @property
    def price_yuan(self) -> float | None: ...


@dataclass(frozen=True)
class Posted:
    """What holds at one instant: rows of POSTED, on which stretches (``place`` is the row), and from where one gets there."""

    rows: NDArray[np.void]
    stretches: Stretches
    to: Upstream

    def __len__(self) -> int:
        return len(self.rows)


NOTHING = Posted(
    np.empty(0, POSTED), NO_STRETCHES,
    Upstream(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0), np.zeros(0), np.zeros(0)),
)  # fmt: skip


class _Area(NamedTuple):
    """Where something holds: lines with a radius (of one point: round), links, or only its place."""

    x_m: float
    y_m: float
    radius_m: float
    paths: tuple[tuple[tuple[tuple[float, float], ...], float], ...]
    links: tuple[tuple[int, int, int], ...]  # upstream node, downstream node, lanes as bits from lane 1 up, 0 all


@dataclass
class _Held:
    row: NDArray[np.void]
    signature: str
    area: _Area
    last_us: int
    version: int
    stretches: Stretches | None = None
    leading: Floats = field(default_factory=lambda: np.empty((0, 5)))


class RoadEvents:
    """All events and signs of a zone; :meth:`hear` what comes, :meth:`step` once a frame."""

    def __init__(self, road: Roadway | None, project: Projection, name_of: Callable[[int], str] = str) -> None:
        """Begin with nothing; without a map nothing holds anywhere, but is kept. ``name_of`` names a sender's row."""
        self.project, self._name_of = project, name_of
        self._held: dict[tuple[int, int, int], _Held] = {}
        self._next = 0
        self._posted = NOTHING
        self._shown: tuple[int, ...] = ()
        self._told_full: set[int] = set()
        self.on(road)

    def __len__(self) -> int:
        return len(self._held)

    def on(self, road: Roadway | None) -> None:
        """Take another revision of the map; everything is placed anew."""
        self.road = road
        self._back = backwards(road.roads) if road is not None else None
        self._samples = _sampled(road) if road is not None else None
        self._shown, self._posted = (), NOTHING
        for held in self._held.values():
            held.stretches = None

    def declare(self, posting: Posting, items: Iterable[Declared], now_us: int) -> None:
        """Take what the zone declares; it holds without an end."""
        for item in items:
            row = np.zeros((), POSTED)
            row["posting"], row["code"], row["certainty"], row["source"] = posting, item.code, 1.0, OWN
            row["x_m"], row["y_m"], row["start_us"] = item.x_m, item.y_m, 0
            row["limit_mps"] = item.limit_kmh / 3.6 if item.limit_kmh is not None else np.nan
            row["price_yuan"] = item.price_yuan if item.price_yuan is not None else np.nan
            line = tuple((float(x), float(y)) for x, y in item.path)
            paths = ((line, item.radius_m),) if line else ()
            area = _Area(item.x_m, item.y_m, item.radius_m, paths, ())
            self._keep((OWN, int(posting), self._next), row, repr(area), area, now_us)

    def hear(self, heard: Iterable[RsiHeard]) -> list[Finding]:
        """Take RSI messages; what cannot be held is told."""
        findings: list[Finding] = []
        for source, receive_us, value in heard:
            own = sum(key[0] == source for key in self._held)
            for posting, rows, id in ((Posting.EVENT, "rtes", "rteId"), (Posting.SIGN, "rtss", "rtsId")):
                for item in value.get(rows, ()):
                    key = (source, int(posting), int(item[id]))
                    if key not in self._held and (len(self._held) >= MOST or own >= MOST_OF_ONE):
                        if source not in self._told_full:
                            self._told_full.add(source)
                            reason = (
                                f"{own} events and signs of this unit and {len(self._held)} in all are held; no more"
                            )
                            findings.append(Finding("road.full", self._name_of(source), rows, reason, receive_us))
                        continue
                    own += key not in self._held
                    fault = self._take(key, posting, item, value["refPos"], receive_us)
                    if fault:
                        name = self._name_of(source)
                        findings.append(Finding("road.place", name, f"{rows} {item[id]}", fault, receive_us))
        return findings

    def forget(self, sources: Iterable[int]) -> None:
        """Let go of what senders announced whose rows others may get now."""
        gone = set(sources)
        self._held = {key: held for key, held in self._held.items() if key[0] not in gone}
        self._told_full -= gone

    def step(self, now_us: int) -> Posted:
        """Return what holds now; the same object as before where nothing changed."""
        for key in [key for key, held in self._held.items() if _over(key, held, now_us)]:
            del self._held[key]
        if self.road is None or self._back is None:
            return NOTHING
        fresh = 0
        for held in self._held.values():
            if held.stretches is None and fresh < NEW_AT_ONCE:
                held.stretches = self._placed(held.area)
                held.leading = leading(self.road.roads, self._back, held.stretches)
                self._name_place(held)
                fresh += 1
        shown = [held for held in self._held.values() if held.stretches is not None and held.row["start_us"] <= now_us]
        versions = tuple(held.version for held in shown)
        if versions == self._shown:
            return self._posted
        self._shown = versions
        parts = [replace(h.stretches, place=np.full(len(h.stretches.lane), k, np.int32))
                 for k, h in enumerate(shown) if h.stretches is not None]  # fmt: skip
        if not parts:
            self._posted = NOTHING
            return NOTHING
        whole = Stretches(*(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS))
        rows = np.array([held.row[()] for held in shown], POSTED)
        led = np.concatenate([held.leading for held in shown])
        led[:, 1] = np.repeat(np.arange(len(shown)), [len(held.leading) for held in shown])
        self._posted = Posted(rows, whole, gathered(led, len(self.road.roads.first)))
        return self._posted

    def _take(
        self,
        key: tuple[int, int, int],
        posting: Posting,
        item: Mapping[str, Any],
        origin: Mapping[str, Any],
        at_us: int,
    ) -> str:
        """Keep one event or sign; return what is wrong with its place, "" nothing."""
        signature = repr((origin, item))
        held = self._held.get(key)
        if held is not None and held.signature == signature:
            held.last_us = at_us
            return ""
        row, area = np.zeros((), POSTED), self._area(item, origin)
        if not max(abs(area.x_m), abs(area.y_m)) < FARTHEST_M and not area.paths and not area.links:
            return "has no place in the zone: neither a position nearer than 200 km nor a path nor a link"
        details = item.get("timeDetails", {})
        priority = item.get("priority", b"\0")
        row["posting"], row["source"] = posting, key[0]
        row["code"] = item["eventType"] if posting == Posting.EVENT else item["signType"]
        row["priority"], row["x_m"], row["y_m"] = priority[0] >> 5, area.x_m, area.y_m
        row["certainty"] = item["eventConfidence"] / 200 if "eventConfidence" in item else 1.0
        row["start_us"] = instant_us(details.get("startTime", NO_MINUTE), at_us)
        row["end_us"] = instant_us(details.get("endTime", NO_MINUTE), at_us)
        row["limit_mps"] = _limit_mps(item.get("description")) if posting == Posting.SIGN else np.nan
        row["price_yuan"] = np.nan
        self._keep(key, row, signature, area, at_us)
        return ""

    def _keep(self, key: tuple[int, int, int], row: NDArray[np.void], signature: str, area: _Area, at_us: int) -> None:
        before = self._held.get(key)
        self._next += 1
        row["number"] = self._next
        now = self._held[key] = _Held(row, signature, area, at_us, self._next)
        if before is not None and before.row["code"] == row["code"]:  # the same, moved or told otherwise
            row["number"] = before.row["number"]
        if before is not None and before.area == area:
            now.stretches, now.leading = before.stretches, before.leading

    def _area(self, item: Mapping[str, Any], origin: Mapping[str, Any]) -> _Area:
        place = item.get("eventPos", item.get("signPos"))
        x_m, y_m = self._metres([place], origin)[0] if place is not None else (np.nan, np.nan)
        paths = tuple(
            (tuple(self._metres(path["activePath"], origin)), path["pathRadius"] * 0.1)
            for path in item.get("referencePaths", ())
        )
        links = tuple(
            (link["upstreamNodeId"]["id"], link["downstreamNodeId"]["id"], _lane_bits(link.get("referenceLanes")))
            for link in item.get("referenceLinks", ())
        )
        return _Area(x_m, y_m, item.get("eventRadius", 0) * 0.1, paths, links)

    def _metres(self, places: Sequence[Mapping[str, Any]], origin: Mapping[str, Any]) -> list[tuple[float, float]]:
        lon, lat = np.empty(len(places)), np.empty(len(places))
        for k, place in enumerate(places):
            form, offset = place["offsetLL"]
            away = form != ABSOLUTE
            lon[k], lat[k] = offset["lon"] + away * origin["long"], offset["lat"] + away * origin["lat"]
        x, y = self.project(lon * 1e-7, lat * 1e-7)
        return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]

    def _name_place(self, held: _Held) -> None:
        """Where only paths or links tell, its place is the beginning of its first stretch."""
        on = held.stretches
        if self.road is not None and on is not None and len(on.lane) and not np.isfinite(held.area.x_m):
            roads = self.road.roads
            rows = slice(int(roads.first[on.lane[0]]), int(roads.first[on.lane[0]] + roads.points[on.lane[0]]))
            held.row["x_m"], held.row["y_m"] = (
                np.interp(on.from_m[0], roads.s[rows], axis[rows]) for axis in (roads.x, roads.y)
            )

    def _placed(self, area: _Area) -> Stretches:
        assert self.road is not None and self._samples is not None
        map, lanes = self.road.map, len(self.road.roads.first)
        low, high = np.full(lanes, np.inf), np.full(lanes, -np.inf)
        for line, radius_m in area.paths:
            _cover(*self._samples, np.array(line), max(radius_m, ABREAST_M), low, high)
        for up, down, bits in area.links:
            for lane in _of_link(map, up, down, bits):
                low[lane], high[lane] = 0.0, self.road.roads.extent_m[lane]
        if not np.isfinite(low).any() and np.isfinite(area.x_m) and np.isfinite(area.y_m):
            if area.radius_m > 0:
                _cover(*self._samples, np.array([[area.x_m, area.y_m]]), max(area.radius_m, ABREAST_M), low, high)
            else:
                for lane, s_m in _abreast(self.road, area.x_m, area.y_m):
                    low[lane] = high[lane] = s_m
        on = np.flatnonzero(np.isfinite(low))
        extent = self.road.roads.extent_m[on]
        begin, end = np.maximum(low[on] - SAMPLE_M / 2, 0.0), np.minimum(high[on] + SAMPLE_M / 2, extent)
        return Stretches(np.zeros(len(on), np.int32), on.astype(np.int32), begin, end)


_COLUMNS = ("place", "lane", "from_m", "to_m")


def instant_us(minute: int, near_us: int) -> int:
    """Return the instant of a minute of the UTC year (MinuteOfTheYear) nearest to another; 0 for an invalid one."""
    if not 0 <= minute < NO_MINUTE:
        return 0
    year = datetime.fromtimestamp(near_us / 1e6, UTC).year
    options = [int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000 + minute * MINUTE_US
               for y in (year - 1, year, year + 1)]  # fmt: skip
    return min(options, key=lambda at: abs(at - near_us))


def _over(key: tuple[int, int, int], held: _Held, now_us: int) -> bool:
    end = int(held.row["end_us"])
    return (0 < end <= now_us) or (key[0] != OWN and now_us - held.last_us > SILENT_S * 1e6)


def _lane_bits(lanes: Any) -> int:
    """Return ReferenceLanes with lane n at bit n, 0 for all lanes."""
    if lanes is None:
        return 0
    octets, count = lanes
    whole = int.from_bytes(octets, "big") >> (8 * len(octets) - count)
    return sum(1 << n for n in range(1, count) if whole >> (count - 1 - n) & 1)


def _limit_mps(description: Any) -> float:
    """Return the speed limit that a sign's text tells (限速40), NaN none."""
    if description is None:
        return float("nan")
    form, text = description
    words = text.decode("gb2312", "replace") if form == "textGB2312" else str(text)
    found = _LIMIT.search(words)
    return float(found.group(1)) / 3.6 if found and 5 <= int(found.group(1)) <= 130 else float("nan")


def _of_link(map: Map, up: int, down: int, bits: int) -> list[int]:
    """Return the lanes of a link, all their parts; lane 1 is the leftmost."""
    node = map.junctions["node"]
    found: list[int] = []
    for junction in np.flatnonzero(node == down).tolist():
        for approach in map.approaches.of(junction):
            if node[approach.upstream] == up:
                for number, chain in enumerate(approach.chains, start=1):
                    if not bits or bits >> number & 1:
                        found += chain
    return found


def _abreast(road: Roadway, x_m: float, y_m: float) -> list[tuple[int, float]]:
    """Return the lanes of the road nearest to a place that lead the same way, with the station abreast of it."""
    lane, offset, s_m = road.map.nearest_lane([x_m], [y_m], kinds=DRIVEN)
    row = int(lane[0])
    if row < 0 or abs(float(offset[0])) > ASIDE_M:
        return []
    share = float(s_m[0]) / max(float(road.roads.extent_m[row]), 0.1)
    found = [row]
    for side in (road.roads.left, road.roads.right):
        beside = int(side[row])
        while beside >= 0 and beside not in found:
            found.append(beside)
            beside = int(side[beside])
    return [(other, share * float(road.roads.extent_m[other])) for other in found if not road.roads.ridden[other]]


def _sampled(road: Roadway) -> tuple[Floats, Floats, Floats, NDArray[np.int64], Floats]:
    """Return x, y, heading, lane and station of places along all driven lanes."""
    roads = road.roads
    parts: list[tuple[Floats, Floats, Floats, NDArray[np.int64], Floats]] = []
    drivable = np.isin(road.map.lanes["kind"], DRIVEN)
    for lane in np.flatnonzero((roads.points >= 2) & drivable).tolist():
        rows = slice(int(roads.first[lane]), int(roads.first[lane] + roads.points[lane]))
        s = roads.s[rows]
        at = np.linspace(0.0, s[-1], max(int(np.ceil(s[-1] / SAMPLE_M)), 1) + 1)
        x, y, heading = (np.interp(at, s, column[rows]) for column in (roads.x, roads.y, roads.heading))
        parts.append((x, y, heading, np.full(len(at), lane), at))
    if not parts:
        none = np.zeros(0)
        return none, none, none, np.zeros(0, np.int64), none
    x, y, heading, lanes, at = (np.concatenate([part[k] for part in parts]) for k in range(5))
    return x, y, heading, lanes.astype(np.int64), at


@_compiled
def _cover(
    x: Floats, y: Floats, heading: Floats, lane: NDArray[np.int64], station: Floats, line: Floats, radius_m: float,
    low: Floats, high: Floats,
) -> None:  # fmt: skip
    """Widen the stretch of every lane within a radius of a line that leads the same way; of a point any way."""
    west, south = line[:, 0].min() - radius_m, line[:, 1].min() - radius_m
    east, north = line[:, 0].max() + radius_m, line[:, 1].max() + radius_m
    for i in range(len(x)):
        if not (west <= x[i] <= east and south <= y[i] <= north):
            continue
        inside = False
        for k in range(max(len(line) - 1, 1)):
            ax, ay = line[k, 0], line[k, 1]
            if len(line) == 1:
                inside = (x[i] - ax) ** 2 + (y[i] - ay) ** 2 <= radius_m * radius_m
                break
            ux, uy = line[k + 1, 0] - ax, line[k + 1, 1] - ay
            square = ux * ux + uy * uy
            if square < 1e-6:
                continue
            share = ((x[i] - ax) * ux + (y[i] - ay) * uy) / square
            share = min(max(share, 0.0), 1.0)
            if (ax + share * ux - x[i]) ** 2 + (ay + share * uy - y[i]) ** 2 > radius_m * radius_m:
                continue
            turn = (heading[i] - np.arctan2(ux, uy) + np.pi) % (2 * np.pi) - np.pi
            if abs(turn) <= AGAINST_RAD:
                inside = True
                break
        if inside:
            low[lane[i]] = min(low[lane[i]], station[i])
            high[lane[i]] = max(high[lane[i]], station[i])
